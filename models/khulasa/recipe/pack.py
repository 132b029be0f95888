"""Examples as token ids, and packs of examples: one row of tokens without padding, with what attention needs.

A pack holds whole examples side by side. An example is a source and its targets (the summaries in both languages
and the headline of one document): the source is run once, the targets follow it, each seeing the source and itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

BLOCK_TOKENS = 160  # short neighbours share one attention block up to this size: fewer, larger multiplications
# Attention runs over windows of whole multiples of this: a library that compiles a kernel for each shape (oneDNN) would
# otherwise compile, and keep, a new one for nearly every pack.
WINDOW_STEP = 64


@dataclass(frozen=True)
class Encoded:
    """source: ids, ``<bos>`` first. targets: (prompt ids, target ids with ``<eos>``) of each output; the last
    ``len(worth)`` of them are not references but candidates, each with its reward."""

    source: tuple[int, ...]
    targets: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    worth: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.source) + sum(len(p) + len(y) for p, y in self.targets)


@dataclass(frozen=True)
class Block:
    """Positions ``first:last`` of a pack that attend among themselves.

    They are computed in the window of m positions from ``start`` on, which holds them; its masks ``[m, m]`` are added
    to the scores, and what comes out for its other positions is void.
    """

    first: int
    last: int
    start: int
    everywhere: Tensor
    near: Tensor


@dataclass(frozen=True)
class Pack:
    """T positions. ids, positions: ``[T]``; at: ``[Y]`` positions whose output is scored; gold: ``[Y]`` what follows
    them; target: ``[Y]`` index of the target that this belongs to; worth: ``[N]`` reward of each target, NaN for
    references; owner: ``[N]`` index of its example; blocks cover ``0:used``, and ``used:T`` is padding."""

    ids: Tensor
    positions: Tensor
    at: Tensor
    gold: Tensor
    target: Tensor
    worth: Tensor
    owner: Tensor
    blocks: tuple[Block, ...]
    used: int

    def to(self, device: torch.device) -> Pack:
        """The same pack on another device."""
        blocks = tuple(replace(b, everywhere=b.everywhere.to(device), near=b.near.to(device)) for b in self.blocks)
        return replace(
            self,
            ids=self.ids.to(device),
            positions=self.positions.to(device),
            at=self.at.to(device),
            gold=self.gold.to(device),
            target=self.target.to(device),
            worth=self.worth.to(device),
            owner=self.owner.to(device),
            blocks=blocks,
        )


def _mask(
    example: Tensor, segment: Tensor, positions: Tensor, window: int, dtype: torch.dtype, bidirectional: bool
) -> tuple[Tensor, Tensor]:
    """Masks of one block from each position's example, segment (0 source, 1.. targets) and position in its example."""
    order = torch.arange(len(example))
    causal = order[None, :] <= order[:, None]
    source_key = segment[None, :] == 0
    if bidirectional:
        causal = causal | (source_key & (segment[:, None] == 0))
    see = (example[None, :] == example[:, None]) & causal & (source_key | (segment[None, :] == segment[:, None]))
    near = see & ((positions[:, None] - positions[None, :]).abs() < window)
    return tuple(  # type: ignore[return-value]
        torch.zeros(m.shape, dtype=torch.float32).masked_fill_(~m, -math.inf).to(dtype) for m in (see, near)
    )


def build_pack(
    examples: Sequence[Encoded],
    window: int = 512,
    dtype: torch.dtype = torch.float32,
    total: int | None = None,
    bidirectional: bool = False,
) -> Pack:
    """Packs ``examples`` in order; ``total`` pads the row to a fixed length (static shapes compile better).

    Raises:
        ValueError: the examples take more than ``total`` positions.
    """
    ids: list[int] = []
    positions: list[int] = []
    example: list[int] = []
    segment: list[int] = []
    at: list[int] = []
    gold: list[int] = []
    targets: list[int] = []
    worth: list[float] = []
    owner: list[int] = []
    groups: list[tuple[int, int]] = []
    for index, one in enumerate(examples):
        n, first = len(one.source), len(ids)
        ids += one.source
        positions += range(n)
        segment += [0] * n
        for j, (prompt, target) in enumerate(one.targets, 1):
            start, length = len(ids), len(prompt) + len(target)
            ids += prompt + target
            positions += range(n, n + length)
            segment += [j] * length
            at += range(start + len(prompt) - 1, start + length - 1)
            gold += target
            targets += [len(owner)] * len(target)
            owner.append(index)
        worth += [math.nan] * (len(one.targets) - len(one.worth)) + list(one.worth)
        example += [index] * (len(ids) - first)
        if groups and len(ids) - groups[-1][0] <= BLOCK_TOKENS:
            groups[-1] = (groups[-1][0], len(ids))
        else:
            groups.append((first, len(ids)))
    used = len(ids)
    if total is not None:
        if used > total:
            raise ValueError(f"the examples take {used} positions, the pack has {total}")
        for row, filler in ((ids, 0), (positions, 0), (example, -1), (segment, 0)):
            row += [filler] * (total - used)
    where, which, part = torch.tensor(positions), torch.tensor(example), torch.tensor(segment)
    blocks = []
    for a, b in groups:
        size = min(-(-(b - a) // WINDOW_STEP) * WINDOW_STEP, len(ids))
        start = min(a, len(ids) - size)
        here = slice(start, start + size)
        blocks.append(Block(a, b, start, *_mask(which[here], part[here], where[here], window, dtype, bidirectional)))
    scored = (torch.tensor(at), torch.tensor(gold), torch.tensor(targets), torch.tensor(worth), torch.tensor(owner))
    return Pack(torch.tensor(ids), where, *scored, tuple(blocks), used)
