"""Tables for the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from .metrics import COLUMNS
from .outcome import Direction, Evaluation
from .scoring import FileScores

_MAIN = (
    "rouge1",
    "rouge2",
    "rougeL",
    "rougeLsum",
    "chrf",
    "words",
    "novel2",
    "number_precision",
    "name_precision",
    "in_language",
)


def _width(text: str) -> int:
    return sum(not unicodedata.combining(ch) and unicodedata.category(ch) != "Cf" for ch in text)


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first flush left, the others flush right."""
    widths = [max(_width(row[i]) for row in (header, *rows)) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0] + " " * (widths[0] - _width(row[0]))]
        cells += [" " * (width - _width(cell)) + cell for cell, width in zip(row[1:], widths[1:], strict=True)]
        return "  ".join(cells).rstrip()

    return "\n".join([line(header), line(["-" * width for width in widths]), *map(line, rows)])


def direction_table(direction: Direction) -> str:
    """The main columns of all systems in a direction, ROUGE with its interval's half width."""
    shown = [c for c in _MAIN if any(c in s.intervals for s in direction.systems.values())]
    rows = []
    for system in direction.systems.values():
        row = [system.name]
        for column in shown:
            interval = system.intervals.get(column)
            if interval is None:
                row.append("-")
            elif column.startswith("rouge"):
                row.append(f"{interval.mean:.1f} ±{(interval.high - interval.low) / 2:.1f}")
            else:
                row.append(f"{interval.mean:.1f}")
        rows.append(row)
    title = f"{direction.title}, {len(direction.examples)} documents"
    return f"{title}\n{format_table(['system', *(COLUMNS[c].label for c in shown)], rows)}"


def evaluation_tables(evaluation: Evaluation) -> str:
    """The tables of all directions, each with ROUGE's signature."""
    parts = []
    for direction in evaluation.directions:
        lines = [direction_table(direction)]
        if "rouge" in direction.signatures:
            lines.append(direction.signatures["rouge"])
        parts.append("\n".join([*lines, *(f"warning: {w}" for w in direction.warnings)]))
    return "\n\n".join(parts)


def score_table(scores: dict[str, FileScores], intervals: dict[str, dict[str, tuple[float, float]]]) -> str:
    """Systems by columns; with intervals where there are any."""
    names = [c for c in next(iter(scores.values())).means if not c.endswith(("_p", "_r"))]
    rows = []
    for system, result in scores.items():
        row = [system]
        for name in names:
            text = f"{result.means[name]:.2f}"
            if name in intervals.get(system, {}):
                low, high = intervals[system][name]
                text += f" [{low:.2f}, {high:.2f}]"
            row.append(text)
        rows.append(row)
    return format_table(["system", *(COLUMNS[n].label if n in COLUMNS else n for n in names)], rows)
