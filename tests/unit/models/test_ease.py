"""EASE, held against its formula in dense double precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.models.ease import EASE, EASEModel, SparseEASEModel
from segue.models.evidence import Communities
from worlds import dataset_of, small_datasets

Dense = npt.NDArray[np.float64]
PLAIN = EASE(l2=2.0, l2_exponent=0.0, damping=0.0)


def weighting(raw: Dense, name: str) -> Dense:
    size = {"binary": np.sign(np.abs(raw)), "linear": np.abs(raw), "log": np.log1p(np.abs(raw))}[name]
    return np.asarray(np.sign(raw) * size)


def by_formula(raw: Dense, configuration: EASE) -> Dense:
    """B = I - P diag(1 / diag P), P = (X'X + diag(l2 n^e))^-1, columns divided by n^damping (Steck 2019, eq. 8)."""
    x = weighting(raw, configuration.weighting)
    n = np.maximum(1, (x**2).sum(axis=0))
    p = np.linalg.inv(x.T @ x + np.diag(configuration.l2 * n**configuration.l2_exponent))
    weights = -p / np.diag(p) / n**configuration.damping
    np.fill_diagonal(weights, 0)
    return np.asarray(weights)


def on_a_pattern(raw: Dense, pattern: npt.NDArray[np.bool_], configuration: EASE) -> Dense:
    """Each column's ridge regression on the rows that the pattern allows, one at a time."""
    x = weighting(raw, configuration.weighting)
    n = np.maximum(1, (x**2).sum(axis=0))
    ridge = configuration.l2 * n**configuration.l2_exponent
    weights = np.zeros_like(x.T @ x)
    for i in range(x.shape[1]):
        on = np.flatnonzero(pattern[:, i])
        system = x[:, on].T @ x[:, on] + np.diag(ridge[on])
        weights[on, i] = np.linalg.solve(system, x[:, on].T @ x[:, i]) / n[i] ** configuration.damping
    return weights


def dense(model: SparseEASEModel) -> Dense:
    offsets, items, weights = model.operator.rows
    out = np.zeros((model.n_items, model.n_items))
    out[np.repeat(np.arange(model.n_items), np.diff(offsets)), items] = weights
    return out


def matrix_of(dataset: Dataset) -> Dense:
    return dataset.csr().toarray().astype(float)


configurations = st.builds(
    EASE,
    l2=st.sampled_from([0.5, 3.0, 50.0]),
    l2_exponent=st.sampled_from([0.0, 0.5, 1.0]),
    damping=st.sampled_from([0.0, 0.3]),
    weighting=st.sampled_from(["binary", "linear", "log"]),
)


@given(dataset=small_datasets(), configuration=configurations)
def test_the_weights_are_those_of_the_formula(dataset: Dataset, configuration: EASE) -> None:
    model = configuration.fit(dataset)
    assert isinstance(model, EASEModel)
    np.testing.assert_allclose(model.weights, by_formula(matrix_of(dataset), configuration), atol=2e-6)


@given(dataset=small_datasets(), configuration=configurations)
def test_a_score_is_the_history_times_the_weights(dataset: Dataset, configuration: EASE) -> None:
    raw = matrix_of(dataset)
    query = weighting(raw, configuration.weighting)
    scores = configuration.fit(dataset).score(dataset.histories)
    there = np.isfinite(scores)
    np.testing.assert_allclose(scores[there], (query @ by_formula(raw, configuration))[there], rtol=1e-4, atol=1e-5)
    # Where a chain of listeners leads from another liked item, there is an opinion, and nowhere else.
    both = (raw != 0).astype(int)
    chain = np.linalg.matrix_power(both.T @ both + np.eye(raw.shape[1], dtype=int) > 0, 16)
    np.fill_diagonal(chain, False)
    assert np.array_equal(there, (raw > 0).astype(int) @ chain.astype(int) > 0)


def test_weights_by_hand() -> None:
    # Two items, heard together by two of three users: X'X + I = [[4, 2], [2, 3]], P = [[3, -2], [-2, 4]] / 8.
    model = EASE(l2=1.0, l2_exponent=0.0, damping=0.0).fit(dataset_of([{0: 1, 1: 1}, {0: 5, 1: 1}, {0: 1}], 2))
    assert isinstance(model, EASEModel)
    np.testing.assert_allclose(model.weights, [[0, 2 / 4], [2 / 3, 0]], rtol=1e-6)
    np.testing.assert_allclose(model.similar_items([0], 1).scores, [[2 / np.sqrt(12)]], rtol=1e-6)


@given(dataset=small_datasets(), configuration=configurations, keep=st.integers(1, 20))
def test_what_is_kept_are_the_largest_weights_of_each_item(dataset: Dataset, configuration: EASE, keep: int) -> None:
    full = configuration.fit(dataset)
    kept = EASE(
        configuration.l2, configuration.l2_exponent, configuration.damping, configuration.weighting, keep=keep
    ).fit(dataset)
    assert isinstance(full, EASEModel)
    assert isinstance(kept, SparseEASEModel)
    found = dense(kept)
    largest = -np.sort(-np.abs(full.weights), axis=0)[:keep]
    np.testing.assert_allclose(-np.sort(-np.abs(found), axis=0)[:keep], largest, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(found[found != 0], full.weights[found != 0], rtol=1e-5)


@given(dataset=small_datasets(), configuration=configurations, keep=st.integers(1, 20))
def test_the_sparse_method_solves_the_same_regression_on_each_items_neighbours(
    dataset: Dataset, configuration: EASE, keep: int
) -> None:
    sparse = EASE(
        configuration.l2,
        configuration.l2_exponent,
        configuration.damping,
        configuration.weighting,
        method="sparse",
        keep=keep,
    ).fit(dataset)
    assert isinstance(sparse, SparseEASEModel)
    found = dense(sparse)
    assert (np.count_nonzero(found, axis=0) <= keep).all()
    expected = on_a_pattern(matrix_of(dataset), found != 0, configuration)
    # A coefficient that came out as zero leaves the pattern, and the others as they are.
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_with_all_items_as_neighbours_both_methods_agree() -> None:
    rng = np.random.default_rng(4)
    rows = [dict.fromkeys(rng.choice(30, 8, replace=False).tolist(), 1.0) for _ in range(400)]
    dataset = dataset_of(rows, 30)
    exact, sparse = EASE().fit(dataset), EASE(method="sparse", keep=30).fit(dataset)
    assert isinstance(exact, EASEModel)
    assert isinstance(sparse, SparseEASEModel)
    np.testing.assert_allclose(dense(sparse), exact.weights, atol=1e-6)
    near = exact.similar_items([0, 7], 5)
    assert sparse.similar_items([0, 7], 5).items.tolist() == near.items.tolist()


@pytest.mark.parametrize("method", ["exact", "sparse"])
def test_threads_do_not_change_a_byte(method: Any) -> None:
    rng = np.random.default_rng(5)
    rows = [dict.fromkeys(rng.choice(700, 40, replace=False).tolist(), 1.0) for _ in range(300)]
    dataset = dataset_of(rows, 700)
    one, two = (EASE(method=method, keep=30 if method == "sparse" else None).fit(dataset, threads=t) for t in (1, 2))
    for name, array in one.arrays().items():
        assert array.tobytes() == two.arrays()[name].tobytes()


@pytest.mark.data
@pytest.mark.parametrize("configuration", [EASE(), EASE(l2=80.0, l2_exponent=0.0, damping=0.0)], ids=str)
def test_the_weights_of_real_listening_are_those_of_the_formula(research_data: Path, configuration: EASE) -> None:
    frame = pl.read_csv(research_data / "lastfm-2k" / "user_artists.dat", separator="\t")
    often = frame.filter(pl.len().over("artistID") >= 20)
    dataset = Dataset.from_frame(often, user="userID", item="artistID", weight="weight")
    model = configuration.fit(dataset)
    assert isinstance(model, EASEModel)
    expected = by_formula(matrix_of(dataset), configuration)
    np.testing.assert_allclose(model.weights, expected, atol=1e-5 * np.abs(expected).max())


def test_items_that_no_listener_joins_say_nothing_of_each_other() -> None:
    dataset = dataset_of([{0: 1, 1: 1}, {2: 1, 3: 1}, {4: 1}], 6)
    assert Communities.of(dataset.csr()).labels.tolist() == [0, 0, 1, 1, 2, -1]
    scores = PLAIN.fit(dataset).score(Histories.of([{0: 1.0}, {0: 1.0, 1: 1.0, 3: -1.0}, {4: 1.0, 5: 1.0}]))
    assert np.isfinite(scores).tolist() == [
        [False, True, False, False, False, False],
        [True, True, False, False, False, False],
        [False] * 6,
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"l2": 0.0},
        {"l2": float("inf")},
        {"l2_exponent": 1.5},
        {"damping": -0.1},
        {"method": "fast"},
        {"keep": 0},
        {"weighting": "square"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        EASE(**wrong)


def test_more_items_than_memory_holds_are_refused_before_any_work() -> None:
    with pytest.raises(SettingsError, match=r"144\d\.\d GB of memory for 600,000 items.*method = \"sparse\""):
        EASE().fit(Dataset.from_csr(sp.csr_array(([1.0], ([0], [0])), shape=(1, 600_000))))


@pytest.mark.parametrize("method", ["exact", "sparse"])
def test_a_ridge_below_what_single_precision_resolves_is_refused(method: Any) -> None:
    dataset = dataset_of([{0: 3e9, 1: 3e9, 2: 1e9}, {0: 2e9, 1: 2e9, 2: 1e8}], 3)
    with pytest.raises(ModelError, match="raise l2"):
        EASE(l2=1.0, l2_exponent=0.0, weighting="linear", method=method).fit(dataset)


def test_nothing_liked_is_nothing_to_learn_from() -> None:
    with pytest.raises(DataError, match="positive weight"):
        EASE().fit(dataset_of([{0: -1.0, 1: -1.0}], 2))


@pytest.mark.parametrize("configuration", [PLAIN, EASE(keep=3)])
@pytest.mark.parametrize("broken", [{"scales": np.ones((2, 5), np.float32)}, {"communities": np.array([7, 0, 0])}])
def test_arrays_that_do_not_fit_are_refused(configuration: EASE, broken: dict[str, Any]) -> None:
    dataset = dataset_of([{0: 1, 1: 1}, {1: 1, 2: 1}], 3)
    arrays = {**configuration.fit(dataset).arrays()}
    if not broken.keys() <= arrays.keys():
        return
    with pytest.raises(ArtifactError, match="train it again"):
        configuration.restore(dataset.items, {**arrays, **broken})
