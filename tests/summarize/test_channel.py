"""Which of several translations is handed over."""

from __future__ import annotations

import pytest

from summarize.channel import DRAWS, FEW, character_agreement, decode_channel, numbers_apart, translations
from summarize.models.engine import Decoding, Memory, Output, Task

from . import test_rerank
from .test_rerank import GOOD

DOCUMENT = test_rerank.DOCUMENT.text
TASK, SEARCH = Task("translation", "en"), Decoding(num_beams=4)


def test_what_is_asked_of_an_engine():
    asked = translations(Decoding(num_beams=4, max_new_tokens=96))
    assert (asked.num_beams, asked.num_return, asked.samples, asked.max_new_tokens) == (4, 4, DRAWS["fast"], 96)
    assert translations(Decoding(num_beams=4), "best").samples == DRAWS["best"] > DRAWS["fast"]


def test_agreement_of_characters_is_chrf():
    chrf = pytest.importorskip("sacrebleu").CHRF()
    texts = ["The cat sat on the mat.", "A cat sat on mats."]
    (agreed, _) = character_agreement(texts, [0, 1])
    assert 100 * agreed == pytest.approx(chrf.sentence_score(texts[0], [texts[1]]).score, abs=0.1)


def test_agreement_is_with_what_is_found_often():
    assert character_agreement(["abc", "abc d"], [1, 0]) == pytest.approx([0.5, 0.5 * 0.9], abs=0.1)
    often = character_agreement(["the cat sat", "the dog ran", "it rained"], [5, 1, 1])
    assert often[0] > often[1] > often[2]
    assert character_agreement([], []) == [] and character_agreement(["", "a"], [1, 1])[0] == 0.0


class Channel:
    """Finds the same candidates of every text, and holds one of them to be what texts follow from."""

    def __init__(self, found: list[Output], follows: str) -> None:
        self.found, self.follows, self.scored = found, follows, []

    def part(self, memory, documents):
        return Memory(tuple(memory.tokens[i] for i in documents), (False,) * len(documents))

    def candidates(self, memory, tasks, decoding, constraint=None):
        return [[self.found] for _ in memory.tokens]

    def with_names(self, text, language):
        return f"({language}) {text}"

    def scores(self, documents, task, targets):
        self.scored.append((task.kind, task.language, targets[0]))
        return [(-1.0 if self.follows in text else -40.0, 10) for text in documents]


def test_a_translation_is_one_that_the_text_follows_from():
    texts = ["قتل 25 شخصا عندما انقلبت حافلة قرب الموصل", "مات 25 في العراق"]
    memory = Memory((8, 3), (False, False))
    likely, true = Output((1,), "It rained for 25 days.", True, -0.2), Output((2,), GOOD, True, -1.6)
    wrong = Output((3,), GOOD.replace("25", "26"), True, -0.1)

    def translated(found, follows):
        engine = Channel(found, follows)
        chosen = decode_channel(engine, memory, TASK, SEARCH, texts, "ar", [DOCUMENT] * 2)
        assert engine.scored == [("translation", "ar", text) for text in texts]
        assert chosen[0] == chosen[1]
        return chosen[0]

    assert translated([likely, true], "(en) A bus crash") is true
    assert translated([likely, true], "nothing") is likely
    assert translated([wrong, true, true], "26") is true  # fewer alarms before all else
    assert translated([Output((4,), "", True, 0.0), Output((5,), "It", False, -0.1), likely], "It") is likely


@pytest.mark.parametrize(
    ("text", "translation", "apart"),
    [
        ("Two Syrians helped 40 people.", "ساعد سوريان أربعين شخصا.", 0),
        ("Two Syrians helped 40 people.", "ساعد ثلاثة سوريين أربعين شخصا.", 1),
        ("Two Syrians helped 40 people.", "ساعد سوريون أشخاصا.", 1),
        ("Fifteen rocks fell last July.", "سقطت خمس صخور في يوليو الماضي.", 2),
        ("One of them won 2.3 million dollars.", "فاز أحدهم ب 2.3 مليون دولار.", 0),
        ("", "", 0),
    ],
)
def test_numbers_that_only_one_has(text, translation, apart):
    assert numbers_apart(text, translation) == apart


def test_a_translation_keeps_the_numbers_of_its_text():
    right, wrong = "ساعد سوريان 25 شخصا.", "ساعد ثلاثة سوريين 25 شخصا."
    found = [Output((1,), wrong, True, -0.1), Output((2,), right, True, -0.9)]
    text, document = "Two Syrians helped 25 people.", "Two Syrians helped 25 people. Three policemen came."
    task, memory = Task("translation", "ar"), Memory((3,), (False,))
    (chosen,) = decode_channel(Channel(found, "ثلاثة"), memory, task, SEARCH, [text], "en", [document])
    assert chosen.text == right


def test_only_the_best_are_read_back():
    found = [Output((i,), f"Word {chr(97 + i)}.", True, -0.1 * i) for i in range(2 * FEW)]
    asked: list[str] = []

    class Counting(Channel):
        def scores(self, documents, task, targets):
            asked.extend(documents)
            return super().scores(documents, task, targets)

    memory = Memory((3,), (False,))
    decode_channel(Counting(found, "x"), memory, TASK, SEARCH, ["جملة"], "ar", [DOCUMENT])
    assert len(asked) == FEW and asked[0] == "(en) Word a."


def test_each_text_keeps_its_own_constraint():
    asked = []

    class Asking(Channel):
        def candidates(self, memory, tasks, decoding, constraint=None):
            asked.extend(constraint(i, tasks[0], ()) for i in range(len(memory.tokens)))
            return super().candidates(memory, tasks, decoding, constraint)

    texts = [f"text {i}" for i in range(12)]
    engine = Asking([Output((1,), GOOD, True, -0.2)], "bus")
    chosen = decode_channel(
        engine, Memory((3,) * 12, (False,) * 12), TASK, SEARCH, texts, "ar", [DOCUMENT] * 12, lambda i, task, ids: i
    )
    assert asked == list(range(12)) and len(chosen) == 12
