"""What makes a training pair worth its tokens: numbers and names that the document has, no near-duplicates, no lead
that gives the summary away. All of it works on text alone, so that it can be tested on single pairs."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from itertools import pairwise

_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u0640]")
_FOLD = str.maketrans("\u0623\u0625\u0622\u0671\u0649\u0629", "\u0627\u0627\u0627\u0627\u064a\u0647")
_DIGITS = str.maketrans("\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u066b\u066c", "0123456789.,")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"(?<![.!?\u201c\"'(]\s)(?<!^)(?<![^\W_])[A-Z][^\W\d_]{2,}")
_SENTENCE = re.compile('(?<=[.!?\u061f\u2026])["\u00bb\u201d)\\]]*\\s+|\n+')
# Particles that Arabic writes at a word's beginning: and-the, by-the, as-the, so-the, for-the, the, and, by, for, so.
_PREFIXES = (
    *("\u0648\u0627\u0644", "\u0628\u0627\u0644", "\u0643\u0627\u0644", "\u0641\u0627\u0644", "\u0644\u0644"),
    *("\u0627\u0644", "\u0648", "\u0628", "\u0644", "\u0641"),
)
SMALL = 12  # numbers up to this are often spelled out in the document


def fold(text: str) -> str:
    """Lower case, Arabic without marks and letter variants, Arabic-Indic digits as ASCII: for comparing only."""
    return _MARKS.sub("", text).translate(_FOLD).translate(_DIGITS).lower()


def words(text: str) -> list[str]:
    """Letter and digit runs of the folded text."""
    return _WORD.findall(fold(text))


def numbers(text: str) -> set[str]:
    """Numbers with thousands separators and trailing zeros removed.

    >>> sorted(numbers("1,200 dead, 3.50 euros, \u0662\u0660\u0661\u0667"))
    ['1200', '2017', '3.5']
    """
    found = set()
    for match in _NUMBER.findall(text.translate(_DIGITS)):
        plain = re.sub(r",(?=\d{3}(?!\d))", "", match).replace(",", ".")
        if plain.count(".") == 1:
            plain = plain.rstrip("0").rstrip(".")
        found.add(plain.lstrip("0") or "0")
    return found


def unsupported_numbers(summary: str, document: str) -> set[str]:
    """Numbers above ``SMALL`` that the summary states and the document lacks."""
    have = numbers(document)
    joined = {part for number in have for part in number.split(".")}
    return {n for n in numbers(summary) if n not in have and n not in joined and not (n.isdigit() and int(n) <= SMALL)}


def unsupported_names(summary: str, document: str) -> set[str]:
    """Capitalised Latin words inside the summary's sentences whose first four letters the document has nowhere."""
    have = document.lower()
    return {name for name in _NAME.findall(summary) if name.lower()[:4] not in have}


def _stem(word: str) -> str:
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            word = word[len(prefix) :]
            break
    return word[:4]


def support(summary: str, document: str) -> float:
    """Share of the summary's words of four letters or more whose stem (prefix particles off, four letters) the
    document has: a summary of another article falls below 0.4. 1.0 for a summary without such words."""
    have = {_stem(w) for w in words(document)}
    wanted = [_stem(w) for w in words(summary) if len(w) >= 4]
    return sum(w in have for w in wanted) / len(wanted) if wanted else 1.0


def _bigrams(text: str) -> set[tuple[str, str]]:
    tokens = words(text)
    return set(pairwise(tokens))


def overlap(a: str, b: str) -> float:
    """F1 of word bigrams."""
    left, right = _bigrams(a), _bigrams(b)
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


def without_lead(document: str, summary: str, limit: float = 0.35, first: int = 3) -> str:
    """The document less those of its first sentences that nearly repeat the summary, as XSum and XL-Sum were made."""
    parts = [p for p in _SENTENCE.split(document) if p and p.strip()]
    return "\n".join(p for i, p in enumerate(parts) if i >= first or overlap(p, summary) <= limit)


class Seen:
    """Near-duplicate detector on hashed word shingles: a text is a repeat when most of its shingles have been seen.

    Args:
        size: words per shingle.
        share: of a text's shingles that makes it a repeat.
        sample: one shingle in so many is kept (by hash, so equal shingles are kept in every text).
    """

    def __init__(self, size: int = 8, share: float = 0.4, sample: int = 1) -> None:
        self.size, self.share, self.sample = size, share, sample
        self._hashes: set[int] = set()

    def _shingles(self, text: str) -> set[int]:
        tokens = words(text)
        size = min(self.size, max(1, len(tokens)))
        hashes = {zlib.crc32(" ".join(tokens[i : i + size]).encode()) for i in range(len(tokens) - size + 1)}
        kept = {h for h in hashes if h % self.sample == 0}
        return kept or hashes

    def add(self, texts: Iterable[str]) -> Seen:
        """Remembers the texts."""
        for text in texts:
            self._hashes |= self._shingles(text)
        return self

    def repeats(self, text: str) -> bool:
        """Whether most of a text has been seen."""
        shingles = self._shingles(text)
        return bool(shingles) and len(shingles & self._hashes) / len(shingles) >= self.share

    def new(self, text: str) -> bool:
        """False for a repeat; otherwise remembers the text."""
        if self.repeats(text):
            return False
        self.add([text])
        return True


def sound(summary: str, document: str, least_support: float = 0.4) -> bool:
    """Whether a pair in one language passes the number, name and support checks."""
    return (
        not unsupported_numbers(summary, document)
        and not unsupported_names(summary, document)
        and support(summary, document) >= least_support
    )
