"""Builds ``glossary.txt.gz``, names in English and Arabic, from free lists.

* Places and organisations of ``summarize.checks``'s gazetteer (ours, Apache-2.0, and CLDR, Unicode licence v3).
* ``names-arwiki``: people, cities, places, clubs and leagues by their Arabic Wikipedia titles (CC BY-SA 4.0, Wikipedia
  contributors), from ArWikiCats.
* ``names-mixed``, rows of google/transliteration only: parts of names (Apache-2.0, copyright Google LLC).

Of each language a section, ``[ar]`` and ``[en]``, of lines: the folded words of a name, a tab, and the name in the
other language. Where a name is there twice, the first counts. Left out are names of two letters, words that bitext
mostly translates otherwise (Mdina is written like the word for city), and Arabic single words that are frequent in
news without bitext that shows them to be names.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from summarize.checks import gazetteer
from summarize.checks.text import arabic_light

from ....errors import DataError
from ..glossary import Glossary, common, key
from .lexicon import align
from .mix import SOURCES, find, read_rows

KINDS = ("sports-club", "sports-league", "sports-body", "person", "country", "city", "place", "topic")
RARE = 0.004  # share of the bitext's sentences that a rare word has at most
LEAST_SENTENCES = 4  # and how many it has at least
_CLUB = re.compile(r" (A\.?)?F\.?C\.?$")
_ENGLISH = re.compile(r"[A-Z][\w'’. -]*")
_ARABIC = re.compile("[\u0621-\u064a '’-]+")
_Pair = tuple[str, str]


def _rows(data: Path, name: str) -> list[dict[str, Any]]:
    path = find(data, f"parallel/{name}")
    if path is None:
        raise DataError(f"{data}: parallel/{name}.jsonl.gz is not there, and the glossary is made from it")
    return list(read_rows(path))


def _places() -> Iterator[_Pair]:
    for concept in gazetteer.load().concepts.values():
        arabic = [name for name in concept.arabic if not name.startswith("~")]
        if concept.english and arabic:
            yield concept.english[0], arabic[0]


def _titles(rows: list[dict[str, Any]]) -> Iterator[_Pair]:
    for kind in KINDS:
        for row in rows:
            if row["kind"] == kind and "(" not in row["ar"] + row["en"]:
                # "Centreville, Mississippi" is also just Centreville; that one counts only if no other is called so.
                yield _CLUB.sub("", row["en"].split(",")[0].strip()), row["ar"].split("،")[0].strip()


def _parts_of_people(rows: list[dict[str, Any]]) -> Iterator[_Pair]:
    """Words of people's names, where both languages write as many and more than one person agrees."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        english, arabic = row["en"].split(), row["ar"].split()
        if row["kind"] == "person" and len(english) == len(arabic) > 1:
            for one, other in zip(english, arabic, strict=True):
                counts[one][other] += 1
    for word, others in counts.items():
        (best, times), *_ = others.most_common(1)
        if times > 1:
            yield word, best


def _given(rows: list[dict[str, Any]]) -> Iterator[_Pair]:
    for row in rows:
        if row["src"].startswith("google-transliteration"):
            yield row["en"], row["ar"]


def candidates(data: Path) -> list[_Pair]:
    """English and Arabic of every name, the ones to prefer first."""
    titles = _rows(data, "names-arwiki")
    seen: set[tuple[str, str]] = set()
    pairs = []
    for source in (_places(), _titles(titles), _parts_of_people(titles), _given(_rows(data, "names-mixed"))):
        for english, arabic in source:
            if not (_ENGLISH.fullmatch(english) and _ARABIC.fullmatch(arabic)) or min(len(english), len(arabic)) < 3:
                continue
            both = (key(english), key(arabic))
            if all(both) and both not in seen and len(both[0].split()) <= 5:
                seen.add(both)
                pairs.append((english, arabic))
    return pairs


def sentences(data: Path) -> Iterator[dict[str, Any]]:
    """The bitext of the training mix, ``ar`` and ``en`` of each pair; that of names and of dev sets is not in it."""
    for name in dict.fromkeys(source.name for source in SOURCES if source.make == "sentences"):
        path = find(data, name)
        for row in read_rows(path) if path else ():
            if row["ar"] and row["en"]:
                yield row


@dataclass(frozen=True)
class Evidence:
    """How often bitext has a name in a text of a language, and how often its other side has what the glossary says."""

    times: Mapping[str, Counter[str]]
    right: Mapping[str, Counter[str]]

    def share(self, language: str, name: str) -> float | None:
        """``right`` of ``times``; None of a name that is there less than twice."""
        times = self.times[language][name]
        return self.right[language][name] / times if times > 1 else None


def gather(glossary: Glossary, rows: Iterable[Mapping[str, Any]]) -> Evidence:
    """What bitext says of the glossary; Arabic words agree by their light stems."""
    evidence = Evidence({"ar": Counter(), "en": Counter()}, {"ar": Counter(), "en": Counter()})
    for row in rows:
        for language, other in (("ar", "en"), ("en", "ar")):
            found = glossary.find(row[language], language)
            words = {_light(word, other) for word in key(row[other]).split()} if found else set()
            for name in found:
                evidence.times[language][name.key] += 1
                evidence.right[language][name.key] += all(
                    _light(word, other) in words for word in key(name.other).split()
                )
    return evidence


def _light(word: str, language: str) -> str:
    return arabic_light(word) if language == "ar" else word


def frequent(glossary: Glossary, documents: Iterable[str], least: int) -> set[str]:
    """Single Arabic words of the glossary that so many documents have."""
    times: Counter[str] = Counter()
    for document in documents:
        times.update({name.key for name in glossary.find(document, "ar")})
    return {name for name, n in times.items() if n >= least and " " not in name}


def build(data: Path, documents: int = 3000, least: float = 0.4) -> dict[str, dict[str, str]]:
    """For texts of either language, the folded words of every name and the name in the other language; under "ar words"
    and "en words" light stems of rare words, the rarest first, and a word of the other language.

    Args:
        documents: news that frequent words are counted in; one in two hundred is frequent.
        least: share of a name's sentences of bitext that must have it on the other side.
    """
    found = candidates(data)
    names: dict[str, dict[str, str]] = {"ar": {}, "en": {}}
    for english, arabic in found:
        names["en"].setdefault(key(english), arabic)
        names["ar"].setdefault(key(arabic), english)
    whole = Glossary(names, common())
    evidence = gather(whole, sentences(data))
    path = find(data, "ar/ant_bbc")
    news = [row["document"] for row in islice(read_rows(path), documents)] if path else []
    often = frequent(whole, news, max(3, documents // 200))

    def keeps(language: str, name: str, other: str) -> bool:
        share = evidence.share(language, name)
        if share is not None:
            return share >= least
        # Of a single Arabic word, an English one that is not a name by itself (wind, world) tells the same.
        doubtful = name in often or set(key(other).split()) <= whole.common
        return language == "en" or " " in name or not doubtful

    kept = {
        language: {name: other for name, other in some.items() if keeps(language, name, other)}
        for language, some in names.items()
    }
    rare: dict[str, dict[str, str]] = {"ar words": {}, "en words": {}}
    most = RARE * sum(1 for _ in sentences(data))
    for word in sorted(align(sentences(data), least), key=lambda word: (word.sentences, word.stem)):
        if LEAST_SENTENCES <= word.sentences <= most:
            rare[f"{word.language} words"][word.stem] = word.other
    return kept | rare


def write(names: Mapping[str, Mapping[str, str]], out: Path) -> None:
    """The file; the same bytes for the same names."""
    lines = [
        "# Titles of the Arabic Wikipedia: CC BY-SA 4.0, Wikipedia contributors, from ArWikiCats. Parts of names:",
        "# google/transliteration, Apache-2.0, copyright Google LLC. Countries: CLDR, Unicode licence v3.",
    ]
    for language, some in names.items():
        lines += [f"[{language}]", *(f"{name}\t{other}" for name, other in some.items())]
    with out.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write("".join(line + "\n" for line in lines).encode())
