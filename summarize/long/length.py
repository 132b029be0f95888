"""How long a summary is to be: the rule behind ``length="auto"``.

To 150 words of document a short summary, to 600 a medium one, beyond a long one. A document of more than 4,000 words
gets a long summary for each 4,000, 8 at most, each of an equal stretch of the document, in its order: about 2 words
in 100.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..text import count_words
from .plan import parts, units

AUTO = "auto"
_STEPS = ((150, "short"), (600, "medium"))
_PART = 4000  # words
_MOST = 8


@dataclass(frozen=True)
class Portion:
    """A stretch of the document that gets a summary of its own, and how long that is."""

    start: int
    end: int
    length: str


def portions(text: str, length: str, count: Callable[[str], int], limit: int) -> list[Portion]:
    """The stretches of ``text`` to summarise: one, unless ``length`` is "auto" and the text very long."""
    if length != AUTO:
        return [Portion(0, len(text), length)]
    words = count_words(text)
    number = min(-(-words // _PART), _MOST)
    if number <= 1:
        return [Portion(0, len(text), next((name for most, name in _STEPS if words <= most), "long"))]
    found = units(text, count, limit)
    return [Portion(found[r.start].start, found[r.stop - 1].end, "long") for r in parts(found, number)]
