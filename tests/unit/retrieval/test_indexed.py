"""Embedding models asked through an index, against the models themselves."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.arrays import Float32Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, SettingsError
from segue.index.annoy import Annoy
from segue.index.exact import Exact
from segue.index.hnsw import HNSW
from segue.index.port import IndexKind
from segue.models.embedding import EmbeddingModel
from segue.models.implicit_als import ImplicitALS
from segue.models.popularity import Popularity
from segue.pipeline import Pipeline
from segue.retrieval.indexed import IndexedSearch, build, indexed_vectors
from segue.retrieval.sources import Source
from segue.simulation import simulate

KINDS = {
    "exact": Exact(),
    "hnsw": HNSW(),
    "hnsw of little reach": HNSW(connections=2, construction=1, search=1),
    "hnsw, int8": HNSW(storage="int8"),
    "annoy": Annoy(trees=2, search=1),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def kind_of(name: str) -> IndexKind:
    if name == "annoy":
        pytest.importorskip("annoy")
    return KINDS[name]


@cache
def data() -> Dataset:
    return simulate(listeners=150, tracks=900, seed=4).dataset


class Biased(EmbeddingModel):
    """Vectors and a bias by hand: a history's vector is the sum of its items'."""

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:  # noqa: ARG002
        known, _ = histories.known(self.n_items)
        return np.asarray(known.csr(self.n_items) @ self.item_vectors, np.float32)


@cache
def biased() -> Biased:
    rng = np.random.default_rng(8)
    vectors = rng.standard_normal((900, 7)).astype(np.float32)
    vectors[::10] = 0
    return Biased(None, data().items, vectors, rng.standard_normal(900).astype(np.float32))


@cache
def als() -> EmbeddingModel:
    return ImplicitALS(factors=12, iterations=4).fit(data(), seed=1)


@pytest.mark.parametrize("model", [als, biased], ids=["als", "with a bias"])
def test_the_exact_index_gives_the_lists_of_the_model(model: object) -> None:
    asked = model()  # type: ignore[operator]
    search = IndexedSearch(asked, build(asked, Exact()))
    allowed = np.arange(900) % 3 > 0
    banned = Histories.of([[1, 2, 4]] * 150)
    for exclude_seen in (True, False):
        found = search.recommend(data().histories, 7, exclude_seen=exclude_seen, allowed=allowed, banned=banned)
        wanted = asked.recommend(data().histories, 7, exclude_seen=exclude_seen, allowed=allowed, banned=banned)
        assert np.mean(found.items == wanted.items) > 0.999
        np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-4)


@every_kind
@given(k=st.integers(1, 60), share=st.sampled_from([1.0, 0.5, 0.02, 0.0]), seen=st.booleans(), seed=st.integers(0, 99))
def test_a_list_is_as_long_as_it_can_be_and_holds_nothing_that_may_not_come_back(
    kind: str, k: int, share: float, seen: bool, seed: int
) -> None:
    model = biased()
    search = IndexedSearch(model, _built(kind))
    rng = np.random.default_rng(seed)
    histories = data().histories[rng.integers(0, 150, 5)]
    allowed = rng.random(900) < share
    banned = Histories.of([rng.integers(0, 900, 40).tolist() for _ in range(5)])
    top = search.recommend(histories, k, exclude_seen=seen, allowed=allowed, banned=banned)
    scores = model.score(histories)
    queried = model.query_vectors(histories).any(axis=1)
    for row in range(5):
        gone = set(banned[row].items.tolist()) | (set(histories[row].items.tolist()) if seen else set())
        left = [i for i in np.flatnonzero(allowed & model.item_vectors.any(axis=1)).tolist() if i not in gone]
        items = [item for item, _ in top.row(row)]
        assert len(items) == (min(k, len(left)) if queried[row] else 0)
        assert set(items) <= set(left)
        assert len(set(items)) == len(items)
        np.testing.assert_allclose(top.scores[row, : len(items)], scores[row, items], rtol=1e-3, atol=1e-4)


@cache
def _built(kind: str) -> object:
    return build(biased(), kind_of(kind))


@every_kind
def test_most_of_the_best_are_found(kind: str) -> None:
    if "little" in kind:
        pytest.skip("made to miss")
    search = IndexedSearch(als(), build(als(), kind_of(kind)))
    found, wanted = search.recommend(data().histories, 10), als().recommend(data().histories, 10)
    assert np.mean([np.isin(a, b).mean() for a, b in zip(found.items, wanted.items, strict=True)]) > 0.85


def test_the_bias_is_one_more_coordinate_and_no_evidence_is_none() -> None:
    vectors = indexed_vectors(biased())
    assert vectors.shape == (900, 8)
    assert not vectors[::10].any()
    np.testing.assert_array_equal(vectors[1::10, 7], biased().item_bias[1::10])  # type: ignore[index]


def test_unknown_and_empty_histories_get_nothing() -> None:
    search = IndexedSearch(als(), build(als(), HNSW()))
    top = search.recommend(Histories.of([{}, {905: 1.0}, {3: 1.0}]), 4)
    assert top.lengths.tolist() == [0, 0, 4]
    assert top.ignored == 1


def test_an_index_of_other_vectors_is_refused() -> None:
    with pytest.raises(ArtifactError, match="build it again"):
        IndexedSearch(als(), build(biased(), Exact()))
    by_angle = Exact().build(np.asarray(als().item_vectors), measure="cosine")
    with pytest.raises(ArtifactError, match="by cosine"):
        IndexedSearch(als(), by_angle)


def test_a_model_without_vectors_is_refused() -> None:
    charts = Popularity().fit(data())
    with pytest.raises(SettingsError, match="no vectors"):
        build(charts, Exact())
    with pytest.raises(SettingsError, match="no vectors"):
        IndexedSearch(charts, build(als(), Exact()))


def test_a_source_with_an_index_nominates_through_it() -> None:
    search = IndexedSearch(als(), build(als(), HNSW(connections=2, construction=1, search=1)))
    direct = Pipeline([Source("als", als(), 20)])
    through = Pipeline([Source("als", als(), 20, search)])
    histories = data().histories[:20]
    nominated = search.recommend(histories, 20).items
    answer = through.recommend(histories, 5)
    assert np.isin(answer.top.items[0], nominated[0]).all()
    assert not np.array_equal(answer.top.items, direct.recommend(histories, 5).top.items)


def test_one_item_is_enough() -> None:
    one = Biased(None, Vocabulary(["a"]), np.ones((1, 2), np.float32))
    for kind in (Exact(), HNSW()):
        search = IndexedSearch(one, build(one, kind))
        assert search.recommend(Histories.of([{0: 1.0}]), 3, exclude_seen=False).items.tolist() == [[0, -1, -1]]
        assert search.recommend(Histories.of([{0: 1.0}]), 3).lengths.tolist() == [0]
