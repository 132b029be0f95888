"""Lines of a page to paragraphs: joins, hyphens, running heads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

SOFT_HYPHENS = "\u00ad\u0002\ufffe"
_NO_HYPHENS = dict.fromkeys(map(ord, SOFT_HYPHENS))  # pdfium joins hyphenated lines itself, and leaves a mark
_END = re.compile(r"[.!?؟…:؛][\"'»”’)\]]*$")
_BULLET = re.compile(r"^(?:[•●▪◦‣■–-]\s|\(?\d{1,2}[.)]\s)")
_PAGE_NUMBER = re.compile(
    r"^(?:page|p\.|صفحة|ص)?\s*[-–|]?\s*(\d{1,4}|[ivx]{1,6})\s*[-–|]?(?:\s*(?:of|/|من)\s*\d+)?$", re.I
)
_LONGEST_HEAD = 10  # words
_SAME_HEIGHT = 3.0  # points


@dataclass(frozen=True)
class Line:
    """A line in reading order, where it is drawn, in points: left, right, baseline from below; size of its type."""

    text: str
    left: float = 0.0
    right: float = 0.0
    y: float = 0.0
    size: float = 0.0


def without_running_heads(pages: list[list[Line]]) -> list[list[Line]]:
    """Pages less their running heads, feet and page numbers.

    A line is one of these only at the edge of its page (its two outermost lines), and only where the pages bear it out:
    short lines that are alike, digits apart, and stand at one height on half of the pages and three at least; or
    numbers that go up with the pages.
    """
    edges = [_edge(page) for page in pages]
    alike: dict[str, list[tuple[int, int]]] = {}
    numbers: dict[int, list[tuple[int, int]]] = {}
    for at, page in enumerate(pages):
        for place in edges[at]:
            text = page[place].text
            if len(text.split()) <= _LONGEST_HEAD and any(c.isalpha() for c in text):
                alike.setdefault(re.sub(r"\d+", "#", text), []).append((at, place))
            if (number := _page_number(text)) is not None:
                numbers.setdefault(number - at, []).append((at, place))
    dropped: set[tuple[int, int]] = set()
    for places in alike.values():
        level = median(pages[at][place].y for at, place in places)
        same = [(at, place) for at, place in places if abs(pages[at][place].y - level) <= _SAME_HEIGHT]
        count = len({at for at, _ in same})
        if count >= 3 and 2 * count >= len(pages):
            dropped.update(same)
    for places in numbers.values():
        if len({at for at, _ in places}) >= min(3, max(2, len(pages) - 1)):
            dropped.update(places)
    return [[line for place, line in enumerate(page) if (at, place) not in dropped] for at, page in enumerate(pages)]


def _edge(page: list[Line]) -> list[int]:
    """Places of the lines on the two outermost heights at either end; of a page without heights, by their order."""
    heights = sorted({round(line.y) for line in page})
    if len(heights) < 2:
        return [place for place in range(len(page)) if place < 2 or place >= len(page) - 2]
    outer = {*heights[:2], *heights[-2:]}
    return [place for place, line in enumerate(page) if round(line.y) in outer]


_ROMAN = {"i": 1, "v": 5, "x": 10}


def _page_number(text: str) -> int | None:
    """The number of a line that is a page's number and nothing else: 12, ١٢, Page 3 of 9, iv."""
    match = _PAGE_NUMBER.match(text.strip())
    if match is None:
        return None
    figure = match.group(1).lower()
    if figure.isdecimal():
        return int(figure)
    values = [_ROMAN[letter] for letter in figure]
    return sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))


def join(pages: list[list[Line]], rtl: bool) -> list[str]:
    """Paragraphs of a document; one that goes on over a page break is one."""
    paragraphs: list[str] = []
    for page in pages:
        if not page:
            continue
        left, right = min(line.left for line in page), max(line.right for line in page)
        steps = [a.y - b.y for a, b in pairwise(page) if 0 < a.y - b.y < 3 * a.size]
        step = median(steps) if steps else 0.0
        previous: Line | None = None
        for line in page:
            if previous is None:
                starts = not paragraphs or bool(_END.search(paragraphs[-1])) or bool(_BULLET.match(line.text))
            else:
                starts = _starts_paragraph(previous, line, (left, right), step, rtl)
            if starts:
                paragraphs.append(line.text)
            else:
                paragraphs[-1] = _joined(paragraphs[-1], line.text)
            previous = line
    cleaned = (" ".join(p.translate(_NO_HYPHENS).split()) for p in paragraphs)
    return [p for p in cleaned if p]


def _starts_paragraph(before: Line, line: Line, column: tuple[float, float], step: float, rtl: bool) -> bool:
    if before.text[-1:] in SOFT_HYPHENS and before.text:
        return False
    if _BULLET.match(line.text):
        return True
    if not line.size:  # nothing is known but the text
        return bool(_END.search(before.text)) and len(before.text) < 0.75 * max(len(line.text), 40)
    if abs(line.size - before.size) > 0.15 * before.size:
        return True
    down = before.y - line.y
    if down <= 0 and line.left > before.left:  # up again: the next column
        return bool(_END.search(before.text))
    if (step and down > 1.35 * step) or down > 3 * line.size:
        return True
    width = max(column[1] - column[0], 1.0)
    indent = column[1] - line.right if rtl else line.left - column[0]
    before_indent = column[1] - before.right if rtl else before.left - column[0]
    ended = _END.search(before.text) is not None
    if ended and 0.9 * line.size < indent < 0.2 * width and before_indent < 0.5 * line.size:
        return True
    reach = before.left - column[0] if rtl else column[1] - before.right
    return ended and reach > 0.12 * width and before.right - before.left < width


def _joined(text: str, line: str) -> str:
    if text[-1] in SOFT_HYPHENS:
        return text[:-1] + line
    if len(text) > 2 and text[-1] in "-\u2010" and text[-2].isalpha() and line[:1].islower():
        return text[:-1] + line
    return f"{text} {line}"
