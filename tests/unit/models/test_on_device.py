"""Models fitted by tensors, on the main processor's, against the same models fitted by compiled kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch comes with the extra `neural`")

from segue.core.progress import SILENT
from segue.core.protocols import FitsOnDevice, HasVectors
from segue.errors import DataError, SettingsError
from segue.models import MODELS
from segue.models.implicit_als import ImplicitALS
from segue.simulation import simulate
from worlds import dataset_of, two_genres

SMALL: dict[str, dict[str, Any]] = {"implicit-als": {"factors": 8, "iterations": 6}}
ABLE = [name for name, model in MODELS.items() if isinstance(model, FitsOnDevice)]


@pytest.mark.parametrize("name", ABLE)
def test_scores_are_those_of_the_compiled_fit(name: str) -> None:
    dataset = simulate(listeners=80, tracks=200, seed=4).dataset
    configuration = MODELS[name](**SMALL.get(name, {}))
    compiled, tensors = configuration.fit(dataset, seed=3), configuration.fit_on("cpu", dataset, seed=3)
    expected, found = compiled.score(dataset.histories), tensors.score(dataset.histories)
    there = np.isfinite(expected)
    np.testing.assert_array_equal(np.isfinite(found), there)
    scale = np.abs(expected[there]).max()
    np.testing.assert_allclose(found[there], expected[there], atol=2e-2 * scale)
    a, b = (model.recommend(dataset.histories, 10).items for model in (compiled, tensors))
    alike = [len(set(x) & set(y)) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    assert np.mean(alike) > 9


def test_the_exact_solver_agrees_closely() -> None:
    dataset = two_genres().dataset
    als = ImplicitALS(factors=4, iterations=5, solver="exact", weighting="log", alpha=2.0)
    compiled, tensors = als.fit(dataset, seed=3), als.fit_on("cpu", dataset, seed=3)
    np.testing.assert_allclose(
        tensors.score(dataset.histories), compiled.score(dataset.histories), rtol=1e-3, atol=1e-3
    )
    assert isinstance(tensors, HasVectors)
    gram = tensors.item_vectors.T.astype(np.float64) @ tensors.item_vectors
    assert (
        np.abs(gram - np.diag(np.diag(gram))).max() < 1e-3 * np.diag(gram).max()
    )  # the axes that the model answers in


def test_what_a_device_cannot_do_is_refused() -> None:
    dataset = two_genres().dataset
    with pytest.raises(SettingsError, match="solver must be 'cg' or 'exact'"):
        ImplicitALS(solver="block").fit_on("cpu", dataset)
    with pytest.raises(SettingsError, match="device"):
        ImplicitALS().fit_on("nowhere", dataset)
    with pytest.raises(DataError, match="positive weights"):
        ImplicitALS().fit_on("cpu", dataset_of([{0: -1.0}], 2), progress=SILENT)
