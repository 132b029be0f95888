"""The batch evaluation: systems over a data set, scored side by side, resumable."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from summarize.errors import DataError, MissingExtraError, UsageError

from .cache import OutputCache, only_one, write_atomically
from .data import Example, load_examples
from .metrics import COLUMNS, DEFAULT_METRICS, Case, ready_metrics, score_cases
from .rouge import RougeConfig
from .stats import (
    Comparison,
    Interval,
    approximate_randomisation,
    bootstrap_intervals,
    holm,
    paired_bootstrap,
    small_sample_warning,
)
from .systems import BASELINES, System, fingerprint_hash, make_system

TESTED = ("rouge1", "rouge2", "rougeL", "rougeLsum", "chrf")
"""Columns that systems are tested on against each other."""
LANGUAGES = ("ar", "en")

Progress = Callable[[str, int, int], None]
"""Called with a system's name, examples done and examples in all."""


@dataclass(frozen=True)
class SystemScores:
    """A system in one direction. ``texts`` and each of ``columns`` have an entry per example (None, NaN: nothing)."""

    name: str
    texts: list[str | None] = field(repr=False)
    columns: dict[str, np.ndarray] = field(repr=False)
    intervals: dict[str, Interval]


@dataclass(frozen=True)
class Pair:
    """Two systems compared on one column; ``adjusted_p`` is Holm's, over all pairs on the column."""

    first: str
    second: str
    column: str
    bootstrap: Comparison
    randomisation: Comparison
    adjusted_p: float


@dataclass(frozen=True)
class Direction:
    """All systems over the examples from ``source`` into ``target``."""

    source: str
    target: str
    examples: list[Example] = field(repr=False)
    systems: dict[str, SystemScores]
    pairs: list[Pair]
    signatures: dict[str, str]
    warnings: list[str]

    @property
    def title(self) -> str:
        return f"{self.source} → {self.target}"


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found; ``settings`` says how it was made."""

    directions: list[Direction]
    settings: dict[str, Any]
    notes: list[str]

    def to_dict(self, per_document: bool = True) -> dict[str, Any]:
        """Plain JSON: NaN becomes null."""
        return {
            "settings": self.settings,
            "notes": self.notes,
            "directions": [_direction_dict(direction, per_document) for direction in self.directions],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _direction_dict(direction: Direction, per_document: bool) -> dict[str, Any]:
    out: dict[str, Any] = {
        "source": direction.source,
        "target": direction.target,
        "n": len(direction.examples),
        "signatures": direction.signatures,
        "warnings": direction.warnings,
        "systems": {
            name: {key: _plain(asdict(value)) for key, value in system.intervals.items()}
            for name, system in direction.systems.items()
        },
        "pairs": [_plain(asdict(pair)) for pair in direction.pairs],
    }
    if per_document:
        out["ids"] = [example.id for example in direction.examples]
        out["per_document"] = {
            name: {key: _plain(values.tolist()) for key, values in system.columns.items()}
            for name, system in direction.systems.items()
        }
    return out


def _generate(
    system: System, examples: Sequence[Example], to: str, cache: OutputCache, progress: Progress | None
) -> list[str | None]:
    """Outputs for all examples: those that are kept, and the missing ones, in batches."""
    outputs: dict[int, str | None] = {}
    missing = []
    for i, example in enumerate(examples):
        known, text = cache.get(example, to)
        if known:
            outputs[i] = text
        else:
            missing.append(i)
    size = max(1, system.batch_size)
    for begin in range(0, len(missing), size):
        chosen = missing[begin : begin + size]
        batch = [examples[i] for i in chosen]
        texts = list(system(batch, to))
        if len(texts) != len(batch):
            raise DataError(f"the system {system.name!r} gave {len(texts)} summaries for {len(batch)} documents")
        cache.add(batch, to, texts)
        outputs.update(zip(chosen, texts, strict=True))
        if progress is not None:
            progress(system.name, len(outputs), len(examples))
    return [outputs[i] for i in range(len(examples))]


def _scored(
    name: str,
    texts: list[str | None],
    examples: Sequence[Example],
    to: str,
    ready: Sequence[Any],
    options: Mapping[str, Any],
) -> SystemScores | None:
    there = [i for i, text in enumerate(texts) if text is not None]
    if not there:
        return None
    cases = [
        Case(texts[i] or "", examples[i].for_language(to), examples[i].document, to, examples[i].source_lang)
        for i in there
    ]
    columns = {}
    for key, values in score_cases(ready, cases).items():
        full = np.full(len(examples), np.nan)
        full[there] = values
        columns[key] = full
    names = [key for key, values in columns.items() if not np.isnan(values).all()]
    intervals: dict[str, Interval] = {}
    if names:
        found = bootstrap_intervals(np.stack([columns[key] for key in names], axis=1), **options)
        intervals = dict(zip(names, found, strict=True))
    return SystemScores(name, texts, columns, intervals)


def _compare(systems: Mapping[str, SystemScores], resamples: int, seed: int) -> list[Pair]:
    pairs: list[Pair] = []
    for column in TESTED:
        able = [s for s in systems.values() if column in s.intervals]
        found = []
        for first, second in combinations(able, 2):
            a, b = first.columns[column], second.columns[column]
            test = paired_bootstrap(a, b, resamples, seed), approximate_randomisation(a, b, resamples, seed)
            found.append((first.name, second.name, *test))
        adjusted = holm([item[3].p for item in found])
        pairs.extend(Pair(f, s, column, bs, ar, p) for (f, s, bs, ar), p in zip(found, adjusted, strict=True))
    return pairs


def _usable(metrics: Sequence[str], config: RougeConfig, asked: bool) -> tuple[list[Any], list[str]]:
    """Metrics that are installed; of those nobody asked for by name, the others are left out with a note."""
    ready, notes = [], []
    for name in metrics:
        try:
            ready.extend(ready_metrics([name], config))
        except MissingExtraError as error:
            if asked:
                raise
            notes.append(f"left out: {error}")
    return ready, notes


def _unique(systems: Iterable[System]) -> list[System]:
    found: dict[str, System] = {}
    for system in systems:
        name, number = system.name, 2
        while name in found and fingerprint_hash(found[name]) != fingerprint_hash(system):
            name, number = f"{system.name} ({number})", number + 1
        if name != system.name:
            system.name = name
        found.setdefault(name, system)
    return list(found.values())


def evaluate(
    data: str | Path | Iterable[Example],
    systems: Sequence[str | System] = ("khulasa",),
    to: Sequence[str] | str | None = None,
    out: str | Path | None = None,
    metrics: Sequence[str] | None = None,
    rouge: RougeConfig | None = None,
    baselines: bool = True,
    resamples: int = 1000,
    seed: int = 12345,
    level: float = 0.95,
    progress: Progress | None = None,
    load: Mapping[str, Any] | None = None,
    **reading: Any,
) -> Evaluation:
    """Runs systems over a data set and scores them side by side.

    Args:
        data: a file, "sample", ``hf:...``, or examples.
        systems: specs (:func:`summarize.eval.systems.make_system`) or objects that follow
            :class:`summarize.eval.systems.System`. Lead-1, lead-3 and the oracle are added.
        to: languages of the summaries; by default those that the data has references in.
        out: folder for outputs (resumed from there) and ``scores.json``; without, nothing is written.
        metrics: names in :data:`summarize.eval.metrics.METRICS`; by default those that need no extras.
        rouge: the ROUGE configuration; its language "auto" becomes the target's.
        resamples, seed, level: of the intervals and tests.
        reading: ``fields``, ``layout``, ``skip_empty``, ``limit`` for :func:`summarize.eval.data.read_examples`.

    Raises:
        DataError: the data set or a predictions file cannot be used, or has no reference in ``to``.
        UsageError: an unknown name, or another evaluation writing to ``out``.
    """
    is_file = isinstance(data, (str, Path))
    examples = load_examples(data, **reading) if isinstance(data, (str, Path)) else list(data)
    specs = [*systems, *(BASELINES if baselines else ())]
    chosen = _unique(make_system(s, load) if isinstance(s, str) else s for s in specs)
    present = [lang for lang in LANGUAGES if any(e.for_language(lang) for e in examples)]
    languages = present if to is None else [to] if isinstance(to, str) else list(to)
    for lang in languages:
        if lang not in LANGUAGES:
            raise UsageError(f"{lang!r} is not a language that is written here; choose from {', '.join(LANGUAGES)}")
        if lang not in present:
            raise DataError(
                f"{data if is_file else 'the data'}: no reference summary in {lang!r}, only in {', '.join(present)}"
            )
    config = rouge or RougeConfig()
    wanted = tuple(metrics or DEFAULT_METRICS)
    if metrics is None and "ar" in languages:
        wanted = (*wanted, "rouge_raw")
    notes: list[str] = []
    options = {"resamples": resamples, "seed": seed, "level": level}
    directions = []
    folder = Path(out) if out is not None else None

    def run() -> None:
        caches = {s.name: OutputCache(folder / "predictions" if folder else None, s) for s in chosen}
        for target in languages:
            target_config = config.for_language(target) if config.lang == "auto" else config
            for source in dict.fromkeys(e.source_lang for e in examples):
                group = [e for e in examples if e.source_lang == source and e.for_language(target)]
                if not group:
                    continue
                ready, missing = _usable(wanted, target_config, metrics is not None)
                notes.extend(note for note in missing if note not in notes)
                scored: dict[str, SystemScores] = {}
                silent: list[str] = []
                for system in chosen:
                    texts = _generate(system, group, target, caches[system.name], progress)
                    result = _scored(system.name, texts, group, target, ready, options)
                    if result is not None:
                        scored[system.name] = result
                    else:
                        silent.append(system.name)
                if silent:
                    notes.append(f"{source} → {target}: without {', '.join(silent)}, which only copy the document")
                small = small_sample_warning(len(group))
                pairs = _compare(scored, resamples, seed)
                signatures = {item.metric.name: item.signature for item in ready}
                directions.append(Direction(source, target, group, scored, pairs, signatures, [small] if small else []))
        for cache in caches.values():
            cache.close()

    if folder is None:
        run()
    else:
        with only_one(folder):
            run()
    from summarize import __version__

    settings: dict[str, Any] = {
        "data": str(data) if is_file else "examples",
        "documents": len(examples),
        "to": languages,
        "systems": {s.name: {**s.fingerprint(), "hash": fingerprint_hash(s)} for s in chosen},
        "metrics": list(wanted),
        **options,
        "khulasa": __version__,
    }
    evaluation = Evaluation(directions, settings, notes)
    if folder is not None:
        text = json.dumps(evaluation.to_dict(), ensure_ascii=False, indent=1)
        write_atomically(folder / "scores.json", text + "\n")
    return evaluation


def shown_columns(direction: Direction) -> list[str]:
    """Columns that any system has a score in, in the table's order."""
    return [name for name in COLUMNS if any(name in system.intervals for system in direction.systems.values())]
