"""Whom an item suits: the histories with the highest scores, whichever way they are found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core import asking
from segue.core.arrays import Float32Array
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.models.audience import holders
from segue.models.embedding import EmbeddingModel
from segue.models.fitted import FittedModel

#: What each of four items gets from a history that holds any of the first items only; item 3 has no evidence.
TABLE = np.array([[5, 1, 0, -np.inf], [4, 1, 2, -np.inf], [4, 1, -np.inf, -np.inf]], np.float32)


class ByFirstItem(FittedModel):
    """Scores are the row of a table that the first item of a history names."""

    def __init__(self, table: Float32Array) -> None:
        super().__init__("by first item", Vocabulary(map(str, range(table.shape[1]))))
        self.table = table

    def _score(self, histories: Histories, threads: int | None) -> Float32Array:  # noqa: ARG002
        first = [histories[row].items[0] if histories.lengths[row] else 0 for row in range(len(histories))]
        return np.asarray(self.table[first], np.float32)


class SumOfVectors(EmbeddingModel):
    """A history is the weighted sum of its items' vectors."""

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:  # noqa: ARG002
        return np.asarray(histories.csr(self.n_items) @ self.item_vectors, np.float32)


HISTORIES = Histories.of([{2: 1.0}, {0: 1.0}, {}, {1: 1.0, 3: 0.0}, {0: 1.0, 1: -1.0}])


def test_the_highest_scores_come_first_and_ties_in_the_order_of_the_histories() -> None:
    top = ByFirstItem(TABLE).recommend_users([0, 1, 2], HISTORIES, 5, exclude_seen=False)
    assert top.items.tolist() == [[1, 4, 0, 3, -1], [0, 1, 3, 4, -1], [3, 1, 4, -1, -1]]
    np.testing.assert_array_equal(top.scores[0, :4], [5, 5, 4, 4])


def test_whoever_holds_the_item_is_left_out_whatever_its_weight() -> None:
    top = ByFirstItem(TABLE).recommend_users([1, 0], HISTORIES, 5)
    assert top.items.tolist() == [[0, 1, -1, -1, -1], [0, 3, -1, -1, -1]]


def test_an_item_without_evidence_suits_nobody() -> None:
    assert ByFirstItem(TABLE).recommend_users([3], HISTORIES, 3).items.tolist() == [[-1, -1, -1]]


def test_an_item_may_be_asked_about_twice_and_in_any_order() -> None:
    model = ByFirstItem(TABLE)
    twice = model.recommend_users([2, 0, 2], HISTORIES, 2)
    assert (
        twice.items[0].tolist() == twice.items[2].tolist() == model.recommend_users([2], HISTORIES, 2).items[0].tolist()
    )
    assert twice.items[1].tolist() == model.recommend_users([0], HISTORIES, 2).items[0].tolist()


def test_items_that_the_model_does_not_know_are_counted() -> None:
    top = ByFirstItem(TABLE).recommend_users([0], Histories.of([{0: 1.0, 9: 1.0}, {8: 1.0}]), 2, exclude_seen=False)
    assert top.ignored == 2
    assert top.items.tolist() == [[0, -1]]


def test_nobody_asked_gets_an_empty_list() -> None:
    assert ByFirstItem(TABLE).recommend_users([0], Histories.empty(), 2).items.tolist() == [[-1, -1]]
    assert ByFirstItem(TABLE).recommend_users(np.zeros(0, np.int64), HISTORIES, 2).items.shape == (0, 2)


@pytest.mark.parametrize("items", [[4], [-1], [[0]], [0.5]])
def test_items_that_do_not_exist_are_refused(items: object) -> None:
    with pytest.raises(DataError, match=r"no item|vector of positions"):
        ByFirstItem(TABLE).recommend_users(items, HISTORIES)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="at least 1"):
        ByFirstItem(TABLE).recommend_users([0], HISTORIES, 0)


@given(
    st.integers(0, 2**32), st.integers(1, 12), st.booleans(), st.booleans(), st.sampled_from([1, 3, 7, 100]), st.data()
)
def test_both_ways_agree_with_sorted_scores_however_large_a_block_is(
    seed: int, k: int, exclude_seen: bool, biased: bool, block: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (9, 3)).astype(np.float32)
    bias = rng.integers(-2, 3, 9).astype(np.float32) if biased else None
    fast = SumOfVectors(None, Vocabulary(map(str, range(9))), vectors, bias)
    slow = ByFirstItem(np.zeros((9, 9), np.float32))
    slow._score = fast._score  # type: ignore[method-assign]
    rows = [{int(i): float(rng.integers(-1, 3)) for i in rng.integers(0, 9, rng.integers(0, 5))} for _ in range(23)]
    histories = Histories.of(rows)
    items = data.draw(st.lists(st.integers(0, 8), min_size=1, max_size=5))
    scores = fast.score(histories).T.copy()
    if exclude_seen:
        scores[histories.items, histories.row_of_entry] = -np.inf
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "_BLOCK_BYTES", 4 * 9 * block)
        for model in (fast, slow):
            top = model.recommend_users(items, histories, k, exclude_seen=exclude_seen)
            for place, item in enumerate(items):
                order = np.lexsort((np.arange(23), -scores[item]))[:k]
                expected = [(int(row), float(scores[item, row])) for row in order if scores[item, row] > -np.inf]
                assert top.row(place) == expected


def test_few_items_of_many_are_scored_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ByFirstItem(np.arange(64, dtype=np.float32).reshape(1, 64).repeat(64, axis=0))
    monkeypatch.setattr(
        FittedModel,
        "_score_candidates",
        lambda self, histories, candidates: self.table[0][candidates],  # noqa: ARG005
    )
    monkeypatch.setattr(model, "_score", None)
    assert model.recommend_users([3, 5], HISTORIES, 1).scores.tolist() == [[3.0], [5.0]]


def test_the_holders_of_an_item_are_the_rows_that_name_it() -> None:
    offsets, rows = holders(Histories.of([[5, 2, 5], [], [1, 2]]), np.array([2, 4, 5], np.int32), 6)
    assert (offsets.tolist(), rows.tolist()) == ([0, 2, 2, 4], [0, 2, 0, 0])
