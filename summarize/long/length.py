"""How long a summary is, and in how many portions it is made.

A document that the model reads at once gets one passage. Of a longer one, a short summary is one passage, too; a medium
one is made of two halves and a long one of four quarters, a short passage for each in the document's order, so that the
summary covers the whole and not what the model happens to pick.

``length="auto"`` lets the document decide: to 150 words a short summary, to 600 a medium one, then a long one; beyond
4,000 words a medium passage more for each 1,500, to 24: some three words of a hundred, and of each passage's stretch
the model reads about half.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..text import count_words
from .plan import parts, units

AUTO = "auto"
_STEPS = ((150, "short"), (600, "medium"))  # words of a document to the length of its summary
_PORTIONS = {"short": 1, "medium": 2, "long": 4}  # of a document that does not fit
_LONG = 4000  # words, beyond which
_FURTHER = 1500  # so many get a portion more
_MOST = 24


@dataclass(frozen=True)
class Portion:
    """A stretch of the document that gets a passage of its own, and how long that is."""

    start: int
    end: int
    length: str


def length_for(text: str) -> str:
    """The length of a summary of ``text`` where nobody said one.

    >>> length_for("word " * 150), length_for("word " * 151), length_for("word " * 9000)
    ('short', 'medium', 'long')
    """
    words = count_words(text)
    return next((name for most, name in _STEPS if words <= most), "long")


def portions(
    text: str, length: str, count: Callable[[str], int], fits: int, room: int, split: bool = True
) -> list[Portion]:
    """The stretches of ``text`` to summarise.

    Args:
        length: of the summary, or "auto".
        count: source tokens of a text; fits: those that are read at once; room: those that a longer one is brought
            down to; split: whether there may be several.
    """
    wanted = length_for(text) if length == AUTO else length
    tokens = count(text)
    number, passage = _PORTIONS[wanted], "short"
    words = count_words(text) if length == AUTO else 0
    if words > _LONG:
        number, passage = min(number - (_LONG - words) // _FURTHER, _MOST), "medium"
    number = min(number, 2 * tokens // room)  # a portion should fill half of the room
    if tokens <= fits or number <= 1 or not split:
        return [Portion(0, len(text), wanted)]
    found = units(text, count, room)
    return [Portion(found[r.start].start, found[r.stop - 1].end, passage) for r in parts(found, number)]
