"""The batch evaluation: systems, outputs that are kept, killing and resuming, the report."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from summarize.errors import DataError, UsageError
from summarize.eval import evaluate, write_report
from summarize.eval.data import Example, load_examples
from summarize.eval.report_marks import levels, mark
from summarize.eval.rouge import Rouge, RougeConfig
from summarize.eval.systems import Lead, Oracle, fingerprint_hash, make_system
from summarize.sentences import split_sentences

from .conftest import FakeSystem


def test_lead_and_oracle(rows, write_jsonl) -> None:
    (first, *_) = examples = load_examples(write_jsonl("x.jsonl", rows))
    assert Lead(1)([first], "en") == ["Opening words number 0 come here."]
    assert Lead(1)([first], "ar") == [None]
    assert Oracle()(examples, "en") == [row["summary"] for row in rows]


def test_oracle_beats_every_single_sentence() -> None:
    examples = [e for e in load_examples("sample") if e.source_lang == "ar"][:6]
    rouge = Rouge(("rouge1", "rouge2"), lang="ar")

    def gain(text: str, reference: str) -> float:
        return sum(score.f1 for score in rouge.score(text, reference).values())

    for example, found in zip(examples, Oracle()(examples, "ar"), strict=True):
        reference = example.for_language("ar")[0]
        sentences = split_sentences(example.document)
        assert found is not None
        assert gain(found, reference) >= max(gain(s, reference) for s in sentences) - 1e-12
        assert all(s in sentences for s in split_sentences(found))


def test_specs(tmp_path: Path) -> None:
    model = make_system("khulasa:length=medium,num_beams=4,device=cpu", {"device": "auto"})
    assert model.name == "khulasa:length=medium,num_beams=4,device=cpu"
    print_ = model.fingerprint()
    assert (print_["length"], print_["num_beams"], print_["device"]) == ("medium", 4, "cpu")
    assert make_system("lead-2").name == "lead-2"
    with pytest.raises(UsageError, match="'medium' in the system 'khulasa:medium' is not option=value"):
        make_system("khulasa:medium")
    with pytest.raises(DataError, match="no such file"):
        make_system(str(tmp_path / "p.jsonl"))
    with pytest.raises(UsageError, match="'beam' is not an option of the system 'khulasa': choose from .*num_beams"):
        make_system("khulasa:beam=4")
    offline = make_system("khulasa", {"device": "auto", "local_files_only": True})
    assert fingerprint_hash(offline) == fingerprint_hash(make_system("khulasa", {"device": "auto"}))


def test_scores_side_by_side(tmp_path: Path, rows, write_jsonl) -> None:
    data = write_jsonl("x.jsonl", rows)
    predictions = write_jsonl("mine.jsonl", [{"id": r["id"], "summary": r["summary"]} for r in reversed(rows)])
    found = evaluate(data, [FakeSystem(), str(predictions)], out=tmp_path / "out", resamples=200)
    (direction,) = found.directions
    assert list(direction.systems) == ["fake", "mine", "lead-1", "lead-3", "oracle"]
    assert direction.systems["mine"].intervals["rouge1"].mean == pytest.approx(100.0)
    assert direction.systems["fake"].intervals["rouge1"].mean == 0.0
    assert direction.systems["lead-1"].intervals["coverage"].mean == 100.0
    by_pair = {(p.first, p.second, p.column): p for p in direction.pairs}
    sure = by_pair[("fake", "mine", "rouge1")]
    assert sure.bootstrap.difference == pytest.approx(-100.0)
    assert sure.randomisation.p < 0.02
    assert by_pair[("mine", "lead-1", "rouge1")].randomisation.p == 1.0
    assert "only 12 documents" in direction.warnings[0]
    saved = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert saved["directions"][0]["ids"] == [r["id"] for r in rows]
    assert saved["directions"][0]["per_document"]["fake"]["rouge1"] == [0.0] * 12
    assert saved["settings"]["systems"]["fake"]["n"] == 6
    signature = saved["directions"][0]["signatures"]["rouge"]
    assert "lang:en|norm:lower|tok:rouge" in signature and "|nrefs:1|bs:200|seed:12345|v:" in signature


def test_outputs_are_kept_until_something_changes(tmp_path: Path, rows, write_jsonl) -> None:
    data = write_jsonl("x.jsonl", rows)

    def run(system: FakeSystem) -> list[str]:
        evaluate(data, [system], out=tmp_path / "out", resamples=20)
        return system.asked

    assert run(FakeSystem()) == [r["id"] for r in rows]
    assert run(FakeSystem()) == []
    assert len(run(FakeSystem(n=3))) == 12  # other settings
    rows[4]["document"] += " More was added."
    write_jsonl("x.jsonl", rows)
    assert run(FakeSystem()) == ["d4"]  # another document
    rows[5]["summary"] = "Another reference."
    write_jsonl("x.jsonl", rows)
    assert run(FakeSystem()) == []  # references matter to the oracle only


def test_a_torn_line_is_written_anew(tmp_path: Path, rows, write_jsonl) -> None:
    data = write_jsonl("x.jsonl", rows)
    evaluate(data, [FakeSystem()], out=tmp_path / "out", resamples=20)
    (kept,) = (tmp_path / "out" / "predictions").glob("fake-*.jsonl")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-17])
    again = FakeSystem()
    evaluate(data, [again], out=tmp_path / "out", resamples=20)
    assert again.asked == ["d11"]
    assert kept.read_bytes() == whole


SLOW = """
import sys, time
sys.path.insert(0, {tests!r})
from conftest import FakeSystem
from summarize.eval import evaluate
class Slow(FakeSystem):
    batch_size = 2
    def __call__(self, examples, to):
        time.sleep(0.05)
        print(*[e.id for e in examples], flush=True)
        return super().__call__(examples, to)
evaluate({data!r}, [Slow("slow")], out={out!r}, resamples=20)
"""


def test_killed_and_resumed_nothing_is_lost_or_double(tmp_path: Path, rows, write_jsonl) -> None:
    many = [{**row, "id": f"{row['id']}-{k}"} for k in range(5) for row in rows]
    data, out = write_jsonl("x.jsonl", many), tmp_path / "out"
    script = SLOW.format(tests=str(Path(__file__).parent), data=str(data), out=str(out))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    printed: list[str] = []
    for lines in (4, 6):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        for _ in range(lines):
            printed += process.stdout.readline().split()
        process.send_signal(signal.SIGKILL)
        printed += process.stdout.read().split()
        assert process.wait() == -signal.SIGKILL
        assert not (out / "scores.json").exists()
    (kept,) = (out / "predictions").glob("slow-*.jsonl")
    before = [json.loads(line)["id"] for line in kept.read_bytes().split(b"\n")[:-1]]
    assert len(before) == len(set(before)) >= 16
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    ids = [json.loads(line)["id"] for line in kept.read_text(encoding="utf-8").splitlines()]
    assert sorted(ids) == sorted(row["id"] for row in many)  # nothing lost, nothing double
    assert ids[: len(before)] == before
    assert not set(before) & set(done.stdout.split())  # what was kept was not generated again
    scores = json.loads((out / "scores.json").read_text(encoding="utf-8"))
    assert len(scores["directions"][0]["per_document"]["slow"]["rouge1"]) == len(many)


def test_two_at_once_are_refused(tmp_path: Path, rows, write_jsonl) -> None:
    pytest.importorskip("fcntl")
    from summarize.eval.cache import only_one

    with only_one(tmp_path / "out"), pytest.raises(UsageError, match="another evaluation is writing"):
        evaluate(write_jsonl("x.jsonl", rows), [FakeSystem()], out=tmp_path / "out")


def test_directions_of_the_sample(tmp_path: Path) -> None:
    found = evaluate("sample", [FakeSystem()], resamples=50)
    assert {d.title for d in found.directions} == {"ar → ar", "en → ar", "ar → en", "en → en"}
    for direction in found.directions:
        assert len(direction.examples) >= 20
        same = direction.source == direction.target
        assert ("lead-1" in direction.systems) is same
        assert ("rouge1_raw" in direction.systems["fake"].columns) is True
        assert np.isnan(direction.systems["fake"].columns["coverage"]).all() is np.bool_(not same)
    assert "en → ar: without lead-1, lead-3, oracle, which write none in this direction" in found.notes


def test_what_cannot_be_evaluated_is_said(tmp_path: Path, rows, write_jsonl) -> None:
    data = write_jsonl("x.jsonl", rows)
    with pytest.raises(DataError, match="no reference summary in 'ar', only in en"):
        evaluate(data, [FakeSystem()], to="ar")
    with pytest.raises(UsageError, match="'fr' is not a language that is written here; choose from ar, en"):
        evaluate(data, [FakeSystem()], to=["fr"])
    few = write_jsonl("few.jsonl", [{"id": "d0", "summary": "x"}])
    with pytest.raises(DataError, match="no prediction for the id 'd1'"):
        evaluate(data, [str(few)])
    twice = write_jsonl("twice.jsonl", [{"id": "d0", "summary": "x"}, {"id": "d0", "summary": "y"}])
    with pytest.raises(DataError, match="line 2: the id 'd0' comes twice"):
        evaluate(data, [str(twice)])
    short = tmp_path / "short.txt"
    short.write_text("only one\n", encoding="utf-8")
    with pytest.raises(DataError, match="1 lines are fewer than the documents"):
        evaluate(data, [str(short)])


class Both(FakeSystem):
    """Reads a document once for both languages."""

    def __init__(self) -> None:
        super().__init__("both")
        self.read: list[tuple[str, ...]] = []

    def in_languages(self, examples, languages):
        self.read += [tuple(languages)] * len(examples)
        return {to: [f"{e.id} {to}" for e in examples] for to in languages}


def test_documents_wanted_in_both_languages_are_read_once(tmp_path: Path) -> None:
    examples = load_examples("sample", limit=7)
    system = Both()
    found = evaluate(examples, [system], out=tmp_path, resamples=20)
    assert system.read == [("ar", "en")] * 7 and system.asked == []
    texts = {d.title: d.systems["both"].texts for d in found.directions}
    assert texts["ar → en"] == [f"{e.id} en" for e in examples] and texts["ar → ar"][0] == f"{examples[0].id} ar"
    again = Both()
    evaluate(examples, [again], out=tmp_path, resamples=20)
    evaluate(examples, [again], to="ar", out=tmp_path, resamples=20)
    assert again.read == [] and again.asked == []  # what is kept, is kept by language
    evaluate(examples, [once := Both()], to="ar", out=tmp_path / "x", resamples=20)
    assert once.read == [] and len(once.asked) == 7


def test_a_model_reads_a_document_once_and_passes_over_what_it_cannot_write(monkeypatch: pytest.MonkeyPatch) -> None:
    from summarize import DocumentError
    from summarize.results import Result, Summary

    calls: list[tuple[int, tuple[str, ...], bool]] = []

    class Scripted:
        def __init__(self, model: str, **options) -> None:
            pass

        def __call__(self, documents, to=None, *, length="short", check=True):
            calls.append((len(documents), tuple(to), check))
            if "bad" in documents:
                raise DocumentError("document 1: too short")
            return [
                Result({t: Summary(f"{d} {t}", t, length, 1, True, 0.0) for t in to}, "en", 1, False, 0.0, "x")
                for d in documents
            ]

    monkeypatch.setattr("summarize.Summarizer", Scripted)
    examples = [Example(d, d, {}, "en") for d in ("one", "bad", "two")]
    model = make_system("khulasa:length=long")
    texts = model.in_languages(examples, ("ar", "en"))
    assert texts == {"ar": ["one ar", None, "two ar"], "en": ["one en", None, "two en"]}
    assert calls == [(3, ("ar", "en"), False), *[(1, ("ar", "en"), False)] * 3]
    english = make_system("bart-cnn")
    assert english(examples[:1], "ar") == [None] and english(examples[:1], "en") == ["one en"]


def test_predictions_without_ids_follow_the_rows_of_the_data(tmp_path: Path, write_jsonl) -> None:
    rows = [
        {"id": "a", "document": "one two three.", "summary": "one two"},
        {"id": "b", "document": "أعلن الوزير القرار.", "summary": "", "summary_en": "the minister"},
        {"id": "c", "document": "", "summary": "left out"},
        {"id": "d", "document": "four five six.", "summary": "four five"},
    ]
    lines = tmp_path / "mine.txt"
    lines.write_text("one two\nthe minister\nnothing\nfour five\n", encoding="utf-8")
    found = evaluate(write_jsonl("x.jsonl", rows), [str(lines)], to="en", resamples=20, skip_empty=True)
    assert {d.title: d.systems["mine"].texts for d in found.directions} == {
        "en → en": ["one two", "four five"],
        "ar → en": ["the minister"],
    }


def test_predictions_in_two_languages_say_theirs(write_jsonl) -> None:
    examples = load_examples("sample", limit=3)
    plain = write_jsonl("plain.jsonl", [{"id": e.id, "summary": "x"} for e in examples])
    with pytest.raises(UsageError, match="plain.jsonl does not say what language its rows are in"):
        evaluate(examples, [str(plain)])
    assert evaluate(examples, [str(plain)], to="ar", resamples=20).directions
    labelled = [{"id": e.id, "summary": f"{e.id} {to}", "to": to} for e in examples for to in ("ar", "en")]
    found = evaluate(examples, [str(write_jsonl("both.jsonl", labelled))], resamples=20)
    assert {d.target: d.systems["both"].texts[0] for d in found.directions} == {
        to: f"{examples[0].id} {to}" for to in ("ar", "en")
    }


def test_levels_by_hand() -> None:
    # "b c d" is a run of three in the other, "a" is there alone, "x" is not
    assert levels("a x b c d".split(), ["b c d a".split()]) == [1, 0, 3, 3, 3]


def test_marks_keep_the_text_as_written() -> None:
    config = RougeConfig(lang="ar")
    text = "أَعلنَ <الوزيرُ> القـرارَ اليوم."
    shown = mark(text, ["اعلن الوزير القرار أمس"], config)
    assert shown == '<mark class="n3">أَعلنَ &lt;الوزيرُ&gt; القـرارَ</mark> اليوم.'
    assert re.sub("<[^>]+>", "", shown).replace("&lt;", "<").replace("&gt;", ">") == text


class Page(HTMLParser):
    """Checks that tags close, and collects what the tests ask about."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "line", "circle", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "circle", "path"):
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))


def test_report_is_one_file_and_reads_both_ways(tmp_path: Path, write_jsonl) -> None:
    class Hostile(FakeSystem):
        def __call__(self, examples, to):
            texts = super().__call__(examples, to)
            return ["<script>alert(1)</script>", "", *texts[2:]]

    found = evaluate("sample", [Hostile('<b>"x"</b>')], resamples=50)
    write_report(found, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert "<script" not in text and "alert(1)" in text
    links = [a.get(key) or "" for _, a in page.attributes for key in ("src", "href")]
    assert all(link == "" or link.startswith("#") for link in links)
    assert "url(" not in text and "@import" not in text
    spoken = [(a["lang"], a["dir"]) for tag, a in page.attributes if tag == "p" and "lang" in a]
    assert {("ar", "rtl"), ("en", "ltr")} == set(spoken)
    for direction in found.directions:
        assert direction.signatures["rouge"] in text
    assert sum(tag == "svg" for tag, _ in page.attributes) >= 12
    assert "NaN" not in text and ">nan" not in text


def test_report_of_one_document(tmp_path: Path, rows, write_jsonl) -> None:
    found = evaluate(write_jsonl("x.jsonl", rows[:1]), [FakeSystem()], resamples=20)
    write_report(found, tmp_path / "r.html")
    page = Page()
    page.feed((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert page.open == []


def test_kept_outputs_are_flushed_before_the_next_batch(tmp_path: Path, rows, write_jsonl) -> None:
    seen: list[int] = []

    class Looking(FakeSystem):
        def __call__(self, examples, to):
            files = list((tmp_path / "out" / "predictions").glob("looking-*.jsonl"))
            seen.append(sum(len(f.read_text(encoding="utf-8").splitlines()) for f in files))
            return super().__call__(examples, to)

    evaluate(write_jsonl("x.jsonl", rows), [Looking("looking")], out=tmp_path / "out", resamples=20)
    assert seen == [0, 3, 6, 9]
