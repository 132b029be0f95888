"""What a wrong place of a translation was to be."""

from __future__ import annotations

import pytest

from summarize.checks import check
from summarize.checks.equivalents import correction, renamed
from summarize.checks.gazetteer import load


@pytest.mark.parametrize(
    ("word", "wrong", "right", "language", "found"),
    [
        ("Afghanistan", "Afghanistan", "Iraq", "en", "Iraq"),
        ("Afghan", "Afghanistan", "Iraq", "en", "Iraqi"),
        ("Afghans", "Afghanistan", "Iraq", "en", None),  # people: the lists do not correspond
        ("US", "United States", "Iraq", "en", None),  # a name, where Iraq has its adjective
        ("Iraqi", "Iraq", "United States", "en", None),
        ("French", "France", "Wales", "en", "Welsh"),
        ("Kabul", "Kabul", "Baghdad", "en", "Baghdad"),
        ("أستراليا", "Australia", "Scotland", "ar", "اسكتلندا"),
        ("بأستراليا", "Australia", "Scotland", "ar", "باسكتلندا"),
        ("لأستراليا", "Australia", "Iraq", "ar", "للعراق"),
        ("وأستراليا", "Australia", "Iraq", "ar", "والعراق"),
        ("الأسترالية", "Australia", "Scotland", "ar", "الاسكتلندية"),
        ("أسترالي", "Australia", "Iraq", "ar", "عراقي"),
        ("والأستراليين", "Australia", "Iraq", "ar", "والعراقيين"),
        ("ألمانيا", "Australia", "Iraq", "ar", None),
    ],
)
def test_renamed(word, wrong, right, language, found):
    places = load().concepts
    assert renamed(word, places[wrong], places[right], language) == found


SCOTLAND = "More than 1,400 children were treated badly in Scotland last year, the Scottish government has said."


@pytest.mark.parametrize(
    ("source", "text", "language", "found"),
    [
        (SCOTLAND, "عومل أكثر من 1,400 طفل معاملة سيئة في أستراليا العام الماضي.", "ar", (38, "اسكتلندا")),
        (SCOTLAND, "عومل أكثر من 1,400 طفل معاملة سيئة في اسكتلندا العام الماضي.", "ar", None),  # right
        # Both are said: the wrong one stands for neither.
        (SCOTLAND, "عومل 1,400 طفل معاملة سيئة في اسكتلندا وفي أستراليا.", "ar", None),
        # Two are missing: which of them is not plain.
        (SCOTLAND.replace("last year", "and Wales"), "عومل 1,400 طفل معاملة سيئة في البرازيل.", "ar", None),
        ("وقع الحادث في العراق.", "The accident happened in Afghanistan.", "en", (25, "Iraq")),
        ("وقع الحادث صباح اليوم.", "The accident happened in Afghanistan.", "en", None),
    ],
)
def test_correction(source, text, language, found):
    assert correction(text, check(source, text).alarms, source, language) == found
