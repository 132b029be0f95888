"""Shared fixtures: a tiny model on disk, the checkout's folder, the seed article, JSON lines."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HF_HUB_OFFLINE"] = "1"
for _name in [name for name in os.environ if name.startswith("KHULASA_")]:
    del os.environ[_name]

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT / "tests" / "data" / "iraq-coalition.ar.txt"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def seed_text() -> str:
    return SEED.read_text(encoding="utf-8")


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[[str, Sequence[Mapping[str, Any]]], Path]:
    """Writes rows as JSON lines into the test's folder."""

    def write(name: str, items: Sequence[Mapping[str, Any]]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(i, ensure_ascii=False) + "\n" for i in items), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def tiny_config():
    """A small shape of the bundled architecture: both kinds of layer, a window shorter than the documents."""
    from summarize.models.khulasa.configuration_khulasa import KhulasaConfig

    return KhulasaConfig(
        vocab_size=120,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        query_pre_attn_scalar=8,
        global_layers=(1, 3),
        window=6,
        max_source_tokens=64,
        initializer_range=0.3,
    )


@pytest.fixture(scope="session")
def tiny_model(tiny_config):
    import torch

    from summarize.models.khulasa.modeling_khulasa import KhulasaForConditionalGeneration, KhulasaRMSNorm

    torch.manual_seed(0)
    model = KhulasaForConditionalGeneration(tiny_config).eval()
    for module in model.modules():
        if isinstance(module, KhulasaRMSNorm):
            module.weight.data.normal_(0, 0.2)
    return model


@pytest.fixture(scope="session")
def tiny_layout(tmp_path_factory, tiny_config):
    """Weights in the bundled format (int8 base, adapter, sums), tiny, with the bundled tokenizer."""
    import torch
    from safetensors.torch import save_file

    from summarize.models.khulasa.modeling_khulasa import KhulasaForConditionalGeneration
    from summarize.models.khulasa.weights import BUNDLED, Layout, adapter_name, save_base

    folder = tmp_path_factory.mktemp("tiny")
    layout = Layout(folder)
    shutil.copyfile(BUNDLED / "khulasa.spm", layout.tokenizer)
    shutil.copyfile(BUNDLED / "tokenizer_config.json", folder / "tokenizer_config.json")
    config = type(tiny_config)(**{**tiny_config.to_dict(), "vocab_size": 48864, "num_key_value_heads": 1})
    config.save_pretrained(folder)
    torch.manual_seed(1)
    model = KhulasaForConditionalGeneration(config)
    tensors = {name: p.data for name, p in model.named_parameters() if name != "lm_head.weight"}
    save_base(tensors, folder)
    adapter = {}
    for name, weight in tensors.items():
        short = adapter_name(name)
        if short is not None:
            adapter[f"{short}.a"] = torch.randn(4, weight.shape[1]).mul_(0.1).bfloat16()
            adapter[f"{short}.b"] = torch.randn(weight.shape[0], 4).mul_(0.1).bfloat16()
    save_file(adapter, layout.adapter)
    layout.write_sums()
    return layout
