"""The loss of a pack: cross-entropy of references, and the expected reward of the model's own candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from .pack import Pack
    from .packed import PackedModel


class Loss(NamedTuple):
    """Sums over a pack. total: what is differentiated; tokens: what it is to be divided by; cross_entropy: of the
    ``references`` reference tokens, in nats; gained: expected reward less the mean reward, over ``sets`` sets of
    candidates."""

    total: Tensor
    tokens: float
    cross_entropy: float
    references: int
    gained: float
    sets: int


def expected_reward(
    losses: Tensor, target: Tensor, worth: Tensor, owner: Tensor, sharpness: float
) -> tuple[Tensor, Tensor]:
    """Of every set of candidates the expected reward less the mean reward, ``[S]``, and the candidates' mean length.

    The expectation is over the candidates alone, each as likely as its mean log-probability per token, times
    ``sharpness``, makes it: sum_i softmax_i(sharpness * s_i) * r_i (Edunov et al. 2018, eq. 10, with lengths divided
    out). A set is the candidates of one example.

    Args:
        losses: ``[Y]`` nats of every target token. target: ``[Y]`` its target. worth: ``[N]`` rewards of the targets,
            NaN for references. owner: ``[N]`` the example of each target.
    """
    count = len(worth)
    lengths = torch.zeros(count, device=losses.device).index_add(0, target, torch.ones_like(losses))
    score = -torch.zeros(count, device=losses.device).index_add(0, target, losses) / lengths.clamp(min=1)
    gained, sizes = [], []
    rivals = ~worth.isnan()
    for example in owner[rivals].unique():
        mine = rivals & (owner == example)
        rewards = worth[mine]
        gained.append((torch.softmax(sharpness * score[mine], 0) * (rewards - rewards.mean())).sum())
        sizes.append(lengths[mine].mean())
    if not gained:
        return losses.new_zeros(0), losses.new_zeros(0)
    return torch.stack(gained), torch.stack(sizes)


def pack_loss(model: PackedModel, pack: Pack, sharpness: float, weight: float) -> Loss:
    """Cross-entropy summed over reference tokens, less ``weight`` times the expected reward of every set of candidates
    times their mean length: a set weighs as much as one reference of that length."""
    losses = model.token_losses(pack)
    if pack.worth.isnan().all():
        total = losses.sum()
        return Loss(total, float(len(losses)), float(total.detach()), len(losses), 0.0, 0)
    reference = pack.worth.isnan()[pack.target]
    cross_entropy = losses[reference].sum()
    gained, sizes = expected_reward(losses, pack.target, pack.worth, pack.owner, sharpness)
    total = cross_entropy - weight * (gained * sizes).sum()
    tokens = float(reference.sum()) + float(sizes.sum())
    return Loss(
        total, tokens, float(cross_entropy.detach()), int(reference.sum()), float(gained.detach().sum()), len(gained)
    )
