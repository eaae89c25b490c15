"""Reranking: rules take items out of ranked lists or move them, and say so."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from segue.reranking.artist_cap import ArtistCap
from segue.reranking.disliked import Disliked
from segue.reranking.explicit import ExplicitFilter
from segue.reranking.seen import Seen

__all__ = ["RULES", "ArtistCap", "Disliked", "ExplicitFilter", "Seen"]

#: Every rule by the name that settings and reasons use.
RULES: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {rule.name: rule for rule in (Seen, Disliked, ExplicitFilter, ArtistCap)}
)
