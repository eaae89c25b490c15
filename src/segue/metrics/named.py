"""Metrics by name: "recall@20", "coverage@20", "r_precision", "clicks", "rmse"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from segue.core.arrays import Float64Array
from segue.core.histories import Histories
from segue.errors import NotFoundError, SettingsError
from segue.metrics.average_precision import average_precision, average_precision_capped
from segue.metrics.beyond import LIST_METRICS, RATING_METRICS, SYSTEM_METRICS, BeyondMetric, cut_metric
from segue.metrics.first_hit import CLICKS_DEPTH, clicks, reciprocal_rank
from segue.metrics.gain import ndcg
from segue.metrics.hits import hit_rate, precision, r_precision, recall, recall_capped
from segue.metrics.judged import Judged


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of accuracy, ready to compute.

    name:             as it stands in tables, "recall@20".
    k:                how many entries of a list it looks at; None where the metric itself says.
    compute:          judged lists -> one float64 per list, shape (n,).
    depth:            relevant items -> how long the lists must be.
    higher_is_better: False for clicks.
    """

    name: str
    k: int | None
    compute: Callable[[Judged], Float64Array]
    depth: Callable[[Histories], int]
    higher_is_better: bool = True


CUT_METRICS: Final[Mapping[str, Callable[[Judged, int], Float64Array]]] = MappingProxyType(
    {
        "precision": precision,
        "recall": recall,
        "recall_capped": recall_capped,
        "hit_rate": hit_rate,
        "map": average_precision,
        "map_capped": average_precision_capped,
        "ndcg": ndcg,
        "mrr": reciprocal_rank,
    }
)
"""Metrics of accuracy over the first k entries, named with k: "recall@20"."""

WHOLE_METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        "r_precision": Metric("r_precision", None, r_precision, lambda relevant: int(relevant.lengths.max(initial=1))),
        "clicks": Metric("clicks", None, clicks, lambda _: CLICKS_DEPTH, higher_is_better=False),
    }
)
"""Metrics that say themselves how far they look."""

METRICS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        **CUT_METRICS,
        **{name: metric.compute for name, metric in WHOLE_METRICS.items()},
        **{name: function for name, (function, *_) in LIST_METRICS.items()},
        **{name: function for name, (function, *_) in SYSTEM_METRICS.items()},
        **{name: metric.compute for name, metric in RATING_METRICS.items()},
    }
)
"""Every metric by its name without "@k": the function that computes it."""

AnyMetric: TypeAlias = Metric | BeyondMetric

_CUT: Final = (*CUT_METRICS, *LIST_METRICS, *SYSTEM_METRICS)
_WHOLE: Final[Mapping[str, AnyMetric]] = MappingProxyType({**WHOLE_METRICS, **RATING_METRICS})


def parse(name: str) -> AnyMetric:
    """The metric of a name such as "recall@20"; case and surrounding blanks do not matter.

    Raises NotFoundError, with near matches, for an unknown name; SettingsError where k is missing, 0, no number, or
    given to a metric that takes none.
    """
    stem, at, length = name.strip().casefold().partition("@")
    if stem in _WHOLE:
        if at:
            raise SettingsError(f"{stem} takes no list length; write {stem!r}, got {name!r}")
        return _WHOLE[stem]
    if stem not in _CUT:
        raise _unknown(name, stem, at + length)
    if not at:
        raise SettingsError(f"{stem} needs a list length, as in '{stem}@20'; got {name!r}")
    if not re.fullmatch(r"[0-9]{1,9}", length) or int(length) == 0:
        raise SettingsError(f"the list length after '@' must be a whole number of at least 1, got {name!r}")
    return accuracy(stem, int(length)) if stem in CUT_METRICS else cut_metric(stem, int(length))


def accuracy(stem: str, k: int) -> Metric:
    """The metric of `CUT_METRICS` of this name for the first k entries."""
    compute = CUT_METRICS[stem]
    return Metric(f"{stem}@{k}", k, lambda judged: compute(judged, k), lambda _: k)


def parse_all(names: Iterable[str]) -> tuple[AnyMetric, ...]:
    """The metrics of these names, in order, each once; SettingsError where there is none."""
    metrics = {metric.name: metric for metric in map(parse, names)}
    if not metrics:
        raise SettingsError(f"name at least one metric; known are {_known()}")
    return tuple(metrics.values())


def _unknown(name: str, stem: str, suffix: str) -> NotFoundError:
    from rapidfuzz import process  # deferred: only a misspelled name needs it

    close = process.extract(stem, list(METRICS), limit=3, score_cutoff=60)
    near = [choice + suffix if choice in _CUT else choice for choice, _, _ in close]
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {_known()}"
    return NotFoundError(f"no metric is called {name!r}; {hint}", near)


def _known() -> str:
    return ", ".join([*(f"{stem}@k" for stem in _CUT), *_WHOLE])
