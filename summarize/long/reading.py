"""What the encoder gets to read of a document, and where each piece of it stands in the document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

PARAGRAPH = "\n"  # between the portions of a summary
# (texts, length) -> a summary of each, in the documents' own language
Draft = Callable[[Sequence[str], str], list[str]]


@dataclass(frozen=True)
class Piece:
    """A stretch of the text that is read, and the stretch of the document that it is (``copied``) or sums up."""

    start: int
    end: int
    source: tuple[int, int]
    copied: bool = True


@dataclass(frozen=True)
class Reading:
    """What is encoded for a document.

    text: at most the encoder's limit, but where it is truncated; pieces: of ``text``, in order; chunks: parts of the
    document that go through the encoder; strategy: how the text came about; tokens: that the encoder read on the way
    to ``text``, None where it read nothing else; kept: of how many sentences how many are read, where they were chosen.
    """

    text: str
    pieces: tuple[Piece, ...]
    chunks: int = 1
    strategy: str = "whole"
    tokens: int | None = None
    kept: tuple[int, int] | None = None

    @property
    def truncated(self) -> bool:
        """Whether the document's end was not looked at."""
        return self.strategy == "truncate"

    def moved(self, by: int) -> Reading:
        """The same reading of a document in which everything stands ``by`` characters later."""
        pieces = [replace(p, source=(p.source[0] + by, p.source[1] + by)) for p in self.pieces]
        return replace(self, pieces=tuple(pieces))

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """Stretches of the document that ``text[start:end]`` is, or is made of; one for each piece it touches."""
        found = []
        for piece in self.pieces:
            a, b = max(start, piece.start), min(end, piece.end)
            if a < b:
                shift = piece.source[0] - piece.start
                found.append((a + shift, b + shift) if piece.copied else piece.source)
        return found


@dataclass(frozen=True)
class Encoder:
    """What a strategy may ask of the engine.

    count: source tokens of a text; limit: of those that it reads at once; draft: summaries of texts that fit.
    """

    count: Callable[[str], int]
    limit: int
    draft: Draft


def whole(text: str) -> Reading:
    """The document as it is."""
    return Reading(text, (Piece(0, len(text), (0, len(text))),))
