"""Where a model's files are on this machine, and downloading them.

The hub's own cache is used and its variables are honoured (HF_HUB_CACHE, HF_HOME, HF_HUB_OFFLINE, HF_ENDPOINT).
Loading always goes from a folder on disk, so "offline" holds for configuration, tokenizer and weights alike.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...errors import ModelError

REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
TOKENIZERS = (
    "tokenizer.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "source.spm",
    "khulasa.spm",
    "vocab.json",
    "vocab.txt",
)
_TIMEOUT = 20.0  # seconds
_ALWAYS = ("*.json", "*.txt", "*.spm", "*.model")
# Other programs' formats and by-products of training, which share the endings above.
_NEVER = ("onnx/*", "*/*", "flax_model*", "tf_model*", "trainer_state.json", "*results.json", "requirements*.txt")


def offline() -> bool:
    """Whether the environment forbids the network (HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE)."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE") for name in names)


def cache_folder() -> Path:
    """The hub's cache, as ``huggingface_hub`` finds it."""
    explicit = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if explicit:
        return Path(explicit).expanduser()
    home = os.environ.get("HF_HOME")
    if not home:
        home = str(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface")
    return Path(home).expanduser() / "hub"


def weight_file(folder: Path) -> Path | None:
    """The weights, or their index, that a folder holds whole; None where they lack or a shard does."""
    for name in WEIGHTS:
        path = folder / name
        if not path.is_file():
            continue
        if name.endswith(".index.json"):
            try:
                shards = set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values())
            except (ValueError, KeyError, AttributeError):
                continue
            if not all((folder / shard).is_file() for shard in shards):
                continue
        return path
    return None


def tokenizer_file(folder: Path) -> Path | None:
    """The file that a tokenizer can be made from; None where there is none."""
    return next((folder / name for name in TOKENIZERS if (folder / name).is_file()), None)


def is_complete(folder: Path) -> bool:
    """Whether a folder holds configuration and weights whole (a tokenizer may lack: some repositories have none)."""
    return (folder / "config.json").is_file() and weight_file(folder) is not None


def find(repo: str, revision: str) -> Path | None:
    """The folder of a repository's files in the cache; None unless they are all there."""
    base = cache_folder() / f"models--{repo.replace('/', '--')}"
    commit = revision
    reference = base / "refs" / revision
    if reference.is_file():
        commit = reference.read_text(encoding="ascii").strip()
    folder = base / "snapshots" / commit
    return folder if is_complete(folder) else None


def needed_files(names: Iterable[str]) -> list[str]:
    """Of a repository's files, those that loading needs: one format of the weights, configuration, tokenizer.

    >>> needed_files(["config.json", "tf_model.h5", "pytorch_model.bin", "model.safetensors", "onnx/config.json"])
    ['config.json', 'model.safetensors']
    """
    present = set(names)
    chosen: list[str] = []
    for name in sorted(present):
        plain = any(fnmatch.fnmatch(name, pattern) for pattern in _ALWAYS)
        if plain and not any(fnmatch.fnmatch(name, pattern) for pattern in _NEVER):
            chosen.append(name)
    chosen = [name for name in chosen if not name.endswith(".index.json")]
    for name in WEIGHTS:
        if name in present:
            kind = name.split(".")[1]
            pattern = f"model-*-of-*.{kind}" if kind == "safetensors" else f"pytorch_model-*-of-*.{kind}"
            shards = sorted(fnmatch.filter(present, pattern)) if name.endswith(".index.json") else []
            return [*chosen, name, *shards]
    return chosen


def download(repo: str, revision: str, name: str | None = None, endpoint: str | None = None) -> Path:
    """Brings the needed files of a repository into the cache (progress on stderr); gives their folder.

    Args:
        name: what the person asked for, for messages; the repository by default.
        endpoint: another hub than HF_ENDPOINT's.

    Raises:
        ModelError: no network, no such repository or commit, a gated repository, or a disk that is full.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    name = name or repo
    if offline():
        raise ModelError(f"{name}: HF_HUB_OFFLINE forbids downloading {repo}; unset it, or download elsewhere")
    api = HfApi(endpoint=endpoint)
    try:
        # This request is not repeated for half a minute when there is no network, as listing a tree is.
        about = api.model_info(repo, revision=revision, timeout=_TIMEOUT)
        files = needed_files(file.rfilename for file in about.siblings or ())
        return Path(api.snapshot_download(repo, revision=revision, allow_patterns=files))
    except GatedRepoError:
        raise ModelError(
            f"{name}: {repo} is gated: accept its licence at https://huggingface.co/{repo}, then run `hf auth login`"
        ) from None
    except RevisionNotFoundError:
        raise ModelError(
            f"{name}: {repo} has no revision {revision!r}; give another, or the repository alone"
        ) from None
    except RepositoryNotFoundError:
        raise ModelError(
            f"{name}: the hub has no repository {repo!r}, or it is private: check the name, or run `hf auth login`"
        ) from None
    except Exception as error:
        if not _is_network_error(error):
            raise
        raise ModelError(
            f"{name}: {repo} cannot be downloaded ({_one_line(error)}); check the network, then run "
            f"`summarize models download {name}`"
        ) from None


def _is_network_error(error: BaseException) -> bool:
    """Told by names: huggingface_hub's releases build on requests, httpx, and a fork of it."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"OSError", "HTTPError", "TransportError", "RequestException"})


def _one_line(error: Any) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def locate(repo: str, revision: str, name: str | None = None, local_files_only: bool = False) -> Path:
    """The folder of a repository's files: from the cache, else downloaded.

    Raises:
        ModelError: not in the cache and the network is not to be asked, or it failed.
    """
    name = name or repo
    folder = find(repo, revision)
    if folder is not None:
        return folder
    if local_files_only or offline():
        raise ModelError(
            f"{name}: {repo} is not on this machine and the network is not to be asked; run "
            f"`summarize models download {name}` first"
        )
    return download(repo, revision, name)
