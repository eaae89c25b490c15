"""Sides of content: cosines that are likenesses, and zeros where nothing is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from segue.core.arrays import Float64Array
from segue.core.catalogue import Catalogue
from segue.errors import DataError
from segue.models.content_blocks import SOUND, Coded, Sound, Topics, codes
from segue.models.item_words import bags


def catalogue(**columns: Any) -> Catalogue:
    n = len(next(iter(columns.values())))
    return Catalogue(pl.DataFrame({"id": [str(number) for number in range(n)], **columns}, strict=False))


def cosines(vectors: Any) -> Float64Array:
    return np.asarray(vectors.astype(np.float64) @ vectors.T.astype(np.float64))


def test_sounds_are_standardised_and_a_missing_value_is_the_mean() -> None:
    tempo, energy = np.array([80.0, 100.0, 120.0, np.nan, np.nan]), np.array([0.1, 0.9, 0.5, 0.9, np.nan])
    sound = Sound.learned(catalogue(tempo=tempo, energy=energy))
    assert sound is not None
    assert set(sound.features) == {"tempo", "energy"}
    table = np.stack([tempo, energy], axis=1)
    z = np.nan_to_num((table - np.nanmean(table, axis=0)) / np.nanstd(table, axis=0))
    z /= np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-30)
    np.testing.assert_allclose(cosines(sound.vectors(catalogue(tempo=tempo, energy=energy))), z @ z.T, atol=1e-6)


def test_an_item_without_any_sound_has_no_vector() -> None:
    given = catalogue(tempo=[80.0, 100.0, None], valence=[None, None, None])
    sound = Sound.learned(given)
    assert sound is not None
    assert sound.vectors(given).any(axis=1).tolist() == [True, True, False]


def test_a_feature_that_is_the_same_for_all_is_left_out() -> None:
    given = catalogue(tempo=[80.0, 100.0], energy=[0.3, 0.3], loudness=[None, -7.0])
    sound = Sound.learned(given)
    assert sound is not None
    assert sound.features == ("tempo",)
    assert Sound.learned(catalogue(energy=[0.3, 0.3, None])) is None


def test_an_infinite_feature_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"'tempo' is infinite for 1 items"):
        Sound.learned(catalogue(tempo=[80.0, float("inf"), 100.0]))


def test_keys_that_share_most_tones_are_neighbours() -> None:
    # C major, G major, A minor (the relative of C), F# major (opposite), and a track whose key was not heard
    given = catalogue(key=[0.0, 7.0, 9.0, 6.0, -1.0], mode=[1.0, 1.0, 0.0, 1.0, 1.0], tempo=[1.0, 1.0, 1.0, 1.0, 1.0])
    sound = Sound.learned(given)
    assert sound is not None
    assert sound.features == ("fifths_x", "fifths_y")
    raw = sound.vectors(given) * 1.0
    places = np.array([[1, 0], [np.cos(np.pi / 6), np.sin(np.pi / 6)], [1, 0], [-1, 0]])
    z = (places - places.mean(axis=0)) / places.std(axis=0)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    np.testing.assert_allclose(raw[:4, -2:], z, atol=1e-6)
    assert not raw[4].any()
    assert len(SOUND) == raw.shape[1]


def test_codes_are_unit_vectors_whose_cosines_have_mean_0_and_deviation_of_one_over_root_width() -> None:
    vectors = codes(np.random.default_rng(0).integers(0, 2**63, 1500).astype(np.uint64), 200)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    between = cosines(vectors)[np.triu_indices(1500, 1)]
    assert abs(between.mean()) < 1e-3
    assert between.std() == pytest.approx(200**-0.5, rel=0.01)


def test_coded_artists_are_alike_when_they_are_the_same() -> None:
    given = catalogue(artist=["Beyoncé", "BEYONCE", "Air", None, "Moby"])
    block = Coded.learned(given, ("artist",), 256, by_word=False)
    assert block is not None
    found = cosines(block.vectors(given))
    assert found[0, 1] == pytest.approx(1)
    assert abs(found[[0, 0, 2], [2, 4, 4]]).max() < 5 / 256**0.5
    assert not found[3].any()


def test_coded_words_have_the_cosines_of_tf_idf_give_or_take() -> None:
    rng = np.random.default_rng(1)
    texts = [" ".join(f"w{word}" for word in rng.zipf(1.5, rng.integers(3, 30)) % 200) for _ in range(80)]
    given = catalogue(text=texts)
    block = Coded.learned(given, ("text",), 4096, by_word=True)
    assert block is not None
    np.testing.assert_allclose(cosines(block.vectors(given)), tf_idf_cosines(given, "text"), atol=6 / 64)


def tf_idf_cosines(given: Catalogue, column: str) -> Float64Array:
    held = bags(given, [column], by_word=column == "text")
    keys, counts = np.unique(held.keys, return_counts=True)
    table = held.matrix(keys).toarray().astype(np.float64) * np.log(1 + len(given) / counts)
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-30)
    return np.asarray(table @ table.T)


def test_topics_are_exact_with_as_many_dimensions_as_keys() -> None:
    rng = np.random.default_rng(2)
    given = catalogue(tags=[[f"t{tag}" for tag in set(rng.integers(0, 12, 4).tolist())] for _ in range(40)])
    block = Topics.learned(given, ("tags",), 12, seed=0)
    assert block is not None
    np.testing.assert_allclose(cosines(block.vectors(given)), tf_idf_cosines(given, "tags"), atol=1e-5)


@pytest.mark.parametrize("n", [8, 300], ids=["fewer items than topics", "more"])
def test_topics_are_the_latent_semantics_of_the_tags(n: int) -> None:
    rng = np.random.default_rng(3)
    given = catalogue(tags=[[f"t{tag}" for tag in set(rng.zipf(1.4, 8).tolist())] for _ in range(n)])
    width = 10
    block = Topics.learned(given, ("tags",), width, seed=0)
    assert block is not None
    held = bags(given, ["tags"], by_word=False)
    keys, counts = np.unique(held.keys, return_counts=True)
    table = held.matrix(keys).toarray().astype(np.float64) * np.log(1 + n / counts)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    left, values, _ = np.linalg.svd(table, full_matrices=False)
    expected = (left * values)[:, : min(width, n)]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(cosines(block.vectors(given)), expected @ expected.T, atol=1e-4)


def test_topics_know_that_tags_go_together() -> None:
    given = catalogue(tags=[["a", "b"], ["a", "b"], ["b", "a"], ["a"], ["b"], ["c", "d"], ["c", "d"], ["d"], ["c"]])
    block = Topics.learned(given, ("tags",), 2, seed=0)
    assert block is not None
    found = cosines(block.vectors(given))
    assert found[3, 4] > 0.99
    assert found[3, 7] < 0.01


def test_what_a_block_never_saw_says_nothing_or_has_a_code_of_its_own() -> None:
    given, later = catalogue(tags=[["a", "b"], ["a"], ["b"]]), catalogue(tags=[["new"], ["a", "new"]])
    topics, coded = Topics.learned(given, ("tags",), 8, seed=0), Coded.learned(given, ("tags",), 64, by_word=False)
    assert topics is not None
    assert coded is not None
    np.testing.assert_allclose(topics.vectors(later)[1], topics.vectors(given)[1])
    assert not topics.vectors(later)[0].any()
    assert coded.vectors(later)[0].any()


@pytest.mark.parametrize("tags", [[["a"], ["a"], None], [["a"], ["b"]], [None, None], [[], []]])
def test_what_does_not_tell_items_apart_is_no_side(tags: Any) -> None:
    given = catalogue(tags=pl.Series(tags, dtype=pl.List(pl.String)))
    assert Topics.learned(given, ("tags",), 8, seed=0) is None
    assert Coded.learned(given, ("tags",), 64, by_word=False) is None


def test_a_matrix_without_columns_is_no_obstacle() -> None:
    given = catalogue(title=["a b", "a"])
    block = Coded.learned(given, ("title", "text"), 64, by_word=True)
    assert block is not None
    empty = Catalogue(given.frame.head(0))
    assert block.vectors(empty).shape == (0, 64)
    assert sp.issparse(bags(empty, ["title"], by_word=True).matrix(block.keys))
