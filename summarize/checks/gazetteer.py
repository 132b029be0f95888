"""The built-in gazetteer: places, nationalities, organisations with their names in both languages, and word lists.

One concept stands for a country, its people and its adjective ("Iraq", "Iraqi", العراق, عراقية), so that a summary in
one language can be checked against a document in the other. ``build_gazetteer.py`` makes the file and names its
sources.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .text import Token, arabic_stems, fold, tokenize
from .translit import Weights

_NISBA = ("", "ه", "ون", "ين", "ات", "ان", "تان", "تين", "ا", "و", "يي")


@dataclass(frozen=True)
class Concept:
    """A named thing. ``kind`` is country, capital, region, organisation or city; ``parent`` the country it lies in.

    english, arabic: its names, then adjectives and people, as they are written; of Arabic adjectives, which begin with
    "~", what endings are added to.
    """

    name: str
    kind: str
    parent: str
    english: tuple[str, ...] = ()
    arabic: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mention:
    """A concept found in a text: token positions, and whether its name can mean nothing else."""

    concepts: tuple[str, ...]
    first: int
    last: int
    sure: bool


@dataclass(frozen=True)
class Gazetteer:
    """Concepts by name, aliases (tuples of folded words) to concepts, word lists, transliteration weights."""

    concepts: dict[str, Concept]
    aliases: dict[tuple[str, ...], tuple[tuple[str, ...], bool]]
    longest: dict[str, int]
    english: frozenset[str]
    arabic: frozenset[str]
    names_en: frozenset[str]
    names_ar: frozenset[str]
    weights: Weights

    def mentions(self, tokens: Sequence[Token], lower_case: bool = False) -> Iterator[Mention]:
        """Longest aliases from left to right. In text without capitals (``lower_case``) those that are also common
        words or short abbreviations are unsure."""
        i = 0
        while i < len(tokens):
            hit = self._at(tokens, i, lower_case)
            if hit is None:
                i += 1
            else:
                yield hit
                i = hit.last

    def _at(self, tokens: Sequence[Token], i: int, lower_case: bool) -> Mention | None:
        token = tokens[i]
        if token.kind == "a":
            heads = arabic_stems(token.lower)
        elif token.kind == "w":
            heads = (token.lower, token.lower.removesuffix("'s").rstrip("'"))
            if not lower_case and not token.text[0].isupper():
                return None
        else:
            return None
        best: Mention | None = None
        for n, head in enumerate(heads):
            for width in range(min(self.longest.get(head, 0), len(tokens) - i), 0, -1):
                rest = tuple(t.lower.removesuffix("'s") for t in tokens[i + 1 : i + width])
                found = self.aliases.get((head, *rest))
                if found is not None and (best is None or i + width > best.last):
                    names, sure = found
                    if token.kind == "w" and width == 1:
                        if len(head) <= 4 and head.isalpha() and not lower_case and not token.text.isupper():
                            sure = sure and self.concepts[names[0]].kind != "organisation" and head not in ("us", "uk")
                            if head in ("us", "who", "un", "eu", "is"):
                                continue
                        if lower_case and (head in self.english or len(head) <= 3):
                            if head in ("us", "who", "is", "un"):
                                continue
                            sure = head in ("uk", "uae", "fbi", "bbc", "usa")
                    if n >= 2 and len(head) < 4:
                        sure = False
                    best = Mention(names, i, i + width, sure)
                    break
        return best


def _words(alias: str) -> tuple[str, ...]:
    return tuple(t.lower for t in tokenize(fold(alias)))


@lru_cache(maxsize=1)
def load() -> Gazetteer:
    """The gazetteer of the package, read once."""
    path = Path(__file__).resolve().parent / "gazetteer.txt.gz"
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            current = sections.setdefault(line[1:-1], [])
        else:
            current.append(line)
    concepts: dict[str, Concept] = {}
    aliases: dict[tuple[str, ...], tuple[tuple[str, ...], bool]] = {}
    longest: dict[str, int] = {}

    def add(words: tuple[str, ...], name: str, sure: bool) -> None:
        if not words:
            return
        names, known = aliases.get(words, ((), True))
        aliases[words] = (tuple(dict.fromkeys((*names, name))), known and sure)
        longest[words[0]] = max(longest.get(words[0], 0), len(words))

    for line in sections["concepts"]:
        name, kind, parent, english, arabic = line.split("\t")
        written = (tuple(a.lstrip("?") for a in names.split("|") if a) for names in (english, arabic))
        concepts[name] = Concept(name, kind, parent, *written)
        for alias in (*english.split("|"), *arabic.split("|")):
            sure = not alias.startswith("?")
            alias = alias.lstrip("?")
            if alias.startswith("~"):
                head, *rest = _words(alias[1:])
                for ending in _NISBA:
                    tail = tuple(w + ("ه" if ending == "ه" else "") for w in rest)
                    add((head + ending, *tail), name, sure)
                    if rest:
                        add(("ال" + head + ending, *("ال" + w for w in tail)), name, sure)
            elif alias:
                add(_words(alias), name, sure)
                if " & " in alias:
                    add(_words(alias.replace(" & ", " and ")), name, sure)
    packed = json.loads(sections["weights"][0])
    return Gazetteer(
        concepts, aliases, longest, frozenset(sections["english"]), frozenset(sections["arabic"]),
        frozenset(sections["names-en"]), frozenset(sections["names-ar"]),
        Weights(packed["edits"], packed["insertions"], packed["letters"]),
    )  # fmt: skip
