"""How a summary uses its document: coverage, density, compression, novelty, and repetition within itself.

Grusky, Naaman and Artzi (2018), "Newsroom: a dataset of 1.3 million summaries with diverse extractive strategies":
with F the greedy extractive fragments of summary S in article A,

    coverage = sum |f| / |S|        density = sum |f|^2 / |S|        compression = |A| / |S|

Token lists in, numbers out; NaN where the summary (or, for compression, either) is empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

NAN = float("nan")


@dataclass(frozen=True)
class Fragment:
    """``length`` tokens that begin at ``summary`` in the summary and at ``document`` in the document."""

    summary: int
    document: int
    length: int


def fragments(document: Sequence[str], summary: Sequence[str]) -> list[Fragment]:
    """Greedy extractive fragments: at each place of the summary the longest run that the document has."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, token in enumerate(document):
        places[token].append(at)
    found = []
    i, end = 0, len(document)
    while i < len(summary):
        best, where = 0, 0
        for start in places.get(summary[i], ()):
            length = 1
            while (
                i + length < len(summary) and start + length < end and document[start + length] == summary[i + length]
            ):
                length += 1
            if length > best:
                best, where = length, start
        if best:
            found.append(Fragment(i, where, best))
        i += best or 1
    return found


def coverage_density(document: Sequence[str], summary: Sequence[str]) -> tuple[float, float]:
    """Coverage (0 to 1) and density (mean length of the fragment that a summary token is in)."""
    if not summary:
        return NAN, NAN
    lengths = [fragment.length for fragment in fragments(document, summary)]
    return sum(lengths) / len(summary), sum(n * n for n in lengths) / len(summary)


def compression(document: Sequence[str], summary: Sequence[str]) -> float:
    """Document tokens per summary token."""
    return len(document) / len(summary) if summary and document else NAN


def _ngrams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(tokens[i:] for i in range(n)), strict=False))


def novel_ngrams(document: Sequence[str], summary: Sequence[str], n: int) -> float:
    """Share of the summary's n-grams that the document lacks (See et al. 2017, figure 6), 0 to 1."""
    grams = _ngrams(summary, n)
    if not grams:
        return NAN
    known = set(_ngrams(document, n))
    return sum(gram not in known for gram in grams) / len(grams)


def repeated_ngrams(summary: Sequence[str], n: int) -> float:
    """Share of the summary's n-grams that it had said before, 0 to 1."""
    grams = _ngrams(summary, n)
    return 1 - len(set(grams)) / len(grams) if grams else NAN
