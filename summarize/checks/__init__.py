"""Nothing invented: are the numbers, dates and names of a summary in its document?

>>> from summarize.checks import check
>>> check("The blast killed 17 people in Iraq.", "Blast kills 71 in Iran").warnings       # doctest: +SKIP

Works within Arabic, within English, and across the two. Precision comes first: what cannot be told raises no alarm.
"""

from __future__ import annotations

from .constraint import NumberConstraint, NumberVocabulary
from .score import name_precision, number_precision, support
from .verdict import Document, Finding, Verdict, prepared

__all__ = [
    "Document",
    "Finding",
    "NumberConstraint",
    "NumberVocabulary",
    "Verdict",
    "check",
    "name_precision",
    "number_precision",
    "prepared",
    "support",
]


def check(document: str, summary: str) -> Verdict:
    """Check every number, date and name of ``summary`` against ``document``.

    Args:
        document: the whole text that was summarised, Arabic or English.
        summary: its summary, in the same language or the other.

    Returns:
        A :class:`Verdict`: findings with spans in both texts, precisions, warnings in plain English.
    """
    return prepared(document).check(summary)
