"""The API over a scripted engine, which counts its passes, and over tiny real weights."""

from __future__ import annotations

import dataclasses
import json

import pytest

from summarize import DocumentError, Result, Summarizer, UsageError
from summarize.models.engine import Memory, Output

ARABIC = "أعلنت الحكومة أن المهمة انتهت اليوم بعد عام من العمل المتواصل في المدينة القديمة. " * 3
ENGLISH = "The government said on Monday that the mission had come to an end after a year of work in the city. " * 4


class Scripted:
    """Writes what it is told for each (kind, language, forbidden script); notes every call."""

    name, limit = "scripted", 50

    def __init__(self, **texts: str) -> None:
        self.texts = {"summary_ar": "ملخص.", "summary_en": "Summary.", "translation_ar": "نص قصير.", **texts}
        self.encoded: list[list[str]] = []
        self.decoded: list[tuple] = []
        self.finished = True

    def count(self, text):
        return len(text.split())

    def encode(self, documents):
        self.encoded.append(list(documents))
        counts = [self.count(d) for d in documents]
        return Memory(tuple(min(c, 50) for c in counts), tuple(c > 50 for c in counts))

    def decode(self, memory, tasks, decoding, constraint=None):
        self.decoded.append((tuple(tasks), decoding))
        row = []
        for task in tasks:
            key = f"{task.kind}_{task.language}"
            forced = "_forced" if task.language in decoding.forbid_script else ""
            text = self.texts.get(key + forced, self.texts[key])
            row.append(Output((1, 2, 3), text, self.finished, -0.5))
        return [list(row) for _ in memory.tokens]


def summarizer(**texts):
    made = Summarizer.__new__(Summarizer)
    made.engine = Scripted(**texts)
    return made


def test_one_encoder_pass_for_everything():
    s = summarizer(headline_ar="عنوان", headline_en="Headline")
    result = s(ARABIC, headline=True)
    assert len(s.engine.encoded) == 1 and len(s.engine.decoded) == 1
    assert [(t.kind, t.language) for t in s.engine.decoded[0][0]] == [
        ("summary", "ar"),
        ("summary", "en"),
        ("headline", "ar"),
        ("headline", "en"),
    ]
    assert result["ar"].text == "ملخص." and result["en"].headline == "Headline"
    assert result.source_language == "ar" and not result.truncated and result["ar"].complete
    assert [summary.language for summary in result] == ["ar", "en"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        result["ar"].text = "x"
    with pytest.raises(UsageError, match="no summary in 'fr': this result holds ar, en"):
        result["fr"]
    json.dumps(result.to_dict(), ensure_ascii=False)


def test_the_wrong_language_is_decoded_again_with_the_script_forbidden():
    s = summarizer(summary_ar="It ended.", summary_ar_forced="انتهى.")
    result = s(ARABIC)
    assert result["ar"].text == "انتهى." and result["ar"].warnings == ()
    (_, first), (again, second) = s.engine.decoded
    assert first.forbid_script == ("en",) and second.forbid_script == ("ar", "en")
    assert [t.language for t in again] == ["ar"]


def test_english_has_no_arabic_letter_from_the_start():
    s = summarizer(summary_en="ملخص بالعربية.", summary_en_forced="It ended.")
    assert s(ARABIC, to="en")["en"].text == "It ended." and len(s.engine.decoded) == 1


def test_still_wrong_is_said():
    result = summarizer(summary_ar="It ended.")(ARABIC, to="ar")
    assert "not in Arabic" in result["ar"].warnings[0]


def test_truncation_and_limits_are_said():
    s = summarizer(summary_en="It goes on and")
    s.engine.finished = False
    result = s(ENGLISH, to=["en"], length="long", strategy="truncate")
    assert result.truncated and "first 2 of its 4 sentences" in result.warnings[0]
    assert result["en"].text == "It goes on and…" and not result["en"].complete
    assert s.engine.decoded[0][1].max_new_tokens == 352


def test_short_texts_are_not_invented_upon():
    s = summarizer(translation_en="The minister resigned today.")
    result = s("استقال الوزير\nاليوم.")
    assert result["ar"].text == "استقال الوزير اليوم." and "returned as it is" in result["ar"].warnings[0]
    assert result["en"].text == "The minister resigned today." and "translated" in result["en"].warnings[0]
    assert all(task.kind == "translation" for tasks, _ in s.engine.decoded for task in tasks)


def test_lists_keep_their_order_and_share_passes():
    s = summarizer()
    texts = [ENGLISH, "Short text.", ARABIC] + [ENGLISH] * 20
    results = s(texts, to="ar,en")
    assert [r.source_language for r in results] == ["en", "en", "ar"] + ["en"] * 20
    # 23 documents in batches of 16; the short one of them is translated
    assert sorted(len(batch) for batch in s.engine.encoded) == [1, 7, 15]
    assert s([]) == []


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "the text is empty"),
        ("\u200f \n", {}, "the text is empty"),
        ("政府表示无法实现目标。", {}, "neither Arabic nor English"),
        (ENGLISH, {"to": "fr"}, "'fr' is not a language"),
        (ENGLISH, {"length": "tiny"}, "'tiny' is not a length: choose from short, medium, long"),
        (ENGLISH, {"source": "de"}, "'de' is not a source language"),
        (ENGLISH, {"num_beams": 0}, "num_beams=0 is not a number of beams"),
        ([ENGLISH, None], {}, "document 1: a NoneType, not a text"),
        ([ENGLISH, " "], {}, "document 1: the text is empty"),
    ],
)
def test_errors(text, options, message):
    with pytest.raises((DocumentError, UsageError), match=message):
        summarizer()(text, **options)


def test_source_can_be_told():
    assert summarizer()(ENGLISH, source="ar").source_language == "ar"


def test_tiny_weights_end_to_end(tiny_layout):
    result = Summarizer(str(tiny_layout.folder), device="cpu", dtype="float32")(
        ARABIC * 2, headline=True, strategy="truncate"
    )
    assert isinstance(result, Result)
    assert 30 < result.source_tokens <= 64 and result.truncated
    for summary in result:
        letters = [c for c in summary.text if c.isalpha()]
        assert summary.tokens > 0 and letters
        arabic = sum("\u0600" <= c <= "\u06ff" for c in letters)
        assert (arabic > len(letters) / 2) == (summary.language == "ar")


def test_numbers_and_names_are_checked():
    text = "The ministry in Iraq said 25 people died and 40 were hurt when a bus overturned near Mosul on Monday. " * 3
    s = summarizer(summary_en="A bus crash killed 26 people in Iraq.", summary_ar="مقتل 25 شخصا في العراق.")
    result = s(text)
    wrong = next(f for f in result["en"].findings if f.kind == "number")
    assert wrong.text == "26" and wrong.status in ("unsupported", "contradicted")
    assert any("26" in warning for warning in result["en"].warnings) and not result["en"].supported
    assert result["ar"].supported and result["ar"].warnings == () and len(result["ar"].findings) == 2
    start, end = result["ar"].findings[0].span
    assert result["ar"].text[start:end] == result["ar"].findings[0].text
    plain = s(text, check=False)
    assert plain["en"].findings == () and plain["en"].warnings == ()
