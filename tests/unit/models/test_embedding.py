"""What vectors owe: scores that are products, lists that are those scores sorted, and likeness by four measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.arrays import Float32Array
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.models.embedding import EmbeddingModel


class SumOfVectors(EmbeddingModel):
    """A history is the weighted sum of its items' vectors."""

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:  # noqa: ARG002
        return np.asarray(histories.csr(self.n_items) @ self.item_vectors, np.float32)


def model(vectors: Any, bias: Any = None) -> SumOfVectors:
    array = np.asarray(vectors, np.float32)
    return SumOfVectors(None, Vocabulary(map(str, range(len(array)))), array, bias)


#: 0 and 1 point the same way, 1 being longer; 2 is near, 3 opposite, 4 knows nothing.
COMPASS = model([[1, 0], [10, 0], [1, 1], [-1, 0], [0, 0]])


@pytest.mark.parametrize("bias", [None, np.array([5, 0, -5, 1, 9], np.float32)])
def test_a_score_is_a_product_and_a_bias(bias: Float32Array | None) -> None:
    compass = model(COMPASS.item_vectors, bias)
    history = Histories.of([{0: 1.0, 2: 1.0}])  # stands at (2, 1)
    expected = np.array([2.0, 20.0, 3.0, -2.0, 0.0]) + (0 if bias is None else bias)
    expected[4] = -np.inf  # it has no evidence, whatever its bias
    np.testing.assert_array_equal(compass.score(history)[0], expected)
    candidates = np.array([[4, 1, -1, 0]], np.int32)
    np.testing.assert_array_equal(compass.score(history, candidates)[0], [-np.inf, expected[1], -np.inf, expected[0]])


@given(st.integers(0, 2**32), st.integers(1, 12), st.booleans(), st.booleans(), st.sampled_from([1, 2]))
def test_a_list_is_the_scores_sorted(seed: int, k: int, exclude_seen: bool, masked: bool, threads: int) -> None:
    rng = np.random.default_rng(seed)
    random = model(rng.integers(-2, 3, (30, 3)), rng.integers(-2, 3, 30).astype(np.float32))
    histories = Histories.of([{int(i): 1.0 for i in rng.integers(0, 30, rng.integers(0, 6))} for _ in range(9)])
    allowed = rng.random(30) < 0.5 if masked else None
    top = random.recommend(histories, k, exclude_seen=exclude_seen, allowed=allowed, threads=threads)
    scores = random.score(histories)
    if exclude_seen:
        scores[histories.row_of_entry, histories.items] = -np.inf
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
    for row, left in enumerate(scores):
        order = np.lexsort((np.arange(30), -left))[:k]
        assert top.row(row) == [(int(i), float(left[i])) for i in order if left[i] > -np.inf]


def test_a_history_whose_vector_is_zero_has_no_evidence() -> None:
    histories = Histories.of([{0: 1.0, 3: 1.0}, {}, {4: 1.0}])
    assert (COMPASS.score(histories) == -np.inf).all()
    assert (COMPASS.recommend(histories, 3).items == -1).all()


@pytest.mark.parametrize(
    ("measure", "items", "scores"),
    [
        ("cosine", [1, 2, 3], [1, 0.5**0.5, -1]),
        ("dot", [1, 2, 3], [10, 1, -1]),
        ("euclidean", [2, 3, 1], [-1, -2, -9]),
        ("damped", [1, 2, 3], [10**0.5, 2**-0.25, -1]),
    ],
)
def test_each_measure_has_its_own_order(measure: str, items: list[int], scores: list[float]) -> None:
    near = COMPASS.similar_items([0], 4, measure=measure)  # type: ignore[arg-type]
    assert near.items.tolist() == [[*items, -1]]
    np.testing.assert_allclose(near.scores[0, :3], scores, rtol=1e-6)


def test_damping_leads_from_cosine_to_dot() -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 5))
    random = model(vectors)
    everything = np.arange(40)
    for damping, measure in ((0.0, "cosine"), (1.0, "dot")):
        damped = random.similar_items(everything, 39, measure="damped", damping=damping)
        pure = random.similar_items(everything, 39, measure=measure)  # type: ignore[arg-type]
        np.testing.assert_array_equal(damped.items, pure.items)


@pytest.mark.parametrize("measure", ["cosine", "euclidean", "damped"])
def test_only_dot_looks_at_the_bias(measure: str) -> None:
    biased = model(COMPASS.item_vectors, np.array([0, 0, 0, 100, 0], np.float32))
    assert biased.similar_items([0], 3, measure=measure) == COMPASS.similar_items([0], 3, measure=measure)  # type: ignore[arg-type]
    assert biased.similar_items([0], 1, measure="dot").items.tolist() == [[3]]


def test_an_item_without_evidence_is_like_nothing() -> None:
    near = COMPASS.similar_items([4, 0, 4], 2)
    assert near.items.tolist() == [[-1, -1], [1, 2], [-1, -1]]


@pytest.mark.parametrize("items", [[5], [-1], [[0, 1]], [0.5], ["0"]])
def test_items_that_do_not_exist_are_refused(items: object) -> None:
    with pytest.raises(DataError, match=r"no item|vector of positions"):
        COMPASS.similar_items(items)  # type: ignore[arg-type]


def test_measures_and_damping_that_do_not_exist_are_refused() -> None:
    with pytest.raises(SettingsError, match="'cosine', 'dot', 'euclidean' or 'damped', got 'jaccard'"):
        COMPASS.similar_items([0], measure="jaccard")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="between 0"):
        COMPASS.similar_items([0], measure="damped", damping=1.5)
    with pytest.raises(SettingsError, match="at least 1"):
        COMPASS.similar_items([0], 0)


def test_vectors_cannot_be_changed_from_outside() -> None:
    with pytest.raises(ValueError, match="read-only"):
        COMPASS.item_vectors[0, 0] = 5
