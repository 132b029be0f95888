"""Which words of one text occur in another: spans of the text as it is written, marked by n-gram overlap."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .parts import NORMALIZERS, TOKENIZERS
from .rouge_config import RougeConfig

# A word as written: letters and digits with the marks, tatweel and joiners within, which normalisation removes.
_WORD = re.compile(
    "(?:[^\\W_]|[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff])+"
)
MAX_N = 4


@dataclass(frozen=True)
class Word:
    """A token with the stretch [start, end) of the text that it was made of."""

    token: str
    start: int
    end: int


def words(text: str, config: RougeConfig) -> list[Word]:
    """Tokens of ``text`` with their places, under a configuration whose language is settled."""
    normalize, tokenize = NORMALIZERS[str(config.norm)], TOKENIZERS[str(config.tok)]
    found: list[Word] = []
    for match in _WORD.finditer(text):
        found.extend(Word(token, match.start(), match.end()) for token in tokenize(normalize(match.group())))
    return found


def levels(tokens: Sequence[str], others: Sequence[Sequence[str]]) -> list[int]:
    """For each token the length (up to :data:`MAX_N`) of the longest n-gram over it that one of ``others`` has."""
    out = [0] * len(tokens)
    for n in range(1, MAX_N + 1):
        known = {tuple(other[i : i + n]) for other in others for i in range(len(other) - n + 1)}
        for i in range(len(tokens) - n + 1):
            if tuple(tokens[i : i + n]) in known:
                out[i : i + n] = [n] * n
    return out


def mark(text: str, others: Sequence[str], config: RougeConfig, least: int = 1) -> str:
    """HTML of ``text`` with ``<mark class="n1">`` to ``n4`` around runs that ``others`` have too.

    Args:
        least: shorter n-grams are not marked.
    """
    own = words(text, config)
    tokens = [word.token for word in own]
    degree = levels(tokens, [[word.token for word in words(other, config)] for other in others])
    parts: list[str] = []
    at, i = 0, 0
    while i < len(own):
        n = degree[i]
        if n < least or not n:
            i += 1
            continue
        j = i
        while j + 1 < len(own) and degree[j + 1] == n:
            j += 1
        if own[i].start >= at:  # two tokens can come of one word
            parts += [
                html.escape(text[at : own[i].start]),
                f'<mark class="n{n}">',
                html.escape(text[own[i].start : own[j].end]),
                "</mark>",
            ]
            at = own[j].end
        i = j + 1
    return "".join([*parts, html.escape(text[at:])])
