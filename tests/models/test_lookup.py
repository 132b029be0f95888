"""Guessing ahead finds what greedy search finds, in fewer steps."""

from __future__ import annotations

import random

import pytest
import torch

from summarize.checks.constraint import Step
from summarize.models.lookup import Guesser, lookup_greedy
from summarize.models.search import greedy

EOS, SIZE = 1, 23


class Chain:
    """A model whose next token depends on the last two of a row, mostly as its document goes on."""

    def __init__(self, seed: int, groups: int) -> None:
        rng = random.Random(seed)
        self.sources = [[rng.randrange(2, SIZE) for _ in range(40)] for _ in range(groups)]
        self.rows: list[list[int]] = [[] for _ in range(groups)]
        self.groups = list(range(groups))
        self.kept_of_last = 0
        self.steps = 0

    def after(self, group: int, ids: list[int]) -> torch.Tensor:
        rng = random.Random(f"{group} {ids[-2:]}")
        logits = torch.tensor([rng.random() for _ in range(SIZE)])
        source = self.sources[group]
        for i in range(2, len(source)):
            if source[i - 2 : i] == ids[-2:] and rng.random() < 0.8:
                logits[source[i]] += 2.0
        if len(ids) > 2 and rng.random() < 0.05:
            logits[EOS] += 4.0
        return logits

    def start(self) -> torch.Tensor:
        self.rows = [[0, *self.sources[g][3:5]] for g in self.groups]
        return torch.stack([self.after(g, row) for g, row in zip(self.groups, self.rows, strict=True)])

    def try_tokens(self, tokens: torch.Tensor, rows: torch.Tensor | None) -> torch.Tensor:
        self.steps += 1
        if rows is not None:
            self.groups = [self.groups[i] for i in rows.tolist()]
            self.rows = [self.rows[i] for i in rows.tolist()]
        self.tried = tokens.tolist()
        return torch.stack(
            [
                torch.stack([self.after(g, row + tried[: j + 1]) for j in range(len(tried))])
                for g, row, tried in zip(self.groups, self.rows, self.tried, strict=True)
            ]
        )

    def keep(self, counts) -> None:
        assert len(counts) == len(self.rows)
        self.rows = [row + tried[:count] for row, tried, count in zip(self.rows, self.tried, counts, strict=True)]

    def step(self, tokens: torch.Tensor, rows: torch.Tensor | None) -> torch.Tensor:
        logits = self.try_tokens(tokens[:, None], rows)
        self.keep([1] * len(tokens))
        return logits[:, 0]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("groups", [1, 3])
def test_same_outputs_in_fewer_steps(seed, groups):
    def restrict(group, ids):
        return Step(forbid=(7, 8)) if len(ids) % 3 == group % 3 else None

    options = {"max_new_tokens": 30, "no_repeat_ngram_size": 3, "min_new_tokens": 4, "restrict": restrict}
    plain, guessing = Chain(seed, groups), Chain(seed, groups)
    expected = greedy(plain.start(), plain.step, EOS, **options)
    found = lookup_greedy(
        guessing.start(), guessing.try_tokens, guessing.keep, guessing.sources, lambda rows: 12, EOS, **options
    )
    assert [f.ids for f in found] == [f.ids for f in expected]
    assert [f.finished for f in found] == [f.finished for f in expected]
    assert [f.score for f in found] == pytest.approx([f.score for f in expected], abs=1e-5)
    assert guessing.steps <= plain.steps


def test_guesses_save_steps_where_the_document_is_copied():
    saved = 0
    for seed in range(20):
        plain, guessing = Chain(seed, 1), Chain(seed, 1)
        greedy(plain.start(), plain.step, EOS, max_new_tokens=30)
        lookup_greedy(
            guessing.start(), guessing.try_tokens, guessing.keep, guessing.sources, lambda rows: 4, EOS,
            max_new_tokens=30,
        )  # fmt: skip
        saved += plain.steps - guessing.steps
    assert saved > 20


def test_no_room_is_plain_greedy_search():
    plain, guessing = Chain(3, 2), Chain(3, 2)
    greedy(plain.start(), plain.step, EOS, max_new_tokens=20)
    calls = (guessing.start(), guessing.try_tokens, guessing.keep, guessing.sources)
    lookup_greedy(*calls, lambda rows: rows, EOS, max_new_tokens=20)
    assert guessing.steps == plain.steps


def test_the_longest_agreement_wins():
    guesser = Guesser([1, 2, 3, 9, 8, 2, 3, 4, 7, 1, 2, 3, 4, 6])
    assert guesser.after([8, 2, 3], 2) == [4, 7]
    assert guesser.after([5, 2, 3], 2) == [9, 8]
    assert guesser.after([3, 4], 9) == [7, 1, 2, 3, 4, 6]
    assert guesser.after([3], 2) == [] and guesser.after([], 2) == [] and guesser.after([4, 6], 2) == []
