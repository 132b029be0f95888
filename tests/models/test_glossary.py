"""Names before a text that is translated: which are found, how they are written, what the package's list has."""

from __future__ import annotations

import pytest

from summarize.models.khulasa import glossary
from summarize.models.khulasa.glossary import Glossary, Name, add_names, key

NAMES = {
    "en": {
        key("Leicester City"): "ليستر سيتي",
        key("Leicester"): "ليستر",
        key("Reading"): "ريدينغ",
        key("Smith"): "سميث",
    },
    "ar": {key("ليستر سيتي"): "Leicester City", key("ليستر"): "Leicester", key("سلام"): "Salam", key("عمر"): "Omar"},
}
SMALL = Glossary(NAMES, frozenset({"reading", "سلام"}))


def found(text: str, language: str) -> list[tuple[str, str]]:
    return [(name.here, name.other) for name in SMALL.find(text, language)]


@pytest.mark.parametrize(
    ("text", "language", "names"),
    [
        ("Leicester City beat Leicester", "en", [("Leicester City", "ليستر سيتي"), ("Leicester", "ليستر")]),
        ("Smith's goal for Leicester City's fans", "en", [("Smith", "سميث"), ("Leicester City", "ليستر سيتي")]),
        ("Reading leicester, a smith", "en", []),  # a common word; no capitals
        ("فاز ليستر سيتي على ضيفه", "ar", [("ليستر سيتي", "Leicester City")]),
        ("وليستر تعادل", "ar", [("ليستر", "Leicester")]),  # the conjunction is not part of the name
        ("لَيستر", "ar", [("لَيستر", "Leicester")]),
        ("سلام عليكم يا عمر", "ar", []),  # common; three letters
        ("Leicester", "ar", []),
        ("", "en", []),
    ],
)
def test_names_are_found(text, language, names):
    assert found(text, language) == names


def test_add_names():
    names = [Name(f"N{i}", f"س{i}", f"n{i}") for i in range(3)]
    assert add_names("Text.\nMore.", names) == "(N0 = س0; N1 = س1; N2 = س2)\nText.\nMore."
    assert add_names("Text.", []) == "Text."
    many = [f"Name{chr(97 + i)}" for i in range(glossary.MOST + 3)]
    hints = Glossary({"en": {name.lower(): "اسم" for name in many}}).hints(" ".join(many), "en")
    assert [hint.here for hint in hints] == many[: glossary.MOST]


def test_the_packages_list():
    names = glossary.load()
    assert min(map(len, names.names.values())) > 30_000

    def look(text: str, language: str) -> dict[str, str]:
        return {name.here: name.other for name in names.find(text, language)}

    assert look("Manchester United beat Real Madrid in Chicago.", "en") == {
        "Manchester United": "مانشستر يونايتد", "Real Madrid": "ريال مدريد", "Chicago": "شيكاغو",
    }  # fmt: skip
    assert look("فاز مانشستر سيتي على ليفربول في مدينة كبيرة", "ar") == {
        "مانشستر سيتي": "Manchester City", "ليفربول": "Liverpool",
    }  # fmt: skip
    # Words of every day that are written like a name.
    assert look("قالت الدولة إن العمل في المدينة سيبدأ غالبا هذا العام", "ar") == {}
    assert look("He was reading in the grand hall on Black Day.", "en") == {}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("(April = نيسان; Hull = هل)\nThe text.", "The text."),
        (" (April = نيسان) The text (a = b).", "The text (a = b)."),
        ("(Reuters) - The text.", "(Reuters) - The text."),
        ("(April = نيسان)", ""),
    ],
)
def test_names_that_were_translated_too_are_dropped(text, kept):
    assert glossary.drop_names(text) == kept


def test_rare_words_follow_the_names(monkeypatch):
    monkeypatch.setattr(glossary, "MOST_WORDS", 4)
    words = {
        "en": {"cliff": "جرف", "=soup": "حساء", "spider": "عنكبوت", "hous": "بيت", "city": "مدينة", "dog": "كلب"},
        "ar": {"=جرف": "cliff", "=حساء": "soup"},
    }
    some = Glossary(NAMES, frozenset(), words)
    text = "A dog and spiders: a house on the cliff of Leicester City, a dog with soup, not soups."
    found = some.find_words(text, "en", some.find(text, "en"))
    # The four rarest in the order of the text; the rarest come first in the list. City is part of a name.
    assert [(word.here, word.other) for word in found] == [
        ("spiders", "عنكبوت"), ("house", "بيت"), ("cliff", "جرف"), ("soup", "حساء"),
    ]  # fmt: skip
    # Words marked "=" are taken as they are written, in Arabic without what is written on to them.
    assert [word.here for word in some.find_words("بحساء وجرف والجرفين", "ar")] == ["بحساء", "وجرف"]
    assert [name.other for name in some.hints(text, "en")] == ["ليستر سيتي", *(word.other for word in found)]
    assert [name.other for name in some.hints(text, "en", words=False)] == ["ليستر سيتي"]
    assert some.find_words("Soup", "ar") == [] and SMALL.find_words(text, "en") == []
