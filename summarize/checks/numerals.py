"""Number words of Arabic and English, and how they combine.

Arabic counts units before tens and joins with و ("ثلاثة وعشرون" is 23), has duals ("مليونان", "ألفي") and writes
hundreds in one word ("خمسمئة"). All keys are folded (:func:`summarize.checks.text.fold_word`): مئة is ميه, ثلاثة is
ثلاثه, آلاف is الاف.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .text import fold_word

_EN_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_EN_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()

VALUES: dict[str, int] = {w: v for v, w in enumerate(_EN_UNITS)}
"""Number word to value, below a hundred (and whole Arabic hundreds)."""
VALUES |= {w: 10 * (i + 2) for i, w in enumerate(_EN_TENS)}

SCALES: dict[str, int] = {
    "hundred": 100, "dozen": 12, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "thousands": 1000, "millions": 10**6, "billions": 10**9, "trillions": 10**12,
    "mn": 10**6, "bn": 10**9, "tn": 10**12, "mln": 10**6, "bln": 10**9,
}  # fmt: skip
"""Scale word to its factor; it may follow digits ("2.5 million") or number words."""
ABBREVIATED: dict[str, int] = {"m": 10**6, "b": 10**9, "k": 1000, "bn": 10**9, "mn": 10**6, "tn": 10**12, "mln": 10**6}
"""Scales that are read only when glued to digits ("£3m"), where m may also be metres."""
DUALS: dict[str, int] = {}
"""Words that are a scale and a two at once: مليونان is two million."""
ORDINALS: dict[str, int] = {w: v for v, w in enumerate(_EN_ORDINALS)}
ORDINALS |= {w.removesuffix("y") + "ieth": 10 * (i + 2) for i, w in enumerate(_EN_TENS)}
ORDINALS |= {"hundredth": 100, "thousandth": 1000}
DECADES: dict[str, int] = {w.removesuffix("y") + "ies": 10 * (i + 2) for i, w in enumerate(_EN_TENS)}
VAGUE = frozenset(fold_word(w) for w in ("عشرات", "مئات", "مائات", "آلاف", "ملايين", "مليارات", "بضعة", "بضع"))


def _arabic() -> None:
    units = "ثلاث اربع خمس ست سبع ثمان تسع".split()
    for i, w in enumerate(units):
        for form in (w, w + "ه"):
            VALUES[form] = i + 3
        for hundred in ("ميه", "مايه"):
            VALUES[("ثمان" if w == "ثمان" else w) + hundred] = 100 * (i + 3)
    VALUES.update({"ثماني": 8, "ثمانيه": 8, "ثمانيميه": 800, "عشر": 10, "عشره": 10, "احد": 1, "احدي": 1})
    for form in "اثنان اثنين اثنتان اثنتين اثنا اثني اثنتا اثنتي".split():
        VALUES[form] = 2
    for i, w in enumerate("عشر ثلاث اربع خمس ست سبع ثمان تسع".split()):
        VALUES[w + "ون"] = VALUES[w + "ين"] = 10 * (i + 2)
        for ending in ("ينات", "ينيات", "يناته", "ينياته"):
            DECADES[w + ending] = 10 * (i + 2)
    for form in ("ميه", "مايه"):
        SCALES[form] = 100
    for form in "ميتان ميتين ميتا ميتي مايتان مايتين مايتا مايتي".split():
        DUALS[form] = 200
    for forms, factor in (
        ("الف الاف الفا", 1000), ("مليون مليونا ملايين", 10**6), ("مليار مليارا مليارات", 10**9),
        ("بليون بليونا بلايين", 10**9), ("تريليون تريليونا تريليونات ترليون", 10**12),
    ):  # fmt: skip
        for form in forms.split():
            SCALES[form] = factor
    for stem, factor in (("الف", 1000), ("مليون", 10**6), ("مليار", 10**9), ("بليون", 10**9), ("تريليون", 10**12)):
        for ending in ("ان", "ين", "ي") + (("ا",) if stem != "الف" else ()):
            if stem + ending not in SCALES:
                DUALS[stem + ending] = 2 * factor
    for i, w in enumerate("ثاني ثالث رابع خامس سادس سابع ثامن تاسع عاشر".split()):
        for form in (w, w + "ه"):
            ORDINALS[form] = i + 2
    ORDINALS.update({"اول": 1, "اولي": 1, "حادي": 1, "حاديه": 1})


_arabic()

FRACTIONS: dict[str, tuple[int, int]] = {
    "½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "half": (1, 2), "halves": (1, 2),
    "نصف": (1, 2), "النصف": (1, 2), "ثلث": (1, 3), "ثلثي": (2, 3), "ثلثا": (2, 3), "الثلثين": (2, 3), "ربع": (1, 4),
    "خمس": (1, 5),
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One number word or digit group as an element of a longer number."""

    value: Decimal
    role: str  # "value", "scale", "dual", "ordinal"
    joined: bool  # with و or "and" before it


MAX_DIGITS = 30
"""Longer runs of digits are no number that anybody would say, and Python refuses to print those of thousands."""
MAX_WRITTEN = 40
"""Characters of one number with its separators; what is longer is a list without spaces."""


def read_digits(text: str) -> tuple[Decimal, ...]:
    """What a group of digits with separators may mean, the likeliest first; nothing if it is too long for a number.

    >>> read_digits("1,234.5"), read_digits("1.200"), read_digits("12,5")
    ((Decimal('1234.5'),), (Decimal('1.200'), Decimal('1200')), (Decimal('12.5'),))
    """
    text = text.replace("\u00a0", "").replace("،", ",")
    runs = [run for run in re.split(r"[.,]", text) if run]
    if max(map(len, runs), default=0) > MAX_DIGITS:
        return ()
    if len(text) > MAX_WRITTEN:
        return tuple(map(Decimal, runs))
    if text.isdigit():
        return (Decimal(text),)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
        plain = Decimal(text.replace(",", ""))
        return (plain,) if text.count(",") > 1 or "." in text else (plain, Decimal(text.replace(",", ".")))
    if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+", text):
        return (Decimal(text.replace(".", "").replace(",", ".")),)
    if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", text):
        return (Decimal(text.replace(".", "")),)
    if re.fullmatch(r"\d+\.\d+", text):
        values = (Decimal(text),)
        return (*values, Decimal(text.replace(".", ""))) if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text) else values
    if re.fullmatch(r"\d+,\d{1,2}", text):
        return (Decimal(text.replace(",", ".")),)
    return tuple(map(Decimal, runs))  # 16.5.2003 and the like


def arabic_part(word: str) -> Part | None:
    """A folded Arabic word as part of a number: ``وعشرون`` joins 20, ``بثلاثة`` is 3, ``الفين`` is a dual."""
    if (word in VAGUE and word not in SCALES) or word in ("بالميه", "بالمايه", "والميه", "والمايه"):
        return None
    for prefix in ("", "و", "ف", "ب", "ل", "ال", "وال", "بال", "لل", "ول", "وب"):
        if not word.startswith(prefix):
            continue
        rest = word[len(prefix) :]
        joined = prefix.startswith("و")
        if len(rest) < 2 or (rest in ("ست", "عشر") and prefix in ("ب", "ل", "ك", "ف")):
            continue
        if rest in DUALS:
            return Part(Decimal(DUALS[rest]), "dual", joined)
        if rest in SCALES:
            return Part(Decimal(SCALES[rest]), "scale", joined)
        if rest in VALUES:
            if prefix.endswith(("ال", "لل")) and rest in ("احد", "اثنين", "اثنان"):  # the weekdays
                return None
            return Part(Decimal(VALUES[rest]), "value", joined)
    return None


def arabic_ordinal(word: str) -> int | None:
    """Value of a folded Arabic ordinal (``الثالثة`` is 3), None for other words."""
    for prefix in ("", "و", "ال", "وال", "بال", "لل", "ب", "ل"):
        if word.startswith(prefix) and word[len(prefix) :] in ORDINALS:
            return ORDINALS[word[len(prefix) :]]
    return None


def combine(parts: Sequence[Part], arabic: bool) -> tuple[int, Decimal] | None:
    """How many of ``parts`` make one number from the first on, and its value; None when the first cannot begin one.

    Units, tens, hundreds and scales must follow in an order in which one says them, so that "five, 10" stays two.
    """
    total = current = Decimal(0)
    checkpoint: tuple[int, Decimal] | None = None  # before a group whose scale would belong to another number
    last_scale = Decimal(10) ** 18
    used = 0
    for part in parts:
        v = part.value
        if part.role == "scale" and v == 100:
            if current > 9 or current != int(current) or (arabic and part.joined and current):
                break
            current = (current or Decimal(1)) * 100
        elif part.role == "scale":
            if v >= last_scale or (part.joined and current):
                if checkpoint and current:
                    return checkpoint  # بين مليوني وثلاثة ملايين
                break
            if current == 0 and used and not part.joined and not total:
                break
            total += (current or Decimal(1)) * v
            current, last_scale = Decimal(0), v
            checkpoint = (used + 1, total)
        elif part.role == "dual":
            if (current and v >= 1000) or v / 2 >= last_scale or (used and not part.joined):
                break
            if v == 200:
                current += v
            else:
                total += v
                last_scale = v / 2
                checkpoint = (used + 1, total)
        else:
            if used and v != int(v):
                break
            tail = current % 100
            if v >= 1000 or (used and v >= last_scale):
                if used:
                    break
                current = v
            elif not used:
                current = v
            elif v >= 100:
                if current or not (part.joined or not arabic):
                    break
                current = v
            elif v == 10 and arabic and not part.joined and 1 <= tail <= 9:
                current += 10  # ثلاثة عشر
            elif arabic and part.joined and v >= 20 and v % 10 == 0 and 1 <= tail <= 9:
                current += v  # ثلاثة وعشرون
            elif arabic and part.joined and tail == 0 and (current or total):
                current += v  # مئة وخمسة
            elif not arabic and v < 10 and tail >= 20 and tail % 10 == 0:
                current += v  # twenty-three
            elif not arabic and tail == 0 and (current or total) and current != 10:
                current += v  # a hundred and five
            else:
                break
        used += 1
    return (used, total + current) if used else None
