"""What may be said about the means of several models: intervals, all pairs held against each other, who ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from segue.core.arrays import Float64Array
from segue.evaluation.uncertainty import (
    holm,
    interval,
    randomization_p,
    resampled_means,
    sign_flipped_means,
    two_sided_p,
)
from segue.metrics import Metric

SIGNIFICANT: Final = 0.05
_FLIPS: Final = 200  # signs drawn for each pair of models: the least p, corrected, is a tenth of the level


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on one metric, user by user.

    difference: how much better `a` is than `b` in the mean (for a metric of which less is better, how much less);
                low, high: its paired bootstrap interval.
    p_bootstrap, p_randomization: of "no difference", by either test; ..._holm: corrected for the number of pairs.
    """

    metric: str
    a: str
    b: str
    difference: float
    low: float
    high: float
    p_bootstrap: float
    p_randomization: float
    p_bootstrap_holm: float
    p_randomization_holm: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean of one metric over users for one model, beside the best model of that metric.

    low, high: the ends of its bootstrap interval.
    behind:    how much worse than the best model, 0 for the best; behind_low, behind_high: the paired interval.
    p:         of "no different from the best", by the paired randomization test; p_holm: corrected for the number of
               pairs of models, since which model is best is itself read off the data. None for the best itself.
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
        return self.p_holm is None or self.p_holm >= SIGNIFICANT


def compare(
    names: Sequence[str],
    metrics: Sequence[Metric],
    values: Sequence[Float64Array],
    resamples: int,
    level: float,
    seed: int,
) -> tuple[tuple[Estimate, ...], tuple[Comparison, ...]]:
    """Estimates by model, then metric, and comparisons of all pairs by metric, in the order of the models.

    values: one matrix per model, float64 (n users, m metrics), of the same users in the same order.

    The randomization test draws more signs where there are more pairs: r draws find no p below 1 / (r + 1), which the
    correction for many pairs would lift over any level.
    """
    n_models, n_metrics = len(names), len(metrics)
    together = np.concatenate(values, axis=1)
    n = together.shape[0]
    means = together.mean(axis=0).reshape(n_models, n_metrics)
    drawn = resampled_means(together, resamples, seed)
    low, high = (ends.reshape(n_models, n_metrics) for ends in interval(drawn, level))
    drawn = drawn.reshape(len(drawn), n_models, n_metrics)
    flipped = sign_flipped_means(together, max(resamples, _FLIPS * (n_models * (n_models - 1) // 2)), seed)
    flipped = flipped.reshape(len(flipped), n_models, n_metrics)
    estimates: list[list[Estimate]] = [[] for _ in names]
    comparisons: list[Comparison] = []
    p: tuple[float | None, float | None]
    for column, metric in enumerate(metrics):
        sign = 1.0 if metric.higher_is_better else -1.0
        best = int(np.argmax(sign * means[:, column]))
        pairs = _pairs(
            names, metric.name, sign * means[:, column], sign * drawn[:, :, column], flipped[:, :, column], level, n
        )
        comparisons += pairs.values()
        for number, name in enumerate(names):
            edge = pairs.get((min(best, number), max(best, number)))
            if edge is None:
                behind, ends, p = 0.0, (0.0, 0.0), (None, None)
            else:
                behind, p = abs(edge.difference), (edge.p_randomization, edge.p_randomization_holm)
                ends = (edge.low, edge.high) if best < number else (0.0 - edge.high, 0.0 - edge.low)
            estimates[number].append(
                Estimate(
                    name,
                    metric.name,
                    float(means[number, column]),
                    float(low[number, column]),
                    float(high[number, column]),
                    behind,
                    *ends,
                    *p,
                )
            )
    return tuple(estimate for row in estimates for estimate in row), tuple(comparisons)


def _pairs(
    names: Sequence[str],
    metric: str,
    means: Float64Array,
    drawn: Float64Array,
    flipped: Float64Array,
    level: float,
    n: int,
) -> dict[tuple[int, int], Comparison]:
    """Every pair of models on one metric, from means (models,), resampled and sign-flipped means (r, models)."""
    pairs = list(combinations(range(len(names)), 2))
    differences = [float(means[a] - means[b]) + 0.0 for a, b in pairs]  # no -0.0 in tables
    resampled = [drawn[:, a] - drawn[:, b] for a, b in pairs]
    bootstrap = np.array([two_sided_p(each) for each in resampled])
    randomization = np.array(
        [
            randomization_p(difference, flipped[:, a] - flipped[:, b], n)
            for (a, b), difference in zip(pairs, differences, strict=True)
        ]
    )
    bootstrap_holm, randomization_holm = holm(bootstrap), holm(randomization)
    found = {}
    for number, (a, b) in enumerate(pairs):
        low, high = (float(end[0]) + 0.0 for end in interval(resampled[number][:, None], level))
        found[a, b] = Comparison(
            metric,
            names[a],
            names[b],
            differences[number],
            low,
            high,
            float(bootstrap[number]),
            float(randomization[number]),
            float(bootstrap_holm[number]),
            float(randomization_holm[number]),
        )
    return found
