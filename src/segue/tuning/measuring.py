"""What one configuration gives on one fold: the means of all metrics, and nothing that a search would not look at."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from segue.core.progress import SILENT, Progress
from segue.core.protocols import Configuration
from segue.errors import ModelError
from segue.evaluation.asking import ask
from segue.evaluation.beyond import BeyondAccuracy, background_of, beyond_metrics
from segue.evaluation.gauges import PerUser
from segue.evaluation.run import check_lengths
from segue.metrics import AnyMetric, ListMetric, Metric, Rated, RatingMetric, SystemMetric, parse_all, rate
from segue.splits import Part, Split
from segue.tuning.validation import Validation


class Fold:
    """A split, a part of it, and metrics: ready to judge one configuration after another.

    The values are those of `segue.evaluation.evaluate`; intervals, curves and bins are left out, and what the metrics
    need of the training data is made once.
    """

    def __init__(
        self,
        split: Split,
        asked: Part,
        metrics: Sequence[AnyMetric],
        *,
        seed: int = 0,
        progress: Progress = SILENT,
        threads: int | None = None,
    ) -> None:
        self._train, self._asked, self._metrics = split.train, asked, tuple(metrics)
        self._seed, self._progress, self._threads = seed, progress, threads
        self._beyond = beyond_metrics(metrics, split.train, always=False)
        self._background = background_of(split.train, self._beyond, seed=seed, progress=progress, threads=threads)

    def means(self, configuration: Configuration) -> dict[str, float]:
        """Fits the configuration, asks it, and returns the mean (of the system: the value) of each metric, by name.

        Raises what fitting raises, and ModelError where a metric is undefined for every user.
        """
        name, n_users = configuration.name, len(self._asked)
        model = configuration.fit(self._train, seed=self._seed, progress=self._progress, threads=self._threads)
        accuracy = PerUser([metric for metric in self._metrics if isinstance(metric, Metric)], n_users)
        beyond = BeyondAccuracy(self._beyond, self._background, n_users, threads=self._threads)
        ask(name, model, self._asked, [accuracy, beyond], progress=self._progress, threads=self._threads)
        rated: Rated | None = None
        if any(isinstance(metric, RatingMetric) for metric in self._beyond):
            usual = float(self._train.histories.merged().weights.mean())
            rated = rate(model, self._asked.given, self._asked.relevant, otherwise=usual)
        seen = beyond.found(rated)
        users, lists = iter(accuracy.values.T), iter(seen.values.T)
        means = {}
        for metric in self._metrics:
            if isinstance(metric, Metric):
                mean = float(next(users).mean())
            elif isinstance(metric, ListMetric):
                column = next(lists)
                defined = column[~np.isnan(column)]
                mean = float(defined.mean()) if defined.size else math.nan
            elif isinstance(metric, SystemMetric):
                mean = float(metric.compute(seen.exposures[metric.k]))
            else:
                assert seen.errors is not None
                mean = float(metric.compute(seen.errors.sum(axis=0)))
            if not math.isfinite(mean):
                raise ModelError(f"{metric.name} is undefined for every user that {name} was asked about")
            means[metric.name] = mean
        return means


def metrics_of(names: Sequence[str], validation: Validation) -> tuple[AnyMetric, ...]:
    """The metrics of these names; SettingsError where one asks for longer lists than there are items."""
    metrics = parse_all(names)
    check_lengths(metrics, validation.n_items)
    return metrics
