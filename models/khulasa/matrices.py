"""Weight matrices in the formats that the engine computes in: float32, bfloat16, int8 weights.

A format is chosen by name from ``FORMATS``. All take float32 activations and give float32, so that everything
between two matrices (norms, rotations, gates) runs in float32 without conversions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor

# Up to so many rows the int8 kernel beats bfloat16, which reads twice the bytes but multiplies faster
# (`summarize bench` prints both).
FEW_ROWS = 4
# The kernel reads rows in blocks of so many columns, and past their end where one is not full (torch 2.13).
_BLOCK = 32


class Dense:
    """``[N, K]`` in a floating-point format."""

    def __init__(self, weight: Tensor, dtype: torch.dtype, device: torch.device) -> None:
        self.weight = weight.to(device, dtype)
        self.bytes_per_step = self.weight.numel() * self.weight.element_size()

    def __call__(self, x: Tensor) -> Tensor:
        """``x [..., K]`` float32 to ``[..., N]`` float32."""
        return F.linear(x.to(self.weight.dtype), self.weight).float()

    def embed(self, ids: Tensor) -> Tensor:
        """Rows ``ids [...]`` as float32 ``[..., K]``."""
        return F.embedding(ids, self.weight).float()


class Int8(Dense):
    """``[N, K]`` as int8 with one scale per output row, for decoding, and in bfloat16, for many rows at once.

    Both hold the same numbers, ``round(w / s) * s`` with ``s = max|row| / 127`` rounded up to bfloat16 (the kernel
    takes its scales in the format of the activations).
    """

    def __init__(self, weight: Tensor, device: torch.device) -> None:
        scale = weight.abs().amax(dim=1).div_(127.0).clamp_(min=1e-12)
        half = scale.to(torch.bfloat16)
        # The next bfloat16 up where rounding went down: no int8 may exceed 127.
        self.scale = torch.where(half.float() < scale, (half.view(torch.int16) + 1).view(torch.bfloat16), half)
        rounded = (weight / self.scale.float()[:, None]).round_()
        self.quantized = rounded.to(torch.int8)
        super().__init__(rounded.mul_(self.scale.float()[:, None]), torch.bfloat16, device)
        self.bytes_per_step = self.quantized.numel()

    def __call__(self, x: Tensor) -> Tensor:
        rows = x.shape[:-1].numel()
        if rows > FEW_ROWS or self.quantized.shape[1] % _BLOCK:
            return super().__call__(x)
        half = x.to(torch.bfloat16).view(rows, -1)
        return torch._weight_int8pack_mm(half, self.quantized, self.scale).float().view(*x.shape[:-1], -1)


Make = Callable[[Tensor, torch.device], Dense]
FORMATS: Mapping[str, Make] = MappingProxyType(
    {
        "float32": lambda weight, device: Dense(weight, torch.float32, device),
        "bfloat16": lambda weight, device: Dense(weight, torch.bfloat16, device),
        "int8": Int8,
    }
)


def default_format(device: torch.device) -> str:
    """What ``dtype="auto"`` means on a device.

    On CPU int8 weights where the processor multiplies bfloat16 natively, else float32; on a GPU bfloat16 where it
    has it, else float32.
    """
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if device.type == "cpu" and torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "int8" if torch.cpu._is_avx512_bf16_supported() else "float32"
    return "float32"
