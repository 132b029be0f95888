"""``quality="best"``: several candidates are written, and the one to hand over is chosen.

Minimum Bayes risk (Kumar and Byrne 2004): the candidate that agrees most with all the others, which stand for what the
model holds to be likely. An output that went astray agrees with none. To that comes what the checks say: what its
document supports, whether it ended by itself, whether it is in the language asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .checks.score import grounding, weigh
from .checks.text import fold, is_arabic, tokenize
from .languages import LANGUAGES, script_share
from .polish import polish

if TYPE_CHECKING:
    from .checks import Document
    from .models.engine import Constraint, Decoding, Memory, Output, Task

QUALITIES = ("fast", "best")
DRAWS = 8  # candidates of "best" beside the outputs of the search

Runs = Sequence["Counter[str] | Counter[tuple[str, ...]]"]


def widened(decoding: Decoding) -> Decoding:
    """``decoding`` with the candidates of "best": all outputs of its search, and draws."""
    return replace(decoding, num_return=decoding.num_beams, samples=DRAWS, temperature=0.7, top_p=0.9)


@dataclass(frozen=True)
class Candidate:
    """A text to choose among.

    alarms: numbers, dates and names in it that its document does not support; grounding: the share of its wording that
    its document has, 0 to 1; finished: whether the model ended it by itself; language: whether it is in the language
    asked for.
    """

    text: str
    alarms: int = 0
    grounding: float = 1.0
    finished: bool = True
    language: bool = True


@dataclass(frozen=True)
class Weights:
    """What counts beside agreement, which is from 0 to 1: what a text loses for each alarm, gains for its grounding,
    and loses where it was cut off or is in the wrong language."""

    alarm: float = 0.1
    grounding: float = 0.1
    cut: float = 0.2
    language: float = 1.0


def characters(text: str) -> Runs:
    """Runs of 1 to 6 characters, white space left out: with them, agreement is chrF, recall and precision alike."""
    letters = "".join(fold(text).lower.split())
    return [Counter(letters[i : i + n] for i in range(len(letters) - n + 1)) for n in range(1, 7)]


def words(text: str) -> Runs:
    """Words and pairs of them, Arabic spellings made alike: with them, agreement is the mean of ROUGE-1 and ROUGE-2."""
    found = tuple(token.lower for token in tokenize(fold(text)) if token.kind != "s")
    return [Counter(found[i : i + n] for i in range(len(found) - n + 1)) for n in (1, 2)]


def _alike(ours: Runs, theirs: Runs) -> float:
    """F1 of the runs of each length, averaged over the lengths that either text has."""
    scores = [
        2 * (a & b).total() / (a.total() + b.total())  # type: ignore[operator]
        for a, b in zip(ours, theirs, strict=True)
        if a or b
    ]
    return sum(scores) / len(scores) if scores else 0.0


def agreement(texts: Sequence[str], runs: Callable[[str], Runs] = words) -> list[float]:
    """Each text's mean agreement with the others, 0 to 1; a text that is there twice counts twice.

    >>> agreement(["a b", "a b", "x y"])
    [0.5, 0.5, 0.0]
    """
    times = Counter(texts)
    parts = {text: runs(text) for text in times}
    found: dict[str, float] = {}
    for text in times:
        others = sum((count - (text == other)) * _alike(parts[text], parts[other]) for other, count in times.items())
        found[text] = others / max(len(texts) - 1, 1)
    return [found[text] for text in texts]


def values(candidates: Sequence[Candidate], weights: Weights = Weights()) -> list[float]:
    """What each candidate is worth; an empty one less than any other."""
    agreed = agreement([candidate.text for candidate in candidates])
    return [
        common
        - weights.alarm * candidate.alarms
        + weights.grounding * candidate.grounding
        - weights.cut * (not candidate.finished)
        - weights.language * (not candidate.language)
        if candidate.text
        else float("-inf")
        for common, candidate in zip(agreed, candidates, strict=True)
    ]


def best(candidates: Sequence[Candidate], weights: Weights = Weights()) -> int:
    """The place of the candidate that is worth most; of equals the first, which is to be the model's own best.

    Raises:
        ValueError: there is none.
    """
    worth = [round(value, 9) for value in values(candidates, weights)]
    return worth.index(max(worth))


def judge(outputs: Sequence[Output], language: str, document: Document) -> list[Candidate]:
    """An engine's outputs of one task as candidates, in their order; each text is checked once.

    Across languages the grounding cannot be told, and is 1 for all.
    """
    known: dict[str, Candidate] = {}
    candidates = []
    for output in outputs:
        text, _ = polish(output.text, language, complete=output.finished)
        if text not in known:
            alarms = len(document.check(text).alarms)
            same = is_arabic(text) == document.numbers.numbers.arabic
            grounded = weigh(grounding(document.text, text), 0) if same else 1.0
            right = script_share(text, language) >= LANGUAGES[language].least
            known[text] = Candidate(text, alarms, grounded, language=right)
        candidates.append(replace(known[text], finished=output.finished))
    return candidates


def choose(outputs: Sequence[Output], language: str, document: Document, weights: Weights = Weights()) -> Output:
    """The best of an engine's outputs of one task, which come with the engine's own best first."""
    return outputs[best(judge(outputs, language, document), weights)]


def decode_best(
    engine: Any,
    memory: Memory,
    tasks: Sequence[Task],
    decoding: Decoding,
    documents: Sequence[str],
    constraint: Constraint | None = None,
) -> list[list[Output]]:
    """For every document, one output per task, chosen among ``engine.candidates``; see ``Engine.decode``.

    Args:
        decoding: says what candidates there are.
        documents: what ``memory`` was made of.
    """
    from .checks import Document

    found = engine.candidates(memory, tasks, decoding, constraint)
    chosen = []
    for text, row in zip(documents, found, strict=True):
        document = Document(text)
        chosen.append([choose(some, task.language, document) for some, task in zip(row, tasks, strict=True)])
    return chosen
