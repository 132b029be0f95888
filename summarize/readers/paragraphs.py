"""Lines of a page to paragraphs: joins, hyphens, running heads."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

SOFT_HYPHENS = "\u00ad\u0002\ufffe"
_NO_HYPHENS = dict.fromkeys(map(ord, SOFT_HYPHENS))  # pdfium joins hyphenated lines itself, and leaves a mark
_END = re.compile(r"[.!?؟…:؛][\"'»”’)\]]*$")
_BULLET = re.compile(r"^(?:[•●▪◦‣■–-]\s|\(?\d{1,2}[.)]\s)")
_PAGE_NUMBER = re.compile(
    r"^(?:page|p\.|صفحة|ص)?\s*[-–|]?\s*[\d\u0660-\u0669ivxIVX]{1,4}\s*[-–|]?(?:\s*(?:of|/|من)\s*[\d\u0660-\u0669]+)?$",
    re.I,
)


@dataclass(frozen=True)
class Line:
    """A line in reading order, where it is drawn, in points: left, right, baseline from below; size of its type."""

    text: str
    left: float = 0.0
    right: float = 0.0
    y: float = 0.0
    size: float = 0.0


def without_running_heads(pages: list[list[Line]]) -> list[list[Line]]:
    """Pages less page numbers, and less short first and last lines that recur on most of them (digits apart)."""
    edges: Counter[str] = Counter()
    for page in pages:
        edges.update({_key(line) for line in page[:2] + page[2:][-2:]})
    common = {key for key, count in edges.items() if count >= 3 and count * 2 > len(pages) and len(key.split()) <= 10}
    kept = []
    for page in pages:
        last = len(page) - 1
        kept.append(
            [
                line
                for at, line in enumerate(page)
                if not (at < 2 or at > last - 2)
                or not (_key(line) in common or (at in (0, last) and last > 0 and _PAGE_NUMBER.match(line.text)))
            ]
        )
    return kept


def _key(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)


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
