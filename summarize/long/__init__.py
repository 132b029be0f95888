"""Documents longer than the encoder reads at once: a plan, strategies, the length of the summary, evidence.

A document that fits is read as it is, whatever the strategy. ``STRATEGIES`` are the ways to read one that does not:

* ``select``: its first sentences, and the most central ones of each quarter of it, in its order;
* ``reduce``: a summary of each chunk of it, and then the summary of these;
* ``truncate``: its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import UsageError
from .length import AUTO, Portion, length_for, portions
from .reading import PARAGRAPH, Encoder, Piece, Reading, whole
from .reduce import reduce
from .select import select, truncate

__all__ = [
    "AUTO",
    "DEFAULT_STRATEGY",
    "PARAGRAPH",
    "STRATEGIES",
    "Encoder",
    "Piece",
    "Portion",
    "Reading",
    "about",
    "check_strategy",
    "length_for",
    "portions",
    "read",
    "whole",
]


STRATEGIES: dict[str, Callable[[str, Encoder], Reading]] = {"select": select, "reduce": reduce, "truncate": truncate}
DEFAULT_STRATEGY = "select"


def check_strategy(name: str) -> None:
    """Raises a ``UsageError`` unless there is such a strategy."""
    if name not in STRATEGIES:
        raise UsageError(f"{name!r} is not a strategy for long documents: choose from {', '.join(STRATEGIES)}")


def about(readings: Sequence[Reading]) -> list[str]:
    """What a reader of a summary should know of how its document was read: at most one line."""
    cut = [reading.kept for reading in readings if reading.kept and reading.strategy == "truncate"]
    kept = [reading.kept for reading in readings if reading.kept and reading.strategy == "select"]
    chunks = sum(reading.chunks for reading in readings if reading.strategy == "reduce")
    how = []
    if len(readings) > 1:
        how.append(f"it was summarised in {len(readings)} parts, a line for each")
    if kept:
        how.append(
            f"the summary rests on {sum(k for k, _ in kept)} of its {sum(n for _, n in kept)} sentences, the first "
            f"ones and the most central of each quarter" + (" of a part" if len(readings) > 1 else "")
        )
    if cut:
        how.append(
            f"the summary rests on the first {sum(k for k, _ in cut)} of its {sum(n for _, n in cut)} sentences"
            + (", the first ones of each part" if len(readings) > 1 else "")
        )
    if chunks:
        how.append(f"it was read in {chunks} chunks, and the summary rests on summaries of these")
    return [f"the document is longer than the model reads at once: {'; '.join(how)}"] if how else []


def read(text: str, strategy: str, encoder: Encoder) -> Reading:
    """What the encoder reads of a ``text`` that does not fit."""
    return STRATEGIES[strategy](text, encoder)
