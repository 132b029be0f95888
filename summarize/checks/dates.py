"""Dates: day, month and year in either order and either language, numeric dates, Hijri dates, weekdays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .numerals import ORDINALS, arabic_ordinal
from .text import Token, arabic_stems
from .units import HIJRI, MONTH_LEADS, MONTHS, UNSURE_MONTHS, WEEKDAYS


@dataclass(frozen=True)
class Date:
    """A date as far as the text states it. ``first`` and ``last`` are token positions, ``last`` excluded.

    ``swapped`` is the other reading of an ambiguous numeric date (3/4/2020): (day, month).
    """

    first: int
    last: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    hijri: bool = False
    swapped: tuple[int, int] | None = None


def _month_at(tokens: Sequence[Token], i: int, table: dict[tuple[str, ...], int]) -> tuple[int, int] | None:
    """(month, tokens used) when a month name begins at ``i``."""
    words = [t.lower for t in tokens[i : i + 4]]
    for width in (4, 3, 2, 1):
        if len(words) < width:
            continue
        heads = arabic_stems(words[0])[:3] if tokens[i].kind == "a" else (words[0],)
        for head in heads:
            month = table.get((head, *words[1:width]))
            if month is not None:
                return month, width
    return None


def _int_at(tokens: Sequence[Token], i: int, low: int, high: int) -> int | None:
    if 0 <= i < len(tokens) and tokens[i].kind == "n" and len(tokens[i].text) <= 4 and tokens[i].text.isdigit():
        value = int(tokens[i].text)
        return value if low <= value <= high else None
    return None


def _word(tokens: Sequence[Token], i: int) -> str:
    return tokens[i].lower if 0 <= i < len(tokens) else ""


_ABBREVIATED = frozenset("jan feb mar apr jun jul aug sep sept oct nov dec".split())


def _numeric(tokens: Sequence[Token], i: int) -> Date | None:
    """16/5/2003, 2003-05-16; with dots it is one number token, 16.5.2003."""
    token = tokens[i]
    if token.kind == "n" and token.text.count(".") == 2:
        parts, used = token.text.split("."), 1
    elif (
        i + 4 < len(tokens)
        and _word(tokens, i + 1) in "/-"
        and _word(tokens, i + 3) == _word(tokens, i + 1)
        and tokens[i + 1].glued and tokens[i + 2].glued and tokens[i + 3].glued and tokens[i + 4].glued
    ):  # fmt: skip
        parts, used = [tokens[i + k].text for k in (0, 2, 4)], 5
    else:
        return None
    if not all(p.isdigit() and len(p) <= 4 for p in parts):
        return None
    a, b, c = (int(p) for p in parts)
    if len(parts[0]) == 4 and 1 <= b <= 12 and 1 <= c <= 31:
        return Date(i, i + used, a, b, c)
    year = c if len(parts[2]) == 4 else 2000 + c if c < 70 else 1900 + c
    if len(parts[2]) not in (2, 4) or not (1 <= a <= 31 and 1 <= b <= 31) or min(a, b) > 12:
        return None
    if b > 12:
        return Date(i, i + used, year, a, b)
    return Date(i, i + used, year, b, a, swapped=(b, a) if a <= 12 else None)


def find_dates(tokens: Sequence[Token]) -> tuple[Date, ...]:
    """All dates, in order. A month name that is another word too counts only with a day, a year or a preposition."""
    found: list[Date] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        date = _numeric(tokens, i) if token.kind == "n" else None
        if date is None and token.kind in "aw":
            date = _named(tokens, i, found[-1].last if found else 0)
        if date is None:
            i += 1
            continue
        found.append(date)
        i = date.last
    return tuple(found)


def _named(tokens: Sequence[Token], i: int, floor: int) -> Date | None:
    token = tokens[i]
    hit, hijri = _month_at(tokens, i, MONTHS), False
    if hit is None:
        hit, hijri = _month_at(tokens, i, HIJRI), True
    if hit is None:
        stems = arabic_stems(token.lower) if token.kind == "a" else (token.lower.removesuffix("s"),)
        for stem in stems[:3]:
            day_of_week = WEEKDAYS.get(stem)
            if day_of_week is not None and not _is_ordinal_context(tokens, i, stem):
                return Date(i, i + 1, weekday=day_of_week)
        return None
    month, used = hit
    name = arabic_stems(token.lower)[-1] if token.kind == "a" else token.lower
    first, last = i, i + used
    if _word(tokens, last) == "." and used == 1 and token.lower in _ABBREVIATED:
        last += 1
    # The other set's name of the same month after a slash: مايو/ أيار
    if _word(tokens, last) in ("/", "(", "-", "\\") and last + 1 < len(tokens):
        twin = _month_at(tokens, last + 1, MONTHS)
        if twin and twin[0] == month:
            last += 1 + twin[1]
            if _word(tokens, last) == ")":
                last += 1
    day = year = None
    top = 2200
    # day before: 16 May, 16th of May, 16 من مايو
    back = i - 1
    while back >= floor and _word(tokens, back) in ("of", "من", "شهر", "st", "nd", "rd", "th", "-", "/"):
        back -= 1
    if back >= floor and (value := _int_at(tokens, back, 1, 31)) is not None:
        day, first = value, back
    elif back >= floor and (spelled := _spelled_day(tokens, back, floor)) is not None:
        day, first = spelled
    # day after: May 16(th), 2003
    ahead = last
    if day is None and token.kind == "w":
        start = ahead + 1 if _word(tokens, ahead) == "the" else ahead
        value = _int_at(tokens, start, 1, 31)
        if value is not None and _word(tokens, start + 1) not in ("%", "percent", "people", "million"):
            day, ahead = value, start + 1
            if _word(tokens, ahead) in ("st", "nd", "rd", "th"):
                ahead += 1
            last = ahead
    # year after, a comma or "من عام" in between
    while _word(tokens, ahead) in (",", "،", "of", "من", "عام", "سنه", "العام", "لعام"):
        ahead += 1
    value = _int_at(tokens, ahead, 1300 if hijri else 1000, 1600 if hijri else top)
    if value is not None and len(tokens[ahead].text) == 4:
        year, last = value, ahead + 1
    if hijri and day is None and year is None:
        return None  # ramadan as a season, and words like صفر (zero)
    unsure = name in UNSURE_MONTHS or token.lower in UNSURE_MONTHS
    if unsure and day is None and year is None:
        lead = _word(tokens, i - 1)
        capital = token.kind == "a" or token.text[0].isupper()
        if (
            lead not in MONTH_LEADS
            or not capital
            or (token.kind == "w" and len(token.text) < 4 and token.lower != "may")
        ):
            return None
        if name in ("اب", "مارس", "ماي", "جوان") and lead not in ("شهر", "في"):
            return None
    return Date(first, last, year, month, day, hijri=hijri)


def _spelled_day(tokens: Sequence[Token], i: int, floor: int) -> tuple[int, int] | None:
    """(day, first token) of an ordinal in words that ends at ``i``: السابع, الحادي عشر, الثالث والعشرين, eleventh."""
    word = tokens[i].lower
    if tokens[i].kind == "w":
        value = ORDINALS.get(word)
        return (value, i) if value is not None and value <= 31 else None
    before = arabic_ordinal(tokens[i - 1].lower) if i > floor else None
    if word in ("عشر", "عشره") and before is not None and before < 10:
        return before + 10, i - 1
    if before is not None and before < 10 and word in ("والعشرين", "والعشرون"):
        return before + 20, i - 1
    if before == 1 and word in ("والثلاثين", "والثلاثون"):
        return 31, i - 1
    if word in ("العشرين", "العشرون"):
        return 20, i
    if word in ("الثلاثين", "الثلاثون"):
        return 30, i
    value = arabic_ordinal(word)
    return (value, i) if value is not None and word.startswith(("ال", "وال", "لل", "بال")) else None


def _is_ordinal_context(tokens: Sequence[Token], i: int, stem: str) -> bool:
    """الأحد and الخميس are weekdays only with the article; سبت, جمعة and "Mon", "sun" as words are not taken."""
    token = tokens[i]
    if token.kind == "a":
        return not stem.startswith("ال") or (stem == "الخميس" and _word(tokens, i - 1) in ("المركز", "الجيش"))
    return token.lower in ("mon", "mons") or not (token.text[0].isupper() or len(token.text) > 3)
