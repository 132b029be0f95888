"""The Porter stemmer, as the English ROUGE scores in print were made.

Porter, M. (1980), "An algorithm for suffix stripping", Program 14(3), with the departures that NLTK's default mode
makes (and therefore ``rouge-score``): a short list of irregular words, four-letter -ies and -ied, y to i only after
a consonant, the bli, fulli and logi rules. Written here so that stemmed scores need no further package; the tests
hold it against NLTK's over a vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

MIN_LENGTH = 4
"""``rouge-score`` leaves words of up to three characters as they are."""

_IRREGULAR = {
    "sky": "sky",
    "skies": "sky",
    "dying": "die",
    "lying": "lie",
    "tying": "tie",
    "news": "news",
    "innings": "inning",
    "inning": "inning",
    "outings": "outing",
    "outing": "outing",
    "cannings": "canning",
    "canning": "canning",
    "howe": "howe",
    "proceed": "proceed",
    "exceed": "exceed",
    "succeed": "succeed",
}

# (suffix, replacement) in the order in which they are tried; the first suffix that fits decides.
_STEP2 = tuple(
    pair.split(":")
    for pair in (
        "ational:ate tional:tion enci:ence anci:ance izer:ize bli:ble alli:al entli:ent eli:e ousli:ous ization:ize "
        "ation:ate ator:ate alism:al iveness:ive fulness:ful ousness:ous aliti:al iviti:ive biliti:ble fulli:ful"
    ).split()
)
_STEP3 = tuple(pair.split(":") for pair in "icate:ic ative: alize:al iciti:ic ical:ic ful: ness:".split())
_STEP4 = "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize".split()


_CONSONANTS_VOWELS = {ord(ch): "v" if ch in "aeiou" else "c" for ch in "abcdefghijklmnopqrstuvwxz0123456789"}


def _shape(word: str) -> str:
    """The word as ``c`` (consonant) and ``v`` (vowel); y is a vowel after a consonant."""
    shape = word.translate(_CONSONANTS_VOWELS)
    at = shape.find("y")
    while at >= 0:
        shape = shape[:at] + ("v" if at and shape[at - 1] == "c" else "c") + shape[at + 1 :]
        at = shape.find("y", at)
    return shape


def _measure(stem: str) -> int:
    """Porter's m: how many times a consonant follows a vowel."""
    return _shape(stem).count("vc")


def _ends_cvc(stem: str) -> bool:
    """Porter's ``*o``, and words of a vowel and a consonant (NLTK)."""
    shape = _shape(stem)
    return (shape.endswith("cvc") and stem[-1] not in "wxy") or shape == "vc"


def _step1(word: str) -> str:
    if word.endswith("ies") and len(word) == 4:
        word = word[:-1]
    elif word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    word = _step1b(word)
    if word.endswith("y") and len(word) > 2 and _shape(word[:-1])[-1] == "c":
        word = word[:-1] + "i"
    return word


def _step1b(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for suffix in ("ed", "ing"):
        stem = word[: -len(suffix)]
        if word.endswith(suffix) and "v" in _shape(stem):
            break
    else:
        return word
    if stem.endswith(("at", "bl", "iz")):
        return stem + "e"
    if len(stem) > 1 and stem[-1] == stem[-2] and _shape(stem)[-1] == "c":
        return stem if stem[-1] in "lsz" else stem[:-1]
    return stem + "e" if _measure(stem) == 1 and _ends_cvc(stem) else stem


_ANY_STEP2 = tuple(suffix for suffix, _ in _STEP2)
_ANY_STEP3 = tuple(suffix for suffix, _ in _STEP3)
_ANY_STEP4 = tuple(_STEP4)


def _replace(word: str, rules: tuple[list[str], ...], any_suffix: tuple[str, ...]) -> str:
    if not word.endswith(any_suffix):
        return word
    for suffix, replacement in rules:
        if word.endswith(suffix):
            stem = word[: -len(suffix)]
            return stem + replacement if _measure(stem) > 0 else word
    return word


def _step2(word: str) -> str:
    while word.endswith("alli") and _measure(word[:-4]) > 0:
        word = word[:-2]
    if word.endswith("logi"):  # the l counts as part of the stem, so that "geologi" loses its i
        return word[:-1] if _measure(word[:-3]) > 0 else word
    return _replace(word, _STEP2, _ANY_STEP2)


def _step4(word: str) -> str:
    if not word.endswith(_ANY_STEP4):
        return word
    for suffix in _STEP4:
        if word.endswith(suffix):
            stem = word[: -len(suffix)]
            strip = _measure(stem) > 1 and (suffix != "ion" or stem[-1] in "st")
            return stem if strip else word
    return word


def _step5(word: str) -> str:
    if word.endswith("e"):
        stem = word[:-1]
        m = _measure(stem)
        if m > 1 or (m == 1 and not _ends_cvc(stem)):
            word = stem
    if word.endswith("ll") and _measure(word[:-1]) > 1:
        word = word[:-1]
    return word


_STEPS: tuple[Callable[[str], str], ...] = (
    _step1,
    _step2,
    lambda word: _replace(word, _STEP3, _ANY_STEP3),
    _step4,
    _step5,
)


@lru_cache(maxsize=1 << 17)
def porter_stem(word: str) -> str:
    """Stem of one lower-case word; words under :data:`MIN_LENGTH` characters are returned as they are."""
    if len(word) < MIN_LENGTH:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for step in _STEPS:
        word = step(word)
    return word
