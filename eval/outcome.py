"""What an evaluation comes to: scores of systems by direction, their comparisons, and all of it as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .data import Example
from .metrics import COLUMNS
from .stats import Comparison, Interval


@dataclass(frozen=True)
class SystemScores:
    """A system in one direction. ``texts`` and each of ``columns`` have an entry per example (None, NaN: nothing)."""

    name: str
    texts: list[str | None] = field(repr=False)
    columns: dict[str, np.ndarray] = field(repr=False)
    intervals: dict[str, Interval]


@dataclass(frozen=True)
class Pair:
    """Two systems compared on one column; ``adjusted_p`` is Holm's, over all pairs on the column."""

    first: str
    second: str
    column: str
    bootstrap: Comparison
    randomisation: Comparison
    adjusted_p: float


@dataclass(frozen=True)
class Direction:
    """All systems over the examples from ``source`` into ``target``."""

    source: str
    target: str
    examples: list[Example] = field(repr=False)
    systems: dict[str, SystemScores]
    pairs: list[Pair]
    signatures: dict[str, str]
    warnings: list[str]

    @property
    def title(self) -> str:
        """As "ar → en"."""
        return f"{self.source} → {self.target}"


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found; ``settings`` says how it was made."""

    directions: list[Direction]
    settings: dict[str, Any]
    notes: list[str]

    def to_dict(self, per_document: bool = True) -> dict[str, Any]:
        """Plain JSON: NaN becomes null."""
        return {
            "settings": self.settings,
            "notes": self.notes,
            "directions": [_direction_dict(direction, per_document) for direction in self.directions],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _direction_dict(direction: Direction, per_document: bool) -> dict[str, Any]:
    out: dict[str, Any] = {
        "source": direction.source,
        "target": direction.target,
        "n": len(direction.examples),
        "signatures": direction.signatures,
        "warnings": direction.warnings,
        "systems": {
            name: {key: _plain(asdict(value)) for key, value in system.intervals.items()}
            for name, system in direction.systems.items()
        },
        "pairs": [_plain(asdict(pair)) for pair in direction.pairs],
    }
    if per_document:
        out["ids"] = [example.id for example in direction.examples]
        out["per_document"] = {
            name: {key: _plain(values.tolist()) for key, values in system.columns.items()}
            for name, system in direction.systems.items()
        }
    return out


def shown_columns(direction: Direction) -> list[str]:
    """Columns that any system has a score in, in the table's order."""
    return [name for name in COLUMNS if any(name in system.intervals for system in direction.systems.values())]
