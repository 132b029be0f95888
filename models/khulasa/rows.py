"""A layer over many rows: products in bfloat16 by torch, and what stands between them by ``passes``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .stack import Layer
    from .team import Team

# Fewer rows go through one thread: waking others takes longer.
_SHARED = 256


def _bits(x: Tensor) -> np.ndarray[Any, Any]:
    return x.view(torch.int16).numpy()


class Rows:
    """``Stack.project`` and ``finish`` for int8 weights on a CPU that multiplies bfloat16."""

    def __init__(self, config: Mapping[str, Any], team: Team) -> None:
        self._team = team
        self._heads, self._groups = config["num_attention_heads"], config["num_key_value_heads"]
        self._d, self._eps = config["head_dim"], np.float32(config["rms_norm_eps"])

    def _run(self, function: Any, rows: int, *arguments: Any) -> None:
        self._team.run(function, self._team.size if rows >= _SHARED else 1, *arguments)

    def rotations(self, tables: Mapping[bool, Tensor], positions: Tensor) -> dict[bool, Any]:
        """What ``project`` takes: by kind of layer the table and the rows' positions in it."""
        at = positions.flatten().to(torch.int64).numpy()
        return {kind: (torch.view_as_real(table).flatten(1).numpy(), at) for kind, table in tables.items()}

    def _normed(self, x: Tensor, weight: Tensor) -> Tensor:
        """RMSNorm of ``x [M, D]``, bfloat16."""
        from . import passes

        y = torch.empty(x.shape, dtype=torch.bfloat16)
        self._run(passes.normed, len(x), x.numpy(), weight.numpy(), self._eps, _bits(y))
        return y

    def _added(self, x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        from . import passes

        z = torch.empty_like(x)
        self._run(passes.added, len(x), x.numpy(), _bits(y), weight.numpy(), self._eps, z.numpy())
        return z

    def project(self, layer: Layer, x: Tensor, rotation: tuple[Any, Any]) -> tuple[Tensor, Tensor, Tensor]:
        from . import passes

        flat = x.reshape(-1, x.shape[-1])
        fused = layer.qkv.product(self._normed(flat, layer.before_attention))
        q, k, v = (
            torch.empty((*x.shape[:-1], n, self._d), dtype=torch.bfloat16)
            for n in (self._heads, self._groups, self._groups)
        )
        table, positions = rotation
        if positions.size != len(flat):  # one line of positions for a batch
            positions = np.tile(positions, len(flat) // positions.size)
        parts = [_bits(part).reshape(len(flat), -1, self._d) for part in (q, k, v)]
        self._run(
            passes.heads, len(flat), _bits(fused), layer.qk_norm.numpy(), self._eps, table, positions, *parts
        )  # fmt: skip
        return q, k, v

    def finish(self, layer: Layer, x: Tensor, attended: Tensor) -> Tensor:
        from . import passes

        flat = x.reshape(-1, x.shape[-1])
        y = layer.out.product(attended.reshape(len(flat), -1).to(torch.bfloat16))
        flat = self._added(flat, y, layer.after_attention)
        both = layer.gate_up.product(self._normed(flat, layer.before_feedforward))
        gated = torch.empty((len(flat), both.shape[1] // 2), dtype=torch.bfloat16)
        self._run(passes.gated, len(flat), _bits(both), _bits(gated))
        y = layer.down.product(gated)
        return self._added(flat, y, layer.after_feedforward).view(x.shape)
