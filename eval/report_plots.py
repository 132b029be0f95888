"""Plots as inline SVG. Small drawings of 360 units' width, so that their letters stay readable on a phone; colours and
letters come from the page's style sheet."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .stats import Interval

WIDTH = 360
_LABEL = 92  # width of the row names
_RIGHT = 14


@dataclass(frozen=True)
class Series:
    """A system's numbers: ``values`` of any length, drawn in the page's colour number ``colour`` (-1: grey)."""

    name: str
    values: np.ndarray
    colour: int


def _class(colour: int) -> str:
    return "ref" if colour < 0 else f"c{colour % 8}"


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About ``count`` round numbers within [low, high]."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw)
    first = np.ceil(low / step) * step
    return [float(x) for x in np.arange(first, high + step * 1e-6, step)]


def _text(x: float, y: float, text: str, anchor: str = "middle", kind: str = "") -> str:
    cls = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{cls}>{html.escape(text)}</text>'


def _short(name: str, limit: int = 14) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _svg(height: float, title: str, body: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{html.escape(title, quote=True)}">'
        f"<title>{html.escape(title)}</title>{''.join(body)}</svg>"
    )


def _x_axis(low: float, high: float, left: float, y: float, top: float, label: str) -> tuple[list[str], float]:
    """The axis's parts, and units per number."""
    scale = (WIDTH - left - _RIGHT) / ((high - low) or 1)
    parts = []
    for tick in nice_ticks(low, high):
        x = left + (tick - low) * scale
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(x, y + 14, _number(round(tick, 6))))
    parts.append(_text(left + (WIDTH - left - _RIGHT) / 2, y + 30, label, kind="axis"))
    return parts, scale


def forest(rows: Sequence[tuple[str, int, Interval]], label: str) -> str:
    """Means with their intervals, a row per system."""
    step, top = 26, 8
    bottom = top + step * len(rows)
    low = min(i.low for _, _, i in rows)
    high = max(i.high for _, _, i in rows)
    pad = max((high - low) * 0.08, 0.5)
    low, high = max(0.0, low - pad), high + pad
    body, scale = _x_axis(low, high, _LABEL, bottom, top, label)
    for row, (name, colour, interval) in enumerate(rows):
        y = top + step * (row + 0.5)
        a, b, m = (_LABEL + (v - low) * scale for v in (interval.low, interval.high, interval.mean))
        body += [
            _text(_LABEL - 8, y + 4, _short(name), "end", "name"),
            f'<line class="whisker {_class(colour)}" x1="{a:.1f}" x2="{b:.1f}" y1="{y}" y2="{y}"/>',
            f'<circle class="dot {_class(colour)}" cx="{m:.1f}" cy="{y}" r="5"><title>{html.escape(name)}: '
            f"{interval.mean:.2f} [{interval.low:.2f}, {interval.high:.2f}]</title></circle>",
        ]
    return _svg(bottom + 38, f"{label} with intervals", body)


def ridges(series: Sequence[Series], label: str, high: float | None = None, bins: int = 24) -> str:
    """A histogram per series, one above the other on one axis, with the median as a tick."""
    kept = [s for s in series if len(s.values)]
    step, top = 46, 10
    bottom = top + step * len(kept)
    if high is None:
        high = float(max(np.quantile(s.values, 0.99) for s in kept)) * 1.05 or 1.0
    body, scale = _x_axis(0, high, _LABEL, bottom, top, label)
    edges = np.linspace(0, high, bins + 1)
    counts = [np.histogram(np.clip(s.values, 0, high), edges)[0] / len(s.values) for s in kept]
    tallest = max(float(c.max()) for c in counts) or 1.0
    for row, (one, count) in enumerate(zip(kept, counts, strict=True)):
        base = top + step * (row + 1)
        # Square roots, so that one full bin does not flatten all others.
        heights = np.sqrt(count / tallest) * (step - 8)
        points = [f"M{_LABEL:.1f},{base}"]
        for i, height in enumerate(heights):
            x0, x1 = (_LABEL + edges[j] * scale for j in (i, i + 1))
            points.append(f"V{base - height:.1f}H{x1:.1f}" if x0 >= _LABEL else "")
        points.append(f"V{base}Z")
        median = _LABEL + min(float(np.median(one.values)), high) * scale
        body += [
            _text(_LABEL - 8, base - 8, _short(one.name), "end", "name"),
            f'<path class="fill {_class(one.colour)}" d="{"".join(points)}"><title>{html.escape(one.name)}: median '
            f"{np.median(one.values):.1f}, {len(one.values)} documents</title></path>",
            f'<line class="median" x1="{median:.1f}" x2="{median:.1f}" y1="{base - step + 10}" y2="{base}"/>',
            f'<line class="base" x1="{_LABEL}" x2="{WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>',
        ]
    return _svg(bottom + 38, f"distribution of {label}", body)


def trend(x: np.ndarray, series: Sequence[Series], x_label: str, y_label: str, bins: int = 6) -> str:
    """Means of each series over bins of ``x`` that hold equally many documents; the first series' documents as dots."""
    left, top, bottom = 34, 10, 210
    order = np.argsort(x, kind="stable")
    groups = [g for g in np.array_split(order, min(bins, max(1, len(x) // 5))) if len(g)]
    high_x = float(np.quantile(x, 0.98)) * 1.02 or 1.0
    low_x = float(x.min()) * 0.98
    shown = [s for s in series if not np.isnan(s.values).all()]
    dots = shown[0].values
    high = float(np.nanquantile(dots, 0.98)) if len(dots) else 1.0
    high = max(high, *(float(np.nanmean(s.values)) * 1.3 for s in shown), 1.0)
    body, scale = _x_axis(low_x, high_x, left, bottom, top, x_label)
    unit = (bottom - top) / high
    for tick in nice_ticks(0, high):
        y = bottom - tick * unit
        body.append(f'<line class="grid" x1="{left}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(_text(left - 6, y + 4, _number(round(tick, 6)), "end"))
    body.append(_text(left, top - 1, y_label, "start", "axis"))
    every = max(1, len(x) // 400)
    for i in range(0, len(x), every):
        if x[i] <= high_x and dots[i] <= high:
            cx, cy = left + (x[i] - low_x) * scale, bottom - dots[i] * unit
            body.append(f'<circle class="speck {_class(shown[0].colour)}" cx="{cx:.1f}" cy="{cy:.1f}" r="1.8"/>')
    for one in reversed(shown):
        points = []
        for group in groups:
            values = one.values[group]
            if not np.isnan(values).all():
                px = left + (min(float(np.median(x[group])), high_x) - low_x) * scale
                points.append((px, bottom - float(np.nanmean(values)) * unit))
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        body.append(
            f'<polyline class="trend {_class(one.colour)}" points="{line}">'
            f"<title>{html.escape(one.name)}</title></polyline>"
        )
        body += [f'<circle class="dot {_class(one.colour)}" cx="{px:.1f}" cy="{py:.1f}" r="3.5"/>' for px, py in points]
    return _svg(bottom + 38, f"{y_label} against {x_label}", body)
