"""The record of an evaluation: one JSON object that holds all that tables and reports need.

format             "segue evaluation"
version            of this form, 1; a reader refuses larger ones. Keys may be added within a version.
versions           {"segue", "python", "numpy", "scipy", "numba", "polars"}: text
seed, threads      of fits, splits and intervals; threads null: all there were
dataset            {"users", "items", "entries", "feedback", "scale", "order", "first", "last", "fingerprint"}: what was
                   split; first and last are the times of entries in ISO 8601, null without times
split              `Split.record`: {"split": name, "settings", "seed", "fold": [number, count] or null,
                   "learning": {"user_share", "min_weight", "half_life"} or null: what was learned from,
                   "train": {"users", "items", "entries"}, "known": the same of training and validation together or
                   null, "validation", "test": {"users", "users_without_history", "users_without_relevant",
                   "entries_given", "items_relevant"} or null, "test_fingerprint",
                   "popularity": {"gini_train", "gini_test", "gini_fair", "kendall_tau", "kendall_tau_fair"} or null};
                   after k folds {"split", "settings", "seed", "folds": [the record of each]}
warnings           sentences
part               "test" or "validation": who was asked
refit              true where the models learned from training and validation data together
scored_at          when the part was scored, ISO 8601, or null
earlier_test_runs  how many earlier runs had scored the same test part, or null where nobody counts
users              how many users were asked
ties               "score descending, item position ascending": the order within a list
metrics            names of accuracy, in order; beyond: names beyond accuracy; lower_is_better: those of which less is
                   better
list_length        how long the lists were; list_lengths: the k of the curves
intervals          {"level", "resamples", "seed"}
significance       the p below which two models are told apart (randomization test, Holm over the pairs of a metric)
bins               {"users": TABLES, "items": TABLES}, where TABLES is {"fine": [BIN...], "cold": [BIN...]} and BIN is
                   {"label", "low", "high" (null: no end), "users"}; those of items have "relevant" too. Users by
                   distinct items given, items by training users. A bin without users is left out.
comparisons        [{"metric", "a", "b", "difference" (> 0: a is better), "interval", "p_bootstrap",
                   "p_randomization", "p_bootstrap_holm", "p_randomization_holm"}]: all pairs
models             by name:
    configuration      {"name", hyper-parameters...}
    fit_seconds        or null where the model came fitted; recommend_seconds; fit_memory: bytes by which the process
                       grew at most while fitting, or null
    got_nothing        users with an empty list; they count as misses
    metrics            by name: {"mean", "interval", "behind_best", "behind_best_interval", "p", "p_holm" (null for
                       the best), "ties_with_best"}
    beyond             by name: {"mean" (of the system: the value; null where undefined), "interval" (null for metrics
                       of the system), "users"}; factor_diversity goes by the vectors of `evaluation.beyond.REFERENCE`
    unpredicted        hidden items whose weight the mean of the training weights stood in for (rmse, mse, mae, r2)
    curves             by metric without "@k": means, one per list_lengths
    bins               {"users": {"fine": ROWS, "cold": ROWS}, "items": the same}; ROWS is a list in the order of the
                       bins above: {metric: mean}; rows of users also have "intervals": {metric: [low, high]}.
                       Items: as if only the relevant items of the bin were relevant.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

import numpy as np

import segue
from segue.core.dataset import Dataset
from segue.evaluation.beyond import BeyondValue
from segue.evaluation.bins import BinMean, ItemBins
from segue.evaluation.estimates import Comparison, Estimate
from segue.evaluation.model_result import ModelResult

FORMAT: Final = "segue evaluation"
VERSION: Final = 1


def described_dataset(dataset: Dataset) -> dict[str, Any]:
    """What a record tells of a dataset, as plain JSON values."""
    times = dataset.histories.times
    ends = (None, None) if times is None or not times.size else (int(times.min()), int(times.max()))
    first, last = (None if end is None else _moment(end) for end in ends)
    return {
        "users": dataset.n_users,
        "items": dataset.n_items,
        "entries": dataset.histories.n_entries,
        "feedback": dataset.feedback,
        "scale": None if dataset.scale is None else list(dataset.scale),
        "order": dataset.histories.order,
        "first": first,
        "last": last,
        "fingerprint": dataset.fingerprint(),
    }


def model_record(
    result: ModelResult,
    metrics: Sequence[str],
    estimates: Sequence[Estimate],
    beyond: Sequence[BeyondValue],
    activity: Mapping[str, Sequence[BinMean]],
) -> dict[str, Any]:
    """What stands under the name of one model: its own estimates, values and means by activity, and all else of it."""
    return {
        "configuration": dict(result.configuration),
        "got_nothing": result.nothing,
        "fit_seconds": result.fit_seconds,
        "fit_memory": result.fit_memory,
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
        "beyond": {
            value.metric: {
                "mean": value.mean,
                "interval": None if value.low is None else [value.low, value.high],
                "users": value.users,
            }
            for value in beyond
        },
        "unpredicted": 0 if result.beyond is None else result.beyond.unpredicted,
        "curves": {stem: means.tolist() for stem, means in result.curves.items()},
        "bins": {
            "users": {
                table: [
                    {**row.means, "intervals": {name: list(ends) for name, ends in row.intervals.items()}}
                    for row in rows
                ]
                for table, rows in activity.items()
            },
            "items": {
                table: [
                    dict(zip(metrics, row.tolist(), strict=True)) for row in found.means[np.flatnonzero(found.users)]
                ]
                for table, found in result.by_popularity.items()
            },
        },
    }


def comparison_record(each: Comparison) -> dict[str, Any]:
    """What stands for one pair of models."""
    return {
        "metric": each.metric,
        "a": each.a,
        "b": each.b,
        "difference": each.difference,
        "interval": [each.low, each.high],
        "p_bootstrap": each.p_bootstrap,
        "p_randomization": each.p_randomization,
        "p_bootstrap_holm": each.p_bootstrap_holm,
        "p_randomization_holm": each.p_randomization_holm,
    }


def user_bins(activity: Mapping[str, Mapping[str, Sequence[BinMean]]]) -> dict[str, list[dict[str, Any]]]:
    """The bins of users, by table; the same for all models."""
    return {
        table: [
            {"label": row.bin.label, "low": row.bin.low, "high": row.bin.high, "users": row.users}
            for row in next(iter(models.values()))
        ]
        for table, models in activity.items()
    }


def item_bins(tables: Mapping[str, ItemBins]) -> dict[str, list[dict[str, Any]]]:
    """The bins of items, by table; the same for all models."""
    return {
        table: [
            {"label": each.label, "low": each.low, "high": each.high, "users": int(users), "relevant": int(relevant)}
            for each, users, relevant in zip(found.bins, found.users, found.relevant, strict=True)
            if users
        ]
        for table, found in tables.items()
    }


def versions() -> dict[str, str]:
    """Of segue, Python and the libraries that numbers depend on."""
    libraries = {name: version(name) for name in ("numpy", "scipy", "numba", "polars")}
    return {"segue": segue.__version__, "python": platform.python_version(), **libraries}


def _moment(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return None  # a time that no calendar holds
