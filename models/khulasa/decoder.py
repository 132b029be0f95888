"""The bundled model's decoder: all outputs of all documents in one batch, step after step.

A document's keys and values and those of its outputs' own tokens lie in one buffer of fixed size, so that attention is
one call for all outputs and beams of a document, which read its keys and values together; a mask keeps each to its own
tokens. ``P`` outputs and beams of a document have a place each, whether it is taken or not; the buffer holds the
document's ``n`` columns and then, step after step, ``P`` columns.

Shapes in the comments: B documents, R rows (outputs being written), P places of a document, n source tokens, N columns
in use, t new tokens of each row, D hidden size, H query heads, G key-value heads, d head size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .stack import Encoded, Layer, Stack

_NEGATIVE = float("-inf")
# Once only this share of the documents still have outputs to write, the others' keys and values are left out.
_SPARSE = 0.75
# Called with each global layer and its attention weights [B, H, P, t, N].
Watch = Callable[[Layer, Tensor], None]


class Decoder:
    """State of one decode batch.

    Args:
        tasks: outputs of each document; row ``i`` at first belongs to group ``i``, of document ``i // tasks``.
        slots: tokens of a row at most, its prompt included.
        width: rows of a group at most (beams).
    """

    def __init__(self, stack: Stack, encoded: Encoded, tasks: int, slots: int, width: int = 1) -> None:
        self.stack, self.tasks, self.width, self.places = stack, tasks, width, tasks * width
        self.documents = list(range(len(encoded.lengths)))  # which ones the buffers hold
        self.lengths: list[int] = encoded.lengths.tolist()  # of all documents, by number
        self.groups = list(range(len(self.lengths) * tasks))  # of each row
        self.pads = [0] * len(self.groups)  # left padding of each row's prompt
        self.n, self.slots, self.used = encoded.values[0].shape[2], slots, 0
        self.keys = [self._buffer(layer) for layer in encoded.keys]
        self.values = [self._buffer(layer) for layer in encoded.values]
        self._arrange()

    def _buffer(self, source: Tensor) -> Tensor:
        """``[B, G, n, d]`` with room for every place's slots: ``[B, G, n + slots P, d]``."""
        size = (*source.shape[:2], self.n + self.slots * self.places, source.shape[-1])
        buffer = source.new_zeros(size)
        buffer[:, :, : self.n] = source
        return buffer

    # ---- which rows there are --------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """What depends on which rows there are: their places, and what is hidden from them."""
        device, places = self.stack.device, self.places
        needed = list(dict.fromkeys(group // self.tasks for group in self.groups))
        if len(needed) <= _SPARSE * len(self.documents):
            self._drop(needed)
        at = {number: i for i, number in enumerate(self.documents)}
        lengths = [self.lengths[number] for number in self.documents]
        pads = [[0] * places for _ in lengths]
        self.flat: list[int] = []  # of each row: document * P + place
        rows_of: dict[int, int] = {}  # so far
        for row, group in enumerate(self.groups):
            order = rows_of[group] = rows_of.get(group, -1) + 1
            document, place = at[group // self.tasks], (group % self.tasks) * self.width + order
            self.flat.append(document * places + place)
            pads[document][place] = self.pads[row]
        self.full = len(self.flat) == len(lengths) * places
        self.rows = None if self.full else torch.tensor(self.flat, device=device)
        self.row_lengths = torch.tensor(lengths, device=device)[:, None]  # [B, 1]
        self.pad = torch.tensor(pads, device=device)  # [B, P]
        # Of every column: its position [B, P, n + slots P], and whether a place may look at it.
        source = torch.arange(self.n, device=device)
        slot = torch.arange(self.slots, device=device).repeat_interleave(places)
        owner = torch.arange(places, device=device).repeat(self.slots)
        own = self.row_lengths[..., None] - self.pad[..., None] + slot
        self.column = torch.cat([source.expand(*self.pad.shape, -1), own], dim=-1)
        see_source = (source < self.row_lengths[..., None]).expand(*self.pad.shape, -1)
        see_own = (owner == torch.arange(places, device=device)[:, None]) & (slot >= self.pad[..., None])
        self.hidden = torch.zeros(self.column.shape, dtype=self.stack.dtype, device=device)
        self.hidden.masked_fill_(~torch.cat([see_source, see_own], dim=-1), _NEGATIVE)

    def _drop(self, needed: list[int]) -> None:
        """Leaves out the documents whose outputs have all ended."""
        place = [self.documents.index(number) for number in needed]
        self.keys = [layer[place] for layer in self.keys]
        self.values = [layer[place] for layer in self.values]
        self.documents = needed

    def _spread(self, rows: Tensor) -> Tensor:
        """``[R, ...]`` to ``[B, P, ...]``; places that are not taken hold zeros."""
        if self.rows is not None:
            places = rows.new_zeros((len(self.documents) * self.places, *rows.shape[1:]))
            places[self.rows] = rows
            rows = places
        return rows.unflatten(0, (-1, self.places))

    def _collect(self, places: Tensor) -> Tensor:
        """``[B, P, ...]`` to ``[R, ...]``."""
        rows = places.flatten(0, 1)
        return rows if self.rows is None else rows[self.rows]

    def _choose(self, chosen: list[int]) -> None:
        """Row ``i`` becomes what row ``chosen[i]`` was."""
        documents = self.documents
        before = [(documents[flat // self.places], flat % self.places) for flat in self.flat]
        self.groups, self.pads = [self.groups[row] for row in chosen], [self.pads[row] for row in chosen]
        self._arrange()
        at = {number: i for i, number in enumerate(self.documents)}
        moves = [(at[before[row][0]], before[row][1], flat) for row, flat in zip(chosen, self.flat, strict=True)]
        moves = [move for move in moves if move[0] * self.places + move[1] != move[2]]
        if not moves:
            return
        document, old, flat = (torch.tensor(column, device=self.stack.device) for column in zip(*moves, strict=True))
        new = flat % self.places
        for buffers in (self.keys, self.values):
            for buffer in buffers:
                own = buffer[:, :, self.n : self.n + self.used * self.places].unflatten(2, (self.used, self.places))
                own[document, :, :, new] = own[document, :, :, old]

    # ---- steps -----------------------------------------------------------------------------------------------------

    def start(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Feeds each row's prompt (padded on the left); gives the logits after it ``[R, V]``."""
        longest = max(map(len, prompts))
        pad_id = self.stack.config["pad_token_id"]
        padded = [[pad_id] * (longest - len(ids)) + list(ids) for ids in prompts]
        self.pads = [longest - len(ids) for ids in prompts]
        self._arrange()
        return self.stack.logits(self.forward(torch.tensor(padded, device=self.stack.device))[:, -1])

    def step(self, tokens: Tensor, rows: Tensor | None) -> Tensor:
        """``tokens [R']`` continue ``rows [R']`` of the last batch (None: all, in order); gives ``[R', V]``."""
        if rows is not None:
            self._choose(rows.tolist())
        return self.stack.logits(self.forward(tokens[:, None])[:, -1])

    def _masks(self, positions: Tensor, first: int) -> dict[bool, Tensor]:
        """By kind of layer, what to add to scores ``[B, 1, P share t, N]``; ``positions [B, P, t]``."""
        t, columns = positions.shape[-1], self.n + self.used * self.places
        hidden = self.hidden[:, :, None, :columns]  # [B, P, t, N]
        if t > 1:
            slot = torch.arange(self.used, device=positions.device).repeat_interleave(self.places)
            later = slot > torch.arange(first, self.used, device=positions.device)[:, None]  # [t, N - n]
            hidden = hidden.expand(-1, -1, t, -1).masked_fill(F.pad(later, (self.n, 0)), _NEGATIVE)
        near = hidden
        window = self.stack.config["window"]
        if max(self.lengths) + self.used > window:
            far = self.column[:, :, None, :columns] <= positions[..., None] - window
            near = hidden.masked_fill(far, _NEGATIVE)
        share = self.stack.config["num_attention_heads"] // self.stack.config["num_key_value_heads"]
        return {
            kind: mask[:, :, None].expand(-1, -1, share, -1, -1).flatten(1, 3)[:, None]
            for kind, mask in ((True, hidden), (False, near))
        }

    def forward(self, ids: Tensor, watch: Watch | None = None) -> Tensor:
        """Hidden states ``[R, t, D]`` of the next ``ids [R, t]`` of every row."""
        stack, t = self.stack, ids.shape[1]
        first, self.used = self.used, self.used + t
        slots = torch.arange(first, self.used, device=ids.device)
        # A padded slot's position is before its row's first; it is never looked at.
        positions = torch.maximum(self.row_lengths - self.pad, self.row_lengths - slots[:, None, None])
        positions = (positions + slots[:, None, None]).permute(1, 2, 0)  # [B, P, t]
        masks = self._masks(positions, first)
        rotations = stack.rotations(self._collect(positions))
        begin, end = self.n + first * self.places, self.n + self.used * self.places
        x = stack.embed(ids)
        for layer, keys, values in zip(stack.layers, self.keys, self.values, strict=True):
            q, k, v = stack.project(layer, x, rotations[layer.everywhere])  # [R, t, H or G, d]
            groups = k.shape[2]
            # [B, P, t, G, d] to [B, G, t P, d]
            keys[:, :, begin:end] = self._spread(k).permute(0, 3, 2, 1, 4).flatten(2, 3)
            values[:, :, begin:end] = self._spread(v).permute(0, 3, 2, 1, 4).flatten(2, 3)
            q = self._spread(q.to(keys.dtype)).unflatten(3, (groups, -1)).permute(0, 3, 1, 4, 2, 5)
            shape = q.shape[2:5]  # P, share, t
            q = q.flatten(2, 4)  # [B, G, P share t, d]
            mask = masks[layer.everywhere]
            attended = F.scaled_dot_product_attention(
                q, keys[:, :, :end], values[:, :, :end], attn_mask=mask, scale=1.0
            )
            if watch is not None and layer.everywhere:
                weights = (q @ keys[:, :, :end].transpose(-1, -2) + mask).float().softmax(dim=-1)
                watch(layer, weights.unflatten(2, shape).transpose(2, 3).flatten(1, 2))
            attended = attended.unflatten(2, shape).permute(0, 2, 4, 1, 3, 5).flatten(3)  # [B, P, t, H d]
            x = stack.finish(layer, x, self._collect(attended))
        return x
