"""Beyond accuracy: lists looked at for themselves, all lists at once, and predictions of hidden weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float64Array, frozen
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.topk import TopK
from segue.errors import DataError
from segue.evaluation.uncertainty import interval, resampled_means
from segue.metrics import (
    Answered,
    AnyMetric,
    Background,
    BeyondMetric,
    Exposure,
    Judged,
    ListMetric,
    Metric,
    Rated,
    RatingMetric,
    SystemMetric,
    check_needs,
    has_content,
    parse_all,
)
from segue.models.implicit_als import ImplicitALS

ALWAYS: Final = ("coverage", "novelty", "popularity", "gini", "personalization")
"""Measured at the main list length whether asked for or not; diversity, too, where the catalogue tells of content."""

REFERENCE: Final = ImplicitALS(factors=32)
"""Whose item vectors factor_diversity goes by, fitted on the training data: the same for every model compared."""

_USUAL_LENGTH: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class BeyondResult:
    """What one model's answers are like.

    values:      float64, shape (n users, l), one column per `ListMetric`, NaN where it is undefined for the user.
    exposures:   by list length, for the metrics of the system.
    errors:      float64, shape (n users, 5), as `Rated.sums` has them; None where no prediction was asked for, or the
                 model has no scores.
    unpredicted: for how many hidden items the model had no evidence, so that the mean training weight stood in.
    """

    values: Float64Array
    exposures: Mapping[int, Exposure] = field(default_factory=dict)
    errors: Float64Array | None = None
    unpredicted: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, np.float64))
        object.__setattr__(self, "exposures", MappingProxyType(dict(self.exposures)))


@dataclass(frozen=True, slots=True)
class BeyondValue:
    """One metric of one model.

    mean:      over the users for whom it is defined, for a metric of lists; otherwise the value. None: undefined.
    low, high: the ends of its bootstrap interval over users; None for a metric of the system, which has none.
    users:     how many users the value is over.
    """

    model: str
    metric: str
    mean: float | None
    low: float | None
    high: float | None
    users: int


class BeyondAccuracy:
    """A gauge (see `segue.evaluation.asking.Gauge`) of metrics of lists and of the system."""

    def __init__(
        self, metrics: Sequence[BeyondMetric], background: Background, n_users: int, *, threads: int | None = None
    ) -> None:
        self._lists = [metric for metric in metrics if isinstance(metric, ListMetric)]
        self._depth = max((metric.k for metric in metrics if metric.k is not None), default=1)
        self._background, self._threads = background, threads
        self._values = np.full((n_users, len(self._lists)), np.nan)
        lengths = {metric.k for metric in metrics if isinstance(metric, SystemMetric)}
        self._exposures = {k: Exposure.none(k, background.n_items) for k in sorted(lengths)}

    def depth(self, relevant: Histories) -> int:  # noqa: ARG002
        """The largest k."""
        return self._depth

    def see(self, rows: slice, top: TopK, given: Histories, relevant: Histories, judged: Judged) -> None:  # noqa: ARG002
        """See `segue.evaluation.asking.Gauge.see`."""
        answered = Answered(given.known(self._background.n_items)[0], top, judged)
        for column, metric in enumerate(self._lists):
            self._values[rows, column] = metric.compute(answered, self._background, threads=self._threads)
        for k in self._exposures:
            self._exposures[k] += Exposure.of(top, k, self._background.n_items)

    def found(self, rated: Rated | None = None) -> BeyondResult:
        """What was seen so far, and what the model predicted."""
        errors, unpredicted = (None, 0) if rated is None else (rated.sums(), rated.unpredicted)
        return BeyondResult(self._values, self._exposures, errors, unpredicted)


def beyond_metrics(metrics: Sequence[AnyMetric], train: Dataset, always: bool = True) -> tuple[BeyondMetric, ...]:
    """Those of the metrics that are beyond accuracy, and unless told otherwise those of `ALWAYS`.

    The main list length, at which these are taken, is that of the first metric that has one, or 20.
    Raises SettingsError where the catalogue lacks what a metric needs.
    """
    asked = [metric for metric in metrics if not isinstance(metric, Metric)]
    if always:
        length = next((m.k for m in metrics if m.k is not None), min(_USUAL_LENGTH, len(train.items)))
        stems = [*ALWAYS, "diversity"] if has_content(train.catalogue) else ALWAYS
        asked += [m for m in parse_all(f"{stem}@{length}" for stem in stems) if not isinstance(m, Metric)]
    check_needs(asked, train.catalogue)
    return tuple({metric.name: metric for metric in asked}.values())


def background_of(
    train: Dataset,
    metrics: Sequence[BeyondMetric],
    *,
    seed: int = 0,
    progress: Progress = SILENT,
    threads: int | None = None,
) -> Background:
    """What these metrics need of the training data; factor_diversity has `REFERENCE` fitted for it."""
    needs = {metric.needs for metric in metrics if isinstance(metric, ListMetric) and metric.needs is not None}
    vectors = None
    if "vectors" in needs:
        vectors = REFERENCE.fit(train, seed=seed, progress=progress, threads=threads).item_vectors
    return Background.of(train, needs, vectors)


def beyond_values(
    metrics: Sequence[BeyondMetric],
    results: Mapping[str, BeyondResult],
    resamples: int,
    level: float,
    seed: int,
) -> tuple[BeyondValue, ...]:
    """The values of all metrics for all models, by model, then metric."""
    lists = [metric.name for metric in metrics if isinstance(metric, ListMetric)]
    columns = {(m, name): result.values[:, c] for m, result in results.items() for c, name in enumerate(lists)}
    of_lists = _means(columns, resamples, level, seed)
    values = []
    for model, result in results.items():
        drawn = None if result.errors is None else resampled_means(result.errors, resamples, seed)
        for metric in metrics:
            if isinstance(metric, ListMetric):
                values.append(BeyondValue(model, metric.name, *of_lists[model, metric.name]))
            elif isinstance(metric, SystemMetric):
                users = int(result.exposures[metric.k].lengths.sum())
                found = _number(metric.compute(result.exposures[metric.k]))
                values.append(BeyondValue(model, metric.name, found, None, None, users))
            else:
                values.append(BeyondValue(model, metric.name, *_error(metric, result.errors, drawn, level)))
    return tuple(values)


def pooled_beyond(folds: Sequence[BeyondResult], place: npt.NDArray[np.intp]) -> BeyondResult:
    """Several folds as one: users by number, `place` being that of each row of all folds, one after another.

    A user of several folds has the mean of the values that are defined; exposures and errors add up.
    Raises DataError where the metrics differ.
    """
    kinds = {(fold.values.shape[1], tuple(fold.exposures)) for fold in folds}
    if len(kinds) > 1:
        raise DataError("only evaluations of the same metrics beyond accuracy can be pooled")
    n = int(place.max()) + 1
    values = np.concatenate([fold.values for fold in folds])
    sums, defined = np.zeros((n, values.shape[1])), np.zeros((n, values.shape[1]))
    np.add.at(sums, place, np.nan_to_num(values, nan=0.0))
    np.add.at(defined, place, ~np.isnan(values))
    errors = None
    if all(fold.errors is not None for fold in folds):
        together = np.concatenate([fold.errors for fold in folds if fold.errors is not None])
        errors = np.zeros((n, together.shape[1]))
        np.add.at(errors, place, together)
    exposures = dict(folds[0].exposures)
    for fold in folds[1:]:
        exposures = {k: exposure + fold.exposures[k] for k, exposure in exposures.items()}
    means = np.where(defined > 0, sums / np.maximum(defined, 1), np.nan)
    return BeyondResult(means, exposures, errors, sum(fold.unpredicted for fold in folds))


_Mean = tuple[float | None, float | None, float | None, int]


def _means(
    columns: Mapping[tuple[str, str], Float64Array], resamples: int, level: float, seed: int
) -> dict[tuple[str, str], _Mean]:
    """Mean, interval and number of users for each column, over the users for whom it is defined.

    Columns that are defined for the same users share their draws.
    """
    groups: dict[bytes, list[tuple[str, str]]] = {}
    for key, column in columns.items():
        groups.setdefault(np.isnan(column).tobytes(), []).append(key)
    found: dict[tuple[str, str], _Mean] = {}
    for keys in groups.values():
        together = np.stack([columns[key] for key in keys], axis=1)
        together = together[~np.isnan(together[:, 0])]
        n = len(together)
        if not n:
            found.update(dict.fromkeys(keys, (None, None, None, 0)))
            continue
        low, high = interval(resampled_means(together, resamples, seed), level)
        for number, key in enumerate(keys):
            found[key] = (float(together[:, number].mean()), float(low[number]), float(high[number]), n)
    return found


def _error(metric: RatingMetric, errors: Float64Array | None, drawn: Float64Array | None, level: float) -> _Mean:
    if errors is None or drawn is None:
        return None, None, None, 0
    value = _number(float(metric.compute(errors.sum(axis=0))))
    users = int(np.count_nonzero(errors[:, 0]))
    resampled = metric.compute(drawn)
    if value is None or not np.isfinite(resampled).all():
        return value, None, None, users
    low, high = interval(resampled[:, None], level)
    return value, float(low[0]), float(high[0]), users


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
