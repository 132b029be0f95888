"""The command, from the data folder to a measured adapter, on tiny weights in the bundled format."""

from __future__ import annotations

import json

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file

from summarize.channel import Worth
from summarize.models.engine import Decoding, Output
from summarize.models.khulasa.recipe import base, measure
from summarize.models.khulasa.recipe.command import main
from summarize.models.khulasa.recipe.decoding import Setting, search, table
from summarize.models.khulasa.weights import BUNDLED, Layout, iterate_base

pytest.importorskip("sacrebleu")
STAGES = json.dumps([{"until": 100, "shares": {"tr": 0.6, "sum-ar": 0.4}, "most_source": 64, "most_target": 24}])
SMALL = [
    "rank=4",
    "steps=2",
    "packs=1",
    "total=256",
    "workers=1",
    "compile=false",
    "validate_every=0",
    f"stages={STAGES}",
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_layout, data):
    out = tmp_path_factory.mktemp("run") / "r"
    changes = [x for change in SMALL for x in ("--set", change)]
    arguments = ["run", "--data", str(data), "--weights", str(tiny_layout.folder), "--out", str(out), *changes]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return out


def test_run_changes_the_adapter_it_starts_from(trained, tiny_layout):
    before, after = load_file(tiny_layout.adapter), load_file(trained / "adapter.safetensors")
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert json.loads((trained / "config.json").read_text())["rank"] == 4
    assert (trained / "mix.jsonl").is_file()


def test_measure(trained, tiny_layout, data, tmp_path):
    text = tmp_path / "note.txt"
    text.write_text("افتتحت المدينة مكتبة جديدة قرب النهر وحضر الافتتاح عدد كبير من الأهالي", encoding="utf-8")
    arguments = ["measure", "--data", str(data), "--weights", str(tiny_layout.folder), "--text", str(text)]
    outputs = tmp_path / "outputs.jsonl"
    arguments += ["--adapter", str(trained / "adapter.safetensors"), "--items", "1", "--out", str(outputs)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "ar/dev>ar rouge2" in result.output and "note.txt medium > en" in result.output
    rows = [json.loads(line) for line in outputs.read_text(encoding="utf-8").splitlines()]
    assert [r["set"] for r in rows] == ["ar/dev"] + ["note.txt"] * 4


def test_translations_as_in_use(trained, tiny_layout):
    with measure.engine_with(trained / "adapter.safetensors", tiny_layout.folder) as engine:
        asked: list[tuple[str, ...]] = []
        scores = engine.scores
        engine.scores = lambda documents, task, targets: (
            asked.append((task.kind, task.language, targets[0])) or scores(documents, task, targets)
        )
        found = measure.translated(engine, ["افتتحت المدينة مكتبة", "نص"], "ar", "en", batch=1)
    assert len(found) == 2 and all(isinstance(text, str) for text in found)
    assert asked == [("translation", "ar", "نص"), ("translation", "ar", "افتتحت المدينة مكتبة")]


def test_scores_of_known_outputs():
    made = [
        measure.Generated("ar/dev", "1", "ar", "نص فيه 25 كلمة من بغداد", "قال 25 و 99 كلمة", "قال 25 كلمة"),
        measure.Generated("ar/dev", "2", "ar", "نص آخر", "some words", "نص آخر"),
        measure.Generated(measure.FLORES, "3", "en", "نص", "the same text", "the same text"),
    ]
    scores = measure.score_outputs(made)
    assert scores["ar/dev>ar language"] == 50.0
    assert scores["ar/dev>ar numbers"] == 50.0
    assert scores["ar/dev>ar words"] == 3.5
    assert "ar/dev>ar names" not in scores
    assert scores["parallel/flores200_dev>en chrF"] == 100.0
    # One of two summaries shares words: tokens 3 of 3 and 3 of 5, or 4 where the conjunction is a word of its own.
    assert 0 < scores["ar/dev>ar rouge1"] < 50


def test_names_are_checked_across_languages():
    document = "التقى وزير الخارجية الأردني نظيره في القاهرة"
    made = [measure.Generated("x", "1", "en", document, text) for text in ("He was in Cairo.", "He was in Paris.")]
    assert measure.claims(made)["names"] == (1, 2)


def test_decoding_search(trained, tiny_layout, data, tmp_path):
    (tmp_path / "ar").symlink_to(data / "ar")
    (tmp_path / "parallel").mkdir()
    pair = {"id": 1, "ar": "افتتح المجلس مكتبة.", "en": "The council opened a library."}
    (tmp_path / "parallel" / "flores200_dev.jsonl").write_text(json.dumps(pair), encoding="utf-8")
    few = Decoding(num_beams=2, num_return=2, samples=2, max_new_tokens=6)
    settings = {
        "greedy": Setting(Decoding(max_new_tokens=6)),
        "beams2": Setting(Decoding(num_beams=2, max_new_tokens=6)),
        "draws2": Setting(few),
        "last": Setting(few, choice=lambda outputs, language, document: Output((), str(len(outputs)), True, 0.0)),
        "channel": Setting(few, worth=Worth()),
        "agreement": Setting(few, worth=Worth(channel=0.0)),
    }
    tried = search(trained / "adapter.safetensors", tmp_path, tiny_layout.folder, 1, settings=settings)
    lines = table(tried).splitlines()
    assert lines[0].split() == list(settings) and lines[-1].startswith("seconds")
    assert any(line.startswith("ar/dev>ar rougeL") for line in lines)
    scores = {one.name: one.scores for one in tried}
    assert scores["last"]["ar/dev>ar words"] == 1.0 and scores["last"]["parallel/flores200_dev>en chrF"] == 0.0
    skipped = search(trained / "adapter.safetensors", tmp_path, tiny_layout.folder, 1, settings=settings, skip=10**6)
    assert skipped[0].scores == {}


def test_average(tmp_path):
    for number in (1, 2):
        tensors = {"layers.0.q.a": torch.full((2, 3), float(number)), "layers.0.q.b": torch.full((3, 2), number * 4.0)}
        save_file(tensors, tmp_path / f"{number}.safetensors")
    paths = [str(tmp_path / f"{number}.safetensors") for number in (1, 2)]
    out = tmp_path / "mean.safetensors"
    for weights, expected in (([], 1.5), (["--weight", "3", "--weight", "1"], 1.25)):
        result = CliRunner().invoke(main, ["average", *paths, "--out", str(out), *weights])
        assert result.exit_code == 0 and result.output.strip() == str(out)
        found = load_file(out)
        assert found["layers.0.q.a"].dtype is torch.bfloat16
        assert torch.equal(found["layers.0.q.a"].float(), torch.full((2, 3), expected))
        assert torch.equal(found["layers.0.q.b"].float(), torch.full((3, 2), 4 * expected))
    result = CliRunner().invoke(main, ["average", *paths, "--out", str(out), "--weight", "1"])
    assert result.exit_code == 2 and "2 adapters take as many weights" in result.output
    save_file({"layers.0.q.a": torch.zeros(4, 3)}, paths[1])
    result = CliRunner().invoke(main, ["average", *paths, "--out", str(out)])
    assert result.exit_code == 2 and "its layers or its rank are not those of" in result.output


def test_errors_are_one_line(tmp_path, data):
    result = CliRunner().invoke(main, ["run", "--data", str(data), "--out", str(tmp_path), "--config", "tpu"])
    assert result.exit_code == 2 and result.output.startswith("error: 'tpu' is neither")
    result = CliRunner().invoke(main, ["curves", str(tmp_path)])
    assert result.exit_code == 1 and "name the folder of a training run" in result.output
    result = CliRunner().invoke(main, ["compare", "--data", str(data), "--out", str(tmp_path), "--variant", "rank64"])
    assert result.exit_code == 2 and "choose from rank32" in result.output
    adapter = ["--adapter", str(BUNDLED / "adapter.safetensors")]
    result = CliRunner().invoke(main, ["decoding", "--data", str(data), *adapter, "--setting", "beams5"])
    assert result.exit_code == 2 and "choose from greedy, " in result.output and "channel-draws8" in result.output


def test_base_from_gguf(tmp_path):
    """A two-layer file in GGUF's names and conventions becomes an int8 base that reads back as what went in."""
    gguf = pytest.importorskip("gguf")
    torch.manual_seed(0)
    path, kept = tmp_path / "tiny.gguf", [3, 0, 5]
    writer = gguf.GGUFWriter(str(path), "gemma3")
    matrices = {"token_embd.weight": torch.randn(8, 32)}
    for i in range(2):
        for part in base.NAMES:
            shape = (32,) if "norm" in part else (16, 32)
            matrices[f"blk.{i}.{part}.weight"] = torch.randn(shape)
    matrices["output_norm.weight"] = torch.randn(32)
    for name, tensor in matrices.items():
        writer.add_tensor(name, tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (tmp_path / "kept.json").write_text(json.dumps(kept))
    shards = base.build_base(tmp_path / "kept.json", BUNDLED / "khulasa.spm", tmp_path / "out", path)
    assert shards == Layout(tmp_path / "out").shards
    found = dict(iterate_base(Layout(tmp_path / "out")))
    assert len(found) == len(matrices)
    torch.testing.assert_close(
        found["model.embed_tokens.weight"], matrices["token_embd.weight"][kept], atol=0.02, rtol=0
    )
    torch.testing.assert_close(found["model.norm.weight"], matrices["output_norm.weight"] - 1)
    for ours, theirs in (
        ("layers.1.self_attn.o_proj", "blk.1.attn_output"),
        ("layers.0.mlp.down_proj", "blk.0.ffn_down"),
    ):
        torch.testing.assert_close(found[f"model.{ours}.weight"], matrices[f"{theirs}.weight"], atol=0.02, rtol=0)
    assert base.translate_name("blk.7.post_ffw_norm.weight") == "model.layers.7.post_feedforward_layernorm.weight"
