"""The output file and the journal beside it, which together survive a kill at any moment.

The output holds finished windows in the order of the input (with ``ordered=False``, finished batches as they come).
The journal ``OUTPUT.journal`` begins with a header: the options, and how much of the output stands for how much of
the input. Below it, one line per finished batch of the windows under way. Everything is on disk before the next step
begins: a batch's lines go to the journal; a finished window's to the output; then a new journal, whose header counts
them, takes the old one's name. What the output holds beyond the header's count, and a torn last line of either file,
were being written when the process died, and are dropped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from ..errors import DataError, UsageError
from .storage import sync_folder

_FORMAT = 1


@dataclass(frozen=True)
class State:
    """How far the output is.

    windows, records, failed, tokens: that the output holds; bytes: of the output; chain: a hash of the input so far;
    complete: whether that is all of the input.
    """

    windows: int = 0
    records: int = 0
    failed: int = 0
    tokens: int = 0
    bytes: int = 0
    chain: str = ""
    complete: bool = False


@dataclass
class Started:
    """A window under way: a hash of its records, finished lines by place (empty where the output has them)."""

    digest: str
    lines: dict[int, str] = field(default_factory=dict)
    failed: int = 0
    tokens: int = 0


def journal_path(output: Path) -> Path:
    """Where the journal of an output lies."""
    return output.with_name(output.name + ".journal")


def header_of(settings: Mapping[str, Any], facts: Mapping[str, Any] | None, state: State) -> dict[str, Any]:
    """A journal's first line."""
    return {"khulasa_batch": _FORMAT, "settings": settings, "model": facts, "state": asdict(state)}


def compare(before: Mapping[str, Any], now: Mapping[str, Any], output: Path | str) -> None:
    """Holds settings, or facts of a model, against those that an output was begun with.

    Raises:
        UsageError: they differ.
    """
    for name in [*now, *(name for name in before if name not in now)]:
        if before.get(name) != now.get(name):
            raise UsageError(
                f"{output} was begun with {name} {_shown(before.get(name))}, now it is {_shown(now.get(name))}: go on "
                f"with the same, or give --overwrite or another OUTPUT"
            )


class Kept:
    """What is common to the places that lines go to."""

    state: State
    started: dict[int, Started]

    @property
    def failed(self) -> int:
        """Records that failed, those of windows under way among them."""
        return self.state.failed + sum(window.failed for window in self.started.values())

    @property
    def done(self) -> int:
        """Records that are kept, those of windows under way among them."""
        return self.state.records + sum(len(window.lines) for window in self.started.values())


class Journal(Kept):
    """An output under way, for one process at a time.

    Args:
        output: the file; its journal lies beside it.
        settings: everything that the lines depend on besides the input, as plain JSON.
        ordered: whether lines go to the output by window and in order, or as they come.
        overwrite: begin anew, whatever is there.

    Raises:
        UsageError: the output was not begun by a run with these settings, or another process writes to it.
        DataError: the output or its journal was changed in between.
    """

    def __init__(
        self, output: Path, settings: Mapping[str, Any], *, ordered: bool = True, overwrite: bool = False
    ) -> None:
        self.output, self.path = output, journal_path(output)
        self.settings = dict(settings)
        self.ordered = ordered
        self.state = State()
        self.started: dict[int, Started] = {}
        self.facts: dict[str, Any] | None = None
        fresh = overwrite or not output.exists()
        if not fresh and output.stat().st_size and not self.path.exists():
            raise UsageError(
                f"{output} exists, and no journal says how it came about: give --overwrite, or another OUTPUT"
            )
        self._out = output.open("ab")
        _only_one(self._out, output)
        if fresh or not self.path.exists():
            self._log = self._replace()
            self._cut(0)
        else:
            self._load()

    # ---- reading what is there -----------------------------------------------------------------------------------

    def _load(self) -> None:
        data = self.path.read_bytes()
        lines = data[: data.rfind(b"\n") + 1].splitlines()
        try:
            header = json.loads(lines[0])
            settings, self.facts = header["settings"], header["model"]
            self.state = State(**header["state"])
            if header["khulasa_batch"] != _FORMAT:
                raise ValueError
        except (ValueError, KeyError, TypeError, IndexError):
            raise DataError(f"{self.path}: not a journal that can be read; give --overwrite to begin anew") from None
        compare(settings, self.settings, self.output)
        end = self.state.bytes
        for line in lines[1:]:
            try:
                entry = json.loads(line)
            except ValueError:  # a block that a loss of power left empty
                break
            end = max(end, entry["bytes"])
            self._take(entry)
        size = self.output.stat().st_size
        if size < end:
            raise DataError(
                f"{self.output} is shorter than its journal says ({size} of {end} bytes), so it was changed: give "
                f"--overwrite, or another OUTPUT"
            )
        if self.state.complete and size > end:
            raise DataError(f"{self.output} was added to after it was complete: give --overwrite, or another OUTPUT")
        self._cut(end)
        self._log = self._replace()

    def _take(self, entry: Mapping[str, Any]) -> None:
        window = self.started.setdefault(entry["window"], Started(entry["digest"]))
        window.lines.update((place, text) for place, text in entry["lines"])
        window.failed += entry["failed"]
        window.tokens += entry["tokens"]

    def check_model(self, facts: Mapping[str, Any]) -> None:
        """Holds the loaded model's facts against those that the output was begun with.

        Raises:
            UsageError: they differ.
        """
        plain = json.loads(json.dumps(facts))
        if self.facts is None:
            self.facts = plain
            self._log = self._replace()
        else:
            compare(self.facts, plain, self.output)

    def check_input(self, window: int, digest: str, chain: str) -> None:
        """Holds a window of the input against what the output was made from.

        Args:
            digest: of the window; chain: of all windows up to it.

        Raises:
            DataError: it is another input.
        """
        known = self.started.get(window)
        if known is None and window != self.state.windows - 1:
            return
        if (digest != known.digest) if known else (chain != self.state.chain):
            raise DataError(
                f"the input is not the one that {self.output} was begun from: give --overwrite, or another OUTPUT"
            )

    # ---- writing -------------------------------------------------------------------------------------------------

    def add(self, window: int, digest: str, lines: Sequence[tuple[int, str]], failed: int, tokens: int) -> None:
        """Keeps lines of a window: (place in the window, line)."""
        if not self.ordered:
            self._append("".join(line + "\n" for _, line in lines))
            lines = [(place, "") for place, _ in lines]
        entry = self._entry(window, Started(digest, dict(lines), failed, tokens))
        self._take(entry)
        _write(self._log, _line(entry))

    def _entry(self, window: int, part: Started) -> dict[str, Any]:
        # Of an unordered output, a part's lines are those up to here.
        counts = {"failed": part.failed, "tokens": part.tokens, "bytes": 0 if self.ordered else self._out.tell()}
        return {"window": window, "digest": part.digest, **counts, "lines": list(part.lines.items())}

    def close_window(self, window: int, digest: str, chain: str, records: int) -> None:
        """A window all of whose lines are there; windows are closed in order."""
        done = self.started.pop(window, None) or Started(digest)
        assert window == self.state.windows and len(done.lines) == records
        if self.ordered:
            self._append("".join(done.lines[place] + "\n" for place in range(records)))
        self.state = replace(
            self.state,
            windows=window + 1,
            records=self.state.records + records,
            failed=self.state.failed + done.failed,
            tokens=self.state.tokens + done.tokens,
            bytes=self._out.tell(),
            chain=chain,
        )
        self._log = self._replace()

    def finish(self) -> None:
        """All of the input is in the output."""
        if not self.state.complete:
            self.state = replace(self.state, complete=True, bytes=self._out.tell())
            self._log = self._replace()

    def close(self) -> None:
        """Lets go of the files."""
        self._log.close()
        self._out.close()

    def _append(self, text: str) -> None:
        _write(self._out, text.encode("utf-8"))

    def _cut(self, size: int) -> None:
        os.truncate(self.output, size)
        self._out.seek(0, os.SEEK_END)

    def _replace(self) -> IO[bytes]:
        """A new journal in the old one's place, without the lines of windows that are closed; gives it open."""
        if hasattr(self, "_log"):
            self._log.close()
        header = header_of(self.settings, self.facts, self.state)
        partial = self.path.with_name(f".{self.path.name}.partial")
        try:
            with partial.open("wb") as file:
                parts = [self._entry(number, window) for number, window in self.started.items()]
                _write(file, b"".join(map(_line, [header, *parts])))
            partial.replace(self.path)
        finally:  # a signal can end this anywhere
            partial.unlink(missing_ok=True)
        sync_folder(self.path.parent)
        return self.path.open("ab")


class Pipe(Kept):
    """Lines to a stream that nothing is kept of: a run that is killed begins anew."""

    def __init__(self, stream: IO[str], *, ordered: bool = True) -> None:
        self.stream, self.ordered = stream, ordered
        self.state = State()
        self.started: dict[int, Started] = {}

    def check_model(self, facts: Mapping[str, Any]) -> None:
        """Nothing: there is no earlier run."""

    def check_input(self, window: int, digest: str, chain: str) -> None:
        """Nothing: there is no earlier run."""

    def add(self, window: int, digest: str, lines: Sequence[tuple[int, str]], failed: int, tokens: int) -> None:
        """As ``Journal.add``."""
        part = self.started.setdefault(window, Started(digest))
        part.failed += failed
        part.lines.update(lines if self.ordered else ((place, "") for place, _ in lines))
        if not self.ordered:
            self._write([line for _, line in lines])

    def close_window(self, window: int, digest: str, chain: str, records: int) -> None:
        """As ``Journal.close_window``."""
        part = self.started.pop(window)
        if self.ordered:
            self._write([part.lines[place] for place in range(records)])
        self.state = replace(self.state, records=self.state.records + records, failed=self.state.failed + part.failed)

    def _write(self, lines: Sequence[str]) -> None:
        self.stream.write("".join(line + "\n" for line in lines))
        self.stream.flush()

    def finish(self) -> None:
        """Nothing: every line is out."""

    def close(self) -> None:
        """Nothing: the stream is not ours."""


def _line(entry: Mapping[str, Any]) -> bytes:
    return (json.dumps(entry, ensure_ascii=False) + "\n").encode("utf-8")


def _write(file: IO[bytes], data: bytes) -> None:
    """Bytes on disk before this returns."""
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def _only_one(file: IO[bytes], output: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: two runs into one file are the user's to avoid
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(f"another process is writing to {output}; wait for it, or choose another OUTPUT") from None


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return "not given" if value is None else str(value)
