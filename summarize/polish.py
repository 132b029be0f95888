"""From what a model wrote to a text that can be handed over: whole sentences, none twice, in the right script."""

from __future__ import annotations

import re

from .languages import LANGUAGES, script_share
from .sentences import split_sentences
from .text import tidy

_ENDS = re.compile("[.!?\u061f\u2026][\"'»”)\\]]*$")


def _key(sentence: str) -> str:
    return re.sub(r"[\W_]+", " ", sentence).strip().lower()


def without_repeats(sentences: list[str]) -> list[str]:
    """``sentences`` less those that repeat an earlier one, punctuation and case aside."""
    seen: set[str] = set()
    kept = []
    for sentence in sentences:
        key = _key(sentence)
        if key and key in seen:
            continue
        seen.add(key)
        kept.append(sentence)
    return kept


def polish(text: str, language: str, complete: bool) -> tuple[str, tuple[str, ...]]:
    """The text in presentable form, and warnings, one line each.

    Args:
        complete: whether the model ended by itself; if not, the text is cut back to its last full sentence, or,
            when it has none, marked with an ellipsis.
    """
    warnings: list[str] = []
    sentences = without_repeats(split_sentences(tidy(text)))
    if not complete and sentences and not _ENDS.search(sentences[-1]):
        if len(sentences) > 1:
            sentences.pop()
            warnings.append("the model's output was cut at its token limit; its last, unfinished sentence is left out")
        else:
            sentences[-1] = sentences[-1].rstrip(" ،,؛;:") + "…"
            warnings.append("the model's output was cut at its token limit in the middle of a sentence")
    result = " ".join(sentences)
    name = LANGUAGES[language].name
    if not result:
        warnings.append("the model wrote nothing")
    elif script_share(result, language) < 0.5:
        warnings.append(f"the summary is not in {name}: the model wrote in the other language")
    return result, tuple(warnings)
