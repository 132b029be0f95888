"""Batches: every document in one, neighbours together, within the budget, little padding."""

from __future__ import annotations

import random

from summarize.batch.plan import Batch, Item, plan_batches

BOTH = ("ar", "en")


def items(*tokens: int, languages: tuple[str, ...] = BOTH) -> list[Item]:
    return [Item(i, count, languages) for i, count in enumerate(tokens)]


def test_literal_plan():
    # By length: 100 (place 2), 90 (0), 88 (3), 20 (1), 19 (4); three of 100 are the budget.
    assert plan_batches(items(90, 20, 100, 88, 19), limit=1000, budget=300) == [
        Batch((2, 0, 3), 278, 300),
        Batch((1, 4), 39, 40),
    ]
    assert plan_batches([], limit=1000, budget=300) == []


def test_long_documents_count_as_what_is_read_of_them():
    (batch,) = plan_batches(items(50_000, 900), limit=1000, budget=4000)
    assert batch == Batch((0, 1), 1900, 2000)


def test_a_document_beyond_the_budget_stands_alone():
    assert [b.offsets for b in plan_batches(items(500, 600, 10), limit=1000, budget=100)] == [(1,), (2,), (0,)]


def test_languages_do_not_mix():
    mixed = [Item(0, 50, ("ar",)), Item(1, 50, BOTH), Item(2, 50, ("ar",))]
    assert sorted(b.offsets for b in plan_batches(mixed, 100, 1000)) == [(0, 2), (1,)]


def test_outputs_at_once_are_bounded():
    # 128 rows in the decoder: 16 documents of 2 languages and 4 beams each
    assert {len(b.offsets) for b in plan_batches(items(*[10] * 64), 100, 10**6, outputs=4)} == {16}


def test_windows_of_news_are_padded_by_less_than_a_tenth():
    chance = random.Random(5)
    for count in (1024, 200):
        lengths = [min(4000, int(chance.lognormvariate(6.2, 0.6)) + 20) for _ in range(count)]
        batches = plan_batches(items(*lengths), limit=1024, budget=8192)
        assert sorted(offset for b in batches for offset in b.offsets) == list(range(count))
        assert 1 - sum(b.tokens for b in batches) / sum(b.area for b in batches) < 0.1
        assert all(b.area <= 8192 for b in batches)
        assert batches == plan_batches(items(*lengths), limit=1024, budget=8192)
    # in the order of the input, eight at a time, two fifths would be padding
    read = [min(length, 1024) for length in lengths]
    naive = sum(len(read[i : i + 8]) * max(read[i : i + 8]) for i in range(0, count, 8))
    assert 1 - sum(read) / naive > 0.3


def test_long_and_short_batches_take_turns():
    areas = [b.area for b in plan_batches(items(*range(100, 900)), limit=1024, budget=4096)]
    half = len(areas) // 2
    assert abs(sum(areas[:half]) / sum(areas) - 0.5) < 0.05
