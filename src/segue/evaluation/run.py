"""Asking models about users whose right answers are known: full ranking over all items."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any, Final

import numpy as np

from segue.core.arrays import Float64Array, Int32Array
from segue.core.progress import SILENT, Progress
from segue.core.protocols import Configuration, Recommender
from segue.core.topk import TopK
from segue.errors import DataError, ModelError, SettingsError
from segue.evaluation.result import Evaluation, ModelResult, PartName
from segue.metrics import Metric, judge, parse_all
from segue.splits import Part, Split

DEFAULT_METRICS: Final = ("recall@20", "ndcg@20", "precision@20", "map@20", "hit_rate@20")

_BLOCK_BYTES: Final = 64 * 2**20  # of lists held at once: an item, a score and a mark per entry


def evaluate(
    models: Mapping[str, Configuration | Recommender],
    split: Split,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    part: PartName = "test",
    seed: int = 0,
    resamples: int = 2000,
    level: float = 0.95,
    progress: Progress = SILENT,
    threads: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Evaluation:
    """Fits each configuration on the training data, and asks each model about every user of a part of the split.

    A model that comes fitted is asked as it is. Lists are made of all items but those given; a user whose list is short
    or empty misses there, and is counted. Means are over the users of the part, each of whom has a relevant item.
    Intervals and paired tests against the best model come from `resamples` draws of users by `seed`, which also seeds
    the fits. `clock` gives seconds.

    Raises SettingsError for a metric that cannot be, or looks further than there are items; NotFoundError for an
    unknown one; DataError where the split has no such part, or a fitted model is of other items; ModelError where a
    model answers out of shape.
    """
    if not models:
        raise SettingsError("name at least one model to evaluate")
    asked = split.test if part == "test" else split.validation
    if asked is None:
        raise DataError("the split has no validation part; ask for a share of validation above 0")
    measures = parse_all(metrics)
    _check_lengths(measures, len(split.train.items))
    results = []
    for name, model in models.items():
        fit_seconds = None
        if isinstance(model, Recommender):
            fitted = model
        else:
            start = clock()
            fitted = model.fit(split.train, seed=seed, progress=progress, threads=threads)
            fit_seconds = clock() - start
        if not fitted.items.is_prefix_of(split.train.items):
            raise DataError(
                f"{name} was fitted on other items than those of the split; fit it on the split's training data"
            )
        values, lengths, seconds = _ask(name, fitted, asked, measures, progress, threads, clock)
        results.append(ModelResult(name, _described(fitted), values, lengths, fit_seconds, seconds))
    return Evaluation(
        part=part,
        split=split.record(),
        users=asked.users,
        given=asked.given.merged().lengths,
        metrics=measures,
        results=tuple(results),
        seed=seed,
        resamples=resamples,
        level=level,
    )


def _ask(
    name: str,
    model: Recommender,
    part: Part,
    metrics: Sequence[Metric],
    progress: Progress,
    threads: int | None,
    clock: Callable[[], float],
) -> tuple[Float64Array, Int32Array, float]:
    """Values (n, m) of all users, the lengths of their lists, and the seconds that the lists took."""
    values = np.empty((len(part), len(metrics)), dtype=np.float64)
    lengths = np.empty(len(part), dtype=np.int32)
    seconds = 0.0
    with progress.task(f"evaluating {name}", total=len(part), unit="users") as task:
        for rows, k in _blocks(part, metrics):
            given, relevant = part.given[rows], part.relevant[rows]
            start = clock()
            top = model.recommend(given, k, exclude_seen=True, threads=threads)
            seconds += clock() - start
            _check_answer(name, model, top, len(given), k)
            judged = judge(top, relevant, threads=threads)
            for column, metric in enumerate(metrics):
                values[rows, column] = metric.compute(judged)
            lengths[rows] = top.lengths
            task.advance(len(given))
    return values, lengths, seconds


def _blocks(part: Part, metrics: Sequence[Metric]) -> Iterator[tuple[slice, int]]:
    """Rows that are asked at once, and how long their lists must be."""
    longest = max(metric.depth(part.relevant) for metric in metrics)
    size = max(1, _BLOCK_BYTES // (9 * longest))
    for start in range(0, len(part), size):
        rows = slice(start, min(len(part), start + size))
        relevant = part.relevant[rows]
        yield rows, max(metric.depth(relevant) for metric in metrics)


def _check_lengths(metrics: Sequence[Metric], n_items: int) -> None:
    for metric in metrics:
        if metric.k is not None and metric.k > n_items:
            stem = metric.name.partition("@")[0]
            raise SettingsError(
                f"{metric.name} asks for lists of {metric.k}, but there are only {n_items} items; "
                f"ask for '{stem}@{n_items}' or less"
            )


def _check_answer(name: str, model: Recommender, top: TopK, n: int, k: int) -> None:
    if top.items.shape != (n, k):
        raise ModelError(f"{name} answered {n} histories with lists of shape {top.items.shape}; {(n, k)} was expected")
    if top.items.size and top.items.max() >= len(model.items):
        raise ModelError(f"{name} recommends item {top.items.max()}, but knows only {len(model.items)} items")


def _described(model: Recommender) -> dict[str, Any]:
    """A model's configuration as plain values."""
    configuration: Any = model.configuration
    if not is_dataclass(configuration) or isinstance(configuration, type):
        return {"description": repr(configuration)}
    return {"name": getattr(configuration, "name", type(configuration).__name__), **asdict(configuration)}
