"""The bundled model's decoder: all outputs of all documents in one batch, step after step.

A document's keys and values and those of its outputs' own tokens lie in one buffer, so that attention is one call for
all outputs and beams of a document, which read its keys and values together; a mask keeps each to its own tokens. ``P``
outputs and beams of a document have a place each, whether it is taken or not; the buffer holds the document's ``n``
columns and then ``S`` columns for each place. A row may be given several tokens at once and keep only the first of them
(``keep``): a later token then takes the column of one that was not kept.

A few rows on CPU go through ``steps``, compiled, instead of ``forward``.

Shapes in the comments: L layers, B documents, R rows (outputs being written), P places of a document, n source tokens,
N columns, t new tokens of each row, D hidden size, H query heads, G key-value heads, d head size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .stack import Encoded, Layer, Stack
from .steps import MOST_ROWS

_NEGATIVE = float("-inf")
# Once only this share of the documents still have outputs to write, the others' keys and values are left out.
_SPARSE = 0.75
_SLOTS = 64  # columns of a place to begin with, and more whenever they are full
# Called with each global layer and its attention weights [B, H, P, t, N].
Watch = Callable[[Layer, Tensor], None]


class Decoder:
    """State of one decode batch.

    Args:
        tasks: outputs of each document; row ``i`` at first belongs to group ``i``, of document ``i // tasks``.
        width: rows of a group at most (beams).
    """

    def __init__(self, stack: Stack, encoded: Encoded, tasks: int, width: int = 1) -> None:
        self.stack, self.tasks, self.width, self.places = stack, tasks, width, tasks * width
        self.documents = list(range(len(encoded.lengths)))  # which ones the buffers hold
        self.lengths: list[int] = encoded.lengths.tolist()  # of all documents, by number
        self.groups = list(range(len(self.lengths) * tasks))  # of each row
        self.kept = [0] * len(self.groups)  # own tokens of each row
        self.n, self.slots = encoded.values[0].shape[2], 0
        self.keys, self.values = (self._grown(layers, _SLOTS) for layers in (encoded.keys, encoded.values))
        self.slots = _SLOTS
        self._arrange()

    def _grow(self, slots: int) -> None:
        """Makes room for ``slots`` tokens in every place."""
        self.keys, self.values = self._grown(self.keys, slots), self._grown(self.values, slots)
        self.slots = slots

    def _grown(self, old: Sequence[Tensor] | Tensor, slots: int) -> Tensor:
        """``[L, B, G, n + P S, d]`` with another S, from the layers."""
        documents, groups, _, d = old[0].shape
        new = old[0].new_zeros((len(old), documents, groups, self.n + slots * self.places, d))
        for before, after in zip(old, new, strict=True):
            after[:, :, : self.n] = before[:, :, : self.n]
        if self.slots:
            assert isinstance(old, Tensor)
            self._own(new, slots)[..., : self.slots, :] = self._own(old, self.slots)
        return new

    def _own(self, buffer: Tensor, slots: int) -> Tensor:
        """The places' columns ``[L, B, G, P, S, d]`` of a buffer."""
        return buffer[:, :, :, self.n :].unflatten(3, (self.places, slots))

    # ---- which rows there are --------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """What depends on which rows there are: their places."""
        device = self.stack.device
        needed = list(dict.fromkeys(group // self.tasks for group in self.groups))
        if len(needed) <= _SPARSE * len(self.documents):
            self._drop(needed)
        at = {number: i for i, number in enumerate(self.documents)}
        lengths = [self.lengths[number] for number in self.documents]
        self.flat: list[int] = []  # of each row: document * P + place
        rows_of: dict[int, int] = {}  # so far
        for group in self.groups:
            order = rows_of[group] = rows_of.get(group, -1) + 1
            self.flat.append(at[group // self.tasks] * self.places + (group % self.tasks) * self.width + order)
        in_order = self.flat == list(range(len(lengths) * self.places))
        self.rows = None if in_order else torch.tensor(self.flat, device=device)
        self.row_lengths = torch.tensor(lengths, device=device)[:, None]  # [B, 1]
        place = torch.arange(self.places, device=device)
        self.same = (place[:, None] == place)[:, None, :, None]  # [P, 1, P, 1]
        source = torch.arange(self.n, device=device)
        self.source = source < self.row_lengths  # [B, n]

    def _drop(self, needed: list[int]) -> None:
        """Leaves out the documents whose outputs have all ended."""
        place = [self.documents.index(number) for number in needed]
        self.keys, self.values = self.keys[:, place], self.values[:, place]
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
        self.groups, self.kept = [self.groups[row] for row in chosen], [self.kept[row] for row in chosen]
        self._arrange()
        at = {number: i for i, number in enumerate(self.documents)}
        moves = [(at[before[row][0]], before[row][1], flat) for row, flat in zip(chosen, self.flat, strict=True)]
        moves = [move for move in moves if move[0] * self.places + move[1] != move[2]]
        if not moves:
            return
        document, old, flat = (torch.tensor(column, device=self.stack.device) for column in zip(*moves, strict=True))
        new, used = flat % self.places, max(self.kept)
        for buffer in (self.keys, self.values):
            own = self._own(buffer, self.slots)
            own[:, document, :, new, :used] = own[:, document, :, old, :used]

    # ---- steps -----------------------------------------------------------------------------------------------------

    def start(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Feeds each row's prompt; gives the logits after it ``[R, V]``."""
        longest = max(map(len, prompts))
        pad_id = self.stack.config["pad_token_id"]
        padded = [list(ids) + [pad_id] * (longest - len(ids)) for ids in prompts]
        hidden = self.forward(torch.tensor(padded, device=self.stack.device))
        self.keep([len(ids) for ids in prompts])
        last = torch.tensor([len(ids) - 1 for ids in prompts], device=hidden.device)
        return self.stack.logits(hidden[torch.arange(len(prompts), device=hidden.device), last])

    def step(self, tokens: Tensor, rows: Tensor | None) -> Tensor:
        """``tokens [R']`` continue ``rows [R']`` of the last batch (None: all, in order); gives ``[R', V]``."""
        if rows is not None:
            self._choose(rows.tolist())
        logits = self._logits(tokens[:, None])[:, -1]
        self.keep([1] * len(self.groups))
        return logits

    def try_tokens(self, tokens: Tensor, rows: Tensor | None) -> Tensor:
        """As ``step``, several tokens ``[R', t]`` a row: the logits after each ``[R', t, V]``.

        Until ``keep`` says how many of them stay, none does.
        """
        if rows is not None:
            self._choose(rows.tolist())
        return self._logits(tokens)

    def _logits(self, ids: Tensor) -> Tensor:
        """``[R, t, V]`` after the next ``ids [R, t]`` of every row."""
        steps = self.stack.steps
        if steps is None or ids.numel() > MOST_ROWS:
            return self.stack.logits(self.forward(ids))
        t = ids.shape[1]
        self._reserve(t)
        rows = []
        for flat, kept in zip(self.flat, self.kept, strict=True):
            document, place = divmod(flat, self.places)
            length = self.lengths[self.documents[document]]
            first = self.n + place * self.slots
            rows += [(document, length + own, length, first, own) for own in range(kept, kept + t)]
        return steps(ids.flatten().tolist(), rows, self.keys, self.values).unflatten(0, (-1, t))

    def _reserve(self, t: int) -> None:
        """Makes room for the next ``t`` tokens of every row."""
        if max(self.kept) + t > self.slots:
            self._grow(max(self.slots + _SLOTS, max(self.kept) + t))

    def keep(self, counts: Sequence[int]) -> None:
        """How many of its last tokens each row keeps, from the first on."""
        self.kept = [kept + count for kept, count in zip(self.kept, counts, strict=True)]

    def _masks(self, kept: Tensor, t: int) -> dict[bool, Tensor]:
        """By kind of layer, what to add to scores ``[B, 1, P share t, N]``; ``kept [B, P]`` own tokens so far."""
        device, window = kept.device, self.stack.config["window"]
        slot = torch.arange(self.slots, device=device)
        reach = kept[..., None] + torch.arange(t, device=device)  # [B, P, t]: own slot of each new token
        own = slot <= reach[..., None]  # [B, P, t, S]
        source = self.source[:, None, None].expand(-1, self.places, t, -1)  # [B, P, t, n]
        masks = {True: self._mask(source, own)}
        masks[False] = masks[True]
        if max(self.lengths) + max(self.kept) + t > window:
            positions = self.row_lengths[..., None] + reach  # [B, P, t]
            source = source & (torch.arange(self.n, device=device) > positions[..., None] - window)
            masks[False] = self._mask(source, own & (slot > reach[..., None] - window))
        return masks

    def _mask(self, source: Tensor, own: Tensor) -> Tensor:
        """``[B, P, t, n]`` and ``[B, P, t, S]``, true where a token may look, to ``[B, 1, P share t, N]``."""
        see = torch.cat([source, (own[:, :, :, None] & self.same).flatten(3)], dim=-1)
        mask = torch.zeros(see.shape, dtype=self.stack.dtype, device=see.device).masked_fill_(~see, _NEGATIVE)
        share = self.stack.config["num_attention_heads"] // self.stack.config["num_key_value_heads"]
        return mask[:, :, None].expand(-1, -1, share, -1, -1).flatten(1, 3)[:, None]

    def _write(self, buffer: Tensor, at: Tensor, rows: Tensor) -> None:
        """``rows [R, t, G, d]`` into columns ``at [R t G]`` of the buffer, all its dimensions but the last as one."""
        buffer.view(-1, buffer.shape[-1]).index_copy_(0, at, rows.flatten(0, 2).to(buffer.dtype))

    def forward(self, ids: Tensor, watch: Watch | None = None) -> Tensor:
        """Hidden states ``[R, t, D]`` of the next ``ids [R, t]`` of every row."""
        stack, t = self.stack, ids.shape[1]
        self._reserve(t)
        kept = torch.tensor(self.kept, device=ids.device)
        masks = self._masks(self._spread(kept), t)
        own = kept[:, None] + torch.arange(t, device=ids.device)  # [R, t]
        flat = torch.tensor(self.flat, device=ids.device)
        rotations = stack.rotations(self.row_lengths[flat // self.places] + own)
        groups, columns = self.keys[0].shape[1:3]
        at = (flat // self.places * groups)[:, None] + torch.arange(groups, device=ids.device)  # [R, G]
        at = at[:, None] * columns + (self.n + (flat % self.places * self.slots)[:, None] + own)[..., None]
        at = at.flatten()
        x = stack.embed(ids)
        for layer, keys, values in zip(stack.layers, self.keys, self.values, strict=True):
            q, k, v = stack.project(layer, x, rotations[layer.everywhere])  # [R, t, H or G, d]
            self._write(keys, at, k)
            self._write(values, at, v)
            q = self._spread(q.to(keys.dtype)).unflatten(3, (groups, -1)).permute(0, 3, 1, 4, 2, 5)
            shape = q.shape[2:5]  # P, share, t
            q = q.flatten(2, 4)  # [B, G, P share t, d]
            mask = masks[layer.everywhere]
            attended = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask, scale=1.0)
            if watch is not None and layer.everywhere:
                weights = (q @ keys.transpose(-1, -2) + mask).float().softmax(dim=-1)
                watch(layer, weights.unflatten(2, shape).transpose(2, 3).flatten(1, 2))
            attended = attended.unflatten(2, shape).permute(0, 2, 4, 1, 3, 5).flatten(3)  # [B, P, t, H d]
            x = stack.finish(layer, x, self._collect(attended))
        return x
