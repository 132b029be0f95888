"""``Summarizer.batch``: results in order, errors as values, a window in memory."""

from __future__ import annotations

import dataclasses

import pytest

from summarize import ModelError, Result, Summarizer, UsageError
from summarize.batch import Failure

from .conftest import texts


@pytest.fixture
def summarizer(fake):
    return Summarizer()


def test_results_in_order_and_errors_as_values(summarizer):
    one, two, three = texts(3)
    found = list(
        summarizer.batch([one, None, {"id": "k", "body": two}, {"id": "x", "body": 5}, " ", {"nix": 1}, three])
    )
    assert [type(f) for f in found] == [Result, Failure, Result, Failure, Failure, Failure, Result]
    assert found[1] == Failure(1, None, "the document is null; give a text in Arabic or English")
    assert found[3] == Failure(3, "x", "field 'body' is a number, not a text")
    assert found[4].error == "the document is empty; give a text in Arabic or English"
    assert found[5].error.startswith("no field 'document' or 'text'")
    assert [f.error for f in found if isinstance(f, Result)] == [None] * 3
    assert found[0].source_language == "ar" and found[2]["en"].text.startswith("Summary of words ")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found[1].error = "x"


def test_options_are_those_of_a_call(summarizer):
    (result,) = summarizer.batch([texts(1)[0]], "en", length="long", headline=True, check=False)
    assert [s.language for s in result] == ["en"] and result["en"].headline and result["en"].length == "long"
    with pytest.raises(UsageError, match="'huge' is not a length"):  # at once, not with the first result
        summarizer.batch([], length="huge")
    with pytest.raises(UsageError, match="window=0"):
        summarizer.batch([], window=0)
    with pytest.raises(TypeError, match="colour"):
        summarizer.batch([], colour="red")


def test_it_reads_a_window_ahead_and_no_more(summarizer):
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield texts(1, seed=taken % 7)[0]

    results = summarizer.batch(endless(), window=10)
    assert taken == 0
    for _ in range(25):
        next(results)
    assert taken == 30
    results.close()


def test_named_fields(summarizer):
    text = texts(1)[0]
    good, bad = summarizer.batch([{"t": text, "k": 1}, {"t": "", "k": 2}], text_field="t", id_field="k")
    assert isinstance(good, Result) and bad.id == 2 and "field 't' is empty" in bad.error


def test_a_broken_model_is_raised(summarizer):
    with pytest.raises(ModelError, match="20 documents in a row"):
        list(summarizer.batch([f"explode {text}" for text in texts(50)]))
