"""Splits of a dataset into what may be learned from and what is to be guessed.

All splits act on the distinct items of each history, by first occurrence. Users without a relevant item are left out of
the parts, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segue.splits.as_published import PublishedSplit, published_split
from segue.splits.held_out_items import HeldOutItems
from segue.splits.held_out_users import HeldOutUsers
from segue.splits.inspection import Inspection, Popularity, inspect
from segue.splits.learning import AS_IS, Learning
from segue.splits.leave_last_out import LeaveLastOut
from segue.splits.new_users import NewUsers
from segue.splits.per_user import PerUserRatio
from segue.splits.preparation import k_core
from segue.splits.split import Folding, Origin, Part, Split, Splitter
from segue.splits.time_cut import TimeCut

SPLITS: Final[Mapping[str, type[Splitter]]] = MappingProxyType(
    {
        splitter.name: splitter
        for splitter in (HeldOutUsers, PerUserRatio, LeaveLastOut, TimeCut, NewUsers, HeldOutItems)
    }
)

__all__ = [
    "AS_IS",
    "SPLITS",
    "Folding",
    "HeldOutItems",
    "HeldOutUsers",
    "Inspection",
    "Learning",
    "LeaveLastOut",
    "NewUsers",
    "Origin",
    "Part",
    "PerUserRatio",
    "Popularity",
    "PublishedSplit",
    "Split",
    "Splitter",
    "TimeCut",
    "inspect",
    "k_core",
    "published_split",
]
