"""How each architecture is asked for a language: one table.

A family says which checkpoints are its own, which languages they can be asked for, what stands before the source
text, what the decoder starts with, and which compute formats it survives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...errors import ModelError
from ..engine import Task

# Codes of our two languages in each multilingual family's tokenizer.
_CODES = {
    "mbart50": {"ar": "ar_AR", "en": "en_XX"},
    "nllb": {"ar": "arb_Arab", "en": "eng_Latn"},
    "m2m100": {"ar": "__ar__", "en": "__en__"},
}
_M2M100_SOURCE = {"ar": "ar", "en": "en"}
_LANGID_NAMES = {"ar": "arabic", "en": "english"}
_NAMES = {"ar": "Arabic", "en": "English"}
_MARIAN_TARGET = {"ar": (">>ara<<", ">>arb<<"), "en": (">>eng<<",)}
_T5 = ("t5", "mt5", "umt5", "longt5", "t5gemma", "t5gemma2")


@dataclass(frozen=True)
class Family:
    """A way of asking.

    Args:
        name: for messages; target: the catalogue's word for it.
        matches: (config, tokenizer) of this family.
        writes: languages that the checkpoint can be asked for; None: it cannot be asked, and writes what it writes.
        source: tells the tokenizer the source language.
        prefix: what is put before the source text for a task, "" where nothing is.
        start: decoder arguments of ``generate`` for a task.
        kinds: of output.
        overflows: whether float16 overflows in it.
    """

    name: str
    target: str
    matches: Callable[[Any, Any], bool]
    writes: Callable[[Any, Any], tuple[str, ...] | None] = lambda config, tokenizer: None
    source: Callable[[Any, str], None] = lambda tokenizer, language: None
    prefix: Callable[[Any, Any, Task], str] = lambda config, tokenizer, task: ""
    start: Callable[[Any, Any, Task], dict[str, Any]] = lambda config, tokenizer, task: {}
    kinds: tuple[str, ...] = ("summary", "headline", "translation")
    overflows: bool = False
    reencodes: bool = False  # whether what the encoder leaves cannot be reused for another task


def token_id(tokenizer: Any, token: str) -> int | None:
    """The id of a token; None where the vocabulary lacks it."""
    index = tokenizer.convert_tokens_to_ids(token)
    return None if index is None or index == tokenizer.unk_token_id else int(index)


def _has(tokenizer: Any, *tokens: str) -> bool:
    return all(token_id(tokenizer, token) is not None for token in tokens)


def _langid_map(config: Any) -> dict[str, Any]:
    return (getattr(config, "task_specific_params", None) or {}).get("langid_map") or {}


def _langid_languages(config: Any, tokenizer: Any) -> tuple[str, ...]:
    return tuple(code for code, name in _LANGID_NAMES.items() if name in _langid_map(config))


def _langid_start(config: Any, tokenizer: Any, task: Task) -> dict[str, Any]:
    # An entry is [number, token]: "arabic": [4, "▁<extra_id_95>"].
    token = _langid_map(config)[_LANGID_NAMES[task.language]][1]
    index = token_id(tokenizer, token)
    if index is None:
        raise ModelError(
            f"the tokenizer lacks {token!r}, which asks for {_NAMES[task.language]}; use the repository's own"
        )
    return {"decoder_start_token_id": index}


def _t5_prefix(config: Any, tokenizer: Any, task: Task) -> str:
    parameters = getattr(config, "task_specific_params", None) or {}
    return (parameters.get("summarization") or {}).get("prefix", "") if task.kind == "summary" else ""


def _forced(family: str) -> Callable[[Any, Any, Task], dict[str, Any]]:
    def start(config: Any, tokenizer: Any, task: Task) -> dict[str, Any]:
        return {"forced_bos_token_id": token_id(tokenizer, _CODES[family][task.language])}

    return start


def _set_source(codes: dict[str, str]) -> Callable[[Any, str], None]:
    def source(tokenizer: Any, language: str) -> None:
        tokenizer.src_lang = codes[language]

    return source


def _coded(family: str, *types: str) -> Callable[[Any, Any], bool]:
    return lambda config, tokenizer: config.model_type in types and _has(tokenizer, *_CODES[family].values())


def _both(config: Any, tokenizer: Any) -> tuple[str, ...]:
    return ("ar", "en")


def _marian_prefix(config: Any, tokenizer: Any, task: Task) -> str:
    known = getattr(tokenizer, "supported_language_codes", ())
    return next((f"{code} " for code in _MARIAN_TARGET[task.language] if code in known), "")


def _gemma_prefix(config: Any, tokenizer: Any, task: Task) -> str:
    wanted = {
        "summary": f"a {task.length} summary of this text in {_NAMES[task.language]}",
        "headline": f"a headline for this text in {_NAMES[task.language]}",
        "translation": f"a translation of this text into {_NAMES[task.language]}",
    }
    return f"Write {wanted[task.kind]}:\n\n"


def _khulasa_start(config: Any, tokenizer: Any, task: Task) -> dict[str, Any]:
    from ..khulasa.prompts import prompt

    return {"prompt": tokenizer.encode(prompt(task.kind, task.language, task.length), add_special_tokens=False)}


# The first that matches is taken.
FAMILIES = (
    Family(
        "Khulasa",
        "decoder prompt",
        matches=lambda config, tokenizer: config.model_type == "khulasa",
        writes=_both,
        start=_khulasa_start,
        reencodes=True,
    ),
    Family(
        "CrossSum",
        "decoder start token",
        matches=lambda config, tokenizer: config.model_type in _T5 and bool(_langid_map(config)),
        writes=_langid_languages,
        start=_langid_start,
        kinds=("summary",),
        overflows=True,
    ),
    Family(
        "T5Gemma",
        "prompt prefix",
        matches=lambda config, tokenizer: config.model_type in ("t5gemma", "t5gemma2"),
        writes=_both,
        prefix=_gemma_prefix,
        overflows=True,
        reencodes=True,
    ),
    Family(
        "T5",
        "none",
        matches=lambda config, tokenizer: config.model_type in _T5,
        prefix=_t5_prefix,
        kinds=("summary",),
        overflows=True,
    ),
    Family(
        "mBART-50",
        "forced bos token",
        matches=_coded("mbart50", "mbart"),
        writes=_both,
        source=_set_source(_CODES["mbart50"]),
        start=_forced("mbart50"),
    ),
    Family(
        "NLLB",
        "forced bos token",
        matches=_coded("nllb", "m2m_100", "nllb-moe"),
        writes=_both,
        source=_set_source(_CODES["nllb"]),
        start=_forced("nllb"),
    ),
    Family(
        "M2M100",
        "forced bos token",
        matches=_coded("m2m100", "m2m_100"),
        writes=_both,
        source=_set_source(_M2M100_SOURCE),
        start=_forced("m2m100"),
    ),
    Family(
        "Marian",
        "prompt prefix",
        matches=lambda config, tokenizer: config.model_type == "marian",
        prefix=_marian_prefix,
        kinds=("translation",),
    ),
    # BART, PEGASUS, AraBART (an mBART without language codes), LED, ProphetNet, and whatever comes.
    Family("monolingual", "none", matches=lambda config, tokenizer: True, kinds=("summary",)),
)


def family_of(config: Any, tokenizer: Any) -> Family:
    """The family of a checkpoint."""
    return next(family for family in FAMILIES if family.matches(config, tokenizer))


def overflows(config: Any) -> bool:
    """Whether float16 overflows in this architecture, told before anything is loaded."""
    return config.model_type in _T5
