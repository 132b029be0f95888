"""The bundled weights on disk: a frozen int8 base and a LoRA adapter, merged when loaded.

The base holds every matrix as int8, one symmetric scale per output row (``scale = max|row| / 127``; rows of the
embedding likewise), norms in float32, in safetensors shards under 50 MB. The adapter holds, for every linear layer,
``A [r, in]`` and ``B [out, r]`` in bfloat16; the merged weight is ``W + 2 B A``, computed in float32 and then
brought to the compute format. ``SHA256SUMS`` beside them is checked at every load.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import torch

BUNDLED = Path(__file__).parent / "weights"
LORA_SCALE = 2.0
SHARD_BYTES = 48_000_000
# The adapter's short names (the training code's) for the linear layers of the base.
LINEARS = {
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}


@dataclass(frozen=True)
class Layout:
    """Where the files of int8-and-adapter weights lie in a folder."""

    folder: Path

    @classmethod
    def of(cls, name: Any) -> Layout | None:
        """The layout of a local folder; None for anything else."""
        try:
            folder = Path(name)
        except TypeError:
            return None
        return cls(folder) if folder.is_dir() else None

    @property
    def config(self) -> Path:
        return self.folder / "config.json"

    @property
    def tokenizer(self) -> Path:
        return self.folder / "khulasa.spm"

    @property
    def adapter(self) -> Path:
        return self.folder / "adapter.safetensors"

    @property
    def sums(self) -> Path:
        return self.folder / "SHA256SUMS"

    @property
    def shards(self) -> list[Path]:
        return sorted(self.folder.glob("base-*.safetensors"))

    def is_valid(self) -> bool:
        """Whether this folder is meant to hold such weights (they may still be damaged: see ``check``)."""
        return self.sums.is_file() and self.config.is_file()

    def check(self) -> None:
        """Compares every file with ``SHA256SUMS``.

        Raises:
            ModelError: a file is missing, cut short or altered.
        """
        cure = "install Khulasa again, or run `git checkout -- models/khulasa/weights` in a clone"
        if not self.sums.is_file():
            raise ModelError(f"{self.sums}: the bundled model's weights are missing; {cure}")
        for line in self.sums.read_text(encoding="ascii").splitlines():
            digest, name = line.split()
            path = self.folder / name
            if not path.is_file():
                raise ModelError(f"{path}: this file of the bundled model is missing; {cure}")
            with path.open("rb") as file:
                found = _sha256(file)
            if found != digest:
                raise ModelError(f"{path}: this file of the bundled model was cut short or altered; {cure}")

    def write_sums(self) -> None:
        """Writes ``SHA256SUMS`` over configuration, tokenizer, base and adapter."""
        lines = []
        for path in [self.config, self.tokenizer, *self.shards, self.adapter]:
            with path.open("rb") as file:
                lines.append(f"{_sha256(file)}  {path.name}\n")
        self.sums.write_text("".join(lines), encoding="ascii")


def _sha256(file: Any) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def quantize_rows(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """``weight [out, in]`` to int8 of the same shape and float32 scales ``[out]``, symmetric per output row."""
    import torch

    scale = weight.float().abs().amax(dim=1).clamp(min=1e-12) / 127.0
    quantized = torch.round(weight.float() / scale[:, None]).clamp(-127, 127).to(torch.int8)
    return quantized, scale


def save_base(tensors: Mapping[str, torch.Tensor], folder: Path) -> list[Path]:
    """Writes the base (transformers' Gemma names, float) as int8 shards ``base-XX.safetensors``; gives their paths."""
    import torch
    from safetensors.torch import save_file

    shards: list[dict[str, torch.Tensor]] = [{}]
    size = 0
    for name in sorted(tensors):
        weight = tensors[name]
        if weight.ndim == 2:
            quantized, scale = quantize_rows(weight)
            entry = {name: quantized, name.removesuffix("weight") + "scale": scale}
        else:
            entry = {name: weight.to(torch.float32).contiguous()}
        bytes_needed = sum(t.numel() * t.element_size() for t in entry.values())
        if size and size + bytes_needed > SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1].update(entry)
        size += bytes_needed
    paths = []
    for i, shard in enumerate(shards, 1):
        path = folder / f"base-{i:02d}.safetensors"
        save_file(shard, path)
        paths.append(path)
    return paths


def iterate_base(layout: Layout) -> Iterator[tuple[str, torch.Tensor]]:
    """Name and float32 tensor of everything in the base, one at a time."""
    from safetensors import safe_open

    for shard in layout.shards:
        with safe_open(str(shard), framework="pt") as file:
            names = set(file.keys())
            for name in sorted(names):
                if name.endswith(".scale"):
                    continue
                weight = file.get_tensor(name)
                scale = name.removesuffix("weight") + "scale"
                if scale in names:
                    weight = weight.float().mul_(file.get_tensor(scale)[:, None])
                yield name, weight


def adapter_name(name: str) -> str | None:
    """``model.layers.3.self_attn.q_proj.weight`` -> ``layers.3.q``; None for what the adapter leaves alone."""
    parts = name.split(".", 3)
    if len(parts) == 4 and parts[1] == "layers":
        for short, long in LINEARS.items():
            if parts[3] == f"{long}.weight":
                return f"layers.{parts[2]}.{short}"
    return None


def merged_tensors(layout: Layout, other: Path | None = None) -> Iterator[tuple[str, torch.Tensor]]:
    """Name and float32 tensor of the merged model, one at a time (transformers' Gemma names).

    Args:
        other: an adapter to take instead of the folder's.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        path = other or layout.adapter
        adapter = load_file(str(path)) if path.is_file() else {}
        for name, weight in iterate_base(layout):
            short = adapter_name(name)
            if short is not None and f"{short}.a" in adapter:
                a, b = adapter[f"{short}.a"].float(), adapter[f"{short}.b"].float()
                weight = weight.addmm_(b, a, alpha=LORA_SCALE)
            yield name, weight
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{layout.folder}: the weights cannot be read ({error})") from None


def load_model(layout: Layout, dtype: Any = None, config: Any = None) -> Any:
    """A ``KhulasaForConditionalGeneration`` with the merged weights, in ``dtype`` (float32 when None), for use."""
    import torch
    from transformers import GenerationConfig

    from .configuration_khulasa import KhulasaConfig
    from .modeling_khulasa import KhulasaForConditionalGeneration

    layout.check()
    if config is None:
        config = KhulasaConfig.from_pretrained(str(layout.folder))
    if isinstance(dtype, str):
        dtype = None if dtype == "auto" else getattr(torch, dtype)
    model = KhulasaForConditionalGeneration._from_config(config, dtype=dtype or torch.float32)
    own = dict(model.named_parameters())
    with torch.no_grad():
        for name, weight in merged_tensors(layout):
            own[name].copy_(weight)
    model.tie_weights()
    if (layout.folder / "generation_config.json").is_file():
        model.generation_config = GenerationConfig.from_pretrained(str(layout.folder))
    return model.eval()


def read_config(layout: Layout) -> dict[str, Any]:
    """``config.json`` as a plain dictionary, without transformers."""
    try:
        return json.loads(layout.config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{layout.config}: cannot be read ({error})") from None
