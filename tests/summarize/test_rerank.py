"""Which of several candidates is handed over."""

from __future__ import annotations

import pytest

from summarize.checks import Document
from summarize.models.engine import Decoding, Output
from summarize.rerank import DRAWS, SURE, Candidate, Weights, agreement, best, choose, judge, widened

DOCUMENT = Document(
    "The ministry in Iraq said 25 people died and 40 were hurt when a bus overturned near Mosul on Monday. Rain had "
    "made the road wet, and the driver lost control of the bus on a bend."
)
GOOD = "A bus crash near Mosul in Iraq killed 25 people."


def outputs(*texts: str, finished: bool = True) -> list[Output]:
    return [Output((1, 2), text, finished, -0.5) for text in texts]


def test_agreement_of_words():
    # Words: 3 of 3 and 4 in common, 6/7; pairs: 2 of 2 and 3, 4/5.
    assert agreement(["a b c", "a b c d"]) == pytest.approx([(6 / 7 + 4 / 5) / 2] * 2)
    assert agreement(["a b", "a b", "x"]) == pytest.approx([0.5, 0.5, 0.0])
    assert agreement(["one"]) == [0.0] and agreement([]) == []


def test_arabic_spellings_and_digits_are_alike():
    assert agreement(["أعلنت الحكومة ١٧", "اعلنت الحكومه 17."]) == [1.0, 1.0]
    assert agreement(["Bus, crash!", "bus crash"]) == [1.0, 1.0]


def test_an_outlier_loses():
    texts = [
        "Two teams met in Paris.",
        "A bus crash killed 25.",
        "A bus crash killed 25 people.",
        "Bus crash kills 25.",
    ]
    assert best([Candidate(text) for text in texts]) == 1
    assert best([Candidate(text) for text in texts[1:] + texts[:1]]) == 0


def test_what_is_found_more_often_wins():
    assert best([Candidate("a b c"), Candidate("x y"), Candidate("x y")]) == 1


def test_ties_go_to_the_first():
    assert best([Candidate("a b"), Candidate("c d")]) == 0
    assert best([Candidate("a b c"), Candidate("b c a"), Candidate("c a b")]) == 0


def test_one_candidate_and_none():
    assert best([Candidate("")]) == 0
    assert best([Candidate("a", alarms=3, finished=False, language=False)]) == 0
    with pytest.raises(ValueError):
        best([])


def test_empty_candidates_lose():
    assert best([Candidate(""), Candidate(""), Candidate("a", alarms=3, language=False)]) == 2


@pytest.mark.parametrize("worse", [{"alarms": 1}, {"finished": False}, {"language": False}])
def test_each_fault_costs(worse):
    assert best([Candidate("a b", **worse), Candidate("a c")]) == 1
    off = Weights(alarm=0.0, cut=0.0, language=0.0)
    assert best([Candidate("a b", **worse), Candidate("a c")], off) == 0


def test_an_unsupported_number_or_name_loses():
    wrong = [GOOD.replace("25", "26"), GOOD.replace("Iraq", "Iran")]
    for text in wrong:
        assert choose(outputs(text, GOOD), "en", DOCUMENT).text == GOOD
    # Two that agree with each other do not outweigh what the document lacks.
    assert choose(outputs(wrong[0], wrong[0].replace("crash", "accident"), GOOD), "en", DOCUMENT).text == GOOD


def test_the_wrong_language_loses_and_a_cut_text_too():
    arabic = "مقتل 25 شخصا قرب الموصل في العراق."
    assert choose(outputs(GOOD, GOOD, arabic), "ar", DOCUMENT).text == arabic
    assert choose(outputs(arabic, GOOD), "en", DOCUMENT).text == GOOD
    cut = outputs(GOOD[:-1], finished=False)
    assert choose([*cut, *outputs(GOOD)], "en", DOCUMENT).finished


def test_what_the_search_is_sure_of_is_kept():
    sure, said = "مقتل 25 شخصا في العراق.", "مقتل 25 شخصا قرب الموصل."

    def chosen(first, score, finished=True):
        return choose([Output((1,), first, finished, score), *outputs(said, said, said)], "ar", DOCUMENT).text

    assert chosen(sure, SURE + 0.01) == sure and chosen(sure, SURE - 0.01) == said
    assert chosen(sure.replace("25", "26"), -0.1) == said  # an alarm
    assert chosen(sure[:-1], -0.1, finished=False) == said
    assert chosen("A bus crash killed 25 people.", -0.1) == said  # the wrong language
    assert chosen("", -0.1) == said
    always = choose([Output((1,), sure, True, -0.1), *outputs(said, said)], "ar", DOCUMENT, sure=0.0)
    assert always.text == said


def test_candidates_are_judged_as_they_would_be_handed_over():
    twice = f"{GOOD} {GOOD}"
    assert [c.text for c in judge(outputs(twice, " A  bus ."), "en", DOCUMENT)] == [GOOD, "A bus."]
    (cut,) = judge(outputs("A bus near", finished=False), "en", DOCUMENT)
    assert cut.text == "A bus near…" and not cut.finished and cut.language
    (other,) = judge(outputs("حافلة"), "en", DOCUMENT)
    assert not other.language
    good, bad = judge(outputs(GOOD, GOOD.replace("25", "26")), "en", DOCUMENT)
    assert (good.alarms, bad.alarms) == (0, 1)


def test_what_best_asks_of_an_engine():
    asked = widened(Decoding(max_new_tokens=96))
    assert (asked.num_beams, asked.num_return, asked.samples, asked.max_new_tokens) == (1, 1, DRAWS, 96)
    assert (widened(Decoding(num_beams=4)).num_beams, widened(Decoding(num_beams=4)).num_return) == (4, 1)
