"""A graph of small worlds to walk to the nearest vectors: approximate, and quick where vectors are many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import numpy as np
from safetensors.numpy import load_file, save_file

from segue.core.arrays import Float32Array, Int32Array, frozen
from segue.errors import ArtifactError, SettingsError
from segue.index.port import Measure, VectorIndex, checked_to_build, unit
from segue.kernels.threads import resolve, spread

Storage: TypeAlias = Literal["float32", "int8"]

_FILE: Final = "index.faiss"
_PLACES: Final = "places.safetensors"
_PIECE: Final = 64  # queries that a thread takes at a time


@dataclass(frozen=True)
class HNSW:
    """Hierarchical navigable small worlds (Malkov & Yashunin 2018), by Faiss.

    Products are walked by as they are: bringing them to distances by one more coordinate loses much recall on vectors
    as models learn them. The cosine is walked by distances of vectors of length 1.

    connections:  how many neighbours a vector has on each layer, 2 to 256; twice as many on the lowest.
    construction: how many candidates are kept while a vector is put in, at least 1: more is slower and better.
    search:       how many are kept while a query is answered, at least 1; never fewer than asked for.
    storage:      "float32", or "int8": a quarter of the memory, with each coordinate rounded to 8 bits.
    deterministic: True: built by one thread, so that the same vectors give the same index. False: by all threads given.
    """

    name: ClassVar[str] = "hnsw"

    connections: int = 16
    construction: int = 100
    search: int = 64
    storage: Storage = "float32"
    deterministic: bool = True

    def __post_init__(self) -> None:
        if not 2 <= self.connections <= 256:
            raise SettingsError(f"connections must lie between 2 and 256, got {self.connections}")
        for name in ("construction", "search"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.storage not in get_args(Storage):
            raise SettingsError(f"storage must be 'float32' or 'int8', got {self.storage!r}")

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What tells it from others of its name."""
        return MappingProxyType({"connections": self.connections, "search": self.search, "storage": self.storage})

    def build(
        self, vectors: Float32Array, *, measure: Measure = "dot", seed: int = 0, threads: int | None = 1
    ) -> HNSWIndex:
        """See `segue.index.port.IndexKind.build`. Memory: the vectors, and 8 bytes a connection."""
        faiss = _library()
        given = checked_to_build(vectors, measure)
        metric = faiss.METRIC_INNER_PRODUCT if measure == "dot" else faiss.METRIC_L2
        if self.storage == "int8":
            graph = faiss.IndexHNSWSQ(given.shape[1], faiss.ScalarQuantizer.QT_8bit, self.connections, metric)
        else:
            graph = faiss.IndexHNSWFlat(given.shape[1], self.connections, metric)
        graph.hnsw.efConstruction = self.construction
        empty = HNSWIndex(self, graph, np.zeros(0, np.int32), 0, given.shape[1], measure)
        return empty._extended(given, seed, threads)

    def restore(self, folder: Path, size: int, dimensions: int, measure: Measure) -> HNSWIndex:
        """See `segue.index.port.IndexKind.restore`."""
        faiss = _library()
        try:
            places = load_file(folder / _PLACES)["places"]
            graph = faiss.read_index(str(folder / _FILE))
        except Exception as error:  # Faiss raises RuntimeError, safetensors its own kinds
            raise ArtifactError(f"{folder} holds no index that can be read ({error}); build it again") from error
        if graph.d != dimensions or graph.ntotal != places.size or (places.size and places.max() >= size):
            raise ArtifactError(f"{folder} holds {graph.ntotal} vectors of {graph.d} dimensions; build the index again")
        return HNSWIndex(self, graph, places, size, dimensions, measure)


class HNSWIndex(VectorIndex):
    """See `HNSW`. `graph` holds the vectors that are not zero; `places`, int32, says which those are."""

    def __init__(
        self, configuration: HNSW, graph: Any, places: Int32Array, size: int, dimensions: int, measure: Measure
    ) -> None:
        super().__init__(configuration, size, dimensions, measure)
        self._graph = graph
        self._places: Int32Array = frozen(places, np.int32)
        self._hnsw = configuration

    def searching(self, search: int) -> HNSWIndex:
        """The same graph, not copied, walked with another `search`."""
        kind = replace(self._hnsw, search=search)
        return HNSWIndex(kind, self._graph, self._places, self._size, self._dimensions, self._measure)

    def write(self, folder: Path) -> None:
        """See `VectorIndex.write`."""
        _library().write_index(self._graph, str(folder / _FILE))
        save_file({"places": self._places}, folder / _PLACES)

    def _nearest(self, queries: Float32Array, k: int, threads: int | None) -> Int32Array:
        faiss = _library()
        found = np.full((len(queries), k), -1, np.int32)
        width = min(k, self._places.size)
        if not width:
            return found
        asked = unit(queries) if self._measure == "cosine" else np.ascontiguousarray(queries)
        wide = faiss.SearchParametersHNSW(efSearch=max(self._hnsw.search, width))

        def worker(starts: Iterator[int]) -> None:
            faiss.omp_set_num_threads(1)  # of this thread
            for start in starts:
                labels = self._graph.search(asked[start : start + _PIECE], width, params=wide)[1]
                part = found[start : start + _PIECE, :width]
                part[:] = np.where(labels >= 0, self._places[np.maximum(labels, 0)], -1)

        spread(worker, range(0, len(asked), _PIECE), threads if len(asked) > _PIECE else 1)
        return found

    def _extended(self, vectors: Float32Array, seed: int, threads: int | None) -> HNSWIndex:
        faiss = _library()
        new = np.flatnonzero(vectors.any(axis=1))
        graph = faiss.clone_index(self._graph)
        if new.size:
            added = unit(vectors[new]) if self._measure == "cosine" else np.ascontiguousarray(vectors[new])
            before = faiss.omp_get_max_threads()
            graph.hnsw.rng = faiss.RandomGenerator(seed + self._size)  # not what is left of it, which no file keeps
            faiss.omp_set_num_threads(1 if self._hnsw.deterministic else resolve(threads))
            try:
                if not graph.is_trained:
                    graph.train(added)
                graph.add(added)
            finally:
                faiss.omp_set_num_threads(before)
        places = np.concatenate([self._places, (new + self._size).astype(np.int32)])
        return HNSWIndex(self._hnsw, graph, places, self._size + len(vectors), self._dimensions, self._measure)


def _library() -> Any:
    import faiss  # deferred: half a second to import, and only who asks for such an index needs it

    return faiss
