"""Which language a document is in, told by its letters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from .errors import DocumentError, UsageError


@dataclass(frozen=True)
class Language:
    """A language that summaries are written in: its code, its English name, its own name, its writing direction."""

    code: str
    name: str
    own_name: str
    direction: str
    script: str  # as Unicode character names begin
    least: float  # share of a summary's letters that must be of it: Arabic quotes Latin names, English no Arabic ones


LANGUAGES = {
    language.code: language
    for language in (
        Language("ar", "Arabic", "العربية", "rtl", "ARABIC", 0.5),
        Language("en", "English", "English", "ltr", "LATIN", 1.0),
    )
}

# Function words: about four in ten words of English running text, and few in other Latin-script languages.
_ENGLISH = frozenset(
    """the of and to in a is that for it was on with as be at by he this had not are but from or have an they which
    one were all their there been has when who will more if no out so said what its about into than them can only
    other new some could time these two may then do first any my now such like our over me even most after also did
    his her she you we i would up""".split()
)
# Letters of Persian, Urdu, Kurdish and others that Arabic does not write.
_NOT_ARABIC = frozenset("پچژگکیڑٹڈںےۆێڵەہھۀۃ")


@dataclass(frozen=True)
class Detection:
    """What the letters say.

    language: the source language's code; share: of the letters, those of its script; doubt: a one-line warning when
    the letters or words suggest another language of the same script, else None.
    """

    language: str
    share: float
    doubt: str | None = None


def _script_counts(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for char, times in Counter(text).items():
        if char.isalpha():
            counts[unicodedata.name(char, "OTHER").split(" ", 1)[0]] += times
    return counts


def script_share(text: str, language: str) -> float:
    """Of the Arabic and Latin letters in ``text``, the share of those of ``language``'s script; 1.0 if none.

    >>> script_share("نعم yes", "ar")
    0.5
    """
    counts = _script_counts(text)
    both = sum(counts[known.script] for known in LANGUAGES.values())
    return counts[LANGUAGES[language].script] / both if both else 1.0


def detect(text: str) -> Detection:
    """The language of a document, by the script of most of its letters; mixed text goes to the larger part.

    Raises:
        DocumentError: no letters at all, or most letters are neither Arabic nor Latin.
    """
    counts = _script_counts(text)
    total = sum(counts.values())
    if not total:
        raise DocumentError("the text holds no letters; give a text in Arabic or English")
    language = max(LANGUAGES.values(), key=lambda known: counts[known.script])
    known = sum(counts[known.script] for known in LANGUAGES.values())
    if known < total / 2:
        most = max(counts, key=lambda script: counts[script])
        raise DocumentError(
            f"the text is in neither Arabic nor English ({counts[most]} of its {total} letters are "
            f"{most.capitalize()}); give a text in Arabic or English"
        )
    return Detection(language.code, counts[language.script] / total, _doubt(text, language.code, counts))


def _doubt(text: str, language: str, counts: Counter[str]) -> str | None:
    if language == "ar":
        foreign = sum(text.count(letter) for letter in _NOT_ARABIC)
        if foreign > 0.04 * counts["ARABIC"]:
            return "the text is in Arabic script but looks like another language (Persian, Urdu or Kurdish letters)"
        return None
    words = re.findall(r"[^\W\d_]+", text.lower())
    if len(words) >= 40 and sum(word in _ENGLISH for word in words) < 0.15 * len(words):
        return "the text is in Latin script but does not look like English"
    return None


def parse_languages(wanted: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """``"ar,en"`` or ``["ar", "en"]`` to codes, each once, in order.

    Raises:
        UsageError: nothing wanted, or a code that is not in ``LANGUAGES``.
    """
    codes = wanted.split(",") if isinstance(wanted, str) else list(wanted)
    codes = [code.strip().lower() for code in codes if code.strip()]
    for code in codes:
        if code not in LANGUAGES:
            choices = ", ".join(LANGUAGES)
            raise UsageError(f"{code!r} is not a language that summaries are written in: choose from {choices}")
    if not codes:
        raise UsageError(f"no language was asked for: choose from {', '.join(LANGUAGES)}")
    return tuple(dict.fromkeys(codes))
