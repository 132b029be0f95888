"""Evaluation: ROUGE that is right for Arabic and English, its companions, data sets, the batch run, reports.

>>> from summarize.eval import Rouge, evaluate
>>> Rouge(lang="ar").score("أعلن الوزير", "أعلنَ الوزيرُ")["rouge1"].f1                       # doctest: +SKIP
1.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .data import Example, load_examples, read_examples
    from .evaluation import evaluate
    from .outcome import Evaluation
    from .report import write_report
    from .rouge import Rouge, Score
    from .rouge_config import RougeConfig
    from .signature import Signature
    from .stats import approximate_randomisation, bootstrap_intervals, paired_bootstrap
    from .trainer import rouge_metrics

_LAZY = {
    "Evaluation": "outcome",
    "Example": "data",
    "Rouge": "rouge",
    "RougeConfig": "rouge_config",
    "Score": "rouge",
    "Signature": "signature",
    "approximate_randomisation": "stats",
    "bootstrap_intervals": "stats",
    "evaluate": "evaluation",
    "load_examples": "data",
    "paired_bootstrap": "stats",
    "read_examples": "data",
    "rouge_metrics": "trainer",
    "write_report": "report",
}

__all__ = [
    "Evaluation",
    "Example",
    "Rouge",
    "RougeConfig",
    "Score",
    "Signature",
    "approximate_randomisation",
    "bootstrap_intervals",
    "evaluate",
    "load_examples",
    "paired_bootstrap",
    "read_examples",
    "rouge_metrics",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
