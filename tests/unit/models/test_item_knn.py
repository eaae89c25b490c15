"""Item neighbours, held against dense similarities."""

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
from segue.errors import DataError, SettingsError
from segue.models.item_knn import ItemKNN, ItemKNNModel
from segue.models.item_weights import Operator
from worlds import dataset_of, first_items, small_datasets, two_genres

PLAIN = ItemKNN("cosine", shrinkage=0.0, weighting="binary")
Dense = npt.NDArray[np.float64]


def weighting(raw: Dense, name: str) -> Dense:
    size = {"binary": np.sign(np.abs(raw)), "linear": np.abs(raw), "log": np.log1p(np.abs(raw))}[name]
    return np.asarray(np.sign(raw) * size)


def dense_similarities(raw: Dense, configuration: ItemKNN) -> Dense:
    """By the definition, without kernels: all pairs, zero where not positive, the diagonal left out."""
    h = configuration.shrinkage
    if configuration.similarity == "jaccard":
        sets = (raw > 0).astype(float)
        common = sets.T @ sets
        sizes = sets.sum(axis=0)
        below = sizes[:, None] + sizes[None, :] - common + h
    else:
        x = with_terms(weighting(raw, configuration.weighting), configuration)
        common = x.T @ x
        squares = (x**2).sum(axis=0)
        below = np.outer(squares ** (1 - configuration.alpha), squares**configuration.alpha) + h
        if configuration.similarity == "dot":
            below = np.full_like(common, 1 + h)
    with np.errstate(invalid="ignore", divide="ignore"):
        similarity = np.where(common > 0, common / below, 0.0)
    np.fill_diagonal(similarity, 0.0)
    return similarity


def with_terms(values: Dense, configuration: ItemKNN) -> Dense:
    """TF-IDF and BM25 by their formulas, users as words, items as documents."""
    if configuration.terms == "none":
        return values
    counts = np.count_nonzero(values, axis=1)
    idf = np.log(1 + values.shape[1] / np.maximum(counts, 1))[:, None]
    if configuration.terms == "tf-idf":
        return np.asarray(values * idf)
    k1, b = configuration.k1, configuration.b
    lengths = np.abs(values).sum(axis=0)
    norm = 1 - b + b * lengths / lengths[lengths > 0].mean()
    return np.asarray(idf * values * (k1 + 1) / (np.abs(values) + k1 * np.maximum(norm, 1e-12)))


def kept_weights(similarity: Dense, configuration: ItemKNN) -> Dense:
    """The weights that each item keeps of its neighbours."""
    kept = nearest_only(similarity, configuration.neighbours) ** configuration.locality
    if configuration.normalize:
        totals = kept.sum(axis=1, keepdims=True)
        kept = kept / np.where(totals > 0, totals, 1)
    return np.asarray(kept)


def dense_neighbours(model: ItemKNNModel) -> Dense:
    offsets, items, weights = model.neighbours.rows
    out = np.zeros((len(model.items), len(model.items)))
    for row in range(len(model.items)):
        out[row, items[offsets[row] : offsets[row + 1]]] = weights[offsets[row] : offsets[row + 1]]
    return out


def nearest_only(similarity: Dense, k: int) -> Dense:
    out = np.zeros_like(similarity)
    for row, values in enumerate(similarity.astype(np.float32)):
        best = np.lexsort((np.arange(values.size), -values))[:k]
        out[row, best] = similarity[row, best]
    return out


configurations = st.builds(
    ItemKNN,
    similarity=st.sampled_from(["cosine", "jaccard", "dot"]),
    neighbours=st.integers(1, 20),
    shrinkage=st.sampled_from([0.0, 1.0, 7.5]),
    weighting=st.sampled_from(["binary", "linear", "log"]),
    alpha=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    locality=st.sampled_from([0.5, 1.0, 3.0]),
    terms=st.sampled_from(["none", "tf-idf", "bm25"]),
    k1=st.sampled_from([0.5, 1.2]),
    b=st.sampled_from([0.0, 0.75, 1.0]),
    normalize=st.booleans(),
)


@given(dataset=small_datasets(), configuration=configurations)
def test_neighbours_are_the_largest_similarities(dataset: Dataset, configuration: ItemKNN) -> None:
    model = configuration.fit(dataset)
    similarity = dense_similarities(dataset.csr().toarray().astype(float), configuration)
    found = dense_neighbours(model)
    # Equal similarities may differ in the last bit: the values kept are compared in order, and each with its own pair.
    kept = kept_weights(similarity, configuration)
    np.testing.assert_allclose(-np.sort(-found, axis=1), -np.sort(-kept, axis=1), rtol=1e-4, atol=1e-6)
    if not configuration.normalize:
        np.testing.assert_allclose(found[found > 0], similarity[found > 0] ** configuration.locality, rtol=1e-4)


def test_an_asymmetric_cosine_by_hand() -> None:
    # Item 0 is heard by four users, item 1 by two of them: s_10 asks item 0's users, s_01 item 1's.
    dataset = dataset_of([{0: 1, 1: 1}, {0: 1, 1: 1}, {0: 1}, {0: 1}], 2)
    model = ItemKNN(alpha=1.0, shrinkage=0.0, weighting="binary").fit(dataset)
    np.testing.assert_allclose(dense_neighbours(model), [[0, 2 / 2], [2 / 4, 0]], rtol=1e-6)


@given(dataset=small_datasets(), configuration=configurations)
def test_a_score_sums_the_neighbours_in_the_history(dataset: Dataset, configuration: ItemKNN) -> None:
    model = configuration.fit(dataset)
    kept = dense_neighbours(model)
    query = weighting(dataset.csr().toarray().astype(float), configuration.weighting)
    expected = query @ kept.T
    evidence = (query > 0).astype(float) @ (kept.T > 0) > 0
    scores = model.score(dataset.histories)
    assert np.array_equal(np.isfinite(scores), evidence)
    np.testing.assert_allclose(scores[evidence], expected[evidence], rtol=1e-4, atol=1e-5)


def test_similarities_by_hand() -> None:
    # Item 0 is heard by users a b c d, item 1 by a b, item 2 by d only, item 3 by nobody else's listener.
    dataset = dataset_of([{0: 1, 1: 1}, {0: 7, 1: 1}, {0: 1}, {0: 1, 2: 3}, {3: 1}], 4)
    cosine = PLAIN.fit(dataset).similar_items([0, 1, 3], 3)
    assert cosine.items.tolist() == [[1, 2, -1], [0, -1, -1], [-1, -1, -1]]
    np.testing.assert_allclose(cosine.scores[0, :2], [2 / np.sqrt(8), 1 / 2], rtol=1e-6)
    jaccard = ItemKNN("jaccard", shrinkage=1).fit(dataset).similar_items([0], 2)
    np.testing.assert_allclose(jaccard.scores[0], [2 / (4 + 1), 1 / (4 + 1)], rtol=1e-6)


def test_each_item_keeps_so_many_neighbours_and_lends_itself_to_any_number() -> None:
    # Item 0 is near to all others, and keeps one of them; they each keep item 0.
    dataset = dataset_of([{0: 1, other: 1} for other in range(1, 5)], 5)
    model = ItemKNN(neighbours=1, shrinkage=0).fit(dataset)
    assert model.similar_items(np.arange(5), 2).items[:, 0].tolist() == [1, 0, 0, 0, 0]
    assert np.isfinite(model.score(Histories.of([{0: 1.0}]))[0]).tolist() == [False, True, True, True, True]
    assert np.isfinite(model.score(Histories.of([{2: 1.0}]))[0]).tolist() == [False] * 5


def test_a_dislike_subtracts_and_brings_nothing_up_by_itself() -> None:
    dataset = dataset_of([{0: 1, 1: 1, 2: 1}, {0: 1, 1: 1}, {2: 1, 1: 1}], 3)
    model = PLAIN.fit(dataset)
    liked, mixed, disliked = model.score(Histories.of([{0: 1.0}, {0: 1.0, 2: -1.0}, {2: -1.0}]))[:, 1]
    s = 2 / np.sqrt(2 * 3)
    np.testing.assert_allclose([liked, mixed], [s, s - s], atol=1e-7)
    assert disliked == -np.inf
    assert model.explain(Histories.of([{0: 1.0, 2: -1.0}]), 1).contributions == pytest.approx([s, -s])


def test_a_stored_zero_is_seen_and_nothing_more() -> None:
    model = PLAIN.fit(dataset_of([{0: 1, 1: 1}, {0: 0, 2: 1}], 3))
    assert model.similar_items([0], 3).items.tolist() == [[1, -1, -1]]
    assert np.isneginf(model.score(Histories.of([{0: 0.0}]))).all()


def test_threads_and_large_counts_do_not_change_a_byte() -> None:
    generator = np.random.default_rng(5)
    rows = [dict.fromkeys(generator.choice(400, 60, replace=False).tolist(), 1.0) for _ in range(900)]
    dataset = dataset_of([*rows, {0: 3e9}], 400)
    one, two = (ItemKNN(weighting="linear").fit(dataset, threads=threads) for threads in (1, 2))
    for name, array in one.arrays().items():
        assert array.tobytes() == two.arrays()[name].tobytes()


@pytest.mark.data
@pytest.mark.parametrize(
    "configuration",
    [
        ItemKNN(),
        ItemKNN("jaccard", 50, 5.0),
        PLAIN,
        ItemKNN(neighbours=100, alpha=0.4, locality=2.0, terms="tf-idf"),
        ItemKNN("dot", 100, 0.0, weighting="linear", terms="bm25", normalize=True),
    ],
    ids=str,
)
def test_neighbours_of_real_listening_are_exact(research_data: Path, configuration: ItemKNN) -> None:
    frame = pl.read_csv(research_data / "lastfm-2k" / "user_artists.dat", separator="\t")
    often = frame.filter(pl.len().over("artistID") >= 25)
    model = configuration.fit(Dataset.from_frame(often, user="userID", item="artistID", weight="weight"))
    raw = Dataset.from_frame(often, user="userID", item="artistID", weight="weight").csr().toarray().astype(float)
    expected = kept_weights(dense_similarities(raw, configuration), configuration)
    found = dense_neighbours(model)
    np.testing.assert_allclose(-np.sort(-found, axis=1), -np.sort(-expected, axis=1), rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"similarity": "euclid"},
        {"neighbours": 0},
        {"shrinkage": -1.0},
        {"shrinkage": float("nan")},
        {"weighting": "square"},
        {"exponent": 0.0},
        {"alpha": 1.5},
        {"locality": 0.0},
        {"terms": "lsa"},
        {"k1": -1.0},
        {"b": 2.0},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        ItemKNN(**wrong)


def test_dislikes_alone_are_nothing_to_learn_from() -> None:
    with pytest.raises(DataError, match="positive weight"):
        ItemKNN().fit(dataset_of([{0: -1.0, 1: -1.0}], 2))


@pytest.mark.parametrize("model", [ItemKNN(neighbours=5, shrinkage=1.0), ItemKNN("jaccard", neighbours=5)])
def test_new_items_get_the_neighbours_that_training_anew_would_find_and_old_ones_keep_theirs(model: ItemKNN) -> None:
    whole = two_genres().dataset
    old = model.fit(first_items(whole, 22))
    new, anew = old.with_items(whole), model.fit(whole)
    for item in range(24):
        expected = old if item < 22 else anew
        for found, wanted in zip(row(new.neighbours, item), row(expected.neighbours, item), strict=True):
            assert np.array_equal(found, wanted)
    assert new.operator.transposed.offsets.tolist() == new.neighbours.offsets.tolist()
    assert new.origins.counts() == {"trained": 22, "projected": 2}
    assert new.with_items(whole).neighbours.items.tolist() == new.neighbours.items.tolist()


def row(operator: Operator, item: int) -> tuple[Any, Any]:
    entries = slice(operator.offsets[item], operator.offsets[item + 1])
    return operator.items[entries], operator.weights[entries]
