"""Means with bootstrap intervals, and tests between two systems, on per-document scores.

All are seeded and vectorised: resamples are drawn as counts (how often each document is in each resample), so that
one matrix product serves all metrics at once. Scores that are NaN (a metric that does not apply to a document, as
number precision without a number) are left out of means; between systems, documents count where both have a score.

p = (c + 1) / (n + 1), c of n resamples being at least as extreme as what was seen (Davison and Hinkley 1997, section
4.2.2): p is never 0, and its smallest value says how many resamples were drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from summarize.errors import UsageError

SMALL = 100
"""Below this many documents intervals and tests are said to be weak."""
_CELLS = 2_000_000  # draws held at once
_ROUNDING = 1e-6  # of the scores' size: what is nearer than this to the difference seen is as extreme as it


@dataclass(frozen=True)
class Interval:
    """A mean with its percentile bootstrap interval, in the scores' own units; ``n`` documents had a score."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Comparison:
    """A test of two systems: ``difference`` of means (first minus second), two-sided ``p``, ``n`` documents."""

    test: str
    difference: float
    p: float
    n: int
    resamples: int
    seed: int


def small_sample_warning(n: int) -> str | None:
    """One line where ``n`` documents are too few to conclude much from."""
    return f"only {n} documents: intervals and tests are weak under {SMALL}" if n < SMALL else None


def _draws(n: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Bootstrap resamples as counts, shape (some, n), float32; ``resamples`` rows in all."""
    rng = np.random.default_rng(seed)
    step = max(1, _CELLS // n)
    for begin in range(0, resamples, step):
        rows = min(step, resamples - begin)
        drawn = rng.integers(0, n, size=(rows, n), dtype=np.int64)
        drawn += np.arange(rows, dtype=np.int64)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float32)


def _checked(scores: np.ndarray, name: str) -> np.ndarray:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or not len(values):
        raise UsageError(f"{name} has shape {np.shape(scores)}: give one row per document, at least one")
    if np.isinf(values).any():
        raise UsageError(f"{name} holds an infinite score at document {int(np.argwhere(np.isinf(values))[0][0])}")
    return values


def bootstrap_means(scores: np.ndarray, resamples: int = 1000, seed: int = 12345) -> np.ndarray:
    """Means of bootstrap resamples of the documents (Efron 1979).

    Args:
        scores: shape (documents,) or (documents, metrics); NaN is left out.

    Returns:
        Shape (resamples, metrics); NaN where a resample holds no scored document.
    """
    values = _checked(scores, "scores")
    mask = ~np.isnan(values)
    # Centred, so that float32 products keep their digits.
    count = mask.sum(axis=0)
    centre = np.where(count > 0, np.where(mask, values, 0).sum(axis=0) / np.maximum(count, 1), 0.0)
    filled = np.where(mask, values - centre, 0).astype(np.float32)
    all_scored = bool(mask.all())
    weights = mask.astype(np.float32)
    parts = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for counts in _draws(len(values), resamples, seed):
            totals = np.float64(len(values)) if all_scored else (counts @ weights).astype(np.float64)
            parts.append((counts @ filled).astype(np.float64) / totals)
    return np.concatenate(parts) + centre


def bootstrap_intervals(
    scores: np.ndarray, resamples: int = 1000, seed: int = 12345, level: float = 0.95
) -> list[Interval]:
    """Mean of each column with its percentile bootstrap interval.

    Args:
        scores: shape (documents,) or (documents, metrics).
        level: coverage, between 0 and 1.

    Raises:
        UsageError: no documents, infinite scores, a level outside (0, 1) or no resamples.
    """
    if not 0 < level < 1:
        raise UsageError(f"level={level} is not a confidence level; give a number between 0 and 1, such as 0.95")
    if resamples < 1:
        raise UsageError(f"resamples={resamples} is too few; give at least 1, better 1000")
    values = _checked(scores, "scores")
    means = bootstrap_means(values, resamples, seed)
    intervals = []
    for column, drawn in zip(values.T, means.T, strict=True):
        kept = column[~np.isnan(column)]
        if not len(kept):
            intervals.append(Interval(float("nan"), float("nan"), float("nan"), 0))
            continue
        low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        low, high = np.clip((low, high), kept.min(), kept.max())  # rounding of float32
        intervals.append(Interval(float(kept.mean()), float(low), float(high), len(kept)))
    return intervals


def _differences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise UsageError(f"systems scored on different documents: {a.shape} and {b.shape} scores")
    difference = a - b
    return difference[~np.isnan(difference)]


def _slack(difference: np.ndarray) -> float:
    """Resampled means are sums of 32-bit numbers: ties with the mean that was seen come out a little off."""
    return _ROUNDING * float(np.abs(difference).mean())


def paired_bootstrap(first: np.ndarray, second: np.ndarray, resamples: int = 1000, seed: int = 12345) -> Comparison:
    """Paired bootstrap test of equal means, two-sided.

    Koehn (2004), "Statistical significance tests for machine translation evaluation"; the resampled differences are
    moved to have mean zero, as a null hypothesis demands (Riezler and Maxwell 2005).
    """
    difference = _differences(first, second)
    n = len(difference)
    if not n:
        return Comparison("paired bootstrap", float("nan"), float("nan"), 0, resamples, seed)
    seen = float(difference.mean())
    drawn = bootstrap_means(difference, resamples, seed)[:, 0]
    extreme = int((np.abs(drawn - seen) >= abs(seen) - _slack(difference)).sum())
    return Comparison("paired bootstrap", seen, (extreme + 1) / (resamples + 1), n, resamples, seed)


def approximate_randomisation(
    first: np.ndarray, second: np.ndarray, resamples: int = 10_000, seed: int = 12345
) -> Comparison:
    """Approximate randomisation test of equal means, two-sided: the two systems' scores are swapped at random.

    Noreen (1989); Riezler and Maxwell (2005), "On some pitfalls in automatic evaluation and significance testing".
    """
    difference = _differences(first, second)
    n = len(difference)
    if not n:
        return Comparison("approximate randomisation", float("nan"), float("nan"), 0, resamples, seed)
    seen = float(difference.mean())
    rng = np.random.default_rng(seed)
    values = difference.astype(np.float32)
    step = max(1, _CELLS // n)
    extreme = 0
    for begin in range(0, resamples, step):
        rows = min(step, resamples - begin)
        bits = np.frombuffer(rng.bytes((rows * n + 7) // 8), dtype=np.uint8)
        swap = np.unpackbits(bits, count=rows * n).reshape(rows, n).astype(np.float32)
        # sum of signed differences = sum - 2 * sum of the swapped ones
        drawn = float(difference.sum()) - 2.0 * (swap @ values).astype(np.float64)
        extreme += int((np.abs(drawn) / n >= abs(seen) - _slack(difference)).sum())
    return Comparison("approximate randomisation", seen, (extreme + 1) / (resamples + 1), n, resamples, seed)


TESTS = {"bs": paired_bootstrap, "ar": approximate_randomisation}


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for how many comparisons were made (Holm 1979); NaN stays NaN."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    order = order[~np.isnan(p[order])]
    adjusted = np.full(len(p), np.nan)
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(order) - rank) * p[index]))
        adjusted[index] = running
    return [float(x) for x in adjusted]
