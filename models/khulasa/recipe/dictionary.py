"""Words of a bilingual dictionary for the glossary: of each, the translation that bitext bears out, as people spell it.

Dictionaries made from embeddings (MUSE: Conneau et al. 2018, "Word translation without parallel data") write every
word small and Arabic without its hamzas, and have words that a small bitext has not once.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from summarize.checks.text import fold, tokenize

from ..letters import KIND, LIGHT

OTHER = {"ar": "en", "en": "ar"}
MARKS = re.compile("[\u064b-\u0652\u0640]")  # vowel signs and tatweel
FEW = 5  # sentences: in fewer, bitext cannot speak against a translation


@dataclass(frozen=True)
class Entry:
    """A word's translation. form: as ``fold`` and lower case leave it; sentences: of bitext that have its stem."""

    language: str
    form: str
    other: str
    sentences: int


class Spellings:
    """How often each folded word is spelt in which way; of English, not at the beginning of a sentence."""

    def __init__(self) -> None:
        self.times: dict[str, dict[str, Counter[str]]] = {"ar": defaultdict(Counter), "en": defaultdict(Counter)}

    def read(self, sentence: str, language: str) -> None:
        folded = fold(sentence)
        for token in tokenize(folded)[language == "en" :]:
            if token.kind == KIND[language]:
                first, last = folded.span(token.start, token.end)
                self.times[language][token.lower][MARKS.sub("", sentence[first:last])] += 1

    def usual(self, form: str, language: str) -> str | None:
        """The commonest spelling; None of a word that was not read."""
        found = self.times[language].get(form)
        return min(found.items(), key=lambda item: (-item[1], item[0]))[0] if found else None


def _form(word: str, language: str) -> str | None:
    """A single word as it is looked up; None of anything else."""
    tokens = tokenize(fold(word))
    return tokens[0].lower if len(tokens) == 1 and tokens[0].kind == KIND[language] and len(word) > 2 else None


def _stems(text: str, language: str) -> set[str]:
    return {LIGHT[language](token.lower) for token in tokenize(fold(text)) if token.kind == KIND[language]}


def entries(
    rows: Iterable[Mapping[str, Any]], bitext: Iterable[Mapping[str, Any]], spellings: Spellings, least: float = 0.15
) -> list[Entry]:
    """One translation of every word of the dictionary that has a fit one.

    Args:
        rows: ``ar``, ``en`` and ``from``, the language of the word; translations of one word, the best first.
        bitext: ``ar`` and ``en``, sentences.
        least: share of a word's sentences that must have the translation's stem on the other side, where FEW or more
            sentences have the word.
    """
    options: dict[tuple[str, str], dict[str, str]] = {}  # (language, form) -> stem of a translation -> its form
    for row in rows:
        language = row["from"]
        form, other = _form(row[language], language), _form(row[OTHER[language]], OTHER[language])
        if form and other and form != other:
            options.setdefault((language, form), {}).setdefault(LIGHT[OTHER[language]](other), other)
    wanted: dict[str, dict[str, set[str]]] = {"ar": defaultdict(set), "en": defaultdict(set)}
    for (language, form), others in options.items():
        wanted[language][LIGHT[language](form)].update(others)
    seen: dict[str, Counter[str]] = {"ar": Counter(), "en": Counter()}
    together: dict[str, Counter[tuple[str, str]]] = {"ar": Counter(), "en": Counter()}
    for row in bitext:
        stems = {language: _stems(row[language], language) for language in OTHER}
        for language, other in OTHER.items():
            for stem in stems[language] & wanted[language].keys():
                seen[language][stem] += 1
                together[language].update((stem, match) for match in wanted[language][stem] & stems[other])
    found = []
    for (language, form), others in options.items():
        stem = LIGHT[language](form)
        times = seen[language][stem]
        best = max(others, key=lambda match: together[language][stem, match])  # of equals the first
        if times >= FEW and together[language][stem, best] < least * times:
            continue
        spelt = spellings.usual(others[best], OTHER[language])
        if spelt is None and language == "ar":  # a name, in small letters
            continue
        found.append(Entry(language, form, spelt or others[best], times))
    return found
