"""Content: what items are, side by side, and taste as a mean of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, SettingsError
from segue.models.content import Content, FittedContent

COLUMNS: dict[str, Any] = {
    "artist": ["A", "A", "B", "B", "C", None, None, "A"],
    "genres": [["rock"], ["rock"], ["rock", "folk"], ["folk"], ["jazz"], ["jazz"], None, None],
    "tempo": [80.0, 90.0, 100.0, 110.0, 120.0, None, None, None],
    "energy": [0.1, 0.5, 0.2, 0.4, 0.9, None, None, 0.7],
    "title": ["one", "two", "one love", "three", "love", "four", None, "five"],
}
#: 6 has no evidence at all.


def dataset(rows: list[dict[int, float]] | None = None, **columns: Any) -> Dataset:
    columns = columns or COLUMNS
    n = len(next(iter(columns.values())))
    items = Vocabulary(f"i{number}" for number in range(n))
    histories = Histories.of(rows if rows is not None else [{0: 3.0, 2: 1.0}], order="none")
    users = Vocabulary(f"u{number}" for number in range(len(histories)))
    return Dataset(users, items, histories, Catalogue(pl.DataFrame({"id": items.series, **columns}, strict=False)))


def fitted(**settings: Any) -> FittedContent:
    return Content(**settings).fit(dataset())


def test_likeness_is_the_weighted_mean_of_the_cosines_of_the_sides() -> None:
    model = fitted(audio=0.5, artist=1.0, genres=2.0, text=0.25)
    weights = {"audio": 0.5, "artist": 1.0, "genres": 2.0, "text": 0.25}
    assert list(model.blocks) == list(weights)
    sides = {name: block.vectors(dataset().catalogue) for name, block in model.blocks.items()}
    for a in range(8):
        for b in range(8):
            product = sum(weight * float(sides[name][a] @ sides[name][b]) for name, weight in weights.items())
            known = [sum(weight for name, weight in weights.items() if sides[name][i].any()) for i in (a, b)]
            expected = product / np.sqrt(known[0] * known[1]) if all(known) else 0.0
            assert float(model.item_vectors[a] @ model.item_vectors[b]) == pytest.approx(expected, abs=1e-6)


def test_a_missing_side_is_no_reproach() -> None:
    model = fitted(artist=1.0, audio=1.0, genres=0.0, text=0.0)
    lengths = np.linalg.norm(model.item_vectors, axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 1, 1, 1, 0, 0, 1], atol=1e-6)


def test_taste_is_the_weighted_mean_of_the_history_and_dislikes_subtract() -> None:
    model = fitted(weighting="linear")
    query = model.query_vectors(Histories.of([{0: 3.0, 3: -1.0}]))[0]
    np.testing.assert_allclose(query, (3 * model.item_vectors[0] - model.item_vectors[3]) / 4, atol=1e-6)
    liked, mixed = (model.score(Histories.of([row]))[0] for row in ({0: 3.0}, {0: 3.0, 3: -1.0}))
    assert mixed[3] < liked[3]


@pytest.mark.parametrize("row", [{3: -1.0}, {3: 0.0}, {6: 1.0}, {6: 1.0, 3: -1.0}, {}])
def test_where_nothing_known_is_liked_there_is_no_evidence(row: dict[int, float]) -> None:
    model = fitted()
    assert not model.query_vectors(Histories.of([row])).any()
    assert np.isneginf(model.score(Histories.of([row]))).all()


def test_every_side_has_its_share_of_the_score() -> None:
    model = fitted()
    history = Histories.of([{0: 3.0, 3: -1.0, 4: 1.0}])
    explanation = model.explain(history, 2)
    assert explanation.sides is not None
    assert list(explanation.sides) == ["audio", "artist", "genres", "text"]
    assert sum(explanation.sides.values()) == pytest.approx(explanation.score, abs=1e-6)
    assert explanation.score == pytest.approx(float(model.score(history)[0, 2]), abs=1e-6)
    alone = fitted(audio=0.0, genres=0.0, text=0.0).explain(history, 1)
    assert alone.sides == {"artist": pytest.approx(alone.score)}
    assert model.explain(history, 6).sides is None


def test_new_items_are_placed_by_their_features_and_the_old_stay_as_they_are() -> None:
    whole = dataset()
    first = Dataset(
        whole.users,
        Vocabulary(whole.items.series.head(5)),
        whole.histories,
        Catalogue(whole.catalogue.frame.head(5)),
    )
    model = Content(genres=1.0).fit(first)
    grown = model.with_items(whole)
    assert grown.items == whole.items
    assert grown.item_vectors[:5].tobytes() == model.item_vectors.tobytes()
    assert [grown.origins[item] for item in range(8)] == ["trained"] * 5 + ["features", "none", "features"]
    assert set(grown.similar_items([7], 2).items[0].tolist()) <= {0, 1, 4}  # the same artist, and much energy
    again = Content(genres=1.0).restore(grown.items, grown.arrays())
    assert again.origins == grown.origins
    with pytest.raises(DataError, match="do not begin"):
        grown.with_items(first)


def test_a_side_without_weight_is_not_built() -> None:
    assert list(fitted(audio=0.0, text=0.0).blocks) == ["artist", "genres"]


def test_a_catalogue_that_tells_nothing_apart_is_refused_with_what_was_looked_for() -> None:
    with pytest.raises(DataError, match="looked for audio, artist, genres, tags, text"):
        Content().fit(dataset([{0: 1.0}], kind=["track", "track"]))
    with pytest.raises(DataError, match="tells items apart"):
        Content(artist=0.0).fit(dataset([{0: 1.0}], energy=[0.5, 0.5], title=["same", "same"]))
    with pytest.raises(DataError, match="infinite"):
        Content().fit(dataset([{0: 1.0}], energy=[0.5, float("inf")]))


def test_nan_is_a_missing_value() -> None:
    model = Content(text=0.0).fit(dataset(energy=[0.5, 0.1, float("nan")], tempo=[1.0, 2.0, float("nan")]))
    assert not model.item_vectors[2].any()
    assert np.isfinite(model.item_vectors).all()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"audio": -1.0}, "audio"),
        ({"text": float("nan")}, "text"),
        ({"audio": 0.0, "artist": 0.0, "genres": 0.0, "tags": 0.0, "text": 0.0}, "above 0"),
        ({"topics": 0}, "topics"),
        ({"codes": 2.5}, "codes"),
        ({"text_by": "magic"}, "text_by"),
        ({"weighting": "cubic"}, "weighting"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Content(**settings)


def test_a_damaged_model_is_refused() -> None:
    model = fitted()
    for missing in ("item_vectors", "artist_keys", "audio_scales", "genres_places"):
        arrays = {name: array for name, array in model.arrays().items() if name != missing}
        with pytest.raises(ArtifactError, match="train"):
            Content().restore(model.items, arrays)


def test_words_by_word2vec_know_what_stands_in_the_same_texts() -> None:
    pytest.importorskip("gensim", reason="needs the extra text")
    rng = np.random.default_rng(0)
    seas, woods = ["wave", "sail", "salt", "tide", "shore"], ["leaf", "moss", "fern", "root", "bark"]
    texts = [" ".join(rng.choice(seas if number % 2 else woods, 12)) for number in range(120)]
    whole = dataset([{0: 1.0}], text=[*texts, "wave", "tide", "moss"])
    model = Content(text_by="word2vec", topics=16).fit(whole, seed=1)
    wave, tide, moss = 120, 121, 122
    likeness = model.item_vectors @ model.item_vectors.T
    assert likeness[wave, tide] > likeness[wave, moss] + 0.2
    assert model.arrays().keys() == {"item_vectors", "text_keys", "text_places"}
    again = Content(text_by="word2vec", topics=16).fit(whole, seed=1)
    assert again.item_vectors.tobytes() == model.item_vectors.tobytes()
