"""Simulated interactions for benchmarks: Zipf popularity, genres, listeners of very different diligence."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp


def interactions(n_users: int, n_items: int, n_entries: int, seed: int = 0) -> sp.csr_matrix[Any]:
    """A users x items matrix of play counts with about `n_entries` entries, float32.

    Popularity falls as rank^-0.8, activity is log-normal, seven plays in ten fall into one of a user's three genres.
    """
    rng = np.random.default_rng(seed)
    n_genres = 40
    popularity = rng.permutation(1 / np.arange(1, n_items + 1) ** 0.8)
    genre = rng.integers(0, n_genres, n_items)
    by_genre = np.argsort(genre, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(popularity[by_genre])])
    bounds = below[np.searchsorted(genre[by_genre], np.arange(n_genres + 1))]
    activity = rng.lognormal(0.0, 0.9, n_users)
    drawn = np.maximum(2, activity * n_entries * 1.12 / activity.sum()).astype(np.int64)  # some fall on the same item
    user = np.repeat(np.arange(n_users), drawn)
    taste = rng.integers(0, n_genres, (n_users, 3))[user, rng.integers(0, 3, user.size)]
    loyal = rng.random(user.size) < 0.7
    low, high = np.where(loyal, bounds[taste], 0.0), np.where(loyal, bounds[taste + 1], below[-1])
    place = np.searchsorted(below, low + rng.random(user.size) * (high - low), side="right") - 1
    item = by_genre[np.minimum(place, n_items - 1)]
    plays = rng.geometric(0.3, user.size).astype(np.float32)
    matrix = sp.coo_matrix((plays, (user, item)), shape=(n_users, n_items)).tocsr()
    matrix.sum_duplicates()
    return matrix
