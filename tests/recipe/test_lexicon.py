"""IBM Model 1: which words of a bitext translate each other."""

from __future__ import annotations

import random

from summarize.checks.text import english_light
from summarize.models.khulasa.recipe.lexicon import Word, align

PAIRS = {"قطة": "cat", "جسر": "bridge", "نهر": "river", "حساء": "soup", "عنكبوت": "spider", "مطر": "rain"}


def bitext(number: int = 60) -> list[dict[str, str]]:
    rnd = random.Random(4)
    rows = []
    for _ in range(number):
        chosen = rnd.sample(sorted(PAIRS), 3)
        english = [PAIRS[word] for word in chosen]
        rnd.shuffle(english)
        rows.append({"ar": "هذا " + " ".join(chosen), "en": "That " + " ".join(english) + "."})
    return rows


def test_words_that_translate_each_other_are_found():
    found = align(bitext())
    assert {(w.form, w.other) for w in found if w.language == "en" and w.stem and w.form != "that"} == {
        (english_light(english), arabic) for arabic, english in PAIRS.items()
    }
    assert {w.other for w in found if w.language == "ar"} == {*PAIRS.values(), "That"}
    cat = next(w for w in found if w.form == "cat")
    assert isinstance(cat, Word) and cat.probability > 0.8
    assert cat.sentences == sum("cat" in row["en"] for row in bitext())
    assert align(bitext()) == found  # the same every time


def test_what_is_seldom_or_undecided_is_left_out():
    assert align([{"ar": "قطة", "en": "cat"}]) == []  # once
    assert align(bitext(), least=1.01) == [] == align([])
    vowelled = [{"ar": "قِطّة", "en": "Cat"}] * 3
    assert {(w.language, w.other) for w in align(vowelled)} == {("ar", "Cat"), ("en", "قطة")}


def test_words_of_one_stem_are_told_apart():
    # The light stem of a championship is that of length.
    rows = [{"ar": f"بطولة {i}", "en": f"Championship {i}"} for i in range(8)]
    rows += [{"ar": f"الطول {i}", "en": f"Length {i}"} for i in range(3)]
    found = align(rows)
    english = {(w.form, w.stem): w.other for w in found if w.language == "en"}
    assert english == {("championship", True): "بطولة", ("length", True): "الطول"}
    arabic = {(w.form, w.stem): w.other for w in found if w.language == "ar"}
    assert arabic == {("طول", True): "Championship", ("الطول", False): ""}
