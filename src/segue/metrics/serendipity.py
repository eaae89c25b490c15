"""Whether a list finds what the user likes and would not have been shown anyway."""

from __future__ import annotations

import numpy as np

from segue.core.arrays import Float64Array
from segue.kernels.beyond import hits_beyond
from segue.metrics.background import Answered, Background


def serendipity(
    answered: Answered,
    background: Background,
    k: int,
    threads: int | None = None,  # noqa: ARG001  # only hits are looked at, and they are few
) -> Float64Array:
    """Relevant items among the first k that popularity would not have shown / k.

    |R intersected with (list - primitive list)| / k, as surveyed by Kaminskas and Bridge, Diversity, serendipity,
    novelty, and coverage (2016), after Ge, Delgado-Battenfeld, Jannach, Beyond accuracy (2010). The primitive list is
    the user's own: the k items that most training users like, ties by position, of those that the user was not given.
    At most precision@k, and 0 for the popularity model itself. A list that has ended misses. float64, shape (n,).
    """
    answered.judged.check_depth(k)
    seen = answered.seen
    found = hits_beyond(answered.top.items, answered.judged.hits, k, seen.offsets, seen.items, background.rank_of)
    return np.asarray(found / k, np.float64)
