"""The mix: what rows become, what is left out, what is refused."""

from __future__ import annotations

import json

import pytest

from summarize.errors import DataError, UsageError
from summarize.models.khulasa.recipe import mix
from summarize.models.khulasa.recipe.config import CONFIGS, load_config
from summarize.models.khulasa.recipe.run import load_examples, save_examples, validation_examples


def test_parts_from_the_data_folder(data):
    parts = mix.load_mix(data)
    assert set(parts) == {"sum-ar", "tr", "par", "xl", "name"}
    assert all(to in ("ar", "en") for part in parts.values() for e in part for _, to, _ in e.targets)
    # A pair is translated one way, not both.
    assert len(parts["tr"]) == 24
    assert {e.targets[0][1] for e in parts["tr"]} == {"ar", "en"}
    assert all(e.targets[0][0] == "translation" for e in parts["tr"] + parts["par"] + parts["name"])
    assert all(len(e.document.splitlines()) == 6 for e in parts["name"]) and len(parts["name"]) == 2
    # Cross-lingual examples ask for the other language than the document's, and only for that.
    for e in parts["xl"]:
        arabic = "\u0600" <= e.document.strip()[0] <= "\u06ff"
        assert [to for _, to, _ in e.targets] == ["en" if arabic else "ar"]


def test_dev_documents_and_repeats_stay_out(data):
    documents = [e.document for e in mix.load_mix(data)["sum-ar"]]
    assert not any("محطة الساحل" in d for d in documents)  # also a training row, but a dev document
    assert 3 <= len(documents) < 12


def test_same_seed_same_mix(data):
    assert mix.load_mix(data, seed=3) == mix.load_mix(data, seed=3)


def test_held_out_files_are_refused(data):
    with pytest.raises(DataError, match="ar/dev_nolead is held out"):
        mix.load_mix(data, sources=[mix.Source("ar/dev_nolead", "sum-ar", "summaries")])
    with pytest.raises(DataError, match="flores200_dev is held out"):
        mix.load_mix(data, sources=[mix.Source("parallel/flores200_dev", "tr", "sentences")])
    assert not any(s.name.rsplit("/", 1)[-1].startswith(mix.HELD_OUT_PREFIXES) for s in mix.SOURCES)


def test_empty_folder_is_an_error(tmp_path):
    with pytest.raises(DataError, match="none of the training files is there"):
        mix.load_mix(tmp_path)


def test_bad_line_is_named(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n{oops\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"x\.jsonl:2: not a JSON line"):
        list(mix.read_rows(path))


def test_silver_rows(data, tmp_path):
    path = tmp_path / "silver.jsonl"
    row = {"id": "1", "document": "نص", "targets": [["summary", "en", "A text."]]}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert mix.load_mix(data, silver=path)["silver"] == [mix.Example("نص", (("summary", "en", "A text."),))]


def test_examples_round_trip(data, tmp_path):
    parts = mix.load_mix(data)
    save_examples(parts, tmp_path / "mix.jsonl")
    assert load_examples(tmp_path / "mix.jsonl") == parts


def test_validation_sets_are_those_that_are_there(data):
    assert validation_examples(data, 4) == {}  # neither nolead, nor xsum, nor FLORES in the test folder


def test_settings():
    config = load_config("cpu", ["rank=8", "rate=1e-3", "device=cpu"])
    assert (config.rank, config.rate, config.workers) == (8, 1e-3, CONFIGS["cpu"].workers)
    with pytest.raises(UsageError, match="'ranks' is not a field"):
        load_config("cpu", ["ranks=8"])
    with pytest.raises(UsageError, match="known: cpu, cpu-base, cuda, cuda-full"):
        load_config("tpu")
    with pytest.raises(UsageError, match="not of the form key=value"):
        load_config("cpu", ["rank"])


def test_learning_rate_schedule():
    config = load_config("cpu", ["steps=100", "warmup=10", "rate=1.0", "decay_from=0.5", "floor=0.1"])
    assert config.rate_at(0) == pytest.approx(0.1)
    assert config.rate_at(9) == config.rate_at(50) == pytest.approx(1.0)
    assert config.rate_at(75) == pytest.approx(0.55)
    assert config.rate_at(99) == pytest.approx(0.118)
    assert config.rate_at(200) == pytest.approx(0.1)
