"""What every index of vectors owes, tested once, over all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.arrays import Float32Array
from segue.durable import MANIFEST, Shelf
from segue.errors import ArtifactError, DataError, SettingsError
from segue.index import INDEXES
from segue.index.annoy import Annoy
from segue.index.exact import Exact
from segue.index.hnsw import HNSW
from segue.index.port import IndexKind, Measure, VectorIndex
from segue.index.saved import load, save

CASES: Mapping[str, IndexKind] = {
    "exact": Exact(),
    "hnsw": HNSW(),
    "hnsw, int8": HNSW(storage="int8"),
    "annoy": Annoy(),
}
MEASURES: tuple[Measure, ...] = ("dot", "cosine", "euclidean")
LEAST_RECALL = {"exact": 1.0, "hnsw": 0.97, "hnsw, int8": 0.9, "annoy": 0.9}


def kind_of(case: str) -> IndexKind:
    if case == "annoy":
        pytest.importorskip("annoy")
    return CASES[case]


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> str:
    kind_of(request.param)
    return str(request.param)


@cache
def vectors_of(n: int = 2000, d: int = 12, seed: int = 0) -> Float32Array:
    """Clusters of vectors of very different lengths, the last one of zeros."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((20, d))
    made = centres[rng.integers(0, 20, n)] + 0.5 * rng.standard_normal((n, d))
    made *= rng.lognormal(0, 0.5, (n, 1))
    made[-1] = 0
    return made.astype(np.float32)


@cache
def queries_of(d: int = 12) -> Float32Array:
    return np.random.default_rng(99).standard_normal((40, d)).astype(np.float32)


@cache
def built(case: str, measure: Measure) -> VectorIndex:
    return CASES[case].build(vectors_of(), measure=measure, seed=4)


def nearness(queries: Float32Array, vectors: Float32Array, measure: Measure) -> np.ndarray:
    """(n, m), larger is nearer, in double precision; -inf for a vector of zeros."""
    q, x = queries.astype(np.float64), vectors.astype(np.float64)
    if measure == "dot":
        found = q @ x.T
    elif measure == "cosine":
        lengths = np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(x, axis=1)[None, :]
        found = q @ x.T / np.maximum(lengths, 1e-30)
    else:
        found = -np.linalg.norm(q[:, None, :] - x[None, :, :], axis=2)
    found[:, ~x.any(axis=1)] = -np.inf
    return found


def test_every_kind_is_called_by_its_own_name() -> None:
    for name, kind in INDEXES.items():
        assert kind.name == name
        assert dataclasses.is_dataclass(kind)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_nearest_are_found_nearest_first(case: str, measure: Measure) -> None:
    true = nearness(queries_of(), vectors_of(), measure)
    found = built(case, measure).nearest(queries_of(), 10)
    assert found.shape == (40, 10)
    assert found.dtype == np.int32
    tenth = -np.sort(-true, axis=1)[:, 9]
    near = np.take_along_axis(true, found.astype(np.int64), axis=1)
    assert (near >= tenth[:, None] - 1e-4).mean() >= LEAST_RECALL[case]
    if case != "hnsw, int8":  # whose order is that of the rounded vectors
        assert (np.diff(near, axis=1) <= 1e-4).all()


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("n", [1, 3, 40])
def test_the_exact_index_answers_as_a_sort_of_all(measure: Measure, n: int) -> None:
    true = nearness(queries_of(), vectors_of(), measure)[:n]
    found = built("exact", measure).nearest(queries_of()[:n], 300)
    near = np.take_along_axis(true, found.astype(np.int64), axis=1)
    np.testing.assert_allclose(near, -np.sort(-true, axis=1)[:, :300], rtol=1e-4, atol=1e-5)


@given(data=st.data(), measure=st.sampled_from(MEASURES), one=st.booleans())
def test_exact_ties_stand_in_order_of_position(data: st.DataObject, measure: Measure, one: bool) -> None:
    whole = st.integers(-2, 2)
    m = data.draw(st.integers(1, 90))
    rows = data.draw(st.lists(st.lists(whole, min_size=2, max_size=2), min_size=m, max_size=m))
    vectors = np.array(rows, np.float32)
    query = np.array([data.draw(st.sampled_from([[1, 0], [1, 1], [0, -2], [2, -1]]))] * (1 if one else 6), np.float32)
    k = data.draw(st.integers(1, 100))
    true = np.round(nearness(query, vectors, measure)[0], 5)
    expected = [i for i in np.lexsort((np.arange(m), -true)).tolist() if np.isfinite(true[i])][:k]
    found = Exact().build(vectors, measure=measure).nearest(query, k)
    assert [item for item in found[0].tolist() if item >= 0] == expected


@pytest.mark.parametrize("measure", MEASURES)
def test_a_vector_of_zeros_is_in_no_answer_and_has_none(case: str, measure: Measure) -> None:
    vectors = vectors_of(60).copy()
    vectors[[0, 7]] = 0
    index = kind_of(case).build(vectors, measure=measure)
    queries = np.concatenate([queries_of()[:6], np.zeros((1, 12), np.float32)])
    found = index.nearest(queries, 60)
    assert not np.isin(found[:6], [0, 7, 59]).any()
    assert (np.sort(found[:6], axis=1)[:, 3:] == np.setdiff1d(np.arange(60), [0, 7, 59])).all()
    assert (found[6] == -1).all()


@pytest.mark.parametrize("measure", MEASURES)
def test_more_vectors_stand_behind_those_that_are_there(case: str, measure: Measure) -> None:
    vectors = vectors_of(400)
    longer = np.concatenate([vectors[300:], 9 * vectors[:1]])  # longer than any before
    index = kind_of(case).build(vectors[:300], measure=measure)
    grown = index.extended(longer)
    assert (len(index), len(grown)) == (300, 401)
    every = np.concatenate([vectors, 9 * vectors[:1]])
    true = nearness(queries_of(), every, measure)
    near = np.take_along_axis(true, grown.nearest(queries_of(), 10).astype(np.int64), axis=1)
    assert (near >= -np.sort(-true, axis=1)[:, 9:10] - 1e-3).mean() >= LEAST_RECALL[case] - 0.02
    assert index.nearest(queries_of(), 300).max() < 300
    assert index.extended(np.zeros((0, 12), np.float32)) is index


@pytest.mark.parametrize("measure", MEASURES)
def test_a_saved_index_answers_the_same(case: str, measure: Measure, tmp_path: Path) -> None:
    save(built(case, measure), tmp_path, model="feed")
    loaded = load(tmp_path, model="feed", configuration=CASES[case])
    assert loaded.configuration == CASES[case]
    assert (loaded.measure, len(loaded), loaded.dimensions) == (measure, 2000, 12)
    for index in (loaded, built(case, measure)):
        assert np.array_equal(index.nearest(queries_of(), 20), built(case, measure).nearest(queries_of(), 20))
    more = vectors_of(30, seed=5)
    expected = built(case, measure).extended(more).nearest(queries_of(), 20)
    assert np.array_equal(loaded.extended(more).nearest(queries_of(), 20), expected)


def test_the_same_seed_gives_the_same_index(case: str, tmp_path: Path) -> None:
    versions = [
        save(kind_of(case).build(vectors_of(), seed=9), tmp_path / name, model="m").name for name in ("first", "second")
    ]
    assert versions[0] == versions[1]


def test_threads_and_batches_change_no_answer(case: str) -> None:
    many = np.concatenate([queries_of()] * 5)
    index = built(case, "dot")
    one, two = index.nearest(many, 10, threads=1), index.nearest(many, 10, threads=2)
    assert np.array_equal(one, two)
    alone = np.concatenate([index.nearest(query[None], 10) for query in queries_of()])
    assert np.mean(alone == one[:40]) > 0.99  # sums in another order may swap what is nearly as near


def test_one_vector_is_enough_and_long_lists_end(case: str) -> None:
    index = kind_of(case).build(np.array([[1.0, 2.0, 0.5]], np.float32))
    assert index.nearest(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), 3).tolist() == [[0, -1, -1], [-1, -1, -1]]
    nothing = kind_of(case).build(np.zeros((4, 3), np.float32))
    assert nothing.nearest(np.ones((1, 3)), 2).tolist() == [[-1, -1]]


def test_nothing_that_was_given_is_changed_or_kept_hold_of(case: str) -> None:
    vectors, queries = vectors_of(50).copy(), queries_of().copy()
    index = kind_of(case).build(vectors)
    before = index.nearest(queries, 5)
    vectors[:] = 0
    queries[:] *= 1
    assert np.array_equal(index.nearest(queries, 5), before)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(case: str, wrong: float) -> None:
    vectors = vectors_of(20).copy()
    vectors[13, 2] = wrong
    with pytest.raises(DataError, match="row 13"):
        kind_of(case).build(vectors)
    index = built(case, "dot")
    with pytest.raises(DataError, match="row 13"):
        index.extended(vectors)
    with pytest.raises(DataError, match=r"queries.*row 13"):
        index.nearest(vectors, 3)


def test_shapes_and_lengths_that_make_no_sense_are_refused(case: str) -> None:
    index = built(case, "dot")
    with pytest.raises(DataError, match="12 dimensions, as the index has, got 5"):
        index.nearest(np.ones((2, 5)), 3)
    with pytest.raises(DataError, match="12 dimensions"):
        index.extended(np.ones((2, 5)))
    with pytest.raises(DataError, match="matrix"):
        index.nearest(np.ones(12), 3)
    with pytest.raises(SettingsError, match="at least 1, got 0"):
        index.nearest(queries_of(), 0)
    with pytest.raises(DataError, match="at least one vector"):
        kind_of(case).build(np.zeros((0, 3), np.float32))
    with pytest.raises(SettingsError, match="measure"):
        kind_of(case).build(vectors_of(), measure="manhattan")  # type: ignore[arg-type]


# -- saved indexes that cannot be used --------------------------------------------------------------------------------


def test_an_index_of_another_model_is_refused(case: str, tmp_path: Path) -> None:
    save(built(case, "dot"), tmp_path, model="0123456789abcdef")
    with pytest.raises(ArtifactError, match=r"another model.*0123456789abcdef.*fedcba9876543210.*build it again"):
        load(tmp_path, model="fedcba9876543210")


def test_an_index_of_other_settings_is_refused(tmp_path: Path) -> None:
    save(built("hnsw", "dot"), tmp_path)
    with pytest.raises(ArtifactError, match=r"connections=16.*connections=8"):
        load(tmp_path, configuration=HNSW(connections=8))


def test_a_truncated_index_is_refused(case: str, tmp_path: Path) -> None:
    version = save(built(case, "dot"), tmp_path)
    largest = max(version.iterdir(), key=lambda file: file.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-100])
    with pytest.raises(ArtifactError, match="changed since it was saved"):
        load(tmp_path)


def test_files_that_the_library_cannot_read_are_refused(case: str, tmp_path: Path) -> None:
    version = save(built(case, "dot"), tmp_path)
    for file in version.iterdir():
        if file.name != MANIFEST:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ArtifactError, match="build"):
        built(case, "dot").configuration.restore(version, 2000, 12, "dot")


def test_where_there_is_no_index_or_one_of_another_kind_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no saved index"):
        load(tmp_path)
    with Shelf(tmp_path).new_version({"format": 1, "kind": "tree-of-life"}) as folder:
        (folder / "file").write_bytes(b"x")
    with pytest.raises(ArtifactError, match="tree-of-life"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (HNSW, {"connections": 1}),
        (HNSW, {"construction": 0}),
        (HNSW, {"search": 0}),
        (HNSW, {"storage": "int4"}),
        (Annoy, {"trees": 0}),
        (Annoy, {"search": 0}),
    ],
)
def test_wrong_parameters_are_refused(kind: type, wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        kind(**wrong)
