"""--check and --strict, in this process over a scripted engine."""

from __future__ import annotations

import io
import json
import sys

import pytest

from summarize.cli import run
from summarize.summarizer import Summarizer

from .test_summarizer import Scripted

TEXT = "The ministry in Iraq said 25 people died and 40 were hurt when a bus overturned near Mosul on Monday. " * 3


@pytest.fixture
def scripted(monkeypatch):
    def with_summary(text: str) -> None:
        engine = Scripted(summary_en=text)
        monkeypatch.setattr(Summarizer, "__init__", lambda self, **_: setattr(self, "engine", engine))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))

    return with_summary


def test_strict_refuses(scripted, capsys):
    scripted("A bus crash killed 26 people in Iraq.")
    assert run(["--to", "en", "--strict", "-q"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "summarize: error: <stdin>: --strict: the document does not support the summary in en\n"


def test_strict_lets_the_supported_pass(scripted, capsys):
    scripted("A bus crash killed 25 people in Iraq.")
    assert run(["--to", "en", "--strict", "--check", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "summarize: check: <stdin> [en]: number '25': supported (document, characters 26-28)" in err
    (summary,) = json.loads(out)["summaries"]
    number = next(f for f in summary["findings"] if f["kind"] == "number")
    assert TEXT[slice(*number["document_span"])] == "25" and summary["text"][slice(*number["span"])] == "25"


def test_what_a_model_cannot_do_is_said_before_it_is_loaded(capsys):
    assert run(["--model", "bart-cnn", "--to", "ar", "-"]) == 2
    assert "'bart-cnn' writes no summaries in 'ar': its directions are en-en" in capsys.readouterr().err


def test_the_default_languages_are_those_that_the_model_writes():
    from summarize.models.catalogue import reachable_languages

    assert reachable_languages("khulasa") == ("ar", "en")
    assert reachable_languages("bart-cnn") == ("en",)
    assert reachable_languages("mt5-xlsum", "ar") == ("ar",)
    assert reachable_languages("some/repository") == ("ar", "en")
