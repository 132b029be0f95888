"""What a check speaks against is written again: an output whose document does not support one of its names or dates is
searched for once more, with those words forbidden, and the new output is taken if fewer alarms are left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .polish import polish
from .rerank import most_supported

if TYPE_CHECKING:
    from .checks.wordban import WordVocabulary
    from .models.engine import Constraint, Decoding, Memory, Output, Restriction, Task

ROUNDS = 1  # a second one mended few more, for as much time


def repair(
    engine: Any,
    memory: Memory,
    tasks: Sequence[Task],
    outputs: Sequence[Sequence[Output]],
    documents: Sequence[str],
    decoding: Decoding,
    vocabulary: WordVocabulary,
    constraint: Constraint | None = None,
    rounds: int = ROUNDS,
) -> list[list[Output]]:
    """The outputs, those with alarms replaced where one with fewer is found.

    Args:
        engine: has ``part`` and ``candidates``.
        memory: of the texts that ``outputs`` were written from, an output of each task to a text.
        documents: what outputs are held against, for each text of ``memory``.
        decoding: of the first search; the likeliest token every time is taken here, since beams cost twice as much
            and found no more.
        constraint: of the first search; it holds here, too.
        rounds: searches at most for an output; a later one also forbids what is left of alarms.
    """
    from .checks import prepared

    rows = [list(row) for row in outputs]
    forbidden: dict[tuple[int, int], list[str]] = defaultdict(list)
    waiting = [(i, k) for i in range(len(rows)) for k in range(len(tasks))]
    search = replace(decoding, num_beams=1, num_return=1, samples=0)
    for _ in range(rounds):
        again = []
        for i, k in waiting:
            words = _alarming(rows[i][k], tasks[k].language, documents[i])
            new = [word for word in words if word not in forbidden[i, k]]
            if new:
                forbidden[i, k] += new
                again.append((i, k))
        if not again:
            break
        # In one batch: a row more costs less than another search.
        places = sorted({i for i, _ in again})
        wanted = sorted({k for _, k in again})
        bans = {(place, tasks[k]): forbidden[i, k] for place, i in enumerate(places) for k in wanted}
        restrict = _banning(bans, places, vocabulary, constraint)
        found = engine.candidates(engine.part(memory, places), [tasks[k] for k in wanted], search, restrict)
        for i, k in again:
            some = found[places.index(i)][wanted.index(k)]
            rows[i][k] = most_supported([rows[i][k], *some], tasks[k].language, prepared(documents[i]))
        waiting = again
    return rows


def _alarming(output: Output, language: str, document: str) -> list[str]:
    """The words that a check of an output speaks against; digits are the number constraint's matter."""
    from .checks import prepared
    from .checks.text import fold, tokenize

    text = polish(output.text, language, complete=output.finished)[0]
    alarms = prepared(document).check(text).alarms if text else ()
    return [token.text for alarm in alarms for token in tokenize(fold(alarm.text)) if token.kind in "aw"]


def _banning(
    words: Mapping[tuple[int, Task], Sequence[str]],
    places: Sequence[int],
    vocabulary: WordVocabulary,
    constraint: Constraint | None,
) -> Constraint:
    """``constraint`` of the documents ``places``, and ``words`` forbidden to each one's output of a task."""
    from .checks.constraint import Step
    from .checks.wordban import WordBan

    bans = {key: WordBan(some, vocabulary) for key, some in words.items() if some}

    def restrict(document: int, task: Task, ids: Sequence[int]) -> Restriction | None:
        step = None if constraint is None else constraint(places[document], task, ids)
        ban = bans.get((document, task))
        if ban is None or (step is not None and step.only is not None):
            return step
        return Step(forbid=(*(step.forbid if step else ()), *ban.forbidden(ids)))

    return restrict
