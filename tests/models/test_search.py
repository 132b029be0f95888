"""The search on a made-up model whose best outputs are known."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from summarize.checks.constraint import Step
from summarize.models.search import Found, beams, draws, greedy, repeated, together

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


def sample(logits, step, eos, samples, **options):
    return together([draws(logits, eos, samples, **options)], step, logits.device)[0]


def beam_search(logits, step, eos, num_beams, **options):
    return together([beams(logits, eos, num_beams, **options)], step, logits.device)[0]


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


class Recorded(Chain):
    """Also keeps every row's tokens so far, as told by what it continues."""

    def __init__(self, first: list[int]) -> None:
        super().__init__(first)
        self.rows: list[tuple[int, ...]] = [()] * len(first)
        self.seen: set[tuple[int, ...]] = set()
        self.sizes: list[int] = []

    def step(self, tokens, rows):
        before = self.rows if rows is None else [self.rows[row] for row in rows.tolist()]
        self.rows = [(*ids, token) for ids, token in zip(before, tokens.tolist(), strict=True)]
        self.seen.update(self.rows)
        self.sizes.append(len(tokens))
        return super().step(tokens, rows)


@pytest.mark.parametrize(("width", "samples"), [(2, 3), (4, 1), (3, 6)])
def test_searches_in_one_batch_find_what_each_finds_alone(width, samples):
    how = {"max_new_tokens": 12, "min_new_tokens": 1}
    chance = {"seeds": ["a", "b"], "temperature": 1.5, **how}
    chain, first, second = Recorded([1, 2]), Chain([1, 2]), Chain([1, 2])
    searches = [beams(chain.logits(), EOS, width, **how), draws(chain.logits(), EOS, samples, **chance)]
    found = together(searches, chain.step, "cpu")
    assert found[0] == beam_search(first.logits(), first.step, EOS, width, **how)
    assert found[1] == sample(second.logits(), second.step, EOS, samples, **chance)
    assert {one.ids for some in found for row in some for one in row if len(one.ids) < 12} <= chain.seen
    assert chain.sizes[0] == 2 * (samples + width) and chain.sizes[-1] < chain.sizes[0]


def test_no_search_finds_nothing():
    assert together([], Chain([1]).step, "cpu") == []


def test_early_stops_sooner_with_outputs_that_the_whole_search_has_too():
    steps = []
    for early in (False, True):
        chain = Chain([1])
        taken = 0

        def step(tokens, rows, chain=chain):
            nonlocal taken
            taken += 1
            return chain.step(tokens, rows)

        (found,) = beam_search(chain.logits(), step, EOS, 3, max_new_tokens=12, early=early, length_penalty=0.8)
        steps.append((taken, found))
    (long, whole), (short, some) = steps
    assert short < long and len(some) == len(whole) == 3
    assert all(output.finished for output in some)
    best = max(some, key=lambda o: o.score)
    assert some[0] == best and best.score <= whole[0].score + 1e-6


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


class Recorder(Chain):
    """A chain that notes which rows it was told to go on with."""

    def __init__(self, first: list[int]) -> None:
        super().__init__(first)
        self.rows: list[list[int] | None] = []

    def step(self, tokens: torch.Tensor, rows: torch.Tensor | None) -> torch.Tensor:
        self.rows.append(None if rows is None else rows.tolist())
        return super().step(tokens, rows)


def drawn(first: list[int], samples: int, seeds: list[str], **options):
    chain = Chain(first)
    return sample(chain.logits(), chain.step, EOS, samples, seeds=seeds, **{"max_new_tokens": 6, **options})


def test_draws_are_the_same_in_any_batch():
    together = drawn([1, 2, 1], 4, ["a", "b", "c"])
    assert together[1] == drawn([2], 4, ["b"])[0]
    assert together[1][:2] == drawn([3, 2], 2, ["x", "b"])[1]
    assert together[0] != together[2]  # the same past, another seed
    assert drawn([1], 4, ["a"]) == [together[0]]


def test_draws_come_as_often_as_they_are_likely():
    (found,) = drawn([1], 4000, ["a"], max_new_tokens=1)
    for token in range(5):
        ids = () if token == EOS else (token,)
        assert sum(f.ids == ids for f in found) / 4000 == pytest.approx(float(TABLE[1, token].exp()), abs=0.03)
    cold = TABLE[1].div(0.5).softmax(-1)
    (found,) = drawn([1], 4000, ["a"], max_new_tokens=1, temperature=0.5)
    for token in range(1, 5):
        assert sum(f.ids == (token,) for f in found) / 4000 == pytest.approx(float(cold[token]), abs=0.03)


def test_unlikely_tokens_are_left_out():
    order = TABLE[1].argsort(descending=True).tolist()
    top_p = float(TABLE[1].exp()[order[:2]].sum()) - 1e-4
    (found,) = drawn([1], 500, ["a"], max_new_tokens=1, top_p=top_p)
    assert {f.ids[0] if f.ids else EOS for f in found} == set(order[:2])
    for first, outputs in zip([1, 2, 3], drawn([1, 2, 3], 2, ["a", "b", "c"], top_p=1e-6), strict=True):
        chain = Chain([first])
        (greedily,) = greedy(chain.logits(), chain.step, EOS, max_new_tokens=6)
        assert [o.ids for o in outputs] == [greedily.ids] * 2
        assert outputs[0].score == pytest.approx(greedily.score, abs=1e-5)


def test_score_of_a_draw_is_its_log_probability_per_token():
    for output in drawn([1], 20, ["a"], temperature=2.0)[0]:
        path = [1, *output.ids, EOS] if output.finished else [1, *output.ids]
        total = sum(float(TABLE[a, b]) for a, b in itertools.pairwise(path))
        assert output.score == pytest.approx(total / (len(path) - 1), abs=1e-5)
        assert output.finished == (len(output.ids) < 6)


def test_draws_keep_to_what_may_be_written():
    found = drawn(
        [1, 2],
        8,
        ["a", "b"],
        no_repeat_ngram_size=2,
        min_new_tokens=3,
        restrict=lambda group, ids: Step((3,)) if group == 0 else Step(only=(0, 1, 2)),
    )
    for output in found[0] + found[1]:
        pairs = list(itertools.pairwise(output.ids))
        assert len(set(pairs)) == len(pairs) and len(output.ids) >= 3
    assert not any(3 in output.ids for output in found[0])
    assert not any({3, 4} & set(output.ids) for output in found[1])
    assert drawn([1], 2, ["a"], restrict=lambda group, ids: Step(tuple(range(5)))) == [[Found((), False, 0.0)] * 2]


def test_rows_of_draws_that_ended_leave_the_batch():
    chain = Recorder([1, 2])
    found = sample(chain.logits(), chain.step, EOS, 3, seeds=["a", "b"], max_new_tokens=8)
    lengths = [len(output.ids) + output.finished for outputs in found for output in outputs]
    running = [row for row, length in enumerate(lengths) if length > 1]
    assert chain.rows[0] == [row // 3 for row in running]
    for at, rows in enumerate(chain.rows[1:], 2):
        stay = [row for row in running if lengths[row] > at]
        assert rows == (None if stay == running else [running.index(row) for row in stay])
        running = stay
    assert len(chain.rows) == max(lengths) - 1
