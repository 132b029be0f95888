"""The output and its journal: what a kill at any moment leaves is gone on from, and nothing else is."""

from __future__ import annotations

import json

import pytest

from summarize import DataError, UsageError
from summarize.batch.journal import Journal, journal_path

SETTINGS = {"--length": "short", "--to": None, "--keep": []}
FACTS = {"name": "fake", "device": "cpu", "budget": 8192}


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out.jsonl"


def begun(output, **options) -> Journal:
    """Window 0 (three records) is closed, window 1 has one of two."""
    journal = Journal(output, SETTINGS, **options)
    journal.check_model(FACTS)
    journal.add(0, "d0", [(2, "c"), (0, "a")], failed=1, tokens=10)
    journal.add(1, "d1", [(1, "y")], failed=1, tokens=3)
    journal.add(0, "d0", [(1, "b")], failed=0, tokens=5)
    journal.close_window(0, "d0", "chain0", 3)
    return journal


def test_windows_come_out_in_order(output):
    journal = begun(output)
    assert output.read_text() == "a\nb\nc\n"
    assert (journal.done, journal.failed, journal.state.tokens) == (4, 2, 15)
    journal.close()
    again = Journal(output, SETTINGS)
    assert (again.done, again.failed, again.state.windows) == (4, 2, 1)
    assert again.started[1].lines == {1: "y"}
    again.add(1, "d1", [(0, "x")], failed=0, tokens=1)
    again.close_window(1, "d1", "chain1", 2)
    again.finish()
    again.close()
    assert output.read_text() == "a\nb\nc\nx\ny\n"
    done = Journal(output, SETTINGS)
    assert done.state.complete and done.state.records == 5 and done.started == {}


def test_unordered_lines_are_in_the_output_at_once(output):
    journal = begun(output, ordered=False)
    assert output.read_text() == "c\na\ny\nb\n"
    journal.close()
    with output.open("a") as file:  # a batch whose entry was not written any more
        file.write("z\nhalf of")
    again = Journal(output, SETTINGS, ordered=False)
    assert output.read_text() == "c\na\ny\nb\n" and set(again.started[1].lines) == {1}


def test_what_was_being_written_is_dropped(output):
    begun(output).close()
    with output.open("a") as file:
        file.write("x\ny")  # window 1, torn
    with journal_path(output).open("a") as file:
        file.write('{"window": 1, "digest": "d1", "lines": [[0, "x')
    again = Journal(output, SETTINGS)
    assert output.read_text() == "a\nb\nc\n" and again.started[1].lines == {1: "y"}
    again.close()
    # a block that a loss of power left empty
    with journal_path(output).open("ab") as file:
        file.write(b"\0" * 40 + b"\n")
    assert Journal(output, SETTINGS).started[1].lines == {1: "y"}


def test_a_new_journal_that_was_not_renamed_any_more(output):
    begun(output).close()
    before = journal_path(output).read_bytes()
    (output.parent / ".out.jsonl.journal.partial").write_bytes(before[:50])
    assert Journal(output, SETTINGS).done == 4


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"--length": "long"}, "out.jsonl was begun with --length short, now it is long: go on with the same, or give"),
        ({"--to": ["ar", "en"]}, "begun with --to not given, now it is ar,en"),
        ({"--keep": ["url"]}, "begun with --keep none, now it is url"),
        ({"--new": 1}, "begun with --new not given, now it is 1"),
    ],
)
def test_other_settings(output, now, message):
    begun(output).close()
    with pytest.raises(UsageError, match=message):
        Journal(output, {**SETTINGS, **now})
    assert output.read_text() == "a\nb\nc\n"
    fresh = Journal(output, {**SETTINGS, **now}, overwrite=True)
    assert fresh.done == 0 and output.read_text() == ""


def test_another_model_or_device(output):
    begun(output).close()
    journal = Journal(output, SETTINGS)
    journal.check_model(FACTS)
    with pytest.raises(UsageError, match="was begun with device cpu, now it is cuda"):
        journal.check_model({**FACTS, "device": "cuda"})


def test_another_input(output):
    begun(output).close()
    journal = Journal(output, SETTINGS)
    journal.check_input(0, "d0", "chain0")
    journal.check_input(1, "d1", "chain1")
    journal.check_input(2, "new", "new")
    with pytest.raises(DataError, match="the input is not the one that .*out.jsonl was begun from: give --overwrite"):
        journal.check_input(0, "d0", "other")
    with pytest.raises(DataError, match="the input is not the one"):
        journal.check_input(1, "other", "chain1")


def test_outputs_that_are_not_ours(output):
    output.write_text("precious\n")
    with pytest.raises(UsageError, match="exists, and no journal says how it came about: give --overwrite"):
        Journal(output, SETTINGS)
    assert output.read_text() == "precious\n"
    output.write_text("")
    begun(output).close()
    output.write_text("a\n")
    with pytest.raises(DataError, match=r"shorter than its journal says \(2 of 6 bytes\), so it was changed"):
        Journal(output, SETTINGS)
    journal_path(output).write_text("{}\n")
    with pytest.raises(DataError, match="not a journal that can be read"):
        Journal(output, SETTINGS)
    output.unlink()  # deleted, to begin anew
    assert Journal(output, SETTINGS).done == 0


def test_a_complete_output_that_was_added_to(output):
    journal = begun(output)
    journal.add(1, "d1", [(0, "x")], failed=0, tokens=1)
    journal.close_window(1, "d1", "chain1", 2)
    journal.finish()
    journal.close()
    with output.open("a") as file:
        file.write("mine\n")
    with pytest.raises(DataError, match="added to after it was complete"):
        Journal(output, SETTINGS)
    assert output.read_text().endswith("mine\n")


def test_one_process_at_a_time(output):
    pytest.importorskip("fcntl")
    journal = begun(output)
    with pytest.raises(UsageError, match="another process is writing to"):
        Journal(output, SETTINGS)
    with pytest.raises(UsageError, match="another process is writing to"):
        Journal(output, SETTINGS, overwrite=True)
    journal.close()
    assert Journal(output, SETTINGS).done == 4


def test_the_journal_stays_small(output):
    journal = Journal(output, SETTINGS)
    for window in range(20):
        journal.add(window, f"d{window}", [(0, "x" * 1000)], failed=0, tokens=1)
        journal.close_window(window, f"d{window}", "", 1)
    assert len(journal_path(output).read_bytes()) < 1000
    assert json.loads(journal_path(output).read_text())["state"]["records"] == 20
