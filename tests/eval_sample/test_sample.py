"""The sample set is what its README says: whole, clean, no figure or name in a summary that its document lacks."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "eval" / "sample" / "sample.jsonl"
FIELDS = ["id", "source_lang", "topic", "title", "title_ar", "title_en", "document"]
FIELDS += ["summary_ar", "summary_en", "licence"]
LINES = SAMPLE.read_text(encoding="utf-8").split("\n")
ROWS: list[dict[str, Any]] = [json.loads(line) for line in LINES if line]
EACH = pytest.mark.parametrize("row", ROWS, ids=[r["id"] for r in ROWS])

# --- numbers -------------------------------------------------------------------------------------------------------

MARKS = re.compile("[\u0640\u064b-\u0652\u0670]")
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩٫٬", "0123456789.,")
NUMERAL = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
WORD = re.compile(r"[^\W\d_]+")

EN_WORDS: dict[str, float] = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "twice": 2,
}  # fmt: skip
EN_SCALES: dict[str, float] = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "crore": 1e7, "lakh": 1e5}
# A fraction is its denominator after a slash, so "a third" never passes for "three".
EN_FRACTIONS = {"half": "/2", "third": "/3", "thirds": "/3", "quarter": "/4", "fifth": "/5", "fifths": "/5"}

AR_WORDS: dict[str, float] = {}
for _value, _forms in {
    # Two of a thing is a dual in Arabic: the bare numeral, and the nouns that matter here.
    2: "اثنان اثنين اثنتان اثنتين شخصان شخصين عقدين مترين شهرين شهري ضاربتين جمعتين",
    3: "ثلاث ثلاثة", 4: "اربع اربعة", 5: "خمس خمسة", 6: "ست ستة", 7: "سبع سبعة",
    8: "ثمان ثماني ثمانية", 9: "تسع تسعة", 10: "عشر عشرة", 20: "عشرون عشرين", 30: "ثلاثون ثلاثين",
    40: "اربعون اربعين", 50: "خمسون خمسين", 60: "ستون ستين", 70: "سبعون سبعين", 80: "ثمانون ثمانين",
    90: "تسعون تسعين", 100: "مئة", 200: "مئتا مئتي مئتان مئتين", 300: "ثلاثمئة", 400: "اربعمئة", 500: "خمسمئة",
}.items():  # fmt: skip
    AR_WORDS.update(dict.fromkeys(_forms.split(), float(_value)))
# Units of the compounds 11 to 19, "احد عشر", "ثماني عشرة"; 3 to 9 are spelt as they are alone.
AR_TEENS: dict[str, float] = {"احد": 1, "احدى": 1, "اثنا": 2, "اثني": 2, "اثنتا": 2, "اثنتي": 2}
AR_TEENS |= {word: value for word, value in AR_WORDS.items() if 3 <= value <= 9}
AR_SCALES: dict[str, float] = {"الف": 1e3, "الفا": 1e3, "الاف": 1e3, "مليون": 1e6, "مليونا": 1e6, "مليار": 1e9}
AR_FRACTIONS = {"نصف": "/2", "ثلث": "/3", "ربع": "/4", "خمس": "/5", "اخماس": "/5"}

# What a summary counts in words that its document does not use: each checked by hand.
NUMBER_EXCEPTIONS: dict[str, dict[float | str, str]] = {
    "sample-ar-03 en": {2.0: "twice: 7.4 litres against 3.8"},
    "sample-ar-07 ar": {"/2": "more than half: 402 of 736"},
    "sample-ar-07 en": {"/2": "more than half: 402 of 736"},
    "sample-ar-09 ar": {"/5": "four fifths: the document says four of every five"},
    "sample-ar-09 en": {"/5": "four fifths: the document says four of every five"},
}


def fold(text: str) -> str:
    """Marks off, hamza carriers to bare alef, digits to ASCII: for looking things up, not for showing."""
    text = MARKS.sub("", text).translate(DIGITS)
    return text.translate(str.maketrans("أإآ", "ااا")).lower()


def word_value(word: str) -> float | str | None:
    """The number or fraction that a folded word stands for; Arabic proclitics (و ف ب ل ك, ال) are tried off."""
    tables: tuple[Mapping[str, float | str], ...] = (EN_WORDS, AR_WORDS, EN_FRACTIONS, AR_FRACTIONS)
    for stem in (word, word[1:], word.removeprefix("ال"), word[1:].removeprefix("ال")):
        for table in tables:
            if stem in table:
                return table[stem]
    return None


def figures(text: str) -> set[float | str]:
    """All values in a text: numerals (times a scale word that follows), number words, fractions. Percent is no 100."""
    text = fold(text).replace("في المئة", "%")
    found: set[float | str] = set()
    for match in NUMERAL.finditer(text):
        after = re.match(r"\s?([^\W\d_]+)", text[match.end() :])
        scale = (EN_SCALES | AR_SCALES).get(after[1], 1.0) if after else 1.0
        found.add(float(match[0].replace(",", "")) * scale)
    words = WORD.findall(text)
    skip = False
    for word, following in zip(words, [*words[1:], ""], strict=True):
        unit = next((AR_TEENS[w] for w in (word, word[1:], word.removeprefix("ال")) if w in AR_TEENS), None)
        if unit is not None and following in {"عشر", "عشرة"}:
            found.add(10 + unit)
            skip = True
            continue
        value = word_value(word)
        if value is not None and not skip:
            found.add(value)
        skip = False
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("about 410,000 people and 3.8 million dollars", {410000.0, 3800000.0}),
        ("٣٫٩ مليون دينار و١٥ ألف دولار", {3900000.0, 15000.0}),
        ("بأربعين في المئة", {40.0}),
        ("بعد أحد عشر موسمًا وثماني عشرة سنة", {11.0, 18.0}),
        ("الركضات السبع", {7.0}),
        ("ثلاثة أعوام", {3.0}),
        ("ثُلث الموقع", {"/3"}),
        ("a third of the site", {"/3"}),
        ("between 49.8 and 50.2", {49.8, 50.2}),
    ],
)
def test_figures_are_read(text: str, expected: set[float | str]) -> None:
    assert figures(text) == expected


# --- the file ------------------------------------------------------------------------------------------------------


def test_counts_ids_and_order() -> None:
    assert LINES[-1] == "" and all(LINES[:-1]), "one row a line, a newline at the end, no blank lines"
    assert [r["id"] for r in ROWS] == [f"sample-{lang}-{n:02d}" for lang in ("ar", "en") for n in range(1, 21)]
    assert all(r["source_lang"] == r["id"].split("-")[1] for r in ROWS)


def test_texts_are_not_repeated() -> None:
    for field in ("document", "title_ar", "title_en", "summary_ar", "summary_en"):
        assert len({r[field] for r in ROWS}) == len(ROWS), field


def test_lengths_are_spread() -> None:
    for lang in ("ar", "en"):
        lengths = [len(r["document"].split()) for r in ROWS if r["source_lang"] == lang]
        assert sum(n < 220 for n in lengths) >= 3
        assert sum(220 <= n < 400 for n in lengths) >= 5
        assert sum(n >= 400 for n in lengths) >= 5


def test_topics_vary() -> None:
    wanted = {"politics", "economy", "science", "sport", "disaster", "culture", "health", "technology", "environment"}
    for lang in ("ar", "en"):
        topics = Counter(r["topic"] for r in ROWS if r["source_lang"] == lang)
        assert wanted | {"education", "obituary", "explainer"} <= topics.keys()
        assert len(topics) >= 15 and max(topics.values()) <= 2


def test_both_digit_scripts_occur_but_not_in_one_document() -> None:
    scripts = [
        (bool(re.search("[٠-٩]", r["document"])), bool(re.search("[0-9]", r["document"])))
        for r in ROWS
        if r["source_lang"] == "ar"
    ]
    assert scripts.count((True, False)) >= 5 and scripts.count((False, True)) >= 5
    assert (True, True) not in scripts


@EACH
def test_fields(row: dict[str, Any]) -> None:
    assert list(row) == FIELDS
    assert all(isinstance(v, str) and v and v == v.strip() for v in row.values())
    assert row["licence"] == "CC0-1.0"
    assert row["title"] == row["title_" + row["source_lang"]]


@EACH
def test_characters(row: dict[str, Any]) -> None:
    for field, text in row.items():
        assert unicodedata.normalize("NFC", text) == text, field
        odd = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}} - {"\n"}
        assert not odd, (field, odd)
        assert not re.search("[\ufb50-\ufdff\ufe70-\ufefc\u0640]", text), f"{field}: presentation form or tatweel"
        assert "\n" not in text or field == "document"
    assert not re.search(r"\n{3,}|[^\S\n]{2,}|[^\S\n]\n|\n[^\S\n]", row["document"])
    assert "\n" not in row["document"].replace("\n\n", "")


@EACH
def test_word_counts(row: dict[str, Any]) -> None:
    assert 150 <= len(row["document"].split()) <= 600
    assert row["document"].count("\n\n") >= 4
    for field in ("summary_ar", "summary_en"):
        assert 20 <= len(row[field].split()) <= 55, field
        assert row[field][-1] == "."
    for field in ("title_ar", "title_en"):
        assert 4 <= len(row[field].split()) <= 16, field


@EACH
def test_each_text_is_in_its_script(row: dict[str, Any]) -> None:
    def arabic_share(text: str) -> float:
        letters = [c for c in text if c.isalpha()]
        return sum(unicodedata.name(c).startswith("ARABIC") for c in letters) / len(letters)

    for field, lang in {"document": row["source_lang"], "title_ar": "ar", "summary_ar": "ar"}.items():
        assert arabic_share(row[field]) > 0.98 if lang == "ar" else arabic_share(row[field]) == 0, field
    assert arabic_share(row["summary_en"]) == arabic_share(row["title_en"]) == 0


@EACH
def test_punctuation_is_of_its_language(row: dict[str, Any]) -> None:
    arabic = [row["summary_ar"], row["title_ar"], *([row["document"]] if row["source_lang"] == "ar" else [])]
    for text in arabic:
        assert not re.search(r"(?<!\d),|,(?!\d)|[;?\"“”]", text)
        assert text.count("«") == text.count("»")
        assert not re.search(r"\s[،؛؟.!:»]|[،؛؟](?=[^\s»])", text), "space before a mark, or none after it"
    english = [row["summary_en"], row["title_en"], *([row["document"]] if row["source_lang"] == "en" else [])]
    for text in english:
        assert not re.search("[،؛؟«»]", text)
        assert text.count('"') % 2 == 0


# --- summaries against documents -----------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("lang", ["ar", "en"])
def test_figures_of_the_summary_are_in_the_document(row: dict[str, Any], lang: str) -> None:
    missing = figures(row[f"summary_{lang}"]) - figures(row["document"])
    assert missing == set(NUMBER_EXCEPTIONS.get(f"{row['id']} {lang}", {}))


@EACH
def test_lead_is_not_the_summary(row: dict[str, Any]) -> None:
    """Neither the first nor the first three sentences say what the summary says, word for word or nearly."""
    summary = fold(row["summary_" + row["source_lang"]])
    words = WORD.findall(summary)
    first, lead = row["document"].split("\n\n")[0], " ".join(re.split(r"(?<=[.!?؟])\s+", row["document"])[:3])
    assert fold(first) != summary and summary not in fold(row["document"])
    for text in (first, lead):
        there = set(WORD.findall(fold(text)))
        assert sum(w in there for w in words) / len(words) < 0.7


def test_many_summaries_need_the_middle_or_the_end() -> None:
    """In at least half of the documents a figure of the summary does not occur in the first third of the text."""
    late = 0
    for row in ROWS:
        cut = len(row["document"]) // 3
        wanted = figures(row["summary_" + row["source_lang"]])
        late += bool((wanted & figures(row["document"][cut:])) - figures(row["document"][:cut]))
    assert late >= len(ROWS) // 2


@EACH
def test_names_of_the_summary_are_in_the_document(row: dict[str, Any]) -> None:
    if row["source_lang"] == "en":
        # A capital inside a sentence marks a name in English; the first word of a sentence says nothing.
        summary = re.sub(r"(?:^|(?<=[.!?] ))\W*\w+", "", row["summary_en"])
        names = set(re.findall(r"[A-Z][\w-]+", summary))
        assert names <= set(re.findall(r"[A-Z][\w-]+", row["document"]))
    else:
        for name in ARABIC_NAMES[row["id"]]:
            assert name in MARKS.sub("", row["summary_ar"]), "the list of names has gone stale"
            assert name in MARKS.sub("", row["document"]), name


# Arabic has no capitals, so the names in the summaries of the Arabic documents are listed.
ARABIC_NAMES = {
    "sample-ar-01": ["عين تامسنا"],
    "sample-ar-02": ["واحة المنصف", "ماليزيا", "إندونيسيا"],
    "sample-ar-03": ["جامعة رأس المدرك"],
    "sample-ar-04": ["شباب الدلتا", "اتحاد المنزلة", "زياد أبو العطا"],
    "sample-ar-05": ["وادي السدر"],
    "sample-ar-06": ["هدى الصفدي", "جائزة الميناء", "«مناوبة الليل»"],
    "sample-ar-07": ["النيل الأبيض"],
    "sample-ar-08": ["«سوالفنا»"],
    "sample-ar-09": ["جزيرة الدر", "البحر الأحمر"],
    "sample-ar-10": ["تنيارك"],
    "sample-ar-11": ["نعيم القصاب"],
    "sample-ar-12": [],
    "sample-ar-13": ["فوزية بن غشير", "تيساروس"],
    "sample-ar-14": ["مرسى النوارس"],
    "sample-ar-15": ["تيزي الورد"],
    "sample-ar-16": ["السلطية", "«سنابل نت»"],
    "sample-ar-17": ["تل عتيقة", "«السمراء»"],
    "sample-ar-18": ["خليج الأصداف", "مسقط"],
    "sample-ar-19": ["سعيد باحكيم", "وادي السناء"],
    "sample-ar-20": ["آمنة الورغي", "مضيق الزهراء"],
}
