"""Ratings: the objective, its exact minima and predictions, held against dense float64 algebra."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.protocols import PredictsRatings
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.models.explicit_als import ExplicitALS, FittedExplicitALS
from segue.simulation import simulate
from worlds import first_items, rated

SCALE = (1.0, 5.0)
CONFIGURATIONS = [
    ExplicitALS(factors=4, iterations=3),
    ExplicitALS(factors=7, iterations=3, regularization=0.3, regularization_exponent=0, bias_regularization=0.5),
    ExplicitALS(factors=0, iterations=3),
]


def ratings(seed: int = 0, n_users: int = 25, n_items: int = 18, scale: tuple[float, float] = SCALE) -> Dataset:
    """Random ratings on the whole numbers of a scale; some users and items have none."""
    rng = np.random.default_rng(seed)
    rows = [
        {int(i): float(rng.integers(scale[0], scale[1] + 1)) for i in rng.integers(0, n_items - 1, rng.integers(0, 14))}
        for _ in range(n_users)
    ]
    return rated(rows, n_items, scale)


def dense_row(
    als: ExplicitALS, history: Histories, model: FittedExplicitALS, unit: float = 1.0
) -> npt.NDArray[np.float64]:
    """The vector and bias of one history, by float64 normal equations."""
    y, c = model.item_vectors[history.items].astype(np.float64), model.item_bias
    assert c is not None
    n = history.n_entries
    ridge = np.full(als.factors + 1, als.regularization * unit * n**als.regularization_exponent)
    ridge[-1] = als.bias_regularization
    left = history.weights - model.mean - c[history.items].astype(np.float64)
    return np.asarray(np.linalg.solve(y.T @ y + np.diag(ridge), y.T @ left))


class Notes:
    """Keeps what a fit tells of its progress."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    @contextmanager
    def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Notes]:  # noqa: ARG002
        yield self

    def advance(self, amount: float = 1.0, note: str = "") -> None:  # noqa: ARG002
        self.notes.append(note)


class Oracle:
    """The whole alternation in dense float64, from the same first vectors."""

    def __init__(self, als: ExplicitALS, dataset: Dataset, seed: int) -> None:
        matrix = dataset.csr().toarray().astype(np.float64)
        there = dataset.csr().astype(bool).toarray()
        self.mean = matrix[there].mean()
        n, m = matrix.shape
        draws = np.random.default_rng(seed).standard_normal((m, als.factors), dtype=np.float32)
        y = draws.astype(np.float64) * 0.1 / math.sqrt(max(1, als.factors))
        left = np.where(there, matrix - self.mean, 0)
        c = left.sum(axis=0) / (there.sum(axis=0) + als.bias_regularization)
        x, b = np.zeros((n, als.factors)), np.zeros(n)
        for _ in range(als.iterations):
            x, b = self.side(als, left, there, y, c)
            y, c = self.side(als, left.T, there.T, x, b)
        self.x, self.b, self.y, self.c = x, b, y, c

    @staticmethod
    def side(als: ExplicitALS, left: Any, there: Any, fixed: Any, bias: Any) -> tuple[Any, Any]:
        solved = np.zeros((len(left), als.factors + 1))
        for row in range(len(left)):
            on = there[row]
            if not on.any():
                continue
            z = np.column_stack([fixed[on], np.ones(on.sum())])
            ridge = np.full(als.factors + 1, als.regularization * on.sum() ** als.regularization_exponent)
            ridge[-1] = als.bias_regularization
            solved[row] = np.linalg.solve(z.T @ z + np.diag(ridge), z.T @ (left[row, on] - bias[on]))
        return solved[:, :-1], solved[:, -1]

    def predictions(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.mean + self.b[:, None] + self.c + self.x @ self.y.T)


@pytest.mark.parametrize("als", CONFIGURATIONS)
def test_a_fit_is_that_of_a_dense_alternation(als: ExplicitALS) -> None:
    dataset = ratings()
    model, oracle = als.fit(dataset, seed=3), Oracle(als, dataset, seed=3)
    assert model.mean == pytest.approx(oracle.mean, rel=1e-6)
    np.testing.assert_allclose(model.item_vectors[:-1, :-1], oracle.y[:-1], atol=2e-4)
    assert model.item_bias is not None
    np.testing.assert_allclose(model.item_bias, oracle.c, atol=2e-4)


def test_errors_on_hidden_ratings_are_those_of_the_dense_alternation() -> None:
    """RMSE over the ratings of a fifth of the pairs, of the model and of the oracle, both held to the scale."""
    whole = ratings(5, 60, 30)
    entries = np.random.default_rng(0).random(whole.histories.n_entries) < 0.8
    shown, hidden = whole.histories.where(entries), whole.histories.where(~entries)
    als = ExplicitALS(factors=5, iterations=40)
    model = als.fit(whole.with_histories(shown), seed=1)
    oracle = Oracle(als, whole.with_histories(shown), seed=1)
    every = np.tile(np.arange(30, dtype=np.int32), (60, 1))
    truth = hidden.weights
    found = model.predict(shown, every)[hidden.row_of_entry, hidden.items]
    dense = oracle.predictions().clip(*SCALE)[hidden.row_of_entry, hidden.items]
    # The last half sweep of the oracle moved the items; a history is answered by one more solve of its own.
    assert math.sqrt(np.square(found - truth).mean()) == pytest.approx(
        math.sqrt(np.square(dense - truth).mean()), rel=0.01
    )


@pytest.mark.parametrize("als", CONFIGURATIONS)
def test_a_history_gets_the_exact_minimum(als: ExplicitALS) -> None:
    dataset = ratings()
    model = als.fit(dataset)
    vectors = model.query_vectors(dataset.histories)
    for row in range(dataset.n_users):
        history = dataset.histories[row].merged()
        if not history.n_entries:
            assert not vectors[row].any()
            continue
        expected = dense_row(als, history, model)
        expected[-1] += model.mean
        np.testing.assert_allclose(vectors[row], expected, atol=1e-4)


@pytest.mark.parametrize("als", CONFIGURATIONS)
def test_the_objective_is_the_sum_that_its_docstring_says(als: ExplicitALS) -> None:
    dataset = ratings()
    model = als.fit(dataset)
    y, c = model.item_vectors.astype(np.float64), model.item_bias
    assert c is not None
    expected = als.bias_regularization * float(np.square(c.astype(np.float64)).sum())
    for item in range(dataset.n_items):
        n = int((dataset.histories.merged().items == item).sum())
        expected += als.regularization * n**als.regularization_exponent * float(y[item, :-1] @ y[item, :-1]) if n else 0
    for row in range(dataset.n_users):
        history = dataset.histories[row].merged()
        if history.n_entries:
            x = dense_row(als, history, model)
            p = model.mean + y[history.items] @ x + c[history.items]
            expected += float(np.square(history.weights - p).sum()) + als.bias_regularization * x[-1] ** 2
            expected += als.regularization * history.n_entries**als.regularization_exponent * float(x[:-1] @ x[:-1])
    assert model.objective(dataset) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("als", CONFIGURATIONS)
def test_the_objective_never_rises(als: ExplicitALS) -> None:
    dataset = ratings()
    values = [replace(als, iterations=iterations).fit(dataset, seed=2).objective(dataset) for iterations in range(1, 9)]
    assert all(later <= before * (1 + 1e-5) for before, later in pairwise(values))


def test_the_same_bytes_come_of_any_number_of_threads() -> None:
    dataset = simulate(listeners=200, tracks=300, seed=1).ratings
    one, two = (ExplicitALS(factors=12, iterations=4).fit(dataset, seed=5, threads=threads) for threads in (1, 2))
    for name, array in one.arrays().items():
        assert array.tobytes() == two.arrays()[name].tobytes()


def test_the_progress_is_told_the_objective_of_both_sides() -> None:
    told = Notes()
    ExplicitALS(factors=3, iterations=4).fit(ratings(), progress=told)
    losses = [float(note.removeprefix("loss ")) for note in told.notes]
    assert len(losses) == 4
    assert losses == sorted(losses, reverse=True)


@given(st.integers(0, 2**32), st.sampled_from([2.0, 20.0]), st.integers(-50, 50))
def test_a_longer_or_shifted_scale_changes_nothing_but_the_unit(seed: int, factor: float, shift: int) -> None:
    plain = ratings(seed, 12, 9)
    if not plain.histories.n_entries:
        return
    stretched = replace(plain.histories, weights=plain.histories.weights * np.float32(factor) + np.float32(shift))
    scale = (SCALE[0] * factor + shift, SCALE[1] * factor + shift)
    other = Dataset(plain.users, plain.items, stretched, plain.catalogue, feedback="ratings", scale=scale)
    als = ExplicitALS(factors=3, iterations=4)
    every = np.tile(np.arange(9, dtype=np.int32), (12, 1))
    expected = als.fit(plain).predict(plain.histories, every) * factor + shift
    found = als.fit(other).predict(stretched, every)
    np.testing.assert_allclose(found, expected, atol=2e-3 * factor)


# -- what is asked ----------------------------------------------------------------------------------------------------


def test_a_prediction_is_a_score_held_to_the_scale_and_there_is_one_for_every_pair() -> None:
    dataset = ratings()
    model = ExplicitALS(factors=4, regularization=0.001).fit(dataset)
    assert isinstance(model, PredictsRatings)
    assert model.scale == SCALE
    every = np.tile(np.arange(-1, dataset.n_items + 1, dtype=np.int32), (dataset.n_users, 1))
    found = model.predict(dataset.histories, every)
    scores = model.score(dataset.histories)
    assert scores[np.isfinite(scores)].max() > 5
    there = np.isfinite(scores)
    np.testing.assert_allclose(found[:, 1:-1][there], scores.clip(*SCALE)[there], rtol=1e-5)
    assert found.min() >= 1
    assert found.max() <= 5
    empty = np.flatnonzero(dataset.histories.lengths == 0)[0]
    assert model.item_bias is not None
    np.testing.assert_allclose(found[empty, 1:-1], (model.mean + model.item_bias).clip(*SCALE), rtol=1e-5)
    np.testing.assert_allclose(found[empty, [0, -1]], model.mean, rtol=1e-5)  # nothing known of either
    full = np.flatnonzero(dataset.histories.lengths > 3)[0]
    level = model.query_vectors(dataset.histories[int(full)])[0, -1]
    np.testing.assert_allclose(found[full, [0, -1]], np.clip(level, *SCALE), rtol=1e-5)


def test_predictions_need_one_row_of_candidates_per_history() -> None:
    model = ExplicitALS(factors=2).fit(ratings())
    with pytest.raises(DataError, match="one row per history"):
        model.predict(Histories.empty(2), np.zeros((3, 1), np.int32))


def test_generous_and_harsh_users_of_the_same_taste_differ_by_their_level() -> None:
    dataset = rated([{0: 5.0, 1: 4.0}, {0: 3.0, 1: 2.0}, {2: 3.0}], 3, SCALE)
    model = ExplicitALS(factors=0, bias_regularization=1e-6, iterations=200).fit(dataset)
    generous, harsh = model.query_vectors(dataset.histories[:2])[:, -1]
    assert generous - harsh == pytest.approx(2.0, abs=1e-3)


def test_whoever_gives_everything_the_lowest_rating_of_zero_is_still_answered() -> None:
    dataset = rated([{0: 0.0, 1: 0.0}, {0: 0.0, 2: 0.0}], 3, (0.0, 5.0))
    model = ExplicitALS(factors=2).fit(dataset)
    top = model.recommend(dataset.histories, 3)
    assert top.items.tolist() == [[2, -1, -1], [1, -1, -1]]
    assert top.scores[:, 0] == pytest.approx([0, 0], abs=1e-30)


def test_a_zero_that_is_not_on_the_scale_says_seen_and_nothing_more() -> None:
    dataset = ratings()
    model = ExplicitALS(factors=3).fit(dataset)
    with_zero, without = Histories.of([{0: 4.0, 5: 0.0}]), Histories.of([{0: 4.0}])
    np.testing.assert_array_equal(model.score(with_zero), model.score(without))
    assert 5 not in model.recommend(with_zero, 20).items
    assert 5 in model.recommend(without, 20).items
    assert model.explain(with_zero, 3).contributions[1] == 0
    assert (model.score(Histories.of([{5: 0.0}])) == -np.inf).all()


def test_similar_items_are_told_without_the_coordinate_that_all_share() -> None:
    model = ExplicitALS(factors=3).fit(ratings())
    y = model.item_vectors[:, :-1].astype(np.float64)
    unit = y / np.maximum(np.linalg.norm(y, axis=1, keepdims=True), 1e-30)
    cosine = unit @ unit[2]
    cosine[[2, 17]] = -np.inf  # itself, and the item that nobody rated
    top = model.similar_items([2], 4)
    assert top.items[0].tolist() == np.argsort(-cosine, kind="stable")[:4].tolist()
    np.testing.assert_allclose(top.scores[0], np.sort(cosine)[::-1][:4], rtol=1e-4)


def test_biases_alone_know_of_no_likeness() -> None:
    assert ExplicitALS(factors=0).fit(ratings()).similar_items([2], 3).items.tolist() == [[-1, -1, -1]]


def test_what_speaks_for_an_item_is_how_its_like_were_rated_beside_what_they_usually_get() -> None:
    model = ExplicitALS(factors=4).fit(ratings(1))
    history = Histories.of([{0: 5.0, 3: 1.0, 7: 4.0}])
    reason = model.explain(history, 9)
    assert model.item_bias is not None
    assert reason.baseline == pytest.approx(model.mean + float(model.item_bias[9]), rel=1e-6)
    for place in range(3):  # a part is what the rating adds over one that says nothing: what the item usually gets
        usual = history.weights.copy()
        usual[place] = model.mean + model.item_bias[history.items[place]]
        without = model.score(replace(history, weights=usual))[0, 9]
        assert reason.contributions[place] == pytest.approx(reason.score - without, abs=2e-5)


# -- new items -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("als", CONFIGURATIONS)
def test_a_new_item_gets_the_exact_minimum_against_its_listeners(als: ExplicitALS) -> None:
    whole = ratings(4)
    old = als.fit(first_items(whole, 15))
    new = old.with_items(whole)
    np.testing.assert_array_equal(new.item_vectors[:15], old.item_vectors)
    shown = whole.histories.known(15)[0]
    users = np.array(
        [
            dense_row(als, shown[row].merged(), old) if shown[row].n_entries else np.zeros(als.factors + 1)
            for row in range(25)
        ]
    )
    matrix = whole.csr().toarray()
    for item in (15, 16):
        rows = np.flatnonzero(whole.csr().astype(bool).toarray()[:, item])
        z = np.column_stack([users[rows, :-1], np.ones(rows.size)])
        ridge = np.full(als.factors + 1, als.regularization * rows.size**als.regularization_exponent)
        ridge[-1] = als.bias_regularization
        w = np.linalg.solve(z.T @ z + np.diag(ridge), z.T @ (matrix[rows, item] - old.mean - users[rows, -1]))
        np.testing.assert_allclose(new.item_vectors[item], [*w[:-1], 1], atol=1e-4)
        assert new.item_bias is not None
        assert new.item_bias[item] == pytest.approx(w[-1], abs=1e-4)
    assert [new.origins[item] for item in (14, 15, 16)] == ["trained", "projected", "projected"]
    assert new.origins[17] == "artist"  # nobody rated it
    assert new.item_vectors[17, -1] == 1


def test_new_items_come_with_ratings() -> None:
    with pytest.raises(DataError, match="places items by ratings, and this dataset holds plays"):
        ExplicitALS(factors=2).fit(first_items(ratings(), 15)).with_items(
            replace(ratings(), feedback="plays", scale=None)
        )


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"factors": -1}, "factors must be a whole number of at least 0"),
        ({"factors": 2.5}, "factors must be a whole number"),
        ({"iterations": 0}, "iterations must be a whole number of at least 1"),
        ({"regularization": 0}, "regularization must be more than 0"),
        ({"regularization": math.nan}, "regularization must be a number"),
        ({"bias_regularization": 0.0}, "bias_regularization must be more than 0"),
        ({"regularization_exponent": -1}, "regularization_exponent must be a number of at least 0"),
        ({"regularization_exponent": math.inf}, "regularization_exponent must be a number"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ExplicitALS(**settings)


def test_a_rating_outside_the_scale_is_refused_and_named() -> None:
    rows = [{0: 4.0, 1: 2.0}, {1: 7.0, 2: 6.0}]
    message = r"2 ratings lie outside the scale 1 to 5, the first is 7 \(user 'user-1', item 'track-1'\)"
    with pytest.raises(DataError, match=message):
        ExplicitALS().fit(rated(rows, 3, SCALE))
    model = ExplicitALS(factors=2).fit(ratings())
    for weight in (5.5, -1.0, 0.5):
        for ask in (model.score, model.recommend, model.query_vectors):
            with pytest.raises(DataError, match="a rating lies outside the scale 1 to 5"):
                ask(Histories.of([{0: weight}]))
        with pytest.raises(DataError, match="outside the scale"):
            model.explain(Histories.of([{0: weight}]), 1)


def test_plays_are_no_ratings() -> None:
    plays = Dataset.from_csr(ratings().csr())
    with pytest.raises(DataError, match="learns from ratings, and this dataset holds plays; use implicit-als"):
        ExplicitALS().fit(plays)


def test_ratings_too_large_for_single_precision_are_refused() -> None:
    rng = np.random.default_rng(0)
    rows = [{i: float(rng.uniform(0, 3e38)) for i in range(8)} for _ in range(12)]
    with pytest.raises(ModelError, match="smaller scale"):
        ExplicitALS(factors=2).fit(rated(rows, 8, (0.0, 3e38)))


def test_the_objective_is_of_the_items_of_the_model() -> None:
    with pytest.raises(DataError, match="the model knows 18 items"):
        ExplicitALS(factors=2).fit(ratings()).objective(ratings(n_items=20))


def test_arrays_that_do_not_fit_are_refused() -> None:
    dataset, als = ratings(), ExplicitALS(factors=3)
    arrays = dict(als.fit(dataset).arrays())
    for name in arrays:
        with pytest.raises(ArtifactError, match=f"{name}.*found nothing"):
            als.restore(dataset.items, {key: value for key, value in arrays.items() if key != name})
    with pytest.raises(ArtifactError, match=r"\(18, 4\).*found float32 of shape \(18, 3\)"):
        als.restore(dataset.items, {**arrays, "item_vectors": arrays["item_vectors"][:, 1:]})
