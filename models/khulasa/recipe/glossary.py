"""Builds ``glossary.txt.gz``, names in English and Arabic, from free lists, and ``words.txt.gz``, rare words.

* Days of the week and months; places and organisations of ``summarize.checks``'s gazetteer (ours, Apache-2.0, and
  CLDR, Unicode licence v3).
* ``names-arwiki``: people, cities, places, clubs and leagues by their Arabic Wikipedia titles (CC BY-SA 4.0, Wikipedia
  contributors), from ArWikiCats.
* ``names-mixed``, rows of google/transliteration (Apache-2.0, copyright Google LLC) and of palestine-datasets
  (Unlicense): parts of names.

Rare words come from the bitext itself (``lexicon.py``), then from ``words-muse``, MUSE's dictionaries (CC BY-NC 4.0,
copyright Facebook, Inc.), as far as bitext bears them out (``dictionary.py``); left out where that file is missing.

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
from summarize.checks.units import MONTH_NAMES, WEEKDAY_NAMES

from ....errors import DataError
from ..glossary import Glossary, common, key
from . import filters
from .dictionary import Spellings, entries
from .lexicon import align
from .mix import SOURCES, find, read_rows

KINDS = ("sports-club", "sports-league", "sports-body", "person", "country", "city", "place", "topic")
RARE = 0.004  # share of the bitext's sentences that a rare word has at most
LEAST_SENTENCES = 4  # and how many it has at least, if its translation is of bitext alone
RARE_ENTRY = 0.0008  # as RARE, for a dictionary's words, which are less sure
NAMES_FROM = (
    "Titles of the Arabic Wikipedia: CC BY-SA 4.0, Wikipedia contributors, from ArWikiCats. Parts of names: "
    "google/transliteration, Apache-2.0, copyright Google LLC; palestine-datasets, Unlicense. Countries: CLDR, Unicode "
    "licence v3."
)
WORDS_FROM = "Words marked =: MUSE, CC BY-NC 4.0, copyright Facebook, Inc. The others were found in bitext."
_NEWS = {
    "ar": ("ar/ant_bbc", "ar/titles"),
    "en": ("en/xsum_train_sample", "en/cnn_dailymail_train_sample", "en/bbc2004_lead_xsumstyle",
           "en/ukraine_war_headlines_2022", "en/inshorts_news_summary"),
}  # fmt: skip
_WEEKDAYS = "الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد"
_MONTHS = (
    "يناير/كانون الثاني", "فبراير/شباط", "مارس/آذار", "أبريل/نيسان", "مايو/أيار", "يونيو/حزيران", "يوليو/تموز",
    "أغسطس/آب", "سبتمبر/أيلول", "أكتوبر/تشرين الأول", "نوفمبر/تشرين الثاني", "ديسمبر/كانون الأول",
)  # fmt: skip
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


def _calendar() -> Iterator[_Pair]:
    yield from zip(WEEKDAY_NAMES, _WEEKDAYS.split(), strict=True)
    for english, names in zip(MONTH_NAMES, _MONTHS, strict=True):
        yield from ((english, name) for name in names.split("/"))


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
        if row["src"].startswith(("google-transliteration", "palestine-datasets")):
            yield row["en"], row["ar"]


def candidates(data: Path) -> list[_Pair]:
    """English and Arabic of every name, the ones to prefer first."""
    titles = _rows(data, "names-arwiki")
    seen: set[tuple[str, str]] = set()
    pairs = []
    given = _given(_rows(data, "names-mixed"))
    for source in (_places(), _calendar(), _titles(titles), _parts_of_people(titles), given):
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


def _spellings(data: Path, documents: int) -> Spellings:
    """Of bitext, and of so many documents of every file of news."""
    found = Spellings()
    for row in sentences(data):
        found.read(row["ar"], "ar")
        found.read(row["en"], "en")
    for language, files in _NEWS.items():
        for path in filter(None, (find(data, name) for name in files)):
            for row in islice(read_rows(path), documents):
                for sentence in filters._SENTENCE.split(row["document"]):
                    if sentence:
                        found.read(sentence, language)
    return found


def rare_words(data: Path, documents: int = 3000, least: float = 0.4) -> dict[str, dict[str, str]]:
    """By language, light stems and, marked "=", words as they are written, the rarest first; a word of the other
    language for each, "" where bitext speaks against that of the word's stem.

    Args:
        documents: of every file of news that spellings are counted in.
        least: probability that a stem's translation must have in bitext.
    """
    rows = list(sentences(data))
    ranked: dict[str, dict[str, tuple[int, str]]] = {"ar": {}, "en": {}}
    for word in align(rows, least):
        if LEAST_SENTENCES <= word.sentences <= RARE * len(rows):
            name = word.form if word.stem else "=" + word.form
            ranked[word.language][name] = (word.sentences, word.other)
    path = find(data, "parallel/words-muse")
    if path is not None:
        for entry in entries(read_rows(path), rows, _spellings(data, documents)):
            there = ranked[entry.language].get("=" + entry.form)
            if entry.sentences <= RARE_ENTRY * len(rows) and not (there and there[1]):  # bitext comes first
                ranked[entry.language]["=" + entry.form] = (entry.sentences, entry.other)
    return {
        language: {word: other for word, (_, other) in sorted(some.items(), key=lambda item: (item[1][0], item[0]))}
        for language, some in ranked.items()
    }


def build(data: Path, documents: int = 3000, least: float = 0.4) -> dict[str, dict[str, str]]:
    """For texts of either language, the folded words of every name and the name in the other language.

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

    return {
        language: {name: other for name, other in some.items() if keeps(language, name, other)}
        for language, some in names.items()
    }


def write(entries: Mapping[str, Mapping[str, str]], out: Path, source: str = NAMES_FROM) -> None:
    """The file, with where its entries are from; the same bytes for the same entries."""
    lines = [f"# {source}"]
    for language, some in entries.items():
        lines += [f"[{language}]", *(f"{name}\t{other}" for name, other in some.items())]
    write_lines(lines, out)


def write_lines(lines: Iterable[str], out: Path) -> None:
    """A packed list: the same bytes for the same lines."""
    with out.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write("".join(line + "\n" for line in lines).encode())
