"""By which route a summary comes into another language than the document's."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from summarize import Summarizer, UsageError
from summarize.command_summarize import summarize
from summarize.models.engine import Memory, Output

ENGLISH = (
    "The ministry in Iraq said 25 people died and 40 were hurt when a bus overturned near Mosul on Monday. Rain had "
    "made the road wet, and the driver lost control of the bus on a bend outside the city. "
) * 2
ARABIC = (
    "قالت الوزارة في العراق إن 25 شخصا قتلوا وأصيب 40 عندما انقلبت حافلة قرب الموصل يوم الاثنين. وكان المطر قد بلل "
    "الطريق، وفقد السائق السيطرة على الحافلة عند منعطف خارج المدينة. "
) * 2
SHORT = {"en": "A bus crash killed 25 people.", "ar": "مقتل 25 شخصا في حادث حافلة."}
WIDE = {"en": "Out of the Arabic text.", "ar": "من النص الإنكليزي."}


class Translator:
    """Writes SHORT of a document in its language, WIDE in the other, and of SHORT its true translation."""

    name, limit = "translator", 400

    def __init__(self, translates=()) -> None:
        self.translates = translates
        self.asked: list[tuple[list[str], list[tuple[str, str, str]]]] = []

    def count(self, text):
        return len(text.split())

    def encode(self, documents):
        return Memory(tuple(map(self.count, documents)), (False,) * len(documents), list(documents))

    def decode(self, memory, tasks, decoding, constraint=None):
        self.asked.append((memory.state, [(t.kind, t.language, t.length) for t in tasks]))
        return [[self.output(text, task) for task in tasks] for text in memory.state]

    def output(self, text, task):
        own = "ar" if any(c > "\u0600" for c in text) else "en"
        if task.kind == "translation":
            made = SHORT[task.language] if text == SHORT[own] else f"? {task.language}"
        else:
            made = "" if text.startswith("Nothing") else (SHORT if own == task.language else WIDE)[task.language]
        return Output(tuple(range(len(made))), made, True, 0.0)


def summarizer(*translates):
    made = Summarizer.__new__(Summarizer)
    made.engine = Translator(translates)
    return made


@pytest.mark.parametrize("document, own, other", [(ENGLISH, "en", "ar"), (ARABIC, "ar", "en")])
def test_translate_goes_over_the_summary(document, own, other):
    s = summarizer()
    result = s(document, route="translate", length="medium", headline=True)
    assert {x.language: x.text for x in result} == SHORT and result[other].headline == SHORT[other]
    wanted = [("summary", own, "medium"), ("headline", own, "short")]
    # Medium English summaries are searched for with a length penalty of their own.
    first = [[one] for one in wanted] if own == "en" else [wanted]
    assert [asked for _, asked in s.engine.asked[:-2]] == first
    assert s.engine.asked[-2:] == [
        ([SHORT[own]], [("translation", other, "medium")]),
        ([SHORT[own]], [("translation", other, "short")]),
    ]


def test_one_language_alone_needs_the_other_all_the_same():
    s = summarizer()
    result = s(ENGLISH, to="ar", route="translate")
    assert [x.language for x in result] == ["ar"] and result["ar"].text == SHORT["ar"]
    assert s(ENGLISH, to="en", route="translate")["en"].text == SHORT["en"]


def test_direct_reads_the_document():
    s = summarizer(("en", "ar"))
    assert s(ENGLISH, route="direct")["ar"].text == WIDE["ar"]
    assert len(s.engine.asked) == 1


def test_auto_takes_what_the_engine_says_of_each_direction():
    s = summarizer(("ar", "en"))
    one, two = s([ENGLISH, ARABIC])
    assert (one["en"].text, one["ar"].text) == (SHORT["en"], WIDE["ar"])
    assert (two["en"].text, two["ar"].text) == (SHORT["en"], SHORT["ar"])


def test_what_is_translated_is_read_with_names():
    s = summarizer()
    s.engine.with_names = lambda text, language: f"({language}) {text}"
    read = []
    s.engine.output = lambda text, task: read.append((task.kind, text)) or Output((1,), SHORT[task.language], True, 0.0)
    assert s(ENGLISH, to="ar", route="translate")["ar"].text == SHORT["ar"]
    assert read == [("summary", ENGLISH.strip()), ("translation", f"(en) {SHORT['en']}")]
    read.clear()
    assert s("The bus was late.", to=["ar", "en"])["en"].text == "The bus was late."  # too short: only translated
    assert read == [("translation", "(en) The bus was late.")]


def test_nothing_written_is_nothing_translated():
    s = summarizer()
    nothing, something = s(["Nothing to say. " + ENGLISH, ENGLISH], route="translate")
    assert nothing["ar"].text == nothing["en"].text == ""
    assert something["ar"].text == SHORT["ar"]


def test_routes_are_checked():
    with pytest.raises(UsageError, match="^'over' is not a route: choose from auto, direct, translate$"):
        summarizer()(ENGLISH, route="over")
    s = summarizer()
    s.engine.kinds = ("summary",)
    with pytest.raises(UsageError, match="^'translator' does not translate: route 'translate' is for khulasa$"):
        s(ENGLISH, route="translate")
    found = CliRunner().invoke(summarize, ["--route", "over", "x.txt"])
    assert found.exit_code == 2 and "'over' is not one of 'auto', 'direct', 'translate'" in found.output
