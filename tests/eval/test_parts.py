"""Normalisers, tokenizers, stemmers, splitters; and the Arabic scores, literally."""

from __future__ import annotations

import math
import re

import pytest

from summarize.errors import UsageError
from summarize.eval.data import load_examples
from summarize.eval.parts import (
    NORMALIZERS,
    STEMMERS,
    TOKENIZERS,
    arabic_share,
    guess_language,
    normalize_marks,
    normalize_v1,
)
from summarize.eval.porter import porter_stem
from summarize.eval.rouge import Rouge

FORMS = [
    # what, text, marks, v1
    ("short vowels", "كَتَبَ الوَلَدُ", "كتب الولد", "كتب الولد"),
    ("shadda and tanwin", "مُحَمَّدٌ", "محمد", "محمد"),
    ("superscript alef", "هٰذا", "هذا", "هذا"),
    ("Quranic marks", "ٱلۡحَمۡدُ لِلَّهِۖ", "ٱلحمد لله", "الحمد لله"),
    ("tatweel", "العـــراق", "العراق", "العراق"),
    ("alef with hamza", "أحمد إبراهيم", "أحمد إبراهيم", "احمد ابراهيم"),
    ("alef with madda", "آخر", "آخر", "اخر"),
    ("alef and hamza, decomposed", "ا\u0654حمد", "أحمد", "احمد"),
    ("hamza carriers", "مؤتمر رئيس", "مؤتمر رئيس", "موتمر رييس"),
    ("hamza by itself", "سماء", "سماء", "سماء"),
    ("ta marbuta", "مدرسة", "مدرسة", "مدرسه"),
    ("alef maqsura", "مستشفى", "مستشفى", "مستشفي"),
    ("Persian letters", "کتاب علی", "کتاب علی", "كتاب علي"),
    ("Arabic-Indic digits", "١٢٣", "١٢٣", "123"),
    ("extended digits", "۴۵۶", "۴۵۶", "456"),
    ("presentation forms", "\ufee3\ufea4\ufee4\ufeaa", "\ufee3\ufea4\ufee4\ufeaa", "محمد"),
    ("lam-alef ligature", "\ufef9", "\ufef9", "لا"),
    ("mark as presentation form", "م\ufe78حمد", "محمد", "محمد"),
    ("zero-width joiners", "بغ\u200dد\u200cاد", "بغداد", "بغداد"),
    ("direction marks", "\u202bبغداد\u202c\u200f", "بغداد", "بغداد"),
    ("byte order mark, soft hyphen", "\ufeffبغ\u00adداد", "بغداد", "بغداد"),
    ("upper case", "BBC عربي", "bbc عربي", "bbc عربي"),
    ("Latin accents", "Cafe\u0301", "café", "café"),
    ("a capital whose small letter has a mark", "\u0130zmir", "izmir", "izmir"),
]


@pytest.mark.parametrize(("text", "marks", "v1"), [f[1:] for f in FORMS], ids=[f[0] for f in FORMS])
def test_normal_forms(text: str, marks: str, v1: str) -> None:
    assert normalize_marks(text) == marks
    assert normalize_v1(text) == v1


@pytest.mark.parametrize("name", ["marks", "v1"])
def test_normalising_twice_changes_nothing(name: str) -> None:
    for _, text, *_ in FORMS:
        once = NORMALIZERS[name](text)
        assert NORMALIZERS[name](once) == once


# Two spellings of the same words: every score is 1, and the counts are those of the reference with itself.
EQUAL = [
    ("equal", "أعلن الوزير القرار", "أعلن الوزير القرار"),
    ("marks", "أَعْلَنَ الوَزِيرُ القَرارَ", "أعلن الوزير القرار"),
    ("tatweel", "أعلــن الوزيــر القرار", "أعلن الوزير القرار"),
    ("alef and hamza", "اعلن الوزير الي الإتحاد", "أعلن الوزير إلى الاتحاد"),
    ("hamza on waw and ya", "موتمر رييس", "مؤتمر رئيس"),
    ("ta marbuta", "مدرسه كبيره", "مدرسة كبيرة"),
    ("alef maqsura", "مستشفي علي", "مستشفى على"),
    ("digits", "قتل ٢٥ شخصا", "قتل 25 شخصا"),
    ("separators", "١٬٢٣٤٫٥", "1,234.5"),
    ("presentation forms", "\ufee3\ufea4\ufee4\ufeaa ﻻ", "محمد لا"),
    ("Arabic punctuation", "قال: نعم، هل؟ لا؛ «ربما»", "قال نعم هل لا ربما"),
    ("Latin punctuation", 'قال, نعم. (هل) "لا"', "قال نعم هل لا"),
    ("Quranic marks", "بِسۡمِ ٱللَّهِ", "بسم الله"),
    ("joiners", "بغ\u200dداد عاصمة\u200c العراق", "بغداد عاصمة العراق"),
]


@pytest.mark.parametrize(("hyp", "ref"), [e[1:] for e in EQUAL], ids=[e[0] for e in EQUAL])
def test_spellings_that_are_the_same(hyp: str, ref: str) -> None:
    scores = Rouge(("rouge1", "rouge2", "rougeL", "rougeLsum"), lang="ar").score(hyp, ref)
    assert all(score == (1, 1, 1) for score in scores.values())


# Hypothesis, reference, ROUGE-1, ROUGE-2, ROUGE-L F1, by hand from the counts in the last column:
# matches / words of the hypothesis / words of the reference.
SCORES = [
    ("other digits", "قتل ٢٦ شخصا", "قتل 25 شخصا", 2 / 3, 0, 2 / 3, "2/3/3 0/2/2 2/3/3"),
    ("mixed script", "أعلنت Google في دبي", "أعلنت google في القاهرة", 3 / 4, 2 / 3, 3 / 4, "3/4/4 2/3/3 3/4/4"),
    ("empty hypothesis", "", "أعلن الوزير", 0, 0, 0, "0/0/2"),
    ("empty reference", "أعلن الوزير", "", 0, 0, 0, "0/2/0"),
    ("both empty", "", "", 0, 0, 0, "0/0/0"),
    ("punctuation only", "؟!", "أعلن", 0, 0, 0, "0/0/1"),
    ("disjoint", "سافر الرئيس", "أعلن الوزير", 0, 0, 0, "0/2/2 0/1/1 0/2/2"),
    # الوزير أعلن القرار / أعلن الوزير القرار: all words, no pair in common, subsequence of 2
    ("order", "الوزير أعلن القرار", "أعلن الوزير القرار", 1, 0, 2 / 3, "3/3/3 0/2/2 2/3/3"),
    # 2 of 2 words against 4: P 1, R 1/2, F 2/3; pairs 1 of 1 against 3: P 1, R 1/3, F 1/2
    ("shorter", "أعلن الوزير", "أعلن الوزير القرار الجديد", 2 / 3, 1 / 2, 2 / 3, "2/2/4 1/1/3 2/2/4"),
    # the second "قال" has no partner: P 1/2, R 1, F 2/3
    ("repeated word", "قال قال", "قال", 2 / 3, 0, 2 / 3, "1/2/1 0/1/0 1/2/1"),
    # the article's and the conjunction's letters belong to the word: وقال is not قال
    ("clitics", "وقال الرجل", "قال رجل", 0, 0, 0, "0/2/2 0/1/1 0/2/2"),
]


@pytest.mark.parametrize(("hyp", "ref", "r1", "r2", "rl"), [s[1:6] for s in SCORES], ids=[s[0] for s in SCORES])
def test_arabic_scores(hyp: str, ref: str, r1: float, r2: float, rl: float) -> None:
    scores = Rouge(lang="ar").score(hyp, ref)
    assert scores["rouge1"].f1 == pytest.approx(r1, abs=1e-12)
    assert scores["rouge2"].f1 == pytest.approx(r2, abs=1e-12)
    assert scores["rougeL"].f1 == pytest.approx(rl, abs=1e-12)


RAW = [
    ("marks do not count", "أَعلنَ الوزيرُ", "أعلن الوزير", 1.0),
    ("alef forms count", "اعلن الوزير", "أعلن الوزير", 0.5),
    ("ta marbuta counts", "مدرسه", "مدرسة", 0.0),
    ("digits' script counts", "٢٥ شخصا", "25 شخصا", 0.5),
]


@pytest.mark.parametrize(("hyp", "ref", "expected"), [r[1:] for r in RAW], ids=[r[0] for r in RAW])
def test_raw_arabic_scores(hyp: str, ref: str, expected: float) -> None:
    assert Rouge(("rouge1",), lang="ar", norm="marks").score(hyp, ref)["rouge1"].f1 == expected


def test_arabic_lsum_splits_at_arabic_marks() -> None:
    # Sentences: (هل عاد الرئيس؟)(عاد اليوم.) against (عاد اليوم.)(هل عاد الرئيس؟): each sentence is found whole,
    # where the plain LCS finds هل عاد الرئيس (3 of 5) only.
    hyp, ref = "هل عاد الرئيس؟ سافر اليوم.", "سافر اليوم. هل عاد الرئيس؟"
    scores = Rouge(lang="ar").score(hyp, ref)
    assert scores["rougeLsum"].f1 == 1.0
    assert scores["rougeL"].f1 == pytest.approx(3 / 5)


def test_arabic_stemming() -> None:
    pytest.importorskip("snowballstemmer")
    plain, stemmed = Rouge(("rouge1",), lang="ar"), Rouge(("rouge1",), lang="ar", stem="snowball-ar")
    assert plain.score("كتابها", "الكتاب")["rouge1"].f1 == 0
    assert stemmed.score("كتابها", "الكتاب")["rouge1"].f1 == 1


def test_arabic_stemmer_keeps_no_state() -> None:
    pytest.importorskip("snowballstemmer")
    from summarize.eval.parts import _snowball

    words = [w for e in load_examples("sample") for w in TOKENIZERS["uni"](normalize_v1(e.document))][:3000]
    stem = STEMMERS["snowball-ar"]
    assert stem is not None
    first = [stem(w) for w in words]
    _snowball.cache_clear()
    assert [stem(w) for w in reversed(words)][::-1] == first


def test_porter_is_nltks() -> None:
    nltk = pytest.importorskip("nltk.stem.porter")
    theirs = nltk.PorterStemmer()
    words = {w for e in load_examples("sample") for w in re.findall("[a-z0-9]+", e.document.lower())}
    suffixes = (
        "s es ies ied ed eed ing ly y ational tional enci izer bli alli entli eli ization ator alism iveness fulness "
        "ousness aliti biliti fulli logi icate ative alize ical ful ness ement ment ion ous ize ll e"
    ).split()
    stems = "a be cry play syzyg relat condit hop fail fall fizz agre tr yy bb geo control 19th covid y".split()
    words |= {stem + suffix for stem in stems for suffix in suffixes}
    words |= {stem + a + b for stem in stems for a in suffixes[:8] for b in suffixes}
    words |= set("skies dying lying tying news innings outing howe proceed exceed succeed dies flies".split())
    wrong = [
        (w, theirs.stem(w), porter_stem(w)) for w in sorted(words) if len(w) > 3 and porter_stem(w) != theirs.stem(w)
    ]
    assert len(words) > 4000
    assert not wrong


def test_language_is_told_by_letters() -> None:
    assert guess_language("أعلنت Google اليوم") == "ar"
    assert guess_language("The word كتاب means book") == "en"
    assert math.isnan(arabic_share("123"))
    assert arabic_share("abc") == 0.0
    assert arabic_share("سلام") == 1.0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"norm": "v9"}, "'v9' is not a known normaliser; choose from lower, marks, v1"),
        ({"tok": "words"}, "'words' is not a known tokenizer; choose from rouge, uni, space, char"),
        ({"stem": "light"}, "'light' is not a known stemmer; choose from no, porter, snowball-ar, snowball-en"),
        ({"split": "x"}, "'x' is not a known sentence splitter; choose from khulasa, newline"),
        ({"lang": "fr"}, "'fr' is not a known language; choose from ar, en, auto"),
        ({"refs": "max"}, "'max' is not a known way with references; choose from best, mean"),
        ({"types": ("rouge0",)}, "'rouge0' is not a ROUGE type; choose from rouge1 to rouge9, rougeL, rougeLsum"),
    ],
)
def test_unknown_parts_are_refused_with_the_choices(setting: dict, message: str) -> None:
    with pytest.raises(UsageError) as error:
        Rouge(**setting)
    assert str(error.value) == message
