"""What a training run is made of: one frozen dataclass, named settings, and a file of changes to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ....errors import UsageError
from .stream import Stage

# Shares of the positions run: first the languages (bitext), then summaries with bitext kept in; and those of going on
# from a trained adapter, with documents up to half the encoder's length and up to all of it.
_SHARES = {
    "tr": (0.34, 0.2, 0.21, 0.17),
    "par": (0.12, 0.1, 0.1, 0.09),
    "xl": (0.08, 0.05, 0.04, 0.03),
    "xl-long": (0.12, 0.1, 0.05, 0.06),
    "name": (0.05, 0.03, 0.01, 0.01),
    "sum-ar": (0.13, 0.24, 0.27, 0.3),
    "sum-en": (0.05, 0.08, 0.11, 0.14),
    "xsum": (0.03, 0.1, 0.1, 0.1),
    "head-ar": (0.04, 0.05, 0.06, 0.05),
    "head-en": (0.02, 0.03, 0.04, 0.04),
    "dlg": (0.02, 0.04, 0.01, 0.01),
    "silver": (0.1, 0.2, 0.1, 0.1),
}
BITEXT, SUMMARIES, ON, ON_LONG = ({part: shares[stage] for part, shares in _SHARES.items()} for stage in range(4))
CURRICULUM = (Stage(800, BITEXT, 448, 112), Stage(1200, SUMMARIES, 448, 128), Stage(1_000_000, SUMMARIES, 640, 128))
ON_CURRICULUM = (Stage(900, ON, 512, 120), Stage(1_000_000, ON_LONG, 1000, 128))
LONG_CURRICULUM = (
    Stage(4000, BITEXT, 448, 160),
    Stage(8000, SUMMARIES, 640, 160),
    Stage(1_000_000, SUMMARIES, 1024, 192),
)


@dataclass(frozen=True)
class TrainConfig:
    """A training run.

    Args:
        rank: of the adapter; 0 trains every matrix.
        steps: optimizer steps in all; each takes ``packs`` packs of ``total`` positions.
        workers: processes on CPU, one thread each: they meet once a step, so a busy core costs little. 1 on CUDA.
        rate: AdamW's peak learning rate: ``warmup`` steps up, level, then linearly down to ``floor`` of it from
            ``decay_from`` (a share of the run) on.
        timed: whether shares of the run are of its minutes, where it is given any, instead of its steps.
        ema: decay of the averaged weights, which are what is released.
        stages: the curriculum, in order.
        risk: weight of the expected reward of examples with candidates; sharpness: how much likelier a candidate of
            higher log-probability per token is taken to be (``risk.expected_reward``).
        validate_every, save_every, measure_every: steps; 0 is never. Measuring generates on the dev sets.
        device: "cpu" or "cuda".
    """

    rank: int = 32
    steps: int = 1500
    packs: int = 2
    total: int = 768
    workers: int = 2
    seed: int = 0
    rate: float = 2.5e-4
    warmup: int = 20
    decay_from: float = 0.7
    timed: bool = False
    floor: float = 0.05
    clip: float = 1.0
    weight_decay: float = 0.0
    ema: float = 0.99
    risk: float = 5.0
    sharpness: float = 8.0
    validate_every: int = 100
    validate_items: int = 24
    save_every: int = 50
    measure_every: int = 0
    measure_items: int = 24
    device: str = "cpu"
    compile: bool = True
    bidirectional: bool = False
    stages: tuple[Stage, ...] = CURRICULUM

    def rate_at(self, step: int, done: float | None = None) -> float:
        """The learning rate of a step, from 0 on; ``done``: the share of the run that is over, by steps if None."""
        done = step / self.steps if done is None else done
        over = min(1.0, max(0.0, done - self.decay_from) / max(1e-9, 1.0 - self.decay_from))
        return self.rate * min(1.0, (step + 1) / max(1, self.warmup)) * (1.0 - (1.0 - self.floor) * over)


# One GPU: about eight passes over the mix.
_CUDA = TrainConfig(
    steps=12000, packs=1, total=8192, workers=1, warmup=200, ema=0.998, validate_every=500, save_every=500,
    measure_every=3000, device="cuda", stages=LONG_CURRICULUM,
)  # fmt: skip
# From the base, two cores, an hour and a half.
_CPU_BASE = TrainConfig()
# On from a trained adapter, as long: this is the run that the released weights come from.
_CPU = TrainConfig(
    steps=1230, total=1152, seed=6, rate=8e-5, warmup=15, decay_from=0.05, floor=0.04, ema=0.993, validate_every=400,
    save_every=25, stages=ON_CURRICULUM,
)  # fmt: skip
CONFIGS: dict[str, TrainConfig] = {
    "cpu": _CPU,
    "cpu-base": _CPU_BASE,
    "cuda": _CUDA,
    "cuda-full": replace(_CUDA, rank=0, rate=3e-5, weight_decay=0.01, warmup=400),  # every matrix
}


def _stages(value: Sequence[Mapping[str, Any]]) -> tuple[Stage, ...]:
    return tuple(Stage(**stage) for stage in value)


def load_config(name: str, changes: Sequence[str] = ()) -> TrainConfig:
    """A named setting or a JSON file of fields, then ``key=value`` changes (values are JSON).

    Raises:
        UsageError: an unknown name, field or malformed change.
    """
    known = {f.name for f in fields(TrainConfig)}
    if name in CONFIGS:
        config, given = CONFIGS[name], {}
    elif Path(name).is_file():
        config, given = TrainConfig(), json.loads(Path(name).read_text(encoding="utf-8"))
    else:
        raise UsageError(f"{name!r} is neither a file nor a known setting; known: {', '.join(CONFIGS)}")
    for change in changes:
        key, sign, value = change.partition("=")
        if not sign:
            raise UsageError(f"{change!r} is not of the form key=value")
        try:
            given[key] = json.loads(value)
        except ValueError:
            given[key] = value
    if unknown := set(given) - known:
        raise UsageError(
            f"{sorted(unknown)[0]!r} is not a field of the training configuration; fields: {', '.join(sorted(known))}"
        )
    if "stages" in given:
        given["stages"] = _stages(given["stages"])
    return replace(config, **given)
