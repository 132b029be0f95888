"""Numbers for the evaluation and for re-ranking: precisions, and one support score per candidate summary."""

from __future__ import annotations

from .text import arabic_light, english_light, fold, is_arabic, tokenize
from .verdict import Document

_FUNCTION = frozenset(
    "the a an and or but of in on at to for with by from as is are was were be been has have had it its he his him she her "
    "they them their this that these those who which what when where will would can could may might must should not no "
    "than then there here so if after before over under up down out about into during more most also said says say "
    "في من الي علي عن مع ان او ثم هذا هذه ذلك تلك التي الذي الذين كان كانت قد لا ما لم لن هو هي هم كل بعد قبل بين خلال عند "
    "حتي اي غير حيث كما وقد وفي ومن بان انه انها".split()
)


def number_precision(document: str, summary: str) -> float | None:
    """Share of the numbers and dates of ``summary`` that ``document`` supports, None if it has none."""
    return Document(document).check(summary).number_precision


def name_precision(document: str, summary: str) -> float | None:
    """Share of the names of ``summary`` that ``document`` supports, None if it has none that can be checked."""
    return Document(document).check(summary).name_precision


def content_stems(text: str) -> list[str]:
    """Light stems of the content words of a text, numbers included, in order."""
    return [
        arabic_light(t.lower) if t.kind == "a" else english_light(t.lower) if t.kind == "w" else t.text
        for t in tokenize(fold(text))
        if t.kind != "s" and t.lower not in _FUNCTION
    ]


def grounding(document: str, summary: str) -> tuple[float, float]:
    """Shares of the summary's content words, and of its pairs of neighbouring content words, that the document has
    (a pair: both within four content words of each other, in either order). Same-language texts only."""
    source = content_stems(document)
    known = set(source)
    pairs = {frozenset((a, b)) for i, a in enumerate(source) for b in source[i + 1 : i + 5]}
    words = content_stems(summary)
    if not words:
        return 1.0, 1.0
    share = sum(w in known for w in words) / len(words)
    neighbours = [frozenset(p) for p in zip(words, words[1:], strict=False)]
    if not neighbours:
        return share, share
    return share, sum(len(p) == 1 or p in pairs for p in neighbours) / len(neighbours)


WEIGHTS = {"alarm": 0.25, "words": 0.3, "pairs": 0.7}
"""Chosen on half of FRANK (see :mod:`summarize.checks.measure`)."""


def support(document: str | Document, summary: str) -> float:
    """How well ``document`` supports ``summary``, from 0 to 1: for re-ranking candidates of one document.

    The grounding of its content words (same-language summaries; 1 across languages), less a fixed step for each number,
    date or name that is unsupported or contradicted, so that a candidate with an invention falls behind one without.
    """
    doc = document if isinstance(document, Document) else Document(document)
    alarms = len(doc.check(summary).alarms)
    base = 1.0
    if is_arabic(summary) == doc.numbers.numbers.arabic:
        words, pairs = grounding(doc.text, summary)
        base = WEIGHTS["words"] * words + WEIGHTS["pairs"] * pairs
    return max(0.0, base - WEIGHTS["alarm"] * alarms)
