"""What produces summaries: the catalogue, loading, engines, and the bundled model.

After ``import summarize.models`` transformers' ``AutoConfig``, ``AutoTokenizer`` and ``AutoModelForSeq2SeqLM`` know
the bundled architecture. Transformers takes seconds to import and the bundled engine does not need it, so the
registration waits until somebody imports it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable
from typing import Any


def _register_config() -> None:
    from transformers.models.auto.configuration_auto import AutoConfig

    from .khulasa.configuration_khulasa import MODEL_TYPE, KhulasaConfig

    AutoConfig.register(MODEL_TYPE, KhulasaConfig, exist_ok=True)


def _register_tokenizer() -> None:
    from transformers.models.auto.tokenization_auto import AutoTokenizer

    from .khulasa.configuration_khulasa import KhulasaConfig
    from .khulasa.tokenization_khulasa import KhulasaTokenizer

    AutoTokenizer.register(KhulasaConfig, KhulasaTokenizer, exist_ok=True)


def _register_model() -> None:
    from transformers.models.auto.modeling_auto import AutoModelForSeq2SeqLM

    from .khulasa.configuration_khulasa import KhulasaConfig
    from .khulasa.modeling_khulasa import KhulasaForConditionalGeneration

    AutoModelForSeq2SeqLM.register(KhulasaConfig, KhulasaForConditionalGeneration, exist_ok=True)


# What to register once transformers' module of that name has been imported.
_REGISTRATIONS: dict[str, Callable[[], None]] = {
    "transformers.models.auto.configuration_auto": _register_config,
    "transformers.models.auto.tokenization_auto": _register_tokenizer,
    "transformers.models.auto.modeling_auto": _register_model,
}


class _RegisterOnImport(importlib.abc.MetaPathFinder):
    """Registers with each of transformers' Auto modules right after its import."""

    def __init__(self) -> None:
        self.waiting = dict(_REGISTRATIONS)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        register = self.waiting.pop(name, None)
        if register is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_register(module: Any) -> None:
                run(module)
                register()

            spec.loader.exec_module = run_and_register  # type: ignore[method-assign]
        return spec


for _module, _register in _REGISTRATIONS.items():
    if _module in sys.modules:
        _register()
if not all(_module in sys.modules for _module in _REGISTRATIONS):
    sys.meta_path.insert(0, _RegisterOnImport())
