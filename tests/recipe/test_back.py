"""Back-translation: which sentences are taken, which pairs are kept, going on after a kill."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from summarize.models.engine import Memory, Output
from summarize.models.khulasa.recipe import back
from summarize.models.khulasa.recipe.mix import load_mix, read_rows

HUMAN = "افتتح الأردن 12 مدرسة جديدة في عمان خلال عام 2019"
GOOD = "Jordan opened 12 new schools in Amman in 2019"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (GOOD, ""),
        ("Jordan opened 15 new schools in Amman in 2019", "numbers"),
        ("Egypt opened 12 new schools in Amman in 2019", "numbers or names"),
        (HUMAN, "language"),
        ("Jordan, 2019", "length"),
    ],
)
def test_fit(source, why):
    assert back.fit(HUMAN, source, "en") == why


class Phrasebook:
    """An engine that translates one sentence; counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def count(self, text):
        return len(text.split())

    def encode(self, documents):
        self.asked += documents
        return Memory((1,) * len(documents), (False,) * len(documents), list(documents))

    def decode(self, memory, tasks, decoding, constraint=None):
        assert [(task.kind, task.language) for task in tasks] == [("translation", "en")]
        return [[Output((), GOOD if text == HUMAN else "?", True, 0.0)] for text in memory.state]


def test_pairs_are_kept_and_a_killed_run_goes_on(tmp_path: Path, data: Path):
    out = tmp_path / "back.jsonl"
    rows = [{"id": f"r{i}", "text": HUMAN if i % 4 == 0 else "جملة لا يعرفها"} for i in range(20)]
    engine = Phrasebook()
    killed = back.make_back(engine, rows[:16], "ar", out, batch=2)  # 8 batches of 2 are one stretch
    assert killed == {"kept": 4, "language": 12}
    whole = out.read_bytes()
    out.write_bytes(whole + whole[:30])  # killed while it wrote
    (tmp_path / "back.jsonl.ar.at").write_text("14")  # and before it wrote how far it was
    assert back.make_back(engine, rows, "ar", out, batch=2) == {"kept": 1, "language": 5}
    assert [row["id"] for row in read_rows(out)] == ["r0", "r4", "r8", "r12", "r16"] and len(engine.asked) == 22
    examples = load_mix(data, back=out)["back"]
    # The human sentence is what is learnt; some sources are read with names.
    assert [example.targets for example in examples] == [(("translation", "ar", HUMAN),)] * 5
    # What the model made is marked as such.
    assert all(f"\n{example.document}".endswith(f"\n(~)\n{GOOD}") for example in examples)
    assert any(example.document.startswith("(Jordan = الأردن; Amman = عمان") for example in examples)


def test_sentences_are_of_training_documents_only(tmp_path: Path):
    def document(word: str) -> str:
        return "\n".join(" ".join(f"{word}{chr(0x628 + i)}{chr(0x628 + j)}" for j in range(10)) + "." for i in range(6))

    rows = [{"id": word, "document": document(word), "summary": None} for word in ("سمير", "نبيل", "ليلى")]
    (tmp_path / "ar").mkdir()
    for name, some in (("ant_bbc", rows), ("dev", rows[2:])):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some)
        (tmp_path / "ar" / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    found = list(back.sentences(tmp_path, "ar"))
    assert {one["id"].split("#")[0] for one in found} == {"سمير", "نبيل"} and len(found) == 4
    assert list(back.sentences(tmp_path, "ar")) == found
    assert list(islice(back.sentences(tmp_path, "ar", seed=1), 4)) != found
