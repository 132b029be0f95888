"""The parts a ROUGE score is made of: normalisers, tokenizers, stemmers and sentence splitters, each in a table.

A part has a short name that goes into the signature, so a name never changes its meaning; a better normaliser would
be ``v2``. To add one, add a line to its table.

Why normalise at all: Arabic letters have optional marks (َ ً ّ), a stretching bar (tatweel), carriers of hamza that
writers leave out (أحمد, احمد), and letters that are exchanged at word ends (ة ه, ى ي). Common ROUGE packages keep only
``[a-z0-9]`` and so drop every Arabic word; ``\\w+`` splits words at their marks.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from string import ascii_lowercase, digits

from summarize.errors import MissingExtraError, UsageError
from summarize.sentences import split_sentences

from .porter import porter_stem

Normalizer = Callable[[str], str]
Tokenizer = Callable[[str], list[str]]
Stemmer = Callable[[str], str]
Splitter = Callable[[str], list[str]]

# Characters that show nothing by themselves: joiners, direction marks, soft hyphen, byte order mark.
_INVISIBLE = frozenset(
    [0xAD, 0x34F, 0x61C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
_TATWEEL = 0x640
_HIGH_HAMZA = 0x674
# Vowel marks as letters of their own (Arabic Presentation Forms), which NFKC would turn into a space and a mark.
_MARK_FORMS = frozenset(
    [*range(0xFE70, 0xFE75), *range(0xFE76, 0xFE80), *range(0xFC5E, 0xFC64), *range(0xFCF2, 0xFCF5)]
)

_LETTERS_V1 = {
    **dict.fromkeys("أإآٱٲٳ", "ا"),
    **dict.fromkeys("ؤۇۆ", "و"),
    **dict.fromkeys("ئىیېے", "ي"),
    **dict.fromkeys("ةھہۀە", "ه"),
    **dict.fromkeys("کڪ", "ك"),
}
"""Letters of ``v1``: alef forms, hamza carriers, alef maqsura and ta marbuta; and the Persian and Urdu twins of ي ك ه,
which keyboards and scanners put into Arabic text. A hamza by itself (ء) stays."""


class _CharTable(dict[int, str | None]):
    """A table for :meth:`str.translate` that works out each character when it is first met."""

    def __init__(self, letters: Mapping[str, str], digits: bool) -> None:
        super().__init__({ord(k): v for k, v in letters.items()})
        self._digits = digits

    def __missing__(self, code: int) -> str | None:
        ch = chr(code)
        category = unicodedata.category(ch)
        value: str | None = ch
        if category in ("Mn", "Me") or code in _INVISIBLE or code in (_TATWEEL, _HIGH_HAMZA) or code in _MARK_FORMS:
            value = None
        elif self._digits and category == "Nd":
            value = str(unicodedata.decimal(ch))
        self[code] = value
        return value


_TABLE_MARKS = _CharTable({}, digits=False)
_TABLE_V1 = _CharTable(_LETTERS_V1, digits=True)
_MARK_FORM_TABLE = dict.fromkeys(_MARK_FORMS)


def normalize_marks(text: str) -> str:
    """NFC; combining marks, tatweel and invisible characters removed; lower case. What "raw" Arabic ROUGE is."""
    if text.isascii():
        return text.lower()
    # Lower case first: that of İ has a mark of its own.
    return unicodedata.normalize("NFC", text).lower().translate(_TABLE_MARKS)


def normalize_v1(text: str) -> str:
    """NFKC (presentation forms, ligatures), what ``marks`` removes, letters and digits folded; lower case.

    Folded are alef forms (أ إ آ ٱ), hamza carriers (ؤ ئ), alef maqsura, ta marbuta, and the digits of all scripts.
    Letters as in Lucene's ArabicNormalizer (after Larkey et al. 2002, "light stemming"), hamza carriers added.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text.translate(_MARK_FORM_TABLE)).lower().translate(_TABLE_V1)


_ASCII_WORD = re.compile(r"[a-z0-9]+")
_TO_SPACES = bytes(code if chr(code) in ascii_lowercase + digits else 0x20 for code in range(256))
_UNICODE_WORD = re.compile(r"[^\W_]+")


def _ascii_words(text: str) -> list[str]:
    """Runs of a-z and 0-9."""
    if text.isascii():  # the quicker way
        return text.encode("ascii").translate(_TO_SPACES).decode("ascii").split()
    return _ASCII_WORD.findall(text)


def _characters(text: str) -> list[str]:
    return [ch for ch in text if ch.isalnum()]


_local = threading.local()


@lru_cache(maxsize=1 << 17)
def _snowball(language: str, word: str) -> str:
    stemmers = _local.__dict__.setdefault("stemmers", {})  # a stemmer holds the word it works on: one per thread
    if language not in stemmers:
        try:
            import snowballstemmer
        except ImportError:
            raise MissingExtraError(
                f"the stemmer 'snowball-{language[:2]}' needs snowballstemmer: pip install 'khulasa[eval]'"
            ) from None
        stemmers[language] = snowballstemmer.stemmer(language)
    return str(stemmers[language].stemWord(word))


def _stem_ar(word: str) -> str:
    return _snowball("arabic", word)


def _stem_en(word: str) -> str:
    return _snowball("english", word)


def _newline(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


NORMALIZERS: dict[str, Normalizer] = {
    "lower": str.lower,  # rouge-score's, nothing else
    "marks": normalize_marks,
    "v1": normalize_v1,
}
TOKENIZERS: dict[str, Tokenizer] = {
    "rouge": _ascii_words,  # rouge-score's: a-z and 0-9 only
    "uni": _UNICODE_WORD.findall,  # runs of letters and digits of any script
    "space": str.split,
    "char": _characters,
}
STEMMERS: dict[str, Stemmer | None] = {
    "no": None,
    "porter": porter_stem,
    "snowball-ar": _stem_ar,
    "snowball-en": _stem_en,
}
SPLITTERS: dict[str, Splitter] = {
    "khulasa": split_sentences,  # line breaks and sentence ends, Arabic and English
    "newline": _newline,  # rouge-score's: the caller has put one sentence on a line
}


def part(table: Mapping[str, object], kind: str, name: str) -> object:
    """The part called ``name``; a :class:`UsageError` that lists the choices when there is none."""
    try:
        return table[name]
    except KeyError:
        raise UsageError(f"{name!r} is not a known {kind}; choose from {', '.join(table)}") from None


_ARABIC_LETTER = re.compile(
    "[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdff\ufe70-\ufefc]"
)
_LATIN_LETTER = re.compile("[A-Za-z\u00c0-\u024f]")


def arabic_share(text: str) -> float:
    """Share of Arabic letters among the Arabic and Latin letters of ``text``, 0 to 1; NaN where there are none."""
    if text.isascii():
        return 0.0 if _LATIN_LETTER.search(text) else float("nan")
    arabic = len(_ARABIC_LETTER.findall(text))
    latin = len(_LATIN_LETTER.findall(text))
    return arabic / (arabic + latin) if arabic + latin else float("nan")


def guess_language(text: str) -> str:
    """``"ar"`` where at least half of the letters are Arabic, else ``"en"``."""
    return "ar" if arabic_share(text) >= 0.5 else "en"
