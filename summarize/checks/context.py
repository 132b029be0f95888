"""What stands around a number and gives it its meaning: the thing counted, currency, percent, rounding words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from .text import Token, arabic_light, arabic_stems, english_light
from .units import ABOUT, ABOUT_LESS, ABOUT_MORE, CURRENCIES, PERCENT, UNITS

_STOP = frozenset(
    "the a an of and or in on at to for with by from is are was were be been has have had it its his her their this "
    "that as but than more less which who he she they into over under after before between per each every no not also "
    "said says will would could other others another around about up out off all new old "
    "من في علي الي عن مع ان او و ثم هذا هذه ذلك تلك التي الذي الذين كان كانت قد لا ما لم لن هو هي هم كل بعد "
    "قبل بين خلال "
    "عند عندما حتي اي غير اخري اخر حيث كما وقد وفي ومن علي بان".split()
)


_BETWEEN = frozenset("at least more than some up to as many other another over than the".split())


def near_of(tokens: Sequence[Token], first: int, last: int) -> tuple[str, ...]:
    """Light stems of up to three content words after the number, else of two before it."""
    out: list[str] = []
    for token in tokens[last : last + 6]:
        if token.kind == "n" or (token.kind == "s" and token.text not in "-'\""):
            break
        if token.kind in "aw" and token.lower not in _STOP and token.lower not in ABOUT:
            out.append(arabic_light(token.lower) if token.kind == "a" else english_light(token.lower))
        if len(out) == 3:
            break
    if not out:
        for token in reversed(tokens[max(0, first - 4) : first]):
            if token.kind in "aw" and token.lower not in _STOP and token.lower not in ABOUT:
                out.append(arabic_light(token.lower) if token.kind == "a" else english_light(token.lower))
            if len(out) == 2:
                break
    return tuple(out)


_PLACES = frozenset(
    "in on at per a an each every for from by with after before during within while when "
    "في كل خلال منذ علي الي عن بعد قبل عند يوميا سنويا".split()
)


def unit_of(tokens: Sequence[Token], first: int, last: int) -> str | None:
    """The concept counted: a unit word among the three after the number, a sign or a Latin dash in between; or, for
    Arabic verbs and nouns that come before the number (مقتل 17), among the three before it."""
    for token in tokens[last : last + 4]:
        if token.kind == "n" or (token.kind == "s" and token.text not in "-") or token.lower == "and":
            break
        if token.kind == "a" and token.lower[0] == "و" and len(token.lower) > 4:
            break  # and: another clause, with its own count
        if token.lower in _PLACES:
            break  # nine children a day are no days
        stems = arabic_stems(token.lower) if token.kind == "a" else (token.lower,)
        for stem in stems:
            if stem in UNITS:
                return UNITS[stem]
    for token in reversed(tokens[max(0, first - 4) : first]):
        if token.kind == "n" or (token.kind == "s" and token.text not in "-("):
            break
        if token.kind == "w":  # killed at least 40
            if UNITS.get(token.lower) in ("killed", "wounded", "arrested"):
                return UNITS[token.lower]
            if token.lower not in _BETWEEN and token.lower not in ABOUT:
                break
        if token.kind == "a":
            for stem in arabic_stems(token.lower):
                if UNITS.get(stem) in ("killed", "wounded", "arrested") or stem == "القرن":
                    return UNITS.get(stem, "century")
    return None


def about_of(tokens: Sequence[Token], first: int, last: int) -> str | None:
    """Which rounding word stands by: about, more, less."""
    words = [t.lower for t in tokens[max(0, first - 3) : first]]
    for i, word in reversed(list(enumerate(words))):
        if word in (
            "than",
            "من",
            "عن",
            "at",
            "to",
            "as",
            "many",
            "ب",
            "الي",
            "ما",
            "علي",
            "عدد",
            "of",
            "لا",
            "just",
            "by",
        ):
            continue
        for w in (word, *arabic_stems(word)) if word[0] > "\u0600" else (word,):
            if w in ABOUT_LESS and ("than" in words[i:] or "at" in words[:i] or w == "اقل" or w == "most"):
                return "less"
            if w in ABOUT_MORE and ("than" in words[i:] or "at" in words[:i] or w[0] > "\u0600"):
                return "less" if w == "يزيد" and "لا" in words else "more"
            if w in ABOUT:
                return ABOUT[w]
        break
    after = [t.lower for t in tokens[last : last + 2]]
    if after[:2] in (["or", "so"],) or "تقريبا" in after:
        return "about"
    return "more" if after[:2] == ["or", "more"] else None


def grain_of(text: str, value: Decimal) -> Decimal:
    """Smallest step that a digit group shows."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < 0 and value != int(value):
        return Decimal(1).scaleb(exponent)
    digits = str(int(value))
    return Decimal(10) ** (len(digits) - len(digits.rstrip("0")) if value else 0)


def currency_of(tokens: Sequence[Token], first: int, last: int) -> tuple[str | None, int, int]:
    """Currency by sign before, sign or word after; the span grows over it."""
    if first > 0 and tokens[first - 1].lower in CURRENCIES and tokens[first - 1].kind == "s":
        code = CURRENCIES[tokens[first - 1].lower]
        return code, first - 1, last
    for ahead in (last, last + 1):
        if ahead < len(tokens) and tokens[ahead].kind != "n":
            token = tokens[ahead]
            for stem in arabic_stems(token.lower) if token.kind == "a" else (token.lower,):
                if stem in CURRENCIES:
                    return CURRENCIES[stem], first, ahead + 1
            if token.kind == "s":
                break
    return None, first, last


def percent_width(tokens: Sequence[Token], last: int) -> int:
    """How many tokens after the number make it a percentage."""
    words = [t.lower for t in tokens[last : last + 4]]
    if words[:1] and words[0] in PERCENT:
        return 1
    if words[:2] in (["per", "cent"], ["في", "الميه"], ["في", "المايه"], ["ب", "الميه"], ["نقطه", "ميويه"]):
        return 2
    return 2 if words[:2] and words[0] == "-" and words[1:2] and words[1] in PERCENT else 0


def in_name(tokens: Sequence[Token], i: int) -> bool:
    """Whether the digits belong to a name: G20, F-16, COVID-19, Under-21s are; ال22 and post-2015 are not."""
    token, before = tokens[i], tokens[i - 1]
    if i == 0 or not token.glued:
        return False
    if before.kind == "w":
        return before.lower not in CURRENCIES
    if before.kind == "a":  # فرانس24, but ال22 and ب30
        return len(before.lower) > 3
    if before.text in "-/#@_" and before.glued and i >= 2:
        head = tokens[i - 2]
        if before.text in "#@_":
            return True
        if head.kind == "a":
            return head.lower.endswith(("كوفيد", "جي"))
        plain = head.lower in ("under", "post", "pre", "mid", "top", "over", "sub")  # Under-21s, Post-2015
        return head.kind == "w" and head.text[0].isupper() and not plain
    return before.text in "#@_"
