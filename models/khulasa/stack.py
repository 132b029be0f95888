"""The bundled model's stack for inference, and its encoder.

It computes what ``modeling_khulasa`` computes (a test compares them) with fewer operations: the query, key and value
projections fused into one matrix and the gate and up projections into another; RMSNorm as one vector norm and one
product; the two halves of a head interleaved, so that a rotation is one complex product.

Shapes in the comments: B documents, n source tokens, D hidden size, H query heads, G key-value heads, d head size, V
vocabulary.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import ModelError
from .matrices import FORMATS, Dense
from .rows import Rows
from .steps import FEW_ROWS, Steps, suits
from .team import Team

_TENSORS_PER_LAYER = 13
_ROWS = 16
_AT_ONCE = 2048  # tokens that the encoder takes together on CPU


@dataclass(frozen=True)
class Layer:
    """Weights of one layer; norms are ``(1 + w) sqrt(size)``, float32; ``everywhere``: a global layer."""

    qkv: Dense  # [(H + 2 G) d, D]
    out: Dense  # [D, H d]
    gate_up: Dense  # [2 I, D]
    down: Dense  # [D, I]
    before_attention: Tensor  # [D]
    qk_norm: Tensor  # [H + G, d]; the queries' hold the scale of attention, too
    after_attention: Tensor
    before_feedforward: Tensor
    after_feedforward: Tensor
    everywhere: bool


@dataclass(frozen=True)
class Encoded:
    """Every layer's keys and values ``[B, G, n, d]`` of documents, their lengths ``[B]``, their tokens."""

    keys: list[Tensor]
    values: list[Tensor]
    lengths: Tensor
    ids: tuple[tuple[int, ...], ...]

    def only(self, documents: Sequence[int]) -> Encoded:
        """Some documents', in that order, padded to the longest of them."""
        lengths = self.lengths[list(documents)]
        n = int(lengths.max())
        # One document is a view of the buffers, several are a copy.
        place = slice(documents[0], documents[0] + 1) if len(documents) == 1 else list(documents)
        return Encoded(
            [keys[place, :, :n] for keys in self.keys],
            [values[place, :, :n] for values in self.values],
            lengths,
            tuple(self.ids[document] for document in documents),
        )


def give_back() -> None:
    """Returns freed memory to the system where the C library (glibc) keeps it: 190 MB after loading."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


class Stack:
    """The weights, and the parts of a layer that encoder and decoder share.

    Args:
        tensors: names as in transformers' Gemma 3, float32.
        config: the model's ``config.json``.
        format: one of ``matrices.FORMATS``.

    Raises:
        ModelError: layers or parts of them are missing.
    """

    def __init__(
        self, tensors: Iterable[tuple[str, Tensor]], config: Mapping[str, Any], device: torch.device, format: str
    ) -> None:
        self.config, self.device, self.format = config, device, format
        self.make = FORMATS[format]
        # What keys and values are kept in.
        self.dtype = torch.float32 if format == "float32" else torch.bfloat16
        size, d, eps = config["hidden_size"], config["head_dim"], config["rms_norm_eps"]
        self._eps = {n: torch.tensor((n * eps) ** 0.5, device=device) for n in (size, d)}
        halves = torch.arange(d).view(2, -1)
        self._interleaved = halves.t().flatten()  # 0, d/2, 1, d/2 + 1, ...
        self._tables: dict[bool, Tensor] = {}
        self.layers = self._load(tensors)
        team = Team()
        self.steps = Steps(self, team) if suits(self) else None
        bfloat16 = self.embedding.weight.dtype is torch.bfloat16
        self.rows = Rows(config, team) if self.steps is not None and bfloat16 else None
        give_back()

    # ---- loading -------------------------------------------------------------------------------------------------

    def _load(self, tensors: Iterable[tuple[str, Tensor]]) -> list[Layer]:
        parts: dict[int, dict[str, Tensor]] = {}
        ready: dict[int, Layer] = {}
        for name, weight in tensors:
            if name == "model.embed_tokens.weight":
                self.embedding = self.make(weight, self.device)
            elif name == "model.norm.weight":
                self.norm = self._scaled(weight)
            else:
                _, _, index, rest = name.split(".", 3)
                part = parts.setdefault(int(index), {})
                part[rest.removesuffix(".weight")] = weight
                if len(part) == _TENSORS_PER_LAYER:
                    ready[int(index)] = self._fuse(int(index), parts.pop(int(index)))
        if parts or len(ready) != self.config["num_hidden_layers"]:
            raise ModelError("the weights lack layers or parts of them; install Khulasa again")
        return [ready[i] for i in range(len(ready))]

    def _scaled(self, norm: Tensor) -> Tensor:
        return ((1.0 + norm) * len(norm) ** 0.5).to(self.device)

    def _fuse(self, index: int, part: dict[str, Tensor]) -> Layer:
        c = self.config
        heads, groups, d = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]

        def turned(name: str) -> Tensor:
            return part[f"self_attn.{name}_proj"].unflatten(0, (-1, d))[:, self._interleaved].flatten(0, 1)

        q_norm = self._scaled(part["self_attn.q_norm"][self._interleaved]) * c["query_pre_attn_scalar"] ** -0.5
        k_norm = self._scaled(part["self_attn.k_norm"][self._interleaved])
        return Layer(
            qkv=self.make(torch.cat([turned("q"), turned("k"), part["self_attn.v_proj"]]), self.device),
            out=self.make(part["self_attn.o_proj"], self.device),
            gate_up=self.make(torch.cat([part["mlp.gate_proj"], part["mlp.up_proj"]]), self.device),
            down=self.make(part["mlp.down_proj"], self.device),
            before_attention=self._scaled(part["input_layernorm"]),
            qk_norm=torch.cat([q_norm.expand(heads, d), k_norm.expand(groups, d)]),
            after_attention=self._scaled(part["post_attention_layernorm"]),
            before_feedforward=self._scaled(part["pre_feedforward_layernorm"]),
            after_feedforward=self._scaled(part["post_feedforward_layernorm"]),
            everywhere=index in c["global_layers"],
        )

    @property
    def bytes_per_step(self) -> int:
        """Bytes of weights that a decoding step reads, the vocabulary's included."""
        matrices = [m for layer in self.layers for m in (layer.qkv, layer.out, layer.gate_up, layer.down)]
        return sum(matrix.bytes_per_step for matrix in (*matrices, self.embedding))

    def few_rows(self, rows: int) -> int:
        """How many rows a step may have to cost hardly more than one of ``rows``: the weights are read once for all."""
        return FEW_ROWS if self.steps is not None and rows <= FEW_ROWS else max(rows, _ROWS)

    # ---- parts of a layer ----------------------------------------------------------------------------------------

    def _length(self, x: Tensor) -> Tensor:
        """``sqrt(sum x^2 + size eps)`` over the last dimension, kept."""
        return torch.linalg.vector_norm(x, dim=-1, keepdim=True).hypot_(self._eps[x.shape[-1]])

    def tables(self, most: int) -> dict[bool, Tensor]:
        """By kind of layer: ``exp(i position / theta^(2 j / d))``, ``[positions, d / 2]``, of ``most`` or more.

        The same object until more positions are asked for than it has.
        """
        tables = self._tables
        if not tables or len(tables[True]) < most:
            d = self.config["head_dim"]
            steps = torch.arange(0, d, 2, device=self.device, dtype=torch.float32) / d
            at = torch.arange(-(-most // 1024) * 1024, device=self.device, dtype=torch.float32)[:, None]
            tables = {}
            for everywhere, theta in ((True, "rope_theta_global"), (False, "rope_theta_local")):
                angles = at / self.config[theta] ** steps
                tables[everywhere] = torch.polar(torch.ones_like(angles), angles)
            self._tables = tables  # whole, since other threads read it
        return tables

    def rotations(self, positions: Tensor) -> dict[bool, Any]:
        """By kind of layer, what ``project`` needs of ``positions [...]``: the tables' lines ``[..., 1, d / 2]``."""
        tables = self.tables(int(positions.max()) + 1)
        if self.rows is not None:
            return self.rows.rotations(tables, positions)
        return {kind: table[positions][..., None, :] for kind, table in tables.items()}

    def embed(self, ids: Tensor) -> Tensor:
        return self.embedding.embed(ids) * self.config["hidden_size"] ** 0.5

    def project(self, layer: Layer, x: Tensor, rotation: Any) -> tuple[Tensor, Tensor, Tensor]:
        """``x [..., D]`` to scaled queries ``[..., H, d]``, keys and values ``[..., G, d]``, rotated."""
        if self.rows is not None:
            return self.rows.project(layer, x, rotation)
        heads, groups = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        normed = x * (layer.before_attention / self._length(x))
        fused = layer.qkv(normed).unflatten(-1, (heads + 2 * groups, -1))
        qk = fused[..., : heads + groups, :]
        qk = qk * (layer.qk_norm / self._length(qk))
        turned = torch.view_as_complex(qk.unflatten(-1, (-1, 2))) * rotation
        qk = torch.view_as_real(turned).flatten(-2)
        return qk[..., :heads, :], qk[..., heads:, :], fused[..., heads + groups :, :]

    def finish(self, layer: Layer, x: Tensor, attended: Tensor) -> Tensor:
        """Output projection and feed-forward: ``x [..., D]``, ``attended [..., H d]``."""
        if self.rows is not None:
            return self.rows.finish(layer, x, attended)
        y = layer.out(attended)
        x = torch.addcmul(x, y, layer.after_attention / self._length(y))
        gate, up = layer.gate_up(x * (layer.before_feedforward / self._length(x))).chunk(2, dim=-1)
        y = layer.down(F.gelu(gate, approximate="tanh").mul_(up))
        return torch.addcmul(x, y, layer.after_feedforward / self._length(y))

    def logits(self, hidden: Tensor) -> Tensor:
        """``[..., D]`` to ``[..., V]``."""
        return self.embedding(hidden * (self.norm / self._length(hidden)))

    # ---- encoder -------------------------------------------------------------------------------------------------

    def encode(self, ids: Sequence[Sequence[int]]) -> Encoded:
        """One pass over documents' ids, some at a time: more make it no faster, and what they need is out of caches."""
        lengths = [len(row) for row in ids]
        keys: list[Tensor] = []
        values: list[Tensor] = []
        for start, end in parts(lengths, _AT_ONCE if self.device.type == "cpu" else sum(lengths)):
            found = self._encode(ids[start:end], lengths[start:end])
            if end - start == len(ids):
                keys, values = found
                break
            for buffers, layers in zip((keys, values), found, strict=True):
                if not buffers:
                    groups, _, d = layers[0].shape[1:]
                    buffers += [layer.new_zeros((len(ids), groups, max(lengths), d)) for layer in layers]
                for buffer, layer in zip(buffers, layers, strict=True):
                    buffer[start:end, :, : layer.shape[2]] = layer
        about = torch.tensor(lengths, device=self.device)
        return Encoded(keys, values, about, tuple(tuple(row) for row in ids))

    def _encode(self, ids: Sequence[Sequence[int]], sizes: Sequence[int]) -> tuple[list[Tensor], list[Tensor]]:
        """Every layer's keys and values ``[B, G, n, d]`` of documents, padded on the right to the longest."""
        c = self.config
        n = max(sizes)
        batch = torch.full((len(ids), n), c["pad_token_id"], dtype=torch.long)
        for i, row in enumerate(ids):
            batch[i, : len(row)] = torch.tensor(row)
        lengths, positions = (torch.tensor(some, device=self.device) for some in (sizes, range(n)))
        rotations = self.rotations(positions)
        distance = positions[:, None] - positions[None, :]
        # Padding stands on the right, where the causal mask hides it from every token.
        causal = c["encoder_attention"] != "bidirectional"
        see = distance >= 0
        if not causal:
            see = (positions[None, None, :] < lengths[:, None, None]).expand(-1, n, -1)[:, None]
        near = see if n <= c["window"] else see & (distance.abs() < c["window"])
        heads, groups = c["num_attention_heads"], c["num_key_value_heads"]
        x = self.embed(batch.to(self.device))
        keys, values = [], []
        for number, layer in enumerate(self.layers, 1):
            projected = self.project(layer, x, rotations[layer.everywhere])  # [B, n, H or G, d]
            q, k, v = (part.transpose(1, 2).contiguous().to(self.dtype) for part in projected)  # [B, H or G, n, d]
            keys.append(k)
            values.append(v)
            if number == len(self.layers):  # of the last layer the decoder reads keys and values alone
                break
            mask = see if layer.everywhere else near
            simple = causal and mask is see
            attended = F.scaled_dot_product_attention(
                q,
                _repeated(k, heads // groups),
                _repeated(v, heads // groups),
                attn_mask=None if simple else mask,
                is_causal=simple,
                scale=1.0,
            )
            x = self.finish(layer, x, attended.transpose(1, 2).flatten(-2))
        return keys, values


def parts(lengths: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Stretches of a batch that have ``most`` tokens at most, padding included, or one document.

    >>> parts([300, 500, 500, 1500, 100], 1024)
    [(0, 2), (2, 3), (3, 4), (4, 5)]
    """
    found: list[tuple[int, int]] = []
    start = 0
    for end in range(1, len(lengths) + 1):
        if end == len(lengths) or (end + 1 - start) * max(lengths[start : end + 1]) > most:
            found.append((start, end))
            start = end
    return found


def _repeated(x: Tensor, share: int) -> Tensor:
    """``[B, G, n, d]`` to ``[B, G share, n, d]``, without a copy where there is one group."""
    return x.expand(-1, share, -1, -1) if x.shape[1] == 1 else x.repeat_interleave(share, dim=1)
