"""Training end to end on the tiny base: it learns, it is the same every time, a kill changes nothing."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from summarize.errors import DataError
from summarize.models.khulasa.recipe import compare as comparing
from summarize.models.khulasa.recipe.config import TrainConfig
from summarize.models.khulasa.recipe.curves import plot, read_curves, series
from summarize.models.khulasa.recipe.loop import train
from summarize.models.khulasa.recipe.mix import Example
from summarize.models.khulasa.recipe.stream import Stage

CONFIG = TrainConfig(
    rank=4,
    steps=8,
    packs=2,
    total=160,
    workers=1,
    rate=2e-2,
    warmup=2,
    ema=0.5,
    validate_every=4,
    save_every=2,
    compile=False,
    stages=(Stage(100, {"copy": 1.0}, 40, 20),),
)
PARTS = {"copy": [Example(f"{chr(97 + i)} letter {i}", (("summary", "en", chr(97 + i) * 3),)) for i in range(20)]}
DEV = {"copy": PARTS["copy"][:6]}


def run(out, tensors, tiny_config, characters, config=CONFIG, **more):
    out.mkdir(exist_ok=True)
    train(0, config, tensors, tiny_config, PARTS, DEV, characters, out, **more)
    return load_file(out / "adapter.safetensors")


def equal(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def losses(out):
    return [r["validation"]["copy"] for r in read_curves(out) if "validation" in r]


def test_learns_and_repeats_itself(tmp_path, tiny_tensors, tiny_config, characters):
    config = replace(CONFIG, steps=30, validate_every=10)
    one = run(tmp_path / "a", tiny_tensors, tiny_config, characters, config)
    two = run(tmp_path / "b", tiny_tensors, tiny_config, characters, config)
    assert equal(one, two)
    curve = losses(tmp_path / "a")
    assert curve[-1] < 0.8 * curve[0]
    other = run(tmp_path / "c", tiny_tensors, tiny_config, characters, replace(config, seed=1))
    assert not equal(one, other)
    assert {t.dtype for t in one.values()} == {torch.bfloat16}
    assert one["layers.0.q.a"].shape == (4, 24) and len(one) == 4 * 7 * 2


def test_killed_and_resumed_is_as_never_killed(tmp_path, tiny_tensors, tiny_config, characters):
    whole = run(tmp_path / "whole", tiny_tensors, tiny_config, characters)

    class Kill(Exception):
        pass

    def killing(folder):
        raise Kill

    # Dies at step 5, after the checkpoint of step 4 and a log line that has to be forgotten.
    broken = replace(CONFIG, measure_every=5, save_every=4)
    with pytest.raises(Kill):
        run(tmp_path / "cut", tiny_tensors, tiny_config, characters, replace(broken, save_every=4), measure=killing)
    with (tmp_path / "cut" / "curves.jsonl").open("a") as log:
        log.write(json.dumps({"step": 6, "loss": 0.0}) + '\n{"step": 7, "lo')
    resumed = run(tmp_path / "cut", tiny_tensors, tiny_config, characters)
    assert equal(whole, resumed)
    assert equal(
        load_file(tmp_path / "whole" / "adapter-last.safetensors"),
        load_file(tmp_path / "cut" / "adapter-last.safetensors"),
    )
    steps = [r["step"] for r in read_curves(tmp_path / "cut")]
    assert steps == sorted(steps) and max(steps) == 8 and losses(tmp_path / "cut") == losses(tmp_path / "whole")


def test_two_workers_do_what_one_does(root, tmp_path, tiny_tensors, tiny_config, characters, monkeypatch):
    # The workers are handed this path, and need the checkout's root on it to find what the tests define.
    monkeypatch.setattr(sys, "path", [*sys.path, str(root)])
    alone = run(tmp_path / "one", tiny_tensors, tiny_config, characters)
    out = tmp_path / "two"
    out.mkdir()
    config = replace(CONFIG, workers=2)
    context = multiprocessing.get_context("spawn")
    arguments = (config, tiny_tensors, tiny_config, PARTS, DEV, characters, out)
    workers = [context.Process(target=train, args=(rank, *arguments)) for rank in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    together = load_file(out / "adapter.safetensors")
    for name, tensor in alone.items():  # sums in another order, in bfloat16
        torch.testing.assert_close(together[name].float(), tensor.float(), atol=0.05, rtol=0.1)
    assert losses(out)[-1] == pytest.approx(losses(tmp_path / "one")[-1], abs=0.02)


def test_starts_from_an_adapter_of_lower_rank(tmp_path, tiny_tensors, tiny_config, characters):
    first = run(tmp_path / "first", tiny_tensors, tiny_config, characters)
    end = losses(tmp_path / "first")[-1]
    run(tmp_path / "second", tiny_tensors, tiny_config, characters, replace(CONFIG, rank=6, steps=1), start=first)
    assert losses(tmp_path / "second")[0] == pytest.approx(end, abs=0.02)


def test_every_matrix(tmp_path, tiny_tensors, tiny_config, characters):
    out = tmp_path / "full"
    out.mkdir()
    config = replace(CONFIG, rank=0, rate=2e-3, steps=12)
    train(0, config, tiny_tensors, tiny_config, PARTS, DEV, characters, out)
    assert losses(out)[-1] < losses(out)[0]
    found = load_file(out / "model.safetensors")
    assert set(found) == set(tiny_tensors)
    for name, tensor in found.items():
        assert tensor.shape == tiny_tensors[name].shape
        if "norm" in name:  # frozen
            torch.testing.assert_close(tensor, tiny_tensors[name].bfloat16())
    q = "model.layers.1.self_attn.q_proj.weight"
    change = (found[q].float() - tiny_tensors[q]).abs().max()
    assert 0.002 < change < 0.2


def test_stops_in_time_with_a_checkpoint(tmp_path, tiny_tensors, tiny_config, characters):
    run(
        tmp_path / "r", tiny_tensors, tiny_config, characters, replace(CONFIG, steps=10_000, save_every=0), minutes=0.01
    )
    assert 0 < torch.load(tmp_path / "r" / "checkpoint.pt")["step"] < 10_000


def test_rate_falls_with_time(monkeypatch, tmp_path, tiny_tensors, tiny_config, characters):
    clock = itertools.count()  # a second between looks
    monkeypatch.setattr("summarize.models.khulasa.recipe.loop.time", SimpleNamespace(monotonic=lambda: next(clock)))
    config = replace(CONFIG, steps=10_000, save_every=0, validate_every=0, timed=True, decay_from=0.5, floor=0.1)
    run(tmp_path / "r", tiny_tensors, tiny_config, characters, config, minutes=1)
    rates = [r["rate"] for r in read_curves(tmp_path / "r") if "rate" in r]
    assert rates[0] == rates[1] == config.rate and rates == sorted(rates, reverse=True)
    assert len(rates) == 5 and rates[-1] == pytest.approx(config.rate * (1 - 0.9 * (53 / 60 - 0.5) / 0.5), rel=0.03)


def test_comparison_and_plot(tmp_path, tiny_tensors, tiny_config, characters):
    def briefly(config, folder, minutes):
        assert minutes == 7 and config.timed
        small = replace(CONFIG, rank=min(config.rank, 4), rate=config.rate, steps=2)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "mix.jsonl").open("a") as file:  # made once, then copied
            file.write(config.rank * "x" if file.tell() == 0 else "")
        train(0, small, tiny_tensors, tiny_config, PARTS, DEV, characters, folder)

    results = comparing.compare(["rank32", "full"], 7, "cpu", tmp_path, briefly)
    assert [r.variant for r in results] == ["rank32", "full"]
    assert (tmp_path / "full" / "mix.jsonl").read_text() == 32 * "x"
    lines = comparing.table(results).splitlines()
    assert len(lines) == 3 and "copy" in lines[0] and f"{results[1].losses['copy']:.4f}" in lines[2]
    xs, ys = series(read_curves(tmp_path / "rank32"), "validation")["copy"]
    assert xs[0] == 0 < xs[-1] and ys == losses(tmp_path / "rank32")
    pytest.importorskip("matplotlib")
    plot([tmp_path / "rank32", tmp_path / "full"], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(DataError, match="name the folder of a training run"):
        read_curves(tmp_path)
