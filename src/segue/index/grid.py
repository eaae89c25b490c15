"""The points at which indexes are held against each other: of each kind a few, from quick to thorough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, TypeAlias

from segue.core.arrays import Float32Array
from segue.index.annoy import Annoy, AnnoyIndex
from segue.index.exact import Exact
from segue.index.hnsw import HNSW, HNSWIndex
from segue.index.port import VectorIndex

_Shared: TypeAlias = dict[HNSW | Annoy, tuple[Float32Array, HNSWIndex | AnnoyIndex]]


def grid(searches: Sequence[int] = (16, 32, 64, 128, 256, 512)) -> tuple[Point, ...]:
    """Exact, HNSW with float32 and with int8, and, where it is installed, Annoy.

    searches: those of HNSW. Points that differ in nothing else share one graph, or one forest.
    """
    points = [Point("exact", Exact())]
    for storage in ("float32", "int8"):
        shared: _Shared = {}
        name = "hnsw" if storage == "float32" else "hnsw int8"
        points += [Point(name, HNSW(search=search, storage=storage), shared) for search in searches]
    if find_spec("annoy") is not None:
        shared = {}
        points += [Point("annoy", Annoy(search=search), shared) for search in (1, 2, 4, 8)]
    return tuple(points)


@dataclass(frozen=True, slots=True)
class Point:
    """A kind of index under the name of its line; `shared` holds what was built for other points of the line."""

    name: str
    kind: Exact | HNSW | Annoy
    shared: _Shared = field(default_factory=dict, compare=False, repr=False)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What is walked with; nothing for the exact one."""
        return {} if isinstance(self.kind, Exact) else {"search": self.kind.search}

    def build(self, vectors: Float32Array) -> VectorIndex:
        """The index of these vectors by their products, built once for all points of the line."""
        if isinstance(self.kind, Exact):
            return self.kind.build(vectors)
        key = replace(self.kind, search=1)
        if key not in self.shared or self.shared[key][0] is not vectors:
            self.shared[key] = vectors, self.kind.build(vectors)
        return self.shared[key][1].searching(self.kind.search)
