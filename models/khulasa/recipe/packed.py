"""Training forward of the bundled model over packs: the modeling file's function (a test compares their logits), laid
out for speed. No batch axis and no padding waste; query, key and value projections are one matrix, gate and up
another; the frozen base is in the compute format and only the adapter's matrices get gradients (or every matrix,
with ``rank=0``: full fine-tuning).

Shapes: T positions of a pack, D hidden size, H query heads, one or more key-value heads G, d head size, r rank.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..modeling_khulasa import rotary
from ..weights import LINEARS, LORA_SCALE
from .pack import WINDOW_STEP, Pack


class _LowRank(torch.autograd.Function):
    """``x W^T + (x A^T) B^T`` for several stacked outputs, W frozen: two thirds of a full layer's work in training.

    x ``[T, in]``, w ``[sum(outs), in]``, a ``[parts * r, in]``, b ``[sum(outs), r]``; part i's rows of ``a`` feed
    part i's rows of ``b``.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, a: Tensor, b: Tensor, outs: tuple[int, ...]) -> Tensor:
        rank = b.shape[1]
        inner = F.linear(x, a)
        y = F.linear(x, w)
        first = 0
        for i, size in enumerate(outs):
            y[:, first : first + size].addmm_(inner[:, i * rank : (i + 1) * rank], b[first : first + size].t())
            first += size
        ctx.save_for_backward(x, w, a, b, inner)
        ctx.outs = outs
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, w, a, b, inner = ctx.saved_tensors
        rank = b.shape[1]
        dx = grad @ w
        d_inner, d_b = torch.empty_like(inner), torch.empty_like(b)
        first = 0
        for i, size in enumerate(ctx.outs):
            part = grad[:, first : first + size]
            d_inner[:, i * rank : (i + 1) * rank] = part @ b[first : first + size]
            d_b[first : first + size] = part.t() @ inner[:, i * rank : (i + 1) * rank]
            first += size
        dx.addmm_(d_inner, a)
        return dx, None, d_inner.t() @ x, d_b, None


class _Attention(torch.autograd.Function):
    """Attention within every block of a pack; q ``[H, T, d]``, k and v ``[G, T, d]``, result ``[H, T, d]``.

    spans: (first, last, start) of each block; masks: its ``[m, m]``. One node for all blocks, that writes each one's
    share in its place: slices and joins of tensors would cost as much as the products.
    """

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, scale: float, spans: tuple[Any, ...], masks: tuple[Tensor, ...]
    ) -> Tensor:
        groups, size = k.shape[0], q.shape[2]
        out = torch.zeros_like(q)
        kept = []
        for (first, last, start), mask in zip(spans, masks, strict=True):
            m = len(mask)
            here = slice(start, start + m)
            # Query heads of one group share its keys: one [H / G * m, d] x [d, m] product per group.
            queries = (q[:, here] * scale).view(groups, -1, size)
            scores = (queries @ k[:, here].transpose(1, 2)).view(-1, m, m)
            weights = torch.softmax(scores.add_(mask), -1)
            found = (weights.view(groups, -1, m) @ v[:, here]).view(-1, m, size)
            out[:, first:last] = found[:, first - start : last - start]
            kept.append(weights)
        ctx.save_for_backward(q, k, v, *kept)
        ctx.scale, ctx.spans = scale, spans
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, *kept = ctx.saved_tensors
        groups, size = k.shape[0], q.shape[2]
        dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for (first, last, start), weights in zip(ctx.spans, kept, strict=True):
            m = weights.shape[-1]
            here, mine = slice(start, start + m), slice(first - start, last - start)
            d_found = grad.new_zeros(q.shape[0], m, size)
            d_found[:, mine] = grad[:, first:last]
            d_found = d_found.view(groups, -1, size)
            shared = weights.view(groups, -1, m)
            dv[:, first:last] = (shared.transpose(1, 2) @ d_found)[:, mine]
            d_weights = (d_found @ v[:, here].transpose(1, 2)).view_as(weights)
            d_scores = torch._softmax_backward_data(d_weights, weights, -1, weights.dtype).view(groups, -1, m)
            dq[:, first:last] = (d_scores @ k[:, here]).view(-1, m, size)[:, mine] * ctx.scale
            queries = (q[:, here] * ctx.scale).view(groups, -1, size)
            dk[:, first:last] = (d_scores.transpose(1, 2) @ queries)[:, mine]
        return dq, dk, dv, None, None, None


class LowRank(nn.Module):
    """One linear layer's adapter: ``a [r, in]``, ``b [out, r]`` in float32; b starts at zero."""

    def __init__(self, out: int, size: int, rank: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(rank, size) / math.sqrt(size))
        self.b = nn.Parameter(torch.zeros(out, rank))


def _norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    y = x.float()
    return (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + eps) * weight).to(x.dtype)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return x * cos[:, None] + torch.cat([-second, first], -1) * sin[:, None]


def _heads(
    fused: Tensor, q_norm: Tensor, k_norm: Tensor, cos: Tensor, sin: Tensor, shape: tuple[int, int, int], eps: float
) -> tuple[Tensor, ...]:
    """``[T, (H + 2G) d]`` to queries ``[H, T, d]`` and keys and values ``[G, T, d]``, normed and rotated."""
    heads, groups, size = shape
    q, k, v = fused.split([heads * size, groups * size, groups * size], -1)
    q = _rotate(_norm(q.unflatten(-1, (heads, size)), q_norm, eps), cos, sin)
    k = _rotate(_norm(k.unflatten(-1, (groups, size)), k_norm, eps), cos, sin)
    return tuple(t.transpose(0, 1).contiguous() for t in (q, k, v.unflatten(-1, (groups, size))))


def _between(x: Tensor, y: Tensor, after: Tensor, before: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Adds a sublayer's normed output to the residual and norms the sum for the next sublayer."""
    x = x + _norm(y, after, eps)
    return x, _norm(x, before, eps)


def _gated(y: Tensor) -> Tensor:
    gate, up = y.chunk(2, -1)
    g = gate.float()
    # GELU's tanh approximation, x (1 + tanh z) / 2 = x sigmoid(2 z): CPUs do a sigmoid faster than a tanh.
    return (g * torch.sigmoid(2.0 * math.sqrt(2.0 / math.pi) * (g + 0.044715 * g * g * g))).to(y.dtype) * up


class PackedLayer(nn.Module):
    """Weights of one layer; parts of stacked matrices keep the adapter file's names (q, k, v, o, gate, up, down)."""

    STACKS = {"qkv": ("q", "k", "v"), "out": ("o",), "gate_up": ("gate", "up"), "fed": ("down",)}  # noqa: RUF012

    NORMS = {  # noqa: RUF012
        "q_norm": "self_attn.q_norm",
        "k_norm": "self_attn.k_norm",
        "n1": "input_layernorm",
        "n2": "post_attention_layernorm",
        "n3": "pre_feedforward_layernorm",
        "n4": "post_feedforward_layernorm",
    }
    n1: Tensor
    n2: Tensor
    n3: Tensor
    n4: Tensor
    q_norm: Tensor
    k_norm: Tensor

    def __init__(
        self, tensors: Mapping[str, Tensor], index: int, rank: int, dtype: torch.dtype, everywhere: bool
    ) -> None:
        super().__init__()
        self.everywhere, self.rank = everywhere, rank

        def weight(name: str) -> Tensor:
            return tensors[f"model.layers.{index}.{name}.weight"]

        self.outs: dict[str, tuple[int, ...]] = {}
        for stack, parts in self.STACKS.items():
            matrices = [weight(LINEARS[part]) for part in parts]
            self.outs[stack] = tuple(len(m) for m in matrices)
            joined = torch.cat(matrices)
            if rank:
                self.register_buffer(stack, joined.to(dtype))
                for part, m in zip(parts, matrices, strict=True):
                    self.add_module(part, LowRank(m.shape[0], m.shape[1], rank))
            else:
                setattr(self, stack, nn.Parameter(joined.float().clone()))
        for short, long in self.NORMS.items():
            self.register_buffer(short, 1.0 + weight(long).float())

    def linear(self, stack: str, x: Tensor) -> Tensor:
        """``x [T, in]`` through the stacked matrices of ``STACKS[stack]``, adapter included: ``[T, sum of outs]``."""
        w = getattr(self, stack)
        if not self.rank:
            return F.linear(x, w.to(x.dtype))
        parts = [getattr(self, part) for part in self.STACKS[stack]]
        a = torch.cat([p.a for p in parts]).to(x.dtype)
        b = (torch.cat([p.b for p in parts]) * LORA_SCALE).to(x.dtype)
        return _LowRank.apply(x, w, a, b, self.outs[stack])


class PackedModel(nn.Module):
    """The bundled model for training.

    Args:
        tensors: the base, in transformers' Gemma names, dequantised from int8 as it will be loaded.
        config: a ``KhulasaConfig``.
        rank: of the adapter; 0 trains every matrix (embedding included).
        dtype: compute format.
        compile: torch.compile the elementwise parts (needs a C++ compiler on CPU), for each length of a pack anew.
    """

    final: Tensor
    embedding: Tensor

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        config: Any,
        rank: int = 32,
        dtype: torch.dtype = torch.bfloat16,
        compile: bool = True,
    ) -> None:
        super().__init__()
        self.config, self.rank, self.dtype = config, rank, dtype
        embedding = tensors["model.embed_tokens.weight"]
        if rank:
            self.register_buffer("embedding", embedding.to(dtype))
        else:
            self.embedding = nn.Parameter(embedding.float().clone())
        self.register_buffer("final", 1.0 + tensors["model.norm.weight"].float())
        self.layers = nn.ModuleList(
            PackedLayer(tensors, i, rank, dtype, i in config.global_layers) for i in range(config.num_hidden_layers)
        )
        pieces = (_norm, _heads, _between, _gated)
        self._pieces: tuple[Any, ...] = tuple(torch.compile(f, dynamic=False) for f in pieces) if compile else pieces

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.final.device

    def hidden(self, pack: Pack) -> Tensor:
        """``[T, D]`` after the last layer, not yet normed."""
        c = self.config
        norm, heads, between, gated = self._pieces
        layers = [cast(PackedLayer, layer) for layer in self.layers]
        eps, shape = c.rms_norm_eps, (c.num_attention_heads, c.num_key_value_heads, c.head_dim)
        scale = c.query_pre_attn_scalar**-0.5
        rotaries = {
            kind: rotary(pack.positions, theta, c.head_dim, self.dtype)
            for kind, theta in ((True, c.rope_theta_global), (False, c.rope_theta_local))
        }
        # Gemma rounds the scale to the compute format before it multiplies.
        x = F.embedding(pack.ids, self.embedding).to(self.dtype) * torch.tensor(c.hidden_size**0.5, dtype=self.dtype)
        if torch.is_grad_enabled() and not x.requires_grad:
            x = x.requires_grad_()
        h = norm(x, layers[0].n1, eps)
        spans = tuple((block.first, block.last, block.start) for block in pack.blocks)
        for i, layer in enumerate(layers):
            q, k, v = heads(layer.linear("qkv", h), layer.q_norm, layer.k_norm, *rotaries[layer.everywhere], shape, eps)
            masks = tuple(block.everywhere if layer.everywhere else block.near for block in pack.blocks)
            attended = _Attention.apply(q, k, v, scale, spans, masks).transpose(0, 1).flatten(1)
            x, h = between(x, layer.linear("out", attended), layer.n2, layer.n3, eps)
            after = layers[i + 1].n1 if i + 1 < len(layers) else self.final
            x, h = between(x, layer.linear("fed", gated(layer.linear("gate_up", h))), layer.n4, after, eps)
        return h

    def logits(self, pack: Pack) -> Tensor:
        """``[Y, V]`` at the scored positions."""
        # Few different shapes, for the sake of libraries that compile a kernel for each.
        rows = F.pad(pack.at, (0, -len(pack.at) % WINDOW_STEP))
        return F.linear(self.hidden(pack)[rows], self.embedding.to(self.dtype))[: len(pack.at)].float()

    def token_losses(self, pack: Pack) -> Tensor:
        """Cross-entropy ``[Y]`` of every target token, in nats."""
        return F.cross_entropy(self.logits(pack), pack.gold, reduction="none")

    def trained(self) -> dict[str, nn.Parameter]:
        """What gets gradients; for an adapter, in the adapter file's names."""
        return dict(self.named_parameters())

    def unstack(self, trained: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What was trained, as it is stored: an adapter as it is; every matrix in transformers' Gemma names."""
        if self.rank:
            return dict(trained)
        found = {"model.embed_tokens.weight": trained["embedding"], "model.norm.weight": self.final - 1.0}
        for i, module in enumerate(self.layers):
            layer = cast(PackedLayer, module)
            for stack, parts in layer.STACKS.items():
                pieces = trained[f"layers.{i}.{stack}"].split(layer.outs[stack])
                for part, piece in zip(parts, pieces, strict=True):
                    found[f"model.layers.{i}.{LINEARS[part]}.weight"] = piece
            for short, long in layer.NORMS.items():
                found[f"model.layers.{i}.{long}.weight"] = getattr(layer, short) - 1.0
        return found

    @torch.no_grad()
    def load_adapter(self, tensors: Mapping[str, Tensor]) -> None:
        """Copies an adapter in.

        Raises:
            ValueError: the names or shapes are another model's or rank's.
        """
        own = self.trained()
        if set(own) != set(tensors) or any(own[k].shape != t.shape for k, t in tensors.items()):
            raise ValueError(f"the adapter is not one of rank {self.rank} for this model")
        for name, tensor in tensors.items():
            own[name].copy_(tensor.float())


def widen(tensors: Mapping[str, Tensor], rank: int) -> dict[str, Tensor]:
    """An adapter brought to a higher rank with the same function: new rows of A random, new columns of B zero."""
    wide = {}
    for name, tensor in tensors.items():
        old = tensor.shape[0] if name.endswith(".a") else tensor.shape[1]
        if rank < old:
            raise ValueError(f"rank {rank} is lower than the adapter's {old}")
        if name.endswith(".a"):
            fresh = torch.randn(rank - old, tensor.shape[1]) / math.sqrt(tensor.shape[1])
            wide[name] = torch.cat([tensor.float(), fresh])
        else:
            wide[name] = torch.cat([tensor.float(), torch.zeros(tensor.shape[0], rank - old)], 1)
    return wide
