"""Indexes of vectors: which are nearest to a query. They know vectors, not users.

`INDEXES` names every kind; each is a configuration that builds an index (`segue.index.port`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from segue.index.annoy import Annoy
from segue.index.exact import Exact
from segue.index.hnsw import HNSW

#: Every kind of index by the name that settings and the command line use.
INDEXES: Final[Mapping[str, type[Any]]] = MappingProxyType({kind.name: kind for kind in (Exact, HNSW, Annoy)})
