"""Building the glossary: which names are taken, which bitext shows to be misread."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from summarize.errors import DataError
from summarize.models.khulasa import glossary
from summarize.models.khulasa.glossary import key
from summarize.models.khulasa.recipe import glossary as building
from summarize.models.khulasa.recipe.mix import Example, with_names


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    path = folder / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    titles = [
        ("Zedford City F.C.", "زدفورد سيتي", "sports-club"),
        ("Zedford, Ohio", "زدفورد، أوهايو", "city"),
        ("Kellen Varr", "كيلن فار", "person"),
        ("Kellen Dost", "كيلن دوست", "person"),
        ("Umber", "حجارة", "city"),  # a word: stones
        ("Plask", "بلاسك", "job"),  # not a kind of name
        ("Orlo (band)", "أورلو", "topic"),
    ]
    write(tmp_path, "parallel/names-arwiki", [{"en": e, "ar": a, "kind": k, "src": "x"} for e, a, k in titles])
    parts = [("Grunvik", "غرونفيك", "google-transliteration (Wikipedia)"), ("Tolm", "تولم", "ANETAC")]
    write(tmp_path, "parallel/names-mixed", [{"en": e, "ar": a, "src": s} for e, a, s in parts])
    pairs = [("وجد حجارة في الحقل", "He found stones in the field"), ("رمى حجارة كبيرة", "He threw large stones")]
    pairs.append(("زار زدفورد أمس", "He visited Zedford yesterday"))
    write(tmp_path, "parallel/tatoeba_train", [{"id": str(i), "ar": a, "en": e} for i, (a, e) in enumerate(pairs)])
    return tmp_path


def test_build(lists: Path, tmp_path: Path, monkeypatch):
    names = building.build(lists)
    for english, arabic in (
        ("Zedford City", "زدفورد سيتي"), ("Zedford", "زدفورد"), ("Kellen", "كيلن"), ("Grunvik", "غرونفيك"),
        ("Scotland", "اسكتلندا"),  # of the checks' own places
    ):  # fmt: skip
        assert names["en"][key(english)] == arabic and names["ar"][key(arabic)] == english
    assert names["en"]["umber"] == "حجارة" and key("حجارة") not in names["ar"]  # bitext has it for stones
    assert not {"plask", "orlo", "tolm", "varr"} & set(names["en"])
    out = tmp_path / "glossary.txt.gz"
    building.write(building.build(lists), out)
    again = out.read_bytes()
    building.write(building.build(lists), out)
    assert out.read_bytes() == again and gzip.decompress(again).startswith(
        b"# Titles of the Arabic Wikipedia: CC BY-SA"
    )
    monkeypatch.setattr(glossary, "FILE", out)
    glossary.load.cache_clear()
    try:
        assert [name.other for name in glossary.load().find("وزدفورد سيتي حجارة", "ar")] == ["Zedford City"]
        assert [name.other for name in glossary.load().find("Umber", "en")] == ["حجارة"]
    finally:
        glossary.load.cache_clear()
    with pytest.raises(DataError, match="names-arwiki.jsonl.gz is not there"):
        building.build(tmp_path / "ar")


def test_frequent_words_are_no_names():
    names = glossary.Glossary({"ar": {"حجاره": "Umber", "زد سيتي": "Zed City"}, "en": {}})
    documents = ["حجارة زد سيتي", "بحجارة زد سيتي", "كلمة"]
    assert building.frequent(names, documents, 2) == {"حجاره"}


def test_translations_are_read_with_names():
    plain = [Example("Chicago won.", (("translation", "ar", "فازت شيكاغو"),))] * 40
    some = list(with_names(plain, random.Random(0), 0.5))
    assert {one.document for one in some} == {"Chicago won.", "(Chicago = شيكاغو)\nChicago won."}
    assert all(one.targets == plain[0].targets for one in some)
    assert list(with_names(plain, random.Random(0), 0.0)) == plain


def test_a_dictionarys_words_follow_those_of_bitext(lists: Path, monkeypatch):
    assert building.rare_words(lists) == {"ar": {}, "en": {}}  # three sentences show nothing
    pairs = [("نهر عميق واسع", "A deep wide river"), ("نهر طويل جدا", "A very long river")]
    pairs += [
        ("حصان سريع", "A fast horse"),
        ("نهر صغير هنا", "A small river here"),
        ("نهر آخر هناك", "Another river there"),
    ]
    pairs += [(f"جملة رقم {i}", f"Sentence number {i}") for i in range(2000)]
    rows = [{"id": str(i), "ar": a, "en": e} for i, (a, e) in enumerate(pairs)]
    write(lists, "parallel/tatoeba_train", rows)
    write(lists, "parallel/words-muse", [{"id": "0", "en": "horse", "ar": "حصان", "from": "en"}])
    words = building.rare_words(lists)
    assert list(words["en"].items()) == [("=horse", "حصان"), ("river", "نهر")]  # the rarer first
    out = lists / "words.txt.gz"
    building.write(words, out, building.WORDS_FROM)
    assert b"MUSE, CC BY-NC 4.0" in gzip.decompress(out.read_bytes())
    monkeypatch.setattr(glossary, "WORDS", out)
    glossary.load.cache_clear()
    try:
        assert [word.other for word in glossary.load().find_words("Horses, a horse by a river", "en")] == [
            "حصان",
            "نهر",
        ]
    finally:
        glossary.load.cache_clear()
