"""Intervals, paired tests and their correction."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import SettingsError
from segue.evaluation import uncertainty
from segue.evaluation.uncertainty import (
    holm,
    interval,
    randomization_p,
    resampled_means,
    sign_flipped_means,
    two_sided_p,
)


def test_resampled_means_are_those_of_drawing_users_by_hand() -> None:
    values = np.random.default_rng(1).random((37, 3))
    drawn = np.random.default_rng(5)
    expected = [values[drawn.integers(0, 37, 37)].mean(axis=0) for _ in range(100)]
    assert resampled_means(values, 100, 5) == pytest.approx(np.array(expected))


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).random((37, 3))
    whole = resampled_means(values, 150, 5)
    monkeypatch.setattr(uncertainty, "_BLOCK_BYTES", 8 * 37 * 7)  # seven resamples at once
    assert resampled_means(values, 150, 5) == pytest.approx(whole, abs=1e-12)


def test_the_interval_of_a_mean_is_close_to_the_normal_one() -> None:
    values = np.random.default_rng(2).normal(3.0, 2.0, (4000, 1))
    low, high = interval(resampled_means(values, 4000, 0), 0.95)
    margin = 1.96 * values.std() / np.sqrt(4000)
    assert low[0] == pytest.approx(values.mean() - margin, abs=0.005)
    assert high[0] == pytest.approx(values.mean() + margin, abs=0.005)


def test_nineteen_of_twenty_intervals_hold_the_true_mean() -> None:
    # 200 samples of 100 uniform numbers: how many hold 1/2 is binomial (200, about .94); within 4 deviations.
    generator = np.random.default_rng(3)
    held = 0
    for seed in range(200):
        low, high = interval(resampled_means(generator.random((100, 1)), 400, seed), 0.95)
        held += int(low[0] <= 0.5 <= high[0])
    assert 175 <= held <= 200


def test_columns_see_the_same_users() -> None:
    values = np.random.default_rng(4).random((50, 1))
    drawn = resampled_means(np.concatenate([values, values + 1], axis=1), 200, 0)
    assert drawn[:, 1] - drawn[:, 0] == pytest.approx(np.ones(200))


def test_one_user_has_an_interval_of_no_width() -> None:
    low, high = interval(resampled_means(np.array([[0.25]]), 100, 0), 0.95)
    assert (low[0], high[0]) == (0.25, 0.25)


def test_p_counts_the_far_side_of_zero() -> None:
    # 3 of 99 are not above zero: 2 * (3 + 1) / 100.
    assert two_sided_p(np.concatenate([np.full(96, 0.1), np.full(3, -0.1)])) == pytest.approx(0.08)
    assert two_sided_p(np.full(99, -0.1)) == pytest.approx(0.02)
    assert two_sided_p(np.zeros(99)) == 1


def test_holm_is_worked_by_hand() -> None:
    # Sorted .01 .02 .03 .04, times 4 3 2 1: .04 .06 .06 .04, never falling: .04 .06 .06 .06.
    assert holm(np.array([0.04, 0.01, 0.03, 0.02])) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm(np.array([0.6, 0.7])).tolist() == [1, 1]
    assert holm(np.zeros(0)).tolist() == []


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_no_correction_and_bonferroni(p: list[float]) -> None:
    values = np.array(p)
    corrected = holm(values)
    assert np.all(corrected >= values)
    assert np.all(corrected <= np.minimum(1, values * values.size))


def test_too_few_resamples_and_impossible_levels_are_refused() -> None:
    with pytest.raises(SettingsError, match="at least 100"):
        resampled_means(np.ones((3, 1)), 99, 0)
    with pytest.raises(SettingsError, match="between 0 and 1"):
        interval(np.ones((100, 1)), 95)


def p_of(a: np.ndarray, b: np.ndarray, resamples: int = 2000, seed: int = 0) -> float:
    flipped = sign_flipped_means(np.stack([a, b], axis=1), resamples, seed)
    return randomization_p(float(a.mean() - b.mean()), flipped[:, 0] - flipped[:, 1], a.size)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 10))
def test_on_few_users_the_randomization_test_is_the_exact_one_of_scipy(seed: int, n: int) -> None:
    a, b = np.random.default_rng(seed).integers(0, 4, (2, n)) / 4.0  # quarters, so that many sums are equal
    exact = scipy.stats.permutation_test(
        (a, b),
        lambda x, y: float(np.mean(x - y)),
        permutation_type="samples",
        n_resamples=np.inf,
    )
    # SciPy doubles the smaller tail; the null distribution is symmetric, so that this is the share of both.
    assert p_of(a, b) == pytest.approx(min(1.0, float(exact.pvalue)))


def test_on_many_users_the_randomization_test_is_close_to_the_one_of_scipy() -> None:
    generator = np.random.default_rng(6)
    a, b = generator.random(60), generator.random(60)
    drawn = scipy.stats.permutation_test(
        (a, b),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    )
    assert p_of(a, b, 20_000) == pytest.approx(float(drawn.pvalue), abs=0.02)


def test_the_paired_interval_is_close_to_the_one_of_scipy() -> None:
    difference = np.random.default_rng(7).exponential(size=(300, 1)) - 0.9
    low, high = interval(resampled_means(difference, 5000, 0), 0.95)
    theirs = scipy.stats.bootstrap(
        (difference[:, 0],), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert (low[0], high[0]) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_false_alarms_of_the_randomization_test_are_as_rare_as_they_should_be() -> None:
    # 400 pairs of equal models: alarms at .05 are binomial (400, .05), 20; within 4 deviations.
    generator = np.random.default_rng(8)
    alarms = sum(p_of(*generator.random((2, 40)), resamples=500, seed=seed) < 0.05 for seed in range(400))
    assert 3 <= alarms <= 38


def test_signs_are_drawn_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).random((9, 3))
    every = sign_flipped_means(values, 512, 5)
    assert every.shape == (512, 3)
    assert every.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    monkeypatch.setattr(uncertainty, "_BLOCK_BYTES", 8 * 9 * 7)  # seven sets of signs at once
    assert sign_flipped_means(values, 512, 5) == pytest.approx(every)
    assert sign_flipped_means(values, 511, 5).shape == (511, 3)  # too few for all: drawn


def test_equal_values_are_never_told_apart() -> None:
    a = np.random.default_rng(9).random(1000) * 1e3
    assert p_of(a, a.copy()) == 1
