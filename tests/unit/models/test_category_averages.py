"""Items that nobody has listened to yet, as averages of those that share a category."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from segue.core.catalogue import Catalogue
from segue.core.origins import ORIGINS
from segue.models.category_averages import Averages, category_averages

VECTORS = np.array([[3.0, 0.0], [0.0, 4.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]], np.float32)
KNOWN = np.array([True, True, True, False, False])
ALL = VECTORS[KNOWN].astype(np.float64)
LENGTHS = np.array([3.0, 4.0, np.sqrt(2)])


def averages(bias: npt.NDArray[np.float32] | None = None, items: list[int] | None = None, **columns: Any) -> Averages:
    frame = pl.DataFrame({"id": [f"i{n}" for n in range(5)], **columns}, strict=False)
    asked = np.array([3, 4] if items is None else items)
    return category_averages(VECTORS, bias, KNOWN, Catalogue(frame), asked)


def origins(found: Averages) -> list[str]:
    return [ORIGINS[code] for code in found.codes]


def scaled(mean: npt.NDArray[np.float64], length: float) -> npt.NDArray[np.float64]:
    """The mean with the geometric mean of its own length and the average one."""
    return mean * np.sqrt(length / np.linalg.norm(mean))


def test_an_artists_next_track_is_the_average_of_those_known_drawn_to_that_of_all() -> None:
    found = averages(artist=["a", "a", "b", "a", None])
    direction = (ALL[0] + ALL[1] + 2 * ALL.mean(axis=0)) / 4
    length = (3 + 4 + 2 * LENGTHS.mean()) / 4
    assert found.vectors[0] == pytest.approx(scaled(direction, length), rel=1e-6)
    assert origins(found) == ["artist", "none"]
    assert not found.vectors[1].any()


def test_what_is_narrower_corrects_what_is_broader() -> None:
    found = averages(artist=["a", "b", "b", "a", "nobody"], genres=[["x"], ["x"], ["y"], ["x"], ["x"]])
    genre = (ALL[0] + ALL[1] + 2 * ALL.mean(axis=0)) / 4
    genre_length = (3 + 4 + 2 * LENGTHS.mean()) / 4
    artist, artist_length = (ALL[0] + 2 * genre) / 3, (3 + 2 * genre_length) / 3
    assert origins(found) == ["artist", "genre"]
    assert found.vectors[0] == pytest.approx(scaled(artist, artist_length), rel=1e-6)
    assert found.vectors[1] == pytest.approx(scaled(genre, genre_length), rel=1e-6)


def test_several_genres_count_alike_however_many_share_them() -> None:
    found = averages(genres=[["x"], ["x"], ["y"], ["x", "y", "unheard of"], ["x", "y", "y"]])
    mean = ((ALL[0] + ALL[1]) / 2 + ALL[2]) / 2
    direction = (3 * mean + 2 * ALL.mean(axis=0)) / 5
    length = (3 * ((3 + 4) / 2 + np.sqrt(2)) / 2 + 2 * LENGTHS.mean()) / 5
    for row in (0, 1):
        assert found.vectors[row] == pytest.approx(scaled(direction, length), rel=1e-6)
    assert origins(found) == ["genre", "genre"]


def test_albums_and_tags_serve_where_nothing_better_is_known() -> None:
    found = averages(
        artist=["a", None, None, "b", None],
        album=[None, "first", None, "first", ""],
        tags=[["loud"], None, [], None, ["loud"]],
    )
    assert origins(found) == ["album", "tag"]
    assert found.vectors[0] == pytest.approx(
        scaled((ALL[1] + 2 * ALL.mean(axis=0)) / 3, (4 + 2 * LENGTHS.mean()) / 3), rel=1e-6
    )


def test_biases_are_averaged_like_vectors() -> None:
    bias = np.array([0.6, -0.3, 0.0, 0.0, 0.0], np.float32)
    found = averages(bias, artist=["a", "a", "b", "a", None])
    assert found.bias is not None
    assert found.bias == pytest.approx([(0.6 - 0.3 + 2 * 0.1) / 4, 0.0], rel=1e-6)


def test_only_known_items_are_averaged() -> None:
    found = averages(artist=["a", "b", "b", "new", "new"], items=[3, 4])
    assert origins(found) == ["none", "none"]
    assert not found.vectors.any()


def test_nothing_is_known_without_a_catalogue_or_without_known_items() -> None:
    assert origins(averages()) == ["none", "none"]
    nobody = category_averages(
        np.zeros((2, 3), np.float32),
        None,
        np.zeros(2, np.bool_),
        Catalogue(pl.DataFrame({"id": ["p", "q"], "artist": ["a", "a"]})),
        np.array([0, 1]),
    )
    assert not nobody.vectors.any()
    assert nobody.codes.tolist() == [0, 0]


def test_no_item_to_place_is_no_problem() -> None:
    found = averages(items=[], artist=["a"] * 5)
    assert found.vectors.shape == (0, 2)
