"""Data sets: documents with reference summaries, from files of several layouts, under field names of any kind."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from summarize.errors import DataError, UsageError

from .parts import guess_language
from .readers import Row, read_rows

FIELDS = ("id", "document", "summary", "summaries", "summary_ar", "summary_en", "source_lang", "target_lang", "title")
"""What a row can tell. ``summaries`` is a list of references; ``summary_ar`` and ``summary_en`` say their language."""

# Layouts: our field -> theirs. The first whose document and summary a file's first row has is taken.
LAYOUTS: dict[str, dict[str, str]] = {
    "khulasa": {name: name for name in FIELDS},
    "crosssum": {"id": "source_url", "document": "text", "summary": "summary"},
    "xlsum": {"id": "id", "document": "text", "summary": "summary", "title": "title"},
    "cnndm": {"id": "id", "document": "article", "summary": "highlights"},
}
_SUMMARY_FIELDS = ("summary", "summaries", "summary_ar", "summary_en")

SAMPLE = Path(__file__).parent / "sample"
"""Folder of the small free set of our own (its README has the licence): the data set "sample"."""


@dataclass(frozen=True)
class Example:
    """A document with its reference summaries by language, each a tuple of at least one text.

    number: of its row in the data set, from 0 on, rows that were left out counted; -1 where it is from none. It is what
    ties the lines of a predictions file without ids to their documents.
    """

    id: str
    document: str
    references: Mapping[str, tuple[str, ...]]
    source_lang: str
    title: str | None = None
    where: str = field(default="", compare=False)
    number: int = field(default=-1, compare=False)

    def for_language(self, lang: str) -> tuple[str, ...]:
        """References in ``lang``; empty where there are none."""
        return self.references.get(lang, ())


def field_text(value: Any, name: str, place: str) -> str:
    """A field's text; "" for none. NaN and other things that are no text are errors."""
    if value is None:
        return ""
    if isinstance(value, float) and math.isnan(value):
        raise DataError(f"{place}: field {name!r} is NaN, a missing value; fill it in or drop the row")
    if not isinstance(value, str):
        raise DataError(f"{place}: field {name!r} is a {type(value).__name__}, not a text: {str(value)[:40]}")
    if value.strip().lower() == "nan":
        raise DataError(f"{place}: field {name!r} is {value.strip()!r}, a missing value; fill it in or drop the row")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair, as a cut emoji in JSON, which nothing could write down
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


_LANGUAGES = {
    **dict.fromkeys(("ar", "ara", "arb", "arabic"), "ar"),
    **dict.fromkeys(("en", "eng", "english"), "en"),
}


def _language(value: Any, name: str, place: str) -> str | None:
    """A stated language as "ar" or "en"; None where the field is absent or empty."""
    stated = field_text(value, name, place).strip()
    if not stated:
        return None
    known = _LANGUAGES.get(re.split("[-_]", stated.lower())[0])
    if known is None:
        raise DataError(f"{place}: field {name!r} is {stated!r}; only Arabic (ar) and English (en) are evaluated")
    return known


def parse_fields(options: Mapping[str, str] | None) -> dict[str, str]:
    """A field mapping from options, checked: our name -> the file's."""
    mapping = dict(options or {})
    for ours in mapping:
        if ours not in FIELDS:
            raise UsageError(f"{ours!r} is not a field; choose from {', '.join(FIELDS)}")
    return mapping


def _layout(row: Row, fields: Mapping[str, str], layout: str, path: str | Path, where: str) -> dict[str, str]:
    if layout != "auto" and layout not in LAYOUTS:
        raise UsageError(f"{layout!r} is not a known layout; choose from auto, {', '.join(LAYOUTS)}")
    for name in LAYOUTS if layout == "auto" else (layout,):
        mapping = {**LAYOUTS[name], **fields}
        if name == "crosssum" and layout == "auto" and "source_url" not in row:
            continue
        if mapping["document"] in row and any(mapping.get(key) in row for key in _SUMMARY_FIELDS):
            break
    else:
        mapping = {**LAYOUTS["khulasa" if layout == "auto" else layout], **fields}
        lacks = [mapping["document"]] if mapping["document"] not in row else []
        if not any(mapping.get(key) in row for key in _SUMMARY_FIELDS):
            lacks.append(mapping["summary"])
        raise DataError(
            f"{path} {where}: no field {' or '.join(map(repr, lacks))}; the fields are {', '.join(map(str, row))}. "
            f"Name yours with --field document=... --field summary=..."
        )
    if name == "crosssum" and "source_url" in row and "target_url" in row and "id" not in fields:
        mapping["id"] = "\0pair"  # one source has several targets: the pair is the identity
    for ours, theirs in fields.items():
        if theirs not in row:
            raise DataError(
                f"{path} {where}: no field {theirs!r} (for {ours}); the fields are {', '.join(map(str, row))}"
            )
    return mapping


def _references(row: Row, mapping: Mapping[str, str], place: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    field_name = mapping.get("target_lang", "target_lang")
    stated = _language(row.get(field_name), field_name, place)

    def add(text: str, lang: str | None) -> None:
        if text.strip():
            found.setdefault(lang or stated or guess_language(text), []).append(text)

    several = row.get(mapping.get("summaries", ""))
    if several is not None:
        if not isinstance(several, list):
            raise DataError(
                f"{place}: field {mapping['summaries']!r} is a {type(several).__name__}, not a list of texts"
            )
        for text in several:
            add(field_text(text, mapping["summaries"], place), None)
    for key, lang in (("summary", None), ("summary_ar", "ar"), ("summary_en", "en")):
        name = mapping.get(key)
        if name in row and not (key == "summary" and several):
            add(field_text(row[name], name, place), lang)
    return {lang: tuple(texts) for lang, texts in found.items()}


def read_examples(
    path: str | Path,
    fields: Mapping[str, str] | None = None,
    layout: str = "auto",
    skip_empty: bool = False,
    limit: int | None = None,
) -> Iterator[Example]:
    """Examples of a data set, one by one.

    Args:
        path: a file (:data:`summarize.eval.readers.READERS`), ``hf:name``, or "sample".
        fields: our field name -> the file's, for names that no layout has.
        layout: a name in :data:`LAYOUTS`, or "auto".
        skip_empty: leave out rows without document or reference instead of stopping at them.
        limit: at most this many.

    Raises:
        DataError: broken or missing rows, fields, texts; ids that come twice. The message names file and line.
        UsageError: unknown field, layout or format.
    """
    mapping: dict[str, str] | None = None
    given = parse_fields(fields)
    seen: dict[str, str] = {}
    count, number = 0, -1
    for file in sorted(SAMPLE.glob("*.jsonl")) if str(path) == "sample" else [path]:
        for where, row in read_rows(file):
            number += 1
            place = f"{file} {where}"
            mapping = mapping or _layout(row, given, layout, file, where)
            missing = [name for name in (mapping["document"],) if name not in row]
            if missing:
                raise DataError(f"{place}: no field {missing[0]!r}; the fields are {', '.join(map(str, row))}")
            document = field_text(row[mapping["document"]], mapping["document"], place)
            references = _references(row, mapping, place)
            if not document.strip() or not references:
                if skip_empty:
                    continue
                what = "document" if not document.strip() else "reference summary"
                raise DataError(f"{place}: the {what} is empty; fill it in, or leave such rows out with --skip-empty")
            if mapping.get("id") == "\0pair":
                key = f"{row['source_url']} > {row['target_url']}"
            else:
                value = row.get(mapping.get("id", "id"))
                key = str(value) if value is not None and str(value) else str(count + 1)
            if key in seen:
                raise DataError(f"{place}: the id {key!r} was already used at {seen[key]}; ids must differ")
            seen[key] = where
            source_field = mapping.get("source_lang", "source_lang")
            source = _language(row.get(source_field), source_field, place)
            title = row.get(mapping.get("title", "title"))
            count += 1
            yield Example(
                key,
                document,
                references,
                source or guess_language(document),
                title if isinstance(title, str) else None,
                where,
                number,
            )
            if limit is not None and count >= limit:
                return


def load_examples(path: str | Path, **options: Any) -> list[Example]:
    """:func:`read_examples` as a list.

    Raises:
        DataError: also where the data set holds no example.
    """
    examples = list(read_examples(path, **options))
    if not examples:
        raise DataError(f"{path}: no examples in it")
    return examples


PREDICTION_FIELDS = ("prediction", "summary", "hypothesis", "output", "text")
_TO_FIELDS = ("to", "target_lang", "lang")


class Prediction(NamedTuple):
    """A summary in a predictions file: where it stands, its document's id and its language, where they are given."""

    place: str
    id: str | None
    text: str
    to: str | None = None


def read_predictions(path: str | Path, name: str | None = None) -> Iterator[Prediction]:
    """Summaries of a predictions file: JSON lines and the like, or plain text, one per line.

    Args:
        name: the field with the text; by default the first of :data:`PREDICTION_FIELDS` that the first row has.

    Raises:
        DataError: broken rows, a missing field, something that is no text.
    """
    from .readers import file_format, read_lines

    if not file_format(path) or str(path) == "-":
        for number, line in read_lines(path):
            yield Prediction(f"{path} line {number}", None, line)
        return
    for where, row in read_rows(path):
        place = f"{path} {where}"
        if name is None:
            name = next((key for key in PREDICTION_FIELDS if key in row), None)
        if name is None or name not in row:
            wanted = repr(name) if name else " or ".join(map(repr, PREDICTION_FIELDS))
            raise DataError(f"{place}: no field {wanted}; the fields are {', '.join(map(str, row))}")
        identity = row.get("id")
        stated = next((key for key in _TO_FIELDS if row.get(key)), "to")
        yield Prediction(
            place,
            None if identity is None else str(identity),
            field_text(row[name], name, place),
            _language(row.get(stated), stated, place),
        )
