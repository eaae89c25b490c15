"""The graph filter, held against its formula in dense double precision."""

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
from segue.errors import ArtifactError, DataError, SettingsError
from segue.kernels.singular import leading
from segue.models.graph_filter import GraphFilter
from worlds import dataset_of, small_datasets

Dense = npt.NDArray[np.float64]


def weighting(raw: Dense, name: str) -> Dense:
    size = {"binary": np.sign(np.abs(raw)), "log": np.log1p(np.abs(raw))}[name]
    return np.asarray(np.sign(raw) * size)


def by_formula(raw: Dense, configuration: GraphFilter, gap: float = 0.0) -> Dense:
    """N'N + alpha D_I^-1/2 V V' D_I^1/2 (Shen et al. 2021, eq. 9); all vectors of rank zero left out."""
    r = np.maximum(weighting(raw, configuration.weighting), 0)
    users, items = (np.where(total > 0, total, 1) for total in (r.sum(axis=1), r.sum(axis=0)))
    normalized = r / np.sqrt(users[:, None] * items)
    _, sizes, rows = np.linalg.svd(normalized, full_matrices=False)
    first = rows[: configuration.factors][sizes[: configuration.factors] > 1e-5]
    low_pass = first.T @ first
    return np.asarray(
        normalized.T @ normalized + configuration.alpha * low_pass * np.sqrt(items) / np.sqrt(items)[:, None]
    )


def has_gap(raw: Dense, configuration: GraphFilter) -> bool:
    """Whether the last vector taken is told from the first one left out; if not, which is taken is arbitrary."""
    r = np.maximum(weighting(raw, configuration.weighting), 0)
    users, items = (np.where(total > 0, total, 1) for total in (r.sum(axis=1), r.sum(axis=0)))
    sizes = np.append(np.linalg.svd(r / np.sqrt(users[:, None] * items), compute_uv=False), 0.0)
    last = min(configuration.factors, sizes.size - 1)
    return bool(sizes[last - 1] - sizes[last] > 0.05 or sizes[last - 1] < 1e-6)


configurations = st.builds(
    GraphFilter,
    factors=st.integers(1, 12),
    alpha=st.sampled_from([0.0, 0.3, 2.0]),
    weighting=st.sampled_from(["binary", "log"]),
)


@given(dataset=small_datasets(), configuration=configurations)
def test_a_score_is_the_history_through_the_filter(dataset: Dataset, configuration: GraphFilter) -> None:
    raw = dataset.csr().toarray().astype(float)
    if not has_gap(raw, configuration):
        return
    scores = configuration.fit(dataset).score(dataset.histories)
    there = np.isfinite(scores)
    expected = weighting(raw, configuration.weighting) @ by_formula(raw, configuration)
    np.testing.assert_allclose(scores[there], expected[there], rtol=1e-3, atol=1e-4)
    liked = np.maximum(weighting(raw, configuration.weighting), 0) @ by_formula(raw, configuration)
    np.testing.assert_allclose(liked[~there], 0, atol=1e-6)


def test_a_filter_by_hand() -> None:
    # One user has items 0 and 1, another item 1: N = [[1/sqrt 2, 1/2], [0, 1/sqrt 2]].
    dataset = dataset_of([{0: 1, 1: 1}, {1: 4}], 3)
    linear = GraphFilter(alpha=0.0).fit(dataset)
    scores = linear.score(Histories.of([{0: 1.0}, {0: 1.0, 1: -1.0}, {2: 1.0}]))
    first, both = 1 / np.sqrt(8), 1 / 4 + 1 / 2
    np.testing.assert_allclose(scores[0], [1 / 2, first, -np.inf], rtol=1e-6)
    np.testing.assert_allclose(scores[1], [1 / 2 - first, first - both, -np.inf], rtol=1e-6)
    assert np.isneginf(scores[2]).all()


@pytest.mark.parametrize("shape", [(300, 200), (200, 300)])
def test_leading_vectors_are_those_of_the_whole_decomposition(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    matrix = sp.csr_array(sp.random_array(shape, density=0.05, format="csr", rng=rng, dtype=np.float32))
    values, vectors = leading(matrix, 20, np.random.default_rng(1))
    _, sizes, rows = np.linalg.svd(matrix.toarray().astype(np.float64), full_matrices=False)
    np.testing.assert_allclose(values, sizes[:20], rtol=1e-4)
    np.testing.assert_allclose(np.abs(np.diag(vectors.T @ rows[:20].T)), 1, atol=0.02)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(20), atol=1e-5)


def test_vectors_beyond_the_rank_are_left_out() -> None:
    matrix = sp.csr_array(np.outer(np.arange(1, 7), np.arange(1, 6)).astype(np.float32))
    values, vectors = leading(matrix, 4, np.random.default_rng(0))
    np.testing.assert_allclose(values, [np.sqrt(91 * 55)], rtol=1e-5)
    assert vectors.shape == (5, 1)


@pytest.mark.data
def test_the_scores_of_real_listening_are_those_of_the_formula(research_data: Path) -> None:
    frame = pl.read_csv(research_data / "lastfm-2k" / "user_artists.dat", separator="\t")
    often = frame.filter(pl.len().over("artistID") >= 25)
    dataset = Dataset.from_frame(often, user="userID", item="artistID", weight="weight")
    configuration = GraphFilter(factors=64)
    raw = dataset.csr().toarray().astype(float)
    expected = weighting(raw, "binary") @ by_formula(raw, configuration)
    scores = configuration.fit(dataset).score(dataset.histories)
    np.testing.assert_allclose(scores, expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("wrong", [{"factors": 0}, {"alpha": -1.0}, {"alpha": float("nan")}, {"weighting": "square"}])
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        GraphFilter(**wrong)


def test_dislikes_alone_are_nothing_to_learn_from() -> None:
    with pytest.raises(DataError, match="positive weight"):
        GraphFilter().fit(dataset_of([{0: -1.0, 1: -1.0}], 2))


@pytest.mark.parametrize(
    "broken",
    [
        {"vectors": np.ones((2, 2), np.float32)},
        {"communities": np.array([9, 0, 0], np.int32)},
        {"users_positions": np.array([9, 0, 1, 2], np.int32)},
        {"items_values": np.ones(1, np.float32)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(broken: dict[str, Any]) -> None:
    dataset = dataset_of([{0: 1, 1: 1}, {1: 1, 2: 1}], 3)
    configuration = GraphFilter(factors=2)
    arrays = {**configuration.fit(dataset).arrays()}
    with pytest.raises(ArtifactError, match="train"):
        configuration.restore(dataset.items, {**arrays, **broken})
