"""The metrics beyond accuracy, by the three ways in which they come about: per list, of the system, of predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from segue.core.arrays import Float64Array
from segue.core.catalogue import Catalogue
from segue.errors import SettingsError
from segue.metrics.background import Answered, Background, Need
from segue.metrics.calibration import calibration
from segue.metrics.content import has_content
from segue.metrics.diversity import diversity, factor_diversity
from segue.metrics.exposure import Exposure, coverage, entropy, gini, personalization, top_share
from segue.metrics.familiarity import novelty, popularity, popularity_lift
from segue.metrics.ratings import ERROR_MEASURES, ErrorMeasure
from segue.metrics.serendipity import serendipity

ListFunction: TypeAlias = Callable[[Answered, Background, int, "int | None"], Float64Array]


@dataclass(frozen=True, slots=True)
class ListMetric:
    """A metric of each list for itself, whose value is the mean over the users for whom it is defined.

    name:             as it stands in tables, "novelty@20".
    k:                how many entries of a list it looks at.
    function:         (answered, background, k, threads) -> one float64 per list, shape (n,), NaN where undefined.
    needs:            what the background must hold, if anything.
    higher_is_better: which way a search for hyper-parameters goes; more novelty is not always a gain.
    """

    name: str
    k: int
    function: ListFunction
    needs: Need | None = None
    higher_is_better: bool = True

    def compute(self, answered: Answered, background: Background, *, threads: int | None = None) -> Float64Array:
        """The value of each list, float64 (n,), NaN where it is undefined."""
        return self.function(answered, background, self.k, threads)


@dataclass(frozen=True, slots=True)
class SystemMetric:
    """A metric of all lists at once; NaN where it is undefined. Fields as in `ListMetric`."""

    name: str
    k: int
    compute: Callable[[Exposure], float]
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class RatingMetric:
    """A metric of predicted weights, which looks at no list: `compute` takes the sums of `Rated.sums`, (..., 5)."""

    name: str
    compute: ErrorMeasure
    k: int | None = None
    higher_is_better: bool = False


BeyondMetric: TypeAlias = ListMetric | SystemMetric | RatingMetric

LIST_METRICS: Final[Mapping[str, tuple[ListFunction, Need | None, bool]]] = MappingProxyType(
    {
        "novelty": (novelty, None, True),
        "popularity": (popularity, None, False),
        "popularity_lift": (popularity_lift, None, False),
        "diversity": (diversity, "content", True),
        "factor_diversity": (factor_diversity, "vectors", True),
        "calibration": (calibration, "genres", False),
        "serendipity": (serendipity, None, True),
    }
)
"""Metrics of a list, named with k: the function, what it needs, and whether higher is better."""

SYSTEM_METRICS: Final[Mapping[str, tuple[Callable[[Exposure], float], bool]]] = MappingProxyType(
    {
        "coverage": (coverage, True),
        "gini": (gini, False),
        "entropy": (entropy, True),
        "top_share": (top_share, False),
        "personalization": (personalization, True),
    }
)
"""Metrics of all lists at once, named with k: the function, and whether higher is better."""

RATING_METRICS: Final[Mapping[str, RatingMetric]] = MappingProxyType(
    {name: RatingMetric(name, compute, higher_is_better=name == "r2") for name, compute in ERROR_MEASURES.items()}
)
"""Metrics of predicted weights; they look at no list."""


def cut_metric(stem: str, k: int) -> ListMetric | SystemMetric:
    """The metric of this name for the first k entries; KeyError for a name of neither table."""
    if stem in LIST_METRICS:
        function, needs, higher_is_better = LIST_METRICS[stem]
        return ListMetric(f"{stem}@{k}", k, function, needs, higher_is_better)
    compute, higher_is_better = SYSTEM_METRICS[stem]
    return SystemMetric(f"{stem}@{k}", k, compute, higher_is_better)


def cautions(metrics: Iterable[object], cut: float | None = None) -> tuple[str, ...]:
    """What a reader of these metrics must know, as sentences; none where all of them speak for themselves.

    cut: hidden ratings up to this one were left out, since they are not relevant; None where none were.
    """
    names = [metric.name for metric in metrics if isinstance(metric, RatingMetric)]
    if not names:
        return ()
    take = "take" if len(names) > 1 else "takes"
    said = (
        f"{', '.join(names)} {take} scores for predicted weights of a model that predicts no ratings; for those that "
        "only rank, such as popularity and item-knn, the figure is noise"
    )
    if cut is None:
        return (said,)
    return said, (
        f"{', '.join(names)} {'look' if len(names) > 1 else 'looks'} at hidden ratings above {cut:g} only, since "
        "relevant_above leaves the others out; set it below the scale to predict all"
    )


def check_needs(metrics: Iterable[BeyondMetric], catalogue: Catalogue) -> None:
    """Raises SettingsError where a metric needs a column that the catalogue does not have."""
    for metric in metrics:
        needs = metric.needs if isinstance(metric, ListMetric) else None
        if needs == "genres" and not catalogue.has("genres"):
            raise SettingsError(
                f"{metric.name} needs the catalogue column 'genres', which is missing or empty; "
                "import the genres of the items, or leave the metric out"
            )
        if needs == "content" and not has_content(catalogue):
            raise SettingsError(
                f"{metric.name} needs one of the catalogue columns 'genres', 'tags', 'artist' (with several items of "
                "one) and the audio features, and there is none; import one, or leave the metric out"
            )
