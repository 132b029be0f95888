"""The bundled weights write what they are known to write: token ids, greedy, float32.

After a change of the weights: ``python -m tests.models.test_seed`` from the checkout's root writes the new ids.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

from summarize.models.engine import Decoding, Task
from summarize.models.khulasa.engine import KhulasaEngine
from summarize.models.khulasa.weights import BUNDLED, Layout
from summarize.text import clean

DATA = Path(__file__).resolve().parent.parent / "data"
STORED = DATA / "iraq-coalition.outputs.json"
TASKS = [Task("summary", "ar"), Task("summary", "en"), Task("headline", "ar"), Task("headline", "en")]


def outputs() -> list[dict[str, object]]:
    engine = KhulasaEngine(Layout(BUNDLED), dtype=torch.float32)
    text = clean((DATA / "iraq-coalition.ar.txt").read_text(encoding="utf-8"))
    (row,) = engine.decode(engine.encode([text]), TASKS, Decoding(max_new_tokens=96))
    return [
        {"kind": task.kind, "language": task.language, "text": output.text, "ids": list(output.ids)}
        for task, output in zip(TASKS, row, strict=True)
    ]


def test_the_seed_comes_out_as_stored():
    assert outputs() == json.loads(STORED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    STORED.write_text(json.dumps(outputs(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
