"""Keep a decoder from writing a number that the document cannot support.

Digits are single pieces in Gemma's vocabulary, so a number is spelled digit by digit and can be steered: where no
number is under way, a digit that begins no supported number is forbidden; inside one, only what leads to a supported
number may follow, and the number may end only where a supported one ends. Digit scripts do not matter for the value
(١٧ is 17), but one number is not written in two scripts.

A step costs a look at the last pieces and a dictionary look-up; what depends on the vocabulary is computed once
(:class:`NumberVocabulary`), what depends on the document once per document (:class:`NumberConstraint`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from .numerals import MAX_DIGITS, MAX_WRITTEN
from .quantities import Numbers, read_numbers
from .text import fold
from .wordban import WordVocabulary
from .wordlimits import WordPieces, components

_SEPARATORS = {".": ".", ",": ",", "٫": ".", "٬": ","}
_NUMBER_CHAR = re.compile(r"[0-9.,]")
SHORT = {"covid-": ("19",), "كوفيد-": ("19",), "كوفيد ": ("19",), "covid ": ("19",)}
"""Names with a number in them that a document may leave out."""


def _script(ch: str) -> int:
    """Code point of the zero of a digit's script, -1 for other characters."""
    value = unicodedata.decimal(ch, None)
    return -1 if value is None else ord(ch) - value


@dataclass(frozen=True)
class Step:
    """What may follow: ``only`` these ids when a number must go on, else all but ``forbid``."""

    forbid: tuple[int, ...] = ()
    only: tuple[int, ...] | None = None


@dataclass(frozen=True)
class NumberVocabulary:
    """The pieces of a vocabulary that matter to numbers.

    ``text`` has the surface of every id. ``starts`` are pieces that begin or continue a number right away (digits, or a
    space and digits), as (id, leading text, folded digits, script); ``separators`` the bare ones, as (id, sign).
    """

    text: tuple[str, ...]
    starts: tuple[tuple[int, str, str, int], ...]
    separators: tuple[tuple[int, str], ...]

    @classmethod
    def from_pieces(cls, pieces: Iterable[str]) -> NumberVocabulary:
        """From the pieces in id order, SentencePiece's ▁ for a space, <0xNN> for bytes."""
        text = tuple(
            "" if p.startswith("<") and p.endswith(">") and len(p) > 1 else p.replace("▁", " ") for p in pieces
        )
        starts, separators = [], []
        for i, piece in enumerate(text):
            bare = piece.lstrip(" \n(\"'$£€«“")
            if bare and all(_script(c) >= 0 for c in bare):
                starts.append((i, piece[: len(piece) - len(bare)], fold(bare).text, _script(bare[0])))
            elif piece in _SEPARATORS:
                separators.append((i, _SEPARATORS[piece]))
        return cls(text, tuple(starts), tuple(separators))

    @classmethod
    def from_file(cls, model_file: str) -> NumberVocabulary:
        """From a SentencePiece model file."""
        import sentencepiece

        model = sentencepiece.SentencePieceProcessor(model_file=model_file)
        return cls.from_pieces(model.id_to_piece(i) for i in range(model.get_piece_size()))

    @cached_property
    def word_pieces(self) -> WordPieces:
        """Pieces that complete number words."""
        return WordPieces.from_text(self.text)

    @cached_property
    def words(self) -> WordVocabulary:
        """The same pieces, to keep words out."""
        return WordVocabulary(self.text)

    @cached_property
    def digit_ids(self) -> frozenset[int]:
        """Ids of pieces with digits."""
        return frozenset(s[0] for s in self.starts)

    def tail(self, ids: Sequence[int]) -> str:
        """The text of the last ids, as far back as the number under way and a little before it."""
        out = ""
        for i in reversed(ids[-24:]):
            piece = self.text[i] if 0 <= i < len(self.text) else ""
            out = piece + out
            if len(out) > 8 and not (piece.strip() and (piece[0] in "٫٬.,-" or _script(piece[0]) >= 0)):
                break
        return out


def supported_forms(numbers: Numbers) -> frozenset[str]:
    """Every way, in ASCII digits, to write a number that the document states: as written, with and without thousands
    separators, scaled (2.5 for 2.5 million and for 2,487,000 rounded), the parts of dates and ranges."""
    forms: set[str] = set()
    for token in numbers.tokens:
        if token.kind == "n":
            raw = token.text.replace("\u00a0", ",").replace("،", ",")
            runs = re.split(r"[.,]", raw)
            if len(raw) > MAX_WRITTEN:  # a list without spaces, or no number
                forms.update(run for run in runs if len(run) <= MAX_DIGITS)
                continue
            forms.update({raw, raw.replace(",", ""), raw.replace(",", ".")})
            if len(runs) == 3 and not re.fullmatch(r"\d{1,3}(,\d{3})+", raw):
                forms.update(runs)  # 16.5.2003
            if raw.isdigit():
                forms.add(str(int(raw)))
    values: set[Decimal] = set()
    for q in numbers.quantities:
        if q.kind == "year":
            forms.update(str(int(v)) for v in (*q.values, *q.parts))
            continue
        if q.kind == "score":
            values.update(q.parts)
            continue
        values.update((*q.values, *(p for p in q.parts if p < 10**15)))
        if q.kind == "fraction":
            values.add(Decimal(round(q.value * 100)))
    for d in numbers.dates:
        values.update(Decimal(v) for v in (d.day, d.year) if v is not None)
        if d.first + 2 < d.last and numbers.tokens[d.first].kind == "n" and d.month:
            values.add(Decimal(d.month))
    for value in values:
        if value != value.to_integral_value():
            plain = format(value.normalize(), "f")
            forms.update({plain, plain.replace(".", ",")})
        else:
            forms.update({str(int(value)), f"{int(value):,}"})
        for scale in (10**3, 10**6, 10**9, 10**12):
            scaled = value / scale
            if not (Decimal("0.1") <= scaled < 1000) or value < 10**4:
                continue
            for step in (Decimal("0.01"), Decimal("0.1"), Decimal(1)):
                rounded = scaled.quantize(step)
                if abs(rounded - scaled) <= scaled / 20 and rounded > 0:
                    text = format(rounded.normalize(), "f")
                    forms.update({text, text.replace(".", ",")})
    return frozenset(f for f in forms if f and f[0].isdigit())


@dataclass(frozen=True)
class NumberConstraint:
    """What numbers may be written in a summary of one document.

    ``forbids(prefix, piece)`` answers for the digits of one piece of text, :meth:`step` for a whole vocabulary at once.
    With ``words``, ``step`` steers number words as well as digits (:mod:`summarize.checks.wordlimits`).

    >>> NumberConstraint("It killed 17 people in 2003.").forbids("It killed 1", "8")
    True
    """

    document: str
    vocabulary: NumberVocabulary | None = None
    words: bool = False
    _steps: dict[tuple[str, int, str], Step] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def forms(self) -> frozenset[str]:
        """Supported numbers in ASCII digits."""
        return supported_forms(read_numbers(self.document))

    @cached_property
    def components(self) -> frozenset[int]:
        """Values of number words that may be part of saying a number of the document."""
        return components(read_numbers(self.document))

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """All that may stand while a number is being written, the complete ones included."""
        return frozenset(f[:n] for f in self.forms for n in range(1, len(f) + 1))

    @staticmethod
    def running(prefix: str) -> tuple[str, int]:
        """The number under way at the end of ``prefix``, folded, and its script's zero; ("", -1) if there is none."""
        i = len(prefix)
        while i and (_script(prefix[i - 1]) >= 0 or prefix[i - 1] in _SEPARATORS):
            i -= 1
        tail = prefix[i:].lstrip(".,٫٬")
        if not tail:
            return "", -1
        return "".join(_SEPARATORS.get(c, c) if _script(c) < 0 else fold(c).text for c in tail), _script(tail[0])

    def complete(self, number: str) -> bool:
        """Whether a number under way may end here (a trailing comma or stop is punctuation)."""
        return not number or number.rstrip(".,") in self.forms

    def _exempt(self, prefix: str, digits: str) -> bool:
        low = prefix.lower()
        for lead, numbers in SHORT.items():
            for number in numbers:
                for cut in range(len(number)):
                    if low.endswith(lead + number[:cut]) and number.startswith(number[:cut] + digits):
                        return True
        return False

    def _allowed(self, number: str, script: int, digits: str, its_script: int) -> bool:
        if script >= 0 and its_script != script:
            return False
        return number + digits in self.prefixes

    def forbids(self, prefix: str, piece: str) -> bool:
        """Whether ``piece``, written after ``prefix``, begins or continues a number that the document cannot
        support, or
        leaves one unfinished."""
        number, script = self.running(prefix)
        i = 0
        while i < len(piece):
            ch = piece[i]
            zero = _script(ch)
            if zero >= 0:
                digit = fold(ch).text
                if self._exempt(prefix + piece[:i], digit):
                    number, script = "", -1
                elif not self._allowed(number, script, digit, zero):
                    return True
                else:
                    number, script = number + digit, zero
            elif ch in _SEPARATORS and number:
                number += _SEPARATORS[ch]
                if number not in self.prefixes and not self.complete(number):
                    return True
            else:
                if not self.complete(number) and not self._exempt_end(prefix + piece[:i]):
                    return True
                number, script = "", -1
            i += 1
        return False

    def _exempt_end(self, text: str) -> bool:
        low = text.lower()
        return any(low.endswith(lead + n) for lead, ns in SHORT.items() for n in ns)

    def step(self, prefix: str) -> Step:
        """Ids that may or may not follow ``prefix`` (only its last characters matter). Needs the vocabulary."""
        if self.vocabulary is None:
            raise ValueError("NumberConstraint needs a NumberVocabulary to answer for ids; pass vocabulary=")
        number, script = self.running(prefix)
        special = (
            prefix[-8:]
            .lower()
            .endswith(tuple(lead + n[:k] for lead, ns in SHORT.items() for n in ns for k in range(3)))
        )
        word = self.vocabulary.word_pieces.word_under_way(prefix) if self.words and not number else ""
        key = (number, script, word)
        if not special and key in self._steps:
            return self._steps[key]
        step = self._make_step(prefix, number, script)
        if self.words and step.only is None:
            more = self.vocabulary.word_pieces.forbidden(word, self.components)
            step = Step(forbid=tuple(dict.fromkeys((*step.forbid, *more))))
        if not special:
            self._steps[key] = step
        return step

    def _make_step(self, prefix: str, number: str, script: int) -> Step:
        vocabulary = self.vocabulary
        assert vocabulary is not None
        if self.complete(number) or self._exempt_end(prefix):
            return Step(forbid=tuple(s[0] for s in vocabulary.starts if self.forbids(prefix, vocabulary.text[s[0]])))
        goes_on = [i for i, lead, *_ in vocabulary.starts if not lead and not self.forbids(prefix, vocabulary.text[i])]
        goes_on += [i for i, sign in vocabulary.separators if number + sign in self.prefixes]
        if not goes_on:  # written by someone else's hand; let it pass
            return Step(forbid=tuple(vocabulary.digit_ids))
        return Step(only=tuple(goes_on))
