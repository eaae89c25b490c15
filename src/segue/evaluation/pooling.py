"""Evaluations of several folds as one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float64Array, Int64Array
from segue.errors import DataError
from segue.evaluation.beyond import pooled_beyond
from segue.evaluation.bins import ItemBins
from segue.evaluation.model_result import ModelResult
from segue.evaluation.result import Evaluation


def pool(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Evaluations of several folds as one: every user once, by number, with the means of what the folds measured.

    A user who was asked in several folds (folds over entries) counts once, with the mean of the values, the mean of the
    items given, and the shortest of the lists, so that users stay what is drawn for intervals. Seconds are summed; of
    memory, the largest fold counts.
    The record of the split becomes {"split", "settings", "seed", "folds": [the record of each]}.
    Raises DataError where models, metrics, parts or list lengths differ.
    """
    if not evaluations:
        raise DataError("there is no evaluation to pool")
    first = evaluations[0]
    kinds = {
        (e.part, tuple(m.name for m in e.metrics), tuple(r.name for r in e.results), e.list_lengths)
        for e in evaluations
    }
    if len(kinds) > 1:
        raise DataError("only evaluations of the same models and metrics on the same part can be pooled")
    users, place = np.unique(np.concatenate([e.users for e in evaluations]), return_inverse=True)
    times_asked = np.bincount(place, minlength=users.size)
    given = np.bincount(place, np.concatenate([e.given for e in evaluations]), users.size) / times_asked
    return Evaluation(
        part=first.part,
        split=_split(evaluations),
        users=users,
        given=np.floor(given + 0.5).astype(np.int64),
        metrics=first.metrics,
        results=tuple(_pooled([e.results[n] for e in evaluations], place) for n in range(len(first.results))),
        dataset=first.dataset,
        seed=first.seed,
        resamples=first.resamples,
        level=first.level,
        list_lengths=first.list_lengths,
        list_length=max(e.list_length for e in evaluations),
        warnings=_warnings(evaluations),
        refit=first.refit,
        threads=first.threads,
        scored_at=first.scored_at,
        earlier_runs=first.earlier_runs,
        beyond=first.beyond,
    )


def _pooled(folds: Sequence[ModelResult], place: npt.NDArray[np.intp]) -> ModelResult:
    values = np.concatenate([fold.values for fold in folds])
    lengths = np.concatenate([fold.list_lengths for fold in folds])
    n = int(place.max()) + 1
    sums = np.zeros((n, values.shape[1]), dtype=np.float64)
    np.add.at(sums, place, values)
    shortest = np.full(n, np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(shortest, place, lengths)
    fitted = [fold.fit_seconds for fold in folds if fold.fit_seconds is not None]
    memory = [fold.fit_memory for fold in folds if fold.fit_memory is not None]
    weights = [len(fold.values) for fold in folds]
    beyond = [fold.beyond for fold in folds if fold.beyond is not None]
    return ModelResult(
        folds[0].name,
        folds[0].configuration,
        sums / np.bincount(place, minlength=n)[:, None],
        shortest,
        sum(fitted) if fitted else None,
        sum(fold.recommend_seconds for fold in folds),
        {stem: _mean([fold.curves[stem] for fold in folds], weights) for stem in folds[0].curves},
        {table: _item_bins([fold.by_popularity[table] for fold in folds]) for table in folds[0].by_popularity},
        pooled_beyond(beyond, place) if beyond else None,
        max(memory) if memory else None,
    )


def _mean(curves: Sequence[Float64Array], weights: Sequence[int]) -> Float64Array:
    return np.asarray(np.average(curves, axis=0, weights=weights), dtype=np.float64)


def _item_bins(folds: Sequence[ItemBins]) -> ItemBins:
    users: Int64Array = np.sum([fold.users for fold in folds], axis=0)
    relevant: Int64Array = np.sum([fold.relevant for fold in folds], axis=0)
    sums = sum(np.where(fold.users[:, None] > 0, fold.means, 0.0) * fold.users[:, None] for fold in folds)
    with np.errstate(invalid="ignore"):
        return ItemBins(folds[0].edges, users, relevant, np.where(users[:, None] > 0, sums / users[:, None], np.nan))


def _warnings(evaluations: Sequence[Evaluation]) -> tuple[str, ...]:
    """Each kind of warning once, with the numbers of the first fold that has it, and how many folds have it."""
    kinds: dict[str, list[str]] = {}
    for evaluation in evaluations:
        for warning in evaluation.warnings:
            kinds.setdefault(re.sub(r"[0-9.]+", "", warning), []).append(warning)
    return tuple(f"{found[0]} (in {len(found)} of {len(evaluations)} folds)" for found in kinds.values())


def _split(evaluations: Sequence[Evaluation]) -> Mapping[str, Any]:
    first = evaluations[0].split
    shared = {key: first[key] for key in ("split", "settings", "seed") if key in first}
    return {**shared, "folds": [dict(evaluation.split) for evaluation in evaluations]}
