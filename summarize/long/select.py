"""Content selection: the sentences that stand for the whole document, in its order, as many as the encoder reads.

Beside it, to compare with: the document's first sentences.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from .central import Sentences
from .plan import Unit, parts, units
from .reading import Encoder, Piece, Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAD = 0.25  # of the room for the document's first sentences, whatever they say
QUARTERS = 4  # parts of the document that share the rest of the room equally
OPENING = 0.5  # how much more a paragraph's first sentence counts
REPEATED = 1.0  # how much less a sentence counts that says what a chosen one says
_LONGEST = 6  # a unit takes at most this part of the room: longer sentences are parted


def select(text: str, encoder: Encoder) -> Reading:
    """The most central sentences: see ``choose``."""
    room = encoder.limit - encoder.count("")
    found = units(text, encoder.count, max(room // _LONGEST, 1))
    chosen = choose([text[u.start : u.end] for u in found], found, room)
    while True:
        reading = _assemble(text, found, sorted(chosen))
        if len(chosen) < 2 or encoder.count(reading.text) <= encoder.limit:
            break
        chosen.pop()  # tokens of a text are not exactly the sum of its sentences'
    return Reading(reading.text, reading.pieces, 1, "select", kept=(len(chosen), len(found)))


def truncate(text: str, encoder: Encoder) -> Reading:
    """The document's beginning, to the last sentence that fits."""
    room = encoder.limit - encoder.count("")
    found = units(text, encoder.count, room)
    number = max(1, bisect_right(list(accumulate(unit.size for unit in found)), room))
    while number > 1 and encoder.count(text[: found[number - 1].end]) > encoder.limit:
        number -= 1
    first, last = found[0].start, found[number - 1].end
    pieces = (Piece(0, last - first, (first, last)),)
    return Reading(text[first:last], pieces, 1, "truncate", kept=(number, len(found)))


def choose(texts: Sequence[str], found: Sequence[Unit], room: int) -> list[int]:
    """Which units to read, of at most ``room`` tokens together, first those that matter most.

    A quarter of the room goes to the document's beginning; each quarter of the document gets a fourth of the rest, for
    its most central sentences; what then remains goes to the most central of all. A sentence's rank is its
    centrality, more where it opens a paragraph, less the more it resembles one that was chosen.
    """
    import numpy as np

    sentences = Sentences.of(texts)
    rank = sentences.centrality() * len(texts) * np.array([1 + OPENING * unit.opens for unit in found])
    sizes = np.array([unit.size for unit in found])
    picker = _Picker(sentences, rank, sizes)
    spent = int(np.searchsorted(np.cumsum(sizes), LEAD * room, side="right"))
    for i in range(spent):
        picker.take(i)
    rest = room - picker.spent
    quarters = parts(found, QUARTERS)
    for k, quarter in enumerate(quarters, 1):
        picker.fill(quarter, room - rest + rest * k // len(quarters))
    picker.fill(range(len(found)), room)
    return picker.chosen


class _Picker:
    """Takes the unit of highest rank that still fits, again and again."""

    def __init__(self, sentences: Sentences, rank: NDArray[np.float64], sizes: NDArray[np.int64]) -> None:
        import numpy as np

        self.sentences, self.rank, self.sizes = sentences, rank, sizes
        self.likeness = np.zeros(len(rank))
        self.free = np.ones(len(rank), dtype=bool)
        self.chosen: list[int] = []
        self.spent = 0

    def take(self, unit: int) -> None:
        import numpy as np

        self.chosen.append(unit)
        self.free[unit] = False
        self.spent += int(self.sizes[unit])
        self.likeness = np.maximum(self.likeness, self.sentences.cosine(unit))

    def fill(self, among: range, room: int) -> None:
        """Takes units of a stretch while ``room`` tokens hold them, those of earlier calls included."""
        import numpy as np

        at = slice(among.start, among.stop)
        while True:
            fitting = self.free[at] & (self.sizes[at] <= room - self.spent)
            if not fitting.any():
                return
            value = np.where(fitting, self.rank[at] - REPEATED * self.likeness[at], -np.inf)
            self.take(among.start + int(value.argmax()))


def _assemble(text: str, found: Sequence[Unit], chosen: Sequence[int]) -> Reading:
    """The chosen units in order; what stood between neighbours stays, else a space, or a line break at paragraphs."""
    read = ""
    pieces: list[Piece] = []
    for at, i in enumerate(chosen):
        unit = found[i]
        if at and chosen[at - 1] == i - 1:
            last = pieces.pop()
            read += text[last.source[1] : unit.end]
            pieces.append(Piece(last.start, len(read), (last.source[0], unit.end)))
            continue
        if at:
            read += "\n" if any(u.opens for u in found[chosen[at - 1] + 1 : i + 1]) else " "
        start = len(read)
        read += text[unit.start : unit.end]
        pieces.append(Piece(start, len(read), (unit.start, unit.end)))
    return Reading(read, tuple(pieces))
