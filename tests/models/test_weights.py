"""The weights on disk: int8 rows, merging, damage."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

from summarize.errors import ModelError, UsageError
from summarize.models.catalogue import CATALOGUE, choose_device, load_engine
from summarize.models.khulasa.weights import BUNDLED, Layout, adapter_name, merged_tensors, quantize_rows


def test_quantized_rows_are_within_half_a_step():
    weight = torch.randn(7, 50, generator=torch.Generator().manual_seed(0)) * torch.logspace(-3, 3, 7)[:, None]
    weight[3] = 0
    quantized, scale = quantize_rows(weight)
    assert quantized.dtype is torch.int8 and scale.shape == (7,)
    assert ((quantized * scale[:, None] - weight).abs() <= scale[:, None] / 2 + 1e-12).all()
    assert (quantized.abs().amax(dim=1)[torch.arange(7) != 3] == 127).all()


def test_merging_adds_twice_b_times_a(tiny_layout):
    from safetensors.torch import load_file

    adapter = load_file(tiny_layout.adapter)
    base = {}
    for shard in tiny_layout.shards:
        base.update(load_file(shard))
    merged = dict(merged_tensors(tiny_layout))
    name = "model.layers.2.mlp.up_proj.weight"
    plain = base[name].float() * base[name.replace("weight", "scale")][:, None]
    expected = plain + 2.0 * adapter["layers.2.up.b"].float() @ adapter["layers.2.up.a"].float()
    torch.testing.assert_close(merged[name], expected)
    assert not torch.equal(merged[name], plain)


def test_another_adapter_can_be_merged(tiny_layout, tmp_path):
    from safetensors.torch import load_file, save_file

    from summarize.models.khulasa.recipe.run import first_tensors

    double = {n: t * 2 if n.endswith(".b") else t for n, t in load_file(tiny_layout.adapter).items()}
    save_file(double, tmp_path / "double.safetensors")
    name = "model.layers.2.mlp.up_proj.weight"
    base = first_tensors(tiny_layout.folder)[name]
    once = first_tensors(tiny_layout.folder, tiny_layout.adapter)[name]
    twice = first_tensors(tiny_layout.folder, tmp_path / "double.safetensors")[name]
    torch.testing.assert_close(once, dict(merged_tensors(tiny_layout))[name])
    torch.testing.assert_close(twice - base, 2 * (once - base), rtol=1e-3, atol=1e-5)


def test_adapter_names():
    assert adapter_name("model.layers.11.self_attn.o_proj.weight") == "layers.11.o"
    assert adapter_name("model.layers.1.input_layernorm.weight") is None
    assert adapter_name("model.embed_tokens.weight") is None


def damaged(tmp_path, layout, how) -> Layout:
    folder = tmp_path / "copy"
    shutil.copytree(layout.folder, folder)
    how(folder)
    return Layout(folder)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda f: (f / "base-01.safetensors").unlink(), "base-01.safetensors: this file .* is missing"),
        (lambda f: (f / "adapter.safetensors").write_bytes(b""), "adapter.safetensors: .* cut short or altered"),
        (lambda f: (f / "khulasa.spm").write_bytes((f / "khulasa.spm").read_bytes()[:-1]), "khulasa.spm: .* cut short"),
        (lambda f: (f / "SHA256SUMS").unlink(), "holds no weights"),
    ],
)
def test_damage_is_one_line(tmp_path, tiny_layout, how, message):
    layout = damaged(tmp_path, tiny_layout, how)
    with pytest.raises(ModelError, match=message) as caught:
        load_engine(str(layout.folder))
    assert "\n" not in str(caught.value)


def test_a_flipped_bit_is_found(tmp_path, tiny_layout):
    def flip(folder):
        data = bytearray((folder / "base-01.safetensors").read_bytes())
        data[-5] ^= 1
        (folder / "base-01.safetensors").write_bytes(data)

    with pytest.raises(ModelError, match="altered"):
        load_engine(str(damaged(tmp_path, tiny_layout, flip).folder))


def test_unknown_names_list_the_choices(tmp_path):
    with pytest.raises(UsageError, match=r"'gpt' is not a known model \(unknown\): choose from khulasa"):
        load_engine("gpt")
    with pytest.raises(UsageError, match="no such folder"):
        load_engine("nowhere/at/all")
    with pytest.raises(ModelError, match="nowhere/at-all is not on this machine"):
        load_engine("nowhere/at-all")
    with pytest.raises(ModelError, match="holds no weights"):
        load_engine(str(tmp_path))
    with pytest.raises(UsageError, match="'int3' is not a compute format"):
        load_engine("khulasa", dtype="int3")
    with pytest.raises(UsageError, match="'tpu9' is not a device"):
        choose_device("tpu9")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="'cuda' is not on this machine"):
            choose_device("cuda")
    with pytest.raises(UsageError, match="'cuda:99' is not on this machine: choose from auto, cpu"):
        choose_device("cuda:99")
    with pytest.raises(UsageError, match="'cpu:1' is not on this machine"):
        choose_device("cpu:1")


def test_catalogue_says_what_is_bundled():
    spec = CATALOGUE["khulasa"]
    files = [p for p in BUNDLED.iterdir() if p.suffix in (".safetensors", ".spm")]
    assert spec.on_disk
    assert spec.megabytes == round(sum(p.stat().st_size for p in files) / 1e6)
    assert json.loads((BUNDLED / "config.json").read_text())["max_source_tokens"] == spec.input_limit
    assert all(p.stat().st_size < 50_000_000 for p in files)


def test_bundled_files_are_as_listed():
    Layout(BUNDLED).check()


def test_the_terms_go_with_the_weights():
    """Section 3.1 of the terms: a copy of them, and a notice with this very sentence."""
    terms = (BUNDLED / "GEMMA_TERMS.txt").read_text(encoding="ascii")
    assert terms.startswith("Gemma Terms of Use\n") and "\n3.2 Use Restrictions\n" in terms
    notice = (BUNDLED / "NOTICE").read_text(encoding="utf-8")
    assert "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms" in notice
