"""How names that no list has are spelt in the other script, letter by letter, for what is to be translated.

A joint n-gram model (Bisani and Ney 2008, "Joint-sequence models for grapheme-to-phoneme conversion"): a name is a run
of units, each some letters here and those that stand for them there, and a unit's probability depends on the ones
before it. ``letters.txt.gz``, made by ``recipe/letters.py``, has the counts, and the words that the model has seen.
"""

from __future__ import annotations

import gzip
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from summarize.checks.text import arabic_light, arabic_stems, english_light

FILE = Path(__file__).resolve().parent / "letters.txt.gz"
ORDER = 3
BEAM = 12
START, END = "^", "$"
LONGEST = {"en": 3, "ar": 2}  # letters of a unit on the side that is read
LIGHT = {"ar": arabic_light, "en": english_light}
KIND = {"ar": "a", "en": "w"}  # of a language's tokens


class Ngrams:
    """Probability of a symbol after others, from counts of n-grams (Witten and Bell 1991, interpolated)."""

    def __init__(self, counts: Mapping[tuple[str, ...], int]) -> None:
        self._counts = counts
        self._times: Counter[tuple[str, ...]] = Counter()
        self._kinds: Counter[tuple[str, ...]] = Counter()
        for gram, count in counts.items():
            self._times[gram[:-1]] += count
            self._kinds[gram[:-1]] += 1
        self.symbols = [gram[0] for gram in counts if len(gram) == 1 and gram[0] != END]

    def probability(self, before: Sequence[str], symbol: str) -> float:
        found = 1.0 / (1 + self._kinds[()])
        for n in range(len(before) + 1):
            history = tuple(before[len(before) - n :])
            times = self._times.get(history, 0)
            if not times:
                break
            kinds = self._kinds[history]
            found = (self._counts.get((*history, symbol), 0) + kinds * found) / (times + kinds)
        return found

    def log(self, symbols: Iterable[str]) -> float:
        """Log-probability of a whole sequence."""
        return sum(math.log(self.probability(gram[:-1], gram[-1])) for gram in grams(symbols))


def grams(symbols: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Every symbol of a sequence behind the ``ORDER - 1`` before it.

    >>> list(grams("ab"))
    [('^', '^', 'a'), ('^', 'a', 'b'), ('a', 'b', '$')]
    """
    whole = (*(START,) * (ORDER - 1), *symbols, END)
    return (whole[i : i + ORDER] for i in range(len(whole) - ORDER + 1))


@dataclass(frozen=True)
class Letters:
    """How names are spelt, and which words may be such names.

    units: per language of a name, n-grams of ``here>there``. foreign, native: n-grams of the letters of names in Arabic
    script, and of Arabic words. known: per language, light stems that the model has seen.
    """

    units: Mapping[str, Ngrams]
    foreign: Ngrams
    native: Ngrams
    known: Mapping[str, frozenset[str]]
    _options: dict[str, dict[str, list[str]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        options: dict[str, dict[str, list[str]]] = {language: defaultdict(list) for language in self.units}
        for language, units in self.units.items():
            for unit in units.symbols:
                options[language][unit.partition(">")[0]].append(unit)
        object.__setattr__(self, "_options", options)

    def spell(self, word: str, language: str) -> str:
        """A name, folded and in small letters, in the other script; "" if it has letters that no unit has."""
        units, options = self.units[language], self._options[language]
        # By letters read: the last units, what they are there, and its log-probability.
        states: list[dict[tuple[tuple[str, ...], str], float]] = [{} for _ in range(len(word) + 1)]
        states[0][(START,) * (ORDER - 1), ""] = 0.0
        for i in range(len(word)):
            for (before, there), score in sorted(states[i].items(), key=lambda item: (-item[1], item[0]))[:BEAM]:
                for j in range(i + 1, min(i + LONGEST[language], len(word)) + 1):
                    for unit in options.get(word[i:j], ()):
                        state = ((*before[1:], unit), there + unit.partition(">")[2])
                        value = score + math.log(units.probability(before, unit))
                        if value > states[j].get(state, -math.inf):
                            states[j][state] = value
        ended: dict[str, float] = defaultdict(float)
        for (before, there), score in states[-1].items():
            ended[there] += math.exp(score) * units.probability(before, END)
        return max(ended, key=lambda there: (ended[there], there)) if ended else ""

    def unseen(self, word: str, language: str) -> bool:
        """Whether the model has not seen a word, folded and in small letters; of Arabic, without what is written on to
        it either."""
        forms = (word, *arabic_stems(word)) if language == "ar" else (word,)
        return not any(LIGHT[language](form) in self.known[language] for form in forms)

    def looks_foreign(self, word: str) -> bool:
        """Whether the letters of an Arabic word, folded, are rather those of a foreign name."""
        return self.foreign.log(word) > self.native.log(word)


def read_sections(file: Path) -> dict[str, list[str]]:
    """The lines under each ``[name]`` of a packed list, without its comments."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in gzip.decompress(file.read_bytes()).decode().splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            lines.append(line)
    return sections


@lru_cache(maxsize=1)
def load() -> Letters:
    """The package's, read once."""
    sections = read_sections(FILE)

    def ngrams(name: str) -> Ngrams:
        counts = {}
        for line in sections[name]:
            count, *gram = line.split("\t")
            counts[tuple(gram)] = int(count)
        return Ngrams(counts)

    units, known = ({language: language + kind for language in LIGHT} for kind in (" units", " known"))
    return Letters(
        {language: ngrams(name) for language, name in units.items()},
        ngrams("ar foreign"),
        ngrams("ar native"),
        {language: frozenset(sections[name]) for language, name in known.items()},
    )


@lru_cache(maxsize=4096)
def spell(word: str, language: str) -> str:
    """``Letters.spell`` of the package's, each word once; English with a capital."""
    found = load().spell(word, language)
    return found.capitalize() if language == "ar" else found
