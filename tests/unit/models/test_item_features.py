"""What items share, and under which numbers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from segue.core.catalogue import Catalogue
from segue.errors import DataError
from segue.models.item_features import SharedFeatures


def catalogue() -> Catalogue:
    return Catalogue(
        pl.DataFrame(
            {
                "id": ["a", "b", "c", "d"],
                "artist": ["Ada", "Bo", "Ada", None],
                "tags": [["slow", "loud", "slow"], ["Ada"], [], ["slow", ""]],
            },
            schema_overrides={"tags": pl.List(pl.String)},
        )
    )


def dense(features: SharedFeatures) -> np.ndarray:  # type: ignore[type-arg]
    return features.matrix(np.unique(features.keys)).toarray()


def test_items_of_the_same_artist_or_tag_share_a_column() -> None:
    found = dense(SharedFeatures.of(catalogue(), ["artist", "tags"]))
    assert found.shape == (4, 5)  # two artists and three tags; the tag "Ada" is not the artist
    np.testing.assert_allclose((found**2).sum(axis=1), [2, 2, 1, 1], rtol=1e-6)
    overlap = found @ found.T
    np.testing.assert_allclose(overlap[0], [2, 0, 1, np.sqrt(0.5)], rtol=1e-6)
    assert overlap[1].tolist() == [0, 2, 0, 0]


def test_an_item_has_each_of_n_values_with_one_by_the_root_of_n() -> None:
    found = dense(SharedFeatures.of(catalogue(), ["tags"]))
    assert sorted(found[0][found[0] > 0]) == pytest.approx([np.sqrt(0.5)] * 2)
    assert not found[2].any()


def test_columns_without_a_value_are_missing() -> None:
    assert SharedFeatures.of(catalogue(), ["artist", "album", "genres"]).missing == ("album", "genres")


def test_features_are_known_by_their_names_in_any_catalogue() -> None:
    keys = np.unique(SharedFeatures.of(catalogue(), ["artist", "tags"]).keys)
    later = Catalogue(pl.DataFrame({"id": ["x", "y"], "artist": ["Cy", "Ada"]}))
    found = SharedFeatures.of(later, ["artist", "tags"]).matrix(keys).toarray()
    before = SharedFeatures.of(catalogue(), ["artist"]).matrix(keys).toarray()
    assert not found[0].any()
    assert np.array_equal(found[1], before[0])


def test_features_of_ones_own_keep_their_numbers() -> None:
    given = sp.csr_array(np.array([[0.5, 0], [0, -2], [0, 0], [1, 1]]))
    features = SharedFeatures.of(catalogue(), [], given)
    found = dense(features)
    assert sorted(map(tuple, found.T.tolist())) == [(0.0, -2.0, 0.0, 1.0), (0.5, 0.0, 0.0, 1.0)]


def test_features_of_ones_own_must_be_finite_and_one_row_per_item() -> None:
    with pytest.raises(DataError, match="one row per item"):
        SharedFeatures.of(catalogue(), [], sp.csr_array(np.ones((3, 2))))
    for wrong in (np.nan, np.inf):
        with pytest.raises(DataError, match="finite"):
            SharedFeatures.of(catalogue(), [], sp.csr_array(np.array([[1.0], [wrong], [0.0], [0.0]])))


def test_a_catalogue_of_ids_alone_shares_nothing() -> None:
    features = SharedFeatures.of(Catalogue(pl.DataFrame({"id": ["a", "b"]})), ["artist", "tags"])
    assert features.matrix(np.unique(features.keys)).shape == (2, 0)
