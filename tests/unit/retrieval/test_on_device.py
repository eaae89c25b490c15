"""Embedding models asked by tensors, on the main processor's, against the models themselves."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch comes with the extra `neural`")

from segue.core.histories import Histories
from segue.errors import SettingsError
from segue.models.implicit_als import ImplicitALS
from segue.models.popularity import Popularity
from segue.pipeline import Pipeline
from segue.retrieval.on_device import DeviceSearch
from segue.retrieval.sources import Source
from segue.simulation import simulate


def test_lists_are_the_models_own() -> None:
    dataset = simulate(listeners=60, tracks=300, seed=4).dataset
    model = ImplicitALS(factors=8, iterations=3).fit(dataset)
    search = DeviceSearch(model, "cpu")
    allowed = np.arange(300) % 3 > 0
    banned = Histories.of([[row % 300, (7 * row) % 300] for row in range(60)])
    histories = dataset.histories.where(dataset.histories.row_of_entry < 59)  # the last one is empty
    for asked in ({}, {"exclude_seen": False}, {"allowed": allowed}, {"banned": banned}):
        expected, found = (side.recommend(histories, 12, **asked) for side in (model, search))
        np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(found.lengths, expected.lengths)
        assert np.mean(found.items == expected.items) > 0.99


def test_a_source_can_nominate_through_it() -> None:
    dataset = simulate(listeners=60, tracks=300, seed=4).dataset
    model = ImplicitALS(factors=8, iterations=3).fit(dataset)
    plain, other = (
        Pipeline([Source("als", model, 50, search)]).recommend(dataset.histories, 10).top
        for search in (None, DeviceSearch(model, "cpu"))
    )
    assert np.mean(plain.items == other.items) > 0.99


def test_what_cannot_be_is_refused() -> None:
    dataset = simulate(listeners=20, tracks=50, seed=4).dataset
    with pytest.raises(SettingsError, match="no vectors"):
        DeviceSearch(Popularity().fit(dataset), "cpu")
    with pytest.raises(SettingsError, match="device"):
        DeviceSearch(ImplicitALS(factors=4, iterations=1).fit(dataset), "cuda:77")
