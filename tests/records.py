"""Records of evaluations by hand, as reports read them."""

from __future__ import annotations

from typing import Any

from segue.evaluation.overheard import TrainingCurve
from segue.evaluation.samples import SampledItem, SampledNeighbours, SampledUser, Samples


def metric(mean: float, ties: bool = False, p: float | None = 0.01) -> dict[str, Any]:
    """A mean with an interval of a tenth to either side."""
    return {
        "mean": mean,
        "interval": [0.9 * mean, 1.1 * mean],
        "behind_best": 0.0,
        "behind_best_interval": [0.0, 0.0],
        "p": p,
        "p_holm": p,
        "ties_with_best": ties,
    }


def model(place: int) -> dict[str, Any]:
    """The results of one model; those of the next are larger."""
    base = 0.1 + 0.02 * place
    return {
        "configuration": {"name": "made", "factors": 8 * (place + 1), "half_life": None, "deep": True},
        "fit_seconds": 0.01 * 10**place,
        "recommend_seconds": 0.002 * 10**place,
        "got_nothing": 3 if place == 0 else 0,
        "metrics": {"recall@20": metric(base, place == 1), "clicks": metric(4.5 - place)},
        "beyond": {
            "coverage@20": {"mean": 0.2 + 0.1 * place, "interval": None, "users": 40},
            "novelty@20": {"mean": 3.0 + place, "interval": [2.9 + place, 3.1 + place], "users": 40},
            "gini@20": {"mean": None, "interval": None, "users": 0},
        },
        "curves": {"recall": [base / 4, base / 2, base]},
        "bins": {
            "users": {
                "fine": [
                    {"recall@20": base / 2, "intervals": {"recall@20": [0.0, base]}},
                    {"recall@20": base, "intervals": {}},
                ],
            },
            "items": {"fine": [{"recall@20": 0.0}, {"recall@20": 2 * base}]},
        },
    }


def record(*names: str) -> dict[str, Any]:
    """A run of models of these names on a made-up test part of 40 users."""
    return {
        "format": "segue evaluation",
        "version": 1,
        "versions": {"segue": "0.1.0", "numpy": "2.0.0"},
        "seed": 7,
        "threads": 2,
        "dataset": {
            "users": 400,
            "items": 1200,
            "entries": 34567,
            "feedback": "plays",
            "first": "2024-01-01T00:00:00+00:00",
            "last": "2024-12-31T23:59:59+00:00",
        },
        "split": {
            "split": "time-cut",
            "settings": {"test": 0.1, "relevant_above": 0.0},
            "seed": 7,
            "train": {"users": 390, "items": 1100, "entries": 30000},
            "test": {"users": 40, "users_without_history": 2, "users_without_relevant": 5},
            "popularity": {
                "gini_train": 0.61,
                "gini_test": 0.72,
                "gini_fair": 0.74,
                "kendall_tau": 0.5,
                "kendall_tau_fair": None,
            },
        },
        "warnings": ["the test part leaks the future"],
        "part": "test",
        "scored_at": "2025-02-03T04:05:06+00:00",
        "earlier_test_runs": 2,
        "users": 40,
        "ties": "score descending, item position ascending",
        "metrics": ["recall@20", "clicks"],
        "beyond": ["coverage@20", "novelty@20", "gini@20"],
        "lower_is_better": ["clicks"],
        "list_lengths": [5, 10, 20],
        "intervals": {"level": 0.95, "resamples": 2000, "seed": 7},
        "significance": 0.05,
        "bins": {
            "users": {"fine": [{"label": "1-4", "users": 12}, {"label": "5+", "users": 28}]},
            "items": {
                "fine": [{"label": "0", "users": 5, "relevant": 6}, {"label": "1+", "users": 39, "relevant": 90}]
            },
        },
        "comparisons": [
            {
                "metric": "recall@20",
                "a": names[0],
                "b": names[1],
                "difference": -0.02,
                "interval": [-0.03, 0.01],
                "p_randomization_holm": 0.2,
            }
        ]
        if len(names) > 1
        else [],
        "models": {name: model(place) for place, name in enumerate(names)},
    }


def samples(text: str = "Song") -> Samples:
    """One user and one item, whose names begin with this text."""
    found = SampledItem(f"{text} found", f"{text} artist", hit=True)
    missed = SampledItem(f"{text} missed", "", hit=False)
    return Samples(
        (SampledUser(f"{text} user", (missed,), 12, 3, {f"{text} model": (found, missed), "silent": ()}),),
        (SampledNeighbours(missed, "rare", 1, {f"{text} model": (found,)}),),
    )


CURVE = TrainingCurve("popularity", "loss", (3.0, 2.0, 1.5))

SEARCH: dict[str, Any] = {
    "model": "implicit-als",
    "metric": "ndcg@20",
    "higher_is_better": True,
    "trials": [{"value": 0.1}, {"value": None}, {"value": 0.3}, {"value": 0.2}],
    "best": {"number": 2, "value": 0.3, "values": {"factors": 64, "alpha": 0.25}},
    "importance": {"factors": 0.75, "alpha": 0.25},
    "edges": [{"parameter": "factors", "value": 64, "side": "high", "bound": 64}],
}
