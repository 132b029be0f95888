"""Khulasa: summaries of Arabic and English documents, in Arabic, in English, or in both.

>>> from summarize import Summarizer
>>> summaries = Summarizer()(document, to=["ar", "en"])          # doctest: +SKIP
>>> summaries["ar"].text, summaries["en"].text                   # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import DataError, DocumentError, KhulasaError, MissingExtraError, ModelError, UsageError

__version__ = "0.1.0"

_ROOT = Path(__file__).resolve().parent.parent
if (_ROOT / "pyproject.toml").is_file() and (_ROOT / "models" / "khulasa").is_dir():
    # A checkout, where models/ and eval/ lie beside this folder: they are summarize.models and summarize.eval
    # there too. In an installed package they lie inside it, and this does nothing.
    __path__.append(str(_ROOT))

_LAZY = {"Summarizer": "summarizer", "Summary": "results", "Result": "results"}

__all__ = [
    "DataError",
    "DocumentError",
    "KhulasaError",
    "MissingExtraError",
    "ModelError",
    "Result",
    "Summarizer",
    "Summary",
    "UsageError",
    "__version__",
]

if TYPE_CHECKING:
    from .results import Result, Summary
    from .summarizer import Summarizer


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
