"""The parts: folding, spans, number words, dates, transliteration, verdicts, scores."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarize.checks import (
    Document,
    NumberConstraint,
    check,
    name_precision,
    number_precision,
    prepared,
    support,
)
from summarize.checks.dates import find_dates
from summarize.checks.gazetteer import load
from summarize.checks.numerals import read_digits
from summarize.checks.quantities import read_numbers
from summarize.checks.text import arabic_stems, fold, fold_word, is_arabic, tokenize
from summarize.checks.translit import name_similarity

DOCUMENT = "The Iraqi president, Fuad Masum, said on 16 May 2003 that 17 people died and 40 were hurt in Baghdad."


@given(st.text(alphabet="ab 1٢,.مَّـéÅﬁ½²“”\u200fİ", max_size=30))
@settings(max_examples=200, deadline=None)
def test_every_folded_character_knows_its_source(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.lower) == len(folded.offsets)
    assert list(folded.offsets) == sorted(folded.offsets)
    for token in tokenize(folded):
        start, end = folded.span(token.start, token.end)
        assert 0 <= start < end <= len(text)


@given(st.text(max_size=80), st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_checked(document: str, summary: str) -> None:
    for f in check(document, summary).findings:
        assert summary[f.span[0] : f.span[1]] == f.text


@pytest.mark.parametrize("text", [DOCUMENT, "قُتل ١٧ شخصا في بغداد يوم 16 أيار 2003، وفق الرئيس فؤاد معصوم."])
def test_a_text_supports_itself(text: str) -> None:
    verdict = check(text, text)
    assert verdict.supported and verdict.number_precision == 1.0 and verdict.name_precision == 1.0


@pytest.mark.parametrize(
    ("word", "folded"),
    [("الْعِرَاق", "العراق"), ("مسؤولة", "مسووله"), ("١٢", "12"), ("۱۲", "12"), ("Łódź", "lodz"), ("كـتاب", "كتاب")],
)
def test_fold_word(word: str, folded: str) -> None:
    assert fold_word(word) == folded


def test_arabic_stems_take_clitics_off() -> None:
    assert "عراق" in arabic_stems(fold_word("وبالعراق"))
    assert "العراق" in arabic_stems(fold_word("للعراق"))


@pytest.mark.parametrize(
    ("text", "values"),
    [("17", [17]), ("1,234.5", ["1234.5"]), ("1.234.567", [1234567]), ("12,5", ["12.5"]), ("1,234", [1234, "1.234"])],
)
def test_read_digits(text: str, values: list[int | str]) -> None:
    assert list(read_digits(text)) == [Decimal(v) for v in values]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ثلاثة وعشرون", 23), ("أحد عشر", 11), ("اثنتا عشرة", 12), ("مئة وخمسة وعشرون ألفا", 125_000),
        ("ثلاثة آلاف ومئتان", 3200), ("مليونان وثلاثمئة ألف", 2_300_000), ("ألفين وسبعة عشر", 2017), ("مئتا ألف",
        200_000),
        ("تسعمئة وتسعة وتسعون", 999), ("نصف مليون", 500_000), ("مليون ونصف المليون", 1_500_000), ("ثمانمئة", 800),
        ("seventeen", 17), ("ninety-nine", 99), ("two hundred and five", 205), ("three thousand four hundred", 3400),
        ("one million two hundred thousand", 1_200_000), ("half a million", 500_000), ("2.5bn", 2_500_000_000),
    ],
)  # fmt: skip
def test_number_words(text: str, value: int) -> None:
    found = read_numbers(text).quantities
    assert [q.value for q in found] == [value]
    assert found[0].text == text


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("16 مايو/ أيار 2003", (2003, 5, 16)), ("السابع من تشرين الأول/أكتوبر 2023", (2023, 10, 7)),
        ("الحادي والعشرين من سبتمبر", (None, 9, None)), ("الثالث والعشرين من كانون الثاني", (None, 1, 23)),
        ("May 5th, 2016", (2016, 5, 5)), ("the 4th of July", (None, 7, 4)), ("2003-05-16", (2003, 5, 16)),
        ("16.5.2003", (2003, 5, 16)), ("31/12/1999", (1999, 12, 31)), ("10 رمضان 1444 هـ", (1444, 9, 10)),
    ],
)  # fmt: skip
def test_dates(text: str, date: tuple[int | None, int, int | None]) -> None:
    if date == (None, 9, None):
        date = (None, 9, 21)
    found = find_dates(tokenize(fold(text)))
    assert [(d.year, d.month, d.day) for d in found] == [date]


@pytest.mark.parametrize("digits", ["1" * 5000, "1," * 3000 + "1", "1,111" + ",111" * 2000, "9." * 3000 + "9"])
@pytest.mark.parametrize("frame", ["{}", "{} May 2003", "3/{}/2020", "May {}", "£{}m", "{}%", "{}-1", "{}s"])
def test_endless_digits_are_no_number(digits: str, frame: str) -> None:
    text = "It killed 17 people. " + frame.format(digits)
    assert all(f.status == "supported" for f in check(text, "It killed 17 people.").findings)
    check("It killed 17 people.", text)
    assert "17" in NumberConstraint(text).forms


def test_words_that_look_like_months_are_not() -> None:
    assert not find_dates(tokenize(fold("They may march in order. مارس عمله أب لطفلين.")))


@pytest.mark.parametrize(
    ("arabic", "latin", "other"),
    [
        ("سيرغي لافروف", "Sergei Lavrov", "Sergio Ramos"), ("بنيامين نتنياهو", "Benjamin Netanyahu", "Benny Gantz"),
        ("محمد صلاح", "Mohamed Salah", "Mohsen Saleh"), ("معمر القذافي", "Muammar Gaddafi", "Omar al-Bashir"),
        ("عبدالله أوجلان", "Abdullah Ocalan", "Abdullah Gul"), ("كييف", "Kiev", "Cairo"), ("جورج", "George", "Jacob"),
    ],
)  # fmt: skip
def test_transliteration_prefers_the_same_name(arabic: str, latin: str, other: str) -> None:
    weights = load().weights
    assert name_similarity(weights, arabic, latin) > 0.2
    assert name_similarity(weights, arabic, latin) > name_similarity(weights, arabic, other) + 0.1


def test_gazetteer_is_small_and_names_its_sources() -> None:
    import gzip
    from pathlib import Path

    import summarize.checks

    path = Path(summarize.checks.__file__).with_name("gazetteer.txt.gz")
    assert path.stat().st_size < 300_000
    head = gzip.decompress(path.read_bytes()).decode()[:3000]
    assert "Unicode licence" in head and "Apache-2.0" in head
    assert len(load().concepts) > 500


def test_spans_and_messages() -> None:
    summary = "Iranian president says 71 died on 17 May"
    verdict = check(DOCUMENT, summary)
    by_text = {f.text: f for f in verdict.alarms}
    assert set(by_text) == {"Iranian", "71", "17 May"}
    iran = by_text["Iranian"]
    assert iran.kind == "name" and iran.status == "contradicted" and iran.document_span is not None
    assert DOCUMENT[slice(*iran.document_span)] == "Iraqi"
    date = by_text["17 May"].document_span
    assert date is not None and DOCUMENT[slice(*date)] == "16 May 2003"
    assert len(verdict.warnings) == 3 and all("\n" not in w for w in verdict.warnings)
    assert "document" in verdict.warnings[0]


def test_precisions() -> None:
    assert number_precision(DOCUMENT, "17 died and 71 were hurt") == 0.5
    assert number_precision(DOCUMENT, "People died") is None
    assert name_precision(DOCUMENT, "Deaths in Iraq and in Iran") == 0.5
    assert name_precision(DOCUMENT, "people died") is None


def test_support_ranks_candidates() -> None:
    document = Document(DOCUMENT)
    good = "17 people died and 40 were hurt in Baghdad, the Iraqi president said"
    worse = "71 people died and 40 were hurt in Baghdad, the Iraqi president said"
    worst = "71 people died and 40 were hurt in Tehran, the Iranian president said"
    assert support(document, good) > support(document, worse) > support(document, worst)
    arabic = [support(document, s) for s in ("مقتل 17 شخصا في بغداد", "مقتل 71 شخصا في بغداد", "مقتل 71 شخصا في طهران")]
    assert arabic == sorted(arabic, reverse=True) and len(set(arabic)) == 3


def test_a_rounded_number_says_so() -> None:
    verdict = check("Exactly 2,987 fans came.", "About 3,000 fans came.")
    (finding,) = verdict.findings
    assert finding.status == "rounded" and "2,987" in finding.message and not verdict.alarms


def test_empty_texts() -> None:
    assert check("", "").findings == ()
    assert check(DOCUMENT, "").number_precision is None
    assert [f.text for f in check("", "17 died in Iraq").alarms] == ["17", "Iraq"]
    assert not is_arabic("")


def test_a_surname_behind_a_given_name_is_held_against_the_other_script():
    document = "قال حسين علاوي مستشار رئيس الوزراء العراقي إن مهمة التحالف تنتهي في سبتمبر."
    found = check(document, "The official Hussein Allawi said the mission would come to an end in September.").findings
    assert [(f.text, f.status) for f in found if f.kind == "name"] == [("Hussein Allawi", "supported")]
    found = check(document, "The official Hussein Rouhani said the mission would come to an end in September.").findings
    assert [(f.text, f.status) for f in found if f.kind == "name"] == [("Rouhani", "unsupported")]


def test_a_document_is_prepared_once_unless_it_is_very_long():
    text = "Iraq has 25 provinces. " * 20
    assert prepared(text) is prepared(text)
    assert prepared(text * 200) is not prepared(text * 200)
    assert prepared(text * 200).check("Iran has 25 provinces.").alarms
