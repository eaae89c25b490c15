"""Merging: the nominations of all sources become one pool that remembers who nominated what, and at which rank."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segue.core.candidates import Pool
from segue.core.topk import TopK
from segue.kernels.lists import merge_lists


def merge(names: Sequence[str], lists: Sequence[TopK], n_items: int, *, threads: int | None = None) -> Pool:
    """One pool of the lists of the named sources, all for the same histories, with items below n_items.

    A history's candidates stand in the order in which they first appear, source by source; ranks count from 1.
    """
    widths = [top.k for top in lists]
    source_of = np.repeat(np.arange(len(lists), dtype=np.int32), widths)
    side_by_side = np.concatenate([top.items for top in lists], axis=1)
    items, ranks = merge_lists(side_by_side, source_of, len(lists), n_items, threads=threads)
    return Pool(items, tuple(names), ranks)
