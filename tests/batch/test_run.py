"""The command over a small engine: kinds of input, bad records, resuming, options, exit codes."""

from __future__ import annotations

import gzip
import json

import pytest

from summarize.batch import run as run_module
from summarize.batch import work

from .conftest import read_lines, texts, write_lines
from .test_inputs import BAD


@pytest.fixture
def news(tmp_path):
    rows = [{"id": f"n{i}", "text": text} for i, text in enumerate(texts(120))]
    return write_lines(tmp_path / "in.jsonl", rows)


def test_one_line_per_record_in_order(batch, news, tmp_path):
    code, out, err = batch("in.jsonl", "out.jsonl", "--headline")
    assert (code, out) == (0, "")
    assert err.startswith("summarize: 120 of 120 records summarised in out.jsonl; ") and err.count("\n") == 1
    padding = float(err.split("; ")[1].split(", ")[1].split("%")[0])
    assert padding < 10
    lines = read_lines(tmp_path / "out.jsonl")
    assert [line["id"] for line in lines] == [f"n{i}" for i in range(120)]
    first = lines[0]
    assert first["version"] == 1 and first["error"] is None and first["source_language"] == "ar"
    arabic, english = first["summaries"]
    assert (arabic["language"], arabic["direction"], english["direction"]) == ("ar", "rtl", "ltr")
    assert english["text"].startswith("Summary of words ") and arabic["headline"].startswith("ملخص رقم ")
    assert not any("seconds" in part for part in (first, arabic, english))  # every run writes the same


def test_summaries_are_those_of_the_summarizer(batch, tmp_path):
    from summarize import Summarizer

    (text,) = texts(1, seed=9)
    write_lines(tmp_path / "in.jsonl", [{"text": text}])
    batch("in.jsonl", "out.jsonl", "--to", "en", "--length", "long")
    (line,) = read_lines(tmp_path / "out.jsonl")
    result = Summarizer()(text, to="en", length="long").to_dict()
    assert line["summaries"][0]["text"] == result["summaries"][0]["text"]
    assert set(result) - {"seconds"} <= set(line)


def test_every_bad_kind_costs_only_itself(batch, tmp_path):
    """One of each kind among a thousand: the others come out as they do without them."""
    good = texts(1000, longest=50)
    chinese = json.dumps({"text": "政府表示无法实现目标。"}).encode()
    russian = json.dumps({"text": "Правительство заявило, что министр прибудет в город. " * 4}).encode()
    numbers = json.dumps({"text": "12 345 678 --- 910"}).encode()
    boom = json.dumps({"text": "explode " + good[1]}).encode()
    bad = [*BAD, chinese, russian, numbers, boom]
    rows: list = [{"id": i, "text": text} for i, text in enumerate(good)]
    for k, line in enumerate(bad):
        rows.insert(37 + 53 * k, line)
    write_lines(tmp_path / "in.jsonl", rows)
    code, _, err = batch("in.jsonl", "out.jsonl", "--no-check", "--to", "en")
    assert code == 1
    assert f"1,000 of {1000 + len(bad):,} records summarised in out.jsonl; {len(bad)} failed" in err
    lines = read_lines(tmp_path / "out.jsonl")
    assert len(lines) == 1000 + len(bad)
    failed = [line for line in lines if line["error"]]
    for line, kind in zip(failed, [*BAD.values(), "neither Arabic", "neither Arabic", "no letters"], strict=False):
        assert kind in line["error"] and set(line) == {"version", "id", "error"}, line
    assert failed[-1]["error"] == "could not be summarised: RuntimeError: a tensor is broken"
    assert [line["id"] for line in lines if not line["error"]] == list(range(1000))
    assert all(line["summaries"][0]["text"] for line in lines if not line["error"])


def test_short_texts_are_no_errors(batch, tmp_path):
    write_lines(tmp_path / "in.jsonl", [{"text": "The minister resigned today."}])
    code, _, _ = batch("in.jsonl", "out.jsonl", "--to", "en")
    (line,) = read_lines(tmp_path / "out.jsonl")
    assert code == 0 and line["summaries"][0]["text"] == "The minister resigned today."
    assert "only 4 words" in line["summaries"][0]["warnings"][0]


def test_documents_of_a_folder_and_rows_together(batch, tmp_path):
    one, two, three, four = texts(4)
    (tmp_path / "docs" / "sub").mkdir(parents=True)
    (tmp_path / "docs" / "a.txt").write_bytes(one.encode("cp1256"))
    (tmp_path / "docs" / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "docs" / "sub" / "c.md").write_text(two)
    (tmp_path / "docs" / "sub" / "d.pdf").write_bytes(b"%PDF-1.4 broken")
    (tmp_path / "rows.csv").write_text(f"id,body,url\nr,{three},u\n")
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(json.dumps({"content": four}).encode()))
    code, _, err = batch("docs", "rows.csv", "rows.jsonl.gz", "docs/out.jsonl", "--keep", "url")
    lines = read_lines(tmp_path / "docs" / "out.jsonl")
    assert code == 1
    assert [line["id"] for line in lines] == ["a.txt", "b.png", "sub/c.md", "sub/d.pdf", "r", "rows.jsonl.gz:1"]
    assert lines[0]["warnings"] == ["not UTF-8; read as Windows-1256"]
    assert lines[1]["error"].startswith("a PNG image")  # the reader's message, without the path
    assert "PDF" in lines[3]["error"] and err.count("\n") == 1  # what libraries log is kept off the terminal
    assert lines[4]["fields"] == {"url": "u"} and lines[5]["fields"] == {"url": None}
    # the output lies in the input folder: it is no document of the second run
    code, _, err = batch("docs", "rows.csv", "rows.jsonl.gz", "docs/out.jsonl", "--keep", "url")
    assert code == 1 and "4 of 6 records" in err and "complete already" in err


def test_standard_output(batch, news, tmp_path):
    code, out, err = batch("in.jsonl", "-", "--to", "en", "--quiet")
    assert (code, err) == (0, "")
    assert [json.loads(line)["id"] for line in out.splitlines()] == [f"n{i}" for i in range(120)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl"]


def test_window_by_window_the_output_is_the_same_however_often_it_stops(batch, news, tmp_path, monkeypatch):
    small = ("--window", "32", "--batch-tokens", "256")
    batch("in.jsonl", "whole.jsonl", *small)
    whole = (tmp_path / "whole.jsonl").read_bytes()
    real, steps, stops = work.Worker.run, iter(range(10**6)), 0

    def stopped(self, documents):
        if next(steps) % 5 == 4:
            raise MemoryLost
        return real(self, documents)

    class MemoryLost(BaseException):
        pass

    monkeypatch.setattr(work.Worker, "run", stopped)
    while True:
        try:
            code, _, err = batch("in.jsonl", "out.jsonl", *small)
            break
        except MemoryLost:
            stops += 1
            assert whole.startswith((tmp_path / "out.jsonl").read_bytes())
    assert stops >= 3 and code == 0
    assert "summarize: note: out.jsonl holds " in err
    assert (tmp_path / "out.jsonl").read_bytes() == whole


def test_unordered_writes_the_same_lines(batch, news, tmp_path):
    batch("in.jsonl", "a.jsonl", "--window", "50")
    code, _, _ = batch("in.jsonl", "b.jsonl", "--window", "50", "--unordered")
    ordered = (tmp_path / "a.jsonl").read_text().splitlines()
    unordered = (tmp_path / "b.jsonl").read_text().splitlines()
    assert code == 0 and ordered != unordered and sorted(ordered) == sorted(unordered)


def test_a_complete_output_is_left_alone(batch, news, tmp_path, monkeypatch):
    batch("in.jsonl", "out.jsonl")
    before = (tmp_path / "out.jsonl").read_bytes()
    monkeypatch.setattr("summarize.models.catalogue.load_engine", None)  # the model is not even loaded
    code, _, err = batch("in.jsonl", "out.jsonl")
    assert code == 0 and err == (
        "summarize: 120 of 120 records summarised in out.jsonl (complete already: nothing was left to do)\n"
    )
    assert (tmp_path / "out.jsonl").read_bytes() == before


def one_line(result: tuple[int, str, str], code: int, *parts: str) -> None:
    assert result[0] == code and result[1] == ""
    assert result[2].startswith("summarize: error: ") and result[2].count("\n") == 1, result[2]
    for part in parts:
        assert part in result[2]


def test_changed_options_and_inputs_are_noticed(batch, news, tmp_path):
    batch("in.jsonl", "out.jsonl")
    before = (tmp_path / "out.jsonl").read_bytes()
    one_line(batch("in.jsonl", "out.jsonl", "--length", "long"), 2, "begun with --length short, now it is long")
    one_line(batch("in.jsonl", "out.jsonl", "--to", "en"), 2, "begun with --to not given, now it is en", "--overwrite")
    one_line(batch("in.jsonl", "out.jsonl", "--window", "64"), 2, "begun with --window 1024, now it is 64")
    rows = news.read_bytes().splitlines()
    for changed in (
        rows[:-1],
        [*rows, rows[0]],
        [rows[1], rows[0], *rows[2:]],
        [rows[0].replace(b"n0", b"m"), *rows[1:]],
    ):
        news.write_bytes(b"\n".join(changed))
        one_line(batch("in.jsonl", "out.jsonl"), 1, "the input is not the one that out.jsonl was begun from")
    news.write_bytes(b"")
    one_line(batch("in.jsonl", "out.jsonl"), 1, "the input is shorter")
    assert (tmp_path / "out.jsonl").read_bytes() == before
    write_lines(news, [{"text": texts(1)[0]}])
    code, _, _ = batch("in.jsonl", "out.jsonl", "--overwrite", "--length", "long")
    assert code == 0 and len(read_lines(tmp_path / "out.jsonl")) == 1


def test_an_empty_input_is_an_empty_output(batch, tmp_path):
    (tmp_path / "in.jsonl").touch()
    code, _, err = batch("in.jsonl", "out.jsonl")
    assert (code, err) == (0, "summarize: 0 of 0 records summarised in out.jsonl\n")
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_command_lines_that_cannot_be_used(batch, news, tmp_path):
    one_line(batch("in.jsonl"), 2, "INPUT")
    one_line(batch("in.jsonl", "other.csv"), 2, "OUTPUT, the last argument, must end in .jsonl", "'other.csv'")
    one_line(batch("in.jsonl", "in.jsonl"), 2, "in.jsonl is an input too; give another OUTPUT")
    one_line(batch("in.jsonl", "no/out.jsonl"), 2, "the folder no does not exist")
    one_line(batch("missing.jsonl", "out.jsonl"), 1, "missing.jsonl: no such file or folder")
    one_line(batch("in.jsonl", "out.jsonl", "--text-field", "nix"), 1, "no field 'nix'; the fields are id, text")
    one_line(batch("in.jsonl", "out.jsonl", "--workers", "0"), 2, "--workers")
    one_line(batch("in.jsonl", "out.jsonl", "--to", "fr"), 2, "'fr' is not a language")
    (tmp_path / "old.jsonl").write_text("x\n")
    one_line(batch("in.jsonl", "old.jsonl"), 2, "old.jsonl exists, and no journal says how it came about")
    assert (tmp_path / "old.jsonl").read_text() == "x\n"


def test_a_second_input_that_cannot_be_read_does_not_undo_the_first(batch, news, tmp_path, monkeypatch):
    write_lines(tmp_path / "more.jsonl", [{"headline": "x"}])
    monkeypatch.setattr("summarize.batch.inputs._PROBED", 0)  # it is found out on the way only
    one_line(batch("in.jsonl", "more.jsonl", "out.jsonl"), 1, "more.jsonl: no field 'document'")
    assert len(read_lines(tmp_path / "out.jsonl")) == 120
    write_lines(tmp_path / "more.jsonl", [{"text": texts(1)[0]}])
    code, _, err = batch("in.jsonl", "more.jsonl", "out.jsonl")
    assert code == 0 and "holds 120 records already" in err and len(read_lines(tmp_path / "out.jsonl")) == 121


def test_strict_refuses_what_the_document_does_not_support(batch, tmp_path, monkeypatch):
    from . import fakes

    supported, unsupported = texts(2, seed=3)
    monkeypatch.setattr(fakes.Fake, "decode", lambda self, memory, tasks, decoding, constraint=None: [
        [fakes.Output((1,), "The minister said 77 people." if text == unsupported else "It ended.", True, 0.0)]
        for text in memory.state
    ])  # fmt: skip
    write_lines(tmp_path / "in.jsonl", [{"text": supported}, {"text": unsupported}])
    code, _, _ = batch("in.jsonl", "out.jsonl", "--to", "en", "--strict")
    good, bad = read_lines(tmp_path / "out.jsonl")
    assert code == 1 and good["error"] is None
    assert bad["error"] == "--strict: the document does not support the summary in en"


def test_a_broken_model_ends_the_run(batch, tmp_path):
    write_lines(tmp_path / "in.jsonl", [{"text": f"explode {text}"} for text in texts(200)])
    result = batch("in.jsonl", "out.jsonl")
    one_line(result, 1, "20 documents in a row could not be summarised: RuntimeError: a tensor is broken")


def test_languages_that_a_model_does_not_write_are_that_documents_alone(batch, news, tmp_path, monkeypatch):
    from summarize import UsageError

    from . import fakes

    def check(self, tasks, source):
        if any(f"{source}-{task.language}" not in ("en-en", "ar-ar") for task in tasks):
            raise UsageError("'fake' writes no such thing")

    monkeypatch.setattr(fakes.Fake, "check", check, raising=False)
    code, _, _ = batch("in.jsonl", "all.jsonl")
    lines = read_lines(tmp_path / "all.jsonl")
    assert code == 0
    assert all([s["language"] for s in line["summaries"]] == [line["source_language"]] for line in lines)
    code, _, _ = batch("in.jsonl", "english.jsonl", "--to", "en")
    lines = read_lines(tmp_path / "english.jsonl")
    assert code == 1 and {line["error"] for line in lines} == {None, "'fake' writes no such thing"}
    assert sum(line["error"] is None for line in lines) == 80


def test_memory_holds_a_window_or_two(batch, tmp_path, monkeypatch):
    write_lines(tmp_path / "in.jsonl", [{"text": text} for text in texts(400, longest=40)])
    most = 0
    real = run_module.BatchRun._start

    def start(self, window, pool):
        nonlocal most
        real(self, window, pool)
        most = max(most, len(self._open))

    monkeypatch.setattr(run_module.BatchRun, "_start", start)
    assert batch("in.jsonl", "out.jsonl", "--window", "20", "--no-check")[0] == 0
    assert most <= 2


def test_keeping_goes_on_after_a_line_with_half_a_character(batch, tmp_path):
    line = b'{"id": "\\ud83d", "text": "The minister resigned today.", "note": "\\udc00 x"}'
    write_lines(tmp_path / "in.jsonl", [line])
    assert batch("in.jsonl", "out.jsonl", "--keep", "note", "--to", "en")[0] == 0
    (record,) = read_lines(tmp_path / "out.jsonl")
    assert record["id"] == "?" and record["fields"] == {"note": "\udc00 x"}
