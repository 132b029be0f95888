"""Sentence splitting for Arabic and English.

Sentences end at ``.``, ``!``, ``?``, ``؟``, ``…`` and ``۔`` followed by white space (closing quotes and brackets
go with the sentence), and at line breaks. A full stop after an abbreviation, an initial or a list number does
not end one, nor does a stop inside a decimal, a web address or a version number. Where the space after a stop was
forgotten (``الماضي.لكن``, ``the day.In``), whole words on both sides tell a sentence's end from an address.
The Arabic semicolon ``؛`` and the comma ``،`` join clauses and do not end sentences. Rows of signs are no sentences.

The work grows with the length of the text and no faster, whatever stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_CLOSERS = "\"'\u00bb\u201d\u2019\u203a)]}"
_MARKS = ".!?\u061f\u2026\u06d4"
_END = re.compile(rf"[{_MARKS}]+[{re.escape(_CLOSERS)}]*|\n+")

_ABBREVIATIONS = frozenset(
    """mr mrs ms mx dr prof rev fr hon gov sen rep gen col maj capt lt sgt cpl st ste mt ft jr sr esq messrs supt
    vs v etc eg e.g i.e ie cf al ed eds approx dept univ assn bros
    inc ltd co corp plc llc a.m p.m u.s u.k u.n u.s.a e.u d.c b.c a.d ph.d m.d b.a m.a ave blvd rd
    د أ م ا ص ج ت ط ق.م م.م ه هـ ر.س د.إ ج.م إ.م""".split()
)
# Words of their own too ("He said no."): abbreviations only before a number.
_BEFORE_NUMBER = frozenset(
    "no nos vol fig figs p pp ch sec art est jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
# After these a sentence may end as well as go on: "at 5 p.m. The police", "in the U.S. Officials".
_MAY_END = frozenset(
    "a.m p.m u.s u.k u.n u.s.a e.u d.c b.c a.d etc inc ltd co corp plc llc jr sr ph.d ه هـ ق.م".split()
)
# English words that rarely start a name, so that a capital after "p.m." begins a sentence.
_STARTERS = frozenset(
    """the a an he she it they we i you this that these those there his her its their but and in on at by for
    from as if when while after before since some many most all no not officials police what who how""".split()
)
_ARABIC = "\u0620-\u065f\u0670-\u06d3"
_LAST_TOKEN = re.compile(r"[^\s(\[{\"'\u00ab\u201c\u2018]+$")
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*(?:\d{1,3}|[\u0660-\u0669]{1,3}|[A-Za-z])$")
_LONE_NUMBER = re.compile(r"\(?(?:\d{1,3}|[A-Za-z]|[\u0621-\u064a])[.)]+")
_INITIALS = re.compile(r"(?:[a-z]\.)*[a-z]")
_ERA = re.compile(r"\d[\s/]*(?:م|هـ?|ق ?\. ?م|ق ?\. ?هـ?)$")  # "1952 م." mostly ends a sentence
_GLUED_BEFORE = re.compile(rf"(?:(?:^|[^{_ARABIC}.])[{_ARABIC}]{{3,}} ?|[{_ARABIC}]{{2,}} |(?:^|[^\w.'-])[a-z]{{2,}})$")
_GLUED_AFTER = re.compile(rf"[\"\u00ab\u201c]?(?:[{_ARABIC}]{{3,}}(?![{_ARABIC}.])|[A-Z][a-z]*(?=[\s,']))")
_NEXT = re.compile(r"[^\S\n]*(\S?)")
_NEXT_ANYWHERE = re.compile(r"\s*(\S?)")
_WORD = re.compile(r"[^\S\n]*([A-Za-z]*)")
_BACK = 32  # characters before a stop that are looked at


def _next(text: str, at: int, over_lines: bool = False) -> str:
    """The first character after white space, "" at the end (of the line)."""
    match = (_NEXT_ANYWHERE if over_lines else _NEXT).match(text, at)
    return match[1] if match else ""


def _ends_sentence(text: str, start: int, end: int) -> bool:
    """Whether the terminator ``text[start:end]``, its closing quotes included, ends a sentence."""
    mark = text[start:end].rstrip(_CLOSERS)
    before = text[max(0, start - _BACK) : start]
    if end < len(text) and not text[end].isspace():
        return _ends_glued(text, before, mark, end)
    if mark != ".":  # "Yahoo! said", and quotations or pauses that the sentence goes on after
        return not _next(text, end, over_lines=True).islower()
    following = _next(text, end)
    if following.islower():  # a lower-case Latin letter never begins a sentence
        return False
    if _LIST_NUMBER.search(before[-5:]):
        return False
    if _ERA.search(before.rstrip()):
        return not following.isdigit()
    match = _LAST_TOKEN.search(before.rstrip(" "))
    token = match.group().lower() if match else ""
    if token in _MAY_END:
        word = _WORD.match(text, end)
        if not word or not word[1]:  # a number goes on, Arabic or a quotation begins anew
            return not following.isdigit()
        return word[1].lower() in _STARTERS
    if token in _BEFORE_NUMBER and following.isdigit():
        return False
    single = len(token) == 1 and "\u0621" <= token <= "\u064a"  # an initial, "ق . م", a title
    if single or token in _ABBREVIATIONS or (_INITIALS.fullmatch(token) and before.rstrip(" ")[-1].isupper()):
        return not following  # initials: J. K. Rowling
    return True


def _ends_glued(text: str, before: str, mark: str, end: int) -> bool:
    """Whether a sentence ends at a mark that the next word follows without a space."""
    if mark.strip("?!\u061f") and mark != ".":
        return False
    if mark != ".":  # "انتهى؟نعم": no address has it
        return "\u0621" <= text[end] <= "\u064a"
    return bool(_GLUED_BEFORE.search(before.rstrip(_CLOSERS)) and _GLUED_AFTER.match(text, end))


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of what lies between two ends, white space at its own ends left out."""
    begin = 0
    for match in _END.finditer(text):
        start, end = match.span()
        if text[start] != "\n" and not _ends_sentence(text, start, end):
            continue
        yield from _stripped(text, begin, end)
        begin = end
    yield from _stripped(text, begin, len(text))


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    body = text[start:end]
    if not body.isspace() and body:
        yield start + len(body) - len(body.lstrip()), start + len(body.rstrip())


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Offsets ``(start, end)`` of the sentences of ``text``, white space at their ends left out."""
    spans: list[tuple[int, int]] = []
    number = False  # whether the last span is a list's number, which belongs to what follows
    for start, end in _pieces(text):
        wordless = not any(c.isalnum() for c in text[start:end])
        if spans and (number or wordless) and "\n" not in text[spans[-1][1] : start]:
            spans[-1] = (spans[-1][0], end)
        elif not wordless:
            spans.append((start, end))
        number = not wordless and _LONE_NUMBER.fullmatch(text, start, end) is not None
    return spans


def split_sentences(text: str) -> list[str]:
    """The sentences of ``text`` in order, stripped; paragraphs end sentences.

    >>> split_sentences("قال د. سامي إن 2.5 مليون حضروا. هل انتهى؟ نعم.")
    ['قال د. سامي إن 2.5 مليون حضروا.', 'هل انتهى؟', 'نعم.']
    """
    return [text[start:end] for start, end in sentence_spans(text)]
