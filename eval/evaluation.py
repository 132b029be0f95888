"""The batch evaluation: systems over a data set, scored side by side, resumable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from summarize.errors import DataError, MissingExtraError, UsageError

from .cache import OutputCache, only_one, write_atomically
from .data import Example, load_examples
from .metrics import DEFAULT_METRICS, Case, ready_metrics, score_cases
from .outcome import Direction, Evaluation, Pair, SystemScores
from .rouge_config import RougeConfig
from .signature import Signature
from .stats import (
    Interval,
    approximate_randomisation,
    bootstrap_intervals,
    holm,
    paired_bootstrap,
    small_sample_warning,
)
from .systems import BASELINES, Predictions, System, fingerprint_hash, make_system
from .workers import chunked

TESTED = ("rouge1", "rouge2", "rougeL", "rougeLsum", "chrf")
"""Columns that systems are tested on against each other."""
LANGUAGES = ("ar", "en")

Progress = Callable[[str, int, int], None]
"""Called with a system's name, examples done and examples in all."""


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
    for chosen in chunked(missing, max(1, system.batch_size)):
        batch = [examples[i] for i in chosen]
        texts = _as_many(system, list(system(batch, to)), batch)
        cache.add(batch, to, texts)
        outputs.update(zip(chosen, texts, strict=True))
        if progress is not None:
            progress(system.name, len(outputs), len(examples))
    return [outputs[i] for i in range(len(examples))]


def _as_many(system: System, texts: list[str | None], batch: Sequence[Example]) -> list[str | None]:
    if len(texts) != len(batch):
        raise DataError(f"the system {system.name!r} gave {len(texts)} summaries for {len(batch)} documents")
    return texts


def _generate_together(
    system: System, examples: Sequence[Example], languages: Sequence[str], cache: OutputCache, progress: Progress | None
) -> None:
    """Outputs of documents that are wanted in several languages, for systems that read a document once for all."""
    generate = getattr(system, "in_languages", None)
    if generate is None or len(languages) < 2:
        return
    wanted: dict[tuple[str, ...], list[Example]] = {}
    for example in examples:
        targets = tuple(to for to in languages if example.for_language(to) and not cache.get(example, to)[0])
        if len(targets) > 1:
            wanted.setdefault(targets, []).append(example)
    done, total = 0, sum(map(len, wanted.values()))
    for targets, group in wanted.items():
        for batch in chunked(group, max(1, system.batch_size)):
            for to, texts in generate(batch, targets).items():
                cache.add(batch, to, _as_many(system, list(texts), batch))
            done += len(batch)
            if progress is not None:
                progress(system.name, done, total)


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
    found = load_examples(data, **reading) if isinstance(data, (str, Path)) else data
    examples = [e if e.number >= 0 else replace(e, number=i) for i, e in enumerate(found)]
    specs = [*systems, *(BASELINES if baselines else ())]
    chosen = _unique(make_system(s, load) if isinstance(s, str) else s for s in specs)
    languages = _languages(examples, to, chosen, str(data) if is_file else "the data")
    wanted = tuple(metrics or DEFAULT_METRICS)
    if metrics is None and "ar" in languages:
        wanted = (*wanted, "rouge_raw")
    options = {"resamples": resamples, "seed": seed, "level": level}
    folder = Path(out) if out is not None else None
    run = _Run(chosen, rouge or RougeConfig(), wanted, metrics is not None, options, progress)
    from summarize import __version__

    with ExitStack() as stack:
        if folder is not None:
            stack.enter_context(only_one(folder))
        caches = {s.name: OutputCache(folder / "predictions" if folder else None, s) for s in chosen}
        for cache in caches.values():
            stack.callback(cache.close)
        directions = run.directions(examples, languages, caches)
        settings: dict[str, Any] = {
            "data": str(data) if is_file else "examples",
            "documents": len(examples),
            "to": languages,
            "systems": {s.name: {**s.fingerprint(), "hash": fingerprint_hash(s)} for s in chosen},
            "metrics": list(wanted),
            **options,
            "khulasa": __version__,
        }
        evaluation = Evaluation(directions, settings, run.notes)
        if folder is not None:
            text = json.dumps(evaluation.to_dict(), ensure_ascii=False, indent=1)
            write_atomically(folder / "scores.json", text + "\n")
    return evaluation


def _languages(
    examples: Sequence[Example], to: Sequence[str] | str | None, systems: Sequence[System], data: str
) -> list[str]:
    """Languages to evaluate summaries in, each once.

    Raises:
        DataError: no examples, or no reference in a language that is asked for.
        UsageError: not a language, or predictions that do not say theirs where there are several.
    """
    if not examples:
        raise DataError(f"{data}: no examples in it")
    present = [lang for lang in LANGUAGES if any(e.for_language(lang) for e in examples)]
    if not present:
        raise DataError(f"{data}: no reference summary in {' or '.join(LANGUAGES)}")
    languages = present if to is None else list(dict.fromkeys([to] if isinstance(to, str) else to))
    for lang in languages:
        if lang not in LANGUAGES:
            raise UsageError(f"{lang!r} is not a language that is written here; choose from {', '.join(LANGUAGES)}")
        if lang not in present:
            raise DataError(f"{data}: no reference summary in {lang!r}, only in {', '.join(present)}")
    for system in systems:
        if len(languages) > 1 and isinstance(system, Predictions) and not system.languages:
            raise UsageError(
                f"{system.path} does not say what language its rows are in, and summaries in {' and '.join(languages)} "
                f"are asked for: give the rows a field 'to', or choose one language with --to"
            )
    return languages


class _Run:
    """An evaluation's systems and settings, over the directions of a data set; ``notes`` gathers what to say of it."""

    def __init__(
        self,
        systems: Sequence[System],
        config: RougeConfig,
        metrics: Sequence[str],
        asked: bool,
        options: Mapping[str, Any],
        progress: Progress | None,
    ) -> None:
        self.systems, self.config, self.metrics, self.asked = systems, config, metrics, asked
        self.options, self.progress = options, progress
        self.notes: list[str] = []

    def directions(
        self, examples: Sequence[Example], languages: Sequence[str], caches: Mapping[str, OutputCache]
    ) -> list[Direction]:
        """Generates what is missing and scores it."""
        for system in self.systems:
            _generate_together(system, examples, languages, caches[system.name], self.progress)
        found = []
        for target in languages:
            for source in dict.fromkeys(e.source_lang for e in examples):
                group = [e for e in examples if e.source_lang == source and e.for_language(target)]
                if group:
                    found.append(self._direction(source, target, group, caches))
        return found

    def _direction(
        self, source: str, target: str, group: list[Example], caches: Mapping[str, OutputCache]
    ) -> Direction:
        config = self.config.for_language(target) if self.config.lang == "auto" else self.config
        ready, missing = _usable(self.metrics, config, self.asked)
        self.notes.extend(note for note in missing if note not in self.notes)
        scored: dict[str, SystemScores] = {}
        silent: list[str] = []
        for system in self.systems:
            texts = _generate(system, group, target, caches[system.name], self.progress)
            result = _scored(system.name, texts, group, target, ready, self.options)
            if result is None:
                silent.append(system.name)
                continue
            scored[system.name] = result
            if lacking := sum(text is None for text in texts):
                self.notes.append(
                    f"{source} → {target}: {system.name} has no summary of {lacking} of {len(group)} documents, which "
                    f"do not count in its means"
                )
        if silent:
            self.notes.append(f"{source} → {target}: without {', '.join(silent)}, which write none in this direction")
        small = small_sample_warning(len(group))
        pairs = _compare(scored, self.options["resamples"], self.options["seed"])
        counts = {len(example.for_language(target)) for example in group}
        extra = {"nrefs": counts.pop() if len(counts) == 1 else "var"}
        extra |= {"bs": self.options["resamples"], "seed": self.options["seed"]}
        signatures = {
            item.metric.name: str(Signature.parse(item.signature).with_fields(**extra))
            if item.metric.name.startswith("rouge")
            else item.signature
            for item in ready
        }
        return Direction(source, target, group, scored, pairs, signatures, [small] if small else [])
