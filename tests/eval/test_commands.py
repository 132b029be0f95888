"""``summarize score`` and ``summarize evaluate``."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from summarize.eval.rouge import Rouge


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_score_lines(tmp_path: Path, command) -> None:
    hyp = write(tmp_path / "hyp.txt", "اعلن الوزير القرار", "قتل ٢٥ شخصا")
    ref = write(tmp_path / "ref.txt", "أعلن الوزير القرار", "قتل 26 شخصا")
    code, out, err = command("score", hyp, ref)
    assert code == 0 and err == ""
    header, _, row, *signatures = out.splitlines()
    assert header.split() == ["system", "ROUGE-1", "ROUGE-2", "ROUGE-3", "ROUGE-L", "ROUGE-Lsum"]
    assert row.split() == [str(hyp), "83.33", "50.00", "50.00", "83.33", "83.33"]
    assert signatures[0].startswith("rouge1|lang:ar|norm:v1|tok:uni|stem:no|refs:best|nrefs:1|v:")
    assert len(signatures) == 5


def test_score_json_quiet_confidence(tmp_path: Path, command) -> None:
    hyp, ref = write(tmp_path / "h", "a b c d", "x"), write(tmp_path / "r", "a b", "y")
    code, out, _ = command("score", hyp, ref, "--json", "--confidence", "--resamples", 100)
    found = json.loads(out)
    system = found["systems"][str(hyp)]
    assert code == 0
    assert (system["n"], system["languages"], system["off_language"], system["empty"]) == (2, {"en": 2}, 0, 0)
    rouge1 = system["scores"]["rouge1"]
    assert (rouge1["precision"], rouge1["recall"]) == (25.0, 50.0)
    assert rouge1["score"] == pytest.approx(100 / 3, abs=1e-5)
    assert 0 <= rouge1["low"] <= rouge1["score"] <= rouge1["high"] <= 66.7
    assert "|bs:100|seed:12345|" in found["signatures"]["rouge1"]
    assert command("score", hyp, ref, "-q")[1:] == ("33.33 25.00 0.00 33.33 33.33\n", "")


def test_score_settings_and_signature(tmp_path: Path, command) -> None:
    hyp, ref = write(tmp_path / "h", "اعلن"), write(tmp_path / "r", "أعلن")
    assert command("score", hyp, ref, "-q")[1].split()[0] == "100.00"
    assert command("score", hyp, ref, "-q", "--norm", "marks")[1].split()[0] == "0.00"
    signature = Rouge(("rouge1",), lang="ar", norm="marks").signatures()["rouge1"]
    assert command("score", hyp, ref, "-q", "--signature", signature)[1] == "0.00\n"
    assert command("score", hyp, ref, "--lang", "en", "-q")[1].split()[0] == "0.00"


def test_score_several_references(tmp_path: Path, command) -> None:
    hyp = write(tmp_path / "h", "a b", "c d")
    refs = write(tmp_path / "r1", "x y", "c d"), write(tmp_path / "r2", "a b", "")
    code, out, _ = command("score", hyp, *refs, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["systems"][str(hyp)]["scores"]["rouge1"]["score"] == 100.0
    assert "|nrefs:var|" in found["signatures"]["rouge1"]
    assert json.loads(command("score", hyp, *refs, "--refs", "mean", "--json")[1])["systems"][str(hyp)]["scores"][
        "rouge1"
    ]["score"] == pytest.approx(75.0)


def test_score_rows_by_id_in_any_order(write_jsonl, rows, command) -> None:
    refs = write_jsonl("refs.jsonl", rows)
    hyps = write_jsonl("hyps.jsonl", [{"id": r["id"], "prediction": r["summary"]} for r in reversed(rows)])
    code, out, _ = command("score", hyps, refs, "--metric", "rouge", "--metric", "extractive", "--json")
    scores = json.loads(out)["systems"][str(hyps)]["scores"]
    assert code == 0
    assert scores["rouge1"]["score"] == 100.0
    assert scores["coverage"]["score"] == 100.0


def test_score_paired_tests(tmp_path: Path, command) -> None:
    rng = random.Random(0)
    texts = [" ".join(rng.choices("abcdefgh", k=8)) for _ in range(40)]
    ref = write(tmp_path / "r", *texts)
    good = write(tmp_path / "good", *[t.replace("a", "z") for t in texts])
    bad = write(tmp_path / "bad", *["z " * 8 + t[:5] for t in texts])
    code, out, err = command("score", good, ref, "-i", bad, "-i", good, "--paired-bs", "--paired-ar", "--json")
    assert code == 0
    assert "warning: only 40 documents" in err
    tests = {(t["system"], t["test"], t["column"]): t for t in json.loads(out)["tests"]}
    worse = tests[(str(bad), "paired bootstrap", "rouge1")]
    assert worse["difference"] < -30 and worse["p"] == pytest.approx(1 / 1001, abs=1e-6)
    same = tests[(f"{good} (3)", "approximate randomisation", "rougeL")]
    assert (same["difference"], same["p"]) == (0.0, 1.0)
    code, _, err = command("score", good, ref, "--paired-bs")
    assert code == 2 and "a second system" in err


def one_line(err: str) -> str:
    assert err.count("\n") == 1 and err.startswith("summarize: error: ")
    return err


BAD = [
    ("fewer", ["a"], ["a", "b", "c"], "unequal line counts: {h} has 1, the references have 3"),
    ("more", ["a", "b", "c"], ["a"], "unequal line counts: {h} has 3, the references have 1"),
    ("empty reference", ["a", "b"], ["a", " "], "{r} line 2: the reference is empty"),
    ("nothing", [], [], "there is nothing to score"),
]


@pytest.mark.parametrize(("hyps", "refs", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_score_says_what_is_wrong_with_lines(tmp_path: Path, command, hyps, refs, message: str) -> None:
    h, r = write(tmp_path / "h.txt", *hyps), write(tmp_path / "r.txt", *refs)
    code, out, err = command("score", h, r)
    assert (code, out) == (1, "")
    assert message.format(h=h, r=r) in one_line(err)


A, B = {"id": "a", "summary": "x"}, {"id": "b", "summary": "y"}
BAD_ROWS = [
    ("no partner", [A], [A, B], "h.jsonl: no prediction for the id 'b'"),
    ("too many", [A, B], [B], "1 predictions have no reference, such as the id 'a'"),
    ("twice", [A, A], [A, B], "line 2: the id 'a' comes twice"),
    ("twice in the references", [A, B], [A, A], "line 2: the id 'a' comes twice in the references"),
    ("missing field", [A, {"id": "b"}], [A, B], "h.jsonl line 2: no field 'summary'; the fields are id"),
    ("NaN", [A, {"id": "b", "summary": float("nan")}], [A, B], "h.jsonl line 2: field 'summary' is NaN"),
    (
        "NaN in the references",
        [A, B],
        [A, {"id": "b", "summary": float("nan")}],
        "r.jsonl line 2: field 'summary' is NaN",
    ),
]


@pytest.mark.parametrize(("hyps", "refs", "message"), [b[1:] for b in BAD_ROWS], ids=[b[0] for b in BAD_ROWS])
def test_score_says_what_is_wrong_with_rows(write_jsonl, command, hyps, refs, message: str) -> None:
    code, out, err = command("score", write_jsonl("h.jsonl", hyps), write_jsonl("r.jsonl", refs))
    assert (code, out) == (1, "")
    assert message in one_line(err)


def test_score_broken_json_names_the_line(tmp_path: Path, command, write_jsonl) -> None:
    broken = write(tmp_path / "h.jsonl", json.dumps(A), '{"id": "b", ')
    code, _, err = command("score", broken, write_jsonl("r.jsonl", [A, B]))
    assert code == 1 and f"{broken} line 2: broken JSON" in one_line(err)


def test_intervals_of_what_no_document_has(write_jsonl, command) -> None:
    """No summary states a number: there is no score, and no interval."""
    hyps, refs = (
        write_jsonl("h.jsonl", [A, B]),
        write_jsonl("r.jsonl", [{**A, "document": "x"}, {**B, "document": "y"}]),
    )
    code, out, _ = command("score", hyps, refs, "--metric", "checks", "--confidence", "--json")
    assert code == 0
    assert json.loads(out)["systems"][str(hyps)]["scores"]["number_precision"] == {"score": None}


def test_score_warns_of_the_wrong_language(tmp_path: Path, command) -> None:
    hyp, ref = write(tmp_path / "h", "The minister", "الوزير", ""), write(tmp_path / "r", "الوزير", "الوزير", "نعم")
    code, out, err = command("score", hyp, ref)
    assert code == 0 and "33.33" in out
    assert "1 of 3 summaries are not in the language of their reference (ar)" in err
    assert "1 of 3 summaries are empty and score 0" in err


def test_usage_errors(tmp_path: Path, command) -> None:
    hyp = write(tmp_path / "h", "a")
    for arguments, part in (
        (("score", hyp), "Missing argument 'REF...'"),
        (("score", hyp, hyp, "--tok", "x"), "'x' is not one of 'rouge', 'uni', 'space', 'char'"),
        (("score", hyp, hyp, "--metric", "bleu"), "'bleu' is not one of"),
        (("score", hyp, hyp, "--signature", "bleu|x:y"), "'x' in the signature"),
        (("score", "-", "-"), "- (standard input) can be read once"),
        (("score", hyp, "-", "-i", hyp), "- (standard input) can be read once"),
        (("evaluate", "sample", "--field", "x"), "--field 'x' is not OURS=THEIRS"),
        (("evaluate", "sample", "--to", "fr", "--system", "lead-1"), "'fr' is not a language"),
        (("evaluate", tmp_path / "x.docx", "--system", "lead-1"), "not a known format"),
    ):
        code, out, err = command(*arguments)
        assert (code, out) == (2, ""), arguments
        assert part in one_line(err)
    code, _, err = command("score", tmp_path / "none", hyp)
    assert code == 1 and "no such file" in one_line(err)


def test_evaluate_writes_report_scores_and_table(tmp_path: Path, rows, write_jsonl, command) -> None:
    data = write_jsonl("x.jsonl", [{"nr": r["id"], "body": r["document"], "gist": r["summary"]} for r in rows])
    predictions = write_jsonl("mine.jsonl", [{"id": r["id"], "summary": r["summary"]} for r in rows])
    fields = ("--field", "id=nr", "--field", "document=body", "--field", "summary=gist")
    code, out, err = command(
        "evaluate",
        data,
        "--system",
        predictions,
        "--to",
        "en",
        "--report",
        tmp_path / "out",
        "--resamples",
        50,
        *fields,
    )
    assert code == 0
    assert "en → en, 12 documents" in out and "lead-3" in out and "|tok:rouge|" in out
    line = next(line for line in out.splitlines() if line.startswith("mine"))
    assert line.split()[1:3] == ["100.0", "±0.0"]
    assert f"report: {tmp_path / 'out' / 'report.html'}" in err
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))["settings"]["documents"] == 12
    code, out, err = command(
        "evaluate", data, "--system", "lead-2", "--no-baselines", "--json", "-q", "--limit", 3, *fields
    )
    assert code == 0 and err == ""
    assert list(json.loads(out)["directions"][0]["systems"]) == ["lead-2"]
    code, _, _ = command(
        "evaluate", data, "--system", "lead-2", "--report", tmp_path / "deep" / "page.html", "-q", *fields
    )
    assert code == 0 and {p.name for p in (tmp_path / "deep").iterdir()} >= {"page.html", "scores.json"}


MEASURE = """
import resource, sys
from summarize import cli
cli.COMMANDS["score"] = ("summarize.eval.commands", "score", "")
code = cli.run(["score", sys.argv[1], sys.argv[2], "-q"])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def peak_kilobytes(hyp: Path, ref: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(hyp), str(ref)],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    code, peak = done.stderr.split()
    assert code == "0"
    return int(peak)


def test_memory_stays_flat(tmp_path: Path) -> None:
    peaks = []
    for n in (2_000, 40_000):
        hyp, ref = tmp_path / f"h{n}", tmp_path / f"r{n}"
        with hyp.open("w") as h, ref.open("w") as r:
            for i in range(n):
                h.write(f"word{i} something happened in place {i % 97}\n")
                r.write(f"word{i} nothing happened at place {i % 89}\n")
        peaks.append(peak_kilobytes(hyp, ref))
    assert peaks[1] - peaks[0] < 6_000  # held as Python strings, the larger files would take 9 MB
