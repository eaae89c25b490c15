"""User neighbours, held against dense similarities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import ArtifactError, DataError, SettingsError
from segue.models.user_knn import UserKNN
from worlds import dataset_of, small_datasets

Dense = npt.NDArray[np.float64]
PLAIN = UserKNN(neighbours=2, shrinkage=0.0, locality=1.0, terms="none")


def weighting(raw: Dense, name: str) -> Dense:
    size = {"binary": np.sign(np.abs(raw)), "log": np.log1p(np.abs(raw))}[name]
    return np.asarray(np.sign(raw) * size)


def dense_similarities(asked: Dense, training: Dense, configuration: UserKNN) -> Dense:
    """By the definition: every pair of a history and a training history, zero where not positive."""
    h, a = configuration.shrinkage, configuration.alpha
    if configuration.similarity == "jaccard":
        mine, theirs = (asked > 0).astype(float), (training > 0).astype(float)
        common = mine @ theirs.T
        below = mine.sum(axis=1)[:, None] + theirs.sum(axis=1) - common + h
    else:
        counts = np.count_nonzero(training, axis=0)
        idf = np.where(counts > 0, np.log(1 + len(training) / np.maximum(counts, 1)), 0.0)
        if configuration.terms == "none":
            idf = np.ones(training.shape[1])
        mine, theirs = (weighting(raw, configuration.weighting) * idf for raw in (asked, training))
        common = mine @ theirs.T
        below = np.outer((mine**2).sum(axis=1) ** (1 - a), (theirs**2).sum(axis=1) ** a) + h
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(common > 1e-9, common / below, 0.0)


configurations = st.builds(
    UserKNN,
    similarity=st.sampled_from(["cosine", "jaccard"]),
    neighbours=st.integers(1, 15),
    shrinkage=st.sampled_from([0.0, 2.5]),
    weighting=st.sampled_from(["binary", "log"]),
    alpha=st.sampled_from([0.2, 0.5, 0.7]),
    locality=st.sampled_from([1.0, 2.0]),
    terms=st.sampled_from(["none", "tf-idf"]),
    normalize=st.booleans(),
)


@given(dataset=small_datasets(), configuration=configurations)
def test_neighbours_are_the_largest_similarities(dataset: Dataset, configuration: UserKNN) -> None:
    raw = dataset.csr().toarray().astype(float)
    expected = dense_similarities(raw, raw, configuration)
    users, similarities = configuration.fit(dataset).neighbours(dataset.histories)
    k = users.shape[1]
    assert k == min(configuration.neighbours, dataset.n_users)
    np.testing.assert_allclose(similarities, -np.sort(-expected, axis=1)[:, :k], rtol=1e-5, atol=1e-7)
    rows, places = np.nonzero(users >= 0)
    np.testing.assert_allclose(similarities[rows, places], expected[rows, users[rows, places]], rtol=1e-5)


@given(dataset=small_datasets(), configuration=configurations)
def test_a_score_sums_what_the_neighbours_like(dataset: Dataset, configuration: UserKNN) -> None:
    model = configuration.fit(dataset)
    raw = dataset.csr().toarray().astype(float)
    values = weighting(raw, configuration.weighting)
    users, similarities = model.neighbours(dataset.histories)
    weights = similarities.astype(float) ** configuration.locality
    if configuration.normalize:
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-30)
    near = np.zeros((len(raw), len(raw)))
    rows, places = np.nonzero(users >= 0)
    near[rows, users[rows, places]] = weights[rows, places]
    scores = model.score(dataset.histories)
    evidence = (near > 0).astype(int) @ (raw > 0).astype(int) > 0
    assert np.array_equal(np.isfinite(scores), evidence)
    np.testing.assert_allclose(scores[evidence], (near @ values)[evidence], rtol=1e-4, atol=1e-6)


def test_a_score_by_hand() -> None:
    # The history {0, 1} shares both items with the first user, one with the second, none with the third.
    dataset = dataset_of([{0: 1, 1: 1, 2: 1}, {1: 1, 3: 1}, {4: 1}], 5)
    scores = PLAIN.fit(dataset).score(Histories.of([[0, 1]]))[0]
    first, second = 2 / np.sqrt(2 * 3), 1 / np.sqrt(2 * 2)
    np.testing.assert_allclose(scores, [first, first + second, first, second, -np.inf], rtol=1e-6)
    explained = PLAIN.fit(dataset).explain(Histories.of([[0, 1]]), 2)
    np.testing.assert_allclose(explained.contributions, [first / 2, first / 2], rtol=1e-6)


@pytest.mark.data
def test_neighbours_of_real_listening_are_exact(research_data: Path) -> None:
    frame = pl.read_csv(research_data / "lastfm-2k" / "user_artists.dat", separator="\t")
    dataset = Dataset.from_frame(frame, user="userID", item="artistID", weight="weight")
    configuration = UserKNN(neighbours=50)
    raw = dataset.csr().toarray().astype(float)
    expected = dense_similarities(raw[:200], raw, configuration)
    _, similarities = configuration.fit(dataset).neighbours(dataset.histories[:200])
    np.testing.assert_allclose(similarities, -np.sort(-expected, axis=1)[:, :50], rtol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"similarity": "dot"},
        {"neighbours": 0},
        {"shrinkage": -1.0},
        {"weighting": "square"},
        {"alpha": -0.5},
        {"locality": float("inf")},
        {"terms": "bm25"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        UserKNN(**wrong)


def test_dislikes_alone_are_nothing_to_learn_from() -> None:
    with pytest.raises(DataError, match="positive weight"):
        UserKNN().fit(dataset_of([{0: -1.0, 1: -1.0}], 2))


def test_arrays_that_do_not_fit_are_refused() -> None:
    dataset = dataset_of([{0: 1, 1: 1}, {1: 1, 2: 1}], 3)
    arrays = {**PLAIN.fit(dataset).arrays()}
    with pytest.raises(ArtifactError, match="train it again"):
        PLAIN.restore(dataset.items, {**arrays, "idf": np.ones(2)})
