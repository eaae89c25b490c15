"""FeatureMF: its scores and reasons by the formula, new items, threads, and real listeners."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.metrics.gain import ndcg
from segue.metrics.hits import recall
from segue.metrics.judged import judge
from segue.models.feature_mf import FeatureMF
from segue.models.popularity import Popularity
from segue.readers import read
from segue.simulation import simulate
from segue.splits import HeldOutItems, PerUserRatio, k_core
from worlds import dataset_of, two_genres

SMALL = FeatureMF(factors=6, epochs=8, weighting="log", damping=0.7)


def listeners() -> Dataset:
    return two_genres().dataset


def test_a_history_is_the_damped_sum_of_what_it_holds() -> None:
    model = SMALL.fit(listeners())
    history = Histories.of([{0: 3.0, 5: -1.0, 13: 0.0, 20: 1.0}])
    z = model.history_vectors.astype(np.float64)
    expected = (np.log1p(3) * z[0] - np.log1p(1) * z[5] + np.log1p(1) * z[20]) / 3**0.7
    np.testing.assert_allclose(model.query_vectors(history)[0], expected, rtol=1e-4, atol=1e-6)
    assert model.item_bias is not None
    scores = expected @ model.item_vectors.astype(np.float64).T + model.item_bias
    np.testing.assert_allclose(model.score(history)[0], scores, rtol=1e-4, atol=1e-5)


def test_each_item_of_a_history_has_its_share_in_a_score() -> None:
    model = SMALL.fit(listeners())
    parts = model.explain(Histories.of([{0: 3.0, 5: -1.0, 13: 0.0, 20: 1.0}]), 7)
    assert parts.items.tolist() == [0, 5, 13, 20]
    assert model.item_bias is not None
    assert parts.baseline == pytest.approx(float(model.item_bias[7]))
    expected = np.log1p(3) / 3**0.7 * float(model.history_vectors[0] @ model.item_vectors[7])
    assert parts.contributions[0] == pytest.approx(expected, rel=1e-4)
    assert parts.contributions[2] == 0


def test_the_bytes_do_not_depend_on_the_number_of_threads() -> None:
    dataset = simulate(listeners=150, tracks=400, seed=0).dataset
    wide = FeatureMF(factors=256, epochs=2, learning_rate=0.05)  # much to do for each entry, so that threads are used
    made = [wide.fit(dataset, seed=4, threads=threads).arrays() for threads in (1, 2, None)]
    for name, array in made[0].items():
        assert array.tobytes() == made[1][name].tobytes() == made[2][name].tobytes()


class Listener:
    """Keeps the notes of every task."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    @contextmanager
    def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Listener]:
        self.notes.append(f"{description} {total} {unit}".strip())
        yield self

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        assert amount == 1
        self.notes.append(note)


@pytest.mark.parametrize("loss", ["warp", "bpr"])
def test_the_loss_is_told_and_falls_below_what_chance_gives(loss: str) -> None:
    listener = Listener()
    FeatureMF(factors=8, epochs=12, loss=loss).fit(listeners(), progress=listener)  # type: ignore[arg-type]
    assert listener.notes[1].endswith("shared features; the catalogue has no tags")
    assert listener.notes[2] == "feature-mf 12 epoch"
    losses = [float(note.removeprefix("loss ")) for note in listener.notes[3:]]
    assert losses[-1] < 0.5 * math.log(2)


def test_features_held_loosely_carry_what_ids_may_not_say() -> None:
    model = FeatureMF(factors=8, regularization=100.0, feature_regularization=0.0).fit(listeners())
    mixed = FeatureMF(factors=8, regularization=0.0, feature_regularization=0.0).fit(listeners())

    def spread(vectors: Any) -> float:
        """How far apart the vectors of an artist's tracks are, beside their length."""
        artist = vectors[:6]
        return float(np.linalg.norm(artist - artist.mean(axis=0)) / np.linalg.norm(artist))

    assert spread(model.item_vectors) < 0.5 * spread(mixed.item_vectors)


def test_items_of_the_same_features_are_the_same_without_ids() -> None:
    model = FeatureMF(factors=4, features=("artist",)).fit(listeners())
    assert np.array_equal(model.item_vectors[0], model.item_vectors[5])
    assert not np.array_equal(model.item_vectors[0], model.item_vectors[6])


def test_an_item_that_nobody_has_is_known_by_its_features() -> None:
    heard = listeners()
    dataset = heard.with_histories(heard.histories.where(heard.histories.items != 3))
    model = FeatureMF(factors=8).fit(dataset)
    assert [model.origins[item] for item in (2, 3)] == ["trained", "features"]
    top = model.recommend(Histories.of([dict.fromkeys([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11], 1.0)]), 1)
    assert top.items.tolist() == [[3]]
    alone = FeatureMF(factors=8, features=("id",)).fit(dataset)
    assert alone.origins[3] == "none"
    assert np.isneginf(alone.score(dataset.histories)[:, 3]).all()


def with_tracks(dataset: Dataset, artists: list[str]) -> Dataset:
    """The dataset with tracks appended of which only the artist is known."""
    items = dataset.items.extended([f"new-{number}" for number in range(len(artists))])
    later = pl.DataFrame({"id": items.series[dataset.n_items :], "artist": artists})
    frame = pl.concat([dataset.catalogue.frame, later], how="diagonal")
    return replace(dataset, items=items, catalogue=Catalogue(frame))


def test_a_new_item_is_the_sum_of_the_features_that_are_known() -> None:
    dataset = listeners()
    model = FeatureMF(factors=8, features=("id", "artist")).fit(dataset)
    new = model.with_items(with_tracks(dataset, ["Artist 1", "Nobody", "Artist 2"]))
    assert new.origins.counts() == {"none": 1, "trained": 24, "features": 2}
    assert np.array_equal(new.item_vectors[:24], model.item_vectors)
    features = FeatureMF(factors=8, features=("artist",))
    assert features.features == ("artist",)
    known = model.arrays()["feature_vectors"]
    assert min(np.abs(known - new.item_vectors[24]).max(axis=1)) < 1e-6
    assert np.isneginf(new.score(dataset.histories)[:, 25]).all()
    rock = Histories.of([[0, 1, 2, 3]])
    assert new.score(rock)[0, 24] > new.score(rock)[0, 26]  # the artist of rock before that of jazz
    held = new.query_vectors(Histories.of([[24]]))  # and it speaks for the history that holds it
    assert held @ new.item_vectors[7] > held @ new.item_vectors[20]


def test_features_of_ones_own_serve_items_that_come_later() -> None:
    bare = listeners()
    dataset = replace(bare, catalogue=Catalogue.bare(bare.items))
    rock = np.arange(24) < 12
    given = sp.csr_array(np.stack([rock, ~rock], axis=1).astype(np.float32))
    model = FeatureMF(factors=8).fit(dataset, given=given)
    items = Vocabulary([*dataset.items, "new rock", "new jazz"])
    later = replace(dataset, items=items, catalogue=Catalogue.bare(items))
    more = sp.csr_array(sp.vstack([given, sp.csr_array(np.eye(2, dtype=np.float32))]))
    scores = model.with_items(later, given=more).score(Histories.of([[0, 1, 2], [12, 13, 14]]))
    assert scores[0, 24] > scores[0, 25]
    assert scores[1, 25] > scores[1, 24]


def test_new_tracks_are_found_by_what_they_share() -> None:
    dataset = simulate(listeners=300, tracks=500, seed=1).dataset
    split = HeldOutItems(test=0.1, among="new").split(dataset, seed=0)
    model = FeatureMF(factors=16).fit(split.train)
    top = model.recommend(split.test.given, 5, allowed=split.test.allowed)
    assert split.test.allowed is not None
    chance = 5 / np.count_nonzero(split.test.allowed)
    assert recall(judge(top, split.test.relevant), 5).mean() > 3 * chance


def test_a_learning_rate_that_is_too_high_is_named() -> None:
    with pytest.raises(ModelError, match="lower learning_rate"):
        FeatureMF(factors=8, learning_rate=500.0).fit(listeners())


def test_data_without_features_is_refused() -> None:
    bare = listeners()
    bare = replace(bare, catalogue=Catalogue.bare(bare.items))
    with pytest.raises(DataError, match="add 'id' to features"):
        FeatureMF(features=("artist", "tags")).fit(bare)
    assert FeatureMF(factors=4, epochs=2).fit(bare).recommend(bare.histories, 3).lengths.min() >= 1


def test_arrays_that_do_not_fit_are_refused() -> None:
    model = SMALL.fit(listeners())
    arrays = dict(model.arrays())
    for name in arrays:
        with pytest.raises(ArtifactError, match="train"):
            SMALL.restore(model.items, {key: value for key, value in arrays.items() if key != name})
    with pytest.raises(ArtifactError, match="feature_bias"):
        SMALL.restore(model.items, {**arrays, "feature_bias": arrays["feature_bias"][1:]})


def test_a_user_of_one_item_teaches_biases_alone() -> None:
    """Without the item that is to be ranked, nothing is left of such a history."""
    dataset = dataset_of([{0: 1.0}, {1: 1.0}, {2: 1.0}], 3)
    fresh = FeatureMF(factors=4, epochs=1, regularization=0.0, feature_regularization=0.0, initial_scale=0.1)
    model = fresh.fit(dataset, seed=0)
    assert np.abs(model.item_vectors).max() < 0.5
    assert model.item_bias is not None
    assert model.item_bias.any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"factors": 0}, "factors must be a whole number of at least 1"),
        ({"tries": 1.5}, "tries must be a whole number"),
        ({"damping": 1.2}, "damping must be between 0 and 1"),
        ({"regularization": -1}, "regularization must be a number of at least 0"),
        ({"feature_regularization": math.nan}, "feature_regularization"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0"),
        ({"initial_scale": True}, "initial_scale"),
        ({"loss": "hinge"}, "loss must be one of 'warp', 'bpr'"),
        ({"schedule": "cosine"}, "schedule must be one of"),
        ({"weighting": "cube"}, "weighting must be one of"),
        ({"features": ()}, "features must name some of id, artist"),
        ({"features": ("id", "mood")}, "features must name some of"),
        ({"features": ("id", "id")}, "each once"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        FeatureMF(**settings)


@pytest.mark.data
def test_it_recommends_artists_to_real_listeners(research_data: Path) -> None:
    """Ids and tags, the defaults; implicit-als reaches 0.372 and 0.345 here, popularity 0.119 and 0.105."""
    dataset, _ = read([research_data / "lastfm-2k"], "lastfm-2k")
    core = k_core(dataset, 5)
    split = PerUserRatio(test=0.2).split(core, seed=0)
    judged = judge(FeatureMF().fit(split.train).recommend(split.test.given, 20), split.test.relevant)
    assert recall(judged, 20).mean() > 0.36
    assert ndcg(judged, 20).mean() > 0.33


@pytest.mark.data
def test_new_artists_find_their_real_listeners_by_tags(research_data: Path) -> None:
    """Of 282 artists kept out of training; popularity knows none of them, and chance finds one in fourteen."""
    dataset, _ = read([research_data / "lastfm-2k"], "lastfm-2k")
    split = HeldOutItems(test=0.1, among="new").split(k_core(dataset, 5), seed=0)
    model, popular = (configuration.fit(split.train) for configuration in (FeatureMF(epochs=15), Popularity()))
    found, usual = (
        recall(judge(each.recommend(split.test.given, 20, allowed=split.test.allowed), split.test.relevant), 20).mean()
        for each in (model, popular)
    )
    assert usual == 0
    assert found > 0.65
