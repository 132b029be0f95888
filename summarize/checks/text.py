"""Folding of text for comparison, and tokens that remember where they stood.

Two strings that a reader calls the same must compare equal: digits of three scripts, separators, hamza carriers,
vowel marks, tatweel, curly quotes, accents. Every folded character keeps the offset it came from, so that a finding
can point into the text as the user wrote it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# Letters that Unicode does not decompose, and punctuation that means the same.
_SPECIAL = {
    "ى": "ي", "ة": "ه", "ی": "ي", "ک": "ك", "گ": "ك", "چ": "ج", "پ": "ب", "ڤ": "ف", "ٱ": "ا", "ھ": "ه", "ہ": "ه",
    "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "đ": "d", "Đ": "D", "æ": "ae", "Æ": "Ae", "œ": "oe", "ß": "ss",
    "٫": ".", "٬": ",", "٪": "%", "‰": "‰", "’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "“": '"', "”": '"',
    "„": '"', "«": '"', "»": '"', "‹": '"', "›": '"', "–": "-", "—": "-", "−": "-", "‑": "-", "‐": "-", "\u00a0":
    "\u00a0", "\u202f": "\u00a0", "\u2009": "\u00a0", "\u2007": "\u00a0", "…": "…",
}  # fmt: skip


@lru_cache(maxsize=4096)
def fold_char(ch: str) -> str:
    """What one character is compared as: usually one character, none for marks and invisible controls."""
    if ch < "\x80":
        return ch
    if ch in _SPECIAL:
        return _SPECIAL[ch]
    category = unicodedata.category(ch)
    if category in ("Mn", "Cf") or ch == "ـ":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(ch))
    if category == "No":  # fractions and superscripts keep their shape: ½ is read later, m² is not 2
        return ch
    if category == "Zs":
        return " "
    base = "".join(c for c in unicodedata.normalize("NFKD", ch) if unicodedata.category(c) != "Mn")
    return "".join(_SPECIAL.get(c, c) for c in base) or ch


@dataclass(frozen=True)
class Folded:
    """Folded text: ``text`` keeps case, ``lower`` does not; both have one entry of ``offsets`` per character."""

    source: str
    text: str
    lower: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in ``source`` of the folded stretch [start, end), vowel marks of its last letter included."""
        if start >= end:
            at = self.offsets[start] if start < len(self.offsets) else len(self.source)
            return at, at
        last = self.offsets[end - 1] + 1
        while last < len(self.source) and unicodedata.category(self.source[last]) == "Mn":
            last += 1
        return self.offsets[start], last


def fold(source: str) -> Folded:
    """Fold ``source`` for comparison; offsets lead back to it."""
    out: list[str] = []
    offsets: list[int] = []
    for i, ch in enumerate(source):
        folded = fold_char(ch)
        out.append(folded)
        offsets.extend([i] * len(folded))
    text = "".join(out)
    lower = text.lower()
    if len(lower) != len(text):  # a few capitals lower to two characters; keep those as they are
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return Folded(source, text, lower, tuple(offsets))


def fold_word(word: str) -> str:
    """A word as it is looked up: folded and in lower case."""
    return fold(word).lower


# number | Arabic word | other word with an inner apostrophe | a single sign
_TOKEN = re.compile(
    r"(?P<n>\d+(?:[.,،\u00a0]\d+)*)|(?P<a>[\u0620-\u065f\u066e-\u06d3\u06d5-\u06ef\u06fa-\u06ff]+)"
    r"|(?P<w>[^\W\d_\u0600-\u06ff]+(?:'[^\W\d_\u0600-\u06ff]+)*)|(?P<s>\S)"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token of folded text; ``kind`` is n(umber), a(rabic word), w(ord of another script) or s(ign)."""

    text: str
    lower: str
    start: int
    end: int
    kind: str
    glued: bool  # nothing stands between it and the token before


def _tokens(folded: Folded) -> Iterator[Token]:
    last = -1
    for m in _TOKEN.finditer(folded.text):
        start, end = m.span()
        yield Token(m.group(), folded.lower[start:end], start, end, m.lastgroup or "s", start == last)
        last = end


def tokenize(folded: Folded) -> tuple[Token, ...]:
    """All tokens, in order."""
    return tuple(_tokens(folded))


def is_arabic(text: str) -> bool:
    """Whether Arabic letters outnumber the Latin ones."""
    arabic = len(re.findall(r"[\u0620-\u064a\u066e-\u06d3]", text))
    latin = len(re.findall(r"[A-Za-z]", text))
    return arabic > latin


_PROCLITICS = ("", "و", "ف", "ب", "ل", "ك", "وب", "ول", "وك", "فب", "فل", "لل", "ولل", "فلل")
_ARTICLES = ("ال", "بال", "كال", "وال", "فال", "لل", "وبال", "وكال", "ولل", "فبال", "فلل")


@lru_cache(maxsize=65536)
def arabic_stems(word: str) -> tuple[str, ...]:
    """A folded Arabic word, then what is left without conjunction, preposition and article (2 letters or more).

    >>> arabic_stems(fold_word("وبالعراق"))
    ('وبالعراق', 'بالعراق', 'العراق', 'عراق')
    """
    found = [word]
    rest = word
    if len(rest) > 3 and rest[0] in "وف":
        rest = rest[1:]
        found.append(rest)
    if len(rest) > 3 and rest[0] in "بلك":
        if rest.startswith("لل") and len(rest) > 4:
            found += ["ال" + rest[2:], rest[2:]]
        rest = rest[1:]
        found.append(rest)
    for base in tuple(found):
        if base.startswith("ال") and len(base) > 4:
            found.append(base[2:])
    return tuple(dict.fromkeys(found))


_SUFFIXES = ("ات", "ون", "ين", "ان", "تين", "تان", "يه", "ها", "هم", "هن", "نا", "كم", "ه", "ا", "ت", "ي", "وا")


@lru_cache(maxsize=65536)
def arabic_light(word: str) -> str:
    """A light stem of a folded Arabic word: without proclitics and one inflection ending (3 letters stay at least)."""
    stem = arabic_stems(word)[-1]
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if stem.endswith(suffix) and len(stem) - len(suffix) >= 3:
            return stem[: -len(suffix)]
    return stem


@lru_cache(maxsize=65536)
def english_light(word: str) -> str:
    """A light stem of a lower-case English word: possessive and common inflection endings removed."""
    word = word.removesuffix("'s").rstrip("'")
    for suffix, least in (("ies", 3), ("ing", 4), ("ed", 4), ("es", 4), ("s", 3)):
        if word.endswith(suffix) and len(word) - len(suffix) >= least and not word.endswith("ss"):
            word = word[: -len(suffix)] + ("y" if suffix == "ies" else "")
            break
    return word.removesuffix("e") if len(word) > 4 else word
