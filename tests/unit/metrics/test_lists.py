"""Metrics of a list for itself, against numbers worked by hand."""

from __future__ import annotations

from math import log, log2, nan

import numpy as np
import pytest
import scipy.sparse as sp

from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.errors import DataError, SettingsError
from segue.metrics import (
    Answered,
    Background,
    calibration,
    diversity,
    factor_diversity,
    judge,
    novelty,
    popularity,
    popularity_lift,
    serendipity,
)

# Six items, liked by 8, 4, 2, 1, 1 and 0 of 8 training users.
POPULARITY = np.array([8, 4, 2, 1, 1, 0])


def background(**tables: object) -> Background:
    return Background(8, POPULARITY, **tables)  # type: ignore[arg-type]


def answered(
    lists: list[list[int]],
    given: list[dict[int, float]] | None = None,
    relevant: list[list[int]] | None = None,
    k: int = 3,
) -> Answered:
    top = TopK.of(lists, k=k)
    histories = Histories.of(given if given is not None else [{}] * len(lists), order="none")
    return Answered(histories, top, judge(top, Histories.of(relevant or [[99]] * len(lists))))


def test_popularity_is_the_mean_number_of_users_of_the_listed_items() -> None:
    shown = answered([[0, 1, 2], [1, 5], []])
    assert popularity(shown, background(), 3) == pytest.approx([14 / 3, 2, nan], nan_ok=True)
    assert popularity(shown, background(), 1) == pytest.approx([8, 4, nan], nan_ok=True)


def test_lift_is_relative_to_what_the_user_likes() -> None:
    given = [{2: 1.0, 3: 5.0}, {0: 2.0, 4: -1.0, 5: 0.0}, {}, {5: 1.0}, {0: 1.0}]
    shown = answered([[1, 2], [1], [0], [0], []], given)
    # Row 0: the list has 3, the history 1.5. Row 1: 4 against 8, the dislike and the zero left out. Then: nothing
    # given; only an item that training does not know; an empty list.
    assert popularity_lift(shown, background(), 3) == pytest.approx([1, -1 / 2, nan, nan, nan], nan_ok=True)


def test_what_was_played_twice_is_one_item_of_the_taste() -> None:
    top = TopK.of([[1]])
    twice = Histories(np.array([0, 3]), np.array([0, 0, 2]), np.ones(3))
    shown = Answered(twice, top, judge(top, Histories.of([[9]])))
    assert popularity_lift(shown, background(), 1) == pytest.approx([(4 - 5) / 5])


def test_novelty_is_the_mean_self_information_in_bits() -> None:
    shown = answered([[0, 1], [3, 5], []])
    # -log2 of 8/8, 4/8; of 1/8, and of one user where there is none.
    assert novelty(shown, background(), 3) == pytest.approx([(0 + 1) / 2, (3 + 3) / 2, nan], nan_ok=True)
    assert novelty(shown, background(), 1) == pytest.approx([0, 3, nan], nan_ok=True)


def test_diversity_is_one_less_the_mean_cosine_of_pairs() -> None:
    half = 1 / np.sqrt(2)
    rows = np.array([[1, 0], [1, 0], [0, 1], [half, half], [-1, 0], [0, 0]])
    content = background(content=sp.csr_array(rows))
    factors = background(vectors=7 * rows)  # their length does not matter
    shown = answered([[0, 1, 2], [0, 3], [0, 4], [0, 1], [0, 5, 2], [0], []])
    # Pairs: 1, 0, 0; cos 45 degrees; opposites; the same; the unknown item in no pair; no pair at all.
    expected = [2 / 3, 1 - half, 2, 0, 1, nan, nan]
    assert diversity(shown, content, 3) == pytest.approx(expected, abs=1e-6, nan_ok=True)
    assert factor_diversity(shown, factors, 3) == pytest.approx(expected, abs=1e-6, nan_ok=True)
    assert diversity(shown, content, 2)[0] == pytest.approx(0)


def test_diversity_takes_the_first_k_only() -> None:
    content = background(content=sp.csr_array(np.eye(6)[[0, 0, 1, 2, 3, 4]]))
    assert diversity(answered([[0, 1, 2]]), content, 2) == pytest.approx([0])
    assert diversity(answered([[0, 1, 2]]), content, 3) == pytest.approx([2 / 3])


GENRES = sp.csr_array(np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0.5, 0.5, 0], [0, 0, 1], [0, 0, 0]]))


def test_calibration_is_the_smoothed_divergence_from_the_users_mix() -> None:
    given = [{0: 1.0, 2: 9.0}, {0: 1.0, 2: 1.0}, {0: 1.0}, {0: 1.0}, {3: 1.0, 5: 1.0}]
    shown = answered([[1, 3], [1, 0], [4], [], [5, 2]], given)
    # Row 0: p = (1/2, 1/2), q = (3/4, 1/4): smoothed .99 q + .01 p. Row 1: q = (1, 0).
    smooth = [0.99 * 0.75 + 0.005, 0.99 * 0.25 + 0.005]
    first = 0.5 * log(0.5 / smooth[0]) + 0.5 * log(0.5 / smooth[1])
    second = 0.5 * log(0.5 / 0.995) + 0.5 * log(0.5 / 0.005)
    # Row 2 shares no genre, row 3 is empty: ln 100. Row 4: p = (1/2, 1/2), q = (0, 1), items without genres left out.
    assert calibration(shown, background(genres=GENRES), 3) == pytest.approx(
        [first, second, log(100), log(100), second]
    )


def test_the_same_mix_is_calibrated_and_a_history_without_genres_has_no_mix() -> None:
    shown = answered([[1, 2], [0], [0], [0]], [{3: 1.0}, {5: 1.0}, {}, {2: -1.0}])
    values = calibration(shown, background(genres=GENRES), 2)
    assert values == pytest.approx([0, nan, nan, nan], abs=1e-12, nan_ok=True)


def test_serendipity_counts_hits_that_popularity_would_not_have_shown() -> None:
    # The two most popular are 0 and 1. Row 0 hits 0 (popular) and 3 (not). Row 1 was given 0, so that its popular list
    # is 1, 2: hitting 2 surprises nobody. Row 2 was given both: 2 and 3 are popular to it, 4 is not.
    shown = answered([[0, 3], [2, 3], [4, 2]], [{}, {0: -1.0}, {0: 1.0, 1: 0.0}], [[0, 3], [2], [4, 2]], k=2)
    assert serendipity(shown, background(), 2) == pytest.approx([1 / 2, 0, 1 / 2])
    # With k = 1 these lists are 0; 1; and 2.
    assert serendipity(shown, background(), 1) == pytest.approx([0, 1, 1])


def test_an_item_that_no_user_likes_is_never_in_the_popular_list() -> None:
    shown = answered([[5]], [{0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0}], [[5]], k=1)
    assert serendipity(shown, background(), 1) == pytest.approx([1])


def test_what_a_metric_needs_must_be_there() -> None:
    shown = answered([[0]])
    for metric in (diversity, factor_diversity, calibration):
        with pytest.raises(SettingsError, match="in its background"):
            metric(shown, background(), 1)


def test_a_background_has_a_row_per_item() -> None:
    with pytest.raises(DataError, match=r"one row per item \(6\), got 5"):
        background(vectors=np.ones((5, 2)))


def test_answers_that_do_not_fit_together_are_refused() -> None:
    top = TopK.of([[1], [2]])
    with pytest.raises(DataError, match="one history, list and row of marks per user"):
        Answered(Histories.empty(1), top, judge(top, Histories.of([[1], [2]])))


def test_one_user_knows_everything_with_no_surprise() -> None:
    alone = Background(1, np.array([1, 0]))
    assert novelty(answered([[0, 1]]), alone, 2).tolist() == [0]
    assert log2(max(1, alone.users)) == 0


def test_no_lists_give_no_values() -> None:
    nobody = Answered(Histories.empty(), TopK.of([], k=3), judge(TopK.of([], k=3), Histories.empty()))
    tables = background(genres=GENRES, content=GENRES, vectors=np.eye(6))
    for metric in (popularity, popularity_lift, novelty, diversity, factor_diversity, calibration, serendipity):
        assert metric(nobody, tables, 3).shape == (0,)
