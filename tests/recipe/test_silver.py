"""Silver pairs: the judge as a table, the making of pairs with a translator that knows a few sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from summarize.models.engine import Decoding, Memory, Output
from summarize.models.khulasa.recipe import silver
from summarize.models.khulasa.recipe.mix import load_mix, read_rows

pytest.importorskip("sacrebleu")

REFERENCE = "افتتح الأردن 12 مدرسة جديدة في عمان خلال عام 2019"
GOOD = "Jordan opened 12 new schools in Amman in 2019"


@pytest.mark.parametrize(
    ("candidate", "back", "why"),
    [
        (GOOD, REFERENCE, ""),
        ("Jordan opened 15 new schools in Amman in 2019", REFERENCE, "numbers or names"),
        ("Egypt opened 12 new schools in Amman in 2019", REFERENCE, "numbers or names"),
        (GOOD, "طقس جميل اليوم على الساحل", "round trip"),
        (REFERENCE, REFERENCE, "language"),
        ("Jordan, 2019", REFERENCE, "length"),
    ],
)
def test_judge(candidate, back, why):
    assert silver.judge(REFERENCE, candidate, back, "en").why == why


def test_judge_by_similarity():
    kept = silver.judge(REFERENCE, GOOD, REFERENCE, "en", similarity=lambda a, b: 0.9)
    dropped = silver.judge(REFERENCE, GOOD, REFERENCE, "en", similarity=lambda a, b: 0.5)
    assert (kept.why, kept.similarity, dropped.why) == ("", 0.9, "similarity")
    assert kept.round_trip == pytest.approx(100)


class Phrasebook:
    """An engine that translates by looking up; greedy looks in one book, beams in another."""

    def __init__(self, *books: dict[str, str]) -> None:
        self.books = books

    def encode(self, documents):
        return Memory((1,) * len(documents), (False,) * len(documents), list(documents))

    def decode(self, memory, tasks, decoding, constraint=None):
        assert {task.kind for task in tasks} == {"translation"}
        book = self.books[decoding.num_beams > 1]
        return [[Output((), book.get(text, "?"), True, 0.0)] for text in memory.state]


DOCUMENT = "تفاصيل كثيرة عن المدارس والطلاب في أحياء العاصمة. " * 12


def row(i: int, summary: str) -> dict:
    return {"id": f"r{i}", "source_lang": "ar", "target_lang": "ar", "document": DOCUMENT + summary, "summary": summary}


def test_pairs_are_made_judged_and_resumed(tmp_path: Path, data: Path):
    other = "أعلن مجلس المدينة عن خطة لزراعة الأشجار على ضفتي النهر"
    greedy = {REFERENCE: "Jordan opened 99 schools", "Jordan opened 99 schools": "كلام آخر", GOOD: REFERENCE}
    beams = {REFERENCE: GOOD}
    engine = Phrasebook(greedy, beams)
    out = tmp_path / "silver.jsonl"
    counts = silver.make_silver(engine, [row(1, REFERENCE), row(2, other)], out, batch=2)
    assert counts == {"kept": 1, "language": 1}
    (kept,) = read_rows(out)
    # The beams' translation won, and the reference rides along with it.
    assert kept["targets"] == [["summary", "en", GOOD], ["summary", "ar", REFERENCE]]
    assert kept["round_trip"] == 100.0
    assert silver.make_silver(engine, [row(1, REFERENCE)], out, batch=2) == {}
    assert len(list(read_rows(out))) == 1
    whole = out.read_bytes()
    out.write_bytes(whole + whole[:40])  # killed while it wrote
    assert silver.make_silver(engine, [row(1, REFERENCE)], out, batch=2) == {} and out.read_bytes() == whole
    (example,) = load_mix(data, silver=out)["silver"]
    assert example.targets[0] == ("summary", "en", GOOD)


def test_what_a_user_would_get_is_a_candidate_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(silver, "translated", lambda engine, texts, source, to, batch: [GOOD] * len(texts))
    engine = Phrasebook(
        {REFERENCE: "Jordan opened 99 schools", "Jordan opened 99 schools": "كلام آخر", GOOD: REFERENCE}
    )
    out, greedy = tmp_path / "silver.jsonl", silver.CANDIDATES[:1]
    assert silver.make_silver(engine, [row(1, REFERENCE)], out, candidates=greedy) == {"round trip": 1}
    assert silver.make_silver(engine, [row(1, REFERENCE)], out, candidates=greedy, in_use=True) == {"kept": 1}
    assert [kept["targets"][0][2] for kept in read_rows(out)] == [GOOD]


def test_references_leave_dev_documents_out(data: Path):
    rows = list(silver.references(data, ["ar/ant_bbc"]))
    assert rows and "leak" not in {r["id"] for r in rows}
    fewer = list(silver.references(data, ["ar/ant_bbc"], limit=3))
    assert 0 < len(fewer) <= 3 and all(r in rows for r in fewer)


def test_candidates_are_greedy_first():
    assert silver.CANDIDATES[0].num_beams == 1 and all(isinstance(d, Decoding) for d in silver.CANDIDATES)


def test_lead_that_gives_the_summary_away_is_removed(tmp_path: Path):
    lead = REFERENCE + "."
    document = lead + " " + "وقال مسؤول إن العمل بدأ قبل شهور في أحياء كثيرة من العاصمة. " * 12
    given = {**row(3, REFERENCE), "document": document}
    out = tmp_path / "s.jsonl"
    silver.make_silver(Phrasebook({REFERENCE: GOOD, GOOD: REFERENCE}), [given], out, candidates=silver.CANDIDATES[:1])
    (kept,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert REFERENCE not in kept["document"] and "وقال مسؤول" in kept["document"]
