"""Makes ``letters.txt.gz``: how names are spelt in the other script, counted over pairs of names.

The letters of each pair are aligned, a few here with a few there, by expectation maximisation (Jiampojamarn et al.
2007, "Applying many-to-many alignments and hidden Markov models to letter-to-phoneme conversion"); then runs of units
are counted. From ``names-mixed``; only counts of units of letters are kept of its names.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from summarize.checks.text import fold, tokenize

from ....errors import DataError
from ..letters import KIND, LIGHT, LONGEST, ORDER, grams
from .dictionary import OTHER
from .glossary import sentences, write_lines
from .mix import find, read_rows

THERE = {"en": 2, "ar": 3}  # letters of a unit at most on the side that is written
ROUNDS, SAMPLE = 4, 6000  # of expectation maximisation, and pairs that it sees
LEAST = 2  # times that an n-gram of two or more must be there
SEEN = 4  # sentences of bitext that make a word known
_ENGLISH, _ARABIC = re.compile("[a-z]{3,14}"), re.compile("[\u0621-\u064a]{2,14}")
Pair = tuple[str, str]
Alignment = list[Pair]


def _folded(text: str) -> str:
    return "".join(token.lower for token in tokenize(fold(text)))


def pairs(data: Path) -> list[Pair]:
    """English, in small letters, and Arabic of single words of names, each pair once, in a random order."""
    path = find(data, "parallel/names-mixed")
    if path is None:
        raise DataError(f"{data}: parallel/names-mixed.jsonl.gz is not there, and spellings are learnt from it")
    found: dict[Pair, None] = {}
    for row in read_rows(path):
        english, arabic = row["en"].lower().replace("'", ""), row["ar"].strip()
        if row.get("kind") != "organization" and _ENGLISH.fullmatch(english) and _ARABIC.fullmatch(arabic):
            found[english, arabic] = None
    order = sorted(found)
    random.Random(0).shuffle(order)
    return order


def _arcs(here: str, there: str, i: int, j: int, most: tuple[int, int]) -> Iterator[tuple[int, int, Pair]]:
    """Units that may begin at letters ``i`` and ``j``, and where each ends."""
    for a in range(1, min(most[0], len(here) - i) + 1):
        for b in range(min(most[1], len(there) - j) + 1):
            yield i + a, j + b, (here[i : i + a], there[j : j + b])


def learn(some: Sequence[Pair], most: tuple[int, int]) -> dict[Pair, float]:
    """Probability of every unit, by forward and backward passes over all alignments of every pair."""
    likely: Mapping[Pair, float] = {}
    for _ in range(ROUNDS):
        expected: dict[Pair, float] = defaultdict(float)
        for here, there in some:
            size = (len(here) + 1, len(there) + 1)
            forward = [[0.0] * size[1] for _ in range(size[0])]
            backward = [[0.0] * size[1] for _ in range(size[0])]
            forward[0][0] = backward[-1][-1] = 1.0
            arcs = []
            for i in range(size[0]):
                for j in range(size[1]):
                    if forward[i][j]:
                        for i2, j2, unit in _arcs(here, there, i, j, most):
                            # At first, small units and a letter for a letter.
                            chance = likely.get(unit, 0.0) if likely else 0.3 ** (len(unit[0]) + abs(len(unit[1]) - 1))
                            if chance:
                                forward[i2][j2] += forward[i][j] * chance
                                arcs.append((i, j, i2, j2, unit, chance))
            if forward[-1][-1]:
                for i, j, i2, j2, unit, chance in reversed(arcs):
                    backward[i][j] += chance * backward[i2][j2]
                    expected[unit] += forward[i][j] * chance * backward[i2][j2] / forward[-1][-1]
        total = sum(expected.values())
        likely = {unit: count / total for unit, count in expected.items() if count > 0.05}
    return dict(likely)


def aligned(here: str, there: str, likely: Mapping[Pair, float], most: tuple[int, int]) -> Alignment | None:
    """The likeliest run of units; None where there is none."""
    best: dict[tuple[int, int], tuple[float, Alignment]] = {(0, 0): (0.0, [])}
    for i in range(len(here)):
        for j in range(len(there) + 1):
            if (i, j) in best:
                score, units = best[i, j]
                for i2, j2, unit in _arcs(here, there, i, j, most):
                    chance = likely.get(unit)
                    if chance and score + math.log(chance) > best.get((i2, j2), (-math.inf, []))[0]:
                        best[i2, j2] = (score + math.log(chance), [*units, unit])
    return best.get((len(here), len(there)), (0.0, None))[1]


def counts(sequences: Iterable[Sequence[str]]) -> dict[tuple[str, ...], int]:
    """Times of every n-gram up to ``ORDER``, without long ones that are there once."""
    found: Counter[tuple[str, ...]] = Counter()
    for sequence in sequences:
        for gram in grams(sequence):
            found.update(gram[i:] for i in range(ORDER))
    return {gram: n for gram, n in sorted(found.items()) if len(gram) < 2 or n >= LEAST}


def build(data: Path) -> dict[str, dict[tuple[str, ...], int] | list[str]]:
    """The sections of the file; the same for the same data."""
    both = pairs(data)
    sections: dict[str, dict[tuple[str, ...], int] | list[str]] = {}
    for language in OTHER:
        most = (LONGEST[language], THERE[language])
        turned = [(_folded(pair[1]), pair[0]) if language == "ar" else pair for pair in both]
        likely = learn(turned[:SAMPLE], most)
        runs = (aligned(here, there, likely, most) for here, there in turned)
        sections[f"{language} units"] = counts([">".join(unit) for unit in run] for run in runs if run)
    seen: dict[str, Counter[str]] = {language: Counter() for language in OTHER}
    stems: dict[str, Counter[str]] = {language: Counter() for language in OTHER}
    for row in sentences(data):
        for language in OTHER:
            words = {token.lower for token in tokenize(fold(row[language])) if token.kind == KIND[language]}
            seen[language].update(words)
            stems[language].update({LIGHT[language](word) for word in words})
    sections["ar foreign"] = counts(sorted({_folded(arabic) for _, arabic in both}))
    sections["ar native"] = counts(sorted(word for word, times in seen["ar"].items() if times > 1))
    for language, times in stems.items():
        sections[f"{language} known"] = sorted(stem for stem, n in times.items() if n >= SEEN)
    return sections


def write(sections: Mapping[str, Mapping[tuple[str, ...], int] | Sequence[str]], out: Path) -> None:
    """The file; the same bytes for the same sections."""
    lines = []
    for name, section in sections.items():
        lines.append(f"[{name}]")
        if isinstance(section, Mapping):
            lines += ["\t".join((str(count), *gram)) for gram, count in section.items()]
        else:
            lines += section
    write_lines(lines, out)
