"""Is this Latin name that Arabic name? A small weighted edit distance between the two scripts.

Every Arabic letter may be written by a chunk of zero to three Latin letters, and a Latin letter may come from no
Arabic letter (short vowels). Each such edit has a weight, minus the log of its probability; the weights were learned
by expectation-maximisation on pairs of names (:mod:`summarize.checks.build_gazetteer`), and lie in the gazetteer's
file. The distance is that of a stochastic edit transducer (Ristad and Yianilos, 1998, "Learning string-edit
distance"), best path instead of the sum. Similarity is the share of the Latin name's own code length that the Arabic
name explains:

    similarity = 1 - distance(arabic, latin) / sum(-log p(letter) for each Latin letter)

so that 1 would be a certain transliteration, and 0 or less one that no better than chance explains.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from .text import arabic_stems, fold_word

MAX_CHUNK = 3
_FAR = 12.0  # weight of an edit that was never seen

# Words inside names that are translated, not transliterated, or written in one script only.
CONNECTORS = frozenset(
    "the of and al el de da di du la le los las von van der den bin ibn ben abu abd jr sr st saint san santa "
    "ال بن ابن ابو عبد دي دا لا فان فون سانت سان "
    "county district province region governorate state prefecture city town municipality department oblast canton "
    "parish island islands river lake mount north south east west northern southern eastern western upper lower new "
    "مقاطعه محافظه ولايه اقليم منطقه مدينه بلديه قضاء دائره ناحيه جزيره جزر نهر بحيره جبل كانتون اوبلاست ابرشيه "
    "شمال جنوب شرق غرب الشماليه الجنوبيه الشرقيه الغربيه العليا السفلي نيو".split()
)


@dataclass(frozen=True)
class Weights:
    """Learned edit weights: ``edits[arabic letter][latin chunk]``, ``insertions[latin letter]``, ``letters`` for the
    Latin letters' own code lengths. All in nats."""

    edits: Mapping[str, Mapping[str, float]]
    insertions: Mapping[str, float]
    letters: Mapping[str, float]
    _cache: dict[tuple[str, str], float] = field(default_factory=dict, repr=False, compare=False)

    def distance(self, arabic: str, latin: str) -> float:
        """Weight of the cheapest path that writes folded ``arabic`` as folded ``latin``, in nats."""
        n = len(latin)
        row = [0.0] * (n + 1)
        insert = [self.insertions.get(c, _FAR) for c in latin]
        for j in range(n):
            row[j + 1] = row[j] + insert[j]
        for letter in arabic:
            edits = self.edits.get(letter, {})
            drop = edits.get("", _FAR)
            after = [value + drop for value in row]
            for j in range(1, n + 1):
                best = after[j]
                for width in (1, 2, 3):
                    if width > j:
                        break
                    weight = edits.get(latin[j - width : j])
                    if weight is not None and row[j - width] + weight < best:
                        best = row[j - width] + weight
                if after[j - 1] + insert[j - 1] < best:
                    best = after[j - 1] + insert[j - 1]
                after[j] = best
            row = after
        return row[n]

    def word_similarity(self, arabic: str, latin: str) -> float:
        """Similarity of one folded Arabic word and one folded Latin word, at most 1."""
        key = (arabic, latin)
        found = self._cache.get(key)
        if found is None:
            own = sum(self.letters.get(c, _FAR) for c in latin)
            ratio = len(latin) / max(1, len(arabic))
            found = -1.0 if not own or ratio < 0.6 or ratio > 2.6 else 1.0 - self.distance(arabic, latin) / own
            if len(self._cache) > 200_000:
                self._cache.clear()
            self._cache[key] = found
        return found


_SPLIT = re.compile(r"[\s\-_/.,،()']+")


@lru_cache(maxsize=65536)
def name_words(name: str) -> tuple[str, ...]:
    """The folded words of a name that carry it: connectors and single letters left out where others remain."""
    words = [w for w in _SPLIT.split(fold_word(name)) if w]
    kept = [w for w in words if w not in CONNECTORS and len(w) > 1]
    return tuple(kept or words)


def best_word(weights: Weights, latin: str, arabic_words: Sequence[str]) -> float:
    """Best similarity of one Latin word with any of the Arabic words, clitics tried both on and off."""
    best = -1.0
    for word in arabic_words:
        for stem in arabic_stems(word):
            best = max(best, weights.word_similarity(stem, latin))
    return best


def name_similarity(weights: Weights, arabic: str, latin: str) -> float:
    """Similarity of two whole names, at most 1: each word of the shorter name against its best counterpart, weighted
    by length, less a little for each word of the longer name that is left over (middle names, a state after a city).
    """
    left, right = name_words(arabic), name_words(latin)
    if not left or not right:
        return -1.0
    # One word against several: "عبدالله" is "Abd Allah"; compare the names written together as well.
    joined = weights.word_similarity("".join(left), "".join(right))
    table = [[max(weights.word_similarity(s, w) for s in arabic_stems(a)) for w in right] for a in left]
    pairs = sorted(((v, i, j) for i, r in enumerate(table) for j, v in enumerate(r)), reverse=True)
    used_left: set[int] = set()
    used_right: set[int] = set()
    total = weight = 0.0
    for value, i, j in pairs:
        if i in used_left or j in used_right:
            continue
        used_left.add(i)
        used_right.add(j)
        total += value * len(right[j])
        weight += len(right[j])
    leftover = abs(len(left) - len(right)) / max(len(left), len(right))
    return max(joined, total / weight - 0.1 * leftover)
