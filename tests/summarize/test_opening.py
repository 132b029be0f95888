"""A summary that lost its verb."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from summarize.models.engine import Output
from summarize.opening import lost_opening, with_opening

MAN = "في لندن، قال الأطباء إنهم راجعوا حالته.\nتعافى رجل، كان قد خضع لعملية جراحية، من ألم مستمر بعد أن قفز في حوض."
SHIP = "لا تزال سفينة إنقاذ تحمل 629 مهاجرا في البحر المتوسط محاصرة بعد رفض الوزير الإيطالي الجديد."


@pytest.mark.parametrize(
    ("summary", "document", "opening"),
    [
        ("رجل، كان قد خضع لعملية جراحية، من ألم مستمر بعد أن قفز في حوض.", MAN, "تعافى"),
        ("رجل كان قد خضع لعملية من ألم مستمر. وراجع الأطباء حالته.", MAN, "تعافى"),
        ("سفينة إنقاذ تحمل 629 مهاجرا محاصرة بعد رفض الوزير الإيطالي.", SHIP, "لا تزال"),
        # Marks and spellings of letters do not matter; the document's are written.
        ("طالب لجوء عراقى على خلفية التفجير.", "أُدين طالب لجوء عراقي على خلفية التفجير.", "أُدين"),
        # The verb is there, elsewhere or changed: something was put in its place.
        ("رجل كان قد خضع لعملية تعافى من ألم مستمر.", MAN, ""),
        ("رجل كان قد خضع لعملية يتعافى من ألم مستمر.", MAN, ""),
        ("تعافى رجل كان قد خضع لعملية جراحية.", MAN, ""),
        # A place, a speaker or a tie before the sentence is no part of it.
        ("رويترز أعلنت أن الحرب انتهت.", "لندن - رويترز أعلنت أن الحرب انتهت.", ""),
        ("الحكومة قالت إنها لن تستقيل.", "لكن الحكومة قالت إنها لن تستقيل.", ""),
        # Three words say nothing.
        ("رجل من ألم.", "تعافى رجل من ألم مستمر.", ""),
        ("", MAN, ""),
        ("رجل كان قد خضع لعملية جراحية.", "", ""),
    ],
)
def test_what_was_lost(summary: str, document: str, opening: str) -> None:
    assert lost_opening(summary, document) == opening


@dataclass
class Speller:
    def spell(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]


def test_an_output_gets_it_back_with_its_ids() -> None:
    text = "رجل كان قد خضع لعملية من ألم مستمر."
    output = Output((1, 2), text, True, -0.5)
    assert with_opening(Speller(), output, MAN) == Output((*map(ord, " تعافى"), 1, 2), f"تعافى {text}", True, -0.5)
    assert with_opening(object(), output, MAN).ids == (1, 2)
    assert with_opening(Speller(), output, SHIP) is output
