"""Evidence: the right sentences, in the right places, found the way that the languages and the engine allow."""

from __future__ import annotations

import numpy as np

from summarize.checks import Document
from summarize.long.evidence import Finder, Written
from summarize.long.reading import Piece, Reading, whole
from summarize.models.engine import Attention

DOCUMENT = (
    "The harbour of Aden was closed on Monday. Two ships waited outside for 14 hours.\n"
    "A spokesman said that the cranes had failed. Repairs cost 3 million dollars, he added.\n"
    "Fishermen protested in the market. The governor promised to meet them on Sunday."
)
ARABIC = "أغلق ميناء عدن يوم الاثنين بعد عطل في الرافعات. وبلغت كلفة الإصلاح 3 ملايين دولار، بحسب المتحدث."


def at(piece: str) -> tuple[int, int]:
    start = DOCUMENT.index(piece)
    return start, start + len(piece)


def test_overlap_in_one_language():
    text = "Aden's harbour closed on Monday because cranes failed. Fishermen protested."
    found = Finder(DOCUMENT)([Written(text, text, True, whole(DOCUMENT))])
    first, second = found
    assert (first.start, first.end, first.method) == (0, 54, "overlap")
    assert [s.text for s in first.sources] == [
        "The harbour of Aden was closed on Monday.",
        "A spokesman said that the cranes had failed.",
    ]
    assert [(s.start, s.end) for s in first.sources] == [at(s.text) for s in first.sources]
    assert first.sources[0].score > first.sources[1].score > 0.1
    assert text[second.start : second.end] == "Fishermen protested."
    assert [s.text for s in second.sources] == ["Fishermen protested in the market."]


def test_arabic_words_meet_across_prefixes_and_endings():
    document = "أعلن الوزير إغلاق المدارس غداً. وقال سكان إن الطرق مغلقة."
    text = "المدرسة والطريق: قرار الوزير بإغلاق المدارس."
    (evidence,) = Finder(document)([Written(text, text, True, whole(document))])
    assert evidence.sources[0].text == "أعلن الوزير إغلاق المدارس غداً."


def test_only_what_was_read_is_evidence():
    start, end = at("Fishermen protested in the market.")
    reading = Reading(DOCUMENT[start:end], (Piece(0, end - start, (start, end)),), strategy="select")
    text = "The harbour of Aden was closed. Fishermen protested."
    first, second = Finder(DOCUMENT)([Written(text, text, True, reading)])
    assert (first.sources, first.method) == ((), "none")
    assert second.sources[0].start == start


def look(text: str, raw: str, rows: list[tuple[str, str]]) -> Attention:
    """Attention of words: each word of ``raw`` looks at the words of the source sentence that ``rows`` name."""
    spans = lambda t: tuple((m, m + len(w)) for w, m in _words(t))  # noqa: E731
    source, output = ((0, 0), *spans(text)), spans(raw)
    weights = np.full((len(output), len(source)), 0.001, dtype=np.float32)
    weights[:, 0] = 0.5
    for target, wanted in rows:
        a, b = raw.index(target), raw.index(target) + len(target)
        c, d = text.index(wanted), text.index(wanted) + len(wanted)
        for i, (s, e) in enumerate(output):
            for j, (u, v) in enumerate(source[1:], 1):
                if s >= a and e <= b and u >= c and v <= d:
                    weights[i, j] = 0.1
    return Attention(weights, source, output)


def _words(text):
    place = 0
    for word in text.split():
        place = text.index(word, place)
        yield word, place
        place += len(word)


def test_attention_across_languages():
    first = ARABIC.split(". ")[0]
    attention = look(DOCUMENT, ARABIC, [(first, "cranes had failed"), ("وبلغت كلفة الإصلاح", "Repairs cost 3 million")])
    found = Finder(DOCUMENT)([Written(ARABIC, ARABIC, False, whole(DOCUMENT), attention)])
    assert [e.method for e in found] == ["attention", "attention"]
    assert found[0].sources[0].text == "A spokesman said that the cranes had failed."
    assert found[1].sources[0].text == "Repairs cost 3 million dollars, he added."
    assert 0.5 < found[1].sources[0].score <= 1


def test_attention_survives_polishing_and_selection():
    start, end = at("Repairs cost 3 million dollars, he added.")
    read = "Fishermen protested in the market.\n" + DOCUMENT[start:end]
    a = at("Fishermen protested in the market.")
    reading = Reading(read, (Piece(0, a[1] - a[0], a), Piece(a[1] - a[0] + 1, len(read), (start, end))))
    raw = " بلغت كلفة الإصلاح 3 ملايين  دولار .".strip()
    attention = look(read, raw, [(raw, "Repairs cost 3 million")])
    (evidence,) = Finder(DOCUMENT)([Written("بلغت كلفة الإصلاح 3 ملايين دولار.", raw, False, reading, attention)])
    assert (evidence.sources[0].start, evidence.sources[0].end) == (start, end)


def test_attention_to_a_summary_of_chunks_leads_to_the_document():
    draft = "The cranes failed and repairs cost millions."
    reading = Reading(draft, (Piece(0, len(draft), at(DOCUMENT), copied=False),), 2, "reduce")
    attention = look(draft, ARABIC, [(ARABIC, "cranes failed")])
    found = Finder(DOCUMENT)([Written(ARABIC, ARABIC, False, reading, attention)])
    assert found[0].sources[0].text == "A spokesman said that the cranes had failed."


def test_numbers_and_names_where_the_engine_tells_nothing():
    findings = Document(DOCUMENT).check(ARABIC).findings
    found = Finder(DOCUMENT)([Written(ARABIC, ARABIC, False, whole(DOCUMENT))], findings)
    assert [e.method for e in found] == ["anchors", "anchors"]
    assert found[0].sources[0].text == "The harbour of Aden was closed on Monday."
    assert found[1].sources[0].text == "Repairs cost 3 million dollars, he added."


def test_portions_are_counted_on():
    one, two = "Fishermen protested.", "Repairs cost 3 million dollars."
    found = Finder(DOCUMENT)([Written(t, t, True, whole(DOCUMENT)) for t in (one, "", two)])
    joined = f"{one}\n{two}"
    assert [joined[e.start : e.end] for e in found] == [one, two]
