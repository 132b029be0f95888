"""The bundled model on a document longer than it may read, and where its decoder looked."""

from __future__ import annotations

import numpy as np
import pytest

from summarize import Summarizer
from summarize.long.evidence import Finder, Written
from summarize.long.reading import whole
from summarize.models.engine import Task
from summarize.text import clean

PAIRS = [
    ("The city council approved a new bridge over the river on Tuesday.",
     "وافق مجلس المدينة يوم الثلاثاء على جسر جديد فوق النهر."),
    ("Doctors at the hospital treated 14 people who had eaten spoiled fish.",
     "عالج الأطباء في المستشفى 14 شخصا تناولوا أسماكا فاسدة."),
    ("The national football team lost to Portugal in the last minute.",
     "خسر المنتخب الوطني لكرة القدم أمام البرتغال في الدقيقة الأخيرة."),
    ("Prices of wheat and oil rose again because of the drought.",
     "ارتفعت أسعار القمح والنفط مجددا بسبب الجفاف."),
    ("A museum in Cairo opened a hall for ancient musical instruments.",
     "افتتح متحف في القاهرة قاعة للآلات الموسيقية القديمة."),
    ("Police arrested two men who had stolen a truck full of telephones.",
     "اعتقلت الشرطة رجلين سرقا شاحنة مليئة بالهواتف."),
]  # fmt: skip


@pytest.fixture(scope="module")
def bundled():
    return Summarizer()


@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 0)])
def test_the_decoder_looks_at_the_sentence_that_it_translates(bundled, source, target):
    engine = bundled.engine
    document = " ".join(pair[source] for pair in PAIRS)
    chosen = [PAIRS[i] for i in (1, 3, 4)]
    text = " ".join(pair[target] for pair in chosen)
    ids = engine.sp.encode(text)
    task = Task("summary", ("en", "ar")[target], "long")
    attention = engine.attention(engine.encode([document]), 0, task, ids, document)
    assert (
        attention.weights.shape == (len(ids), engine.count(document)) == (len(attention.output), len(attention.source))
    )
    assert np.all(attention.weights >= 0) and np.all(attention.weights.sum(axis=1) <= 1.001)
    assert (attention.source[-1][1], attention.output[-1][1]) == (len(document), len(text))
    found = Finder(document)([Written(text, text, False, whole(document), attention)])
    assert [e.sources[0].text for e in found] == [pair[source] for pair in chosen]


def test_selection_and_evidence_of_the_seed(bundled, seed_text):
    limit, bundled.engine.limit = bundled.engine.limit, 300
    try:
        result = bundled(seed_text, evidence=True)
    finally:
        bundled.engine.limit = limit
    assert not result.truncated and result.chunks == 1 and 200 < result.source_tokens <= 300
    assert "the summary rests on" in result.warnings[0]
    document = clean(seed_text)
    for summary, method in ((result["ar"], "overlap"), (result["en"], "attention")):
        assert summary.evidence and {e.method for e in summary.evidence} == {method}
        for evidence in summary.evidence:
            assert summary.text[evidence.start : evidence.end] == evidence.text
            assert all(document[s.start : s.end] == s.text and 0 < s.score <= 1 for s in evidence.sources)
