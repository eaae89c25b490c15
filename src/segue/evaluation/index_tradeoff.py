"""What speed costs: recall against queries per second of any index of vectors, with brute force beside it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from segue.core.arrays import BoolArray, Float32Array, Int32Array
from segue.core.progress import SILENT, Progress
from segue.errors import ModelError, SettingsError
from segue.kernels.threads import blas
from segue.kernels.topk import product_topk

_EVERYTHING: Final[BoolArray] = np.zeros(0, np.bool_)
_NOTHING: Final[Int32Array] = np.zeros(0, np.int32)


class Searcher(Protocol):
    """An index that is built."""

    def nearest(self, queries: Float32Array, k: int) -> Int32Array:
        """Positions of the k vectors with the largest products, int32 (n, k), best first, -1 where there is none."""
        ...


class IndexPlan(Protocol):
    """An index that can be built: one point of a grid of parameters.

    name:       of the family ("hnsw"); points of one name make one line.
    parameters: what tells this point from the others of its name.
    """

    @property
    def name(self) -> str:
        """Of the family."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """By name."""
        ...

    def build(self, vectors: Float32Array) -> Searcher:
        """The index of these vectors, float32 (m, d)."""
        ...


@dataclass(frozen=True, slots=True)
class TradeoffPoint:
    """One index, measured.

    recall:             mean over queries of the share of the k nearest that were found.
    queries_per_second: asked one by one, as a service does; the median over repeats.
    build_seconds:      once.
    """

    name: str
    parameters: Mapping[str, Any]
    recall: float
    queries_per_second: float
    build_seconds: float

    @property
    def label(self) -> str:
        """ "hnsw (m 16, ef 64)"."""
        values = ", ".join(f"{key} {value}" for key, value in self.parameters.items())
        return f"{self.name} ({values})" if values else self.name


@dataclass(frozen=True, slots=True)
class IndexTradeoff:
    """Points of all indexes, in the order given, and the two speeds of brute force, which finds everything.

    brute_force: queries per second when asked one by one; brute_force_batched: when all are asked at once.
    """

    points: tuple[TradeoffPoint, ...]
    brute_force: float
    brute_force_batched: float
    k: int
    n_vectors: int
    dimensions: int
    n_queries: int
    repeats: int
    threads: int

    def frontier(self) -> tuple[TradeoffPoint, ...]:
        """The points that no other beats at both, by rising recall."""
        return tuple(
            sorted(
                (
                    point
                    for point in self.points
                    if not any(
                        (other.recall, other.queries_per_second) != (point.recall, point.queries_per_second)
                        and other.recall >= point.recall
                        and other.queries_per_second >= point.queries_per_second
                        for other in self.points
                    )
                ),
                key=lambda point: point.recall,
            )
        )

    def record(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        return {
            "k": self.k,
            "n_vectors": self.n_vectors,
            "dimensions": self.dimensions,
            "n_queries": self.n_queries,
            "repeats": self.repeats,
            "threads": self.threads,
            "brute_force": self.brute_force,
            "brute_force_batched": self.brute_force_batched,
            "points": [
                {
                    "name": point.name,
                    "parameters": dict(point.parameters),
                    "recall": point.recall,
                    "queries_per_second": point.queries_per_second,
                    "build_seconds": point.build_seconds,
                }
                for point in self.points
            ],
        }


def index_tradeoff(
    plans: Sequence[IndexPlan],
    vectors: Float32Array,
    queries: Float32Array,
    k: int = 10,
    *,
    repeats: int = 5,
    threads: int = 1,
    progress: Progress = SILENT,
    clock: Callable[[], float] = time.perf_counter,
) -> IndexTradeoff:
    """Builds each index, asks it about every query, and holds its answers against all products.

    vectors, queries: float32, (m, d) and (n, d). A vector found counts where its product is not below that of the k-th
    nearest, so that of equal vectors either will do; a vector named twice counts once. Each index is asked once before
    it is timed, `repeats` times over. `threads` are for the batched brute force; queries asked one by one, and BLAS
    meanwhile, have one.

    Raises SettingsError where there is nothing to ask, shapes do not fit or k is not between 1 and m; ModelError where
    an index answers out of shape.
    """
    vectors, queries = np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(queries, np.float32)
    _check(vectors, queries, k, repeats)
    nearest, products = _exact(queries, vectors, k)
    needed = products[np.arange(len(queries)), np.count_nonzero(nearest >= 0, axis=1) - 1]
    one_by_one = [queries[row : row + 1] for row in range(len(queries))]

    def rate(ask: Callable[[], None]) -> float:
        return _rate(ask, len(queries), repeats, clock)

    points = []
    with blas(1), progress.task("measuring indexes", total=len(plans) + 1, unit="indexes") as task:
        brute_force = rate(lambda: _each(one_by_one, vectors, k))
        task.advance()
        for plan in plans:
            started = clock()
            searcher = plan.build(vectors)
            build_seconds = clock() - started
            answers = [np.asarray(searcher.nearest(query, k)) for query in one_by_one]
            _check_answers(plan.name, answers, k, len(vectors))
            recall = _recall(np.concatenate(answers), queries, vectors, needed, nearest)
            speed = rate(lambda searcher=searcher: _ask_each(searcher, one_by_one, k))  # type: ignore[misc]
            points.append(TradeoffPoint(plan.name, dict(plan.parameters), recall, speed, build_seconds))
            task.advance()
    batched = rate(lambda: _batch(queries, vectors, k, threads))
    return IndexTradeoff(
        tuple(points), brute_force, batched, k, len(vectors), vectors.shape[1], len(queries), repeats, threads
    )


def _exact(queries: Float32Array, vectors: Float32Array, k: int, threads: int = 1) -> tuple[Int32Array, Float32Array]:
    nothing_blocked = np.zeros(len(queries) + 1, np.int64)
    return product_topk(queries, vectors, None, k, nothing_blocked, _NOTHING, _EVERYTHING, threads=threads)


def _batch(queries: Float32Array, vectors: Float32Array, k: int, threads: int) -> None:
    _exact(queries, vectors, k, threads)


def _each(one_by_one: Sequence[Float32Array], vectors: Float32Array, k: int) -> None:
    for query in one_by_one:
        _exact(query, vectors, k)


def _ask_each(searcher: Searcher, one_by_one: Sequence[Float32Array], k: int) -> None:
    for query in one_by_one:
        searcher.nearest(query, k)


def _rate(ask: Callable[[], None], n: int, repeats: int, clock: Callable[[], float]) -> float:
    """Queries per second: the median over repeats, of which the first, unmeasured one warms caches."""
    ask()
    taken = []
    for _ in range(repeats):
        started = clock()
        ask()
        taken.append(clock() - started)
    return n / max(statistics.median(taken), 1e-9)


def _recall(
    found: Int32Array, queries: Float32Array, vectors: Float32Array, needed: Float32Array, nearest: Int32Array
) -> float:
    shares = []
    for row, items in enumerate(found):
        distinct = np.unique(items[items >= 0])
        products = vectors[distinct].astype(np.float64) @ queries[row].astype(np.float64)
        wanted = int(np.count_nonzero(nearest[row] >= 0))
        slack = 1e-5 * max(1.0, abs(float(needed[row])))  # sums in another order differ in the last places
        shares.append(min(wanted, int(np.count_nonzero(products >= needed[row] - slack))) / wanted)
    return float(np.mean(shares))


def _check(vectors: Float32Array, queries: Float32Array, k: int, repeats: int) -> None:
    if vectors.ndim != 2 or queries.ndim != 2 or vectors.shape[1] != queries.shape[1]:
        raise SettingsError(f"vectors and queries must be matrices as wide, got {vectors.shape} and {queries.shape}")
    if not len(queries):
        raise SettingsError("name at least one query to measure an index with")
    if not 1 <= k <= len(vectors):
        raise SettingsError(f"k must lie between 1 and the number of vectors ({len(vectors)}), got {k}")
    if repeats < 1:
        raise SettingsError(f"repeats must be at least 1, got {repeats}")
    if not (np.isfinite(vectors).all() and np.isfinite(queries).all()):
        raise SettingsError("vectors and queries must be finite numbers; NaN or infinity came")


def _check_answers(name: str, answers: Sequence[Int32Array], k: int, m: int) -> None:
    for answer in answers:
        if answer.shape != (1, k):
            raise ModelError(f"the index {name} answered one query with shape {answer.shape}; {(1, k)} was expected")
        if answer.max() >= m:
            raise ModelError(f"the index {name} names vector {answer.max()}, but there are only {m}")
