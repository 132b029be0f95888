"""What can produce summaries: loading by name. The table itself is ``hub.specs``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError, UsageError
from .hub.files import REPO, locate, weight_file
from .hub.specs import CATALOGUE, UNPINNED, ModelSpec, Source, make_pair
from .khulasa.weights import BUNDLED, Layout

if TYPE_CHECKING:
    from .engine import Engine
    from .hub.engine import HubEngine

__all__ = [
    "CATALOGUE",
    "DEFAULT_MODEL",
    "DTYPES",
    "ModelSpec",
    "check_request",
    "choose_device",
    "find_spec",
    "licence_notice",
    "load_engine",
]

DEFAULT_MODEL = "khulasa"
DTYPES = ("auto", "float32", "bfloat16", "float16", "int8")


def choose_device(device: str) -> str:
    """``"auto"`` to ``"cuda"`` where there is one, else ``"cpu"``; a named device is checked.

    Raises:
        UsageError: not a device, or not on this machine.
    """
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        wanted = torch.device(device)
    except RuntimeError:
        raise UsageError(f"{device!r} is not a device: choose from auto, cpu, cuda, cuda:0, mps") from None
    present = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (wanted.index or 0) >= present.get(wanted.type, 0):
        names = ", ".join(f"cuda:{i}" if name == "cuda" else name for name, n in present.items() for i in range(n))
        raise UsageError(f"device {device!r} is not on this machine: choose from auto, {names}")
    return device


def find_spec(name: str) -> ModelSpec | None:
    """The entry that an alias, a pair ``SUMMARIZER+TRANSLATOR`` of aliases, or a known repository names.

    >>> find_spec("facebook/bart-large-cnn").alias
    'bart-cnn'
    >>> find_spec("bart-cnn+m2m100").directions
    ('en-ar', 'en-en')
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    first, plus, second = name.partition("+")
    if plus:
        writer, translator = CATALOGUE.get(first), CATALOGUE.get(second)
        if writer and writer.role == "summarizer" and writer.sources and translator and translator.role == "translator":
            return make_pair(writer, translator)
    for spec in CATALOGUE.values():
        if spec.role != "pair" and any(source.repo == name for source in spec.sources):
            return spec
    return None


def check_request(
    name: str,
    languages: Sequence[str],
    headline: bool = False,
    source: str | None = None,
    dtype: str = "auto",
    quality: str = "fast",
) -> None:
    """Refuses, before anything is loaded, what the catalogue knows a model cannot do.

    Args:
        languages: of the summaries; source: of the documents, None where it is not known.

    Raises:
        UsageError: the model does not write one of the languages (from ``source``), or no headlines, or gives no
            candidates to choose among, or does not survive the compute format. A model that the catalogue does not know
            passes.
    """
    spec = find_spec(name)
    if spec is None:
        return
    _refuse(spec, name, dtype)
    if headline and "headline" not in spec.kinds:
        raise UsageError(f"{name!r} writes no headline: leave it out, or choose {DEFAULT_MODEL}")
    if quality == "best" and spec.alias != DEFAULT_MODEL:
        raise UsageError(
            f"{name!r} gives no candidates to choose among: leave out --quality best, or choose {DEFAULT_MODEL}"
        )
    for language in languages:
        reached = [d for d in spec.directions if d.endswith(language) and source in (None, "auto", d[:2])]
        if not reached:
            of = "" if source in (None, "auto") else f" of documents in {source!r}"
            raise UsageError(
                f"{name!r} writes no summaries in {language!r}{of}: its directions are {', '.join(spec.directions)}"
            )


def reachable_languages(name: str, source: str | None = None) -> tuple[str, ...]:
    """Languages that a model writes summaries in (of documents in ``source``, where it is known), Arabic first."""
    spec = find_spec(name)
    directions = CATALOGUE[DEFAULT_MODEL].directions if spec is None else spec.directions
    written = {d[3:] for d in directions if source in (None, "auto", d[:2])}
    return tuple(language for language in ("ar", "en") if language in written)


def licence_notice(name: str) -> str | None:
    """One line for stderr where a model's licence forbids commercial use, or is not known; None where all is free."""
    spec = find_spec(name)
    if spec is None:
        return (
            None
            if Path(name).is_dir() or "/" not in name
            else f"{name}: its licence is unknown to Khulasa: read it on the hub"
        )
    if spec.commercial or spec.alias == DEFAULT_MODEL:
        return None
    return f"{name}: not for commercial use ({spec.licence})"


def _refuse(spec: ModelSpec, name: str, dtype: str) -> None:
    if spec.role == "translator":
        pairs = ", ".join(s.alias for s in CATALOGUE.values() if s.parts[1:] == (spec.alias,))
        raise UsageError(f"{name!r} is a translator, not a summarizer: choose a pair such as {pairs}")
    # The T5 family by alias, so that nothing is downloaded in vain; the loader checks every other repository.
    if dtype == "float16" and any(part in ("mt5-xlsum", "crosssum", "t5gemma2") for part in (spec.alias, *spec.parts)):
        raise UsageError(f"{name!r}: float16 overflows in the T5 family: choose bfloat16 or float32")


def load_engine(
    name: str = DEFAULT_MODEL, device: str = "auto", dtype: str = "auto", local_files_only: bool = False
) -> Engine:
    """The engine of a catalogue alias, a pair of them, a hub repository, or a folder.

    Args:
        name: an alias; ``SUMMARIZER+TRANSLATOR``; ``organisation/name`` (a commit may follow as ``@commit``); a
            folder with Khulasa's int8-and-adapter weights or with any encoder-decoder that transformers loads.
        device: see ``choose_device``.
        dtype: one of ``DTYPES``; "auto" is int8 weights (khulasa on a CPU) or bfloat16 where the device multiplies
            bfloat16 natively, else float32.
        local_files_only: never ask the network; HF_HUB_OFFLINE=1 does the same.

    Raises:
        UsageError: unknown model, device or dtype, or a model that is no summarizer.
        ModelError: the weights are missing, cut short or altered, not on this machine, or not to be had.
    """
    if dtype not in DTYPES:
        raise UsageError(f"{dtype!r} is not a compute format: choose from {', '.join(DTYPES)}")
    folder = None if name in CATALOGUE else Layout.of(name)
    spec = None if folder else find_spec(name)
    repo, _, commit = name.partition("@")
    if spec:
        _refuse(spec, name, dtype)
    elif folder is None and (not REPO.fullmatch(repo) or Path(name).suffix in (".json", ".safetensors", ".bin")):
        hint = "a path was given, and no such folder exists" if "/" in name or Path(name).suffix else "unknown"
        raise UsageError(
            f"{name!r} is not a known model ({hint}): choose from {', '.join(_choices())}, or give a hub repository "
            f"as organisation/name, or a folder with weights"
        )
    import torch

    where = choose_device(device)
    layout = Layout(BUNDLED) if spec and not spec.sources else folder
    if layout and layout.is_valid():
        from .khulasa.engine import KhulasaEngine

        return KhulasaEngine(layout, where, None if dtype == "auto" else dtype, name=name)
    if dtype == "int8":
        raise UsageError(f"{name!r}: only khulasa computes with int8 weights: choose auto, bfloat16 or float32")
    chosen = None if dtype == "auto" else getattr(torch, dtype)
    from .hub.checkpoint import refuse_raw_name
    from .hub.engine import HubEngine

    if folder:
        if weight_file(folder.folder) is None:
            raise ModelError(
                f"{name}: this folder holds no weights (config.json with model.safetensors or pytorch_model.bin, or "
                f"Khulasa's format with SHA256SUMS)"
            )
        return HubEngine(folder.folder, where, chosen, name=name)
    if spec is None:
        refuse_raw_name(repo)
        return HubEngine(locate(repo, commit or UNPINNED, name, local_files_only), where, chosen, name=name)
    if spec.parts:
        return _load_pair(spec, where, chosen, local_files_only)
    return _load_source(spec, spec.sources[0], name, where, chosen, local_files_only)


def _choices() -> list[str]:
    return [spec.alias for spec in CATALOGUE.values() if spec.role != "translator"]


def _load_source(
    spec: ModelSpec, source: Source, name: str, device: str, dtype: Any, local_files_only: bool
) -> HubEngine:
    from .hub.engine import HubEngine

    folder = locate(source.repo, source.revision, name, local_files_only)
    directions = (source.direction,) if source.direction else None
    return HubEngine(folder, device, dtype, name=name, spec=spec, directions=directions)


def _load_pair(spec: ModelSpec, device: str, dtype: Any, local_files_only: bool) -> Engine:
    from .hub.pipeline import PipelineEngine

    summarizer, translator = (CATALOGUE[part] for part in spec.parts)
    # Both halves must be there before the first document is read, not only at the first translation.
    needed = [d for d in translator.directions if any(s.endswith(d[:2]) for s in summarizer.directions)]
    sources = {d: next(s for s in translator.sources if s.direction in (None, d)) for d in needed}
    for source in sources.values():
        locate(source.repo, source.revision, spec.alias, local_files_only)
    loaded: dict[str, HubEngine] = {}

    def load(direction: str) -> HubEngine:
        source = sources[direction]
        if source.repo not in loaded:
            loaded[source.repo] = _load_source(translator, source, translator.alias, device, dtype, local_files_only)
        return loaded[source.repo]

    first = _load_source(summarizer, summarizer.sources[0], summarizer.alias, device, dtype, local_files_only)
    return PipelineEngine(first, load, spec.alias, spec.directions)
