"""Many models in one table: the correction for many pairs must not make all of them alike."""

from __future__ import annotations

import numpy as np

from segue.evaluation.estimates import compare
from segue.metrics import parse_all


def test_a_model_that_is_far_behind_is_told_apart_however_many_there_are() -> None:
    random = np.random.default_rng(0)
    shared = random.random((400, 1))
    names = [f"model-{number}" for number in range(12)]
    values = [np.clip(shared + random.normal(0, 0.01, (400, 1)) - 0.3 * (name == "model-0"), 0, 1) for name in names]
    estimates, _ = compare(names, parse_all(["ndcg@5"]), values, resamples=100, level=0.95, seed=0)  # type: ignore[arg-type]
    assert not estimates[0].ties_with_best
    assert sum(estimate.ties_with_best for estimate in estimates) > 3
