"""What a check speaks against is written again: an output whose document does not support one of its names or dates is
written once more from shortly before the first of them, with those words forbidden, and the new output is taken if
fewer alarms are left. A wrong place in a translation is also put right, where the source says what it was to be, and
the output goes on from there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate
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
    texts: Sequence[str] | None = None,
) -> list[list[Output]]:
    """The outputs, those with alarms replaced where one with fewer is found.

    Args:
        engine: has ``part`` and ``go_on``.
        memory: of the texts that ``outputs`` were written from, an output of each task to a text.
        documents: what outputs are held against, for each text of ``memory``.
        decoding: of the first search; greedy search goes on here, since beams cost twice as much and found no more.
        constraint: of the first search; it holds here, too.
        rounds: searches at most for an output; a later one also forbids what is left of alarms.
        texts: what ``memory`` is of, for outputs that translate it.
    """
    from .checks import prepared

    rows = [list(row) for row in outputs]
    forbidden: dict[tuple[int, int], list[str]] = defaultdict(list)
    waiting = [(i, k) for i in range(len(rows)) for k in range(len(tasks))]
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
        # In one batch: a row more costs less than another search. Those that are put right come behind the others.
        places = sorted({i for i, _ in again})
        wanted = sorted({k for _, k in again})
        begun = [[before(rows[i][k], forbidden[i, k], vocabulary) for k in wanted] for i in places]
        for i in tuple(places) if texts and hasattr(engine, "spell") else ():
            assert texts is not None
            right = [put_right(engine, rows[i][k], tasks[k], texts[i], documents[i], vocabulary) for k in wanted]
            if any(right):
                places.append(i)
                begun.append([ids or other for ids, other in zip(right, begun[places.index(i)], strict=True)])
        bans = {(place, tasks[k]): forbidden[i, k] for place, i in enumerate(places) for k in wanted}
        restrict = _banning(bans, places, vocabulary, constraint)
        found = engine.go_on(engine.part(memory, places), [tasks[k] for k in wanted], begun, decoding, restrict)
        for i, k in again:
            others = [found[at][wanted.index(k)] for at, place in enumerate(places) if place == i]
            rows[i][k] = most_supported([rows[i][k], *reversed(others)], tasks[k].language, prepared(documents[i]))
        waiting = again
    return rows


def before(output: Output, words: Sequence[str], vocabulary: WordVocabulary) -> tuple[int, ...]:
    """The ids of an output up to the word before the first of ``words``: what leads to a name ("in") may go with it.

    Nothing where its ids do not spell its text, or where none of the words is found.
    """
    from .checks.text import fold, tokenize

    pieces = [vocabulary.text[i] if 0 <= i < len(vocabulary.text) else "" for i in output.ids]
    whole = "".join(pieces)
    if whole.strip() != output.text:
        return ()
    folded = fold(whole)
    tokens = [token for token in tokenize(folded) if token.kind in "aw"]
    at = next((i for i, token in enumerate(tokens) if token.lower in words), 0)
    if at < 2:
        return ()
    end = len(whole[: folded.span(tokens[at - 1].start, tokens[at - 1].end)[0]].rstrip(" "))
    kept = [i for i, length in enumerate(accumulate(map(len, pieces)), 1) if length <= end]
    return tuple(output.ids[: max(kept, default=0)])


def put_right(
    engine: Any, output: Output, task: Task, text: str, document: str, vocabulary: WordVocabulary
) -> tuple[int, ...]:
    """The ids of a translation of ``text`` up to its first wrong place, and of what that was to be; nothing where it is
    not plain what."""
    from .checks import prepared
    from .checks.equivalents import correction

    pieces = [vocabulary.text[i] if 0 <= i < len(vocabulary.text) else "" for i in output.ids]
    if task.kind != "translation" or "".join(pieces).strip() != output.text:
        return ()
    right = correction(output.text, prepared(document).check(output.text).alarms, text, task.language)
    if right is None:
        return ()
    whole = "".join(pieces)
    end = len(whole[: len(whole) - len(whole.lstrip()) + right[0]].rstrip(" "))
    kept = [i for i, length in enumerate(accumulate(map(len, pieces)), 1) if length <= end]
    return (*output.ids[: max(kept, default=0)], *engine.spell(f" {right[1]}"))


def _alarming(output: Output, language: str, document: str) -> list[str]:
    """The words that a check of an output speaks against, folded; digits are the number constraint's matter."""
    from .checks import prepared
    from .checks.text import fold, tokenize

    text = polish(output.text, language, complete=output.finished)[0]
    alarms = prepared(document).check(text).alarms if text else ()
    return [token.lower for alarm in alarms for token in tokenize(fold(alarm.text)) if token.kind in "aw"]


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
