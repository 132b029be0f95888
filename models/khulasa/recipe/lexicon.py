"""Words of the bitext with their translations, for the glossary: IBM Model 1, both ways (Brown et al. 1993).

A model this small does not remember what it saw once in its bitext; what stands beside the text it can copy. Light
stems are aligned, since there are too few of each word; but a stem may be of words that have nothing to do with each
other (of championship and length in Arabic), so that every word is then held against the bitext by itself.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from summarize.checks.text import fold, tokenize

from ..letters import KIND, LIGHT
from .dictionary import MARKS

ROUNDS = 6
LONGEST = 50  # tokens of a sentence that are aligned
LEAST_SHARE = 0.3  # of a word's sentences that must have its stem's translation on the other side
LEAST_STEM = 0.5  # and of a stem's, for its words that are not there themselves


@dataclass(frozen=True)
class Word:
    """A word's or a stem's translation.

    form: a folded word, or, with ``stem``, a light stem; other: the spelling that is there most often beside it, "" of
    a word that its stem's translation is none of; probability: of the other stem given this one; sentences: how many
    have the stem.
    """

    language: str
    form: str
    other: str
    probability: float
    sentences: int
    stem: bool = False


class _Side:
    """Stems of one language as numbers, and the words of every sentence: (stem, folded, as spelt)."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.ids: dict[str, int] = {}
        self.sentences: Counter[int] = Counter()
        self.words: list[list[tuple[int, str, str]]] = []

    def read(self, text: str) -> list[int]:
        folded = fold(text)
        found = []
        for token in tokenize(folded)[:LONGEST]:
            if token.kind == KIND[self.language]:
                number = self.ids.setdefault(LIGHT[self.language](token.lower), len(self.ids))
                first, last = folded.span(token.start, token.end)
                found.append((number, sys.intern(token.lower), sys.intern(MARKS.sub("", text[first:last]))))
        self.words.append(found)
        numbers = sorted({number for number, _, _ in found})
        self.sentences.update(numbers)
        return numbers


def _expect(
    links: np.ndarray, pairs: int, sentence_word: np.ndarray, given: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Probability and expected count of every pair of stems; ``sentence_word``: the word that each link explains."""
    likely: np.ndarray = np.ones(pairs)
    counts = likely
    for _ in range(ROUNDS):
        share = likely[links]
        share /= np.bincount(sentence_word, share)[sentence_word]
        counts = np.bincount(links, share, pairs)
        likely = counts / np.bincount(given, counts, size)[given]
    return likely, counts


def _beside(
    side: _Side, other: _Side, best: Mapping[int, tuple[float, int]]
) -> tuple[Counter[tuple[int, str]], dict[tuple[int, str], Counter[str]], Counter[tuple[int, str]]]:
    """Of every word: sentences that have it; spellings of its stem's translation beside it; sentences with one."""
    times: Counter[tuple[int, str]] = Counter()
    spelt: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    right: Counter[tuple[int, str]] = Counter()
    for here, there in zip(side.words, other.words, strict=True):
        spellings: dict[int, set[str]] = defaultdict(set)
        for number, _, spelling in there:
            spellings[number].add(spelling)
        for number, folded in {(number, folded) for number, folded, _ in here}:
            if number in best:
                times[number, folded] += 1
                found = spellings.get(best[number][1])
                if found:
                    right[number, folded] += 1
                    spelt[number, folded].update(found)
    return times, spelt, right


def _words(side: _Side, other: _Side, best: Mapping[int, tuple[float, int]]) -> Iterator[Word]:
    times, spelt, right = _beside(side, other, best)
    stems = list(side.ids)
    whole: dict[int, Counter[str]] = defaultdict(Counter)
    agreed: Counter[int] = Counter()
    total: Counter[int] = Counter()
    for (number, folded), n in times.items():
        total[number] += n
        agreed[number] += right[number, folded]
        whole[number].update(spelt[number, folded])
    kept = {n: _commonest(whole[n]) for n in sorted(total) if agreed[n] >= LEAST_STEM * total[n]}
    for number, spelling in kept.items():
        yield Word(side.language, stems[number], spelling, best[number][0], side.sentences[number], stem=True)
    for (number, folded), n in sorted(times.items()):
        fits = right[number, folded] >= LEAST_SHARE * n
        if n > 1 and (fits or number in kept):
            spelling = _commonest(spelt[number, folded]) if fits else ""
            if spelling != kept.get(number):  # else its stem says the same
                yield Word(side.language, folded, spelling, best[number][0], side.sentences[number])


def _commonest(spellings: Counter[str]) -> str:
    return min(spellings.items(), key=lambda item: (-item[1], item[0]))[0]


def align(rows: Iterable[Mapping[str, Any]], least: float = 0.3, least_count: float = 1.5) -> list[Word]:
    """The translations of words and stems that have a likely one, in both languages.

    Args:
        rows: bitext, ``ar`` and ``en``.
        least: probability that a translation must have.
        least_count: times that the pair must be expected to have been aligned, either way.
    """
    ar, en = _Side("ar"), _Side("en")
    ours, theirs, sentence = [], [], []
    for number, row in enumerate(rows):
        a, e = ar.read(row["ar"]), en.read(row["en"])
        ours.append(np.repeat(np.array(a, np.int64), len(e)))
        theirs.append(np.tile(np.array(e, np.int64), len(a)))
        sentence.append(np.full(len(a) * len(e), number, np.int64))
    if not ours:
        return []
    arabic, english, where = map(np.concatenate, (ours, theirs, sentence))
    pairs, links = np.unique(arabic * len(en.ids) + english, return_inverse=True)
    first, second = pairs // max(1, len(en.ids)), pairs % max(1, len(en.ids))
    found: list[Word] = []
    directions = (
        (ar, en, first, second, np.unique(where * len(en.ids) + english, return_inverse=True)[1]),
        (en, ar, second, first, np.unique(where * len(ar.ids) + arabic, return_inverse=True)[1]),
    )
    likely, counts = zip(
        *(_expect(links, len(pairs), explained, given, len(side.ids)) for side, _, given, _, explained in directions),
        strict=True,
    )
    sure = np.minimum(*counts) >= least_count
    for (side, other, given, made, _), probability in zip(directions, likely, strict=True):
        best: dict[int, tuple[float, int]] = {}
        for i in np.flatnonzero(sure & (probability >= least)):
            best[int(given[i])] = max(best.get(int(given[i]), (0.0, -1)), (float(probability[i]), int(made[i])))
        found += _words(side, other, best)
    return found
