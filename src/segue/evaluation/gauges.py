"""What is measured of every list: metrics by user, at several list lengths, and by popularity of the right items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from segue.core.arrays import Float64Array, Int64Array
from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.evaluation.bins import ItemBins, bin_of
from segue.metrics import Judged, Metric, accuracy, judge


class PerUser:
    """The value of every metric for every user."""

    def __init__(self, metrics: Sequence[Metric], n_users: int) -> None:
        self._metrics = tuple(metrics)
        self.values: Float64Array = np.empty((n_users, len(self._metrics)), dtype=np.float64)

    def depth(self, relevant: Histories) -> int:
        """As far as the metric that looks furthest."""
        return max((metric.depth(relevant) for metric in self._metrics), default=1)

    def see(self, rows: slice, top: TopK, given: Histories, relevant: Histories, judged: Judged) -> None:  # noqa: ARG002
        """See `segue.evaluation.asking.Gauge.see`."""
        for column, metric in enumerate(self._metrics):
            self.values[rows, column] = metric.compute(judged)


class Curves:
    """Means of the metrics that are cut at k, at several list lengths, all from the same lists."""

    def __init__(self, metrics: Sequence[Metric], lengths: Sequence[int]) -> None:
        stems = dict.fromkeys(metric.name.partition("@")[0] for metric in metrics if metric.k is not None)
        self._metrics = {stem: [accuracy(stem, length) for length in lengths] for stem in stems}
        self._longest = max(lengths, default=0) if stems else 0
        self._sums = {stem: np.zeros(len(lengths), dtype=np.float64) for stem in stems}
        self._users = 0

    def depth(self, relevant: Histories) -> int:  # noqa: ARG002
        """The largest of the lengths."""
        return self._longest

    def see(self, rows: slice, top: TopK, given: Histories, relevant: Histories, judged: Judged) -> None:  # noqa: ARG002
        """See `segue.evaluation.asking.Gauge.see`."""
        for stem, metrics in self._metrics.items():
            self._sums[stem] += [float(metric.compute(judged).sum()) for metric in metrics]
        self._users += len(judged)

    @property
    def means(self) -> Mapping[str, Float64Array]:
        """By metric without "@k": means over users, float64, one per length."""
        return {stem: sums / max(1, self._users) for stem, sums in self._sums.items()}


class ByPopularity:
    """The metrics as if only the items of one bin of popularity were relevant, bin by bin."""

    def __init__(self, metrics: Sequence[Metric], popularity: Int64Array, edges: Sequence[int]) -> None:
        self._metrics = tuple(metrics)
        self._edges = tuple(edges)
        self._bin_of_item = bin_of(popularity, edges)
        self._users = np.zeros(len(self._edges), dtype=np.int64)
        self._relevant = np.zeros(len(self._edges), dtype=np.int64)
        self._sums = np.zeros((len(self._edges), len(self._metrics)), dtype=np.float64)

    def depth(self, relevant: Histories) -> int:
        """As far as the metric that looks furthest."""
        return max((metric.depth(relevant) for metric in self._metrics), default=1)

    def see(self, rows: slice, top: TopK, given: Histories, relevant: Histories, judged: Judged) -> None:  # noqa: ARG002
        """See `segue.evaluation.asking.Gauge.see`."""
        bin_of_entry = self._bin_of_item[relevant.items]
        for number in np.unique(bin_of_entry).tolist():
            within = relevant.where(bin_of_entry == number)
            asked = np.flatnonzero(within.lengths)
            part = judge(TopK(top.items[asked], top.scores[asked]), within[asked])
            self._users[number] += asked.size
            self._relevant[number] += within.n_entries
            self._sums[number] += [float(metric.compute(part).sum()) for metric in self._metrics]

    @property
    def found(self) -> ItemBins:
        """What was seen so far."""
        with np.errstate(invalid="ignore"):
            means = np.where(self._users[:, None] > 0, self._sums / self._users[:, None], np.nan)
        return ItemBins(self._edges, self._users.copy(), self._relevant.copy(), means)
