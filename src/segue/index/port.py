"""What every index of vectors owes: the one port, and what all of them check."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float32Array, Int32Array, frozen
from segue.errors import DataError, SettingsError

Measure: TypeAlias = Literal["dot", "cosine", "euclidean"]


class IndexKind(Protocol):
    """Parameters of an index, nothing else: a frozen dataclass that builds one. `name` is what settings call it."""

    name: ClassVar[str]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What tells it from others of its name."""
        ...

    def build(
        self, vectors: Float32Array, *, measure: Measure = "dot", seed: int = 0, threads: int | None = 1
    ) -> VectorIndex:
        """The index of these vectors, float32 (m, d), m of them at least 1.

        The same vectors, seed, machine and number of threads give the same answers. Raises DataError for vectors that
        are no matrix of finite numbers, MissingExtraError where the library is not installed.
        """
        ...

    def restore(self, folder: Path, size: int, dimensions: int, measure: Measure) -> VectorIndex:
        """The index whose files `VectorIndex.write` put there; ArtifactError where they are damaged."""
        ...


class VectorIndex(ABC):
    """Vectors made ready for the question which are nearest to a query.

    dot: the largest products; cosine: the smallest angles; euclidean: the smallest distances. A vector of zeros stands
    for nothing known: it is in no answer, and as a query it has none.
    """

    def __init__(self, configuration: IndexKind, size: int, dimensions: int, measure: Measure) -> None:
        self._configuration = configuration
        self._size = size
        self._dimensions = dimensions
        self._measure = measure

    @property
    def configuration(self) -> IndexKind:
        """What it was built with."""
        return self._configuration

    @property
    def measure(self) -> Measure:
        """What near means."""
        return self._measure

    @property
    def dimensions(self) -> int:
        """d, the length of a vector."""
        return self._dimensions

    def __len__(self) -> int:
        return self._size

    def nearest(self, queries: Float32Array, k: int, *, threads: int | None = 1) -> Int32Array:
        """Positions of the k vectors nearest to each query, int32 (n, k), nearest first, then -1.

        queries: float32 (n, d). Raises DataError for queries that are no such matrix of finite numbers, SettingsError
        for k below 1.
        """
        if k < 1:
            raise SettingsError(f"k, the length of a list, must be at least 1, got {k}")
        asked = checked(queries, "queries", self._dimensions)
        found = np.full((len(asked), k), -1, np.int32)
        rows = np.flatnonzero(asked.any(axis=1))
        width = min(k, self._size)
        if rows.size:
            found[rows, :width] = self._nearest(asked[rows], width, threads)
        return found

    def extended(self, vectors: Float32Array, *, seed: int = 0, threads: int | None = 1) -> VectorIndex:
        """A new index that holds these vectors, float32 (m, d), too, at the positions after its own."""
        more = checked(vectors, "vectors", self._dimensions)
        return self._extended(more, seed, threads) if len(more) else self

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Writes the files from which `IndexKind.restore` makes it again into an empty folder."""

    @abstractmethod
    def _nearest(self, queries: Float32Array, k: int, threads: int | None) -> Int32Array:
        """The k nearest, k at most the number of vectors; -1 pads. No query is zero."""

    @abstractmethod
    def _extended(self, vectors: Float32Array, seed: int, threads: int | None) -> VectorIndex: ...


def checked(vectors: npt.ArrayLike, what: str, dimensions: int | None = None) -> Float32Array:
    """The vectors as a read-only float32 matrix; DataError where they are none, or not of so many dimensions."""
    array = np.asarray(vectors)
    if array.ndim != 2 or not array.shape[1]:
        raise DataError(f"{what} must be a matrix of one vector per row, got shape {array.shape}")
    if dimensions is not None and array.shape[1] != dimensions:
        raise DataError(f"{what} must have {dimensions} dimensions, as the index has, got {array.shape[1]}")
    matrix: Float32Array = frozen(array.copy() if array.base is None and array.flags.writeable else array, np.float32)
    if not np.isfinite(matrix).all():
        row = int(np.flatnonzero(~np.isfinite(matrix).all(axis=1))[0])
        raise DataError(f"{what} must be finite numbers; row {row} holds NaN or infinity")
    return matrix


def checked_to_build(vectors: npt.ArrayLike, measure: str) -> Float32Array:
    """The vectors of an index to be built; DataError where there is none, SettingsError for an unknown measure."""
    if measure not in get_args(Measure):
        raise SettingsError(f"measure must be one of {', '.join(get_args(Measure))}, got {measure!r}")
    matrix = checked(vectors, "vectors")
    if not len(matrix):
        raise DataError("an index needs at least one vector, got none")
    return matrix


def unit(vectors: Float32Array) -> Float32Array:
    """The vectors at length 1; zeros stay."""
    norms = np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=1, keepdims=True))
    norms[norms == 0] = 1
    return np.asarray(vectors / norms, np.float32)


def with_column(vectors: Float32Array, column: npt.ArrayLike) -> Float32Array:
    """The vectors with one more coordinate."""
    last = np.broadcast_to(np.asarray(column, np.float32), (len(vectors),))
    return np.concatenate([vectors, last[:, None]], axis=1)
