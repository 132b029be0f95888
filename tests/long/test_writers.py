"""Evidence as a person and as a program get it."""

from __future__ import annotations

import io
import json

import pytest

from summarize.documents import Document
from summarize.long.evidence import Evidence, Source
from summarize.results import Result, Summary
from summarize.writers import JsonWriter, TextWriter

FIRST, SECOND = Source(0, 12, "هطل المطر.", 0.8), Source(40, 52, "وكان غزيرا\nجدا.", 0.2)
ENGLISH = Summary("It rained. Roads closed.", "en", "short", 9, True, 0.1, evidence=(
    Evidence(0, 10, "It rained.", (FIRST, SECOND), "attention"),
    Evidence(11, 24, "Roads closed.", (), "none"),
))  # fmt: skip
ARABIC = Summary("هطل المطر.", "ar", "short", 5, True, 0.1, evidence=(
    Evidence(0, 10, "هطل المطر.", (Source(0, 12, "هطل المطر.", 1.0),), "overlap"),
))  # fmt: skip
RESULT = Result({"ar": ARABIC, "en": ENGLISH}, "ar", 30, False, 0.2, "words", (), 2)


def test_text_begins_every_line_with_its_sentence():
    out = io.StringIO()
    TextWriter(out, several=False).write(Document("...", "a.txt"), RESULT)
    assert out.getvalue() == (
        "الملخص بالعربية\nهطل المطر.\n\nالشواهد من النص\n"
        "    • هطل المطر. [0-12]\n"
        "\n"
        "English summary\nIt rained. Roads closed.\n\nEvidence in the document\n"
        "[1] It rained.\n    • هطل المطر. [0-12]\n    • وكان غزيرا جدا. [40-52]\n"
        "[2] Roads closed.\n    • none was found\n"
    )


def test_on_a_terminal_lines_end_between_words(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", "41")
    monkeypatch.setenv("NO_COLOR", "1")
    text = "Heavy rain closed the twenty-two roads that lead north, the ministry said. " * 2 + "x" * 50
    result = Result({"en": Summary(text, "en", "short", 9, True, 0.1)}, "en", 30, False, 0.2, "words", (), 1)
    out = Terminal()
    TextWriter(out, several=False).write(Document("...", "a.txt"), result)
    heading, *lines = out.getvalue().splitlines()
    assert heading == "English summary" and " ".join(lines) == text
    assert all(len(line) <= 40 for line in lines[:-1]) and len(lines) == 5


def test_json_has_offsets_and_texts():
    out = io.StringIO()
    JsonWriter(out, several=False).write(Document("...", "a.txt"), RESULT)
    record = json.loads(out.getvalue())
    assert record["chunks"] == 2
    assert record["summaries"][0]["evidence"] == [
        {"start": 0, "end": 10, "text": "هطل المطر.", "method": "overlap",
         "sources": [{"start": 0, "end": 12, "text": "هطل المطر.", "score": 1.0}]},
    ]  # fmt: skip


@pytest.mark.parametrize("option", [["--strategy", "magic"], ["--length", "huge"]])
def test_the_command_names_the_choices(option):
    from click.testing import CliRunner

    from summarize.command_summarize import summarize

    result = CliRunner().invoke(summarize, [*option, "x.txt"])
    assert result.exit_code == 2
    assert ("select" in result.output and "reduce" in result.output) or "auto" in result.output
