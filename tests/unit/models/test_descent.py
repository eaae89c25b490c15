"""Descent against dense sums, and against the minimum that alternating solutions find."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from segue.errors import ModelError
from segue.models.descent import Descent, Pairs, Terms

Dense = npt.NDArray[np.float64]

ALIKE = np.zeros(0)


def some_pairs(n_users: int = 60, n_items: int = 40, share: float = 0.2, seed: int = 0) -> Pairs:
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((n_users, n_items)) < share)
    targets = (rng.random(users.size) < 0.9).astype(np.float32)
    confidences = rng.choice([1.0, 2.0, 3.0], users.size).astype(np.float32)
    return Pairs(users.astype(np.int32), items.astype(np.int32), targets, confidences, n_users, n_items)


def shares_of(pairs: Pairs, exponent: float) -> Dense:
    weights = np.bincount(pairs.items, minlength=pairs.n_items).astype(np.float64) ** exponent
    return np.asarray(weights / weights.sum())


def value(pairs: Pairs, terms: Terms, x: Dense, y: Dense) -> float:
    """The objective over every pair of a user and an item, drawn pairs at their expectation; a sum, not a mean."""
    products = x @ y.T
    observed = (pairs.confidences * (pairs.targets - products[pairs.users, pairs.items]) ** 2).sum()
    drawn = terms.shares if terms.shares.size else np.full(pairs.n_items, 1 / pairs.n_items)
    often = np.bincount(pairs.users, minlength=pairs.n_users)
    ridge = (x[pairs.users] ** 2).sum() + (y[pairs.items] ** 2).sum()
    unobserved = terms.everywhere * (products**2).sum() + terms.negatives * (often @ products**2 @ drawn)
    return float(observed + unobserved + terms.ridge * ridge)


def least(pairs: Pairs, terms: Terms, d: int) -> float:
    """The value that alternating exact solutions reach, in float64."""
    rng = np.random.default_rng(0)
    x, y = 0.1 * rng.standard_normal((pairs.n_users, d)), 0.1 * rng.standard_normal((pairs.n_items, d))
    target, weight = np.zeros((pairs.n_users, pairs.n_items)), np.zeros((pairs.n_users, pairs.n_items))
    target[pairs.users, pairs.items], weight[pairs.users, pairs.items] = pairs.targets, pairs.confidences
    drawn = terms.shares if terms.shares.size else np.full(pairs.n_items, 1 / pairs.n_items)
    often = np.bincount(pairs.users, minlength=pairs.n_users)
    curvature = weight + terms.everywhere + terms.negatives * np.outer(often, drawn)
    ridges = terms.ridge * often, terms.ridge * np.bincount(pairs.items, minlength=pairs.n_items)
    for _ in range(60):
        for moving, fixed, c, pull, ridge in (
            (x, y, curvature, weight * target, ridges[0]),
            (y, x, curvature.T, (weight * target).T, ridges[1]),
        ):
            for row in range(len(moving)):
                matrix = (fixed.T * c[row]) @ fixed + (ridge[row] + 1e-9) * np.eye(d)
                moving[row] = np.linalg.solve(matrix, fixed.T @ pull[row])
    return value(pairs, terms, x, y)


def reached(descent: Descent, pairs: Pairs, terms: Terms, rate: float, epochs: int) -> float:
    for epoch in range(epochs):
        descent.epoch(rate * (1 - epoch / epochs))
    x, y = descent.vectors
    return value(pairs, terms, x.astype(np.float64), y.astype(np.float64))


FEW, MANY = some_pairs(), some_pairs(120, 480, 0.05)


@pytest.mark.parametrize(
    ("pairs", "terms"),
    [
        (FEW, Terms(0.1, 0.1, 0, ALIKE)),
        (FEW, Terms(0.8, 0.1, 0, ALIKE)),
        (MANY, Terms(0.0, 0.1, 3, ALIKE)),  # many items, since a block draws from its own
        (MANY, Terms(0.05, 0.05, 2, shares_of(MANY, 0.75))),
    ],
    ids=["gravity", "strong gravity", "drawn alike", "drawn by popularity"],
)
def test_descent_reaches_the_minimum(pairs: Pairs, terms: Terms) -> None:
    best = least(pairs, terms, 4)
    sgd, adam = (Descent(pairs, terms, 4, 0.1, optimizer, seed=0, threads=1) for optimizer in ("sgd", "adam"))
    assert reached(sgd, pairs, terms, 0.05, 200) < 1.02 * best
    assert reached(adam, pairs, terms, 0.05, 100) < 1.02 * best


def test_the_terms_without_a_pair_are_those_of_every_pair() -> None:
    pairs = some_pairs()
    rng = np.random.default_rng(1)
    x = rng.standard_normal((pairs.n_users, 3)).astype(np.float32)
    y = rng.standard_normal((pairs.n_items, 3)).astype(np.float32)
    for terms in (Terms(0.3, 0.0, 0, ALIKE), Terms(0.2, 0.0, 2, ALIKE), Terms(0.0, 0.0, 1, shares_of(pairs, 0.5))):
        mean = pairs.loss(x, y) + terms.unobserved(pairs, x, y)
        assert mean * len(pairs) == pytest.approx(value(pairs, terms, x.astype(np.float64), y), rel=1e-5)


def test_the_curvature_of_a_user_is_that_of_the_sum() -> None:
    pairs = some_pairs()
    y = np.random.default_rng(1).standard_normal((pairs.n_items, 3)).astype(np.float32)
    shares = shares_of(pairs, 1.0)
    everywhere, per_entry = Terms(0.3, 0.2, 4, shares).of_rows(y)
    np.testing.assert_allclose(everywhere, 0.3 * y.T @ y, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(per_entry, 0.2 * np.eye(3) + 4 * (y.T * shares) @ y, rtol=1e-5, atol=1e-5)
    _, alike = Terms(0.3, 0.2, 4, ALIKE).of_rows(y)
    np.testing.assert_allclose(alike, 0.2 * np.eye(3) + 4 / len(y) * y.T @ y, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_bytes_do_not_depend_on_the_number_of_threads(optimizer: str) -> None:
    pairs = some_pairs(500, 400)
    terms = Terms(0.1, 0.1, 1, shares_of(pairs, 0.5))
    made = []
    for threads in (1, 2, None):
        descent = Descent(pairs, terms, 256, 0.1, optimizer, seed=3, threads=threads)
        losses = [descent.epoch(0.05) for _ in range(2)]
        made.append((losses, *(vectors.tobytes() for vectors in descent.vectors)))
    assert len(pairs) * 256 > 8_000_000  # enough for threads to be used
    assert made[0] == made[1] == made[2]


def test_another_seed_takes_another_way() -> None:
    pairs = some_pairs()
    ways = [Descent(pairs, Terms(0.1, 0.1, 0, ALIKE), 4, 0.1, "sgd", seed, 1) for seed in (0, 0, 1)]
    losses = [descent.epoch(0.1) for descent in ways]
    assert losses[0] == losses[1] != losses[2]


def test_numbers_that_run_over_name_the_rate() -> None:
    pairs = some_pairs()
    descent = Descent(pairs, Terms(0.1, 0.1, 0, ALIKE), 4, 0.1, "sgd", seed=0, threads=1)
    with pytest.raises(ModelError, match="lower learning_rate"):
        reached(descent, pairs, Terms(0.1, 0.1, 0, ALIKE), 30.0, 20)
