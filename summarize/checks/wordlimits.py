"""Number words under constraint: which pieces would complete a number word that the document cannot support.

A part of :mod:`summarize.checks.constraint`. Only words that nothing else begins with are steered ("seventeen", خمسون);
"ten" begins "tension" and ست begins ستكون, so those are left to the check afterwards. One and two are never forbidden.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from .gazetteer import load
from .numerals import DUALS, ORDINALS, SCALES, VAGUE, VALUES
from .quantities import Numbers
from .text import fold_word

_CLITICS = ("", "و", "ال", "وال", "ب", "ل", "بال", "لل")


@lru_cache(maxsize=1)
def steered() -> dict[str, int]:
    """Folded number words that are no beginning of another common word, to their values."""
    gazetteer = load()
    words = {
        w: v
        for w, v in (VALUES | SCALES | DUALS).items()
        if v > 2 and w not in VAGUE and not (w in SCALES and w.endswith("s"))
    }
    numbers = set(words) | set(ORDINALS)
    others = sorted((gazetteer.english | gazetteer.arabic) - numbers)

    def begins_another(word: str) -> bool:
        at = bisect_left(others, word)
        return any(o.startswith(word) and not o.startswith(tuple(_derived(word))) for o in others[at : at + 4])

    return {w: v for w, v in words.items() if len(w) >= 4 and not begins_another(w)}


def _derived(word: str) -> Iterable[str]:
    """Words that only say the number again: sevens, seventh, seventies."""
    yield word + "s"
    yield word + "th"
    yield word.removesuffix("y") + "ies"


def components(numbers: Numbers) -> frozenset[int]:
    """Every number word that may be part of saying a number of the document: 25 is said with 25, 20 and 5, and 3,200
    with 3, 1000, 200, 2 and 100."""
    out: set[int] = set()
    for q in numbers.quantities:
        for value in (*q.values, *q.parts):
            if value < 10**15:
                _split(value, out)
    for d in numbers.dates:
        for v in (d.day, d.year):
            if v is not None:
                _split(Decimal(v), out)
    return frozenset(out)


def _split(value: Decimal, out: set[int]) -> None:
    whole = int(value)
    for scale in (10**12, 10**9, 10**6, 1000):
        if value >= scale:
            out.update((scale, 2 * scale))
            _split(value / scale, out)
    rest = whole % 1000
    out.update((whole, rest, rest % 100, rest % 10, rest // 10 % 10 * 10))
    if rest >= 100:
        out.update((100, rest // 100, rest // 100 * 100))


@dataclass(frozen=True)
class WordPieces:
    """Pieces that complete a steered number word: what the word under way must be -> (id, word, value)."""

    completions: dict[str, tuple[tuple[int, str, int], ...]]

    @classmethod
    def from_text(cls, text: Sequence[str]) -> WordPieces:
        """From the surfaces of a vocabulary; a piece with a leading space completes from nothing ("")."""
        inside: dict[str, list[int]] = defaultdict(list)
        fresh: dict[str, list[int]] = defaultdict(list)
        for i, piece in enumerate(text):
            if piece.strip().isalpha():
                (fresh if piece.startswith(" ") else inside)[fold_word(piece.strip())].append(i)
        found: dict[str, list[tuple[int, str, int]]] = defaultdict(list)
        for word, value in steered().items():
            for form in [c + word for c in _CLITICS] if word[0] > "\u0600" else [word]:
                found[""] += [(i, word, value) for i in fresh.get(form, ())]
                for cut in range(1, len(form)):
                    found[form[:cut]] += [(i, word, value) for i in inside.get(form[cut:], ())]
        return cls({k: tuple(v) for k, v in found.items() if v})

    def word_under_way(self, prefix: str) -> str:
        """The folded letters at the end of ``prefix``, "" if none of a number word's beginnings."""
        i = len(prefix)
        while i and i > len(prefix) - 16 and (prefix[i - 1].isalpha() or not prefix[i - 1].isprintable()):
            i -= 1
        word = fold_word(prefix[i:])
        return word if word in self.completions else ""

    def forbidden(self, under_way: str, allowed: frozenset[int]) -> tuple[int, ...]:
        """Ids that would complete a number word whose value is not among ``allowed``."""
        supported = [w for w, v in steered().items() if v in allowed]
        out: list[int] = []
        for key in dict.fromkeys((under_way, "")):
            for i, word, value in self.completions.get(key, ()):
                if value not in allowed and not any(s != word and s.startswith(word) for s in supported):
                    out.append(i)
        return tuple(out)
