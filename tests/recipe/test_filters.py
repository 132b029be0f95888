"""Filters as tables of text and verdict."""

from __future__ import annotations

import pytest

from summarize.models.khulasa.recipe import filters


@pytest.mark.parametrize(
    ("summary", "document", "unsupported"),
    [
        ("قتل 45 شخصا", "قتل ٤٥ شخصا أمس", set()),
        ("قتل 46 شخصا", "قتل ٤٥ شخصا أمس", {"46"}),
        ("1,200 homes", "some 1200 homes", set()),
        ("1.5 million", "1.50 million people", set()),
        ("five, or 5", "five of them", set()),  # small numbers are often spelled out
        ("a rise of 37%", "a rise of 37 per cent", set()),
        ("in 2019", "last year", {"2019"}),
    ],
)
def test_unsupported_numbers(summary, document, unsupported):
    assert filters.unsupported_numbers(summary, document) == unsupported


@pytest.mark.parametrize(
    ("summary", "document", "unsupported"),
    [
        ("The mayor Salim Haddad resigned.", "Mr Haddad, first name Salim, left office.", set()),
        ("The mayor Karim Haddad resigned.", "Mr Haddad left office.", {"Karim"}),
        ("Officials resigned. Nobody knows why.", "they left", set()),  # sentence openings are no names
        ("A Tunisian won.", "She comes from Tunisia.", set()),
    ],
)
def test_unsupported_names(summary, document, unsupported):
    assert filters.unsupported_names(summary, document) == unsupported


def test_support_tells_the_right_article_from_another():
    document = "أعلنت وزارة الري أن السد الجديد سيروي مزارع الوادي قبل نهاية الصيف."
    assert filters.support("السد الجديد يروي مزارع الوادي", document) > 0.7
    assert filters.support("فوز منتخب الشاطئ ببطولة القارة", document) < 0.2
    assert filters.sound("السد الجديد يروي مزارع الوادي", document)
    assert not filters.sound("فوز منتخب الشاطئ ببطولة القارة", document)


def test_without_lead_takes_only_sentences_that_repeat_the_summary():
    lead = "The dam in the north of the valley opened on Monday after two years."
    rest = "Farmers welcomed it.\nWater will reach the first farms in a week."
    document = f"{lead} {rest}"
    assert filters.without_lead(document, "The dam in the north of the valley opened on Monday.") == rest
    assert "opened on Monday" in filters.without_lead(document, "Farmers were pleased to see the water.")
    # Only the first sentences: a late repetition stays.
    late = f"One. Two. Three. {lead}"
    assert lead in filters.without_lead(late, "The dam in the north of the valley opened on Monday.")


def test_near_duplicates():
    text = " ".join(f"word{i}" for i in range(60))
    edited = text.replace("word5 ", "changed ")
    seen = filters.Seen()
    assert seen.new(text)
    assert not seen.new(edited)
    assert seen.new(" ".join(f"other{i}" for i in range(60)))
    assert seen.repeats(text.upper())
    assert not filters.Seen().add([" ".join(text.split()[:10])]).repeats(text)


def test_arabic_forms_fold_together():
    assert filters.words("إعلانٌ ٢٠") == filters.words("اعلان 20")
    assert filters.overlap("السد الجديد يعمل", "السد الجديد يعمل") == 1.0
