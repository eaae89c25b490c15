from __future__ import annotations

import numpy as np
import pytest

from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.simulation import Taste, World


@pytest.fixture
def two() -> Taste:
    """Two listeners and three tracks in one dimension; log-odds of liking 1, 2, -1 and -1, -4, 1 at mid-year."""
    return Taste(
        Vocabulary(["a", "b"]),
        Vocabulary(["x", "y", "z"]),
        np.array([[1.0], [-1.0]], np.float32),
        np.array([[2.0], [0.0]], np.float32),
        np.array([[1.0], [3.0], [-1.0]], np.float32),
        np.array([0.0, -1.0, 0.0], np.float32),
        np.log(np.array([1.0, 0.25, 0.5], np.float32)),
        2.0,
    )


def logistic(x: float) -> float:
    return 1 / (1 + float(np.exp(-x)))


def test_the_probability_of_liking_is_the_logistic_of_the_log_odds(two: Taste) -> None:
    expected = [[logistic(x) for x in row] for row in ([1, 2, -1], [-1, -4, 1])]
    assert two.probability([0, 1]) == pytest.approx(np.array(expected))
    assert two.probability([1], [2, 0]) == pytest.approx(np.array([[logistic(1), logistic(-1)]]))
    assert two.probability_of([1, 0], [2, 1]) == pytest.approx(np.array([logistic(1), logistic(2)]))


def test_a_taste_drifts_from_the_start_of_the_year_to_its_end(two: Taste) -> None:
    assert two.probability([0], when=0.0) == pytest.approx(np.array([[0.5, logistic(-1), 0.5]]))
    assert two.probability([0], when=1.0) == pytest.approx(np.array([[logistic(2), logistic(5), logistic(-2)]]))
    assert two.probability_of([0, 0], [0, 0], when=[0.0, 1.0]) == pytest.approx(np.array([0.5, logistic(2)]))


def test_the_best_list_for_liking_and_for_plays_by_hand(two: Taste) -> None:
    liked = two.best([0, 1], 2)
    assert liked.items.tolist() == [[1, 0], [2, 0]]
    assert liked.scores == pytest.approx(np.array([[2.0, 1.0], [1.0, -1.0]]))
    played = two.best([0], 3, aim="plays")
    assert played.items.tolist() == [[1, 0, 2]]
    assert played.scores[0] == pytest.approx(np.array([4 + np.log(0.25), 2.0, -2 + np.log(0.5)]))


def test_the_best_list_leaves_out_what_is_excluded_or_not_allowed(two: Taste) -> None:
    seen = Histories.of([[1], []])
    assert two.best([0, 1], 3, exclude=seen).items.tolist() == [[0, 2, -1], [2, 0, 1]]
    assert two.best([0, 1], 1, exclude=seen, allowed=np.array([False, True, True])).items.tolist() == [[2], [2]]


def test_the_mean_liking_of_a_list_by_hand(two: Taste) -> None:
    lists = TopK.of([[1, 2], []], k=3)
    assert two.mean_liking([0, 1], lists) == pytest.approx(np.array([(logistic(2) + logistic(-1)) / 2, 0.0]))


@pytest.mark.parametrize("aim", ["liking", "plays"])
def test_the_best_list_is_that_of_brute_force(world: World, aim: str) -> None:
    truth = world.truth
    rows = np.array([0, 17, 1499, 3])
    exclude = world.dataset.histories[rows]
    top = truth.best(rows, 25, aim=aim, exclude=exclude)  # type: ignore[arg-type]
    for row, (user, history) in enumerate(zip(rows.tolist(), range(4), strict=True)):
        odds = [float(truth.user_factors[user] @ q + b) for q, b in zip(truth.item_factors, truth.bias, strict=True)]
        rate = np.array(odds)
        if aim == "plays":
            rate = truth.attraction * rate + truth.log_exposure
        rate[exclude[history].items] = -np.inf
        kth = np.sort(rate)[::-1][:25]
        assert rate[top.items[row]] == pytest.approx(kth, abs=1e-4)


def test_no_other_list_is_liked_more(world: World) -> None:
    rows = np.arange(200)
    best = world.truth.mean_liking(rows, world.truth.best(rows, 10))
    popular = np.argsort(-np.bincount(world.dataset.histories.items))[:10].astype(np.int32)
    common = TopK.of([popular.tolist()] * rows.size)
    assert (best >= world.truth.mean_liking(rows, common) - 1e-6).all()
    assert best.mean() > 0.9


def test_blocks_cover_every_listener_once(world: World) -> None:
    seen = []
    for rows, block in world.truth.blocks(when=0.25):
        assert block.shape == (rows.stop - rows.start, len(world.truth.items))
        seen += list(range(rows.start, rows.stop))
    assert seen == list(range(len(world.truth.users)))
    assert np.array_equal(block, world.truth.probability(np.arange(rows.start, rows.stop), when=0.25))


def test_factors_cannot_be_changed(two: Taste) -> None:
    with pytest.raises(ValueError, match="read-only"):
        two.bias[0] = 1.0


def test_bad_requests_are_refused(two: Taste) -> None:
    with pytest.raises(SettingsError, match="got 0"):
        two.best([0], 0)
    with pytest.raises(SettingsError, match="'fame'"):
        two.best([0], 1, aim="fame")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="one history per row"):
        two.best([0], 1, exclude=Histories.empty(2))
    with pytest.raises(DataError, match="mask over the 3 items"):
        two.best([0], 1, allowed=np.ones(2, np.bool_))
