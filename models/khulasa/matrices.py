"""Weight matrices in the formats that the engine computes in: float32, bfloat16, int8 weights.

A format is chosen by name from ``FORMATS``. Called, a matrix takes float32 activations and gives float32, so that what
stands between two of them (norms, rotations, gates) runs in float32; ``product`` stays in the weights' own format, for
``rows``, which computes what stands between in passes of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor


class Dense:
    """``[N, K]`` in a floating-point format."""

    def __init__(self, weight: Tensor, dtype: torch.dtype, device: torch.device) -> None:
        self.weight = weight.to(device, dtype)
        self.bytes_per_step = self.weight.numel() * self.weight.element_size()

    def __call__(self, x: Tensor) -> Tensor:
        """``x [..., K]`` float32 to ``[..., N]`` float32."""
        return F.linear(x.to(self.weight.dtype), self.weight).float()

    def product(self, x: Tensor) -> Tensor:
        """``x [M, K]`` in the weights' format to ``[M, N]`` in it."""
        return F.linear(x, self.weight)

    def embed(self, ids: Tensor) -> Tensor:
        """Rows ``ids [...]`` as float32 ``[..., K]``."""
        return F.embedding(ids, self.weight).float()


class Int8(Dense):
    """``[N, K]`` as int8 with one scale per output row, for ``steps``, and in a floating-point format, for many rows.

    Both hold the same numbers, ``round(w / s) * s`` with ``s = max|row| / 127`` rounded up to bfloat16.
    """

    def __init__(self, weight: Tensor, device: torch.device) -> None:
        scale = weight.abs().amax(dim=1).div_(127.0).clamp_(min=1e-12)
        half = scale.to(torch.bfloat16)
        # The next bfloat16 up where rounding went down: no int8 may exceed 127.
        scale = torch.where(half.float() < scale, (half.view(torch.int16) + 1).view(torch.bfloat16), half).float()
        rounded = (weight / scale[:, None]).round_()
        self._parts: tuple[Tensor, Tensor] | None = (rounded.to(torch.int8), scale)
        super().__init__(rounded.mul_(scale[:, None]), _many_rows(device), device)
        self.bytes_per_step = weight.numel()

    def take(self) -> tuple[Tensor, Tensor]:
        """The int8 numbers ``[N, K]`` and the scales ``[N]``, once: the matrix lets go of them."""
        assert self._parts is not None, "taken before"
        parts, self._parts = self._parts, None
        return parts


def _many_rows(device: torch.device) -> torch.dtype:
    """What products of many rows are computed in: bfloat16 where the processor multiplies it natively."""
    native = device.type != "cpu" or (
        torch.backends.mkldnn.is_available()
        and torch.ops.mkldnn._is_mkldnn_bf16_supported()
        and torch.cpu._is_avx512_bf16_supported()
    )
    return torch.bfloat16 if native else torch.float32


Make = Callable[[Tensor, torch.device], Dense]
FORMATS: Mapping[str, Make] = MappingProxyType(
    {
        "float32": lambda weight, device: Dense(weight, torch.float32, device),
        "bfloat16": lambda weight, device: Dense(weight, torch.bfloat16, device),
        "int8": Int8,
    }
)


def default_format(device: torch.device) -> str:
    """What ``dtype="auto"`` means on a device: int8 weights on CPU; on a GPU bfloat16 where it has it, else float32."""
    if device.type == "cpu":
        return "int8"
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return "bfloat16"
    return "float32"
