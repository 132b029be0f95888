"""What is read: one record per document, with whatever is wrong with it said in the record itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEXT_FIELDS = ("document", "text", "article", "body", "content")
"""Fields that are taken for the text, the first that is there, where none is named."""
MAX_TEXT = 10_000_000
"""Bytes of UTF-8: a text of so many or more is refused."""
MAX_FILE = 100_000_000
"""Bytes of a document file (a PDF holds more than its text)."""

Id = str | int | float


@dataclass(frozen=True)
class Failure:
    """A document without a summary.

    index: its place in the input, from 0; id: the document's own, where it has one; error: one line.
    """

    index: int
    id: Id | None
    error: str


@dataclass(frozen=True)
class Record:
    """One document as it was read.

    id: its own, or file and line; payload: a text, the bytes of a document file, or nothing where ``error`` says why;
    source: the file; fields: what is carried through to the output.
    """

    id: Id
    payload: str | bytes | None = field(repr=False)
    source: str = ""
    error: str | None = None
    fields: Mapping[str, Any] | None = None

    @property
    def size(self) -> int:
        """Bytes or characters of the payload."""
        return len(self.payload or "")

    def digest(self) -> bytes:
        """A hash of all that the output depends on."""
        payload = self.payload if isinstance(self.payload, bytes) else (self.payload or "").encode("utf-8", "replace")
        head = json.dumps([self.id, self.error, self.fields], sort_keys=True, default=str)
        return hashlib.sha256(head.encode() + b"\0" + payload).digest()


@dataclass(frozen=True)
class Fields:
    """Which fields of a row are what; None where they are to be guessed."""

    text: str | None = None
    id: str | None = None
    keep: tuple[str, ...] = ()

    def find_text(self, row: Mapping[str, Any]) -> str | None:
        """The name of the row's text field, None where it has none."""
        names = TEXT_FIELDS if self.text is None else (self.text,)
        return next((name for name in names if name in row), None)

    def lacking(self, row: Mapping[str, Any]) -> str:
        """What to say of a row without a text field."""
        names = TEXT_FIELDS if self.text is None else (self.text,)
        there = ", ".join(map(str, row)) or "none"
        return f"no field {' or '.join(map(repr, names))}; the fields are {there[:200]}"


def record_of(row: Mapping[str, Any], text_field: str | None, fields: Fields, place: str, source: str) -> Record:
    """The record of a row.

    Args:
        text_field: name of its text field, None where it has none of those that are looked for.
        place: its id where it has none of its own, as ``news.jsonl:17``.
    """
    kept = {name: row.get(name) for name in fields.keep} if fields.keep else None
    identity, error = _identity(row, fields.id, place)
    if text_field is None or text_field not in row:
        text, error = None, error or fields.lacking(row)
    else:
        text, problem = text_of(row[text_field], text_field)
        error = error or problem
    return Record(identity, None if error else text, source, error, kept)


def _identity(row: Mapping[str, Any], name: str | None, place: str) -> tuple[Id, str | None]:
    value = row.get(name or "id")
    if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value == value and value != "":
        return (value.encode("utf-8", "replace").decode() if isinstance(value, str) else value), None
    if name is None:
        return place, None
    if name not in row:
        return place, f"no field {name!r} for the id; the fields are {', '.join(map(str, row))[:200]}"
    return place, f"field {name!r} is {_kind(value)}, not an id"


def text_of(value: Any, name: str) -> tuple[str | None, str | None]:
    """A field's text, or what is wrong with it."""
    where = f"field {name!r}"
    if value is None or value != value:  # NaN differs from itself
        return None, f"{where} is null; give a text in Arabic or English"
    if not isinstance(value, str):
        return None, f"{where} is {_kind(value)}, not a text"
    problem = text_problem(value)
    return (None, f"{where} {problem}") if problem else (value, None)


def text_problem(text: str) -> str | None:
    """Why a text cannot be a document; a full sentence with "the text" or a field's name before it."""
    if not text.strip():
        return "is empty; give a text in Arabic or English"
    if len(text) >= MAX_TEXT // 4:
        size = len(text.encode("utf-8", "replace"))
        if size >= MAX_TEXT:
            return f"holds {size / 1e6:.0f} MB; texts of 10 MB or more are not read: split it"
    start = text[:65536]
    odd = sum((c < " " and c not in "\t\n\r\f\v\x1b") or c == "\ufffd" for c in start)
    if odd > 0.02 * len(start):
        return "holds binary data, not a text"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    return None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    names = {int: "a number", float: "a number", list: "a list", dict: "an object", bytes: "bytes", type(None): "null"}
    return names.get(type(value), f"a {type(value).__name__}")
