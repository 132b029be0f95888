"""The mean of adapters that were trained one from the other, or from one: often better than each of them.

Wortsman et al. 2022, "Model soups", average whole models. Here the factors are averaged, A with A and B with B: where
the adapters have moved little from each other, their product is close to the mean of the products.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....errors import UsageError


def average(adapters: Sequence[Path], out: Path, weights: Sequence[float] | None = None) -> None:
    """Writes the weighted mean of adapters, in bfloat16.

    Args:
        weights: of each adapter; they are brought to a sum of 1. None weighs all alike.

    Raises:
        UsageError: there are not as many weights as adapters, they sum to nothing, or the adapters differ in their
            layers or rank.
    """
    import torch
    from safetensors.torch import load_file, save_file

    shares = [1.0] * len(adapters) if not weights else list(weights)
    if len(shares) != len(adapters) or sum(shares) <= 0:
        raise UsageError(f"{len(adapters)} adapters take as many weights, which sum to more than 0; given: {shares}")
    tensors = [load_file(str(path)) for path in adapters]
    shapes = [{name: tensor.shape for name, tensor in some.items()} for some in tensors]
    for path, other in zip(adapters, shapes, strict=True):
        if other != shapes[0]:
            raise UsageError(
                f"{path}: its layers or its rank are not those of {adapters[0]}; average adapters of one kind"
            )
    mean = {}
    for name in tensors[0]:
        weighted = [share * some[name].float() for share, some in zip(shares, tensors, strict=True)]
        total = torch.stack(weighted).sum(dim=0)
        mean[name] = (total / sum(shares)).bfloat16()
    save_file(mean, out)
