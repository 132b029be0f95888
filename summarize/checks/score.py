"""Numbers for the evaluation and for re-ranking: precisions, and one support score per candidate summary."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from .text import arabic_light, english_light, fold, is_arabic, tokenize
from .verdict import Document, prepared

_FUNCTION = frozenset(
    "the a an and or but of in on at to for with by from as is are was were be been has have had it its he his "
    "him she her "
    "they them their this that these those who which what when where will would can could may might must should not no "
    "than then there here so if after before over under up down out about into during more most also said says say "
    "في من الي علي عن مع ان او ثم هذا هذه ذلك تلك التي الذي الذين كان كانت قد لا ما لم لن هو هي هم كل بعد قبل "
    "بين خلال عند "
    "حتي اي غير حيث كما وقد وفي ومن بان انه انها".split()
)


def number_precision(document: str, summary: str) -> float | None:
    """Share of the numbers and dates of ``summary`` that ``document`` supports, None if it has none."""
    return prepared(document).check(summary).number_precision


def name_precision(document: str, summary: str) -> float | None:
    """Share of the names of ``summary`` that ``document`` supports, None if it has none that can be checked."""
    return prepared(document).check(summary).name_precision


def content_stems(text: str) -> list[str]:
    """Light stems of the content words of a text, numbers included, in order."""
    return [
        arabic_light(t.lower) if t.kind == "a" else english_light(t.lower) if t.kind == "w" else t.text
        for t in tokenize(fold(text))
        if t.kind != "s" and t.lower not in _FUNCTION
    ]


@dataclass(frozen=True)
class Grounding:
    """Shares of a summary that its document has, 0 to 1: of content words; of neighbouring pairs of them (within four
    content words of each other in the document, in either order); of runs of three, exactly."""

    words: float
    pairs: float
    triples: float


def grounding(document: str, summary: str) -> Grounding:
    """How much of a summary's wording the document has; both in one language."""
    source = content_stems(document)
    words = content_stems(summary)
    if not words:
        return Grounding(1.0, 1.0, 1.0)
    known = set(source)
    near = {frozenset((a, b)) for i, a in enumerate(source) for b in source[i + 1 : i + 5]}
    runs = set(zip(source, source[1:], source[2:], strict=False))
    share = sum(w in known for w in words) / len(words)
    pairs = [frozenset(p) for p in itertools.pairwise(words)]
    paired = sum(len(p) == 1 or p in near for p in pairs) / len(pairs) if pairs else share
    triples = list(zip(words, words[1:], words[2:], strict=False))
    return Grounding(share, paired, sum(t in runs for t in triples) / len(triples) if triples else paired)


WEIGHTS = {"words": 0.3, "pairs": 0.4, "triples": 0.3, "alarm": 0.1}
"""Chosen on the tuning halves of FRANK and SummEval (see :mod:`summarize.checks.measure`). FRANK alone would take 0.05
for an alarm; SummEval, and the wish that an invention should cost a candidate its place, take more."""


def weigh(found: Grounding, alarms: int, weights: Mapping[str, float] = WEIGHTS) -> float:
    """The support score of a grounding and a number of alarms."""
    base = weights["words"] * found.words + weights["pairs"] * found.pairs + weights["triples"] * found.triples
    return max(0.0, base - weights["alarm"] * alarms)


def support(document: str | Document, summary: str) -> float:
    """How well ``document`` supports ``summary``, from 0 to 1: for re-ranking candidates of one document.

    The grounding of its content words (same-language summaries; 1 across languages), less a fixed step for each number,
    date or name that is unsupported or contradicted, so that a candidate with an invention falls behind one without.
    """
    doc = document if isinstance(document, Document) else prepared(document)
    alarms = len(doc.check(summary).alarms)
    same = is_arabic(summary) == doc.numbers.numbers.arabic
    return weigh(grounding(doc.text, summary) if same else Grounding(1.0, 1.0, 1.0), alarms)
