"""Selection: what is central, from everywhere, in order, with its places."""

from __future__ import annotations

import random

import numpy as np
import pytest

from summarize.long.central import Sentences, stems
from summarize.long.reading import Encoder
from summarize.long.select import select, truncate
from summarize.sentences import split_sentences


def count(text: str) -> int:
    return len(text.split()) + 1


def no_drafts(texts, length):
    raise AssertionError("selection writes nothing")


def read(text, limit):
    return select(text, Encoder(count, limit, no_drafts))


def filler(number: int) -> list[str]:
    """Sentences of six words that no other sentence has."""
    letters = random.Random(number)
    word = lambda: "".join(letters.choices("bcdfghklmnprtuvz", k=7))  # noqa: E731
    return [" ".join([word().capitalize(), *(word() for _ in range(5))]) + "." for _ in range(number)]


FILLER = filler(40)


def test_stems_of_both_languages_meet():
    assert stems("المدارس والمدرسة، ٢٠٢٤") == ["مدارس", "مدرس", "2024"]
    assert stems("Schools' 3.5 cafés") == ["school", "3.5", "cafe"]


def test_the_walk_is_that_of_the_full_matrix():
    texts = ["The dam broke in the night.", "The broken dam flooded a village.", "Cats sleep.", "Night fell on a dam."]
    sentences = Sentences.of(texts)
    dense = np.zeros(sentences.shape)
    dense[sentences.rows, sentences.columns] = sentences.weights
    similar = dense @ dense.T
    assert np.allclose(np.diag(similar), 1)
    assert np.allclose(sentences.cosine(1), similar[1])
    np.fill_diagonal(similar, 0)
    moves = similar / np.maximum(similar.sum(axis=1, keepdims=True), 1e-9)
    walk = np.full(4, 0.25)
    for _ in range(200):
        walk = 0.15 / 4 + 0.85 * walk @ moves
        walk /= walk.sum()
    assert np.allclose(sentences.centrality(), walk, atol=1e-6)
    assert sentences.centrality().argmin() == 2


def test_what_recurs_is_chosen_wherever_it_stands():
    sentences = FILLER.copy()
    sentences[11] = "The dam above the city of Derna collapsed in the storm."
    sentences[25] = "Engineers said the Derna dam collapsed because of the storm."
    sentences[38] = "The collapse of the dam flooded Derna after the storm."
    text = " ".join(sentences)
    reading = read(text, 80)
    for place in (0, 11, 25, 38):
        assert sentences[place] in reading.text, place
    assert count(reading.text) <= 80 and reading.kept == (reading.text.count("."), 40)
    assert reading.strategy == "select" and reading.chunks == 1


def test_order_places_and_paragraphs():
    text = "\n\n".join(" ".join(FILLER[i : i + 5]) for i in range(0, 40, 5))
    reading = read(text, 60)
    joined = " ".join(text[p.source[0] : p.source[1]].replace("\n\n", " ") for p in reading.pieces)
    assert " ".join(reading.text.split()) == joined
    assert [p.source for p in reading.pieces] == sorted(p.source for p in reading.pieces)
    assert [reading.text[p.start : p.end] for p in reading.pieces] == [
        text[p.source[0] : p.source[1]] for p in reading.pieces
    ]
    assert "\n" in reading.text
    first = reading.pieces[0]
    assert first.source[0] == 0 and reading.spans(first.start, first.start + 4) == [(0, 4)]


def test_every_quarter_is_heard():
    for limit in (60, 100, 200):
        text = " ".join(FILLER)
        reading = read(text, limit)
        places = [text.index(sentence) for sentence in split_sentences(reading.text)]
        quarters = {4 * place // len(text) for place in places}
        assert quarters == {0, 1, 2, 3}, limit


@pytest.mark.parametrize(
    "text",
    ["word " * 500, "no", "one two three. " * 300, "؟ " * 400 + "كلمة", "x" * 5000, "، ".join(["كلمة واحدة"] * 300)],
)
def test_odd_texts_fit(text):
    reading = select(text, Encoder(lambda t: len(t) // 3 + 1, 64, no_drafts))
    assert len(reading.text) // 3 + 1 <= 64 and reading.text.strip()


def test_thousands_of_sentences_are_no_square():
    text = " ".join(f"Sentence {i} has {i % 97} and {i % 89} in it." for i in range(40_000))
    assert count(read(text, 1000).text) <= 1000


def test_truncation_ends_with_a_sentence():
    text = "One two three. Four five six. Seven eight nine.\n\nTen."
    reading = truncate(text, Encoder(count, 8, no_drafts))
    assert reading.text == "One two three. Four five six." and reading.kept == (2, 4) and reading.truncated
    endless = truncate("word " * 50, Encoder(count, 8, no_drafts))
    assert endless.text == " ".join(["word"] * 7)
