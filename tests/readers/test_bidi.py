"""Drawn lines to reading order: literal tables."""

from __future__ import annotations

import pytest

from summarize.readers.bidi import is_rtl, looks_reversed, plain_letters, to_logical, with_right_brackets


def turned(text: str) -> str:
    return text[::-1]


@pytest.mark.parametrize(
    ("left_to_right", "logical"),
    [
        (turned("مرحبا بكم"), "مرحبا بكم"),
        ("." + turned(" نسمة") + "1,250,000" + turned("عددهم "), "عددهم 1,250,000 نسمة."),
        (turned(" قال") + "12/3/2023" + turned("يوم "), "يوم 12/3/2023 قال"),
        ("2023-3-12" + turned("يوم "), "يوم 12-3-2023"),  # between Arabic numbers a hyphen is neutral (rule W4)
        (turned(" نظام") + "Windows 11" + turned("على "), "على Windows 11 نظام"),
        (turned(" ثم") + "World Health Organization" + turned("منظمة "), "منظمة World Health Organization ثم"),
        (turned(" ثم") + "e-mail: a.b@c.org" + turned("عبر "), "عبر e-mail: a.b@c.org ثم"),
        ("(" + turned("أحمد") + ")" + turned("قال "), "قال (أحمد)"),
        (")" + turned("أحمد") + "(" + turned("قال "), "قال (أحمد)"),
        (turned(" إن") + "«" + turned("نعم") + "»" + turned("قال "), "قال «نعم» إن"),
        (turned(" حسب") + "%45.5" + turned("بنسبة "), "بنسبة 45.5% حسب"),
        ("٤٥" + turned("نحو "), "نحو ٤٥"),
    ],
)
def test_right_to_left_line(left_to_right: str, logical: str) -> None:
    assert to_logical(list(left_to_right), rtl=True) == logical


@pytest.mark.parametrize(
    ("left_to_right", "logical"),
    [
        ("plain words, 12 of them", "plain words, 12 of them"),
        ("The word " + turned("سلام") + " means peace", "The word سلام means peace"),
        ("He wrote " + turned("السلام عليكم") + ".", "He wrote السلام عليكم."),
        ("A " + turned("رقم 15 هنا").replace("51", "15") + " B", "A رقم 15 هنا B"),
    ],
)
def test_left_to_right_line(left_to_right: str, logical: str) -> None:
    assert to_logical(list(left_to_right), rtl=False) == logical


def test_ligatures_and_marks_stay_in_order() -> None:
    assert to_logical(["\u062f", "\u064f\u062d"[::-1], "لأ", "ا"], rtl=True) == "الأ\u062d\u064fد"
    assert plain_letters("\ufef7\ufe8d") == "لأا"
    assert plain_letters("ﷲ") == "الله"


def test_direction_and_reversal() -> None:
    assert is_rtl("قال UN أمس") and not is_rtl("He said نعم twice") and not is_rtl("123")
    assert looks_reversed(turned("أعلنت وزارة الصحة في المدينة"))
    assert not looks_reversed("أعلنت وزارة الصحة في المدينة")
    assert not looks_reversed("no Arabic at all")


def test_brackets_are_turned_only_when_wrong() -> None:
    assert with_right_brackets("قال )أحمد( إن") == "قال (أحمد) إن"
    assert with_right_brackets("قال (أحمد) إن") == "قال (أحمد) إن"
