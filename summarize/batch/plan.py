"""Which documents share a batch: neighbours in length, within a budget of tokens. A pure function of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Batches are closed where more of them would be padding; the first few documents of a batch may differ more, since
# a decoder step costs nearly the same for one as for four.
_MOST_PADDING = 0.08
_FREE = 4
# Outputs (documents x tasks x beams) that are written at once: their keys and values take some 2 MB each.
_MOST_OUTPUTS = 128


@dataclass(frozen=True)
class Item:
    """A document to plan for: its place in the window, its tokens, the languages of its summaries."""

    offset: int
    tokens: int
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Places of the documents; tokens: that the encoder reads of them all; area: the same with the padding."""

    offsets: tuple[int, ...]
    tokens: int
    area: int


def plan_batches(items: Sequence[Item], limit: int, budget: int, outputs: int = 1) -> list[Batch]:
    """Batches of neighbours in length, long and short ones in turn.

    Args:
        limit: tokens that the encoder reads at once; longer documents are brought down to it.
        budget: tokens of a batch, padding included; a document beyond it stands alone.
        outputs: rows that a document takes in the decoder, per language.
    """
    batches = []
    for languages in sorted({item.languages for item in items}):
        group = sorted((item for item in items if item.languages == languages), key=lambda i: (-i.tokens, i.offset))
        most = max(1, _MOST_OUTPUTS // max(1, outputs * len(languages)))
        batches += _cut(group, limit, budget, most)
    # In turn from both ends: what has been done so far then says how fast the rest will go.
    batches.sort(key=lambda batch: (-batch.area, batch.offsets))
    half = (len(batches) + 1) // 2
    turned = [batch for pair in zip(batches[:half], reversed(batches[half:]), strict=False) for batch in pair]
    return turned + batches[len(turned) // 2 : half]


def _cut(group: Sequence[Item], limit: int, budget: int, most: int) -> list[Batch]:
    batches: list[Batch] = []
    current: list[Item] = []
    total = 0
    for item in group:
        if current:
            longest, size = min(current[0].tokens, limit), len(current) + 1
            padded = 1 - (total + min(item.tokens, limit)) / (longest * size)
            full = size > most or longest * size > budget
            if full or (size > _FREE and padded > _MOST_PADDING):
                batches.append(_batch(current, limit))
                current, total = [], 0
        current.append(item)
        total += min(item.tokens, limit)
    if current:
        batches.append(_batch(current, limit))
    return batches


def _batch(items: Sequence[Item], limit: int) -> Batch:
    read = [min(item.tokens, limit) for item in items]
    return Batch(tuple(item.offset for item in items), sum(read), max(read) * len(read))
