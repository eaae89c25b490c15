"""How well known the listed items are: popularity, its lift over the user's own taste, and novelty.

Each takes answered lists and the background, and gives one float64 per list, shape (n,): a mean over the first k
entries of the list, or over all of a shorter list. NaN for an empty list, which says nothing of how known items are.
"""

from __future__ import annotations

import numpy as np

from segue.core.arrays import Float64Array
from segue.core.histories import Histories
from segue.kernels.beyond import list_means
from segue.metrics.background import Answered, Background


def popularity(answered: Answered, background: Background, k: int, threads: int | None = None) -> Float64Array:
    """The mean over the list of how many training users like the item ("average recommendation popularity", ARP).

    Yin, Cui, Li, Yao, Chen, Challenging the long tail recommendation (2012). In users; 0 for an item that none knows.
    """
    return list_means(answered.top.items, k, background.popularity.astype(np.float64), threads=threads)


def popularity_lift(answered: Answered, background: Background, k: int, threads: int | None = None) -> Float64Array:
    """(popularity@k - the mean popularity of the user's own given items) / the latter.

    0: as well known as what the user listens to; 1: twice as well known. After the group average popularity of
    Abdollahpouri, Mansoury, Burke, Mobasher, The unfairness of popularity bias in recommendation (2019), taken user by
    user. NaN, too, where the user was given no liked item, or only such as no training user likes.
    """
    own = _means(answered.liked, background.popularity.astype(np.float64))
    own[own == 0] = np.nan
    return (popularity(answered, background, k, threads) - own) / own


def novelty(answered: Answered, background: Background, k: int, threads: int | None = None) -> Float64Array:
    """The mean self-information of the listed items, -log2(users who like the item / all users), in bits.

    Zhou, Kuscsik, Liu, Medo, Wakeling, Zhang, Solving the apparent diversity-accuracy dilemma of recommender systems
    (2010). An item that no training user likes counts as if one did: the most novel that an item can be is log2(users).
    """
    users = max(1, background.users)
    bits = np.log2(users / np.clip(background.popularity, 1, users))
    return list_means(answered.top.items, k, bits, threads=threads)


def _means(histories: Histories, values: Float64Array) -> Float64Array:
    """The mean of the values of each history's items; NaN for an empty one."""
    sums = np.bincount(histories.row_of_entry, weights=values[histories.items], minlength=len(histories))
    lengths = histories.lengths
    return np.where(lengths > 0, sums / np.maximum(lengths, 1), np.nan)
