"""Plots the curves of one or several runs: validation loss per task and direction, training loss, measured scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ....errors import DataError, MissingExtraError


def read_curves(run: Path) -> list[dict[str, Any]]:
    """The log of a run; a last line that was being written when the run was killed is left out.

    Raises:
        DataError: the folder has none, or a line in it is broken.
    """
    path = run / "curves.jsonl"
    if not path.is_file():
        raise DataError(f"{path} is not there; name the folder of a training run")
    whole = path.read_text(encoding="utf-8").split("\n")[:-1]
    try:
        return [json.loads(line) for line in whole]
    except ValueError as error:
        raise DataError(f"{path}: a broken line ({error}); take it out") from None


def series(records: Sequence[dict[str, Any]], kind: str) -> dict[str, tuple[list[int], list[float]]]:
    """By name: positions run and values, of a kind of record ("validation", "measured") or of "loss"."""
    found: dict[str, tuple[list[int], list[float]]] = {}
    for record in records:
        if kind in record:
            values = record[kind] if isinstance(record[kind], dict) else {kind: record[kind]}
            for name, value in values.items():
                xs, ys = found.setdefault(name, ([], []))
                xs.append(record["positions"])
                ys.append(value)
    return found


def plot(runs: Sequence[Path], out: Path) -> None:
    """Writes a figure (format by its suffix), one panel per validation set, one line per run.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        raise MissingExtraError("plots need matplotlib: pip install matplotlib") from None
    logs = {run.name: read_curves(run) for run in runs}
    kinds = ("validation", "measured")
    panels = list(dict.fromkeys(name for log in logs.values() for kind in kinds for name in series(log, kind)))
    panels.insert(0, "loss")
    columns = min(4, len(panels))
    lines = -(-len(panels) // columns)
    figure, axes = plt.subplots(lines, columns, figsize=(3.4 * columns, 2.6 * lines), squeeze=False)
    for axis, panel in zip(axes.flat, panels, strict=False):
        for run, log in logs.items():
            for kind in ("loss", "validation", "measured"):
                if panel in (found := series(log, kind)):
                    xs, ys = found[panel]
                    axis.plot([x / 1e6 for x in xs], ys, marker=".", markersize=3, linewidth=1, label=run)
        axis.set_title(panel, fontsize=9)
        axis.set_xlabel("million positions", fontsize=8)
        axis.tick_params(labelsize=7)
    for axis in list(axes.flat)[len(panels) :]:
        axis.remove()
    if len(logs) > 1:
        labelled = next((a for a in figure.axes if a.get_legend_handles_labels()[1]), None)
        if labelled is not None:
            labelled.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(out, dpi=120)
    plt.close(figure)
