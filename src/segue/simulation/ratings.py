"""Explicit ratings of the demo world, from 0.5 to 5 stars, by the same taste as the plays."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from scipy.special import expit

from segue.core.arrays import Int64Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.simulation.listening import DAYS, START
from segue.simulation.music import Music
from segue.simulation.parameters import Parameters
from segue.simulation.streams import Part, stream
from segue.simulation.taste import Taste

SCALE: Final = (0.5, 5.0)
_ELSEWHERE: Final = 0.2  # share of the ratings given to tracks that were heard somewhere else


def make_ratings(dataset: Dataset, music: Music, truth: Taste, seed: int, parameters: Parameters) -> Dataset:
    """Ratings of some tracks that each listener has played, and of a few that crossed his way elsewhere.

    A rating is 0.5 + 4.5 / (1 + exp(-(0.5 + 0.5 (s + h + e)))), rounded to half a star: s the log-odds of liking at
    that time, h the listener's generosity, e noise. Each track at most once per listener.
    """
    rng = stream(seed, Part.RATINGS)
    n, m = dataset.n_users, dataset.n_items
    wanted = rng.poisson(parameters.ratings_per_listener * rng.gamma(2.0, 0.5, n))
    heard = dataset.histories.merged()
    assert heard.times is not None
    rank = _rank_in_row(heard, rng.random(heard.n_entries))
    taken = rank < np.round((1 - _ELSEWHERE) * wanted)[heard.row_of_entry]
    elsewhere = np.round(_ELSEWHERE * wanted).astype(np.int64)
    rows = np.concatenate([heard.row_of_entry[taken], np.repeat(np.arange(n), elsewhere)])
    common = rng.choice(m, int(elsewhere.sum()), p=music.exposure / music.exposure.sum())
    items = np.concatenate([heard.items[taken], common])
    later = START + (rng.random(common.size) * DAYS * 86400).astype(np.int64)
    times = np.concatenate([heard.times[taken], later])

    # A track that is rated for its plays is not rated again: the first of equal pairs stays.
    _, kept = np.unique(rows * m + items, return_index=True)
    kept = kept[np.lexsort((times[kept], rows[kept]))]
    rows, items, times = rows[kept], items[kept], times[kept]
    when = np.clip((times - START) / (DAYS * 86400), 0, 1)
    odds = truth.log_odds(rows, items, when=when).astype(np.float64)
    odds += parameters.rating_habit * rng.standard_normal(n)[rows]
    odds += parameters.rating_noise * rng.standard_normal(rows.size)
    low, high = SCALE
    stars = np.round(2 * (low + (high - low) * expit(0.5 + 0.5 * odds))) / 2
    return Dataset(
        dataset.users,
        dataset.items,
        Histories(
            np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]).astype(np.int64),
            items.astype(np.int32),
            stars.astype(np.float32),
            times,
            order="time",
            repeats="last",
            context=pl.DataFrame({"user": dataset.users.series}),
        ),
        dataset.catalogue,
        feedback="ratings",
        scale=SCALE,
        user_table=dataset.user_table,
        friends=dataset.friends,
    )


def _rank_in_row(histories: Histories, keys: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Int64Array:
    """The rank of each entry in its row by these keys, from 0."""
    rows = histories.row_of_entry
    order = np.lexsort((keys, rows))
    rank = np.empty(rows.size, np.int64)
    rank[order] = np.arange(rows.size) - histories.offsets[:-1][rows]
    return rank
