"""What can produce summaries: one table, and loading by name."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError, UsageError
from .khulasa.weights import BUNDLED, Layout

if TYPE_CHECKING:
    from .engine import Engine


@dataclass(frozen=True)
class ModelSpec:
    """One entry of the catalogue.

    alias: what ``--model`` takes; directions: source and target languages; parameters: in millions; megabytes: on
    disk; input_limit: source tokens; licence: of the weights; commercial: whether that licence allows such use.
    """

    alias: str
    description: str
    directions: tuple[str, ...]
    parameters: int
    megabytes: int
    input_limit: int
    licence: str
    commercial: bool

    @property
    def on_disk(self) -> bool:
        return Layout(BUNDLED).is_valid()

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "on_disk": self.on_disk}


CATALOGUE = {
    spec.alias: spec
    for spec in (
        ModelSpec(
            alias="khulasa",
            description="bundled tied encoder-decoder on Gemma 3 270M; both languages at once, offline",
            directions=("ar-ar", "ar-en", "en-ar", "en-en"),
            parameters=132,
            megabytes=149,
            input_limit=1024,
            licence="Gemma terms; research and other non-commercial use",
            commercial=False,
        ),
    )
}
DEFAULT_MODEL = "khulasa"
DTYPES = ("auto", "float32", "bfloat16", "float16")


def choose_device(device: str) -> str:
    """``"auto"`` to ``"cuda"`` where there is one, else ``"cpu"``; a named device is checked.

    Raises:
        UsageError: not a device, or not on this machine.
    """
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise UsageError(f"{device!r} is not a device: choose from auto, cpu, cuda, cuda:0, mps") from None
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not present.get(kind, False):
        names = ", ".join(name for name, there in present.items() if there)
        raise UsageError(f"device {device!r} is not on this machine: choose from auto, {names}")
    return device


def load_engine(
    name: str = DEFAULT_MODEL, device: str = "auto", dtype: str = "auto", local_files_only: bool = False
) -> Engine:
    """The engine of a catalogue alias, or of a folder that holds int8-and-adapter weights.

    Raises:
        UsageError: unknown model, device or dtype.
        ModelError: the weights are missing, cut short or altered.
    """
    if dtype not in DTYPES:
        raise UsageError(f"{dtype!r} is not a compute format: choose from {', '.join(DTYPES)}")
    if name in CATALOGUE:
        layout = Layout(BUNDLED)
    else:
        folder = Layout.of(name)
        if folder is None:
            hint = "a path was given, and no such folder exists" if "/" in name or Path(name).suffix else "unknown"
            raise UsageError(
                f"{name!r} is not a known model ({hint}): choose from {', '.join(CATALOGUE)}, or give a folder with "
                f"weights in Khulasa's format"
            )
        if not folder.is_valid():
            raise ModelError(f"{name}: this folder holds no weights in Khulasa's format (config.json, SHA256SUMS, ...)")
        layout = folder
    import torch

    from .khulasa.engine import KhulasaEngine

    chosen = None if dtype == "auto" else getattr(torch, dtype)
    return KhulasaEngine(layout, choose_device(device), chosen, name=name)
