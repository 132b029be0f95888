"""Long documents through the API: what is read, what is said, how long the summary is."""

from __future__ import annotations

import json

import pytest

from summarize import UsageError


def story(words: int, mark: str = "") -> str:
    sentences = [f"Sentence {mark}{i} of it stands here." for i in range(-(-words // 6))]
    return " ".join(" ".join(sentences).split()[:words])


def test_what_fits_is_read_whole(make):
    s = make(60)
    result = s(story(54), to="en")
    assert (result.chunks, result.truncated, result.warnings) == (1, False, ())
    assert s.engine.encoded == [[story(54)]]


def test_selection_is_the_default_and_says_so(make):
    s = make(60)
    result = s(story(600), to="en")
    assert (result.chunks, result.truncated) == (1, False)
    (warning,) = result.warnings
    assert "longer than the model reads at once: the summary rests on 9 of its 100 sentences" in warning
    (text,) = s.engine.encoded[0]
    assert s.engine.count(text) <= 60 and text.startswith("Sentence 0 of it")


def test_reduction_counts_its_chunks(make):
    s = make(60)
    result = s(story(600), to="en,ar", strategy="reduce", headline=True)
    assert result.chunks == 12 and result.source_tokens == 601 and not result.truncated
    assert "read in 12 chunks" in result.warnings[0]
    assert [task.kind for task in s.engine.tasks[0]] == ["summary"] and s.engine.tasks[0][0].language == "en"
    assert len(s.engine.tasks) == 5 and len(s.engine.tasks[-1]) == 4 and result["en"].headline == "Sentence 0 of"
    assert max(len(batch) for batch in s.engine.encoded) == 4  # however many chunks there are


def test_truncation_on_demand(make):
    result = make(60)(story(600), to="en", strategy="truncate")
    assert result["en"].text == make(60)(story(600), to="en", length="long", strategy="truncate")["en"].text
    assert result.truncated and result.source_tokens == 55 and "first 9 of its 100 sentences" in result.warnings[0]


def test_options_are_checked(make):
    with pytest.raises(UsageError, match="'magic' is not a strategy for long documents: choose from select, reduce"):
        make()(story(60), strategy="magic")
    with pytest.raises(UsageError, match="'huge' is not a length: choose from short, medium, long, auto"):
        make()(story(60), length="huge")


@pytest.mark.parametrize(
    ("words", "length", "portions"),
    [(150, "short", 1), (151, "medium", 1), (600, "medium", 1), (601, "long", 1), (999, "long", 1),
     (1001, "long", 2), (4000, "long", 4), (4001, "long", 5), (12_001, "long", 10), (90_000, "long", 24)],
)  # fmt: skip
def test_the_length_follows_the_document(make, words, length, portions):
    s = make(1000)
    result = s(story(words), to="en", length="auto")
    assert result["en"].length == length
    assert len(result["en"].text.split("\n")) == portions
    passage = length if portions == 1 else "short" if words <= 4000 else "medium"
    assert {task.length for task in s.engine.tasks[0]} == {passage}


@pytest.mark.parametrize(("length", "lines"), [("short", 1), ("medium", 2), ("long", 4)])
def test_a_longer_summary_of_a_long_document_has_a_line_for_each_stretch(make, length, lines):
    s = make(100)
    result = s(story(600), to="en", length=length)
    assert [line.split()[1] for line in result["en"].text.split("\n")] == [str(100 * i // lines) for i in range(lines)]
    assert result["en"].length == length and result.chunks == lines
    assert s(story(99), to="en", length=length)["en"].text.count("\n") == 0


def test_what_an_engine_reads_comfortably_is_enough(make):
    s = make(200)
    s.engine.comfortable = 60
    result = s(story(150), to="en")
    assert result.source_tokens <= 60 and "the summary rests on" in result.warnings[0]


def test_portions_in_order_with_one_headline(make):
    s = make(200)
    text = "\n\n".join(story(4500, mark) for mark in "abc")
    result = s(text, to="en", length="auto", headline=True, evidence=True)
    lines = result["en"].text.split("\n")
    assert "".join(line.split()[1][0] for line in lines) == "aaaabbbbccc"
    assert lines[0] == "Sentence a0 of it stands here." and result["en"].headline == "Sentence a0 of"
    assert result.chunks == 11 and "summarised in 11 parts, a line for each" in result.warnings[0]
    for line, evidence in zip(lines, result["en"].evidence, strict=True):
        assert result["en"].text[evidence.start : evidence.end] == line == evidence.text
        source = evidence.sources[0]
        assert text[source.start : source.end] == source.text == line


def test_short_texts_have_a_length_too(make):
    assert make()("Only a few words.", to="en", length="auto")["en"].length == "short"


def test_evidence_only_when_asked_for(make):
    assert make()(story(60), to="en")["en"].evidence == ()
    result = make()(story(60), to="en", evidence=True)
    (evidence,) = json.loads(json.dumps(result.to_dict()))["summaries"][0]["evidence"]
    assert evidence["method"] == "overlap" and evidence["sources"][0]["text"] == "Sentence 0 of it stands here."


class Looking:
    """An engine that tells where it looked: at the document's second sentence."""

    def attention(self, memory, document, task, ids, text):
        import numpy as np

        from summarize.models.engine import Attention

        self.looked.append((document, task.language, text))
        end = text.index(".") + 1
        return Attention(np.ones((1, 2), dtype=np.float32), ((0, 0), (end, end + 5)), ((0, 100),))


def test_the_engine_is_asked_where_it_looked_only_across_languages(make):
    from .conftest import Words

    class Engine(Looking, Words):
        pass

    engine = Engine()
    engine.looked = []
    s = make(engine=engine)
    texts = [story(54, "a"), story(48, "b")]
    results = s(texts, to="en,ar", evidence=True)
    assert sorted(engine.looked) == [(0, "ar", texts[1]), (1, "ar", texts[0])]
    assert [e.method for e in results[0]["ar"].evidence] == ["attention"]
    assert results[1]["ar"].evidence[0].sources[0].text == "Sentence b1 of it stands here."
    s(texts, to="en,ar")
    assert len(engine.looked) == 2
