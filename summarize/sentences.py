"""Sentence splitting for Arabic and English.

Sentences end at ``.``, ``!``, ``?``, ``؟``, ``…`` and ``۔`` followed by white space (closing quotes and brackets
go with the sentence), and at line breaks. A full stop after an abbreviation, an initial or a list number does
not end one, nor does a stop inside a decimal, a web address or a version number, since no white space follows it.
The Arabic semicolon ``؛`` and the comma ``،`` join clauses and do not end sentences.
"""

from __future__ import annotations

import re

_CLOSERS = "\"'\u00bb\u201d\u2019\u203a)\\]}"
_END = re.compile(rf"(?:[.!?\u061f\u2026\u06d4]+[{_CLOSERS}]*(?=\s|$))|\n+")

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
_LAST_TOKEN = re.compile(r"[^\s(\[{\"'\u00ab\u201c\u2018]+$")
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*(?:\d{1,3}|[\u0660-\u0669]{1,3}|[A-Za-z])$")


def _ends_sentence(text: str, start: int, end: int) -> bool:
    """Whether the terminator ``text[start:end]`` ends a sentence."""
    mark = text[start:end]
    if mark[0] != "." or len(mark.rstrip(_CLOSERS.replace("\\", ""))) > 1:
        if mark[0] in "!?\u061f":  # "Yahoo! said", and quotes that the sentence goes on after
            following = text[end:].lstrip()
            return not (following[:1].islower())
        return not (mark[0] in ".\u2026" and text[end:].lstrip()[:1].islower())
    before = text[max(0, start - 24) : start]
    match = _LAST_TOKEN.search(before)
    token = match.group().lower() if match else ""
    following = text[end:].lstrip(" \t")
    if following[:1].islower():  # a lower-case Latin letter never begins a sentence
        return False
    if _LIST_NUMBER.search(text[max(0, start - 5) : start]):
        return False
    if token in _MAY_END:
        word = re.match(r"[A-Za-z]+", following)
        if word is None:  # a number goes on, Arabic or a quotation begins anew
            return not following[:1].isdigit()
        return word.group().lower() in _STARTERS
    if token in _BEFORE_NUMBER and following[:1].isdigit():
        return False
    if token in _ABBREVIATIONS:
        return not following or following[0] == "\n"
    if re.fullmatch(r"(?:[a-z]\.)*[a-z]", token) and before.endswith(text[start - 1]) and text[start - 1].isupper():
        return not following or following[0] == "\n"  # initials: J. K. Rowling
    return True


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Offsets ``(start, end)`` of the sentences of ``text``, white space at their ends left out."""
    spans: list[tuple[int, int]] = []
    begin = 0
    for match in _END.finditer(text):
        if text[match.start()] != "\n" and not _ends_sentence(text, match.start(), match.end()):
            continue
        spans.append((begin, match.end()))
        begin = match.end()
    spans.append((begin, len(text)))
    trimmed = []
    for start, end in spans:
        piece = text[start:end]
        lead = len(piece) - len(piece.lstrip())
        body = piece.strip()
        if body:
            trimmed.append((start + lead, start + lead + len(body)))
    return trimmed


def split_sentences(text: str) -> list[str]:
    """The sentences of ``text`` in order, stripped; paragraphs end sentences.

    >>> split_sentences("قال د. سامي إن 2.5 مليون حضروا. هل انتهى؟ نعم.")
    ['قال د. سامي إن 2.5 مليون حضروا.', 'هل انتهى؟', 'نعم.']
    """
    return [text[start:end] for start, end in sentence_spans(text)]
