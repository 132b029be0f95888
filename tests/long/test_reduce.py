"""Map and reduce: levels shrink or end, places lead back to the document, four levels at most."""

from __future__ import annotations

from summarize.long.reading import Encoder
from summarize.long.reduce import LEVELS, reduce
from summarize.sentences import split_sentences


def count(text: str) -> int:
    return len(text.split()) + 1


class Drafts:
    """Writes the first sentence of each text, or what it is told to; notes what it was asked."""

    def __init__(self, write=lambda text: split_sentences(text)[0]):
        self.write, self.asked = write, []

    def __call__(self, texts, length):
        self.asked.append((len(texts), length))
        return [self.write(text) for text in texts]


def numbered(sentences: int) -> str:
    return " ".join(f"Sentence number {i} is here." for i in range(sentences))


def test_one_level():
    drafts = Drafts()
    text = numbered(21)
    reading = reduce(text, Encoder(count, 31, drafts))
    assert drafts.asked == [(4, "short")] and reading.chunks == 4 and reading.strategy == "reduce"
    lines = reading.text.split("\n")
    assert lines == [f"Sentence number {i} is here." for i in (0, 5, 10, 15)]
    assert reading.tokens == 106
    for piece, first, last in zip(reading.pieces, (0, 5, 10, 15), (4, 9, 14, 20), strict=True):
        source = text[slice(*piece.source)]
        assert source.startswith(f"Sentence number {first} ") and source.endswith(f" {last} is here.")
        assert not piece.copied
    assert reading.spans(0, 3) == [reading.pieces[0].source]


def test_levels_until_it_fits_and_places_of_all_levels():
    drafts = Drafts()
    text = numbered(400)
    reading = reduce(text, Encoder(count, 31, drafts))
    assert [n for n, _ in drafts.asked] == [67, 14, 3] and reading.chunks == 67
    assert count(reading.text) <= 31
    assert reading.pieces[0].source[0] == 0 and reading.pieces[-1].source[1] == len(text)
    assert [p.source for p in reading.pieces] == sorted(p.source for p in reading.pieces)


def test_a_level_that_does_not_shrink_ends_it_and_a_selection_fits():
    drafts = Drafts(lambda text: text + " More of it.")
    reading = reduce(numbered(60), Encoder(count, 31, drafts))
    assert len(drafts.asked) == 1 and count(reading.text) <= 31 and reading.strategy == "reduce"
    assert all(p.copied for p in reading.pieces)
    nothing = reduce(numbered(60), Encoder(count, 31, Drafts(lambda text: "")))
    assert count(nothing.text) <= 31 and nothing.text


def test_four_levels_at_most():
    drafts = Drafts(lambda text: " ".join(text.split()[:-1]) + ".")  # every level loses a word a chunk
    reading = reduce(numbered(200), Encoder(count, 31, drafts))
    assert len(drafts.asked) == LEVELS and count(reading.text) <= 31
    assert all(0 <= p.source[0] < p.source[1] <= 200 * 30 for p in reading.pieces)


def test_long_summaries_where_few_chunks_leave_them_room():
    for sentences, length in ((300, "long"), (1500, "medium"), (3000, "short")):
        drafts = Drafts()
        reduce(numbered(sentences), Encoder(count, 1000, drafts))
        assert drafts.asked[0][1] == length
