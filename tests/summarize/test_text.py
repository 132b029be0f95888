"""Literal tables: text hygiene, sentences, languages, polish."""

from __future__ import annotations

import pytest

from summarize.errors import DocumentError, UsageError
from summarize.languages import detect, parse_languages, script_share
from summarize.polish import polish, without_repeats
from summarize.sentences import sentence_spans, split_sentences
from summarize.text import clean, count_words, tidy, unwrap


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain text", "plain text"),
        ("العـــراق", "العراق"),
        ("\u202bالعراق\u202c", "العراق"),
        ("\u2067mixed\u2069 \u200fنص\u200e", "mixed نص"),
        ("می\u200cخواهم", "میخواهم"),
        ("ﺍﻟﻌﺮﺍﻕ", "العراق"),
        ("ﻻ ﷲ", "لا الله"),
        ("cafe\u0301", "café"),
        ("ا\u0653ل", "آل"),
        ("a\u00a0b\tc  d", "a b c d"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one \n\n \n\n two", "one\n\ntwo"),
        ("\ufeffstart", "start"),
        ("soft\u00adhyphen", "softhyphen"),
        ("half \ud83d a pair", "half a pair"),
        ("bell\x07 and\x1b escape", "bell and escape"),
        ("كِتابٌ", "كِتابٌ"),  # vowel marks stay: they can tell words apart
        ("١٢٫٥", "١٢٫٥"),
        ("ﬁne", "ﬁne"),  # only Arabic presentation forms are folded
        ("para\u2029para\u2028line", "para\n\npara\nline"),
        ("", ""),
        ("  \n ", ""),
    ],
)
def test_clean(raw, expected):
    assert clean(raw) == expected
    assert clean(expected) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(" قال ، ثم", "قال، ثم"), ("He said .", "He said."), ("a\n\nb", "a b"), ("3 % of it", "3 % of it"), ("؟", "؟")],
)
def test_tidy(raw, expected):
    assert tidy(raw) == expected


def test_count_words():
    assert count_words("قال: نعم - 5 مرات.") == 4
    assert count_words("… — !") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("أولاً. ثانياً؟ ثالثاً!", ["أولاً.", "ثانياً؟", "ثالثاً!"]),
        ("قال د. سامي إن 2.5 مليون حضروا. انتهى.", ["قال د. سامي إن 2.5 مليون حضروا.", "انتهى."]),
        ("Mr. Smith met Dr. Jones. They spoke.", ["Mr. Smith met Dr. Jones.", "They spoke."]),
        ("J. K. Rowling wrote it. He read it.", ["J. K. Rowling wrote it.", "He read it."]),
        ("It rose 3.5% to $1.2bn. Fine.", ["It rose 3.5% to $1.2bn.", "Fine."]),
        ("At 5 p.m. The police came.", ["At 5 p.m.", "The police came."]),
        ("The U.S. Army left.", ["The U.S. Army left."]),
        ("He said no. The rest agreed.", ["He said no.", "The rest agreed."]),
        ("See No. 5 for more. Done.", ["See No. 5 for more.", "Done."]),
        ("On Sept. 11 it began. It ended.", ["On Sept. 11 it began.", "It ended."]),
        ("“Why?” he asked. “No.” She left.", ["“Why?” he asked.", "“No.”", "She left."]),
        ("قال: «لن أعود.» ثم غادر.", ["قال: «لن أعود.»", "ثم غادر."]),
        ("انتظر… ثم مضى؛ وعاد، ونام.", ["انتظر…", "ثم مضى؛ وعاد، ونام."]),
        ("wait... what", ["wait... what"]),
        ("Visit bbc.co.uk or call. Bye.", ["Visit bbc.co.uk or call.", "Bye."]),
        ("Title\nBody text", ["Title", "Body text"]),
        ("1. First point\n2. Second point", ["1. First point", "2. Second point"]),
        ("العنوان\n\nالفقرة الأولى. الثانية.", ["العنوان", "الفقرة الأولى.", "الثانية."]),
        ("no end", ["no end"]),
        ("عاش سنة 332 ق . م . ومات سنة 300 ق . م .", ["عاش سنة 332 ق . م .", "ومات سنة 300 ق . م ."]),
        ("قامت عام 1952 م. وانتهت.", ["قامت عام 1952 م.", "وانتهت."]),
        ("قال د . سامي و م. علي ذلك . انتهى .", ["قال د . سامي و م. علي ذلك .", "انتهى ."]),
        ("قتله ن. ع. في بيته. هرب.", ["قتله ن. ع. في بيته.", "هرب."]),
        ("في يوليو الماضي.لكن المحللين رأوه .وتابع قائلا", ["في يوليو الماضي.", "لكن المحللين رأوه .", "وتابع قائلا"]),
        ("نقلت سي.إن.بي.سي والعربية.نت الخبر عن إر.تي.إل أمس", ["نقلت سي.إن.بي.سي والعربية.نت الخبر عن إر.تي.إل أمس"]),
        ("هل انتهى؟نعم انتهى", ["هل انتهى؟", "نعم انتهى"]),
        (
            "It cost more each day.In Utah it fell. See Jonathan.Amos or asp.net now.",
            ["It cost more each day.", "In Utah it fell.", "See Jonathan.Amos or asp.net now."],
        ),
        ("أولا. 4. هل بقي؟ نعم", ["أولا.", "4. هل بقي؟", "نعم"]),
        ("The end.\n------\n* * *\nThe start ... ?", ["The end.", "The start ... ?"]),
        ("هل هذا صحيح ؟ ؟ نعم .", ["هل هذا صحيح ؟ ؟", "نعم ."]),
        ("", []),
        ("...", []),
        (" \n ", []),
    ],
)
def test_sentences(text, expected):
    assert split_sentences(text) == expected
    assert [text[a:b] for a, b in sentence_spans(text)] == expected


WRAPPED = """CHAPTER I

The harbour had been quiet since the spring, and nobody who lived on
the eastern side of it could remember when the last of the big ships
had left. The keeper of the light, whose name was Amos Reed, wrote in
his book every evening that nothing had been seen.

    It was in the last week of October that he wrote another line, and
the hand that wrote it was not as steady as it had been on all of the
days before. A sail had come round the northern cape, he said, and it
was grey.

Of all that went
before the storm
I keep the sound"""


def test_lines_of_a_hard_wrapped_text_are_joined_and_verse_is_left():
    text = unwrap(clean(WRAPPED))
    assert text.split("\n\n")[1].startswith("The harbour had been quiet since the spring, and nobody who lived on the")
    assert [len(block.split("\n")) for block in text.split("\n\n")] == [1, 1, 1, 3]
    assert len(split_sentences(text)) == 8
    lines = "\n".join(f"The minister said on day {i} that the talks with the neighbours would go on." for i in range(9))
    assert unwrap(lines) == lines
    assert unwrap("a\nb\n\nc") == "a\nb\n\nc"


def test_sentences_of_a_hostile_text_take_no_longer_than_of_any_other():
    for unit, count in ((".", 0), (". ", 0), ("Go. ", 300_000), ("1. ", 2), ("م .", 1), ('""""".', 0)):
        assert len(split_sentences(unit * 300_000)) == count, unit


ENGLISH = "The government said that it would not be able to meet the target which it had set for itself in the spring. "
FRENCH = "Le gouvernement a déclaré qu'il ne serait pas en mesure de tenir les objectifs fixés au printemps dernier. "
PERSIAN = "دولت می‌گوید که نمی‌تواند به هدفی که در بهار برای خود تعیین کرده بود برسد و چاره‌ای پیدا کند. "


@pytest.mark.parametrize(
    ("text", "language", "doubt"),
    [
        (ENGLISH * 4, "en", None),
        ("أعلنت الحكومة أنها لن تتمكن من بلوغ الهدف. " * 4, "ar", None),
        ("قال NATO إن BBC و CNN نشرتا الخبر في صحيفة The Times أمس، وأضاف المتحدث أن الأمر انتهى تماما.", "ar", None),
        ("The word كتاب means book.", "en", None),
        (FRENCH * 4, "en", "does not look like English"),
        (PERSIAN * 4, "ar", "Persian"),
    ],
)
def test_detect(text, language, doubt):
    found = detect(text)
    assert found.language == language
    assert (doubt in found.doubt) if doubt else found.doubt is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Правительство заявило, что цель не будет достигнута.", "neither Arabic nor English.*Cyrillic"),
        ("政府表示无法实现目标。", "neither Arabic nor English"),
        ("12345 67.8 -- !!", "no letters"),
    ],
)
def test_neither_language(text, message):
    with pytest.raises(DocumentError, match=message):
        detect(text)


def test_script_share():
    assert script_share("نعم yes", "ar") == 0.5
    assert script_share("123", "en") == 1.0


def test_parse_languages():
    assert parse_languages("ar, en,AR") == ("ar", "en")
    assert parse_languages(["en"]) == ("en",)
    with pytest.raises(UsageError, match="'fr' is not a language .* choose from ar, en"):
        parse_languages("ar,fr")
    with pytest.raises(UsageError, match="no language"):
        parse_languages(",")


@pytest.mark.parametrize(
    ("text", "language", "complete", "expected", "warning"),
    [
        (" A whole sentence. ", "en", True, "A whole sentence.", None),
        ("One is whole. The next is cut in the", "en", False, "One is whole.", "left out"),
        ("It never comes to an end and", "en", False, "It never comes to an end and…", "middle of a sentence"),
        ("Whole at the limit.", "en", False, "Whole at the limit.", None),
        ("جملة أولى. جملة أولى. ثانية.", "ar", True, "جملة أولى. ثانية.", None),
        ("The same. The same! Other.", "en", True, "The same. Other.", None),
        ("نص بالعربية.", "en", True, "نص بالعربية.", "not in English"),
        ("  ", "en", True, "", "wrote nothing"),
    ],
)
def test_polish(text, language, complete, expected, warning):
    result, warnings = polish(text, language, complete)
    assert result == expected
    assert (len(warnings) == 1 and warning in warnings[0]) if warning else warnings == ()


def test_without_repeats_keeps_marks_alone():
    assert without_repeats(["A.", "…", "…", "a"]) == ["A.", "…", "…"]
