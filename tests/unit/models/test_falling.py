"""The objective told while a factorization is fitted, against dense sums and the objective of the fitted model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import scipy.sparse as sp

from segue.core.dataset import Dataset
from segue.evaluation.overheard import Overheard
from segue.models.falling import Objective
from segue.models.implicit_als import ImplicitALS

ALS = ImplicitALS(factors=4, iterations=8, weighting="linear", alpha=0.5, unobserved_weight=0.2, solver="exact")


def plays(n_users: int = 50, n_items: int = 25, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    taken = sp.random_array(
        (n_users, n_items), density=0.2, rng=rng, data_sampler=lambda size: rng.geometric(0.4, size)
    )
    return Dataset.from_csr(taken.tocsr().astype(np.float32))


def told(als: ImplicitALS, dataset: Dataset, seed: int = 0) -> tuple[float, ...]:
    heard = Overheard()
    als.fit(dataset, seed=seed, progress=heard)
    (curve,) = heard.curves()
    assert (curve.model, curve.what) == ("implicit-als", "loss")
    return curve.values


@pytest.mark.parametrize("exponent", [0.0, 1.0])
def test_its_value_is_the_sum_over_every_pair(exponent: float) -> None:
    als, dataset = dataclasses.replace(ALS, regularization_exponent=exponent), plays()
    rng = np.random.default_rng(1)
    x, y = (rng.standard_normal((n, 4)).astype(np.float32) for n in (50, 25))
    entries = als.observed(dataset.histories, 25)
    objective = Objective.of(als.equations(entries), als.equations(entries.transposed()), als.unobserved_weight, 0)
    weights = dataset.csr().toarray().astype(np.float64)
    confidence = np.where(weights > 0, 1 + als.alpha * weights, als.unobserved_weight)
    error = (confidence * ((weights > 0) - x.astype(np.float64) @ y.T.astype(np.float64)) ** 2).sum()
    users, items = ((weights > 0).sum(axis=axis) ** exponent for axis in (1, 0))
    penalty = users @ np.square(x, dtype=np.float64).sum(axis=1) + items @ np.square(y, dtype=np.float64).sum(axis=1)
    assert objective.value(x, y) == pytest.approx(error + als.regularization * penalty, rel=1e-5)


def test_it_falls_with_every_sweep_and_ends_a_little_above_the_fitted_models_own() -> None:
    values = told(ALS, plays())
    assert len(values) == ALS.iterations
    assert np.all(np.diff(values) <= 1e-5 * values[0])
    own = ALS.fit(plays()).objective(plays())  # with the users solved once more
    assert own <= values[-1] * (1 + 1e-5)
    assert values[-1] <= own * 1.02


def test_some_pairs_stand_for_many() -> None:
    dataset = plays(400, 60)
    entries = ALS.observed(dataset.histories, 60)
    users, items = ALS.equations(entries), ALS.equations(entries.transposed())
    x, y = (np.random.default_rng(n).standard_normal((n, 4)).astype(np.float32) for n in (400, 60))
    whole = Objective.of(users, items, 0.2, seed=0).value(x, y)
    some = [Objective.of(users, items, 0.2, seed, pairs=1500).value(x, y) for seed in (0, 0, 1)]
    assert some[0] == some[1] != some[2]
    assert some == pytest.approx([whole] * 3, rel=0.1)


def test_who_listens_makes_no_difference_to_the_model() -> None:
    silent = ALS.fit(plays()).item_vectors
    assert ALS.fit(plays(), progress=Overheard()).item_vectors.tobytes() == silent.tobytes()
