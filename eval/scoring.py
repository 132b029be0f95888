"""Scoring of files that exist already: aligned lines, or rows joined by id; as a stream, in flat memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from summarize.errors import DataError, UsageError

from .data import field_text, read_predictions
from .metrics import Case, ReadyMetric, ready_metrics, score_cases
from .parts import arabic_share, guess_language
from .readers import file_format, read_lines, read_rows
from .rouge import Rouge
from .rouge_config import RougeConfig
from .workers import ordered_map


@dataclass(frozen=True)
class _Reference:
    place: str
    id: str | None
    texts: tuple[str, ...]
    document: str = ""


def _is_text(path: str | Path) -> bool:
    return str(path) == "-" or not file_format(path)


def _text_references(paths: Sequence[str | Path]) -> Iterator[_Reference]:
    streams = [read_lines(path) for path in paths]
    number = 0
    while True:
        lines = [next(stream, None) for stream in streams]
        if all(line is None for line in lines):
            return
        if any(line is None for line in lines):
            counts = [number + (line is not None) + sum(1 for _ in s) for line, s in zip(lines, streams, strict=True)]
            raise DataError(
                "unequal line counts: " + ", ".join(f"{p} has {n}" for p, n in zip(paths, counts, strict=True))
            )
        number += 1
        texts = tuple(line[1] for line in lines if line is not None and line[1].strip())
        yield _Reference(f"{paths[0]} line {number}", None, texts)


_REFERENCE_FIELDS = ("summary", "reference", "summaries", "references", "highlights", "target")


def _row_references(path: str | Path, name: str | None) -> Iterator[_Reference]:
    for where, row in read_rows(path):
        place = f"{path} {where}"
        found = [key for key in ((name,) if name else _REFERENCE_FIELDS) if key in row]
        if not found:
            wanted = repr(name) if name else " or ".join(map(repr, _REFERENCE_FIELDS))
            raise DataError(f"{place}: no field {wanted}; the fields are {', '.join(map(str, row))}")
        # Where both are there, the list is the fuller one.
        chosen = next((key for key in found if isinstance(row[key], list)), found[0])
        values = row[chosen] if isinstance(row[chosen], list) else [row[chosen]]
        texts = [field_text(value, chosen, place) for value in values]
        identity = row.get("id")
        document = row.get("document")
        yield _Reference(
            place,
            None if identity is None else str(identity),
            tuple(text for text in texts if text.strip()),
            document if isinstance(document, str) else "",
        )


def _references(paths: Sequence[str | Path], name: str | None) -> Iterator[_Reference]:
    if all(_is_text(path) for path in paths):
        yield from _text_references(paths)
        return
    if len(paths) > 1:
        raise UsageError(
            "several reference files must be plain text; in JSON lines, give a list in the field 'summaries'"
        )
    yield from _row_references(paths[0], name)


class _Ids:
    """Finds ids that come twice; holds a hash of each, not the id itself."""

    def __init__(self, path: str | Path) -> None:
        self.path, self.seen = path, set[int]()

    def add(self, identity: str | None, place: str) -> None:
        if identity is None:
            return
        key = hash(identity)
        if key in self.seen:
            raise DataError(f"{place}: the id {identity!r} comes twice in {self.path}; ids must differ")
        self.seen.add(key)


def _joined(
    predictions: str | Path, references: Iterator[_Reference], name: str | None
) -> Iterator[tuple[str, _Reference]]:
    """Predictions beside their references: in the same order, or else (held in memory from there on) by id."""
    rows = read_predictions(predictions, name)
    ids, reference_ids = _Ids(predictions), _Ids("the references")
    early: dict[str, str] = {}  # predictions read before their reference came
    count = 0
    for reference in references:
        count += 1
        reference_ids.add(reference.id, reference.place)
        if reference.id is not None and reference.id in early:
            yield early.pop(reference.id), reference
            continue
        while True:
            row = next(rows, None)
            if row is None:
                if reference.id is not None and count > 1:
                    raise DataError(f"{predictions}: no prediction for the id {reference.id!r} ({reference.place})")
                total = count + sum(1 for _ in references)
                raise DataError(f"unequal line counts: {predictions} has {count - 1}, the references have {total}")
            ids.add(row.id, row.place)
            if row.id is None or reference.id is None or row.id == reference.id:
                yield row.text, reference
                break
            early[row.id] = row.text
    left = len(early) + sum(1 for _ in rows)
    if early:
        raise DataError(f"{predictions}: {left} predictions have no reference, such as the id {next(iter(early))!r}")
    if left:
        raise DataError(f"unequal line counts: {predictions} has {count + left}, the references have {count}")


def read_cases(
    predictions: str | Path,
    references: Sequence[str | Path],
    lang: str = "auto",
    hyp_field: str | None = None,
    ref_field: str | None = None,
    skip_empty: bool = False,
) -> Iterator[Case]:
    """Cases of a predictions file and its reference files.

    Args:
        predictions, references: text files (one summary a line), or one file of rows with ids each.
        skip_empty: leave out documents without a reference instead of stopping there.

    Raises:
        DataError: unequal counts, ids without a partner or twice, empty references, broken rows.
    """
    for text, reference in _joined(predictions, _references(references, ref_field), hyp_field):
        if not reference.texts:
            if skip_empty:
                continue
            raise DataError(
                f"{reference.place}: the reference is empty; fill it in, or leave such lines out: --skip-empty"
            )
        target = guess_language(reference.texts[0]) if lang == "auto" else lang
        source = guess_language(reference.document) if reference.document else target
        yield Case(text, reference.texts, reference.document, target, source)


@dataclass
class FileScores:
    """Scores of one predictions file.

    ``means`` by column, in percent where the column is; ROUGE also has ``rouge1_p`` and ``rouge1_r`` (precision and
    recall). ``columns`` holds the per-document scores where they were asked for, else nothing.
    """

    n: int
    means: dict[str, float]
    columns: dict[str, np.ndarray]
    signatures: dict[str, str]
    languages: Counter[str] = field(default_factory=Counter)
    off_language: int = 0
    empty: int = 0


@dataclass(frozen=True)
class _Scored:
    columns: dict[str, np.ndarray]
    languages: Counter[str]
    nrefs: set[int]
    off_language: int
    empty: int


class _CaseScorer:
    """Scores a list of cases; made from names again in each process."""

    def __init__(self, config: RougeConfig, metrics: Sequence[str]) -> None:
        self.config, self.metrics = config, tuple(metrics)
        self._ready: tuple[Rouge, list[ReadyMetric]] | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"config": self.config, "metrics": self.metrics, "_ready": None}

    def __call__(self, cases: list[Case]) -> _Scored:
        if self._ready is None:
            others = [name for name in self.metrics if name != "rouge"]
            self._ready = Rouge(config=self.config), ready_metrics(others, self.config)
        rouge, ready = self._ready
        columns = {}
        if "rouge" in self.metrics:
            values = np.array([list(rouge.score(case.hyp, case.refs).values()) for case in cases])
            for i, name in enumerate(self.config.types):
                for j, suffix in enumerate(("_p", "_r", "")):
                    columns[name + suffix] = 100 * values[:, i, j]
        columns.update(score_cases(ready, cases))
        languages = Counter(rouge.language_of(case.refs) for case in cases)
        shares = [(case.lang, arabic_share(case.hyp)) for case in cases]
        off = sum((share >= 0.5) != (lang == "ar") for lang, share in shares if not math.isnan(share))
        empty = sum(not case.hyp.strip() for case in cases)
        return _Scored(columns, languages, {len(case.refs) for case in cases}, off, empty)


def score_file(
    cases: Iterator[Case],
    config: RougeConfig,
    metrics: Sequence[str] = ("rouge",),
    keep: bool = False,
    processes: int = 1,
    progress: Callable[[int], object] | None = None,
) -> FileScores:
    """Scores cases as they come.

    Args:
        keep: keep every document's scores (for intervals and tests); without, memory does not grow with the file.
        progress: called with the number of documents of each finished chunk.

    Raises:
        DataError: there is no case.
    """
    ready = ready_metrics(metrics, config)  # what is missing is said before the work begins
    sums: dict[str, float] = {}
    counts: Counter[str] = Counter()
    kept: dict[str, list[np.ndarray]] = {}
    languages: Counter[str] = Counter()
    nrefs: set[int] = set()
    n = off = empty = 0
    for chunk in ordered_map(_CaseScorer(config, metrics), cases, processes, 500):
        size = sum(chunk.languages.values())
        n, off, empty = n + size, off + chunk.off_language, empty + chunk.empty
        languages.update(chunk.languages)
        nrefs |= chunk.nrefs
        for name, values in chunk.columns.items():
            sums[name] = sums.get(name, 0.0) + float(np.nansum(values))
            counts[name] += int((~np.isnan(values)).sum())
            if keep:
                kept.setdefault(name, []).append(values)
        if progress is not None:
            progress(size)
    if not n:
        raise DataError("there is nothing to score: the files are empty")
    signatures = {item.metric.name: item.signature for item in ready if item.metric.name != "rouge"}
    if "rouge" in metrics:
        signatures.update(Rouge(config=config).signatures(languages, nrefs))
    means = {name: sums[name] / counts[name] if counts[name] else float("nan") for name in sums}
    columns = {name: np.concatenate(parts) for name, parts in kept.items()}
    return FileScores(n, means, columns, signatures, languages, off, empty)
