"""ROUGE-N, ROUGE-L and ROUGE-Lsum for Arabic and English.

Lin (2004), "ROUGE: A package for automatic evaluation of summaries". English scores with ``split="newline"`` equal
those of ``rouge-score`` 0.1.2; Arabic ones differ from it in that the letters are counted. Scores are fractions of 1.

>>> Rouge(lang="ar").score("أعلنَ الوزيرُ القرارَ", "اعلن الوزير قراره")["rouge1"].f1    # doctest: +SKIP
0.666...
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from summarize.errors import UsageError

from .lcs import SideBySide, lcs_length, positions
from .parts import NORMALIZERS, SPLITTERS, STEMMERS, TOKENIZERS, guess_language
from .rouge_config import PRESETS, TYPES, RougeConfig


class Score(NamedTuple):
    """Precision, recall and their harmonic mean, each 0 to 1."""

    precision: float
    recall: float
    f1: float


_ZERO = Score(0.0, 0.0, 0.0)


def _score(hits: int, hypothesis: int, reference: int) -> Score:
    if not hits:
        return _ZERO
    precision, recall = hits / hypothesis, hits / reference
    return Score(precision, recall, 2 * precision * recall / (precision + recall))


class PreparedText:
    """A text cut into sentences and tokens, with the positions of its tokens made when first asked for."""

    __slots__ = ("_by_sentence", "_masks", "lang", "sentences", "tokens")

    def __init__(self, sentences: list[list[str]], lang: str) -> None:
        self.sentences = sentences
        self.tokens = sentences[0] if len(sentences) == 1 else [t for s in sentences for t in s]
        self.lang = lang
        self._masks: dict[str, int] | None = None
        self._by_sentence: SideBySide | None = None

    def masks(self) -> dict[str, int]:
        """Positions of each token, as bits."""
        if self._masks is None:
            self._masks = positions(self.tokens)
        return self._masks

    def by_sentence(self) -> SideBySide:
        """Positions of each token, kept apart by sentences."""
        if self._by_sentence is None:
            self._by_sentence = SideBySide(self.sentences)
        return self._by_sentence


class _Match:
    """Where in the reference the tokens of a hypothesis occur.

    ``grams[n - 1][i]`` has a bit for each place where the n-gram that begins at token i of the hypothesis begins in
    the reference; so different n-grams never share a bit, and equal ones are equal integers.
    """

    __slots__ = ("grams", "hyp", "ref")

    def __init__(self, hyp: PreparedText, ref: PreparedText) -> None:
        self.hyp, self.ref = hyp, ref
        self.grams: list[list[int]] = []

    def places(self, n: int) -> list[int]:
        """``grams[n - 1]``, made when first asked for."""
        if not self.grams:
            get = self.ref.masks().get
            self.grams.append([get(token, 0) for token in self.hyp.tokens])
        while len(self.grams) < n:
            shift = len(self.grams)
            ahead = self.grams[0][shift:]
            self.grams.append([x and x & (m >> shift) for x, m in zip(self.grams[-1], ahead, strict=False)])
        return self.grams[n - 1]

    def clipped(self, n: int) -> int:
        """N-grams in common, each counted as often as in the side where it is rarer."""
        hits = 0
        for places, count in Counter(filter(None, self.places(n))).items():
            available = places.bit_count()
            hits += count if count < available else available
        return hits


class _Pipeline:
    """Text to tokens under one configuration."""

    def __init__(self, config: RougeConfig) -> None:
        self.lang = config.lang
        self.normalize = NORMALIZERS[str(config.norm)]
        self.tokenize = TOKENIZERS[str(config.tok)]
        self.stem = STEMMERS[str(config.stem)]
        self.split = SPLITTERS[str(config.split)]
        self.split_needed = "rougeLsum" in config.types

    def prepare(self, text: str) -> PreparedText:
        pieces = self.split(text) if self.split_needed else [text]
        sentences = [self.tokenize(self.normalize(piece)) for piece in pieces]
        stem = self.stem
        if stem is not None:
            sentences = [[stemmed for stemmed in map(stem, tokens) if stemmed] for tokens in sentences]
        return PreparedText(sentences, self.lang)


def _rouge_n(match: _Match, n: int) -> Score:
    return _score(match.clipped(n), len(match.hyp.tokens) - n + 1, len(match.ref.tokens) - n + 1)


def _rouge_l(match: _Match, _: int) -> Score:
    size = len(match.ref.tokens)
    return _score(lcs_length(match.places(1), size), len(match.hyp.tokens), size)


def _rouge_lsum(match: _Match, _: int) -> Score:
    """Union of the LCS of each reference sentence with every hypothesis sentence, each token counted once (1.5.5)."""
    reference, hypothesis = match.ref.by_sentence(), match.hyp.tokens
    hits = reference.clipped(reference.union(match.hyp.sentences), hypothesis)
    return _score(hits, len(hypothesis), len(match.ref.tokens))


@dataclass
class CorpusScores:
    """Scores of many documents.

    ``values`` has shape (documents, types, 3): precision, recall, F1. ``languages`` counts the documents per
    language; ``signatures`` has one signature per type.
    """

    types: tuple[str, ...]
    values: np.ndarray
    languages: Counter[str] = field(default_factory=Counter)
    signatures: dict[str, str] = field(default_factory=dict)

    def mean(self, metric: str) -> Score:
        """Mean over the documents; NaN without any."""
        column = self.values[:, self.types.index(metric)]
        return Score(*map(float, column.mean(axis=0))) if len(column) else Score(*[float("nan")] * 3)

    def f1(self, metric: str) -> np.ndarray:
        """F1 of each document, shape (documents,)."""
        return self.values[:, self.types.index(metric), 2]


class Rouge:
    """Scores summaries against references.

    Args:
        types: of ``rouge1`` to ``rouge9``, ``rougeL``, ``rougeLsum``.
        lang: "ar", "en", or "auto": by the first reference of each document.
        norm, tok, stem, split: names of the parts (:mod:`summarize.eval.parts`); the language's own by default.
        refs: "best" (highest F1) or "mean" over several references.

    Raises:
        UsageError: a name is not known; the message lists the choices.
    """

    def __init__(
        self,
        types: Sequence[str] = TYPES,
        lang: str = "auto",
        norm: str | None = None,
        tok: str | None = None,
        stem: str | None = None,
        split: str | None = None,
        refs: str = "best",
        config: RougeConfig | None = None,
    ) -> None:
        self.config = config or RougeConfig(tuple(types), lang, norm, tok, stem, split, refs)
        languages = PRESETS if self.config.lang == "auto" else (self.config.lang,)
        self._pipelines = {lang: _Pipeline(self.config.for_language(lang)) for lang in languages}
        steps = {"rougeL": (_rouge_l, 0), "rougeLsum": (_rouge_lsum, 0)}
        self._steps = [(name, *(steps.get(name) or (_rouge_n, int(name[5:])))) for name in self.config.types]

    @classmethod
    def from_signature(cls, signature: str) -> Rouge:
        """A scorer of the types that the signature names ("rouge1", or "rouge1+rouge2"), with its settings."""
        return cls(config=RougeConfig.from_signature(signature))

    def language_of(self, references: Sequence[str | PreparedText], hypothesis: str | PreparedText = "") -> str:
        """The language under which this document is scored."""
        if self.config.lang != "auto":
            return self.config.lang
        for text in (*references, hypothesis):
            if isinstance(text, PreparedText):
                return text.lang
            if text.strip():
                return guess_language(text)
        return "en"

    def prepare(self, text: str, lang: str | None = None) -> PreparedText:
        """Tokens of a text, to be scored several times; under ``lang="auto"`` its own letters tell the language."""
        return self._pipelines[lang or self.language_of([text])].prepare(text)

    def score(
        self, hypothesis: str | PreparedText, references: str | PreparedText | Sequence[str | PreparedText]
    ) -> dict[str, Score]:
        """Scores of one summary, by type. Either side may be empty: the scores are then 0.

        Raises:
            UsageError: no reference, or something that is not a text.
        """
        refs = [references] if isinstance(references, (str, PreparedText)) else list(references)
        if not refs:
            raise UsageError("a summary cannot be scored without a reference: give at least one")
        for text in (hypothesis, *refs):
            if not isinstance(text, (str, PreparedText)):
                raise UsageError(f"{text!r} is not a text; ROUGE takes strings")
        lang = self.language_of(refs, hypothesis)
        prepare = self._pipelines[lang].prepare
        hyp = prepare(hypothesis) if isinstance(hypothesis, str) else hypothesis
        prepared = [prepare(ref) if isinstance(ref, str) else ref for ref in refs]
        if len(prepared) == 1:
            match = _Match(hyp, prepared[0])
            return {name: function(match, n) for name, function, n in self._steps}
        scores = {}
        matches = [_Match(hyp, ref) for ref in prepared]
        for name, function, n in self._steps:
            several = [function(match, n) for match in matches]
            if self.config.refs == "best":
                scores[name] = max(several, key=lambda score: score.f1)
            else:
                scores[name] = Score(*(sum(column) / len(several) for column in zip(*several, strict=True)))
        return scores

    def corpus(
        self,
        hypotheses: Iterable[str],
        references: Iterable[str | Sequence[str]],
        processes: int = 1,
    ) -> CorpusScores:
        """Scores of many documents, in order.

        Raises:
            UsageError: the two have different lengths.
        """
        rows, languages, nrefs = [], Counter[str](), set()
        for chunk in self.stream(_together(hypotheses, references), processes):
            rows.append(chunk.values)
            languages.update(chunk.languages)
            nrefs.update(chunk.nrefs)
        shape = (0, len(self.config.types), 3)
        values = np.concatenate(rows) if rows else np.zeros(shape)
        return CorpusScores(self.config.types, values, languages, self.signatures(languages, nrefs))

    def stream(
        self, pairs: Iterable[tuple[str, Sequence[str]]], processes: int = 1, chunk: int = 500
    ) -> Iterator[ScoredChunk]:
        """Scores (hypothesis, references) pairs as they come, ``chunk`` at a time, in order, in flat memory."""
        from .workers import ordered_map

        yield from ordered_map(_ChunkScorer(self.config), pairs, processes, chunk)

    def signatures(self, languages: Mapping[str, int] | None = None, nrefs: Iterable[int] = (1,)) -> dict[str, str]:
        """Signature of each type; where all documents turned out to be in one language, that language's."""
        config = self.config
        if config.lang == "auto" and languages and len(languages) == 1:
            config = config.for_language(next(iter(languages)))
        counts = set(nrefs)
        number: int | str = counts.pop() if len(counts) == 1 else "var"
        return {name: str(config.signature(name, number)) for name in config.types}


@dataclass(frozen=True)
class ScoredChunk:
    """Scores of consecutive documents: ``values`` has shape (documents, types, 3)."""

    values: np.ndarray
    languages: Counter[str]
    nrefs: set[int]


class _ChunkScorer:
    """Scores a list of pairs; made from the configuration again in each process."""

    def __init__(self, config: RougeConfig) -> None:
        self.config = config
        self._rouge: Rouge | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"config": self.config, "_rouge": None}

    def __call__(self, pairs: Sequence[tuple[str, Sequence[str]]]) -> ScoredChunk:
        rouge = self._rouge = self._rouge or Rouge(config=self.config)
        values = np.empty((len(pairs), len(self.config.types), 3))
        languages: Counter[str] = Counter()
        for row, (hypothesis, references) in enumerate(pairs):
            values[row] = list(rouge.score(hypothesis, references).values())
            languages[rouge.language_of(references, hypothesis)] += 1
        return ScoredChunk(values, languages, {len(references) for _, references in pairs})


def _together(
    hypotheses: Iterable[str], references: Iterable[str | Sequence[str]]
) -> Iterator[tuple[str, Sequence[str]]]:
    left, right, n = iter(hypotheses), iter(references), 0
    end = object()
    while True:
        hypothesis, reference = next(left, end), next(right, end)
        if hypothesis is end and reference is end:
            return
        if hypothesis is end or reference is end:
            short = "hypotheses" if hypothesis is end else "references"
            raise UsageError(f"the {short} end after {n}, the other side goes on; give one of each per document")
        n += 1
        yield hypothesis, [reference] if isinstance(reference, str) else reference  # type: ignore[misc]
