"""What a check speaks against is written again without it."""

from __future__ import annotations

import pytest

from summarize.checks.constraint import Step
from summarize.checks.wordban import WordVocabulary
from summarize.models.engine import Decoding, Memory, Output, Task
from summarize.repair import repair

DOCUMENT = (
    "The ministry in Iraq said 25 people died and 40 were hurt when a bus overturned near Mosul on Monday. Rain had "
    "made the road wet, and the driver lost control of the bus on a bend."
)
OTHER = "The coach of Brazil said on Sunday that his team would train in Lisbon before it plays against Portugal."
WORDS = (
    *(" The", " bus", " crash", " happened", " in", " Afghanistan", " Iran", " Iraq", " Brazil", " won", ".", " Mosul"),
)
SUMMARY, HEADLINE = Task("summary", "en"), Task("headline", "en")


class Writer:
    """Writes its sentences word by word, the first allowed word of those that it likes in a place."""

    def __init__(self, *likes: str) -> None:
        self.likes = [like.split("|") for like in likes]
        self.searches: list[tuple[tuple[int, ...], tuple[Task, ...], Decoding]] = []

    def part(self, memory, documents):
        return Memory(tuple(memory.tokens[i] for i in documents), (False,) * len(documents), tuple(documents))

    def candidates(self, memory, tasks, decoding, constraint=None):
        self.searches.append((memory.state, tuple(tasks), decoding))
        return [[[self.write(i, task, constraint)] for task in tasks] for i in range(len(memory.tokens))]

    def write(self, document, task, constraint):
        ids: list[int] = []
        for choices in self.likes:
            step = constraint(document, task, ids) if constraint else None
            out = set(step.forbid) if step else set()
            ids.append(next(WORDS.index(f" {c}") for c in choices if WORDS.index(f" {c}") not in out))
        return output("".join(WORDS[i] for i in ids).strip() + ".")


def output(text: str) -> Output:
    return Output((1,), text, True, 0.0)


def memory(count: int) -> Memory:
    return Memory((9,) * count, (False,) * count, tuple(range(count)))


def run(engine, outputs, documents, tasks=(SUMMARY,), **options):
    rows = repair(
        engine, memory(len(documents)), tasks, [[output(t) for t in row] for row in outputs], documents,
        Decoding(num_beams=4), WordVocabulary(WORDS), **options,
    )  # fmt: skip
    return [[one.text for one in row] for row in rows]


BAD, GOOD = "The bus crash happened in Afghanistan.", "The bus crash happened in Iraq."
WRITER = ("The", "bus", "crash", "happened", "in", "Afghanistan|Iraq")


def test_a_wrong_country_is_written_again():
    engine = Writer(*WRITER)
    assert run(engine, [[BAD]], [DOCUMENT]) == [[GOOD]]
    (_, tasks, decoding) = engine.searches[0]
    assert tasks == (SUMMARY,) and decoding.num_beams == 1 and decoding.num_return == 1


def test_what_is_supported_is_left_alone():
    engine = Writer(*WRITER)
    assert run(engine, [[GOOD], [GOOD]], [DOCUMENT, DOCUMENT]) == [[GOOD], [GOOD]] and not engine.searches


def test_only_what_has_alarms_is_searched_for():
    engine = Writer(*WRITER)
    assert run(engine, [[GOOD], [BAD], ["Brazil won."]], [DOCUMENT, DOCUMENT, OTHER]) == [
        [GOOD],
        [GOOD],
        ["Brazil won."],
    ]
    assert [places for places, *_ in engine.searches] == [(1,)]


def test_tasks_with_alarms_are_searched_for_together():
    engine = Writer(*WRITER)
    rows = run(engine, [[BAD, GOOD], [GOOD, BAD]], [DOCUMENT, DOCUMENT], (SUMMARY, HEADLINE))
    assert rows == [[GOOD, GOOD], [GOOD, GOOD]] and len(engine.searches) == 1


def test_no_better_one_changes_nothing():
    engine = Writer("The", "bus", "crash", "happened", "in", "Afghanistan|Iran")
    assert run(engine, [[BAD]], [DOCUMENT]) == [[BAD]]


def test_a_second_round_forbids_what_the_first_wrote():
    likes = ("The", "bus", "crash", "happened", "in", "Afghanistan|Iran|Iraq")
    assert run(Writer(*likes), [[BAD]], [DOCUMENT], rounds=1) == [[BAD]]
    # The old output stays the chosen one, so only its own words are forbidden again: no third search for nothing.
    engine = Writer(*likes)
    run(engine, [[BAD]], [DOCUMENT], rounds=3)
    assert len(engine.searches) == 1


def test_a_constraint_holds_with_the_documents_own_numbers():
    asked = []

    def constraint(document, task, ids):
        asked.append(document)
        return Step(forbid=(WORDS.index(" Iraq"),))

    engine = Writer("The", "bus", "crash", "happened", "in", "Afghanistan|Iraq|Mosul")
    rows = run(engine, [[GOOD], [BAD]], [DOCUMENT, DOCUMENT], constraint=constraint)
    assert rows == [[GOOD], ["The bus crash happened in Mosul."]] and set(asked) == {1}


def test_where_numbers_must_go_on_no_word_is_forbidden():
    only = (WORDS.index(" Afghanistan"),)
    engine = Writer(*WRITER)
    assert run(engine, [[BAD]], [DOCUMENT], constraint=lambda *a: Step(only=only)) == [[BAD]]


@pytest.mark.parametrize("text", ["", "   "])
def test_empty_outputs(text):
    engine = Writer(*WRITER)
    assert run(engine, [[text]], [DOCUMENT]) == [[text]] and not engine.searches
