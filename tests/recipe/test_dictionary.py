"""Words of a dictionary: bitext decides between translations and against them, news how they are spelt."""

from __future__ import annotations

from summarize.models.khulasa.recipe.dictionary import FEW, Entry, Spellings, entries

WORDS = [
    ("ar", "خزان", "tank"), ("ar", "خزان", "reservoir"), ("ar", "قبله", "kiss"), ("ar", "هامبورغ", "hamburg"),
    ("ar", "غورو", "goro"), ("en", "concave", "مقعر"), ("en", "estonian", "استونيا"), ("en", "estonian", "الاستونية"),
    ("en", "two words", "كلمتان"), ("en", "at", "في"),
]  # fmt: skip
ROWS = [{one: word, {"ar": "en", "en": "ar"}[one]: other, "from": one} for one, word, other in WORDS]
BITEXT = [
    *[{"ar": f"الخزان رقم {i} كبير", "en": f"Reservoir number {i} is large"} for i in range(3)],
    *[{"ar": f"جاء قبله {i}", "en": f"He came before him {i}"} for i in range(FEW)],
]


def spellings() -> Spellings:
    found = Spellings()
    for sentence in ("Tank or reservoir, Hamburg.", "In Hamburg a kiss", "Goro came"):
        found.read(sentence, "en")
    for sentence in ("يتحدث الإستونية", "الإستونية لغة", "الاستونية", "هذا مُقعَّر"):
        found.read(sentence, "ar")
    return found


def test_one_translation_of_each_word_in_its_usual_spelling():
    found = entries(ROWS, BITEXT, spellings())
    assert found == [
        Entry("ar", "خزان", "reservoir", 3),  # as bitext has it; the dictionary puts it second
        # Left out: what bitext translates otherwise, and a name that news has at the beginning of a sentence only.
        Entry("ar", "هامبورغ", "Hamburg", 0),
        Entry("en", "concave", "مقعر", 0),
        Entry("en", "estonian", "استونيا", 0),  # of equals the first, as written where it was never read
    ]
    assert entries(ROWS, BITEXT[:4], spellings())[1] == Entry("ar", "قبله", "kiss", 1)


def test_usual_spelling():
    found = spellings()
    assert found.usual("الاستونيه", "ar") == "الإستونية" and found.usual("hamburg", "en") == "Hamburg"
    assert found.usual("مقعر", "ar") == "مقعر" and found.usual("goro", "en") is None
