"""``quality="best"``: what is asked of the engine, and what is handed over."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from summarize import Summarizer, UsageError
from summarize.command_batch import batch
from summarize.command_summarize import summarize
from summarize.models.engine import Memory, Output
from summarize.rerank import DRAWS

ENGLISH = (
    "The ministry in Iraq said 25 people died and 40 were hurt when a bus overturned near Mosul on Monday. Rain had "
    "made the road wet, and the driver lost control of the bus on a bend outside the city. "
) * 2
WRONG, GOOD, OTHER = "A bus crash killed 26 people.", "A bus crash killed 25 people.", "It rained."


class Several:
    """Writes the same candidates of every document, the first of them where one is asked for."""

    name, limit = "several", 200

    def __init__(self, **texts: list[str]) -> None:
        self.texts = {"ar": ["مقتل 25 شخصا."], "en": [WRONG, OTHER, GOOD], **texts}
        self.asked: list[tuple] = []

    def count(self, text):
        return len(text.split())

    def encode(self, documents):
        return Memory(tuple(map(self.count, documents)), (False,) * len(documents))

    def candidates(self, memory, tasks, decoding, constraint=None):
        self.asked.append(("candidates", [t.kind for t in tasks], decoding))
        forced = "_forced" if {t.language for t in tasks} <= {"ar"} and "ar" in decoding.forbid_script else ""
        return [[[Output((1,), text, True, -0.5) for text in self.texts[t.language + forced]] for t in tasks]] * len(
            memory.tokens
        )

    def decode(self, memory, tasks, decoding, constraint=None):
        self.asked.append(("decode", [t.kind for t in tasks], decoding))
        return [[some[0] for some in row] for row in self.candidates(memory, tasks, decoding, constraint)]


def summarizer(engine=None, **texts):
    made = Summarizer.__new__(Summarizer)
    made.engine = engine or Several(**texts)
    return made


def test_medium_english_summaries_are_kept_from_running_long():
    s = summarizer(Headlines(ar_forced=[GOOD]))
    result = s(ENGLISH, to="en", length="medium", headline=True)["en"]
    assert (result.text, result.headline) == (GOOD, OTHER)
    found = [(kinds, decoding.length_penalty) for name, kinds, decoding in s.engine.asked if name == "candidates"]
    assert found == [(["summary"], 0.0), (["headline"], 1.0)]
    s.engine.asked.clear()
    s(ENGLISH, to="ar", length="medium")
    assert s.engine.asked[0][2].length_penalty == 1.0
    s.engine.asked.clear()
    s(ENGLISH, to="en", headline=True)
    assert [(kinds, decoding.length_penalty) for _, kinds, decoding in s.engine.asked] == [
        (["summary", "headline"], 1.0)
    ]


class Headlines(Several):
    def candidates(self, memory, tasks, decoding, constraint=None):
        super().candidates(memory, tasks, decoding, constraint)
        texts = {"summary": GOOD, "headline": OTHER}
        return [[[Output((1,), texts[task.kind], True, -0.5)] for task in tasks] for _ in memory.tokens]


def test_fast_takes_the_searchs_own_or_the_likeliest_without_alarms():
    s = summarizer()
    assert s(ENGLISH, faithful=False)["en"].text == WRONG
    assert s.engine.asked[0][0] == "decode" and not s.engine.asked[0][2].several
    assert s(ENGLISH)["en"].text == OTHER  # the next that the beams found
    name, _, decoding = s.engine.asked[-1]
    assert (name, decoding.num_beams, decoding.num_return, decoding.samples) == ("candidates", 4, 4, 0)
    assert s(ENGLISH, num_beams=1)["en"].text == WRONG  # greedy search finds but one
    s.engine.texts["en"] = [WRONG, "", "Only 27 people came."]
    assert s(ENGLISH)["en"].text == WRONG  # of equals the likeliest, and nothing is no summary
    assert s.job(None).decoder.width == 4 and s.job(None, num_beams=1).decoder.width == 1


def test_best_takes_what_the_document_supports():
    s = summarizer()
    result = s(ENGLISH, quality="best", headline=True)
    assert result["en"].text == GOOD and result["en"].headline == GOOD and result["en"].supported
    assert result["ar"].text == "مقتل 25 شخصا."
    (asked,) = s.engine.asked
    assert asked[0] == "candidates" and asked[1] == ["summary", "summary", "headline", "headline"]
    assert (asked[2].num_beams, asked[2].num_return, asked[2].samples) == (4, 1, DRAWS)
    s(ENGLISH, quality="best", num_beams=1)
    assert (s.engine.asked[1][2].num_beams, s.engine.asked[1][2].num_return) == (1, 1)
    wide = s.job(None, quality="best", num_beams=12)
    assert s.job(None, quality="best").decoder.width == 4 + DRAWS and wide.decoder.width == 12 + DRAWS


def test_every_document_has_its_own_choice():
    results = summarizer()([ENGLISH, ENGLISH.replace("25", "26")], to="en", quality="best")
    assert [result["en"].text for result in results] == [GOOD, WRONG]


def test_all_candidates_in_the_wrong_language_are_written_again():
    s = summarizer(ar=["It ended."], ar_forced=["Bus.", "انتهى."])
    assert s(ENGLISH, to="ar", quality="best")["ar"].text == "انتهى."
    assert [name for name, *_ in s.engine.asked] == ["candidates", "candidates"]
    s = summarizer(ar=["It ended.", "انتهى."])
    assert s(ENGLISH, to="ar", quality="best")["ar"].text == "انتهى." and len(s.engine.asked) == 1


def test_short_texts_are_translated_by_the_best():
    s = summarizer(ar=["استقال 26 وزيرا.", "استقال الوزير."])
    assert s("The minister resigned.", to="ar", quality="best")["ar"].text == "استقال الوزير."


def test_tiny_weights_write_the_same_in_any_batch(tiny_layout):
    s = Summarizer(str(tiny_layout.folder), device="cpu", dtype="float32")
    other = "The council opened a library by the river and many people came to see it on the first day. " * 3
    alone = s(ENGLISH, to="en", quality="best")["en"].text
    together = s([other, ENGLISH], to="en", quality="best")
    assert together[1]["en"].text == alone == s(ENGLISH, to="en", quality="best")["en"].text


class One:
    """Gives one output of a task."""

    name, limit = "one", 200


def test_refusals():
    with pytest.raises(UsageError, match="^'good' is not a quality: choose from fast, best$"):
        summarizer()(ENGLISH, quality="good")
    with pytest.raises(UsageError, match="^'one' gives no candidates to choose among: quality 'best' is for khulasa$"):
        summarizer(One())(ENGLISH, quality="best")


@pytest.mark.parametrize(("command", "arguments"), [(summarize, ["-"]), (batch, ["in.jsonl", "out.jsonl"])])
def test_commands_refuse_before_anything_is_loaded(command, arguments):
    result = CliRunner().invoke(command, [*arguments, "--quality", "best", "--model", "bart-cnn", "--to", "en"])
    assert isinstance(result.exception, UsageError)
    assert str(result.exception) == (
        "'bart-cnn' gives no candidates to choose among: leave out --quality best, or choose khulasa"
    )
    result = CliRunner().invoke(command, [*arguments, "--quality", "good"])
    assert result.exit_code == 2 and "'good' is not one of 'fast', 'best'" in result.output
