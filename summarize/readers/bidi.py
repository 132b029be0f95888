"""Arabic lines from the order they are drawn in to the order they are read in.

A page shows characters at places; what a PDF stores may be in reading order, drawing order, or neither. The one fact
that all have in common is the picture, so lines are taken left to right as drawn, and the Unicode Bidirectional
Algorithm (UAX #9) is undone: numbers and Latin words run left to right in a right-to-left line (rules W2, W4, W7 and
N1 decide what a run is), and brackets are mirrored (rule L4).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]")
_PAIRS = {a: b for x, y in ("()", "[]", "{}", "«»", "‹›", "<>") for a, b in ((x, y), (y, x))}
_WORD = re.compile("[\u0620-\u064a\u0671-\u06d3]{3,}")
# A comma or semicolon that a number or Latin word was drawn on the wrong side of.
_STRAY_COMMA = re.compile(r"(?<=\s)([،؛])([A-Za-z0-9][\w.%/:-]*)(?=\s|$)")
_COMMON = re.compile(r"[,.:/\u066b\u066c]")


def plain_letters(text: str) -> str:
    """Presentation forms as ordinary letters.

    >>> plain_letters("\\ufefb")
    'لا'
    """
    return _PRESENTATION.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)


def arabic_letters(text: str) -> int:
    """How many Arabic letters ``text`` has, presentation forms among them."""
    return len(_ARABIC.findall(text))


def is_rtl(text: str) -> bool:
    """Whether more of the letters of ``text`` are Arabic than are not."""
    arabic = arabic_letters(text)
    return arabic * 2 > sum(c.isalpha() for c in text)


def _kind(cluster: str) -> str:
    """R (Arabic or Hebrew letter), L (other letter), N (digit) or "" (neutral) of one drawn cluster."""
    for char in cluster:
        match unicodedata.bidirectional(char):
            case "R" | "AL":
                return "R"
            case "L":
                return "L"
            case "EN" | "AN":
                return "N"
    return ""


def to_logical(clusters: Sequence[str], rtl: bool) -> str:
    """A line in reading order.

    clusters: what is drawn, from left to right: a letter with its marks, or a ligature's letters in reading order;
    rtl: whether the line's paragraph runs from right to left.

    >>> to_logical(list(".%45.5 ةبسنب UNESCO لاق"), rtl=True)
    'قال UNESCO بنسبة 45.5%.'
    >>> to_logical(list("He said (ابحرم) twice"), rtl=False)
    'He said (مرحبا) twice'
    """
    if rtl:
        return _STRAY_COMMA.sub(r"\2\1", "".join(_from_right(list(clusters))))
    kinds = [_kind(c) for c in clusters]
    result: list[str] = []
    at = 0
    while at < len(clusters):
        if kinds[at] != "R":
            result.append(clusters[at])
            at += 1
            continue
        last = end = at
        while end < len(clusters) and kinds[end] != "L":
            last = end if kinds[end] == "R" else last
            end += 1
        result += _from_right(list(clusters[at : last + 1]))
        at = last + 1
    return "".join(result)


def with_right_brackets(text: str) -> str:
    """``text``, in reading order, with its brackets turned if most of them stand the wrong way.

    >>> with_right_brackets("قال )أحمد( إنه")
    'قال (أحمد) إنه'
    """
    if not _brackets_mirrored(list(text), strict=True):
        return text
    return "".join(_PAIRS.get(c, c) for c in text)


def _from_right(drawn: list[str]) -> list[str]:
    line = drawn[::-1]
    kinds = [_kind(c) for c in line]
    mirrored = _brackets_mirrored(line)
    result: list[str] = []
    at = 0
    while at < len(line):
        if kinds[at] in ("L", "N"):
            end = _end_of_run(line, kinds, at)
            result += line[at:end][::-1]
            at = end
        else:
            result.append(_PAIRS.get(line[at], line[at]) if mirrored else line[at])
            at += 1
    return result


def _end_of_run(line: list[str], kinds: list[str], start: int) -> int:
    """End of the left-to-right run that begins at ``start`` of a line turned round."""
    # Turned round, a run's end comes first, so its letters may follow its numbers: "15 iPhone" for "iPhone 15".
    latin_ahead = _latin_before_arabic(kinds, start)
    end = at = start
    while at < len(line) and kinds[at] != "R":
        if kinds[at] in ("L", "N"):
            end = at + 1
            at += 1
        elif kinds[at] == "" and (
            latin_ahead > at
            or (_COMMON.fullmatch(line[at]) and at + 1 < len(line) and kinds[at - 1] == kinds[at + 1] == "N")
        ):
            at += 1
        else:
            break
    return end


def _latin_before_arabic(kinds: list[str], start: int) -> int:
    """Place of the last Latin letter before the next Arabic one, or -1."""
    last = -1
    for at in range(start, len(kinds)):
        if kinds[at] == "R":
            break
        if kinds[at] == "L":
            last = at
    return last


def _brackets_mirrored(line: list[str], strict: bool = False) -> bool:
    """Whether brackets must be turned: producers store either the shape drawn or the character meant."""
    as_is = turned = 0
    for at, cluster in enumerate(line):
        if cluster not in _PAIRS:
            continue
        space_before = at == 0 or line[at - 1].isspace()
        space_after = at + 1 == len(line) or line[at + 1].isspace() or line[at + 1] in ".،؛:!؟?"
        if space_before != space_after:
            opens = cluster in "([{«‹<"
            as_is += opens == space_before
            turned += opens != space_before
    return turned > as_is or (turned == as_is and not strict)


def looks_reversed(text: str) -> bool:
    """Whether Arabic words stand backwards: the article at their ends, ta marbuta and alef maqsura at their starts.

    >>> looks_reversed("ةحصلا ةرازو تنلعأ"), looks_reversed("أعلنت وزارة الصحة")
    (True, False)
    """
    right = wrong = 0
    for word in _WORD.findall(plain_letters(text)):
        right += word.startswith("ال") + (word[-1] in "ةى")
        wrong += word.endswith("لا") + (word[0] in "ةى")
    return wrong > right
