"""Where results go: text for people or JSON lines for programs, to standard output or to a file."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .errors import UsageError
from .languages import LANGUAGES

if TYPE_CHECKING:
    from .documents import Document
    from .results import Result, Summary

# The envelope's version: raised when a field changes its meaning or goes; new fields may come without that.
JSON_VERSION = 1
_HEADINGS = {"ar": "الملخص بالعربية", "en": "English summary"}
_EVIDENCE = {"ar": "الشواهد من النص", "en": "Evidence in the document"}
_NOTHING = {"ar": "لا شواهد", "en": "none was found"}


class Output:
    """Opens the place that results are written to."""

    @staticmethod
    @contextmanager
    def open(path: str | None) -> Iterator[TextIO]:
        """Standard output for None; else a file, which appears whole or not at all.

        Raises:
            UsageError: the path is a folder, or lies in a folder that does not exist or cannot be written to.
            OSError: the disk is full, for one.
        """
        if path is None or path == "-":
            if hasattr(sys.stdout, "reconfigure"):
                sys.stdout.reconfigure(encoding="utf-8", errors="replace")
            yield sys.stdout
            return
        target = Path(path)
        if target.is_dir():
            raise UsageError(f"--output {path}: a folder; give a file in it")
        if not target.parent.is_dir():
            raise UsageError(f"--output {path}: the folder {target.parent} does not exist; make it first")
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):  # a pipe or a device
            with target.open("w", encoding="utf-8") as file:
                yield file
            return
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            file = partial.open("w", encoding="utf-8")
        except PermissionError:
            raise UsageError(f"--output {path}: permission denied in {target.parent}") from None
        try:
            with file:
                yield file
                written = file.tell()
            if written:  # nothing came out: what may have been there before stays
                partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


class TextWriter:
    """For people: each summary under a heading in its own language and script."""

    def __init__(self, out: TextIO, several: bool) -> None:
        self.out, self.several, self.count = out, several, 0
        self.terminal = out.isatty()
        self.bold = self.terminal and "NO_COLOR" not in os.environ

    def _wrapped(self, text: str) -> str:
        """On a terminal, lines that end between words; elsewhere the text as it is."""
        if not self.terminal:
            return text
        width = max(20, shutil.get_terminal_size().columns - 1)
        return "\n".join(
            textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in text.split("\n")
        )

    def _heading(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.bold else text

    def write(self, document: Document, result: Result) -> None:
        if self.count:
            self.out.write("\n")
        self.count += 1
        if self.several:
            self.out.write(self._heading(f"== {document.source} ==") + "\n\n")
        blocks = []
        for summary in result:
            lines = [self._heading(_HEADINGS[summary.language])]
            if summary.headline:
                lines.append(self._wrapped(summary.headline) + "\n")
            lines.append(self._wrapped(summary.text))
            if summary.evidence:
                lines += ["", self._heading(_EVIDENCE[summary.language]), *_evidence_lines(summary)]
            blocks.append("\n".join(lines) + "\n")
        self.out.write("\n".join(blocks))
        self.out.flush()

    def failed(self, source: str, message: str) -> None:
        """Nothing: the message stands on standard error."""


def _evidence_lines(summary: Summary) -> Iterator[str]:
    """Each of a summary's sentences with its number, and below it the document's sentences, with their places.

    A line's direction is that of its first letter, as terminals and editors have it: nothing but digits and signs
    stands before a sentence, whatever its language, and its place stands behind it.
    """
    for number, evidence in enumerate(summary.evidence, 1):
        if len(summary.evidence) > 1:
            yield f"[{number}] {evidence.text}"
        for source in evidence.sources:
            yield f"    • {' '.join(source.text.split())} [{source.start}-{source.end}]"
        if not evidence.sources:
            yield f"    • {_NOTHING[summary.language]}"


class JsonWriter:
    """For programs: one object per document and line, failed documents included."""

    def __init__(self, out: TextIO, several: bool) -> None:
        self.out = out

    def _line(self, record: dict[str, Any]) -> None:
        self.out.write(json.dumps({"version": JSON_VERSION, **record}, ensure_ascii=False) + "\n")
        self.out.flush()

    def write(self, document: Document, result: Result) -> None:
        record = result.to_dict()
        record["warnings"] = [*document.warnings, *record["warnings"]]
        for summary in record["summaries"]:
            summary["direction"] = LANGUAGES[summary["language"]].direction
        self._line({"source": document.source, "encoding": document.encoding, "error": None, **record})

    def failed(self, source: str, message: str) -> None:
        self._line({"source": source, "error": message})
