"""Intervals and tests."""

from __future__ import annotations

import numpy as np
import pytest

from summarize.errors import UsageError
from summarize.eval.stats import (
    approximate_randomisation,
    bootstrap_intervals,
    bootstrap_means,
    holm,
    paired_bootstrap,
    small_sample_warning,
)


def test_bootstrap_means_are_means_of_resamples() -> None:
    scores = np.array([0.0, 1.0])
    means = bootstrap_means(scores, resamples=4000, seed=1)[:, 0]
    assert set(np.round(means, 6)) == {0.0, 0.5, 1.0}
    # of two documents, both draws fall on one with probability 1/4
    assert (means < 0.1).mean() == pytest.approx(0.25, abs=0.03)


def test_interval_agrees_with_the_normal_one() -> None:
    scores = np.random.default_rng(0).normal(30, 10, 2000)
    (interval,) = bootstrap_intervals(scores, 2000)
    error = scores.std() / np.sqrt(len(scores))
    assert interval.mean == pytest.approx(scores.mean())
    assert interval.low == pytest.approx(scores.mean() - 1.96 * error, abs=0.15 * error)
    assert interval.high == pytest.approx(scores.mean() + 1.96 * error, abs=0.15 * error)
    assert interval.n == 2000


def test_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for trial in range(200):
        (interval,) = bootstrap_intervals(rng.exponential(1.0, 150), 400, seed=trial)
        hits += interval.low <= 1.0 <= interval.high
    assert 178 <= hits <= 200  # 95% of 200, three standard errors below


def test_seed_decides() -> None:
    scores = np.random.default_rng(0).random((50, 3))
    assert bootstrap_intervals(scores, seed=7) == bootstrap_intervals(scores, seed=7)
    assert bootstrap_intervals(scores, seed=7) != bootstrap_intervals(scores, seed=8)


def test_missing_scores_are_left_out() -> None:
    scores = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, 7.0], [2.0, np.nan]])
    first, second = bootstrap_intervals(scores, 500)
    assert (first.mean, first.n) == (2.0, 3)
    assert (second.mean, second.n) == (6.0, 2)
    assert 5.0 <= second.low <= second.high <= 7.0
    (nothing,) = bootstrap_intervals(np.full(4, np.nan), 10)
    assert nothing.n == 0 and np.isnan(nothing.mean)


def test_chunks_draw_no_document_twice_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.random.default_rng(0).random(100)
    whole = bootstrap_means(scores, 300, seed=3)
    monkeypatch.setattr("summarize.eval.stats._CELLS", 1000)
    np.testing.assert_allclose(bootstrap_means(scores, 300, seed=3), whole, atol=1e-6)


TESTS = [paired_bootstrap, approximate_randomisation]


@pytest.mark.parametrize("test", TESTS)
def test_clear_difference_is_significant_and_none_is_not(test) -> None:
    rng = np.random.default_rng(0)
    a = rng.random(300)
    better = a + 0.05 + rng.normal(0, 0.05, 300)
    found = test(better, a, 999)
    assert found.p == pytest.approx(1 / 1000)
    assert found.difference == pytest.approx((better - a).mean())
    assert test(a, better, 999).difference == pytest.approx(-found.difference)
    assert test(a, a, 999).p == 1.0


@pytest.mark.parametrize("test", TESTS)
def test_p_is_uniform_when_there_is_no_difference(test) -> None:
    rng = np.random.default_rng(1)
    p = [test(rng.random(120), rng.random(120), 300, seed).p for seed in range(200)]
    assert np.mean(np.array(p) < 0.1) == pytest.approx(0.1, abs=0.065)
    assert np.mean(p) == pytest.approx(0.5, abs=0.08)


def test_randomisation_is_the_exact_test_on_few_documents() -> None:
    # differences 1, 1, 1, 1: of the 16 ways of swapping, two are as extreme
    found = approximate_randomisation(np.ones(4), np.zeros(4), 20_000)
    assert found.p == pytest.approx(2 / 16, abs=0.01)


@pytest.mark.parametrize("test", TESTS)
def test_ties_are_ties_whatever_the_scale(test) -> None:
    """Scores of thirds and of percents: every resample that equals what was seen counts as extreme."""
    a, b = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 0.0])
    assert len({test(scale * a, scale * b, 500, seed=2).p for scale in (1.0, 1 / 3, 100 / 3, 100.0)}) == 1


def test_pairs_without_a_score_are_left_out() -> None:
    a, b = np.array([1.0, np.nan, 3.0]), np.array([0.0, 1.0, np.nan])
    assert paired_bootstrap(a, b).n == 1
    assert np.isnan(paired_bootstrap(a, np.full(3, np.nan)).p)


def test_holm_by_hand() -> None:
    # sorted .01 .03 .04: times 3, 2, 1, and never falling
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    adjusted = holm([0.5, float("nan"), 0.9])
    assert adjusted[0] == 1.0 and np.isnan(adjusted[1])


def test_bad_input_is_refused() -> None:
    with pytest.raises(UsageError, match="different documents"):
        paired_bootstrap(np.ones(3), np.ones(4))
    with pytest.raises(UsageError, match="infinite score at document 1"):
        bootstrap_intervals(np.array([1.0, np.inf]))
    with pytest.raises(UsageError, match="at least one"):
        bootstrap_intervals(np.zeros(0))
    with pytest.raises(UsageError, match="level=95"):
        bootstrap_intervals(np.ones(3), level=95)
    with pytest.raises(UsageError, match="resamples=0"):
        bootstrap_intervals(np.ones(3), resamples=0)


def test_few_documents_are_warned_of() -> None:
    assert "only 20 documents" in (small_sample_warning(20) or "")
    assert small_sample_warning(100) is None
