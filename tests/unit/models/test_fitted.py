"""What every fitted model shares, on a model whose scores are given."""

from __future__ import annotations

import numpy as np
import pytest

from segue.core import asking
from segue.core.arrays import Float32Array
from segue.core.asking import blocked_items, row_blocks
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.models.fitted import FittedModel, gather_rows


class Steady(FittedModel):
    """The same scores for everyone; remembers how many rows it scored at once."""

    def __init__(self, scores: list[float]) -> None:
        super().__init__("steady", Vocabulary(map(str, range(len(scores)))))
        self.scores = np.array(scores, np.float32)
        self.asked: list[int] = []

    def _score(self, histories: Histories, threads: int | None) -> Float32Array:  # noqa: ARG002
        self.asked.append(len(histories))
        return np.tile(self.scores, (len(histories), 1))


SCORES = [0.1, 0.5, -np.inf, 0.5, np.nan, 0.3]


def test_a_list_holds_what_is_left_in_order_and_then_ends() -> None:
    top = Steady(SCORES).recommend(Histories.of([{0: 1.0}, {3: 0.0}]), 5)
    assert top.items.tolist() == [[1, 3, 5, -1, -1], [1, 5, 0, -1, -1]]


def test_seen_items_come_back_when_asked_for() -> None:
    assert Steady(SCORES).recommend(Histories.of([{1: 1.0}]), 2, exclude_seen=False).items.tolist() == [[1, 3]]


def test_only_allowed_items_come_back() -> None:
    allowed = np.array([True, False, True, False, True, True])
    assert Steady(SCORES).recommend(Histories.of([{0: 1.0}]), 3, allowed=allowed).items.tolist() == [[5, -1, -1]]


@pytest.mark.parametrize("exclude_seen", [True, False])
def test_banned_items_are_banned_in_their_row_alone(exclude_seen: bool) -> None:
    histories = Histories.of([{0: 1.0}, {0: 1.0}, {0: 1.0, 5: 1.0}])
    banned = Histories.of([{1: 1.0, 77: 1.0}, {}, {3: 1.0, 1: 1.0}])
    top = Steady(SCORES).recommend(histories, 2, exclude_seen=exclude_seen, banned=banned)
    assert top.items.tolist() == [[3, 5], [1, 3], [-1, -1] if exclude_seen else [5, 0]]


def test_an_empty_history_gets_an_empty_list_and_no_scores() -> None:
    steady = Steady(SCORES)
    assert steady.recommend(Histories.of([{}, {9: 1.0}]), 2).items.tolist() == [[-1, -1], [-1, -1]]
    assert (steady.score(Histories.empty(2)) == -np.inf).all()
    assert steady.recommend(Histories.empty(0), 2).items.shape == (0, 2)


def test_unknown_items_are_left_out_and_counted() -> None:
    top = Steady(SCORES).recommend(Histories.of([{0: 1.0, 6: 1.0, 9: 1.0}]), 1)
    assert top.ignored == 2
    assert top.items.tolist() == [[1]]


def test_candidates_get_the_scores_that_all_items_get() -> None:
    steady = Steady(SCORES)
    scores = steady.score(Histories.of([{0: 1.0}, {}]), np.array([[5, -1, 2], [1, 1, 1]], np.int32))
    np.testing.assert_array_equal(scores, np.array([[0.3, -np.inf, -np.inf], [-np.inf] * 3], np.float32))


def test_many_histories_are_scored_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_BLOCK_BYTES", 4 * 6 * 10)
    steady = Steady(SCORES)
    whole = steady.recommend(Histories.of([{row % 6: 1.0} if row % 5 else {} for row in range(64)]), 3)
    assert max(steady.asked) <= 10
    assert sum(steady.asked) == 51
    assert whole.items[0].tolist() == [-1, -1, -1]
    assert whole.items[1].tolist() == [3, 5, 0]
    assert whole.items[63].tolist() == [1, 5, 0]


@pytest.mark.parametrize("k", [0, -1])
def test_a_list_has_at_least_one_place(k: int) -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        Steady(SCORES).recommend(Histories.of([{0: 1.0}]), k)


def test_what_does_not_fit_the_histories_is_refused() -> None:
    steady, one = Steady(SCORES), Histories.of([{0: 1.0}])
    with pytest.raises(DataError, match="one row per history"):
        steady.recommend(one, banned=Histories.empty(2))
    with pytest.raises(DataError, match="mask over the 6 items"):
        steady.recommend(one, allowed=np.ones(5, np.bool_))
    with pytest.raises(DataError, match="one row per history"):
        steady.score(one, np.zeros((2, 2), np.int32))
    with pytest.raises(DataError, match="knows 6 items"):
        steady.score(one, np.array([[6]], np.int32))


def test_what_is_blocked_is_seen_and_banned_together() -> None:
    offsets, items = blocked_items(Histories.of([[1, 2], [], [3]]), True, Histories.of([[7], [8, 9], []]), 10)
    assert offsets.tolist() == [0, 3, 5, 6]
    assert items.tolist() == [1, 2, 7, 8, 9, 3]


def test_rows_of_a_ragged_array_are_gathered_in_the_order_asked() -> None:
    offsets, values = gather_rows(np.array([0, 2, 2, 5]), np.array([1, 2, 3, 4, 5], np.int32), np.array([2, 1]))
    assert (offsets.tolist(), values.tolist()) == ([0, 3, 3], [3, 4, 5])


def test_blocks_cover_every_row_once_and_hold_at_least_one() -> None:
    assert [row for block in row_blocks(5, 2**40) for row in range(5)[block]] == [0, 1, 2, 3, 4]
    assert list(row_blocks(0, 5)) == []
