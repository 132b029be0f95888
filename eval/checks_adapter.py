"""Number and name precision: the faithfulness checks of :mod:`summarize.checks`, as columns of the metric table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from .extractive import NAN

if TYPE_CHECKING:
    from .metrics import Case, Scorer


def _percent(value: float | None) -> float:
    return NAN if value is None else 100 * value


def make_checks() -> Scorer:
    """Scorer with the columns number_precision and name_precision; NaN where a summary has no number, or no name."""
    from summarize.checks import Document

    document = lru_cache(maxsize=512)(Document)  # several systems summarise the same document

    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        columns: dict[str, list[float]] = {"number_precision": [], "name_precision": []}
        for case in cases:
            verdict = document(case.doc).check(case.hyp) if case.doc else None
            columns["number_precision"].append(_percent(verdict.number_precision if verdict else None))
            columns["name_precision"].append(_percent(verdict.name_precision if verdict else None))
        return columns

    return score
