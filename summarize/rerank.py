"""``quality="best"``: several candidates are written, and the one to hand over is chosen.

Minimum Bayes risk (Kumar and Byrne 2004): the candidate that agrees most with all the others, which stand for what the
model holds to be likely. An output that went astray agrees with none. What speaks against a candidate is taken off:
numbers and names that its document does not support, an end for want of tokens, the wrong language.

Tried on 40 documents each of ar/dev_nolead and en/dev_xsum, into both languages (the temperature on 16): draws at 0.7
had better ROUGE-2 than at 1. All four beams beside the draws made no clear difference in ROUGE, and let more alarms
through than the best one alone, since beams agree with each other. Agreement of characters (chrF) did about as well as
that of words. The share of a text's wording that its document has (``checks.support``) mostly cost ROUGE: only alarms
count. What more draws bring is in the recipe (``models/khulasa/recipe/RECIPE.md``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .checks.text import fold, tokenize
from .languages import LANGUAGES, script_share
from .polish import polish

if TYPE_CHECKING:
    from .checks import Document
    from .models.engine import Constraint, Decoding, Memory, Output, Task

QUALITIES = ("fast", "best")
DRAWS = 16  # candidates beside what the search finds
# What the search found is handed over as it is where its log-probability per token is higher: the model is sure of it,
# mostly because it keeps to the document's words, and draws would say that otherwise. (Medium English summaries are
# searched for by their whole log-probability, which is hardly ever that high.)
SURE = -0.35

# Words of a text, and pairs of neighbours, with how often each is there.
_Runs = tuple["Counter[tuple[str, ...]]", ...]


def widened(decoding: Decoding) -> Decoding:
    """``decoding`` with the candidates of "best": the output of its search, and draws."""
    return replace(decoding, num_return=1, samples=DRAWS, temperature=0.7, top_p=0.9)


@dataclass(frozen=True)
class Candidate:
    """A text to choose among.

    alarms: numbers, dates and names in it that its document does not support; finished: whether the model ended it by
    itself; language: whether it is in the language asked for.
    """

    text: str
    alarms: int = 0
    finished: bool = True
    language: bool = True


@dataclass(frozen=True)
class Weights:
    """What a text loses for each alarm, for being cut off, for the wrong language; agreement is from 0 to 1."""

    alarm: float = 0.2
    cut: float = 0.2
    language: float = 1.0


def _runs(text: str) -> _Runs:
    words = tuple(token.lower for token in tokenize(fold(text)) if token.kind != "s")
    return tuple(Counter(words[i : i + n] for i in range(len(words) - n + 1)) for n in (1, 2))


def _alike(ours: _Runs, theirs: _Runs) -> float:
    """F1 of the words and F1 of the pairs, averaged; 0 where neither text has a word."""
    both = [(a, b) for a, b in zip(ours, theirs, strict=True) if a or b]
    return sum(2 * (a & b).total() / (a.total() + b.total()) for a, b in both) / max(len(both), 1)


def agreement(texts: Sequence[str]) -> list[float]:
    """Each text's mean agreement with the others, 0 to 1: ROUGE-1 and ROUGE-2, with Arabic spellings made alike.

    A text that is there twice counts twice.

    >>> agreement(["a b", "a b", "x y"])
    [0.5, 0.5, 0.0]
    """
    times = Counter(texts)
    runs = {text: _runs(text) for text in times}
    found: dict[str, float] = {}
    for text in times:
        others = sum((count - (text == other)) * _alike(runs[text], runs[other]) for other, count in times.items())
        found[text] = others / max(len(texts) - 1, 1)
    return [found[text] for text in texts]


def values(candidates: Sequence[Candidate], weights: Weights = Weights()) -> list[float]:
    """What each candidate is worth; an empty one less than any other."""
    agreed = agreement([candidate.text for candidate in candidates])
    return [
        common
        - weights.alarm * candidate.alarms
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
    """An engine's outputs of one task as candidates, in their order; each text is checked once."""
    texts = [polish(output.text, language, complete=output.finished)[0] for output in outputs]
    alarms = {text: len(document.check(text).alarms) for text in dict.fromkeys(texts)}
    least = LANGUAGES[language].least
    return [
        Candidate(text, alarms[text], output.finished, script_share(text, language) >= least)
        for text, output in zip(texts, outputs, strict=True)
    ]


def choose(
    outputs: Sequence[Output],
    language: str,
    document: Document,
    weights: Weights = Weights(),
    sure: float = SURE,
) -> Output:
    """The best of an engine's outputs of one task, which come with the engine's own best first; that one where the
    model is sure of it (``SURE``) and nothing speaks against it."""
    judged = judge(outputs, language, document)
    first = judged[0]
    blameless = first.text and first.finished and first.language and not first.alarms
    if blameless and outputs[0].score > sure:
        return outputs[0]
    return outputs[best(judged, weights)]


def most_supported(outputs: Sequence[Output], language: str, document: Document) -> Output:
    """The likeliest of the outputs with the fewest numbers, dates and names that the document does not support.

    Args:
        outputs: an engine's, of one task, in its order.
    """
    judged = judge(outputs, language, document)
    order = sorted(range(len(judged)), key=lambda i: (not judged[i].text, not judged[i].language, judged[i].alarms, i))
    return outputs[order[0]]


def decode_best(
    engine: Any,
    memory: Memory,
    tasks: Sequence[Task],
    decoding: Decoding,
    documents: Sequence[str],
    constraint: Constraint | None = None,
    choice: Callable[[Sequence[Output], str, Document], Output] = choose,
) -> list[list[Output]]:
    """For every document, one output per task, chosen among ``engine.candidates``; see ``Engine.decode``.

    Args:
        decoding: says what candidates there are.
        documents: what the candidates are held against, for each document of ``memory``.
        choice: ``choose`` or ``most_supported``.
    """
    from .checks import prepared

    found = engine.candidates(memory, tasks, decoding, constraint)
    chosen = []
    for text, row in zip(documents, found, strict=True):
        document = prepared(text)
        chosen.append([choice(some, task.language, document) for some, task in zip(row, tasks, strict=True)])
    return chosen
