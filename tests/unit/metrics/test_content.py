"""What the catalogue says of items, as numbers."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.metrics import Background, check_needs, content_vectors, genre_shares, has_content, parse_all


def catalogue(**columns: object) -> Catalogue:
    n = len(next(iter(columns.values())))  # type: ignore[arg-type]
    return Catalogue(pl.DataFrame({"id": [f"i{number}" for number in range(n)], **columns}, strict=False))


def cosines(table: Catalogue) -> np.ndarray:
    vectors = content_vectors(table)
    return (vectors @ vectors.T).toarray()


def test_genre_shares_are_spread_evenly_and_repeats_count_once() -> None:
    shares = genre_shares(catalogue(genres=[["rock"], ["rock", "pop", "rock"], [], None, ["pop", None]])).toarray()
    assert shares.tolist() == [[1, 0], [0.5, 0.5], [0, 0], [0, 0], [0, 1]]


def test_items_with_the_same_genres_are_alike_and_others_not() -> None:
    found = cosines(catalogue(genres=[["a"], ["a"], ["b"], ["a", "b"], []]))
    assert found[0] == pytest.approx([1, 1, 0, np.sqrt(0.5), 0], abs=1e-6)
    assert found[4].tolist() == [0] * 5  # nothing is known of it


def test_each_side_weighs_the_same() -> None:
    table = catalogue(
        genres=[["a"], ["a"], ["b"]], tags=[["x", "y", "z"], ["u", "v"], ["x", "y", "z"]], artist=["A", "A", "B"]
    )
    found = cosines(table)
    assert found[0, 1] == pytest.approx((1 + 0 + 1) / 3, abs=1e-6)
    assert found[0, 2] == pytest.approx((0 + 1 + 0) / 3, abs=1e-6)


def test_a_catalogue_in_which_every_item_has_its_own_artist_does_not_go_by_artists() -> None:
    artists = catalogue(artist=["A", "B", None], genres=[["a"], ["a"], ["b"]])
    assert cosines(artists)[0, 1] == pytest.approx(1)
    assert not has_content(catalogue(artist=["A", "B", None]))
    assert has_content(catalogue(artist=["A", "A", None]))


def test_audio_features_are_standardised_and_unknown_ones_are_the_mean() -> None:
    table = catalogue(tempo=[100.0, 140.0, None, None, 120.0], energy=[0.2, 0.8, 0.8, None, None])
    # The means are 120 and 0.6: item 0 is low in both, item 1 high in both, item 2 high in energy.
    found = cosines(table)
    energy = np.array([0.2, 0.8, 0.8])
    tempo = np.array([-1, 1]) / np.sqrt(np.array([-20, 20, 0]).var()) * 20
    z = (energy - 0.6) / energy.std()
    assert found[0, 1] == pytest.approx(
        (tempo[0] * tempo[1] + z[0] * z[1]) / np.hypot(tempo[0], z[0]) / np.hypot(tempo[1], z[1]), abs=1e-5
    )
    assert found[1, 2] == pytest.approx(z[1] / np.hypot(tempo[1], z[1]), abs=1e-5)
    assert found[3].tolist() == [0] * 5
    assert found[4].tolist() == [0] * 5  # the mean in every feature has no direction


def test_a_feature_that_never_varies_tells_nothing() -> None:
    assert cosines(catalogue(tempo=[100.0, 100.0], energy=[0.1, 0.9]))[0, 1] == pytest.approx(-1)


def test_key_and_mode_are_no_amounts() -> None:
    assert not has_content(catalogue(key=[1.0, 2.0], mode=[0.0, 1.0], released=[date(2000, 1, 1)] * 2))


def test_known_items_have_length_one() -> None:
    vectors = content_vectors(
        catalogue(genres=[["a", "b"], [], ["c"]], tags=[["x"], ["y"], None], tempo=[1.0, 2.0, 4.0])
    )
    assert np.sqrt(vectors.power(2).sum(axis=1)) == pytest.approx([1, 1, 1], abs=1e-6)


def test_a_catalogue_without_content_is_refused() -> None:
    bare = Catalogue.bare(Vocabulary(["a", "b"]))
    with pytest.raises(DataError, match="none of the columns 'genres'"):
        content_vectors(bare)
    with pytest.raises(DataError, match="'genres' is missing or empty"):
        genre_shares(bare)
    assert not has_content(bare)


def test_a_missing_column_is_told_with_the_metric_that_needs_it() -> None:
    bare = Catalogue.bare(Vocabulary(["a", "b"]))
    with pytest.raises(SettingsError, match="calibration@7 needs the catalogue column 'genres'"):
        check_needs(parse_all(["novelty@7", "calibration@7"]), bare)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="diversity@7 needs one of the catalogue columns"):
        check_needs(parse_all(["diversity@7"]), bare)  # type: ignore[arg-type]
    check_needs(parse_all(["factor_diversity@7", "gini@7", "rmse"]), bare)  # type: ignore[arg-type]


def test_a_background_counts_training_users_who_like_an_item() -> None:
    histories = Histories(
        np.array([0, 3, 5, 6, 6]), np.array([0, 0, 1, 1, 2, 2]), np.array([1.0, 1.0, 2.0, 3.0, -1.0, 0.0])
    )
    items = Vocabulary(["a", "b", "c"])
    dataset = Dataset(Vocabulary("uvwx"), items, histories, catalogue_of(items))
    found = Background.of(dataset, {"genres", "content"}, np.array([[3.0, 4.0], [0.0, 0.0], [0.0, -2.0]], np.float32))
    assert found.users == 2
    assert found.popularity.tolist() == [1, 2, 0]
    assert found.rank_of.tolist() == [1, 0, 2**31 - 1]
    assert found.genres is not None
    assert found.content is not None
    assert found.vectors is not None
    assert found.vectors == pytest.approx(np.array([[0.6, 0.8], [0, 0], [0, -1]]))


def catalogue_of(items: Vocabulary) -> Catalogue:
    return Catalogue(pl.DataFrame({"id": items.series, "genres": [["x"]] * len(items)}))
