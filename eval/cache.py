"""Outputs of systems on disk: appended as they come, so that an evaluation that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from summarize.errors import UsageError

from .data import Example
from .systems import System, fingerprint_hash


def write_atomically(path: Path, text: str) -> None:
    """Writes a text file so that a reader finds the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as target:
            target.write(text)
            target.flush()
            os.fsync(target.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds ``folder`` for this process; released by the system however the process ends.

    Raises:
        UsageError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            import fcntl
        except ImportError:  # Windows: two evaluations into one folder are the user's to avoid
            yield
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"another evaluation is writing to {folder}; wait for it, or choose another folder"
            ) from None
        yield


class OutputCache:
    """One system's outputs: ``NAME-HASH.jsonl``, a row per example and language, keyed by what went in."""

    def __init__(self, folder: Path | None, system: System) -> None:
        self.system = system
        self.path: Path | None = None
        self._rows: dict[tuple[str, str], str | None] = {}
        self._target: IO[bytes] | None = None
        if folder is None:
            return
        safe = re.sub(r"[^\w.=-]+", "_", system.name)[:80]
        self.path = folder / f"{safe}-{fingerprint_hash(system)}.jsonl"
        if system.cached and self.path.exists():
            self._load()

    def key(self, example: Example, to: str) -> tuple[str, str]:
        """Id and a hash of all that the output depends on besides the system's settings."""
        parts = [to, example.source_lang, example.document]
        if self.system.uses_references:
            parts.extend(example.for_language(to))
        return example.id, hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _load(self) -> None:
        assert self.path is not None
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):  # the line that was being written when the process was killed
            os.truncate(self.path, whole)
        for line in data[:whole].splitlines():
            try:
                row = json.loads(line)
                self._rows[(row["id"], row["input"])] = row["text"]
            except (ValueError, KeyError, TypeError):  # a block that a crash of the machine left: written anew
                continue

    def get(self, example: Example, to: str) -> tuple[bool, str | None]:
        """Whether there is an output, and the output."""
        key = self.key(example, to)
        return key in self._rows, self._rows.get(key)

    def add(self, examples: list[Example], to: str, texts: list[str | None]) -> None:
        """Keeps outputs, on disk before this returns."""
        lines = []
        for example, text in zip(examples, texts, strict=True):
            key = self.key(example, to)
            self._rows[key] = text
            row: dict[str, Any] = {"id": key[0], "to": to, "input": key[1], "text": text}
            lines.append(json.dumps(row, ensure_ascii=False) + "\n")
        if self.path is None:
            return
        if self._target is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._target = self.path.open("ab" if self.system.cached else "wb")
        self._target.write("".join(lines).encode("utf-8", "surrogatepass"))
        self._target.flush()
        os.fsync(self._target.fileno())

    def close(self) -> None:
        """Ends writing."""
        if self._target is not None:
            self._target.close()
            self._target = None
