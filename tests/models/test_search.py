"""The search on a made-up model whose best outputs are known."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from summarize.checks.constraint import Step
from summarize.models.search import beam_search, greedy, repeated

EOS = 0
TABLE = torch.log_softmax(torch.randn(5, 5, generator=torch.Generator().manual_seed(5)) * 2, dim=-1)


class Chain:
    """A first-order Markov chain: the next token depends on the last one."""

    def __init__(self, first: list[int]) -> None:
        self.last = torch.tensor(first)

    def logits(self) -> torch.Tensor:
        return TABLE[self.last].clone()

    def step(self, tokens: torch.Tensor, rows: torch.Tensor | None) -> torch.Tensor:
        self.last = tokens
        return self.logits()


def all_outputs(first: int, most: int, penalty: float) -> list[tuple[float, tuple[int, ...]]]:
    """Every output and its score, by brute force."""
    scored = []
    for length in range(most + 1):
        for ids in itertools.product(range(1, 5), repeat=length):
            last, total = first, 0.0
            for token in ids:
                total += float(TABLE[last, token])
                last = token
            if length < most:
                scored.append(((total + float(TABLE[last, EOS])) / (length + 1) ** penalty, ids))
            else:
                scored.append((total / length**penalty, ids))
    return sorted(scored, reverse=True)


@pytest.mark.parametrize("penalty", [0.6, 1.0, 2.0])
def test_wide_beams_find_the_best(penalty):
    chain = Chain([1, 2, 3])
    found = beam_search(chain.logits(), chain.step, EOS, 64, max_new_tokens=4, length_penalty=penalty)
    for first, outputs in zip([1, 2, 3], found, strict=True):
        best = all_outputs(first, 4, penalty)
        assert outputs[0].ids == best[0][1]
        assert outputs[0].score == pytest.approx(best[0][0], abs=1e-5)
        assert [o.score for o in outputs] == sorted((o.score for o in outputs), reverse=True)


def test_greedy_takes_the_likeliest():
    chain = Chain([1, 2, 3, 4])
    found = greedy(chain.logits(), chain.step, EOS, max_new_tokens=6)
    for first, output in zip([1, 2, 3, 4], found, strict=True):
        last, expected = first, []
        while len(expected) < 6 and (token := int(TABLE[last].argmax())) != EOS:
            expected.append(token)
            last = token
        assert list(output.ids) == expected
        assert output.finished == (len(expected) < 6)


def test_no_ngram_twice():
    chain = Chain([1])
    (output,) = greedy(chain.logits(), chain.step, EOS, max_new_tokens=12, no_repeat_ngram_size=2, min_new_tokens=12)
    pairs = list(itertools.pairwise(output.ids))
    assert len(pairs) == 11 and len(set(pairs)) == 11


def test_forbid_is_asked_for_every_row():
    chain = Chain([1, 2])
    found = beam_search(
        chain.logits(),
        chain.step,
        EOS,
        2,
        max_new_tokens=5,
        restrict=lambda group, ids: Step((3,) if group == 0 else (4,)),
    )
    assert 3 not in found[0][0].ids and 4 not in found[1][0].ids


def test_everything_forbidden_ends():
    chain = Chain([1])
    (outputs,) = beam_search(
        chain.logits(), chain.step, EOS, 3, max_new_tokens=5, restrict=lambda group, ids: Step(tuple(range(5)))
    )
    assert outputs == []


@pytest.mark.parametrize(
    ("ids", "size", "expected"),
    [([1, 2, 3, 1, 2], 3, [3]), ([1, 1], 1, [1, 1]), ([1, 2], 0, []), ([5, 6], 3, []), ([1, 2, 1, 3, 1], 2, [2, 3])],
)
def test_repeated(ids, size, expected):
    assert repeated(ids, size) == expected


def test_scores_are_finite():
    chain = Chain([1, 2])
    for outputs in beam_search(chain.logits(), chain.step, EOS, 4, max_new_tokens=3):
        assert all(math.isfinite(o.score) for o in outputs)
