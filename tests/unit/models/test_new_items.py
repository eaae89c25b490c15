"""Items that came after training: by their listeners, or by what is alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError
from segue.models.implicit_als import ImplicitALS
from segue.models.implicit_als_fitted import FittedImplicitALS
from segue.models.new_items import placed
from worlds import first_items, two_genres

ALS = ImplicitALS(factors=6, iterations=5, weighting="log", alpha=0.7, unobserved_weight=0.3, regularization=0.4)
OLD, NEW = 22, 24


@pytest.fixture(scope="module")
def world() -> Dataset:
    """The last item has one listener who likes it, one who dislikes it, and one who has merely seen it."""
    dataset = two_genres().dataset
    rows = []
    for row in range(dataset.n_users):
        history = dataset.histories[row]
        rows.append({i: w for i, w in zip(history.items.tolist(), history.weights.tolist(), strict=True) if i != 23})
    rows[30][23], rows[31][23], rows[32][23] = 3.0, -2.0, 0.0
    return dataset.with_histories(Histories.of(rows, order="none"))


@pytest.fixture(scope="module")
def old(world: Dataset) -> FittedImplicitALS:
    return ALS.fit(first_items(world, OLD), seed=3)


@pytest.fixture(scope="module")
def new(old: FittedImplicitALS, world: Dataset) -> FittedImplicitALS:
    return old.with_items(world)


def confidence(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return 1 + ALS.alpha * np.log1p(np.abs(weights.astype(np.float64)))


def solution(
    fixed: npt.NDArray[np.float64],
    inside: npt.NDArray[np.bool_],
    heard: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float32],
) -> npt.NDArray[np.float64]:
    """The minimum of sum_heard c (t - x.z)^2 + w0 sum_unheard, inside (x.z)^2 + regularization n |x|^2, by NumPy."""
    c = confidence(weights)
    matrix = ALS.regularization * np.count_nonzero(weights > 0) * np.eye(fixed.shape[1])
    unheard = inside.copy()
    unheard[heard] = False
    matrix += ALS.unobserved_weight * fixed[unheard].T @ fixed[unheard]
    matrix += (fixed[heard].T * c) @ fixed[heard]
    return np.asarray(np.linalg.solve(matrix, fixed[heard].T @ (c * (weights > 0))))


def against_listeners(old: FittedImplicitALS, dataset: Dataset, item: int) -> npt.NDArray[np.float64]:
    """The least-squares solution of an item against its listeners, by NumPy."""
    users = old.query_vectors(dataset.histories.known(OLD)[0]).astype(np.float64)
    column = dataset.csr().tocsc()[:, [item]].tocoo()
    there = column.data != 0
    return solution(users, np.ones(len(users), np.bool_), column.row[there].astype(np.int64), column.data[there])


@pytest.mark.parametrize("item", [22, 23])
def test_an_item_with_listeners_is_the_least_squares_solution_against_them(
    item: int, old: FittedImplicitALS, world: Dataset
) -> None:
    bare = Dataset(world.users, world.items, world.histories, Catalogue.bare(world.items))
    new = old.with_items(bare)
    assert new.item_vectors[item] == pytest.approx(against_listeners(old, world, item), rel=1e-3, abs=1e-5)
    assert new.origins[item] == "projected"


@pytest.mark.parametrize("item", [22, 23])
def test_few_listeners_say_little_beside_the_average_of_what_is_alike(
    item: int, old: FittedImplicitALS, new: FittedImplicitALS, world: Dataset
) -> None:
    alone = old.with_items(world.with_histories(world.histories.known(OLD)[0]))
    listeners = np.count_nonzero(world.csr()[:, [item]].data)
    assert listeners == (2 if item == 23 else 23)  # a wanderer among them
    expected = (listeners * against_listeners(old, world, item) + 5 * alone.item_vectors[item]) / (listeners + 5)
    assert new.item_vectors[item] == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert new.origins[item] == "projected"


def test_what_was_trained_keeps_its_vector_bit_by_bit(old: FittedImplicitALS, new: FittedImplicitALS) -> None:
    assert new.item_vectors[:OLD].tobytes() == old.item_vectors.tobytes()


def test_histories_of_old_items_keep_their_vectors_bit_by_bit(
    old: FittedImplicitALS, new: FittedImplicitALS, world: Dataset
) -> None:
    histories = world.histories.known(OLD)[0]
    assert new.query_vectors(histories).tobytes() == old.query_vectors(histories).tobytes()


def test_a_history_with_new_items_is_solved_with_them_and_not_against_them(new: FittedImplicitALS) -> None:
    history = Histories.of([{1: 2.0, 22: 5.0, 23: 1.0}])
    inside = np.arange(NEW) < OLD
    expected = solution(new.item_vectors.astype(np.float64), inside, history.items.astype(np.int64), history.weights)
    assert new.query_vectors(history)[0] == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_a_new_item_is_explained_like_any_other(new: FittedImplicitALS) -> None:
    history = Histories.of([{13: 2.0, 22: 5.0, 14: 1.0}])
    explanation = new.explain(history, 23)
    assert explanation.contributions.sum() == pytest.approx(float(new.score(history)[0, 23]), rel=1e-4)


def test_without_listeners_the_artist_says_where(old: FittedImplicitALS, world: Dataset) -> None:
    alone = old.with_items(world.with_histories(world.histories.known(OLD)[0]))
    assert alone.origins.counts() == {"trained": OLD, "artist": 2}
    tops = alone.similar_items([23], 3).items[0]
    assert all(12 <= item < 24 for item in tops)


def test_items_are_placed_again_when_more_is_known(old: FittedImplicitALS, world: Dataset) -> None:
    alone = old.with_items(world.with_histories(world.histories.known(OLD)[0]))
    assert alone.with_items(world).item_vectors.tobytes() == old.with_items(world).item_vectors.tobytes()


def test_an_item_that_nobody_heard_in_training_is_placed_too(world: Dataset) -> None:
    silent = world.with_histories(world.histories.where(world.histories.items != 5))
    model = ALS.fit(silent, seed=3)
    assert model.origins[5] == "none"
    grown = model.with_items(world)
    assert grown.origins[5] == "projected"
    assert grown.items == model.items


def test_listeners_of_whom_nothing_is_known_place_nothing(old: FittedImplicitALS) -> None:
    items = Vocabulary([*old.items, "unheard of"])
    bare = Dataset.from_csr(Histories.of([{OLD: 1.0}]).csr(OLD + 1), items=items)
    grown = old.with_items(bare)
    assert grown.origins[OLD] == "none"
    assert OLD not in grown.recommend(Histories.of([{0: 1.0}]), 30).items


def test_the_first_way_that_knows_an_item_places_it(world: Dataset) -> None:
    vectors = np.ones((OLD, 2), np.float32)
    bias = np.zeros(OLD, np.float32)
    items, origins = Vocabulary(world.items.series.head(OLD)), Origins.trained(np.ones(OLD, np.bool_))

    def one(pending: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        found = np.zeros((pending.size, 2), np.float32)
        found[pending == 22] = 7.0
        return found, np.full(pending.size, 0.5, np.float32)

    def other(pending: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float32], None]:
        assert pending.tolist() == [23]
        return np.full((1, 2), 9.0, np.float32), None

    bare = Dataset(world.users, world.items, world.histories, Catalogue.bare(world.items))
    found = placed(items, origins, vectors, bias, bare, [("projected", one), ("features", other)])
    assert found.vectors[22:].tolist() == [[7.0, 7.0], [9.0, 9.0]]
    assert found.bias is not None
    assert found.bias[21:].tolist() == [0.0, 0.5, 0.0]
    assert (found.origins[22], found.origins[23]) == ("projected", "features")


def test_a_dataset_of_other_items_is_refused(old: FittedImplicitALS) -> None:
    other = Dataset.from_csr(Histories.of([[0, 1, 2]]).csr(40))
    with pytest.raises(DataError, match="do not begin with the 22"):
        old.with_items(other)


def test_damaged_origins_are_refused(new: FittedImplicitALS) -> None:
    arrays = dict(new.arrays())
    arrays["origins"] = arrays["origins"][:5]
    with pytest.raises(ArtifactError, match="train"):
        ALS.restore(new.items, arrays)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_no_bit(threads: int, old: FittedImplicitALS, new: FittedImplicitALS, world: Dataset) -> None:
    assert old.with_items(world, threads=threads).item_vectors.tobytes() == new.item_vectors.tobytes()
