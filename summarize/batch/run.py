"""A batch on one machine: windows are read, prepared, planned, worked on and closed, several steps at a time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import DataError, KhulasaError
from .inputs import WINDOW, Window, cut_shards, find_sources, read_windows
from .journal import State
from .pool import Died, Inline, Pool, Processes, Task
from .progress import Progress
from .records import Fields, Record
from .work import Asked, Load, Ready, line_of, plan_window

if TYPE_CHECKING:
    from ..results import Result

_PREPARED = 64  # records of a "prepare" task
_UNDER_WAY = 2  # windows at a time: while the last batches of one are worked on, the next is read


class Keeper(Protocol):
    """Where lines are kept: ``Journal``, or ``stream.Pipe`` for standard output."""

    state: State

    @property
    def started(self) -> dict[int, Any]: ...
    @property
    def failed(self) -> int: ...
    def check_model(self, facts: dict[str, Any]) -> None: ...
    def check_input(self, window: int, digest: str, chain: str) -> None: ...
    def add(self, window: int, digest: str, lines: Sequence[tuple[int, str]], failed: int, tokens: int) -> None: ...
    def close_window(self, window: int, digest: str, chain: str, records: int) -> None: ...
    def finish(self) -> None: ...


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    inputs: files, folders, addresses, "-"; leave_out: files that are not taken from a folder; size: of the inputs in
    bytes, 0 where it is not known; window: records that are sorted together.
    """

    inputs: tuple[str, ...]
    fields: Fields
    load: Load
    asked: Asked
    workers: int = 1
    threads: int = 1  # of torch, in each worker
    window: int = WINDOW
    leave_out: tuple[Path, ...] = ()
    size: int = 0


@dataclass(frozen=True)
class Report:
    """What came of a run.

    records, failed: in the output; summarised: documents, in this run; seconds: without loading; tokens, area: of its
    batches, without and with padding.
    """

    records: int
    failed: int
    summarised: int
    seconds: float
    tokens: int
    area: int

    @property
    def padding(self) -> float:
        """The share of the batches that was padding."""
        return 1 - self.tokens / self.area if self.area else 0.0


@dataclass
class _Open:
    """A window under way."""

    number: int
    digest: str
    chain: str  # a hash of all windows up to its end
    consumed: int  # bytes of all the input, up to its end
    records: tuple[Record, ...]  # their payloads are let go once they are prepared
    preparing: int = 0
    ready: dict[int, Ready] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)  # places of records without a line

    @property
    def done(self) -> bool:
        return not self.preparing and not self.missing


def chained(chain: str, digest: str) -> str:
    """A hash of all windows up to one, from that of those before it and its own."""
    return hashlib.sha256((chain + digest).encode()).hexdigest()[:32]


def _read(plan: Plan) -> Iterator[Window]:
    """All windows of the inputs; ``consumed`` counts from the first input's beginning."""
    before = 0
    for shard in cut_shards(find_sources(plan.inputs, plan.leave_out), plan.window):
        for window in read_windows(shard, plan.fields, plan.window):
            yield replace(window, consumed=before + window.consumed)
        before += shard.size


class BatchRun:
    """One run over its inputs, or over the given windows.

    Args:
        tell: is called with a line that the person should see.
        windows: those of the inputs by default.
        pool: one that is there already, and is not closed.
    """

    def __init__(
        self,
        plan: Plan,
        keeper: Keeper,
        progress: Progress,
        tell: Callable[[str], None],
        windows: Iterable[Window] | None = None,
        pool: Pool | None = None,
    ) -> None:
        self.plan, self.keeper, self.progress, self.tell = plan, keeper, progress, tell
        self._given = pool
        self._open: list[_Open] = []
        self._count = 0  # windows of the input so far
        self._windows = self._numbered(_read(plan) if windows is None else windows)
        self._ended = False
        self._trouble: KhulasaError | None = None  # the input cannot be read on: said when what was read is done
        self._tokens = self._area = self._summarised = 0
        self._planned = keeper.state.tokens

    def run(self) -> Report:
        """Works until everything is kept.

        Raises:
            KhulasaError: the run as a whole cannot go on; what is kept stays.
        """
        began = time.perf_counter()
        first = self._next_window()
        with ExitStack() as stack:
            if first is not None:
                stack.callback(self.progress.close)
                pool = self._given or self._pool()
                if self._given is None:
                    stack.callback(pool.close)
                self._facts = pool.facts()
                self.keeper.check_model(asdict(self._facts))
                began = time.perf_counter()
                self.progress.begin(self.keeper.state.tokens)
                self._start(first, pool)
                while self._open:
                    self._step(pool)
        if self._trouble is not None:
            raise self._trouble
        self.keeper.finish()
        seconds = time.perf_counter() - began
        state = self.keeper.state
        return Report(state.records, self.keeper.failed, self._summarised, seconds, self._tokens, self._area)

    def _pool(self) -> Pool:
        plan = self.plan
        if plan.workers == 1:
            return Inline(plan.load, plan.asked, plan.threads)
        return Processes(plan.load, plan.asked, plan.threads, plan.workers, self.tell)

    def _step(self, pool: Pool) -> None:
        self._take(*pool.next(), pool)
        while self._open and self._open[0].done:
            self._close(self._open.pop(0))
        while not self._ended and len(self._open) < _UNDER_WAY and pool.waiting() < pool.size:
            window = self._next_window()
            if window is not None:
                self._start(window, pool)

    def _close(self, window: _Open) -> None:
        self.keeper.close_window(window.number, window.digest, window.chain, len(window.records))

    # ---- reading -------------------------------------------------------------------------------------------------

    def _numbered(self, windows: Iterable[Window]) -> Iterator[_Open]:
        chain = ""
        for window in windows:
            digest = window.digest()
            chain = chained(chain, digest)
            yield _Open(self._count, digest, chain, window.consumed, window.records)
            self._count += 1

    def _next_window(self) -> _Open | None:
        """The next window with anything left to do; None at the end of the input."""
        try:
            for window in self._windows:
                self.keeper.check_input(window.number, window.digest, window.chain)
                if window.number < self.keeper.state.windows:
                    continue
                kept = self.keeper.started.get(window.number)
                window.missing = set(range(len(window.records))) - set(kept.lines if kept else ())
                if window.missing or self._open:
                    return window
                self._close(window)
            if self._count < self.keeper.state.windows:
                raise DataError("the input is shorter than when OUTPUT was begun: give --overwrite, or another OUTPUT")
        except KhulasaError as error:
            self._trouble = error
        self._ended = True
        self._expect()
        return None

    def _expect(self, consumed: int = 0) -> None:
        """Tells the progress how much there is in all, as far as can be said."""
        if self._ended and not any(window.preparing for window in self._open):
            self.progress.expect(self._planned)
        elif consumed and self.plan.size:
            self.progress.expect(round(self._planned * max(self.plan.size / consumed, 1)))

    # ---- working -------------------------------------------------------------------------------------------------

    def _start(self, window: _Open, pool: Pool) -> None:
        self._open.append(window)
        window.preparing = len(window.records)
        pairs = list(enumerate(window.records))
        for at in range(0, len(pairs), _PREPARED):
            pool.submit(Task("prepare", window.number, tuple(pairs[at : at + _PREPARED])))

    def _take(self, task: Task, value: list[Any] | Died, pool: Pool) -> None:
        window = next(window for window in self._open if window.number == task.window)
        if isinstance(value, Died):
            if len(task.payload) > 1:  # which of them is it?
                for part in task.payload:
                    pool.submit(Task(task.kind, task.window, (part,)))
                return
            value = [f"the worker process died ({value.how}) at this document, again and again"]
        if task.kind == "prepare":
            self._prepared(window, task, value, pool)
        else:
            done = zip(task.payload, value, strict=True)
            self._keep(window, [(ready.offset, outcome, ready) for ready, outcome in done])

    def _prepared(self, window: _Open, task: Task, value: list[Ready | str], pool: Pool) -> None:
        refused = []
        for (offset, _), one in zip(task.payload, value, strict=True):
            if isinstance(one, str):
                refused.append((offset, one, None))
            else:
                window.ready[offset] = one
        self._keep(window, refused)
        window.preparing -= len(value)
        if window.preparing:
            return
        window.records = tuple(replace(record, payload=None) for record in window.records)
        for batch in plan_window(list(window.ready.values()), self._facts):
            self._planned += batch.tokens
            if not window.missing.isdisjoint(batch.offsets):
                self._tokens += batch.tokens
                self._area += batch.area
                pool.submit(Task("run", window.number, tuple(window.ready[offset] for offset in batch.offsets)))
            else:
                self.progress.skip(batch.tokens)
        window.ready = {}
        self._expect(window.consumed)

    def _keep(self, window: _Open, outcomes: Sequence[tuple[int, Result | str, Ready | None]]) -> None:
        """Lines of what came of some records, those that have none yet."""
        lines, failed, tokens = [], 0, 0
        for offset, outcome, ready in outcomes:
            tokens += min(ready.tokens, self._facts.limit) if ready else 0
            if offset not in window.missing:
                continue
            record = window.records[offset]
            lines.append((offset, line_of(record.id, record.fields, outcome, ready.warnings if ready else ())))
            failed += isinstance(outcome, str)
        if lines:
            window.missing.difference_update(offset for offset, _ in lines)
            self.keeper.add(window.number, window.digest, lines, failed, tokens)
            self._summarised += len(lines) - failed
            self.progress.step(tokens, len(lines), failed)
