"""SGDMF: its histories against dense solutions in float64, its reasons, its early end, and real listeners."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError, ModelError, SettingsError
from segue.metrics.gain import ndcg
from segue.metrics.hits import recall
from segue.metrics.judged import judge
from segue.models.descent import Descent, Pairs
from segue.models.sgd_mf import SGDMF, FittedSGDMF
from segue.readers import read
from segue.simulation import simulate
from segue.splits import PerUserRatio, k_core
from worlds import first_items, two_genres

CONFIGURATIONS = [
    SGDMF(factors=5, epochs=20),
    SGDMF(factors=5, epochs=20, weighting="log", alpha=2.0, gravity=1.0),
    SGDMF(factors=4, epochs=20, negatives=2, negative_exponent=0.5, gravity=0.0),
    SGDMF(factors=4, epochs=10, negatives=1, optimizer="adam", learning_rate=0.03),
    SGDMF(factors=4, epochs=20, target="weight", weighting="linear", gravity=0.5, learning_rate=0.05),
]
every_configuration = pytest.mark.parametrize("sgd", CONFIGURATIONS, ids=str)


def listeners(n_users: int = 60, n_items: int = 30, seed: int = 0) -> Dataset:
    """Plays, some dislikes, some zeros, a user with nothing, one with only dislikes, and an item that nobody likes."""
    rng = np.random.default_rng(seed)
    weights = rng.geometric(0.3, (n_users, n_items)).astype(np.float32)
    weights *= rng.choice([1, 1, 1, 1, -1, 0], weights.shape)
    taken = rng.random(weights.shape) < 0.2
    taken[0] = False
    taken[1, :3] = True
    weights[1] = -1
    weights[:, 5] = -np.abs(weights[:, 5])
    rows, columns = np.nonzero(taken)
    return Dataset.from_csr(sp.csr_array((weights[rows, columns], (rows, columns)), shape=weights.shape))


@every_configuration
def test_a_history_gets_the_exact_minimum(sgd: SGDMF) -> None:
    dataset = listeners()
    model = sgd.fit(dataset)
    y = model.item_vectors.astype(np.float64)
    weights = dataset.csr().toarray().astype(np.float64)
    f = np.log1p if sgd.weighting == "log" else np.asarray if sgd.weighting == "linear" else np.sign
    value = np.copysign(f(np.abs(weights)), weights) * (weights != 0)
    m = np.count_nonzero(weights)
    counts = np.count_nonzero(weights, axis=0).astype(np.float64) ** sgd.negative_exponent
    drawn = (y.T * (counts / counts.sum())) @ y
    vectors = model.query_vectors(dataset.histories)
    for user in range(dataset.n_users):
        there = weights[user] != 0
        if sgd.target == "weight":
            c, t = np.ones(there.sum()), value[user, there] - value[weights != 0].mean()
        else:
            c, t = 1 + sgd.alpha * np.abs(value[user, there]), (weights[user, there] > 0).astype(np.float64)
        z = y[there]
        matrix = (z.T * c) @ z + sgd.gravity * m / weights.size * y.T @ y
        matrix += there.sum() * (sgd.regularization * np.eye(sgd.factors) + sgd.negatives * drawn)
        expected = np.linalg.solve(matrix, (c * t) @ z) if t.any() else np.zeros(sgd.factors)
        np.testing.assert_allclose(vectors[user], expected, rtol=1e-3, atol=1e-4)


@every_configuration
def test_the_parts_of_an_explanation_sum_to_the_score(sgd: SGDMF) -> None:
    dataset = listeners()
    model = sgd.fit(dataset)
    scores = model.score(dataset.histories)
    for user in (0, 1, 2, 7, 30):
        history = dataset.histories[user]
        for item in (0, 5, 11, 29):
            parts = model.explain(history, item)
            assert parts.kind == "additive"
            assert parts.score == pytest.approx(float(scores[user, item]), rel=1e-4, abs=1e-5)
            total = parts.baseline + float(parts.contributions.sum(dtype=np.float64))
            assert total == pytest.approx(parts.score, rel=1e-4, abs=1e-5)


def test_an_item_that_nobody_likes_never_comes_back() -> None:
    dataset = listeners()
    model = SGDMF(factors=4).fit(dataset)
    assert np.isneginf(model.score(dataset.histories)[:, 5]).all()
    assert np.isneginf(model.score(dataset.histories[[0, 1]])).all()  # nothing, and nothing but dislikes


def test_vectors_of_histories_serve_as_well_as_those_of_training() -> None:
    dataset = simulate(listeners=300, tracks=500, seed=2).dataset
    split = PerUserRatio(test=0.2).split(dataset, seed=0)
    sgd = SGDMF(factors=16, gravity=3.0)
    train = sgd._entries(split.train.histories, dataset.n_items)
    users = train.row_of_entry.astype(np.int32)
    pairs = Pairs(users, train.items, *sgd._targets(train, 0.0), dataset.n_users, dataset.n_items)
    descent = Descent(pairs, sgd._terms(pairs), sgd.factors, sgd.initial_scale, sgd.optimizer, seed=0, threads=1)
    for epoch in range(sgd.epochs):
        descent.epoch(sgd.learning_rate * (1 - epoch / sgd.epochs))
    model = sgd.fit(split.train, seed=0)
    learned, items = descent.vectors
    there = model.item_vectors.any(axis=1)
    assert np.array_equal(items[there], model.item_vectors[there])

    def found(vectors: np.ndarray[Any, Any]) -> float:
        scores = vectors @ model.item_vectors.T
        seen = split.train.histories
        scores[seen.row_of_entry, seen.items] = -np.inf
        top = np.argsort(-scores, axis=1, kind="stable")[split.test.users, :20]
        hits = [np.isin(row, split.test.relevant[place].items).sum() for place, row in enumerate(top)]
        return float(np.mean(np.array(hits) / split.test.relevant.lengths))

    assert found(model.query_vectors(split.train.histories)) > 0.99 * found(learned) > 0.2


class Listener:
    """Keeps the notes of a task."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    @contextmanager
    def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Listener]:
        assert (description, unit) == ("sgd-mf", "epoch")
        assert total is not None
        yield self

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        assert amount == 1
        self.notes.append(note)


def test_the_loss_is_told_and_falls() -> None:
    listener = Listener()
    SGDMF(factors=4, epochs=12).fit(listeners(), progress=listener)
    losses = [float(note.removeprefix("loss ")) for note in listener.notes]
    assert len(losses) == 12
    assert losses[-1] < losses[4] < losses[0]


def test_training_ends_when_what_was_held_back_gets_worse_and_keeps_the_best_vectors() -> None:
    dataset = listeners(300, 40, seed=3)
    greedy = SGDMF(
        factors=16, epochs=200, gravity=0.1, regularization=1e-4, schedule="constant", validation=0.2, patience=3
    )
    listener = Listener()
    model = greedy.fit(dataset, seed=5, progress=listener)
    losses = [float(note.removeprefix("validation loss ")) for note in listener.notes]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 3 < 200
    assert all(loss >= losses[best] for loss in losses[best:])
    shorter = dataclasses.replace(greedy, epochs=best + 1).fit(dataset, seed=5)
    assert np.array_equal(shorter.item_vectors, model.item_vectors)


def test_the_loss_of_what_was_held_back_counts_what_is_unobserved() -> None:
    """Without a pull towards zero, everything being alike is perfect on observed pairs, and so on those held back."""
    dataset = listeners(300, 40, seed=3)
    free, drawn = Listener(), Listener()
    SGDMF(factors=4, epochs=5, gravity=0.0, validation=0.2).fit(dataset, progress=free)
    SGDMF(factors=4, epochs=5, gravity=0.0, negatives=4, validation=0.2).fit(dataset, progress=drawn)
    assert float(free.notes[-1].split()[-1]) < 0.6 < float(drawn.notes[-1].split()[-1])


def test_too_little_to_hold_anything_back_is_learned_from_as_a_whole() -> None:
    dataset = Dataset.from_csr(sp.csr_array(np.array([[1.0, 0.0], [1.0, 1.0]])))
    with_share, without = (SGDMF(factors=2, validation=share).fit(dataset) for share in (0.1, 0.0))
    assert np.array_equal(with_share.item_vectors, without.item_vectors)


def test_a_learning_rate_that_is_too_high_is_named() -> None:
    with pytest.raises(ModelError, match="lower learning_rate"):
        SGDMF(factors=4, learning_rate=3.0).fit(listeners())
    with pytest.raises(ModelError, match="lower learning_rate"):
        SGDMF(factors=4, learning_rate=500.0).fit(listeners())


def test_ratings_are_predicted_from_their_mean() -> None:
    world = simulate(listeners=200, tracks=300, seed=1).ratings
    split = PerUserRatio(test=0.2).split(world, seed=0)
    sgd = SGDMF(factors=8, target="weight", weighting="linear", gravity=0.3, regularization=0.05, learning_rate=0.05)
    model = sgd.fit(split.train)
    hidden = split.test.relevant.merged()
    asked = np.full((len(hidden), int(hidden.lengths.max())), -1, np.int32)
    for row in range(len(hidden)):
        asked[row, : hidden.lengths[row]] = hidden[row].items
    scores = model.score(split.test.given, asked)
    predicted = scores[asked >= 0].astype(np.float64)
    there = np.isfinite(predicted)
    mean = float(split.train.histories.merged().weights.mean(dtype=np.float64))
    truth = hidden.weights.astype(np.float64)[there]
    error, usual = (math.sqrt(np.mean((guess - truth) ** 2)) for guess in (predicted[there], mean))
    assert there.mean() > 0.95
    assert error < 0.95 * usual
    assert model.item_bias is not None
    np.testing.assert_allclose(model.item_bias, mean, rtol=1e-5)


def test_data_without_anything_to_learn_is_refused() -> None:
    alike = Dataset.from_csr(sp.csr_array(np.array([[3.0, 3.0], [3.0, 0.0]])))
    with pytest.raises(DataError, match="weights that differ"):
        SGDMF(target="weight").fit(alike)
    with pytest.raises(DataError, match="positive weights"):
        SGDMF().fit(Dataset.from_csr(-alike.csr()))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"factors": 0}, "factors must be a whole number of at least 1"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"negatives": -1}, "negatives must be a whole number of at least 0"),
        ({"patience": True}, "patience"),
        ({"gravity": -0.1}, "gravity must be a number of at least 0"),
        ({"alpha": math.inf}, "alpha"),
        ({"regularization": 0}, "regularization must be a number above 0"),
        ({"learning_rate": math.nan}, "learning_rate must be a number above 0"),
        ({"initial_scale": "wide"}, "initial_scale"),
        ({"validation": 0.9}, "validation must be a share between 0 and 0.5"),
        ({"target": "taste"}, "target must be one of 'taken', 'weight'"),
        ({"optimizer": "lion"}, "optimizer must be one of 'sgd', 'adam'"),
        ({"schedule": "cosine"}, "schedule must be one of"),
        ({"weighting": "cube"}, "weighting must be one of"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        SGDMF(**settings)


def test_items_beyond_the_model_are_left_out_and_counted() -> None:
    model = CONFIGURATIONS[0].fit(listeners())
    assert isinstance(model, FittedSGDMF)
    top = model.recommend(Histories.of([{2: 1.0, 30: 5.0}]), 3)
    assert top.ignored == 1
    assert top == model.recommend(Histories.of([{2: 1.0}]), 3)


@pytest.mark.data
def test_it_recommends_artists_to_real_listeners(research_data: Path) -> None:
    """The defaults; implicit-als reaches 0.372 and 0.345 here, popularity 0.119 and 0.105."""
    dataset, _ = read([research_data / "lastfm-2k"], "lastfm-2k")
    split = PerUserRatio(test=0.2).split(k_core(dataset, 5), seed=0)
    judged = judge(SGDMF().fit(split.train).recommend(split.test.given, 20), split.test.relevant)
    assert recall(judged, 20).mean() > 0.365
    assert ndcg(judged, 20).mean() > 0.335


def test_new_items_stand_where_those_alike_stand_and_move_no_history() -> None:
    whole = two_genres().dataset
    old = SGDMF(factors=6, epochs=4).fit(first_items(whole, 22))
    new = old.with_items(whole)
    assert new.origins.counts() == {"trained": 22, "artist": 2}
    assert new.item_vectors[:22].tobytes() == old.item_vectors.tobytes()
    histories = whole.histories.known(22)[0]
    assert new.query_vectors(histories).tobytes() == old.query_vectors(histories).tobytes()
