"""Fitting models on the training data of a split, and asking them about users whose right answers are known."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import numpy as np

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.core.protocols import Configuration, Recommender, TakesItems
from segue.errors import DataError, SettingsError
from segue.evaluation.asking import Answers, Gauge, ask
from segue.evaluation.beyond import BeyondAccuracy, background_of, beyond_metrics
from segue.evaluation.bins import EDGES
from segue.evaluation.gauges import ByPopularity, Curves, PerUser
from segue.evaluation.memory import peak_memory
from segue.evaluation.model_result import ModelResult
from segue.evaluation.record import described_dataset
from segue.evaluation.result import Evaluation, PartName
from segue.evaluation.whole_pipeline import PipelinePlan, wrapped
from segue.metrics import AnyMetric, Metric, Rated, RatingMetric, cautions, parse_all, rate
from segue.pipeline import Pipeline
from segue.splits import Split, inspect

Candidate: TypeAlias = Configuration | Recommender | Pipeline | PipelinePlan
"""What can be evaluated: something to fit, or something fitted."""

DEFAULT_METRICS: Final = ("recall@20", "ndcg@20", "precision@20", "map@20", "hit_rate@20")
DEFAULT_LENGTHS: Final = (1, 5, 10, 20, 50, 100)


def evaluate(
    models: Mapping[str, Candidate],
    split: Split,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    part: PartName = "test",
    refit: bool = False,
    list_lengths: Sequence[int] = DEFAULT_LENGTHS,
    dataset: Mapping[str, Any] | None = None,
    seed: int = 0,
    resamples: int = 2000,
    level: float = 0.95,
    scored_at: datetime | None = None,
    earlier_runs: int | None = None,
    look: Callable[[str, Answers, Rated | None], None] | None = None,
    progress: Progress = SILENT,
    threads: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Evaluation:
    """Fits each configuration on the training data, and asks each model about every user of a part of the split.

    Models that come fitted are asked as they are; of those fitted here, the ones that take new items are told first
    what the part knows of such (see `segue.splits.HeldOutItems`). Lists are made of all items but those given; a user
    whose list is short or empty misses there, and is counted. Means are over the users of the part, each of whom has a
    relevant item. Intervals and paired tests come from `resamples` draws of users by `seed`, which also seeds the fits.

    refit:        fit on training and validation data together, which only the test part allows.
    list_lengths: where the curves are taken; those beyond the number of items are left out.
    dataset:      what records tell of the dataset that was split; by default, what `described_dataset` tells of the
                  training data. scored_at and earlier_runs are recorded as they come. `clock` gives seconds.
    look:         called with the name of each model, the model, and its predictions (None where no metric needs them),
                  once it is measured; see `Witness`.

    Raises SettingsError for a metric that cannot be, or looks further than there are items; NotFoundError for an
    unknown one; DataError where the split has no such part, or a fitted model is of other items; ModelError where a
    model answers out of shape or with NaN.
    """
    if not models:
        raise SettingsError("name at least one model to evaluate")
    asked = split.test if part == "test" else split.validation
    if asked is None:
        raise DataError("the split has no validation part; ask for a share of validation above 0")
    if refit and part == "validation":
        raise SettingsError("the validation part cannot be asked of models that learn from it; refit for the test part")
    train = split.known if refit else split.train
    chosen = parse_all(metrics)
    check_lengths(chosen, len(train.items))
    measures = tuple(metric for metric in chosen if isinstance(metric, Metric))
    others = beyond_metrics(chosen, train)
    lengths = tuple(sorted({length for length in list_lengths if 1 <= length <= len(train.items)}))
    learned = train.histories.merged()
    popularity = np.bincount(learned.items, minlength=len(train.items)).astype(np.int64)
    background = background_of(train, others, seed=seed, progress=progress, threads=threads)
    rating = any(isinstance(metric, RatingMetric) for metric in others)
    fits = _Fits(train, asked.told, seed, progress, threads, clock)
    results = []
    depth = 0
    for name, candidate in models.items():
        model, configuration, cost = fits.ready(name, candidate)
        if not model.items.is_prefix_of(train.items):
            raise DataError(
                f"{name} was fitted on other items than those of the split; fit it on the split's training data"
            )
        values, curves = PerUser(measures, len(asked)), Curves(measures, lengths)
        popular = {table: ByPopularity(measures, popularity, edges) for table, edges in EDGES.items()}
        beyond = BeyondAccuracy(others, background, len(asked), threads=threads)
        gauges: list[Gauge] = [values, curves, *popular.values(), beyond]
        depth = max(gauge.depth(asked.relevant) for gauge in gauges)
        list_sizes, seconds = ask(name, model, asked, gauges, progress=progress, threads=threads, clock=clock)
        rated = None
        if rating and isinstance(model, Recommender):
            rated = rate(model, asked.given, asked.relevant, otherwise=float(learned.weights.mean()))
        results.append(
            ModelResult(
                name,
                configuration,
                values.values,
                list_sizes,
                None if cost is None else cost.seconds,
                seconds,
                curves.means,
                {table: gauge.found for table, gauge in popular.items()},
                beyond.found(rated),
                None if cost is None else cost.memory,
            )
        )
        if look is not None:
            look(name, model, rated)
    inspection = inspect(split, part, seed)
    return Evaluation(
        part=part,
        split={**split.record(), "popularity": inspection.record()},
        users=asked.users,
        given=asked.given.merged().lengths,
        metrics=measures,
        results=tuple(results),
        beyond=others,
        dataset=described_dataset(split.train) if dataset is None else dataset,
        seed=seed,
        resamples=resamples,
        level=level,
        list_lengths=lengths,
        list_length=depth,
        warnings=(*inspection.warnings, *cautions(chosen, _cut(split))),
        refit=refit,
        threads=threads,
        scored_at=scored_at,
        earlier_runs=earlier_runs,
    )


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of a fit: wall-clock seconds, and by how many bytes memory grew at its height (None where nobody knows)."""

    seconds: float
    memory: int | None


class _Fits:
    """Models fitted on one dataset, each once; those that take new items are told of what came after it."""

    def __init__(
        self,
        train: Dataset,
        told: Dataset | None,
        seed: int,
        progress: Progress,
        threads: int | None,
        clock: Callable[[], float],
    ) -> None:
        self._told = told
        self._train, self._seed, self._progress, self._threads, self._clock = train, seed, progress, threads, clock
        self._done: dict[str, tuple[Configuration, Recommender, _Cost]] = {}

    def ready(self, name: str, candidate: Candidate) -> tuple[Answers, Mapping[str, Any], _Cost | None]:
        """What to ask, its configuration as plain values, and what fitting cost (None where it came fitted)."""
        if isinstance(candidate, Pipeline):
            model = wrapped(candidate)
            return model, model.configuration, None
        if isinstance(candidate, PipelinePlan):
            fitted = {need: self._fitted(need, configuration) for need, configuration in candidate.models.items()}
            pipeline = candidate.assemble({need: model for need, (model, _) in fitted.items()}, self._train)
            model = wrapped(pipeline, candidate.settings or None)
            costs = [cost for _, cost in fitted.values()]
            known = [cost.memory for cost in costs if cost.memory is not None]
            together = _Cost(sum(cost.seconds for cost in costs), max(known) if known else None)
            return model, model.configuration, together
        if isinstance(candidate, Recommender):
            return candidate, _described(candidate), None
        fitted_model, cost = self._fitted(name, candidate)
        return fitted_model, _described(fitted_model), cost

    def _fitted(self, name: str, configuration: Configuration) -> tuple[Recommender, _Cost]:
        if name in self._done and self._done[name][0] == configuration:
            return self._done[name][1], self._done[name][2]
        with peak_memory() as peak:
            start = self._clock()
            model = configuration.fit(self._train, seed=self._seed, progress=self._progress, threads=self._threads)
            seconds = self._clock() - start
        cost = _Cost(seconds, peak.bytes)
        if self._told is not None and isinstance(model, TakesItems):
            model = model.with_items(self._told, threads=self._threads)
        self._done[name] = (configuration, model, cost)
        return model, cost


def _cut(split: Split) -> float | None:
    """The rating up to which hidden ones are left out as not relevant; None where all of the scale is relevant."""
    above = getattr(split.how, "relevant_above", None)
    scale = split.train.scale
    return above if above is not None and scale is not None and above >= scale[0] else None


def check_lengths(metrics: Sequence[AnyMetric], n_items: int) -> None:
    """Raises SettingsError where a metric asks for longer lists than there are items."""
    for metric in metrics:
        if metric.k is not None and metric.k > n_items:
            stem = metric.name.partition("@")[0]
            raise SettingsError(
                f"{metric.name} asks for lists of {metric.k}, but there are only {n_items} items; "
                f"ask for '{stem}@{n_items}' or less"
            )


def _described(model: Recommender) -> dict[str, Any]:
    """A model's configuration as plain values."""
    configuration: Any = model.configuration
    if not is_dataclass(configuration) or isinstance(configuration, type):
        return {"description": repr(configuration)}
    values = {field.name: _plain(getattr(configuration, field.name)) for field in fields(configuration)}
    return {"name": getattr(configuration, "name", type(configuration).__name__), **values}


def _plain(value: Any) -> Any:
    """A hyper-parameter as it is; of anything larger (the truth that an oracle knows), what it is."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Sequence):
        return [_plain(part) for part in value]
    return type(value).__name__
