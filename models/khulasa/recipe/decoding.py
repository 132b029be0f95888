"""Chooses decoding defaults on the dev sets: greedy or beams, length penalty, n-gram blocking, least length, and what
candidates ``quality="best"`` chooses among."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from summarize.rerank import widened

from ...engine import Decoding
from .measure import engine_with, outputs_of, score_outputs

_GREEDY = Decoding(max_new_tokens=176)
_BEAMS = Decoding(num_beams=4, early=True, max_new_tokens=176)
SETTINGS: dict[str, Decoding] = {
    "greedy": _GREEDY,
    "greedy-4gram": replace(_GREEDY, no_repeat_ngram_size=4),
    "greedy-min12": replace(_GREEDY, min_new_tokens=12),
    "beams4": _BEAMS,
    "beams4-3gram": replace(_BEAMS, no_repeat_ngram_size=3),
    "beams4-min12": replace(_BEAMS, min_new_tokens=12),
    "beams4-penalty0": replace(_BEAMS, length_penalty=0.0),
    "beams4-penalty0.6": replace(_BEAMS, length_penalty=0.6),
    "beams4-penalty-0.5": replace(_BEAMS, length_penalty=-0.5),
    "beams4-penalty1.5": replace(_BEAMS, length_penalty=1.5),
    # Several candidates, and the choice among them.
    "best-of-beams4": replace(_BEAMS, num_return=4),
    "best-greedy": widened(_GREEDY),
    "best": widened(_BEAMS),
}


@dataclass(frozen=True)
class Tried:
    """A setting, what it scored by "set metric", and the seconds it took."""

    name: str
    scores: Mapping[str, float]
    seconds: float


def search(
    adapter: Path,
    data: Path,
    weights: Path,
    items: int,
    only: Sequence[str] | None = None,
    settings: Mapping[str, Decoding] = SETTINGS,
    both: bool = False,
    length: str | None = None,
) -> list[Tried]:
    """Every setting on the same documents; ``both``: into the other language, too; ``length``: see ``outputs_of``."""
    tried = []
    with engine_with(adapter, weights) as engine:
        for name, decoding in settings.items():
            began = time.monotonic()
            outputs = outputs_of(engine, data, items, decoding, both=both, only=only, length=length)
            tried.append(Tried(name, score_outputs(outputs), time.monotonic() - began))
    return tried


def table(tried: Sequence[Tried]) -> str:
    """One line per measure, one column per setting, the best of each line starred; then the seconds."""
    keys = dict.fromkeys(key for t in tried for key in t.scores)
    width = max((len(t.name) for t in tried), default=0) + 2
    lines = [" " * 34 + "".join(f"{t.name:>{width}}" for t in tried)]
    for key in keys:
        values = [t.scores.get(key) for t in tried]  # none where an output states no number, or no name
        known = [v for v in values if v is not None]
        marks = ["*" if v == max(known) > min(known) else " " for v in values]
        cells = ["-" if v is None else f"{v:.2f}" for v in values]
        lines.append(f"{key:34}" + "".join(f"{c:>{width - 1}}{m}" for c, m in zip(cells, marks, strict=True)))
    lines.append(f"{'seconds':34}" + "".join(f"{t.seconds:{width - 1}.0f} " for t in tried))
    return "\n".join(lines)
