"""Loads a checkpoint from a folder, and says in one line what is wrong with one that cannot summarise."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import MissingExtraError, ModelError, UsageError
from .families import Family, family_of, overflows, token_id
from .files import is_complete, tokenizer_file, weight_file

# Pretrained on filling gaps only; what they write begins with <extra_id_0>.
_RAW = re.compile(r"google/(mt5|umt5|t5-v1_1|byt5|long-t5)-[\w-]+")
_SENTINEL = "<extra_id_0>"
_PROBE = "The committee met on Monday in the capital and agreed on a new plan for the schools of the region."
_TIED = ("shared.weight", "lm_head.weight")


@dataclass(frozen=True)
class Checkpoint:
    """A loaded encoder-decoder: configuration, tokenizer, model in evaluation mode, family."""

    config: Any
    tokenizer: Any
    model: Any
    family: Family


def refuse_raw_name(repo: str) -> None:
    """Refuses, before anything is downloaded, repositories known to be pretrained only.

    Raises:
        UsageError: such a repository.
    """
    if _RAW.fullmatch(repo):
        raise UsageError(
            f"{repo!r} is pretrained only (it writes {_SENTINEL}), not a summarizer: choose a fine-tuned one such as "
            f"mt5-xlsum"
        )


def load(folder: Path, name: str, device: str, dtype: Any) -> Checkpoint:
    """Configuration, tokenizer and weights of a folder, never from the network.

    Args:
        dtype: a torch format; None keeps float32, or bfloat16 where the device multiplies it natively.

    Raises:
        UsageError: a compute format that the architecture does not survive.
        ModelError: the folder holds no encoder-decoder, lacks parts, or is damaged.
    """
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    import summarize.models  # noqa: F401 - registers the bundled architecture with transformers

    if not is_complete(folder):
        raise ModelError(
            f"{name}: this folder holds no weights, whole, that can be loaded (config.json with model.safetensors or "
            f"pytorch_model.bin, or Khulasa's own format)"
        )
    with _quiet():
        config = _config(folder, name)
        if dtype is torch.float16 and overflows(config):
            raise UsageError(
                f"{name}: float16 overflows in the T5 family ({config.model_type}): choose bfloat16 or float32"
            )
        file = tokenizer_file(folder)
        if file is None:
            raise ModelError(
                f"{name}: no tokenizer lies beside the weights; download it again, or use a repository that has one"
            )
        if file.suffix == ".model" and find_spec("google.protobuf") is None:
            # transformers reads a SentencePiece file with it, and without it asks for an unrelated package.
            raise MissingExtraError(f"{name}: its tokenizer needs protobuf: pip install 'khulasa[hub]'")
        chosen = dtype or _native(torch.device(device))
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        except Exception as error:
            raise ModelError(f"{name}: the tokenizer cannot be loaded ({_one_line(error)})") from None
        try:
            model, report = AutoModelForSeq2SeqLM.from_pretrained(
                str(folder), config=config, dtype=chosen, local_files_only=True, output_loading_info=True
            )
        except Exception as error:
            raise ModelError(f"{name}: the weights cannot be loaded ({_one_line(error)})") from None
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"{name}: the weights lack {len(missing)} tensors ({missing[0]}, ...): not this architecture's"
        )
    _as_saved(model, folder)
    checkpoint = Checkpoint(config, tokenizer, model.eval().to(device), family_of(config, tokenizer))
    _refuse_raw(checkpoint, name)
    return checkpoint


def _native(device: Any) -> Any:
    """bfloat16 where the device multiplies it natively, else float32."""
    import torch

    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported()
    else:
        fast = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def _config(folder: Path, name: str) -> Any:
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    )

    cure = "give an encoder-decoder, such as those of `summarize models`"
    try:
        plain = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = plain["model_type"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(f"{name}: config.json cannot be read or names no model_type; {cure}") from None
    architectures = " ".join(plain.get("architectures") or ())
    seq2seq = kind in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES or kind == "khulasa"
    if "EncoderModel" in architectures or (not seq2seq and kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES):
        raise ModelError(f"{name}: an encoder-only model ({architectures or kind}) writes no text; {cure}")
    # BERT and its like have a causal head in transformers, but their checkpoints are encoders.
    if not seq2seq and re.search(r"MaskedLM|PreTraining|Classification|(Bert|BERT)\w*Model|Answering", architectures):
        raise ModelError(f"{name}: an encoder-only model ({architectures}) writes no text; {cure}")
    if not seq2seq or "CausalLM" in architectures:
        raise ModelError(f"{name}: a decoder-only model ({architectures or kind}) is not supported; {cure}")
    try:
        return AutoConfig.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:
        raise ModelError(f"{name}: config.json cannot be used ({_one_line(error)})") from None


def _as_saved(model: Any, folder: Path) -> None:
    """Undoes a tie between embedding and output matrix that the checkpoint does not have.

    transformers 5 sets ``tie_word_embeddings=True`` on every mT5 configuration; a checkpoint whose two matrices
    differ must keep both.
    """
    import torch

    path = weight_file(folder)
    if path is None or not hasattr(model, "lm_head") or not hasattr(model, "shared"):
        return
    saved = _tensors(path, _TIED)
    if len(saved) < len(_TIED) or torch.equal(saved["shared.weight"], saved["lm_head.weight"]):
        return
    for module, name in ((model.shared, "shared.weight"), (model.lm_head, "lm_head.weight")):
        weight = saved[name].to(module.weight.dtype)
        if not torch.equal(module.weight, weight):
            module.weight = torch.nn.Parameter(weight, requires_grad=False)
    model.encoder.embed_tokens.weight = model.shared.weight
    model.decoder.embed_tokens.weight = model.shared.weight


def _tensors(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Those of the named tensors that a weights file, or the shards of an index, hold."""
    if path.name.endswith(".index.json"):
        where = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        found: dict[str, Any] = {}
        for name in names:
            if name in where:
                found.update(_tensors(path.with_name(where[name]), (name,)))
        return found
    if path.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(str(path), framework="pt") as file:
            present = set(file.keys())
            return {name: file.get_tensor(name) for name in names if name in present}
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return {name: state[name] for name in names if name in state}


def _refuse_raw(checkpoint: Checkpoint, name: str) -> None:
    """Has a T5 write two tokens: one that was never fine-tuned begins with a sentinel."""
    if checkpoint.family.name != "T5":
        return
    import torch

    model, tokenizer = checkpoint.model, checkpoint.tokenizer
    sentinels = {token_id(tokenizer, token) for token in (_SENTINEL, "▁" + _SENTINEL)} - {None}
    ids = torch.tensor([tokenizer(_PROBE)["input_ids"]], device=model.device)
    with torch.inference_mode():
        wrote = model.generate(ids, max_new_tokens=2, max_length=None, min_length=None, num_beams=1, do_sample=False)
    if sentinels & set(wrote[0, 1:].tolist()):
        raise ModelError(
            f"{name}: pretrained only (it writes {_SENTINEL}), no summarizer; choose a fine-tuned one such as mt5-xlsum"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps transformers' own notes and progress bars off stderr: what matters is checked here."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _one_line(error: Any) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
