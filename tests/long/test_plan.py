"""Chunks: nothing lost, nothing too long, even, on bounds that a reader would choose."""

from __future__ import annotations

import random

import pytest

from summarize.long.plan import parts, plan, units


def count(text: str) -> int:
    """Tokens as an engine counts them: words and signs, and one for the beginning."""
    return len(text.split()) + 1


def covered(text, stretches):
    """The words of ``text`` outside all stretches."""
    left = list(text)
    for stretch in stretches:
        left[stretch.start : stretch.end] = " " * (stretch.end - stretch.start)
    return "".join(left).split()


def test_what_fits_is_one_chunk():
    assert [(c.start, c.end, c.tokens) for c in plan("One two. Three.", count, 4)] == [(0, 15, 4)]


def test_chunks_are_even_and_end_with_sentences():
    text = " ".join(f"Sentence number {i} is here." for i in range(21))  # 105 words
    chunks = plan(text, count, 31)
    assert [c.tokens - 1 for c in chunks] == [25, 25, 25, 30]
    assert all(text[c.end - 1] == "." for c in chunks) and not covered(text, chunks)


def test_bounds_lie_between_paragraphs_where_that_is_no_great_loss():
    paragraphs = [" ".join(["One two three four five."] * n) for n in (4, 5, 4)]
    text = "\n\n".join(paragraphs)
    assert [text[c.start : c.end] for c in plan(text, count, 31)] == paragraphs


def test_a_sentence_beyond_the_limit_is_parted_after_clauses_then_words_then_anywhere():
    text = "alpha beta gamma, delta epsilon; zeta eta theta iota kappa lambda mu nu. End."
    assert [text[u.start : u.end] for u in units(text, count, 5)] == [
        "alpha beta gamma, delta epsilon;",
        "zeta eta theta iota kappa",
        "lambda mu nu.",
        "End.",
    ]
    arabic = "قال الوزير إن الأمر انتهى، وأضاف أن العمل مستمر؛ ثم غادر القاعة."
    assert [arabic[u.start : u.end] for u in units(arabic, count, 5)] == [
        "قال الوزير إن الأمر انتهى،",
        "وأضاف أن العمل مستمر؛",
        "ثم غادر القاعة.",
    ]
    letters = "x" * 1000
    found = units(letters, len, 64)
    assert not covered(letters, found) and all(u.tokens <= 64 for u in found)


@pytest.mark.parametrize("seed", range(8))
def test_any_text_is_covered_within_the_limit(seed):
    chosen = random.Random(seed)
    words = ["word", "،", "هنا.", "end.", "why?", "\n\n", "long" * 40, "3.5", "؛", "e.g.", "\n"]
    text = " ".join(chosen.choices(words, k=600))

    def letters(piece):  # long words are many tokens
        return sum(-(-len(word) // 4) for word in piece.split()) + 1

    limit = chosen.choice([20, 64, 300])
    chunks = plan(text, letters, limit)
    assert all(c.tokens <= limit for c in chunks)
    missing = [word for word in covered(text, chunks) if any(c.isalnum() for c in word)]
    assert not missing
    assert [c.start for c in chunks] == sorted(c.start for c in chunks)


def test_no_tiny_last_chunk():
    for sentences in range(13, 60):
        text = " ".join(["One two three four five."] * sentences)
        sizes = [c.tokens for c in plan(text, count, 61)]
        assert min(sizes) >= max(sizes) - 10, sizes


def test_parts_are_equal_and_open_with_paragraphs_if_one_is_near():
    text = "\n".join([" ".join(["One two three four."] * 5)] * 8)
    found = units(text, count, 60)
    assert [len(r) for r in parts(found, 4)] == [10, 10, 10, 10]
    assert [found[r.start].opens for r in parts(found, 3)] == [True] * 3
    assert sum(len(r) for r in parts(found, 7)) == 40
    assert parts(found[:2], 5) == [range(0, 1), range(1, 2)]
