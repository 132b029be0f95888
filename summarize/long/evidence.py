"""Evidence: for each sentence of a summary, the sentences of the document that it rests on.

In the document's own language it is found by the words and word pairs that the two have in common; across languages
by where the decoder looked while it wrote, where the engine tells that (a method ``attention``), else by the numbers
and names that the checks found in both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING

from ..sentences import sentence_spans
from .central import stems
from .reading import PARAGRAPH, Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..checks import Finding
    from ..models.engine import Attention

Span = tuple[int, int]
Ranked = list[tuple[float, int]]  # (share, index of a candidate), best first

MOST = 3  # source sentences of a summary sentence
_GAIN = 0.15  # share of a summary sentence's content that a further source sentence must add
_NEAR = 0.5  # share of the best source sentence's attention that a further one must have
_LEAST = 0.2  # share of content in common below which words say nothing


@dataclass(frozen=True)
class Source:
    """A sentence of the document.

    start, end: offsets in the cleaned document; score: how much of the summary's sentence it carries, 0 to 1.
    """

    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True)
class Evidence:
    """What a sentence of the summary rests on.

    start, end: offsets in the summary's text; sources: the document's sentences, best first; method: how they were
    found: "overlap", "attention", "anchors", or "none" where nothing was.
    """

    start: int
    end: int
    text: str
    sources: tuple[Source, ...]
    method: str


@dataclass(frozen=True)
class Written:
    """A portion of a summary, all of it as a rule, and what is known of how it was written.

    text: as handed over; raw: as decoded; same_language: whether it is in the document's language; reading: what was
    read; attention: where the decoder looked, if that is known.
    """

    text: str
    raw: str
    same_language: bool
    reading: Reading
    attention: Attention | None = None


class Finder:
    """Finds evidence in one document, whose sentences are read once for all its summaries.

    Args:
        document: the cleaned text.
    """

    def __init__(self, document: str) -> None:
        self.document = document
        self.spans = sentence_spans(document)
        self.grams = [_grams(document[a:b]) for a, b in self.spans]
        spread: dict[str, int] = {}
        for grams in self.grams:
            for gram in grams:
                spread[gram] = spread.get(gram, 0) + 1
        self.spread = spread

    def __call__(self, portions: Sequence[Written], findings: Sequence[Finding] = ()) -> tuple[Evidence, ...]:
        """Evidence for every sentence of a summary, in order.

        Args:
            portions: of the summary, which are joined by ``PARAGRAPH``, empty ones left out.
            findings: of the checks: spans in the summary's text and in the document.
        """
        found: list[Evidence] = []
        offset = 0
        for written in portions:
            if written.text:
                found += self._portion(written, findings, offset)
                offset += len(written.text) + len(PARAGRAPH)
        return tuple(found)

    def _portion(self, written: Written, findings: Sequence[Finding], offset: int) -> Iterator[Evidence]:
        read = self._indices(piece.source for piece in written.reading.pieces)
        sentences = sentence_spans(written.text)
        for (start, end), looked in zip(sentences, self._attended(written, sentences), strict=True):
            text, first, last = written.text[start:end], start + offset, end + offset
            ranked, method = self._overlap(text, read) if written.same_language else [], "overlap"
            if not ranked:
                ranked, method = looked, "attention"
            if not ranked:
                ranked, method = self._anchors(findings, first, last, read), "anchors"
            sources = [Source(*self.spans[i], self.document[slice(*self.spans[i])], round(s, 3)) for s, i in ranked]
            yield Evidence(first, last, text, tuple(sources), method if ranked else "none")

    def _indices(self, stretches: Iterable[Span]) -> list[int]:
        """The document's sentences that ``stretches`` touch, in order."""
        starts, ends = [a for a, _ in self.spans], [b for _, b in self.spans]
        touched: set[int] = set()
        for a, b in stretches:
            touched.update(range(bisect_right(ends, a), bisect_left(starts, b)))
        return sorted(touched)

    def _overlap(self, text: str, among: Sequence[int]) -> Ranked:
        """Sentences that hold most of the words and word pairs of ``text``, and further ones that hold others."""
        n = len(self.spans)
        weights = {gram: log(1 + n / self.spread[gram]) for gram in _grams(text) if gram in self.spread}
        # Words that the document lacks count against every sentence, pairs that it lacks do not.
        total = sum(weights.values()) + log(1 + n) * sum(stem not in self.spread for stem in set(stems(text)))
        ranked: Ranked = []
        while weights and len(ranked) < MOST:
            shares = [(sum(weights[g] for g in self.grams[i] & weights.keys()) / total, -i) for i in among]
            share, at = max(shares, default=(0.0, 0))
            if share < (_GAIN if ranked else _LEAST):
                break
            ranked.append((share, -at))
            weights = {gram: w for gram, w in weights.items() if gram not in self.grams[-at]}
        return ranked

    def _attended(self, written: Written, sentences: Sequence[Span]) -> list[Ranked]:
        """For each sentence of the summary, the sentences that the decoder looked at; none where it is not known."""
        attention = written.attention
        if attention is None:
            return [[] for _ in sentences]
        import numpy as np

        text = written.reading.text
        read = [
            (piece.start + a, piece.start + b)
            for piece in written.reading.pieces
            for a, b in sentence_spans(text[piece.start : piece.end])
        ]
        owner = _owners(attention.source, read)
        inside = owner >= 0
        ranked: list[Ranked] = []
        for rows in _rows(written, sentences, attention.output):
            mass = np.bincount(owner[inside], attention.weights[rows].sum(axis=0)[inside], minlength=len(read))
            best = sorted(range(len(read)), key=lambda i: -mass[i])[: MOST if mass.sum() > 0 else 0]
            kept = [(float(mass[i] / mass.sum()), read[i]) for i in best if mass[i] >= _NEAR * mass[best[0]]]
            ranked.append(self._in_document(written.reading, kept))
        return ranked

    def _in_document(self, reading: Reading, looked: Sequence[tuple[float, Span]]) -> Ranked:
        """Sentences of the document for stretches of what was read; by overlap where these sum the document up."""
        shares: dict[int, float] = {}
        for share, (start, end) in looked:
            touched = self._indices(reading.spans(start, end))
            copied = all(p.copied for p in reading.pieces if p.start < end and start < p.end)
            if not copied:
                best = self._overlap(reading.text[start:end], touched)
                touched = [i for _, i in best] or touched[:1]
            for i in touched:
                shares[i] = max(shares.get(i, 0.0), share)
        return sorted(((share, i) for i, share in shares.items()), key=lambda pair: (-pair[0], pair[1]))[:MOST]

    def _anchors(self, findings: Sequence[Finding], start: int, end: int, among: Sequence[int]) -> Ranked:
        """Sentences that hold the numbers and names of ``text[start:end]`` of the summary."""
        mine = [f for f in findings if start <= f.span[0] < end and f.document_span and f.status != "contradicted"]
        counts: dict[int, int] = {}
        for finding in mine:
            if finding.document_span is not None:
                for i in self._indices([finding.document_span]):
                    counts[i] = counts.get(i, 0) + 1
        allowed = set(among)
        best = sorted((-count, i) for i, count in counts.items() if i in allowed)
        return [(-count / len(mine), i) for count, i in best[:MOST]]


def _grams(text: str) -> set[str]:
    """Stems, and pairs of neighbouring stems."""
    words = stems(text)
    return {*words, *(f"{a} {b}" for a, b in pairwise(words))}


def _owners(tokens: Sequence[Span], sentences: Sequence[Span]) -> NDArray[np.int64]:
    """``[tokens]``: the sentence that each token's last character is in, -1 for none."""
    import numpy as np

    ends = np.array([end for _, end in tokens], dtype=np.int64)
    last = ends - 1
    starts = np.array([a for a, _ in sentences], dtype=np.int64)
    stops = np.array([b for _, b in sentences], dtype=np.int64)
    owner = np.searchsorted(starts, last, side="right") - 1
    inside = (owner >= 0) & (ends > 0)
    inside[inside] = last[inside] < stops[owner[inside]]
    return np.where(inside, owner, -1)


def _rows(written: Written, sentences: Sequence[Span], tokens: Sequence[Span]) -> list[list[int]]:
    """For each sentence of the summary, the tokens that it was decoded as; none where polishing changed its words."""
    places = [i for i, c in enumerate(written.raw) if c.isalnum()]
    letters = "".join(written.raw[i] for i in places)
    rows: list[list[int]] = []
    done = 0
    for start, end in sentences:
        wanted = "".join(c for c in written.text[start:end] if c.isalnum())
        at = letters.find(wanted, done) if wanted else -1
        if at < 0:
            rows.append([])
            continue
        done = at + len(wanted)
        first, last = places[at], places[done - 1]
        rows.append([j for j, (a, b) in enumerate(tokens) if a <= last and b > first])
    return rows
