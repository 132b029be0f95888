"""Sequence-level training: candidates and their rewards, the expected reward and its gradient, learning from it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from summarize.errors import UsageError
from summarize.models.engine import Memory, Output, Task
from summarize.models.khulasa.recipe import candidates as made
from summarize.models.khulasa.recipe.config import TrainConfig
from summarize.models.khulasa.recipe.curves import read_curves
from summarize.models.khulasa.recipe.loop import train
from summarize.models.khulasa.recipe.mix import Example, load_mix, read_rows
from summarize.models.khulasa.recipe.pack import Encoded, build_pack
from summarize.models.khulasa.recipe.packed import PackedModel
from summarize.models.khulasa.recipe.risk import expected_reward, pack_loss
from summarize.models.khulasa.recipe.run import load_examples, save_examples
from summarize.models.khulasa.recipe.stream import Stage, encode_example

DOCUMENT = "The council of Amman approved 12 new schools on Monday. The mayor said that work starts in 2025."
REFERENCE = "Amman approved 12 new schools"
SUMMARY = Task("summary", "en")


def test_reward_is_agreement_less_alarms():
    assert made.reward(SUMMARY, REFERENCE, REFERENCE, DOCUMENT) == 1.0
    # ROUGE-1 and -L 4 of 5 words, ROUGE-2 2 of 4 pairs, and a number that the document lacks.
    wrong = made.reward(SUMMARY, "Amman approved 15 new schools", REFERENCE, DOCUMENT)
    assert wrong == pytest.approx((0.8 + 0.5 + 0.8) / 3 - made.ALARM)
    assert made.reward(SUMMARY, "وافقت عمان على 12 مدرسة", REFERENCE, DOCUMENT) == 0.0
    same = made.reward(Task("translation", "ar"), "وافقت عمان على 12 مدرسة", "وافقت عمان على 12 مدرسة", DOCUMENT)
    assert same == pytest.approx(1.0)


def test_items_are_drawn_by_seed_and_grow():
    parts = {"a": [Example(str(i), (("summary", "en", "word " * i),)) for i in range(1, 80)], "b": []}
    few, more = (list(made.items(parts, {"a": n, "b": 3, "c": 3})) for n in (5, 9))
    assert more[:5] == few and len({item.id for item in more}) == 9
    assert all(parts["a"][int(item.id[2:])] == item.example for item in more)
    assert list(made.items(parts, {"a": 9}, seed=1)) != more
    assert {item.task.length for item in made.items(parts, {"a": 79})} == {"short", "medium", "long"}
    assert made.numbers(["a=3", "b=10"]) == {"a": 3, "b": 10}
    with pytest.raises(UsageError, match="'a3' is not of the form PART=NUMBER"):
        made.numbers(["a3"])


class Parrot:
    """An engine whose candidates for a document are fixed; counts what it was asked."""

    def __init__(self, outputs: dict[str, list[Output]]) -> None:
        self.outputs, self.asked, self.sp = outputs, [], self

    def encode(self, documents):
        if isinstance(documents, str):  # as a tokenizer
            return documents.split()
        self.asked += documents
        return Memory((1,) * len(documents), (False,) * len(documents), list(documents))

    def count(self, text):
        return len(text.split())

    def candidates(self, memory, tasks, decoding, constraint=None):
        assert decoding.several and tasks == [SUMMARY]
        return [[self.outputs[text]] for text in memory.state]


def test_candidates_are_written_and_a_killed_run_goes_on(tmp_path: Path, data: Path):
    def output(text: str, finished: bool = True) -> Output:
        return Output((), text, finished, 0.0)

    good, bad = output(REFERENCE), output("Nobody knows")
    spread, level = f"{DOCUMENT} One.", f"{DOCUMENT} Two."
    engine = Parrot({spread: [good, bad, good, output("Amman", False), output("")], level: [bad, output("Who knows")]})
    chosen = [
        made.Item(f"xsum:{i}", Example(spread if i % 2 else level, (("summary", "en", REFERENCE),))) for i in range(6)
    ]
    out = tmp_path / "candidates.jsonl"
    assert made.make_candidates(engine, chosen[:4], out, batch=2) == {"kept": 2, "no spread": 2, "there": 0}
    whole = out.read_bytes()
    out.write_bytes(whole + whole[:40])  # killed while it wrote
    assert made.make_candidates(engine, chosen, out, batch=2) == {"kept": 1, "no spread": 1, "there": 4}
    assert sorted(row["id"] for row in read_rows(out)) == [f"xsum:{i}" for i in range(6)] and len(engine.asked) == 6
    examples = load_mix(data, candidates=out)["candidates"]
    wanted = Example(spread, (("summary", "en", REFERENCE),), ((REFERENCE, 1.0), ("Nobody knows", 0.0)))
    assert examples == [wanted] * 3
    save_examples({"candidates": examples}, tmp_path / "mix.jsonl")
    assert load_examples(tmp_path / "mix.jsonl") == {"candidates": examples}
    (tmp_path / "old.jsonl").write_text(json.dumps(["a", "b", [["summary", "en", "c"]]]) + "\n")
    assert load_examples(tmp_path / "old.jsonl") == {"a": [Example("b", (("summary", "en", "c"),))]}


def test_expected_reward_by_hand():
    # Example 0: a reference and two candidates of 1 and 2 tokens; example 1: a reference; example 2: two candidates.
    target = torch.tensor([0, 1, 2, 2, 3, 4, 5])
    worth = torch.tensor([math.nan, 0.2, 0.6, math.nan, 1.0, 0.0])
    owner = torch.tensor([0, 0, 0, 1, 2, 2])
    losses = torch.tensor([9.0, 1.0, 2.0, 4.0, 9.0, 0.5, 0.5], requires_grad=True)
    gained, sizes = expected_reward(losses, target, worth, owner, sharpness=0.5)
    likely = [math.exp(-0.5 * 1.0), math.exp(-0.5 * 3.0)]  # mean nats a token are 1 and 3
    expected = (likely[0] * 0.2 + likely[1] * 0.6) / sum(likely)
    assert gained.tolist() == pytest.approx([expected - 0.4, 0.0]) and sizes.tolist() == [1.5, 1.0]
    gained.sum().backward()
    # Gaining means: the better candidate likelier, the worse one less likely; references are not touched.
    assert losses.grad[0] == losses.grad[4] == 0 and losses.grad[1] > 0 > losses.grad[2] == losses.grad[3]


CANDIDATES = Example("b letter", (("summary", "en", "bbb"),), (("bxb", 0.3), ("ccc", 0.0), ("bbx", 0.9)))


def test_pack_loss(tiny_tensors, tiny_config, characters):
    model = PackedModel(tiny_tensors, tiny_config, 0, torch.float32, compile=False)
    one = encode_example(CANDIDATES, characters, 40, 20)
    assert len(one.targets) == 4 and len({asked for asked, _ in one.targets}) == 1 and one.worth == (0.3, 0.0, 0.9)
    other = Encoded((2, 6), (((20, 21), (33, 1)),))
    pack = build_pack([other, one], tiny_config.window)
    assert pack.owner.tolist() == [0, 1, 1, 1, 1] and pack.worth.isnan().tolist() == [True, True, False, False, False]
    losses = model.token_losses(pack).detach()
    loss = pack_loss(model, pack, 8.0, 5.0)
    assert loss.references == 2 + 5 and loss.sets == 1 and loss.tokens == 7 + 5
    assert loss.cross_entropy == pytest.approx(float(losses[:7].sum()), rel=1e-5)
    assert float(loss.total) == pytest.approx(loss.cross_entropy - 5.0 * 5 * loss.gained, rel=1e-5)
    plain = pack_loss(model, build_pack([other], tiny_config.window), 8.0, 5.0)
    assert float(plain.total) == pytest.approx(float(losses[:2].sum()), rel=1e-5) and plain.sets == 0


def test_training_raises_the_expected_reward(tmp_path, tiny_tensors, tiny_config, characters):
    config = TrainConfig(
        rank=4, steps=40, packs=1, total=160, workers=1, rate=1e-2, warmup=2, ema=0.5, validate_every=40,
        save_every=0, compile=False, risk=20.0, stages=(Stage(100, {"candidates": 1.0}, 40, 20),),
    )  # fmt: skip
    dev = {"dev": [Example("b letter", (("summary", "en", text),)) for text in ("bbx", "ccc")]}
    runs = {}
    for risk in (0.0, 20.0):
        out = tmp_path / str(risk)
        out.mkdir()
        parts = {"candidates": [CANDIDATES]}
        train(0, replace(config, risk=risk), tiny_tensors, tiny_config, parts, dev, characters, out)
        runs[risk] = [r["gained"] for r in read_curves(out) if "gained" in r][-1]
        assert all(torch.isfinite(t).all() for t in load_file(out / "adapter.safetensors").values())
    assert runs[20.0] > 0.4 and runs[20.0] > runs[0.0] + 0.1  # 0.9 against a mean of 0.4
