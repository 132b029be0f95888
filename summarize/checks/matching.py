"""Does the document support a number of the summary? Exactly, rounded, or does it say another one?"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from .dates import Date
from .quantities import Numbers, Quantity
from .text import arabic_stems
from .units import MONTH_NAMES, RIVALS, WEEKDAY_NAMES

_PAIR_WORDS = {"both": 2, "couple": 2, "pair": 2, "twin": 2, "twins": 2, "twice": 2, "double": 2, "doubled": 2,
               "dozen": 12,
               "once": 1, "single": 1, "triple": 3, "fortnight": 14, "كلا": 2, "مرتين": 2, "ضعف": 2}  # fmt: skip
SMALL = 10
"""Numbers up to this, in words, are often counted by the writer ("three men" where the document lists them): they are
reported only when the document gives another number of the same thing."""


@dataclass(frozen=True)
class Match:
    """Outcome for one number or date: status, the place in the document, and what the document says there."""

    status: str
    span: tuple[int, int] | None = None
    says: str = ""
    why: str = ""


class NumberIndex:
    """The numbers and dates of a document, ready to be asked."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers

    @cached_property
    def evidence(self) -> dict[Decimal, list[Quantity]]:
        """Every reading of every number to the quantities that have it."""
        out: dict[Decimal, list[Quantity]] = defaultdict(list)
        for q in self.numbers.quantities:
            for value in dict.fromkeys((*q.values, *q.parts)):
                out[value].append(q)
            if q.kind == "fraction":
                out[Decimal(round(q.value * 100))].append(q)
        return out

    @cached_property
    def loose(self) -> frozenset[int]:
        """Numbers that words imply: both, dozen, Arabic duals (يومين)."""
        out: set[int] = set()
        for t in self.numbers.tokens:
            for stem in arabic_stems(t.lower) if t.kind == "a" else (t.lower,):
                if stem in _PAIR_WORDS:
                    out.add(_PAIR_WORDS[stem])
        for d in self.numbers.dates:
            out.update(v for v in (d.day, d.year, d.month) if v is not None)
        return frozenset(out)

    @cached_property
    def years(self) -> frozenset[int]:
        """All numbers that may be years."""
        return frozenset(int(v) for v in self.evidence if v == int(v) and 1000 <= v <= 2200) | self.loose

    # --- numbers -------------------------------------------------------------------------------------------------

    def check(self, q: Quantity) -> Match | None:
        """Verdict on one quantity of a summary; None when it claims nothing that can be checked."""
        if q.kind == "code":
            return None
        if q.kind == "score":
            return self._score(q)
        if q.kind == "decade":
            return self._decade(q)
        holders = [h for v in q.values for h in self.evidence.get(v, ())]
        if holders:
            return self._same_value(q, holders)
        if any(v == int(v) and int(v) in self.loose for v in q.values if v < 10**9):
            return Match("supported")
        plain = q.kind in ("number", "ordinal") and not q.scaled and q.value == int(q.value)
        if (plain and q.value <= 2) or (q.kind == "ordinal" and q.spelled and q.value <= 3):
            return None
        if q.unit == "century" and self._century(q):
            return Match("supported")
        if q.kind == "fraction":
            near = [h for v, hs in self.evidence.items() for h in hs if h.kind in ("percent", "fraction")
                    and abs(Decimal(v / 100 if v > 1 else v) - q.value) <= Decimal("0.03")]  # fmt: skip
            if near:
                return Match("rounded", near[0].span, near[0].text)
            return (
                None
                if q.value in (Decimal("0.5"), Decimal("0.25"))
                else Match("unsupported", why="the document does not state it")
            )
        rounded = self._rounded(q)
        if rounded is not None:
            return rounded
        rival = self._other_number(q)
        if rival is not None:
            return Match("contradicted", rival.span, rival.text, f"the document says {rival.text!r}")
        if plain and q.spelled and q.value <= SMALL:
            return None
        if q.kind == "number" and q.spelled and q.last - q.first == 1 and q.value in (100, 1000, 10**6):
            return None  # a thousand, مليون: a way to say many
        return Match("unsupported", why="the document does not have this number")

    def _same_value(self, q: Quantity, holders: list[Quantity]) -> Match:
        best = holders[0]
        if q.currency and q.currency != "CENT":
            codes = {h.currency for h in holders if q.values[0] in h.values}
            if codes and None not in codes and q.currency not in codes and "CENT" not in codes:
                best = next(h for h in holders if h.currency)
                return Match(
                    "contradicted", best.span, best.text, f"the document says {best.text!r}, in another currency"
                )
        for rivals in RIVALS:
            if q.unit in rivals and q.kind == "number":
                units = {h.unit for h in holders if q.values[0] == h.value and h.kind != "ordinal"}
                if units and units <= rivals and q.unit not in units:
                    best = holders[0]
                    return Match(
                        "contradicted", best.span, best.text, f"in the document {best.text!r} counts something else"
                    )
        better = [h for h in holders if h.unit == q.unit and h.kind == q.kind]
        best = (better or holders)[0]
        return Match("supported", best.span, best.text)

    def _rounded(self, q: Quantity) -> Match | None:
        """Rounding: to the step that the summary shows, at most 5% off; further with a rounding word."""
        s = q.value
        if s <= 0 or (q.kind in ("year", "ordinal") and q.about is None):
            return None
        exact_writing = not q.scaled and s == int(s) and q.grain < 100 and q.kind != "percent"
        best: tuple[Decimal, Quantity] | None = None
        for v, holders in self.evidence.items():
            if v <= 0 or all(
                h.kind in ("code", "score") or (h.kind == "year" and h.unit is None and 1700 <= v <= 2100)
                for h in holders
            ):
                continue
            off = abs(s - v)
            ok = False
            if q.about == "about":
                ok = off <= max(min(q.grain / 2, v / 4), v * Decimal("0.07"))
            elif q.about == "more":
                ok = 0 <= v - s <= max(min(q.grain, v / 3), v / 10)
            elif q.about == "less":
                ok = 0 <= s - v <= max(min(q.grain, v / 3), v / 10)
            if not ok and not exact_writing:
                ok = off <= min(q.grain / 2, v / 20)
            if not ok and exact_writing and s >= 4:
                ok = v != int(v) and off <= Decimal("0.5") and all(h.value == v for h in holders)
            if not ok and q.kind == "percent":
                ok = v != int(v) and off <= Decimal("0.5") * max(q.grain, Decimal("0.1")) and s > 1
            if ok and (best is None or off < abs(s - best[0])):
                best = (v, holders[0])
        return Match("rounded", best[1].span, best[1].text) if best else None

    def _other_number(self, q: Quantity) -> Quantity | None:
        """A different number of the document beside the same noun, of the same kind."""
        for h in self.numbers.quantities:
            if h.kind != q.kind or h.kind in ("code", "year", "decade", "score", "ordinal"):
                continue
            if q.unit in ("killed", "wounded", "arrested") and h.unit == q.unit:
                return h
            if (
                q.near
                and h.near
                and h.near[0] == q.near[0]
                and q.unit == h.unit
                and q.unit is None
                and len(q.near[0]) > 2
            ) and q.currency == h.currency:
                return h
        return None

    def _score(self, q: Quantity) -> Match:
        a, b = q.parts
        scores = [h for h in self.numbers.quantities if h.kind == "score"]
        for h in scores:
            if set(h.parts) == {a, b} and (a != b or h.parts[0] == h.parts[1]):
                return Match("supported", h.span, h.text)
        known = all(v in self.evidence or (v == int(v) and int(v) in self.loose) for v in (a, b))
        if known:
            return Match("supported")
        if len({h.parts for h in scores}) == 1:
            return Match("contradicted", scores[0].span, scores[0].text, f"the document says {scores[0].text!r}")
        return Match("unsupported", why="the document does not have this result")

    def _century(self, q: Quantity) -> bool:
        """Whether the document has a year or a decade of the century."""
        first = int(q.value - 1) * 100
        return any(first <= v < first + 100 for v in self.years) or any(
            h.kind == "decade" for h in self.numbers.quantities
        )

    def _decade(self, q: Quantity) -> Match:
        for v, holders in self.evidence.items():
            for d in q.values:
                tens = d % 100
                if (v == tens and any(h.kind == "decade" for h in holders)) or (
                    q.spelled and (v % 100) // 10 * 10 == tens and v > 999
                ):
                    return Match("supported", holders[0].span, holders[0].text)
                if d <= v < d + 10 or (d < 100 and any(c <= v < c + 10 for c in (1900 + d, 2000 + d))):
                    return Match("supported", holders[0].span, holders[0].text)
        return Match("unsupported", why="the document names no year or age in it")

    # --- dates ---------------------------------------------------------------------------------------------------

    def date_text(self, d: Date) -> str:
        """The document's words for a date."""
        start, end = self.numbers.date_span(d)
        return self.numbers.folded.source[start:end]

    def check_date(self, d: Date) -> Match | None:
        """Verdict on one date of a summary: all that it states must agree with one date of the document; a year may
        stand elsewhere."""
        dates = self.numbers.dates
        if d.weekday is not None:
            days = [e for e in dates if e.weekday is not None]
            for e in days:
                if e.weekday == d.weekday:
                    return Match("supported", self.numbers.date_span(e), self.date_text(e))
            if len({e.weekday for e in days}) == 1:  # no contradiction: more than one day may be meant
                why = f"the only day that the document names is {WEEKDAY_NAMES[days[0].weekday or 0]}"
                return Match("unsupported", self.numbers.date_span(days[0]), self.date_text(days[0]), why)
            return Match("unsupported", why="the document does not name this day") if days else None
        same_month: Date | None = None
        same_day: Date | None = None
        for e in dates:
            if e.hijri != d.hijri or e.weekday is not None:
                continue
            readings = [(e.day, e.month)] + ([e.swapped] if e.swapped else [])
            for day, month in readings:
                if month != d.month:
                    continue
                same_month = same_month or e
                year_ok = d.year is None or e.year == d.year or (e.year is None and d.year in self.years)
                if d.day is not None and day == d.day and e.year is None:
                    same_day = e
                if (d.day is None or day == d.day) and year_ok:
                    return Match("supported", self.numbers.date_span(e), self.date_text(e))
        if same_day is not None:
            return Match("unsupported", self.numbers.date_span(same_day), self.date_text(same_day),
                         f"the document says {self.date_text(same_day)!r} without the year")  # fmt: skip
        if same_month is not None and d.day is not None and same_month.day is not None and (
            d.year is None or same_month.year in (None, d.year)
        ):  # fmt: skip
            return Match("contradicted", self.numbers.date_span(same_month), self.date_text(same_month),
                         f"the document says {self.date_text(same_month)!r}")  # fmt: skip
        if d.hijri:
            return Match("unsupported", why="the document does not state this Hijri date (calendars are not converted)")
        name = MONTH_NAMES[(d.month or 1) - 1]
        return Match("unsupported", why=f"the document states no such date in {name}")
