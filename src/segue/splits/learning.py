"""What of the data is learned from: fewer users, no low counts, old plays worth less. Who is asked stays whole."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np

from segue.core.arrays import BoolArray, Float32Array, Float64Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError
from segue.splits.parting import Distinct
from segue.splits.split import Part, Split

_DAY: Final = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Learning:
    """How data is made ready to be learned from; the defaults leave it as it is.

    user_share: learn from this share of the users alone, drawn by the seed; above 0, at most 1.
    min_weight: items whose weight in a history (the sum of plays; of repeated ratings the last) lies above 0 but below
                this are seen and nothing more: their weight becomes 0. Dislikes stay.
    half_life:  after how many days a play is worth half, w * 2 ** (-age / half_life), its age measured back from the
                newest entry that is learned from; None: never. Models with binary weighting do not notice.

    Hidden items are judged by their raw weights, and histories that are shown are weighed as those learned from.
    Raises SettingsError at birth for a value out of its range.
    """

    user_share: float = 1.0
    min_weight: float = 0.0
    half_life: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.user_share <= 1:
            raise SettingsError(f"user_share must lie above 0 and be at most 1, got {self.user_share}")
        if not (self.min_weight >= 0 and math.isfinite(self.min_weight)):
            raise SettingsError(f"min_weight must be a number of at least 0, got {self.min_weight}")
        if self.half_life is not None and not (self.half_life > 0 and math.isfinite(self.half_life)):
            raise SettingsError(f"half_life must be a number of days above 0, got {self.half_life}")

    def weighed(self, dataset: Dataset) -> Dataset:
        """The dataset with its weights made ready; all users and items stay.

        Raises DataError for a half-life where there are no times, or where weights are ratings.
        """
        return self._weighed(dataset, dataset)

    def learned(self, dataset: Dataset, seed: int = 0) -> Dataset:
        """What to fit on: weights made ready, and only the users drawn. Raises as `weighed` does."""
        return self._fewer(self.weighed(dataset), seed)

    def split(self, split: Split) -> Split:
        """The split with what is learned made ready, and histories that are shown weighed alike; its test part is the
        same, with the same fingerprint. Raises as `weighed` does.
        """
        if self == AS_IS:
            return split
        known = self._fewer(self._weighed(split.known, split.known), split.seed)
        same = split.train is split.known
        train = known if same else self._fewer(self._weighed(split.train, split.train), split.seed)
        return replace(
            split,
            train=train,
            known=known,
            validation=None if split.validation is None else self._shown(split.validation, split.train),
            test=self._shown(split.test, split.known),
            learning=asdict(self),
        )

    def _weighed(self, dataset: Dataset, learned: Dataset) -> Dataset:
        weights = self._weights(dataset.histories, learned)
        if weights is dataset.histories.weights:
            return dataset
        return replace(dataset, histories=replace(dataset.histories, weights=weights))

    def _shown(self, part: Part, learned: Dataset) -> Part:
        told = None if part.told is None else self._weighed(part.told, learned)
        return replace(part, given=replace(part.given, weights=self._weights(part.given, learned)), told=told)

    def _weights(self, histories: Histories, learned: Dataset) -> Float32Array:
        weights = histories.weights
        if self.min_weight > 0:
            weights = np.where(_sums_below(histories, self.min_weight), np.float32(0), weights)
        if self.half_life is not None:
            if learned.feedback == "ratings":
                raise DataError("half_life makes plays worth less, but these weights are ratings; leave it out")
            if learned.histories.times is None or histories.times is None:
                raise DataError("half_life needs to know when things were played, and this data has no times")
            newest = learned.histories.times.max(initial=0)
            age = np.maximum(newest - histories.times, 0) / _DAY
            weights = (weights * np.exp2(-age / self.half_life)).astype(np.float32)
        return weights

    def _fewer(self, dataset: Dataset, seed: int) -> Dataset:
        if self.user_share == 1:
            return dataset
        there = np.flatnonzero(dataset.histories.lengths)
        count = max(1, round(self.user_share * there.size))
        if not there.size:
            return dataset
        return dataset.subset(np.sort(np.random.default_rng(seed).choice(there, count, replace=False)))


#: All that there is, as it is.
AS_IS: Final = Learning()


def _sums_below(histories: Histories, least: float) -> BoolArray:
    """Which entries belong to an item whose weight in its row lies above 0 but below `least`, bool (m,)."""
    distinct = Distinct.of(histories)
    if histories.repeats == "last":
        worth: Float64Array = np.empty(distinct.row.size, np.float64)
        worth[distinct.of_entry] = histories.weights  # the last entry of an item is written last
    else:
        worth = np.bincount(distinct.of_entry, histories.weights, minlength=distinct.row.size).astype(np.float64)
    return ((worth > 0) & (worth < least))[distinct.of_entry]
