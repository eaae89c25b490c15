"""Splits of a dataset into what may be learned from and what is to be guessed.

All splits act on the distinct items of each history, by first occurrence. Users without a relevant item are left out of
the parts, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segue.splits.held_out_users import HeldOutUsers
from segue.splits.inspection import Inspection, Popularity, inspect
from segue.splits.per_user import PerUserRatio
from segue.splits.preparation import k_core
from segue.splits.split import Folding, Origin, Part, Split, Splitter
from segue.splits.time_cut import TimeCut

SPLITS: Final[Mapping[str, type[Splitter]]] = MappingProxyType(
    {splitter.name: splitter for splitter in (HeldOutUsers, PerUserRatio, TimeCut)}
)

__all__ = [
    "SPLITS",
    "Folding",
    "HeldOutUsers",
    "Inspection",
    "Origin",
    "Part",
    "PerUserRatio",
    "Popularity",
    "Split",
    "Splitter",
    "TimeCut",
    "inspect",
    "k_core",
]
