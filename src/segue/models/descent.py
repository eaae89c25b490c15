"""A matrix factorization while it is learned by stochastic gradient descent (`segue.kernels.sgd`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float32Array, Float64Array, Int32Array, Int64Array
from segue.errors import ModelError
from segue.kernels.sgd import accumulate, adam, descend
from segue.kernels.threads import blas, spread
from segue.models.alternating import gram

_SIDES: Final = 16  # blocks of users, and of items: so many threads find work, and rows of a block fit into the cache
_STRATA: Final = 4  # between two pulls of gravity; with fewer pulls, fewer epochs and high rates get worse
_ROWS: Final = 4096  # rows of a matrix in one call of BLAS
_FEW: Final = 8_000_000  # entries times factors: less work is done before a second thread has started

Pieces = Callable[[Iterator[int]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Observed pairs of n_users x n_items, each once.

    users, items: int32, shape (m,).  targets, confidences: float32, shape (m,).
    """

    users: Int32Array
    items: Int32Array
    targets: Float32Array
    confidences: Float32Array
    n_users: int
    n_items: int

    def __len__(self) -> int:
        return self.users.size

    def take(self, chosen: npt.NDArray[np.bool_] | Int64Array) -> Pairs:
        """Some of the pairs, by mask or by position."""
        return Pairs(
            self.users[chosen],
            self.items[chosen],
            self.targets[chosen],
            self.confidences[chosen],
            self.n_users,
            self.n_items,
        )

    def loss(self, x: Float32Array, y: Float32Array) -> float:
        """The mean of c (t - x_u . y_i)^2."""
        total = 0.0
        for start in range(0, len(self), _ROWS):
            part = slice(start, start + _ROWS)
            product = np.einsum("ij,ij->i", x[self.users[part]], y[self.items[part]])
            total += float((self.confidences[part] * np.square(self.targets[part] - product)).sum(dtype=np.float64))
        return total / len(self)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is minimized besides the observed pairs, per observed pair.

    everywhere: what the square of the product of any pair of a user and an item weighs (gravity).
    ridge:      what the squared lengths of the two vectors of an observed pair weigh.
    negatives:  how many items are drawn for each observed pair, to have a product of 0 with its user.
    shares:     float64, shape (n_items,), with which share an item is drawn; of size 0: all alike.
    """

    everywhere: float
    ridge: float
    negatives: int
    shares: Float64Array

    def of_rows(self, vectors: Float32Array, threads: int | None = None) -> tuple[Float64Array, Float64Array]:
        """The curvature of these terms for the vector of a user, item vectors held fixed: float64, (d, d) each.

        What every user has, and what a user has for each observed pair; drawn pairs stand at their expectation.
        """
        everything = gram(vectors, threads)
        ridge = self.ridge * np.eye(vectors.shape[1])
        return self.everywhere * everything, ridge + self.negatives * self._drawn(vectors, everything, threads)

    def unobserved(self, pairs: Pairs, x: Float32Array, y: Float32Array, threads: int | None = None) -> float:
        """What gravity and drawn pairs add to the mean loss of an observed pair; no sample is drawn."""
        everything = gram(y, threads)
        total = self.everywhere * float((gram(x, threads) * everything).sum())
        if self.negatives:
            often = np.sqrt(np.bincount(pairs.users, minlength=len(x))).astype(np.float32)
            drawn = self._drawn(y, everything, threads)
            total += self.negatives * float((gram(x * often[:, None], threads) * drawn).sum())
        return total / len(pairs)

    def _drawn(self, vectors: Float32Array, everything: Float64Array, threads: int | None) -> Float64Array:
        """The mean of y y^T over the items as they are drawn."""
        if not self.shares.size:
            return everything / len(vectors)
        return gram(vectors * np.sqrt(self.shares).astype(np.float32)[:, None], threads)


class Descent:
    """The vectors of both sides, and epochs that make them better.

    Users and items are dealt at random into 16 blocks each, which are the same for any number of threads. An epoch goes
    through the 16 x 16 blocks of pairs in 16 strata of 16 that share neither user nor item, and so may be worked on
    at the same time without a result depending on it (Gemulla, Nijkamp, Haas, Sismanis, "Large-scale matrix
    factorization with distributed stochastic gradient descent", KDD 2011). A drawn item comes from the block at hand.

    Gravity is no matter of samples. After every fourth stratum all vectors of a side take a proximal step,

        x <- (I + rate everywhere / 4 sum_j y_j y_j^T)^-1 x

    which no rate makes unstable, however steep the sum over all items is.
    """

    def __init__(
        self, pairs: Pairs, terms: Terms, factors: int, scale: float, optimizer: str, seed: int, threads: int | None
    ) -> None:
        self._generator = generator = np.random.default_rng(seed)
        self._terms = terms
        self._threads = threads if len(pairs) * factors > _FEW else 1
        self._place_of_user = generator.permutation(pairs.n_users)
        self._place_of_item = generator.permutation(pairs.n_items)
        self._user_bounds = np.linspace(0, pairs.n_users, _SIDES + 1).astype(np.int64)
        self._item_bounds = np.linspace(0, pairs.n_items, _SIDES + 1).astype(np.int64)
        users, items = self._place_of_user[pairs.users], self._place_of_item[pairs.items]
        block = _SIDES * _block_of(self._user_bounds, users) + _block_of(self._item_bounds, items)
        order = np.argsort(block, kind="stable")
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(block, minlength=_SIDES**2))])
        self._rows = (
            users[order].astype(np.int32),
            items[order].astype(np.int32),
            pairs.targets[order],
            pairs.confidences[order],
        )
        self._order = np.arange(len(pairs), dtype=np.int32)
        self._cumulative = np.zeros(0)
        if terms.shares.size:
            by_place = np.empty(pairs.n_items)
            by_place[self._place_of_item] = terms.shares
            self._cumulative = np.concatenate([[0.0], np.cumsum(by_place)])
        self._x = _random(generator, pairs.n_users, factors, scale)
        self._y = _random(generator, pairs.n_items, factors, scale)
        self._adam = (_Adam(self._x), _Adam(self._y)) if optimizer == "adam" else None

    @property
    def vectors(self) -> tuple[Float32Array, Float32Array]:
        """Copies of the vectors of users (n_users, factors) and items (n_items, factors), float32."""
        return self._x[self._place_of_user], self._y[self._place_of_item]

    def epoch(self, rate: float) -> float:
        """Goes through all pairs once; the mean of c (t - p)^2 of the pairs as they were met.

        Raises ModelError where the numbers run over.
        """
        seeds = self._generator.integers(2**63, size=_SIDES**2, dtype=np.uint64)
        losses = np.zeros(_SIDES**2)
        strata = self._generator.permutation(_SIDES)
        with blas(1):
            for number, shift in enumerate(strata, start=1):
                blocks = [_SIDES * row + (row + int(shift)) % _SIDES for row in range(_SIDES)]
                if self._adam is None:
                    spread(partial(self._descend, rate, seeds, losses), blocks, self._threads)
                    if not np.isfinite(losses).all():
                        raise ModelError(f"the numbers ran over; lower learning_rate, which stood at {rate:g}")
                    if number % _STRATA == 0 and self._terms.everywhere:
                        self._pull(rate * self._terms.everywhere * _STRATA / _SIDES)
                else:
                    self._step(self._adam, rate, seeds, losses, blocks)
        return float(losses.sum()) / self._order.size

    def _descend(self, rate: float, seeds: npt.NDArray[np.uint64], losses: Float64Array, share: Iterator[int]) -> None:
        for block in share:
            losses[block] = descend(
                self._starts[block],
                self._starts[block + 1],
                self._order,
                *self._rows,
                self._x,
                self._y,
                *self._drawn(block),
                seeds[block : block + 1],
                np.float32(rate),
                np.float32(self._terms.ridge),
            )

    def _step(
        self,
        moments: tuple[_Adam, _Adam],
        rate: float,
        seeds: npt.NDArray[np.uint64],
        losses: Float64Array,
        blocks: list[int],
    ) -> None:
        """One step of Adam on the gradient of a stratum, with a stratum's share of gravity."""
        x, y = self._x, self._y
        of_x, of_y = (
            (self._terms.everywhere / _SIDES * gram(vectors, self._threads)).astype(np.float32) for vectors in (y, x)
        )
        x_gradient, y_gradient = np.empty_like(x), np.empty_like(y)
        self._by_rows(x, lambda rows: np.matmul(x[rows], of_x, out=x_gradient[rows]))
        self._by_rows(y, lambda rows: np.matmul(y[rows], of_y, out=y_gradient[rows]))

        def add(share: Iterator[int]) -> None:
            for block in share:
                losses[block] = accumulate(
                    self._starts[block],
                    self._starts[block + 1],
                    *self._rows,
                    x,
                    y,
                    x_gradient,
                    y_gradient,
                    *self._drawn(block),
                    seeds[block : block + 1],
                    np.float32(self._terms.ridge),
                )

        spread(add, blocks, self._threads)
        for vectors, gradient, moment in ((x, x_gradient, moments[0]), (y, y_gradient, moments[1])):
            moment.steps += 1
            self._by_rows(vectors, partial(moment.step, vectors, gradient, rate))

    def _drawn(self, block: int) -> tuple[int, int, int, Float64Array]:
        column = block % _SIDES
        return (
            self._terms.negatives,
            self._item_bounds[column],
            self._item_bounds[column + 1],
            self._cumulative,
        )

    def _pull(self, strength: float) -> None:
        """Gravity's step for both sides, one after the other."""
        for vectors, others in ((self._x, self._y), (self._y, self._x)):
            matrix = np.eye(vectors.shape[1]) + strength * gram(others, self._threads)
            self._by_rows(vectors, partial(_multiply, vectors, np.linalg.inv(matrix).astype(np.float32)))

    def _by_rows(self, vectors: Float32Array, work: Callable[[slice], object]) -> None:
        def worker(share: Iterator[int]) -> None:
            for start in share:
                work(slice(start, start + _ROWS))

        spread(worker, range(0, len(vectors), _ROWS), self._threads)


class _Adam:
    """Moments of one side."""

    def __init__(self, vectors: Float32Array) -> None:
        self._mean, self._square = np.zeros_like(vectors), np.zeros_like(vectors)
        self.steps = 0

    def step(self, vectors: Float32Array, gradient: Float32Array, rate: float, rows: slice) -> None:
        """Step number `steps` for some rows."""
        adam(
            vectors[rows],
            gradient[rows],
            self._mean[rows],
            self._square[rows],
            np.float32(rate / (1 - 0.9**self.steps)),
            np.float32(1 / (1 - 0.999**self.steps)),
        )


def _multiply(vectors: Float32Array, matrix: Float32Array, rows: slice) -> None:
    vectors[rows] = vectors[rows] @ matrix


def _block_of(bounds: Int64Array, places: Int64Array) -> npt.NDArray[np.int16]:
    return (np.searchsorted(bounds, places, side="right") - 1).astype(np.int16)


def _random(generator: np.random.Generator, n: int, factors: int, scale: float) -> Float32Array:
    vectors = generator.standard_normal((n, factors), dtype=np.float32)
    vectors *= np.float32(scale / np.sqrt(factors))
    return vectors
