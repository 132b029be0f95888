"""Words that a decoder is kept from writing."""

from __future__ import annotations

import pytest

from summarize.checks.wordban import WordBan, WordVocabulary, stop_after

PIECES = (
    *(" Af", "ghan", "istan", "i", " Afghan", " Afghanistan", " Iran", " Ira", "n", "q", " the", ".", '"'),
    *("Iran", " African", " العراق", " وال", "عراق", " العام", " عراق", " ال", "عر", "اقي", " أفغان", "ستان"),
)
VOCABULARY = WordVocabulary(PIECES)


def ids(*pieces: str) -> list[int]:
    return [PIECES.index(piece) for piece in pieces]


def forbidden(words, *written: str) -> set[str]:
    return {PIECES[i] for i in WordBan(words, VOCABULARY).forbidden(ids(*written))}


def test_a_whole_piece_is_forbidden_everywhere():
    for written in ((), (" the",), (" Iran",), (".",)):
        assert " Afghanistan" in forbidden(["Afghanistan"], *written)


def test_a_word_is_stopped_before_it_is_whole():
    assert " Afghan" in forbidden(["Afghanistan"])  # six letters of eleven
    assert " Af" not in forbidden(["Afghanistan"])  # begins too much else
    assert "ghan" in forbidden(["Afghanistan"], " the", " Af")
    assert "ghan" not in forbidden(["Afghanistan"], " the")
    assert not {" African", " the", "."} & forbidden(["Afghanistan"], " Af")


def test_a_short_word_keeps_three_letters():
    assert " Ira" in forbidden(["Iran"]) and " Iran" in forbidden(["Iran"])
    assert stop_after("iraq") == 3 and stop_after("afghanistan") == 6


def test_after_a_sign_pieces_without_a_space_open_words():
    assert "Iran" in forbidden(["Iran"], '"')
    assert "Iran" in forbidden(["iran"], " the", '"')


@pytest.mark.parametrize("word", ["العراق", "عراق", "والعراق", "بالعراق"])
def test_arabic_with_its_particles(word):
    assert {" العراق", " عراق"} <= forbidden([word])
    assert "عراق" in forbidden([word], " وال") and "عراق" in forbidden([word], " ال")
    assert not {" العام", " ال", " وال"} & forbidden([word])


def test_spellings_are_alike():
    assert " أفغان" in forbidden(["افغانستان"])
    assert "ستان" in forbidden(["أَفغانستان"], " أفغان")


def test_nothing_to_forbid():
    assert forbidden([]) == set() and forbidden(["of", "a"]) == set()


def test_ids_beyond_the_vocabulary_are_no_letters():
    assert WordBan(["Iran"], VOCABULARY).forbidden([999, -1]) == WordBan(["Iran"], VOCABULARY).forbidden([])
