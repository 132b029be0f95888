"""Quantities in Arabic and English text: what number, of what, how exactly.

Extraction is generous on what a number may mean (``values`` and ``parts``), because a document is evidence, and a
reading that nobody meant does no harm there; what a *summary* claims is its first value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from .context import about_of, currency_of, grain_of, in_name, near_of, percent_width, unit_of
from .dates import Date, find_dates
from .numerals import (
    ABBREVIATED,
    DECADES,
    FRACTIONS,
    ORDINALS,
    SCALES,
    VALUES,
    Part,
    arabic_ordinal,
    arabic_part,
    combine,
    read_digits,
)  # fmt: skip
from .text import Folded, Token, arabic_stems, fold, is_arabic, tokenize
from .units import CURRENCIES, UNITS


@dataclass(frozen=True)
class Quantity:
    """One number of a text.

    ``values`` are its readings, the likeliest first; ``parts`` the numbers inside a compound one. ``kind`` is one of
    number, percent, money, ordinal, year, decade, fraction, score or code (a number inside a name: COVID-19).
    ``grain`` is the smallest step that the writing shows: 3,000 has 1000, "2.5 million" 100,000, 17 has 1.
    """

    kind: str
    values: tuple[Decimal, ...]
    span: tuple[int, int]
    text: str
    first: int
    last: int
    grain: Decimal = Decimal(1)
    parts: tuple[Decimal, ...] = ()
    about: str | None = None
    unit: str | None = None
    currency: str | None = None
    near: tuple[str, ...] = ()
    spelled: bool = False
    scaled: bool = False

    @property
    def value(self) -> Decimal:
        """The likeliest reading."""
        return self.values[0]


class _Reader:
    """Walks over the tokens of one text and yields its quantities."""

    def __init__(self, folded: Folded, tokens: Sequence[Token], dates: Sequence[Date]) -> None:
        self.folded = folded
        self.tokens = tokens
        self.in_date = {i for d in dates for i in range(d.first, d.last)}

    def make(self, kind: str, values: tuple[Decimal, ...], first: int, last: int, **more: object) -> Quantity:
        start, end = self.folded.span(self.tokens[first].start, self.tokens[last - 1].end)
        quantity = Quantity(kind, values, (start, end), self.folded.source[start:end], first, last)
        return replace(quantity, **more)  # type: ignore[arg-type]

    def read(self) -> Iterator[Quantity]:
        i = 0
        while i < len(self.tokens):
            quantity = self.number_at(i) or self.word_at(i)
            if quantity is None:
                i += 1
                continue
            quantity = self.finish(quantity)
            yield quantity
            i = max(i + 1, quantity.last)

    def words_at(self, i: int, count: int) -> list[str]:
        return [t.lower for t in self.tokens[i : i + count]]

    def part_at(self, i: int) -> Part | None:
        token = self.tokens[i]
        if token.kind == "a":
            return arabic_part(token.lower)
        if token.kind == "w":
            if token.lower in VALUES:
                return Part(Decimal(VALUES[token.lower]), "value", False)
            if token.lower in SCALES and not token.lower.endswith("s"):
                return Part(Decimal(SCALES[token.lower]), "scale", False)
        if token.kind == "n":
            joined = i > 0 and self.tokens[i - 1].lower in ("و", "ول") and token.glued
            values = read_digits(token.text)
            return Part(values[0], "value", joined) if values else None
        return None

    def run_at(self, i: int) -> tuple[list[Part], list[int]]:
        """Parts of a possible compound number from ``i`` on, and the token position after each."""
        parts: list[Part] = []
        ends: list[int] = []
        j = i
        while j < len(self.tokens) and len(parts) < 9:
            token = self.tokens[j]
            if j > i and token.lower in ("-", "and", "و", "ال") and j + 1 < len(self.tokens):
                # twenty-five, two hundred and five, آلاف و500; "5-10" and "five and ten" are refused by combine()
                nxt = self.part_at(j + 1)
                ok = nxt is not None and (
                    (token.lower == "-" and token.glued and self.tokens[j - 1].kind == "w"
                     and (nxt.role == "scale" or parts[-1].value in range(20, 100, 10)))
                    or (token.lower == "and" and parts[-1].role == "scale" and self.tokens[j + 1].kind == "w")
                    or (token.lower == "و" and parts[-1].role in ("scale", "dual"))
                )  # fmt: skip
                if not ok:
                    break
                j += 1
                continue
            if (
                j > i
                and token.kind == "n"
                and not (self.tokens[j - 1].lower == "و" and parts[-1].role in ("scale", "dual"))
            ):
                break
            part = self.part_at(j)
            if part is None or (token.kind == "n" and token.glued and self.tokens[j - 1].kind in "w"):
                break
            if j > i and token.kind == "n" and parts and part.value >= parts[-1].value:
                break
            ahead = self.part_at(j + 1) if j > i and token.kind == "n" and j + 1 < len(self.tokens) else None
            least = min((p.value for p in parts if p.role != "value"), default=part.value)
            if ahead is not None and ahead.role == "scale" and ahead.value >= least:
                break  # بين 340 مليون و500 مليون
            if part.role == "value" and j > i and token.kind == "a" and self.tokens[i].kind == "n" and len(parts) == 1:
                break
            parts.append(part)
            j += 1
            ends.append(j)
        return parts, ends

    def number_at(self, i: int) -> Quantity | None:
        """A number that begins with digits."""
        token = self.tokens[i]
        if token.kind != "n":
            return None
        values = read_digits(token.text)
        if not values:
            return None
        nxt = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
        before = self.tokens[i - 1] if i else None
        if before is not None and in_name(self.tokens, i):
            return self.make("code", values, i, i + 1)
        grain = grain_of(token.text, values[0])
        if nxt is not None and nxt.glued and nxt.kind == "w":
            if nxt.lower in ("st", "nd", "rd", "th"):
                return self.make("ordinal", values, i, i + 2)
            if nxt.lower == "s" or (nxt.lower == "'s" and values[0] % 10 == 0):
                return self.make("decade", values, i, i + 2)
            if nxt.lower in ABBREVIATED:
                factor = Decimal(ABBREVIATED[nxt.lower])
                both = (values[0] * factor, *values) if nxt.lower in "mbk" else (values[0] * factor,)
                if nxt.lower == "m" and (before is None or before.lower not in CURRENCIES):
                    both = (values[0], values[0] * factor)
                return self.make("number", both, i, i + 2, grain=grain * factor if both[0] != values[0] else grain,
                                 parts=values, scaled=True)  # fmt: skip
        if (
            (
                nxt is not None
                and nxt.lower in ("'", "s")
                and nxt.glued
                and values[0] % 10 == 0
                and i + 2 < len(self.tokens)
            )
            and nxt.lower == "'"
            and self.tokens[i + 2].lower == "s"
            and self.tokens[i + 2].glued
        ):
            return self.make("decade", values, i, i + 3)
        score = self.score_at(i)
        if score is not None:
            return score
        if nxt is not None and nxt.kind == "n" and nxt.text == "000" and values[0] < 1000 and len(token.text) <= 3:
            return self.make("number", (values[0] * 1000,), i, i + 2, grain=grain * 1000, parts=values)
        if nxt is not None and nxt.text in FRACTIONS and nxt.glued:
            top, bottom = FRACTIONS[nxt.text]
            return self.make("number", (values[0] + Decimal(top) / bottom,), i, i + 2)
        if len(values) == 1 or values[0] != int(values[0]) or len(values) == 2:
            parts, ends = self.run_at(i)
            made = combine(parts, any(t.kind == "a" for t in self.tokens[i + 1 : i + 3])) if len(parts) > 1 else None
            if made and made[0] > 1:
                used, value = made
                factor = max(p.value for p in parts[1:used]) if used > 1 else Decimal(1)
                inner = (*tuple(p.value for p in parts[:used] if p.role != "scale"), values[0] * factor)
                shown = grain * factor if used == 2 and parts[1].role == "scale" else grain_of("", value)
                return self.make("number", (value,), i, ends[used - 1], grain=shown, parts=inner, scaled=True)
        kind = "number"
        if len(token.text) == 4 and token.text.isdigit() and 1000 <= values[0] <= 2100:
            kind = "year"
        more: dict[str, object] = {}
        if kind == "year" and nxt is not None and nxt.text in "-/" and nxt.glued and i + 2 < len(self.tokens):
            short = self.tokens[i + 2]
            if short.glued and short.text.isdigit() and len(short.text) == 2:  # 2017-18
                century = values[0] // 100 * 100
                more = {"parts": (Decimal(short.text), century + Decimal(short.text))}
                return self.make(kind, values, i, i + 3, **more)
        if before is not None and before.text == "'" and token.text.isdigit() and len(token.text) == 2:
            more = {"parts": (1900 + values[0], 2000 + values[0])}
        return self.make(kind, values, i, i + 1, grain=grain, **more)

    def score_at(self, i: int) -> Quantity | None:
        """A result such as 2-1: two small numbers with a dash, and no third."""
        if i + 2 >= len(self.tokens) or self.tokens[i + 1].text not in "-:":
            return None
        a, b = self.tokens[i], self.tokens[i + 2]
        dash = self.tokens[i + 1]
        if b.kind != "n" or not (a.text.isdigit() and b.text.isdigit()) or dash.glued != b.glued:
            return None
        if dash.text == ":" and len(b.text) == 2:
            return None
        after = self.tokens[i + 3] if i + 3 < len(self.tokens) else None
        if after is not None and (
            (after.text in "-/%" and after.glued) or after.lower in UNITS or after.lower in SCALES
        ):
            return None
        if len(a.text) > 2 or len(b.text) > 2 or (i and self.tokens[i - 1].text in "-/" and a.glued):
            return None
        pair = (Decimal(a.text), Decimal(b.text))
        return self.make("score", (pair[0] * 100 + pair[1],), i, i + 3, parts=pair)

    def word_at(self, i: int) -> Quantity | None:
        """A number in words, an ordinal, a decade, a fraction."""
        token = self.tokens[i]
        if token.kind not in "aws":
            return None
        if i in self.in_date:
            return None
        low = token.lower
        for stem in arabic_stems(low) if token.kind == "a" else (low,):
            if stem in DECADES:
                return self.make(
                    "decade", (Decimal(DECADES[stem]), Decimal(1900 + DECADES[stem])), i, i + 1, spelled=True
                )
        fraction = self.fraction_at(i)
        if fraction is not None:
            return fraction
        arabic = token.kind == "a"
        start = i
        if self.words_at(i + 1, 3) == ["and", "a", "half"] and low in VALUES and i + 4 < len(self.tokens):
            factor = SCALES.get(self.tokens[i + 4].lower, 1)  # one and a half million
            value = (VALUES[low] + Decimal("0.5")) * factor
            return self.make(
                "number", (value,), i, i + 4 + (factor > 1), grain=grain_of("", value), spelled=True, scaled=factor > 1
            )
        if low in ("a", "an", "half") and i + 1 < len(self.tokens) and self.tokens[i + 1].lower in SCALES:
            start = i + 1
        if self.part_at(start) is not None:
            parts, ends = self.run_at(start)
            made = combine(parts, arabic)
            if made is not None:
                used, value = made
                only = parts[0]
                bare_scale = used == 1 and only.role == "scale"
                if bare_scale and start == i and not arabic:
                    return None  # "million" alone, "thousands of"
                if bare_scale and arabic and low.endswith(("الاف", "ملايين", "ليارات", "بلايين", "يونات")):
                    return None
                end = ends[used - 1]
                if used == 1 and value == 1 and not percent_width(self.tokens, end):
                    return None
                if low == "half":
                    value = value / 2
                nxt = self.tokens[end : end + 2]
                if nxt and nxt[0].lower in ("ونصف", "وربع") and only.role in ("scale", "value", "dual"):
                    scale = next((p.value for p in reversed(parts[:used]) if p.role == "scale"), Decimal(1))
                    scale = only.value / 2 if only.role == "dual" else scale
                    value += scale * (Decimal("0.5") if nxt[0].lower == "ونصف" else Decimal("0.25"))
                    end += 1
                    if (
                        end < len(self.tokens)
                        and (p := self.part_at(end)) is not None
                        and p.role == "scale"
                        and p.value == scale
                    ):
                        end += 1
                ordinal = self.tokens[end].lower if end < len(self.tokens) else ""
                if (
                    not arabic
                    and self.tokens[end - 1].lower in _EN_TENS
                    and ordinal == "-"
                    and end + 1 < len(self.tokens)
                ):
                    tail = ORDINALS.get(self.tokens[end + 1].lower)
                    if tail is not None and tail < 10:
                        return self.make("ordinal", (value + tail,), i, end + 2, spelled=True)
                inner = tuple(p.value for p in parts[:used] if p.role == "value")
                if bare_scale and low.endswith("الفا"):
                    inner += (Decimal(2000),)
                return self.make("number", (value,), i, end, grain=grain_of("", value), parts=inner, spelled=True,
                                 scaled=any(p.role in ("scale", "dual") for p in parts[:used]))  # fmt: skip
        value_of = arabic_ordinal(low) if arabic else ORDINALS.get(low)
        if value_of is not None:
            total = Decimal(value_of)
            end = i + 1
            if arabic and end < len(self.tokens):
                nxt_low = self.tokens[end].lower
                if nxt_low in ("عشر", "عشره") and value_of < 10:
                    total, end = total + 10, end + 1
                elif nxt_low.startswith("وال") and (p := arabic_part(nxt_low)) is not None and 20 <= p.value < 100:
                    total, end = total + p.value, end + 1
            return self.make("ordinal", (total,), i, end, spelled=True)
        return None

    def fraction_at(self, i: int) -> Quantity | None:
        """two-thirds, three quarters, a third of, نصف مليون, ثلثي, ½."""
        words = [t.lower for t in self.tokens[i : i + 4]]
        low = words[0]
        bottom = {"third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5}
        top = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4}.get(low)
        if top is not None and len(words) > 1:
            skip = 2 if words[1] == "-" else 1
            name = words[skip] if len(words) > skip else ""
            plural = name.endswith("s")
            if name in bottom and plural == (top > 1) and (plural or words[skip + 1 : skip + 2] == ["of"]):
                return self.make("fraction", (Decimal(top) / bottom[name],), i, i + skip + 1, spelled=True)
        if low == "quarter" and words[1:2] == ["of"]:
            return self.make("fraction", (Decimal("0.25"),), i, i + 1, spelled=True)
        stem = next((s for s in (arabic_stems(low) if self.tokens[i].kind == "a" else (low,)) if s in FRACTIONS), None)
        if stem is None or (stem == "خمس" or (stem == "ربع" and low.startswith("رابع"))):
            return None
        value = Decimal(FRACTIONS[stem][0]) / FRACTIONS[stem][1]
        if len(words) > 1 and (p := arabic_part(words[1])) is not None and p.role == "scale" and p.value > 100:
            made = value * p.value
            return self.make(
                "number", (made,), i, i + 2, grain=grain_of("", made), parts=(p.value,), scaled=True, spelled=True
            )
        if low == "half" and len(words) > 2 and words[1] in ("a", "an") and words[2] in SCALES:
            made = value * SCALES[words[2]]
            return self.make("number", (made,), i, i + 3, grain=grain_of("", made), scaled=True, spelled=True)
        if low == "half" and len(words) > 1 and words[1] in SCALES:
            return None
        return self.make("fraction", (value,), i, i + 1, spelled=True)

    def finish(self, q: Quantity) -> Quantity:
        """Add percent, money, unit, neighbours and rounding words."""
        if q.kind in ("code", "decade", "score"):
            return replace(q, near=near_of(self.tokens, q.first, q.last))
        first, last = q.first, q.last
        kind, currency = q.kind, None
        percent = percent_width(self.tokens, last)
        if percent:
            kind, last = "percent", last + percent
        else:
            currency, first, last = currency_of(self.tokens, first, last)
            if currency is not None:
                kind = "money"
                if q.scaled and len(q.values) == 2 and q.first + 2 == q.last and q.parts == q.values[1:]:
                    q = replace(q, values=q.values[:1])  # £3m is no length
        start, end = self.folded.span(self.tokens[first].start, self.tokens[last - 1].end)
        return replace(
            q, kind=kind, currency=currency, last=last, span=(start, end), text=self.folded.source[start:end],
            near=near_of(self.tokens, first, last), unit=unit_of(self.tokens, first, last),
            about=about_of(self.tokens, first, last),
        )  # fmt: skip


_EN_TENS = frozenset("twenty thirty forty fifty sixty seventy eighty ninety".split())


@dataclass(frozen=True)
class Numbers:
    """All that a text says in numbers: quantities, dates, and its folded tokens."""

    folded: Folded
    tokens: tuple[Token, ...]
    quantities: tuple[Quantity, ...]
    dates: tuple[Date, ...]
    arabic: bool

    def date_span(self, date: Date) -> tuple[int, int]:
        """Offsets of a date in the original text."""
        return self.folded.span(self.tokens[date.first].start, self.tokens[date.last - 1].end)


def read_numbers(text: str) -> Numbers:
    """Quantities and dates of ``text`` with offsets into it. Numbers inside dates are among the quantities too."""
    folded = fold(text)
    tokens = tokenize(folded)
    dates = find_dates(tokens)
    return Numbers(folded, tokens, tuple(_Reader(folded, tokens, dates).read()), dates, is_arabic(text))
