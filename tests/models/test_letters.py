"""Names that no list has: spelt letter by letter, and only what is a name."""

from __future__ import annotations

import math

import pytest

from summarize.models.khulasa import glossary, letters
from summarize.models.khulasa.glossary import Glossary, Name
from summarize.models.khulasa.letters import Letters, Ngrams


def ngrams(*sequences: list[str] | str) -> Ngrams:
    counts: dict[tuple[str, ...], int] = {}
    for sequence in sequences:
        for gram in letters.grams(sequence):
            for i in range(letters.ORDER):
                counts[gram[i:]] = counts.get(gram[i:], 0) + 1
    return Ngrams(counts)


def test_probabilities_sum_to_one_and_fall_back():
    model = ngrams("aab", "aac", "b")
    for before in (("^", "^"), ("^", "a"), ("a", "a"), ("c", "c"), ()):
        total = sum(model.probability(before, symbol) for symbol in (*model.symbols, "$"))
        # A part of the whole stays with symbols that were never seen.
        assert 0.8 < total < 1.0
    assert model.probability(("a", "a"), "b") > model.probability(("^", "^"), "c") > 0
    assert model.log("aab") == pytest.approx(
        sum(math.log(model.probability(gram[:-1], gram[-1])) for gram in letters.grams("aab"))
    )


def test_the_likeliest_spelling_of_all():
    runs = [["s>س", "a>ا", "m>م"], ["sh>ش", "a>ا", "m>م"], ["sh>ش", "a>", "m>م"], ["s>س", "h>ه", "a>ا"]]
    known = {"en": frozenset({"sham"}), "ar": frozenset({"شام"})}
    some = Letters({"en": ngrams(*runs)}, ngrams("شام"), ngrams("كتب"), known)
    assert some.spell("sham", "en") == "شام" and some.spell("sam", "en") == "سام"
    assert some.spell("sham7", "en") == ""
    assert some.looks_foreign("شام") and not some.looks_foreign("كتب")
    assert not some.unseen("والشام", "ar") and some.unseen("كتب", "ar") and some.unseen("samm", "en")


@pytest.mark.parametrize(
    ("word", "language", "spelt"),
    [
        ("mkhitaryan", "en", "مخيتاريان"),
        ("svensson", "en", "سفينسون"),
        ("هيدلي", "ar", "Hedley"),
        ("شيف", "ar", ""),
    ],
)
def test_the_packages_spellings(word, language, spelt):
    found = letters.spell(word, language)
    assert found == spelt if spelt else found[0].isupper() and found.isascii()
    assert letters.load().looks_foreign("سفينسون") and not letters.load().looks_foreign("استقالت")


@pytest.fixture
def nothing_known(monkeypatch):
    some = Letters({}, ngrams("زد"), ngrams("كتب"), {"en": frozenset({"brewery"}), "ar": frozenset()})
    monkeypatch.setattr(some.__class__, "looks_foreign", lambda self, word: word.startswith("زد"))
    monkeypatch.setattr(letters, "load", lambda: some)
    monkeypatch.setattr(letters, "spell", lambda word, language: word[::-1])


def test_strange_names_of_a_text(nothing_known):
    some = Glossary({"en": {"brisbane": "بريسبان"}, "ar": {}}, frozenset({"monday"}), {"en": {"=spider": "عنكبوت"}})
    text = 'Curiously, Zmiev lost. "Hesitantly," said Plin Korr of Brisbane on Monday. Dorn won, Spider and BREW too.'
    found = some.find_strange(text, "en", some.find(text, "en"))
    # At the beginning of a sentence nothing that ends as words do; no common, listed or capitals-only words.
    assert [name.here for name in found] == ["Zmiev", "Plin", "Korr", "Dorn"]
    assert found[1] == Name("Plin", "nilp", "plin")
    assert [name.here for name in some.find_strange("The Zmiev Brewery is Zmiev's", "en")] == ["Zmiev"]
    assert [name.here for name in some.find_strange("زار زدونك المدينة", "ar")] == ["زدونك"]
    found = some.find_strange("Hesitants left. Hesitants Korrs left.", "en")
    assert [name.here for name in found] == ["Hesitants", "Korrs"]
    assert [name.here for name in some.hints(text, "en")] == ["Brisbane", "Zmiev", "Plin", "Korr", "Dorn", "Spider"]
    assert [name.here for name in some.hints(text, "en", words=False)] == ["Brisbane"]
    many = " ".join(["of"] + [f"Zm{chr(97 + i)}v" for i in range(20)])
    assert len(some.hints(many, "en")) == glossary.MOST
