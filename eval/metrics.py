"""The table of metrics: what each needs, what columns it gives, and how to read them.

Every metric scores documents one by one (so that intervals and tests can be had for all), in the units that are
shown: shares and ROUGE as percent. To add a metric, add a line to :data:`METRICS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from summarize.errors import MissingExtraError, UsageError

from .extractive import NAN, compression, coverage_density, novel_ngrams, repeated_ngrams
from .parts import arabic_share, normalize_marks, normalize_v1
from .rouge import Rouge
from .rouge_config import TYPES, RougeConfig
from .signature import Signature


@dataclass(frozen=True)
class Case:
    """One summary to score, in ``lang``, of a document in ``source_lang``; ``refs`` and ``doc`` may be empty."""

    hyp: str
    refs: tuple[str, ...] = ()
    doc: str = ""
    lang: str = "en"
    source_lang: str = "en"


@dataclass(frozen=True)
class Column:
    """A number per document. ``better`` is "higher", "lower" or "" where neither is; ``unit`` is "%" or a word."""

    name: str
    label: str
    better: str = "higher"
    unit: str = "%"


Scorer = Callable[[Sequence[Case]], dict[str, list[float]]]


@dataclass(frozen=True)
class Metric:
    """A metric: its columns, what a case must have, and ``make(options)``, which gives the scorer and its signature."""

    name: str
    columns: tuple[Column, ...]
    needs: frozenset[str]
    make: Callable[[RougeConfig], tuple[Scorer, str]]
    about: str
    extra: str | None = None


@lru_cache(maxsize=1024)  # documents that several systems summarise; more would take hundreds of megabytes
def tokens(text: str, lang: str) -> tuple[str, ...]:
    """Tokens for the companions: Unicode words, Arabic normalised by ``v1``."""
    from .parts import TOKENIZERS

    return tuple(TOKENIZERS["uni"](normalize_v1(text) if lang == "ar" else normalize_marks(text)))


def _version(metric: str, **fields: object) -> str:
    from summarize import __version__

    return str(Signature(metric, (*((key, str(value)) for key, value in fields.items()), ("v", __version__))))


def _rouge(config: RougeConfig, suffix: str = "") -> tuple[Scorer, str]:
    rouge = Rouge(config=config)

    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        columns: dict[str, list[float]] = {f"{name}{suffix}": [] for name in config.types}
        for case in cases:
            scores = rouge.score(case.hyp, case.refs) if case.refs else {}
            for name in config.types:
                columns[f"{name}{suffix}"].append(100 * scores[name].f1 if scores else NAN)
        return columns

    types = "+".join(config.types)
    return score, str(Signature(types, config.signature("rougeLsum").fields))


def _rouge_main(config: RougeConfig) -> tuple[Scorer, str]:
    return _rouge(config)


def _rouge_raw(config: RougeConfig) -> tuple[Scorer, str]:
    raw = RougeConfig(("rouge1", "rouge2", "rougeL"), config.lang, "marks", "uni", "no", "khulasa", config.refs)
    return _rouge(raw, "_raw")


def _chrf(_: RougeConfig) -> tuple[Scorer, str]:
    try:
        import sacrebleu
        from sacrebleu.metrics import CHRF
    except ImportError:
        raise MissingExtraError("the metric 'chrf' needs sacrebleu: pip install 'khulasa[eval]'") from None
    plain, plus = CHRF(), CHRF(word_order=2)

    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        return {
            "chrf": [plain.sentence_score(c.hyp, list(c.refs)).score if c.refs else NAN for c in cases],
            "chrf++": [plus.sentence_score(c.hyp, list(c.refs)).score if c.refs else NAN for c in cases],
        }

    return score, _version("chrf", mean="sentence", nc=6, nw="0,2", sacrebleu=sacrebleu.__version__)


def _length(_: RougeConfig) -> tuple[Scorer, str]:
    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        words = [tokens(c.hyp, c.lang) for c in cases]
        return {
            "words": [float(len(w)) for w in words],
            "compression": [compression(tokens(c.doc, c.source_lang), w) for c, w in zip(cases, words, strict=True)],
            "length_ratio": [
                len(w) / float(np.mean([len(tokens(r, c.lang)) or 1 for r in c.refs])) if c.refs else NAN
                for c, w in zip(cases, words, strict=True)
            ],
        }

    return score, _version("length", tok="uni")


def _extractive(_: RougeConfig) -> tuple[Scorer, str]:
    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        rows: list[tuple[float, ...]] = []
        for case in cases:
            if not case.doc or case.lang != case.source_lang:  # another language shares no words
                rows.append((NAN,) * 5)
                continue
            document, summary = tokens(case.doc, case.source_lang), tokens(case.hyp, case.lang)
            coverage, density = coverage_density(document, summary)
            rows.append((100 * coverage, density, *(100 * novel_ngrams(document, summary, n) for n in (1, 2, 3))))
        names = ("coverage", "density", "novel1", "novel2", "novel3")
        return {name: [row[i] for row in rows] for i, name in enumerate(names)}

    return score, _version("extractive", tok="uni")


def _repetition(_: RougeConfig) -> tuple[Scorer, str]:
    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        return {"repeated3": [100 * repeated_ngrams(tokens(c.hyp, c.lang), 3) for c in cases]}

    return score, _version("repetition", n=3, tok="uni")


def _script(_: RougeConfig) -> tuple[Scorer, str]:
    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        shares = [arabic_share(c.hyp) for c in cases]
        target = [s if c.lang == "ar" else 1 - s for s, c in zip(shares, cases, strict=True)]
        return {
            "target_script": [100 * share for share in target],
            # Foreign names are fine; more than half in the other script is another language. Without letters: no.
            "in_language": [100.0 * (share >= 0.5) for share in target],
        }

    return score, _version("script")


def _checks(_: RougeConfig) -> tuple[Scorer, str]:
    from .checks_adapter import make_checks

    return make_checks(), _version("checks")


def _semantic(_: RougeConfig) -> tuple[Scorer, str]:
    from .semantic import make_semantic

    return make_semantic(), _version("semantic", model="multilingual-e5-small-q4")


def _bertscore(_: RougeConfig) -> tuple[Scorer, str]:
    from .neural import make_bertscore

    scorer, model = make_bertscore()
    return scorer, _version("bertscore", model=model)


def _comet(_: RougeConfig) -> tuple[Scorer, str]:
    from .neural import make_comet

    scorer, model = make_comet()
    return scorer, _version("comet", model=model)


_LABELS = {
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rouge3": "ROUGE-3",
    "rougeL": "ROUGE-L",
    "rougeLsum": "ROUGE-Lsum",
}
_REFS, _DOC = frozenset({"refs"}), frozenset({"doc"})

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("rouge", tuple(Column(t, _LABELS[t]) for t in TYPES), _REFS, _rouge_main, "ROUGE, F1"),
        Metric(
            "rouge_raw",
            tuple(Column(f"{t}_raw", f"{_LABELS[t]} raw") for t in ("rouge1", "rouge2", "rougeL")),
            _REFS,
            _rouge_raw,
            "ROUGE with marks removed but letters not folded",
        ),
        Metric("chrf", (Column("chrf", "chrF"), Column("chrf++", "chrF++")), _REFS, _chrf, "character F-score", "eval"),
        Metric(
            "length",
            (
                Column("words", "Words", "", "words"),
                Column("compression", "Compression", "", "×"),
                Column("length_ratio", "Length / reference", "", "×"),
            ),
            frozenset(),
            _length,
            "length of the summary, alone, against the document and against the reference",
        ),
        Metric(
            "extractive",
            (
                Column("coverage", "Coverage", ""),
                Column("density", "Density", "", "words"),
                Column("novel1", "Novel 1-grams", ""),
                Column("novel2", "Novel 2-grams", ""),
                Column("novel3", "Novel 3-grams", ""),
            ),
            _DOC,
            _extractive,
            "how much is copied (Newsroom); same language only",
        ),
        Metric(
            "repetition", (Column("repeated3", "Repeated 3-grams", "lower"),), frozenset(), _repetition, "said twice"
        ),
        Metric(
            "script",
            (Column("target_script", "Target script"), Column("in_language", "In the language")),
            frozenset(),
            _script,
            "letters in the script that was asked for",
        ),
        Metric(
            "checks",
            (Column("number_precision", "Number precision"), Column("name_precision", "Name precision")),
            _DOC,
            _checks,
            "numbers and names of the summary that the document supports",
        ),
        Metric(
            "semantic",
            (Column("sim_ref", "Similarity to reference"), Column("sim_doc", "Similarity to document")),
            frozenset(),
            _semantic,
            "multilingual sentence embeddings, across languages too",
            "semantic",
        ),
        Metric(
            "bertscore", (Column("bertscore", "BERTScore F1"),), _REFS, _bertscore, "needs its own weights", "bertscore"
        ),
        Metric("comet", (Column("comet", "COMET"),), _REFS | _DOC, _comet, "needs its own weights", "comet"),
    )
}
DEFAULT_METRICS = ("rouge", "length", "extractive", "repetition", "script", "checks")

COLUMNS: dict[str, Column] = {column.name: column for metric in METRICS.values() for column in metric.columns}


@dataclass(frozen=True)
class ReadyMetric:
    """A metric that is installed and configured."""

    metric: Metric
    score: Scorer
    signature: str


def ready_metrics(names: Sequence[str], config: RougeConfig) -> list[ReadyMetric]:
    """The metrics called ``names``, ready to score.

    Raises:
        UsageError: a name is not in :data:`METRICS`.
        MissingExtraError: a metric's package is not installed.
    """
    for name in names:
        if name not in METRICS:
            raise UsageError(f"{name!r} is not a known metric; choose from {', '.join(METRICS)}")
    return [ReadyMetric(METRICS[name], *METRICS[name].make(config)) for name in dict.fromkeys(names)]


def score_cases(ready: Sequence[ReadyMetric], cases: Sequence[Case]) -> dict[str, np.ndarray]:
    """Every metric's columns over the cases, each of shape (cases,), NaN where a metric does not apply.

    Raises:
        UsageError: a case without the references or the document that a metric needs.
    """
    columns: dict[str, np.ndarray] = {}
    for item in ready:
        for need in item.metric.needs:
            if cases and not any(getattr(case, need) for case in cases):
                what = {"refs": "reference summaries", "doc": "documents"}[need]
                raise UsageError(f"the metric {item.metric.name!r} needs {what}, and there are none")
        scored: dict[str, Any] = item.score(cases)
        columns.update({name: np.asarray(values, dtype=np.float64) for name, values in scored.items()})
    return columns
