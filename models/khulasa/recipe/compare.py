"""Compares training settings on equal time: rank 32, rank 128, every matrix, learning rates, from the same start."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .config import TrainConfig, load_config
from .curves import read_curves

# Name of the variant -> changes to the setting.
VARIANTS: dict[str, tuple[str, ...]] = {
    "rank32": ("rank=32",),
    "rank128": ("rank=128",),
    "full": ("rank=0", "rate=2e-5", "weight_decay=0.01"),
    "rank32-rate1e-4": ("rank=32", "rate=1e-4"),
    "rank32-rate5e-4": ("rank=32", "rate=5e-4"),
    "rank128-rate1e-4": ("rank=128", "rate=1e-4"),
}


@dataclass(frozen=True)
class Compared:
    """positions run in the time, and the last validation losses by set, of one variant."""

    variant: str
    positions: int
    losses: Mapping[str, float]


def variant_config(name: str, variant: str) -> TrainConfig:
    """The setting ``name`` changed to ``variant``; time, not steps, ends it, and its learning rate falls with time."""
    return load_config(name, (*VARIANTS[variant], "steps=1000000", "timed=true", "save_every=0"))


def compare(
    variants: Sequence[str], minutes: float, name: str, out: Path, train: Callable[[TrainConfig, Path, float], None]
) -> list[Compared]:
    """Trains each variant for ``minutes`` in ``out/<variant>`` with ``train(config, folder, minutes)``, on one mix."""
    results = []
    mix = out / variants[0] / "mix.jsonl"
    for variant in variants:
        folder = out / variant
        if mix.is_file() and not (folder / mix.name).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(mix, folder)
        train(variant_config(name, variant), folder, minutes)
        last = [r for r in read_curves(folder) if "validation" in r][-1]
        results.append(Compared(variant, last["positions"], last["validation"]))
    return results


def table(results: Sequence[Compared]) -> str:
    """Plain text, one line per variant."""
    sets = list(results[0].losses) if results else []
    lines = [f"{'variant':18} {'positions':>10} " + " ".join(f"{name:>15}" for name in sets)]
    for r in results:
        lines.append(f"{r.variant:18} {r.positions:10} " + " ".join(f"{r.losses[name]:15.4f}" for name in sets))
    return "\n".join(lines)
