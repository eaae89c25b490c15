"""Every vector looked at: the reference, and often the quickest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from safetensors.numpy import load_file, save_file

from segue.core.arrays import BoolArray, Float32Array, Int32Array, frozen
from segue.errors import ArtifactError
from segue.index.port import Measure, VectorIndex, checked_to_build, unit, with_column
from segue.kernels.scan import pack, scan
from segue.kernels.threads import spread
from segue.kernels.topk import product_topk

_FEW: Final = 4  # queries from which on a product of matrices is quicker than one scan each
_FILE: Final = "vectors.safetensors"


@dataclass(frozen=True)
class Exact:
    """All products, the k largest kept: nothing is missed.

    A few queries are scanned one by one, over vectors packed into 8 bits, longest first (`segue.kernels.scan`); more of
    them are a product of matrices, whose scores never exist as a whole (`segue.kernels.topk`). Ties by position.
    Memory: the vectors, and a quarter of that.

    device: of a workspace's settings: where all products of a source are made instead, "cuda", "cuda:1", or None for
            the processor (`segue.retrieval.on_device`). The index itself knows nothing of it.
    """

    name: ClassVar[str] = "exact"

    device: str | None = None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """None."""
        return MappingProxyType({})

    def build(
        self,
        vectors: Float32Array,
        *,
        measure: Measure = "dot",
        seed: int = 0,  # noqa: ARG002  # part of the port; nothing here is random
        threads: int | None = 1,  # noqa: ARG002
    ) -> ExactIndex:
        """See `segue.index.port.IndexKind.build`."""
        return ExactIndex(self, checked_to_build(vectors, measure), measure)

    def restore(self, folder: Path, size: int, dimensions: int, measure: Measure) -> ExactIndex:
        """See `segue.index.port.IndexKind.restore`."""
        try:
            vectors = load_file(folder / _FILE)["vectors"]
        except Exception as error:  # safetensors raises its own kinds, and those of the system
            raise ArtifactError(f"{folder / _FILE} holds no vectors ({error}); build the index again") from error
        if vectors.shape != (size, dimensions) or vectors.dtype != np.float32:
            raise ArtifactError(f"{folder / _FILE} holds {vectors.dtype} {vectors.shape}; build the index again")
        return ExactIndex(self, frozen(vectors, np.float32), measure)


class ExactIndex(VectorIndex):
    """See `Exact`. For cosine, all have length 1; for euclidean, q . x - |x|^2 / 2 orders as -|q - x| does."""

    def __init__(self, configuration: Exact, vectors: Float32Array, measure: Measure) -> None:
        super().__init__(configuration, len(vectors), vectors.shape[1], measure)
        self._vectors = vectors
        self._there: BoolArray = np.asarray(vectors.any(axis=1))
        if measure == "cosine":
            vectors = unit(vectors)
        elif measure == "euclidean":
            vectors = with_column(vectors, -np.square(vectors, dtype=np.float64).sum(axis=1) / 2)
        self._factors = np.ascontiguousarray(vectors)
        self._packed = pack(self._factors, np.flatnonzero(self._there).astype(np.int32))

    def write(self, folder: Path) -> None:
        """See `VectorIndex.write`."""
        save_file({"vectors": np.ascontiguousarray(self._vectors)}, folder / _FILE)

    def _nearest(self, queries: Float32Array, k: int, threads: int | None) -> Int32Array:
        if self._measure == "cosine":
            queries = unit(queries)
        elif self._measure == "euclidean":
            queries = with_column(queries, 1.0)
        n = len(queries)
        if n > _FEW:
            nothing = np.zeros(n + 1, np.int64), np.zeros(0, np.int32)
            return product_topk(queries, self._factors, None, k, *nothing, self._there, threads=threads)[0]
        found = np.empty((n, k), np.int32)

        def worker(rows: Iterator[int]) -> None:
            for row in rows:
                found[row] = scan(queries[row], self._factors, self._packed, k)[0]

        spread(worker, range(n), threads if n > 1 else 1)
        return found

    def _extended(self, vectors: Float32Array, seed: int, threads: int | None) -> ExactIndex:  # noqa: ARG002
        assert isinstance(self._configuration, Exact)
        return ExactIndex(self._configuration, np.concatenate([self._vectors, vectors]), self._measure)
