"""What a wrong name of a translation was to be: the place that its source names and the translation does not.

Places that a small model mixes up (Scotland for Australia) are of the gazetteer's, which has them in both languages.
"""

from __future__ import annotations

from collections.abc import Sequence

from .gazetteer import Concept, load
from .names import NameReader
from .text import fold
from .verdict import Finding

_PLACES = ("country", "capital", "region", "city")
_ADJECTIVES = ("an", "ese", "ish", "i", "ch", "ss", "sh")
_PREFIXES = ("", "و", "ب", "ل", "ف", "ك")


def _folded(text: str) -> str:
    return fold(text).lower


def renamed(word: str, wrong: Concept, right: Concept, language: str) -> str | None:
    """``word``, a form of ``wrong``'s name, as that form of ``right``'s; None where it is none that is known.

    >>> from .gazetteer import load
    >>> places = load().concepts
    >>> renamed("Australian", places["Australia"], places["Scotland"], "en")
    'Scottish'
    """
    if language == "en":
        for form, other in zip(wrong.english[:2], right.english[:2], strict=False):
            # The name, then mostly the adjective (not so US, The Hague); of what follows the places do not correspond.
            alike = form == wrong.english[0] or (form.endswith(_ADJECTIVES) and other.endswith(_ADJECTIVES))
            if alike and _folded(word) == _folded(form):
                return other
        return None
    names = [form for form in right.arabic if not form.startswith("~")]
    adjectives = [form[1:] for form in right.arabic if form.startswith("~")]
    for form in wrong.arabic:
        adjective = form.startswith("~")
        for prefix in _PREFIXES:
            for article in ("", "ال") if adjective else ("",):
                begin = prefix + article + form.lstrip("~")
                if adjective and adjectives and _folded(word).startswith(_folded(begin)):
                    ending = word[len(begin) :]
                    if ending in ("", "ة", "ه", "ون", "ين", "ات"):
                        return prefix + article + adjectives[0] + ending
                elif not adjective and names and _folded(word) == _folded(begin):
                    # With the article, ل and ال become لل.
                    return "لل" + names[0][2:] if prefix == "ل" and names[0].startswith("ال") else prefix + names[0]
    return None


def correction(text: str, alarms: Sequence[Finding], source: str, language: str) -> tuple[int, str] | None:
    """Where in ``text`` the first wrong place stands, and what it was to be; None where that is not plain.

    It is plain when ``source``, which ``text`` translates, names one place of its kind that ``text`` does not, in
    whatever form, and no other does for it.
    """
    places = load().concepts
    said, meant = NameReader(text), NameReader(source)
    stated = {name for mention in said.mentions for name in mention.concepts}
    missing = [
        name
        for name in dict.fromkeys(name for mention in meant.mentions if mention.sure for name in mention.concepts)
        if name not in stated and places[name].kind in _PLACES
    ]
    for alarm in alarms:
        if alarm.kind != "name":
            continue
        for mention in said.mentions:
            begin, end = said.numbers.folded.span(said.tokens[mention.first].start, said.tokens[mention.last - 1].end)
            if (begin, end) != alarm.span or len(mention.concepts) != 1:
                continue
            wrong = places[mention.concepts[0]]
            alike = [name for name in missing if places[name].kind == wrong.kind]
            fit = alike or missing
            if wrong.kind in _PLACES and len(fit) == 1:
                right = renamed(text[begin:end], wrong, places[fit[0]], language)
                if right is not None:
                    return begin, right
    return None
