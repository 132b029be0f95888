"""The stream of packs: shares, resumption, nothing repeated or skipped."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from summarize.models.khulasa.recipe.mix import Example
from summarize.models.khulasa.recipe.stream import Stage, Stream, encode_example


def example(i: int, size: int) -> Example:
    """``size`` characters that name the example, then a target."""
    return Example(f"{i:04d}" + "x" * (size - 4), (("summary", "en", f"{i:03d} yes"),))


@pytest.fixture
def parts():
    return {
        "news": [example(i, 40 + 7 * i % 90) for i in range(23)],
        "pairs": [example(100 + i, 10 + i % 9) for i in range(31)],
    }


STAGES = (Stage(30, {"news": 0.7, "pairs": 0.3}, 80, 40), Stage(10_000, {"news": 0.2, "pairs": 0.8}, 60, 40))


def draw(stream, first, last):
    return [stream.next(STAGES, step) for step in range(first, last)]


def test_same_seed_same_packs_other_seed_other_packs(parts, characters):
    one, two, three = (draw(Stream(parts, characters, 200, seed), 0, 12) for seed in (5, 5, 6))
    assert one == two != three


@pytest.mark.parametrize("killed_at", [1, 13, 29, 30, 47])
def test_resumes_with_the_very_next_pack(parts, characters, killed_at):
    whole = draw(Stream(parts, characters, 200), 0, 60)
    before = Stream(parts, characters, 200)
    draw(before, 0, killed_at)
    state = json.loads(json.dumps(before.state()))
    after = Stream(parts, characters, 200)
    after.restore(state)
    assert draw(after, killed_at, 60) == whole[killed_at:]


def test_every_example_once_an_epoch(parts, characters):
    """Counting what is still waiting, every example has come as often as any other of its part, give or take one."""
    stream = Stream(parts, characters, 300)
    drawn = Counter(e.targets[0][1] for pack in draw(stream, 0, 29) for e in pack)
    waiting = Counter(stream._encode(item, STAGES[0]).targets[0][1] for item in stream.pool)
    for part, examples in parts.items():
        names = [encode_example(e, characters, 80, 40).targets[0][1] for e in examples]
        counts = [drawn[name] + waiting[name] for name in names]
        assert sum(counts) == stream.taken[part]
        assert max(counts) - min(counts) <= 1 < max(counts), part
    orders = [[stream._example("news", epoch * 23 + i) for i in range(23)] for epoch in (0, 1)]
    assert orders[0] != orders[1] and sorted(map(str, orders[0])) == sorted(map(str, orders[1]))


def test_shares_hold_over_short_stretches(parts, characters):
    stream = Stream(parts, characters, 200, pool=4)
    draw(stream, 0, 25)
    share = stream.positions["news"] / sum(stream.positions.values())
    assert share == pytest.approx(0.7, abs=0.05)
    draw(stream, 30, 60)
    share = stream.positions["news"] / sum(stream.positions.values())
    assert share == pytest.approx(0.2, abs=0.05)


def test_packs_are_full_and_never_too_long(parts, characters):
    sizes = [sum(map(len, pack)) for pack in draw(Stream(parts, characters, 256), 0, 30)]
    assert max(sizes) <= 256
    assert sum(sizes) / len(sizes) > 0.95 * 256


def test_example_longer_than_a_pack_is_cut(characters):
    long = Example("word " * 50, (("translation", "en", "w" * 60),))
    stream = Stream({"news": [long]}, characters, 90)
    (pack,) = [stream.next((Stage(9, {"news": 1.0}, 400, 400),), 0)]
    assert sum(map(len, pack)) <= 90 and len(pack[0].source) >= 1


def test_encoding(characters):
    one = encode_example(Example("abc", (("summary", "ar", " w" * 31), ("headline", "en", "a b"))), characters, 3, 20)
    assert one.source == (2, *characters.encode("ab"))
    assert one.targets[0][0] == tuple(characters.encode("\n\nMedium Arabic summary:"))
    assert len(one.targets[0][1]) == 20 and one.targets[0][1][-1] != 1  # cut: no end
    assert one.targets[1] == (tuple(characters.encode("\n\nEnglish headline:")), (*characters.encode(" a b"), 1))
