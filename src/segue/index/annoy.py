"""A forest of random splits (Annoy): approximate, read from disk by memory map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from safetensors.numpy import load_file, save_file

from segue.core.arrays import Float32Array, Float64Array, Int32Array, frozen
from segue.errors import ArtifactError, MissingExtraError, SettingsError
from segue.index.port import Measure, VectorIndex, checked_to_build, with_column
from segue.kernels.threads import spread

_FOREST: Final = "forest.annoy"
_ARRAYS: Final = "vectors.safetensors"
_PIECE: Final = 16  # queries that a thread takes at a time


@dataclass(frozen=True)
class Annoy:
    """Trees whose nodes split vectors by a random plane, as in Spotify's Annoy; needs the extra `annoy`.

    Products become angles by one more coordinate, sqrt(M^2 - |x|^2) with M the longest vector's length, after which all
    vectors are as long (Bachrach et al. 2014).

    trees:  how many, at least 1.
    search: how many vectors are looked at for a query, in multiples of k and of the trees; at least 1.
    """

    name: ClassVar[str] = "annoy"

    trees: int = 50
    search: int = 2

    def __post_init__(self) -> None:
        for name in ("trees", "search"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)}")

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What tells it from others of its name."""
        return MappingProxyType({"trees": self.trees, "search": self.search})

    def build(
        self,
        vectors: Float32Array,
        *,
        measure: Measure = "dot",
        seed: int = 0,
        threads: int | None = 1,  # noqa: ARG002  # one builds a forest that the seed decides
    ) -> AnnoyIndex:
        """See `segue.index.port.IndexKind.build`. Memory: the vectors twice, and the trees."""
        given = checked_to_build(vectors, measure)
        places = np.flatnonzero(given.any(axis=1)).astype(np.int32)
        forest = _forest(given.shape[1], measure)
        forest.set_seed(seed)
        for number, vector in enumerate(_as_indexed(given[places], measure)):
            forest.add_item(number, vector)
        forest.build(self.trees, 1)
        return AnnoyIndex(self, forest, places, given, measure)

    def restore(self, folder: Path, size: int, dimensions: int, measure: Measure) -> AnnoyIndex:
        """See `segue.index.port.IndexKind.restore`."""
        try:
            vectors = load_file(folder / _ARRAYS)["vectors"]
            forest = _forest(dimensions, measure)
            forest.load(str(folder / _FOREST))
        except MissingExtraError:
            raise
        except Exception as error:  # Annoy raises OSError, safetensors its own kinds
            raise ArtifactError(f"{folder} holds no index that can be read ({error}); build it again") from error
        places = np.flatnonzero(vectors.any(axis=1)).astype(np.int32)
        if vectors.shape != (size, dimensions) or forest.get_n_items() != places.size:
            raise ArtifactError(f"{folder} holds {forest.get_n_items()} vectors; build the index again")
        return AnnoyIndex(self, forest, places, frozen(vectors, np.float32), measure)


class AnnoyIndex(VectorIndex):
    """See `Annoy`. `places`, int32, says which vectors stand in the forest: those that are not zero."""

    def __init__(
        self, configuration: Annoy, forest: Any, places: Int32Array, vectors: Float32Array, measure: Measure
    ) -> None:
        super().__init__(configuration, len(vectors), vectors.shape[1], measure)
        self._forest = forest
        self._places = places
        self._vectors = vectors
        self._annoy = configuration

    def searching(self, search: int) -> AnnoyIndex:
        """The same forest, not copied, walked with another `search`."""
        return AnnoyIndex(replace(self._annoy, search=search), self._forest, self._places, self._vectors, self._measure)

    def write(self, folder: Path) -> None:
        """See `VectorIndex.write`."""
        self._forest.save(str(folder / _FOREST))  # from here on it is read from that file
        save_file({"vectors": np.ascontiguousarray(self._vectors)}, folder / _ARRAYS)

    def _nearest(self, queries: Float32Array, k: int, threads: int | None) -> Int32Array:
        found = np.full((len(queries), k), -1, np.int32)
        width = min(k, self._places.size)
        asked = with_column(queries, 0.0) if self._measure == "dot" else queries

        def worker(starts: Iterator[int]) -> None:
            for start in starts:
                for row in range(start, min(start + _PIECE, len(asked))):
                    labels = self._forest.get_nns_by_vector(
                        asked[row], width, self._annoy.search * self._annoy.trees * width
                    )
                    found[row, : len(labels)] = self._places[labels]

        if width:
            spread(worker, range(0, len(asked), _PIECE), threads if len(asked) > _PIECE else 1)
        return found

    def _extended(self, vectors: Float32Array, seed: int, threads: int | None) -> AnnoyIndex:
        every = np.concatenate([self._vectors, vectors])  # a forest takes no more once it is built
        return self._annoy.build(every, measure=self._measure, seed=seed, threads=threads)


def _forest(dimensions: int, measure: Measure) -> Any:
    try:
        import annoy  # deferred: an extra
    except ImportError:
        raise MissingExtraError("the index annoy", "annoy") from None
    if measure == "dot":
        return annoy.AnnoyIndex(dimensions + 1, "angular")
    return annoy.AnnoyIndex(dimensions, "angular" if measure == "cosine" else "euclidean")


def _as_indexed(vectors: Float32Array, measure: Measure) -> Float32Array:
    if measure != "dot" or not len(vectors):
        return vectors
    squares: Float64Array = np.square(vectors, dtype=np.float64).sum(axis=1)
    return with_column(vectors, np.sqrt(np.maximum(squares.max() - squares, 0)))
