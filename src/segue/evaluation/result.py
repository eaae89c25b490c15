"""What came out of an evaluation: per-user values of every model, and what may be said about their means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from segue.core.arrays import Int64Array, frozen
from segue.errors import DataError, NotFoundError
from segue.evaluation.asking import TIES
from segue.evaluation.beyond import BeyondValue, beyond_values
from segue.evaluation.bins import EDGES, BinMean, by_activity
from segue.evaluation.estimates import SIGNIFICANT, Comparison, Estimate, compare
from segue.evaluation.model_result import ModelResult
from segue.evaluation.record import FORMAT, VERSION, comparison_record, item_bins, model_record, user_bins, versions
from segue.metrics import BeyondMetric, Metric

PartName: TypeAlias = Literal["test", "validation"]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Models asked about the same users.

    part:         which part of the split was asked.
    split:        the record of the split (see `Split.record`); dataset: what was split (`described_dataset`).
    users:        int64, shape (n,), rows of the dataset that was split; given: int64 (n,), distinct items shown.
    metrics:      m metrics, in the order of the columns of all values.
    results:      one per model, in the order asked.
    list_lengths: where the curves of the results were taken, rising.
    list_length:  how long the lists were that the models were asked for.
    warnings:     sentences on what a reader of the numbers should know.
    threads:      how many were allowed; None: all there are.
    refit:        whether the models were fitted on training and validation data together.
    scored_at:    when the test part was scored, where the caller told the time; earlier_runs: how many runs had scored
                  the same test part before, where the caller counts them.
    beyond:       metrics beyond accuracy; beyond_values: their values, by model, then metric.
    estimates:    models x metrics, by model, then metric; comparisons: all pairs of models, by metric, then pair.
    activity:     by table of bins, then model: means by the number of items that a user had been given.
    """

    part: PartName
    split: Mapping[str, Any]
    users: Int64Array
    given: Int64Array
    metrics: tuple[Metric, ...]
    results: tuple[ModelResult, ...]
    dataset: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    resamples: int = 2000
    level: float = 0.95
    list_lengths: tuple[int, ...] = ()
    list_length: int = 0
    warnings: tuple[str, ...] = ()
    refit: bool = False
    threads: int | None = None
    scored_at: datetime | None = None
    earlier_runs: int | None = None
    beyond: tuple[BeyondMetric, ...] = ()
    beyond_values: tuple[BeyondValue, ...] = field(init=False)
    estimates: tuple[Estimate, ...] = field(init=False)
    comparisons: tuple[Comparison, ...] = field(init=False)
    activity: Mapping[str, Mapping[str, tuple[BinMean, ...]]] = field(init=False)

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
        names, values = [result.name for result in self.results], [result.values for result in self.results]
        estimates, comparisons = compare(names, self.metrics, values, self.resamples, self.level, self.seed)
        put(self, "estimates", estimates)
        put(self, "comparisons", comparisons)
        found = {result.name: result.beyond for result in self.results if result.beyond is not None}
        put(self, "beyond_values", beyond_values(self.beyond, found, self.resamples, self.level, self.seed))
        activity = {
            table: by_activity(
                self.given, names, [m.name for m in self.metrics], values, edges, self.resamples, self.level, self.seed
            )
            for table, edges in EDGES.items()
        }
        put(self, "activity", MappingProxyType(activity))

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

    def mean(self, model: str, metric: str) -> float:
        """The mean (of the system: the value) of any metric, beyond accuracy too; NaN where it is undefined.

        Raises NotFoundError for names that were not evaluated.
        """
        for value in self.beyond_values:
            if (value.model, value.metric) == (model, metric):
                return float("nan") if value.mean is None else value.mean
        return self.estimate(model, metric).mean

    def to_frame(self) -> pl.DataFrame:
        """One row per model and metric, with the fields of `Estimate` and whether it ties with the best."""
        names = [each.name for each in fields(Estimate)]
        rows = [
            {**{name: getattr(e, name) for name in names}, "ties_with_best": e.ties_with_best} for e in self.estimates
        ]
        text = {"model": pl.String(), "metric": pl.String()}
        numbers = {name: pl.Float64() for name in names if name not in text}
        return pl.DataFrame(rows, schema={**text, **numbers, "ties_with_best": pl.Boolean()})

    def summary(self) -> pl.DataFrame:
        """One row per model: the mean of each metric, users, users who got nothing, seconds, and bytes."""
        rows = [
            {
                "model": result.name,
                **{metric.name: self.estimate(result.name, metric.name).mean for metric in self.metrics},
                "users": self.users.size,
                "got_nothing": result.nothing,
                "fit_seconds": result.fit_seconds,
                "fit_memory": result.fit_memory,
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
            "fit_memory": pl.Int64(),
            "recommend_seconds": pl.Float64(),
        }
        return pl.DataFrame(rows, schema=schema)

    def record(self) -> dict[str, Any]:
        """Everything but the per-user values, as plain JSON values; the form is that of `segue.evaluation.record`."""
        scored_at = self.scored_at
        return {
            "format": FORMAT,
            "version": VERSION,
            "versions": versions(),
            "seed": self.seed,
            "threads": self.threads,
            "dataset": dict(self.dataset),
            "split": dict(self.split),
            "warnings": list(self.warnings),
            "part": self.part,
            "refit": self.refit,
            "scored_at": None if scored_at is None else scored_at.isoformat(timespec="seconds"),
            "earlier_test_runs": self.earlier_runs,
            "users": int(self.users.size),
            "ties": TIES,
            "metrics": [metric.name for metric in self.metrics],
            "beyond": [metric.name for metric in self.beyond],
            "lower_is_better": [metric.name for metric in (*self.metrics, *self.beyond) if not metric.higher_is_better],
            "list_length": self.list_length,
            "list_lengths": list(self.list_lengths),
            "intervals": {"level": self.level, "resamples": self.resamples, "seed": self.seed},
            "significance": SIGNIFICANT,
            "bins": {"users": user_bins(self.activity), "items": item_bins(self.results[0].by_popularity)},
            "comparisons": [comparison_record(each) for each in self.comparisons],
            "models": {
                result.name: model_record(
                    result,
                    [metric.name for metric in self.metrics],
                    [each for each in self.estimates if each.model == result.name],
                    [each for each in self.beyond_values if each.model == result.name],
                    {table: models[result.name] for table, models in self.activity.items()},
                )
                for result in self.results
            },
        }

    def to_json(self) -> str:
        """`record` as text that JSON readers of any kind take (no NaN), ending in a newline."""
        return json.dumps(self.record(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
