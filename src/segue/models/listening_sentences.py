"""Histories as sentences: their items as they follow each other, and what they are called."""

from __future__ import annotations

import numpy as np
import polars as pl

from segue.core.arrays import Int64Array
from segue.core.histories import Histories
from segue.models.word_vectors import Sentences


def listening(histories: Histories, n_items: int, *, least: int, pause: float) -> Sentences:
    """What was liked, as sentences of items.

    least: items that occur fewer times are left out.
    pause: where times are known, so many seconds without a play end a sentence.

    Repeats stay where histories have an order; where they have none, an item stands once, and the order is drawn anew
    in each pass.
    """
    liked = histories.where(histories.weights > 0)
    if liked.order == "none":
        liked = liked.merged()
    often = np.bincount(liked.items, minlength=n_items) >= least
    liked = liked.where(often[liked.items])
    return Sentences(_cut(liked, pause), liked.items, n_items, unsorted=liked.order == "none")


def names_of(histories: Histories) -> list[str]:
    """What each history is called (the column "name" of the context), "" where nothing is known."""
    context = histories.context
    if context is None or context.schema.get("name") != pl.String:
        return [""] * len(histories)
    names: list[str] = context["name"].fill_null("").to_list()
    return names


def _cut(histories: Histories, pause: float) -> Int64Array:
    """Where sentences begin and end: with histories, and with pauses."""
    if histories.times is None:
        return histories.offsets
    gaps = np.flatnonzero(np.diff(histories.times) > pause) + 1
    return np.union1d(histories.offsets, gaps).astype(np.int64)
