"""What an output depends on besides its input: a run may go on with it only with the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .run import Plan


def settings_of(plan: Plan) -> dict[str, Any]:
    """By the names that the command line has for it; the device is known when the model is loaded (``work.Facts``)."""
    from .. import __version__

    options = {f"--{name.replace('_', '-')}": value for name, value in sorted(plan.asked.options.items())}
    return {
        "Khulasa": __version__,
        "--model": plan.load.model,
        "weights": weights_state(plan.load.model),
        **options,
        "--strict": plan.asked.strict,
        "--dtype": plan.load.dtype,
        "--text-field": plan.fields.text,
        "--id-field": plan.fields.id,
        "--keep": list(plan.fields.keep),
        "--threads": plan.threads,
        "--window": plan.window,
        "--batch-tokens": plan.asked.budget,
    }


def weights_state(model: str) -> str:
    """What tells other weights under the same name apart: checksums, sizes, or the hub's commits."""
    from ..models.catalogue import find_spec
    from ..models.khulasa.weights import BUNDLED, Layout

    spec = find_spec(model)
    folder = BUNDLED if spec and not spec.parts and not spec.sources else Path(model)
    if folder.is_dir():
        layout = Layout(folder)
        if layout.is_valid():
            return _hash(layout.sums.read_text(encoding="utf-8"))
        return _hash("".join(f"{file.name} {file.stat().st_size}\n" for file in sorted(folder.iterdir())))
    if spec:
        aliases = spec.parts or (spec.alias,)
        commits = [source.revision for alias in aliases for source in _sources(alias)]
        return _hash(" ".join(commits))
    return ""


def _sources(alias: str) -> tuple[Any, ...]:
    from ..models.catalogue import CATALOGUE

    return CATALOGUE[alias].sources


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
