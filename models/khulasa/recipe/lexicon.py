"""Words of the bitext with their translations, for the glossary: IBM Model 1, both ways (Brown et al. 1993).

A model this small does not remember what it saw once in its bitext; what stands beside the text it can copy. An entry
is a light stem of one language and the commonest spelling of the stem in the other language that it is most likely
translated by.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from summarize.checks.text import fold, tokenize

from .dictionary import KIND, LIGHT, MARKS

ROUNDS = 6
LONGEST = 50  # tokens of a sentence that are aligned


@dataclass(frozen=True)
class Word:
    """A stem's translation. probability: of the other stem given this one; sentences: how many have this stem."""

    language: str
    stem: str
    other: str
    probability: float
    sentences: int


class _Side:
    """Stems of one language as numbers, their spellings, and how many sentences have each."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.ids: dict[str, int] = {}
        self.spelt: dict[int, Counter[str]] = defaultdict(Counter)
        self.sentences: Counter[int] = Counter()

    def read(self, text: str) -> list[int]:
        folded = fold(text)
        found = set()
        for token in tokenize(folded)[:LONGEST]:
            if token.kind == KIND[self.language]:
                number = self.ids.setdefault(LIGHT[self.language](token.lower), len(self.ids))
                first, last = folded.span(token.start, token.end)
                self.spelt[number][MARKS.sub("", text[first:last])] += 1
                found.add(number)
        self.sentences.update(found)
        return sorted(found)


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


def align(rows: Iterable[Mapping[str, Any]], least: float = 0.3, least_count: float = 1.5) -> list[Word]:
    """The translation of every stem that has a likely one, in both languages.

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
    found = []
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
        stems = list(side.ids)
        best: dict[int, tuple[float, int]] = {}
        for i in np.flatnonzero(sure & (probability >= least)):
            best[int(given[i])] = max(best.get(int(given[i]), (0.0, -1)), (float(probability[i]), int(made[i])))
        for number, (chance, match) in sorted(best.items()):
            spelling = min(other.spelt[match].items(), key=lambda item: (-item[1], item[0]))[0]
            found.append(Word(side.language, stems[number], spelling, chance, side.sentences[number]))
    return found
