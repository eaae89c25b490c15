"""What came out of an evaluation: per-user values of every model, and what may be said about their means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import polars as pl

from segue.core.arrays import Float64Array, Int32Array, Int64Array, frozen
from segue.errors import DataError, NotFoundError
from segue.evaluation.uncertainty import holm, interval, resampled_means, two_sided_p
from segue.metrics import Metric

PartName: TypeAlias = Literal["test", "validation"]

_SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class ModelResult:
    """One model's answers to the users of a part, measured.

    configuration:     name and hyper-parameters, as plain values.
    values:            float64, shape (n users, m metrics).
    list_lengths:      int32, shape (n users,), how many items each user got.
    fit_seconds:       wall-clock time of fitting; None where the model came fitted.
    recommend_seconds: wall-clock time of making all lists.
    """

    name: str
    configuration: Mapping[str, Any]
    values: Float64Array
    list_lengths: Int32Array
    fit_seconds: float | None
    recommend_seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, np.float64))
        object.__setattr__(self, "list_lengths", frozen(self.list_lengths, np.int32))
        if self.values.ndim != 2 or self.list_lengths.shape != self.values.shape[:1]:
            raise DataError(
                f"a result needs values (users, metrics) and one length per user, got {self.values.shape} and "
                f"{self.list_lengths.shape}"
            )

    @property
    def nothing(self) -> int:
        """How many users got an empty list. They count as misses in every mean."""
        return int(np.count_nonzero(self.list_lengths == 0))


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean of one metric over users for one model, beside the best model of that metric.

    low, high: the ends of its bootstrap interval.
    behind:    how much worse than the best model, 0 for the best; behind_low, behind_high: the paired interval.
    p:         of "no different from the best", by the paired bootstrap; p_holm: corrected for the number of models that
               are held against the best. Both None for the best itself.
    """

    model: str
    metric: str
    mean: float
    low: float
    high: float
    behind: float
    behind_low: float
    behind_high: float
    p: float | None
    p_holm: float | None

    @property
    def best(self) -> bool:
        """True for the model with the best mean."""
        return self.p is None

    @property
    def ties_with_best(self) -> bool:
        """True for the best, and for those that these users do not tell apart from it (corrected p of 0.05 or more)."""
        return self.p_holm is None or self.p_holm >= _SIGNIFICANT


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Models asked about the same users.

    part:      which part of the split was asked.
    split:     the record of the split (see `Split.record`).
    users:     int64, shape (n,), rows of the dataset that was split; given: int64 (n,), distinct items shown of each.
    metrics:   m metrics, in the order of the columns of all values.
    results:   one per model, in the order asked.
    estimates: models x metrics, by model, then metric.
    """

    part: PartName
    split: Mapping[str, Any]
    users: Int64Array
    given: Int64Array
    metrics: tuple[Metric, ...]
    results: tuple[ModelResult, ...]
    seed: int = 0
    resamples: int = 2000
    level: float = 0.95
    estimates: tuple[Estimate, ...] = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "split", MappingProxyType(dict(self.split)))
        put(self, "users", frozen(self.users, np.int64))
        put(self, "given", frozen(self.given, np.int64))
        shape = (self.users.size, len(self.metrics))
        if not self.results or self.given.shape != self.users.shape:
            raise DataError("an evaluation needs at least one model, and one number of given items per user")
        for result in self.results:
            if result.values.shape != shape:
                raise DataError(f"{result.name}: values must have shape {shape}, got {result.values.shape}")
        put(self, "estimates", _estimates(self.metrics, self.results, self.resamples, self.level, self.seed))

    def estimate(self, model: str, metric: str) -> Estimate:
        """The estimate of one model and metric; NotFoundError for names that were not evaluated."""
        for estimate in self.estimates:
            if (estimate.model, estimate.metric) == (model, metric):
                return estimate
        models = ", ".join(result.name for result in self.results)
        metrics = ", ".join(each.name for each in self.metrics)
        raise NotFoundError(
            f"no estimate of {metric!r} for {model!r}; there are the models {models} and metrics {metrics}"
        )

    def to_frame(self) -> pl.DataFrame:
        """One row per model and metric, with the fields of `Estimate` and whether it ties with the best."""
        names = [each.name for each in fields(Estimate)]
        rows = [
            {**{name: getattr(e, name) for name in names}, "ties_with_best": e.ties_with_best} for e in self.estimates
        ]
        numbers = dict.fromkeys(names[2:], pl.Float64())
        schema = {"model": pl.String(), "metric": pl.String(), **numbers, "ties_with_best": pl.Boolean()}
        return pl.DataFrame(rows, schema=schema)

    def summary(self) -> pl.DataFrame:
        """One row per model: its mean of each metric, how many users got nothing, and the seconds it took."""
        rows = [
            {
                "model": result.name,
                **{metric.name: self.estimate(result.name, metric.name).mean for metric in self.metrics},
                "users": self.users.size,
                "got_nothing": result.nothing,
                "fit_seconds": result.fit_seconds,
                "recommend_seconds": result.recommend_seconds,
            }
            for result in self.results
        ]
        schema = {
            "model": pl.String(),
            **dict.fromkeys((metric.name for metric in self.metrics), pl.Float64()),
            "users": pl.Int64(),
            "got_nothing": pl.Int64(),
            "fit_seconds": pl.Float64(),
            "recommend_seconds": pl.Float64(),
        }
        return pl.DataFrame(rows, schema=schema)

    def record(self) -> dict[str, Any]:
        """Everything but the per-user values, as plain JSON values."""
        return {
            "part": self.part,
            "split": dict(self.split),
            "users": int(self.users.size),
            "metrics": [metric.name for metric in self.metrics],
            "intervals": {"level": self.level, "resamples": self.resamples, "seed": self.seed},
            "models": {result.name: self._record_of(result) for result in self.results},
        }

    def to_json(self) -> str:
        """`record` as text that JSON readers of any kind take (no NaN), ending in a newline."""
        return json.dumps(self.record(), indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"

    def _record_of(self, result: ModelResult) -> dict[str, Any]:
        estimates = [estimate for estimate in self.estimates if estimate.model == result.name]
        return {
            "configuration": dict(result.configuration),
            "got_nothing": result.nothing,
            "fit_seconds": result.fit_seconds,
            "recommend_seconds": result.recommend_seconds,
            "metrics": {
                estimate.metric: {
                    "mean": estimate.mean,
                    "interval": [estimate.low, estimate.high],
                    "behind_best": estimate.behind,
                    "behind_best_interval": [estimate.behind_low, estimate.behind_high],
                    "p": estimate.p,
                    "p_holm": estimate.p_holm,
                    "ties_with_best": estimate.ties_with_best,
                }
                for estimate in estimates
            },
        }


def pool(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Evaluations of several folds as one: all their users side by side, seconds summed.

    The record of the split becomes {"folds": [the record of each]}. Raises DataError where models, metrics or parts
    differ.
    """
    if not evaluations:
        raise DataError("there is no evaluation to pool")
    first = evaluations[0]
    kinds = {(e.part, tuple(m.name for m in e.metrics), tuple(r.name for r in e.results)) for e in evaluations}
    if len(kinds) > 1:
        raise DataError("only evaluations of the same models and metrics on the same part can be pooled")
    results = []
    for number, result in enumerate(first.results):
        folds = [evaluation.results[number] for evaluation in evaluations]
        fitted = [fold.fit_seconds for fold in folds if fold.fit_seconds is not None]
        results.append(
            ModelResult(
                result.name,
                result.configuration,
                np.concatenate([fold.values for fold in folds]),
                np.concatenate([fold.list_lengths for fold in folds]),
                sum(fitted) if fitted else None,
                sum(fold.recommend_seconds for fold in folds),
            )
        )
    return Evaluation(
        part=first.part,
        split={"folds": [dict(evaluation.split) for evaluation in evaluations]},
        users=np.concatenate([evaluation.users for evaluation in evaluations]),
        given=np.concatenate([evaluation.given for evaluation in evaluations]),
        metrics=first.metrics,
        results=tuple(results),
        seed=first.seed,
        resamples=first.resamples,
        level=first.level,
    )


def _estimates(
    metrics: Sequence[Metric], results: Sequence[ModelResult], resamples: int, level: float, seed: int
) -> tuple[Estimate, ...]:
    n_models, n_metrics = len(results), len(metrics)
    values = np.concatenate([result.values for result in results], axis=1)
    means = values.mean(axis=0).reshape(n_models, n_metrics)
    drawn = resampled_means(values, resamples, seed)
    low, high = (ends.reshape(n_models, n_metrics) for ends in interval(drawn, level))
    drawn = drawn.reshape(resamples, n_models, n_metrics)
    table: list[list[Estimate]] = [[] for _ in results]
    for column, metric in enumerate(metrics):
        sign = 1.0 if metric.higher_is_better else -1.0
        best = int(np.argmax(sign * means[:, column]))
        behind = sign * (drawn[:, best, column][:, None] - drawn[:, :, column]) + 0.0  # no -0.0 in tables
        behind_low, behind_high = interval(behind, level)
        others = [number for number in range(n_models) if number != best]
        p = np.array([two_sided_p(behind[:, number]) for number in others])
        tested = dict(zip(others, zip(p.tolist(), holm(p).tolist(), strict=True), strict=True))
        for number, result in enumerate(results):
            table[number].append(
                Estimate(
                    result.name,
                    metric.name,
                    float(means[number, column]),
                    float(low[number, column]),
                    float(high[number, column]),
                    float(abs(means[best, column] - means[number, column])),
                    float(behind_low[number]),
                    float(behind_high[number]),
                    *tested.get(number, (None, None)),
                )
            )
    return tuple(estimate for row in table for estimate in row)
