"""The verdict on a summary: each number, date and name with its place in both texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from .matching import NumberIndex
from .namelists import GENERIC_EN, TITLES_EN
from .names import MAYBE, SAME, Name, NameReader
from .quantities import read_numbers
from .text import arabic_stems, english_light

BAD = ("unsupported", "contradicted")
STATUSES = ("supported", "rounded", "unsupported", "contradicted")
KINDS = ("number", "percent", "money", "ordinal", "year", "decade", "fraction", "score", "date", "name")


@dataclass(frozen=True)
class Finding:
    """One claim of a summary.

    ``kind`` is one of :data:`KINDS`, ``status`` one of :data:`STATUSES`; ``span`` are offsets (start, end) into the
    summary, ``document_span`` into the document where something there supports or contradicts the claim.
    """

    kind: str
    status: str
    text: str
    span: tuple[int, int]
    document_span: tuple[int, int] | None = None
    message: str = ""


@dataclass(frozen=True)
class Verdict:
    """All findings on a summary, in the order of its text.

    A precision is the share of checked claims that the document supports (rounded ones included), None when the
    summary has none of that kind.
    """

    findings: tuple[Finding, ...]

    def _precision(self, names: bool) -> float | None:
        checked = [f for f in self.findings if (f.kind == "name") == names]
        return sum(f.status not in BAD for f in checked) / len(checked) if checked else None

    @property
    def number_precision(self) -> float | None:
        """Share of the summary's numbers and dates that the document supports."""
        return self._precision(names=False)

    @property
    def name_precision(self) -> float | None:
        """Share of the summary's names that the document supports."""
        return self._precision(names=True)

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What the document does not support."""
        return tuple(f for f in self.findings if f.status in BAD)

    @property
    def supported(self) -> bool:
        """Whether nothing is unsupported or contradicted; what ``--strict`` asks."""
        return not self.alarms

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line of plain English for each alarm."""
        return tuple(f.message for f in self.alarms)


class Document:
    """A document prepared for checking many summaries of it; what is derived from it is computed once."""

    def __init__(self, text: str) -> None:
        numbers = read_numbers(text)
        self.text = text
        self.numbers = NumberIndex(numbers)
        self.names = NameReader(text, numbers)

    def check(self, summary: str) -> Verdict:
        """Check one summary, in the document's language or the other."""
        reader = NameReader(summary)
        findings = [*self._numbers(reader), *self._dates(reader), *self._names(reader)]
        return Verdict(tuple(sorted(findings, key=lambda f: f.span)))

    def _numbers(self, reader: NameReader) -> list[Finding]:
        numbers = reader.numbers
        in_date = {i for d in numbers.dates for i in range(d.first, d.last)}
        out = []
        for q in numbers.quantities:
            if q.first in in_date:
                continue
            match = self.numbers.check(q)
            if match is None:
                continue
            message = "" if match.status not in BAD else f"{match.status}: {q.text!r}: {match.why}"
            if match.status == "rounded":
                message = f"rounded: {q.text!r} stands for {match.says!r}"
            out.append(Finding(q.kind, match.status, q.text, q.span, match.span, message))
        return out

    def _dates(self, reader: NameReader) -> list[Finding]:
        out = []
        for d in reader.numbers.dates:
            match = self.numbers.check_date(d)
            if match is None:
                continue
            text, span = reader.text_of(d.first, d.last)
            message = "" if match.status not in BAD else f"{match.status}: {text!r}: {match.why}"
            out.append(Finding("date", match.status, text, span, match.span, message))
        return out

    def _names(self, reader: NameReader) -> list[Finding]:
        out = []
        for name in reader.names():
            finding = self._mention(reader, name) if name.mention else self._name(reader, name)
            if finding is not None:
                out.append(finding)
        return out

    def _mention(self, reader: NameReader, name: Name) -> Finding | None:
        """A concept of the gazetteer."""
        mention = name.mention
        assert mention is not None
        text, span = reader.text_of(mention.first, mention.last)
        known = next((self.names.concepts[c] for c in mention.concepts if c in self.names.concepts), None)
        if known is not None:
            return Finding("name", "supported", text, span, self.names.text_of(known.first, known.last)[1])
        if all(self.names.knows_word(reader.tokens[i]) for i in name.words):
            return Finding("name", "supported", text, span)
        if reader.arabic != self.names.arabic and any(
            self.names.transliterated(reader.tokens[i].lower) >= MAYBE
            for i in name.words
            if len(reader.tokens[i].text) > 3
        ):
            return None
        if not mention.sure or (name.opening and reader.tokens[mention.first].lower in reader.gazetteer.english):
            return None
        concept = reader.gazetteer.concepts[mention.concepts[0]]
        if concept.kind == "organisation" and any(self.names.stands_alone(reader.tokens[i].lower) for i in name.words):
            return None  # City for Manchester City
        slot = reader.neighbours(mention.first, mention.last)
        kinds = ("country", "capital", "region")
        if slot and concept.kind in kinds:
            for other in self.names.mentions:
                if self.names.gazetteer.concepts[other.concepts[0]].kind in kinds and slot & self.names.neighbours(
                    other.first, other.last
                ):
                    says, where = self.names.text_of(other.first, other.last)
                    return Finding("name", "contradicted", text, span, where,
                                   f"contradicted: {text!r}: the document has {says!r} in its place")  # fmt: skip
        return Finding("name", "unsupported", text, span, None, f"unsupported: {text!r}: the document does not name it")

    def _knows(self, reader: NameReader, i: int, source: str) -> bool | None:
        """Whether the document has the word at ``i`` of the summary; None where that cannot be told."""
        token = reader.tokens[i]
        if self.names.knows_word(token, generous=False):
            return True
        word = token.lower.removesuffix("'s").rstrip("'")
        common = (
            word in reader.gazetteer.english or english_light(word) in reader.gazetteer.english
            if token.kind == "w"
            else any(s in reader.gazetteer.arabic for s in arabic_stems(word))
        )
        if (token.kind == "a") != self.names.arabic:
            if common:
                return None  # a name that is translated: Labour Party
            best = self.names.transliterated(word)
            if best >= SAME:
                return True
            known_name = (
                source == "title"
                or self._surname(reader, i)
                or word in reader.gazetteer.names_en
                or any(s in reader.gazetteer.names_ar for s in arabic_stems(word)[:2])
            )
            if token.kind == "a" and source != "title" and token.lower.startswith("ال"):
                return None  # a word of its own, as likely as a name
            return False if best < MAYBE and known_name else None  # else it may be translated: Forum, Navy
        if common:
            return None
        return self.names.transliterated(word) >= SAME

    @staticmethod
    def _surname(reader: NameReader, i: int) -> bool:
        """Whether a capitalised word follows a given name: persons' names are never translated."""
        token, before = reader.tokens[i], reader.tokens[i - 1] if i else None
        return (
            before is not None
            and token.kind == before.kind == "w"
            and token.text[0].isupper()
            and before.text[0].isupper()
            and before.lower in reader.gazetteer.names_en
            and before.lower not in reader.gazetteer.english
            and (before.lower,) not in reader.gazetteer.aliases
        )

    def _name(self, reader: NameReader, name: Name) -> Finding | None:
        """A run of capitalised words, or Arabic words taken for names."""
        known = {i: self._knows(reader, i, name.source) for i in name.words}
        missing = [i for i in name.words if known[i] is False]
        if missing and name.opening and missing[0] == name.first and name.source == "capital":
            first = reader.tokens[name.first].lower.removesuffix("'s")
            if name.last - name.first == 1 or first not in reader.gazetteer.names_en:
                missing = missing[1:]  # a capital that opens a sentence says nothing
                if not missing:
                    return None
        if not missing:
            if all(known.values()):
                text, span = reader.text_of(name.first, name.last)
                return Finding("name", "supported", text, span)
            return None
        text, span = reader.text_of(missing[0], missing[-1] + 1)
        whole = reader.text_of(name.first, name.last)[0]
        other = self._other_name(reader, name, missing)
        if other is not None:
            says, where = other
            return Finding(
                "name", "contradicted", text, span, where, f"contradicted: {whole!r}: the document says {says!r}"
            )
        detail = "" if whole == text else f" (in {whole!r})"
        if known.get(name.words[-1]) and name.words[-1] not in missing and len(name.words) > 1:
            why = f"the document has {reader.tokens[name.words[-1]].text!r} without it"
        else:
            why = "the document does not name it"
        return Finding("name", "unsupported", text, span, None, f"unsupported: {text!r}{detail}: {why}")

    def _other_name(self, reader: NameReader, name: Name, missing: list[int]) -> tuple[str, tuple[int, int]] | None:
        """The document's first name for a surname that the summary gives another one."""
        last = name.words[-1]
        if len(name.words) < 2 or last in missing or missing[-1] != last - 1 or reader.tokens[last].kind != "w":
            return None
        word = reader.tokens[last].lower
        tokens = self.names.tokens
        for k in range(1, len(tokens)):
            before = tokens[k - 1]
            if (
                tokens[k].lower != word
                or not tokens[k].text[0].isupper()
                or before.kind != "w"
                or not before.text[0].isupper()
            ):
                continue
            first = before.lower
            plain = first not in TITLES_EN and first not in GENERIC_EN and (first,) not in reader.gazetteer.aliases
            if plain and len(first) > 2 and not first.endswith("'s") and first not in reader.gazetteer.english:
                return self.names.text_of(k - 1, k + 1)
        return None


_KEPT = 50_000  # characters: what is derived from a longer document takes too much memory to be kept


def prepared(text: str) -> Document:
    """``Document(text)``, made once for all that is checked against one document in turn, unless it is very long."""
    return _prepared(text) if len(text) <= _KEPT else Document(text)


@lru_cache(maxsize=32)
def _prepared(text: str) -> Document:
    return Document(text)
