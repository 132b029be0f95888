"""``summarize bench``: what it prints, on the bundled model where a measure needs one."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from click.testing import CliRunner

from summarize.bench import MEASURES, Row, mixed, samples
from summarize.bench_agreement import shared_tokens
from summarize.command_bench import bench
from summarize.errors import UsageError


def test_rows_tell_median_runs_and_bar():
    row = Row("warm", (3.0, 1.0, 2.5), "s", "2 s", "698 tokens read")
    assert row.median == 2.5
    assert str(row) == "warm: 2.50 s (runs: 3.00, 1.00, 2.50; bar: 2 s) [698 tokens read]"


def test_mixed_documents_differ_in_length():
    documents = mixed(samples(), 64)
    assert len(documents) == len(set(documents)) == 64
    assert any("\u0627" in text for text in documents) and any("the" in text for text in documents)
    with pytest.raises(UsageError, match="--documents 9 is more than 8"):
        mixed(["one two", "three four"], 9)


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [([], [], 1.0), ([1], [], 0.0), ([1, 2], [1, 2], 1.0), ([1, 2, 3], [1, 5, 3], 1 / 3), ([1, 2], [1, 2, 3, 4], 0.5)],
)
def test_shared_tokens(one, other, share):
    assert shared_tokens(one, other) == pytest.approx(share)


def test_a_measure_of_the_bundled_model(tmp_path):
    path = tmp_path / "document.txt"
    path.write_text(samples()[0], encoding="utf-8")
    found = CliRunner().invoke(bench, [str(path), "--only", "bandwidth", "--runs", "1", "--json"])
    assert found.exit_code == 0, found.output
    machine, row = (json.loads(line) for line in found.stdout.splitlines())
    assert machine["cores"] >= 1 and machine["torch"]
    assert row["measure"] == "decoding step against memory bandwidth" and row["median"] == row["values"][0] > 0.5


def test_agreement_with_float32(tmp_path):
    path = tmp_path / "data.jsonl"
    rows = resources.files("summarize.eval").joinpath("sample", "sample.jsonl").read_text(encoding="utf-8")
    path.write_text(rows.splitlines()[0] + "\n", encoding="utf-8")
    found = CliRunner().invoke(bench, ["--agreement", str(path), "--documents", "8", "--json"])
    assert found.exit_code == 0, found.output
    compared = json.loads(found.stdout.splitlines()[-1])
    assert compared["documents"] == 1
    assert 0 <= compared["tokens before the first difference"] <= 1
    assert compared["outputs that are equal"] in (0, 1)


def test_what_is_wrong_on_the_command_line():
    found = CliRunner().invoke(bench, ["--only", "speed"])
    assert found.exit_code == 2 and "'speed' is not one of " in found.output and next(iter(MEASURES)) in found.output
    assert CliRunner().invoke(bench, ["nowhere.txt"]).exit_code == 2
