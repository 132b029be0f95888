"""Map and reduce: a summary of every chunk, then the summaries are the text, until it fits the encoder."""

from __future__ import annotations

from .plan import Chunk, plan
from .reading import Encoder, Piece, Reading, whole
from .select import select

LEVELS = 4
# Tokens that a chunk's summary may come to in the text of the next level: the longest summaries are asked for that
# together fit the encoder.
_SIZES = {"long": 200, "medium": 110, "short": 60}


def reduce(text: str, encoder: Encoder) -> Reading:
    """Summaries of the chunks in a row, summarised again while they are too long, at most ``LEVELS`` times.

    A level that does not shrink the text ends it, as the last level does: what is too long then is selected from.
    """
    reading, chunks = whole(text), 0
    tokens = read = encoder.count(text)
    for _ in range(LEVELS):
        stretches = plan(reading.text, encoder.count, encoder.limit)
        if len(stretches) == 1:
            break
        chunks = chunks or len(stretches)
        shorter = _level(reading, stretches, encoder)
        size = encoder.count(shorter.text)
        if not shorter.text or size >= tokens:
            break
        reading, tokens = shorter, size
    if tokens > encoder.limit:
        reading = _through(reading, select(reading.text, encoder))
    return Reading(reading.text, reading.pieces, chunks, "reduce", read)


def _level(reading: Reading, stretches: list[Chunk], encoder: Encoder) -> Reading:
    """One level: the text of the chunks' summaries, each a piece that stands for its chunk's part of the document."""
    fitting = [name for name, size in _SIZES.items() if size * len(stretches) <= encoder.limit]
    texts = [reading.text[chunk.start : chunk.end] for chunk in stretches]
    drafts = encoder.draft(texts, fitting[0] if fitting else "short")
    text = ""
    pieces = []
    for chunk, draft in zip(stretches, drafts, strict=True):
        if not draft:
            continue
        text += "\n" if text else ""
        sources = reading.spans(chunk.start, chunk.end)
        pieces.append(Piece(len(text), len(text) + len(draft), (sources[0][0], sources[-1][1]), copied=False))
        text += draft
    return Reading(text, tuple(pieces))


def _through(outer: Reading, inner: Reading) -> Reading:
    """A reading of ``outer``'s text as one of the document that ``outer`` reads."""
    pieces = []
    for piece in inner.pieces:
        sources = outer.spans(*piece.source)
        copied = all(one.copied for one in outer.pieces)
        pieces.append(Piece(piece.start, piece.end, (sources[0][0], sources[-1][1]), copied))
    return Reading(inner.text, tuple(pieces))
