"""What a check speaks against is written again without it."""

from __future__ import annotations

import pytest

from summarize.checks.constraint import Step
from summarize.checks.wordban import WordVocabulary
from summarize.models.engine import Decoding, Memory, Output, Task
from summarize.repair import before, repair

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

    def go_on(self, memory, tasks, begun, decoding, constraint=None):
        self.searches.append((memory.state, tuple(tasks), begun))
        return [
            [self.write(i, task, list(ids), constraint) for task, ids in zip(tasks, row, strict=True)]
            for i, row in enumerate(begun)
        ]

    def write(self, document, task, ids, constraint):
        for choices in self.likes[len(ids) :]:
            step = constraint(document, task, ids) if constraint else None
            out = set(step.forbid) if step else set()
            ids.append(next(WORDS.index(f" {c}") for c in choices if WORDS.index(f" {c}") not in out))
        return output("".join(WORDS[i] for i in ids).strip() + ".")


def output(text: str) -> Output:
    """With the ids of its words, where there are such."""
    words = [f" {word}" for word in text.rstrip(".").split()]
    ids = [WORDS.index(word) for word in words] + [WORDS.index(".")] if set(words) <= set(WORDS) else [1]
    return Output(tuple(ids), text, True, 0.0)


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
    (_, tasks, ((begun,),)) = engine.searches[0]
    assert tasks == (SUMMARY,) and [WORDS[i] for i in begun] == [" The", " bus", " crash", " happened"]


def test_what_is_supported_is_left_alone():
    engine = Writer(*WRITER)
    assert run(engine, [[GOOD], [GOOD]], [DOCUMENT, DOCUMENT]) == [[GOOD], [GOOD]] and not engine.searches


SOURCE = "قال وزير في العراق إن الحافلة انقلبت."
TRANSLATION = Task("translation", "en")


def test_a_wrong_country_of_a_translation_is_put_right():
    class Speller(Writer):
        def spell(self, text):
            return [WORDS.index(text)]

    engine = Speller("The", "bus", "crash", "happened", "in", "Afghanistan|Iran|Iraq", "won")
    document = DOCUMENT.replace("Mosul", "Iran")  # Iran is no alarm, and what would be written
    texts = [SOURCE]
    assert run(engine, [[BAD]], [document], [TRANSLATION], texts=texts) == [["The bus crash happened in Iraq won."]]
    ((places, _, begun),) = engine.searches
    # In one search: written again, and put right.
    assert places == (0, 0) and [WORDS[i] for i in begun[1][0]][-2:] == [" in", " Iraq"]
    assert run(engine, [[BAD]], [document], [TRANSLATION]) == [["The bus crash happened in Iran won."]]
    assert run(engine, [[BAD]], [document], [SUMMARY], texts=texts) == [["The bus crash happened in Iran won."]]


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


def test_no_further_round_where_the_first_mended_nothing():
    likes = ("The", "bus", "crash", "happened", "in", "Afghanistan|Iran|Iraq")
    assert run(Writer(*likes), [[BAD]], [DOCUMENT], rounds=1) == [[BAD]]
    # The old output stays, whose words are forbidden already.
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


@pytest.mark.parametrize(
    "text, words, kept",
    [
        ("The bus crash happened in Iran.", ["iran"], 4),
        ("The bus won in Iran.", ["iran", "won"], 1),
        ("The Iran bus crash.", ["iran"], 0),  # nothing is worth keeping
        ("The bus crash.", ["iran"], 0),
    ],
)
def test_what_an_output_keeps(text, words, kept):
    assert before(output(text), words, WordVocabulary(WORDS)) == output(text).ids[:kept]


def test_ids_that_do_not_spell_the_text_are_not_kept():
    assert before(Output((0, 1, 2, 6), "Something else in Iran.", True, 0.0), ["iran"], WordVocabulary(WORDS)) == ()


@pytest.mark.parametrize("text", ["", "   "])
def test_empty_outputs(text):
    engine = Writer(*WRITER)
    assert run(engine, [[text]], [DOCUMENT]) == [[text]] and not engine.searches
