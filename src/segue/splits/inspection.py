"""Looking a split over: is the part that is asked a fair sample, and does training know the future?

Popularity of an item in training is the number of users who have it, in the part the number of users to whom it is
relevant. Two numbers tell how the part differs: the Gini index of popularity (0: all alike; 1: one item is everything)
and Kendall's tau-b between the two popularities. Both depend on how large the part is, so each is held against its mean
over fair parts: as many (user, item) pairs drawn at random from training and part together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
import scipy.stats

from segue.core.arrays import Float64Array, Int64Array
from segue.core.dataset import Dataset
from segue.errors import DataError
from segue.splits.as_published import PublishedSplit
from segue.splits.split import Part, Split

UNFAIR: Final = 0.1
"""How far tau may lie below, and the Gini index away from, that of fair parts (or three of their deviations)."""
LEAK: Final = 0.01
"""What share of the training entries may be later than what is to be guessed."""

_MANY_ITEMS: Final = 50_000  # from here on fair parts vary little and cost much: three are drawn, not ten


@dataclass(frozen=True, slots=True)
class Popularity:
    """Item popularity in training and in the part that is asked; None where it cannot be told (all items alike).

    gini_fair, kendall_tau_fair: means over fair parts of the same size.
    """

    gini_train: float
    gini_test: float
    gini_fair: float
    kendall_tau: float | None
    kendall_tau_fair: float | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was seen. `warnings` are sentences; none where the split is what a careful reader hopes for."""

    popularity: Popularity
    warnings: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """The popularity figures as plain JSON values."""
        return asdict(self.popularity)


def inspect(split: Split, part: Literal["test", "validation"] = "test", seed: int = 0) -> Inspection:
    """Looks at one part of a split; `seed` draws the fair parts.

    It warns where
    - tau lies below that of fair parts by more than `UNFAIR` (and three of their standard deviations), or the Gini
      index away from theirs by as much. Where training knows no relevant item (item hold-out) that is the purpose;
    - on average over the hidden items, more than the share `LEAK` of the training entries are later than the item;
    - users are shown entries that are later than what is hidden from them;
    - a published test file repeats what its training file tells.
    Raises DataError where the split has no such part.
    """
    asked = split.test if part == "test" else split.validation
    if asked is None:
        raise DataError("the split has no validation part to look at; ask for a share of validation above 0")
    popularity, unfair = _popularity(split.train, asked, seed)
    return Inspection(popularity, (*unfair, *_leaks(split.train, asked), *_repeated(split)))


def gini(counts: Int64Array) -> float:
    """The Gini index of counts that are not negative: 0 where all are alike, 1 - 1/n where one of n has all.

    sum_i (2 i - n - 1) x_i / (n sum x), of x in rising order; 0 without any.
    """
    n, total = counts.size, float(counts.sum())
    if not total:
        return 0.0
    weights = 2.0 * np.arange(1, n + 1) - n - 1
    return float(weights @ np.sort(counts) / (n * total))


def _popularity(train: Dataset, part: Part, seed: int) -> tuple[Popularity, list[str]]:
    n_items = train.n_items
    learned = np.bincount(train.histories.merged().items, minlength=n_items)
    hidden = np.bincount(part.relevant.items, minlength=n_items)
    there = np.flatnonzero(learned + hidden)
    learned, hidden = learned[there], hidden[there]
    generator = np.random.default_rng(seed)
    ginis, taus = [], []
    for _ in range(10 if there.size < _MANY_ITEMS else 3):
        drawn = generator.multivariate_hypergeometric(learned + hidden, int(hidden.sum()), method="marginals")
        ginis.append(gini(drawn))
        taus.append(_tau(learned + hidden - drawn, drawn))
    fair_taus: Float64Array = np.array([tau for tau in taus if tau is not None])
    found = Popularity(
        gini(learned),
        gini(hidden),
        float(np.mean(ginis)),
        _tau(learned, hidden),
        float(fair_taus.mean()) if fair_taus.size else None,
    )
    warnings = []
    if learned[hidden > 0].any():
        if found.kendall_tau is not None and found.kendall_tau_fair is not None:
            margin = max(UNFAIR, 3 * float(fair_taus.std()))
            if found.kendall_tau < found.kendall_tau_fair - margin:
                warnings.append(
                    "not a fair sample: what is popular in training is less so among the hidden items (Kendall tau "
                    f"{found.kendall_tau:.2f}; a random part of this size has {found.kendall_tau_fair:.2f})"
                )
        if abs(found.gini_test - found.gini_fair) > max(UNFAIR, 3 * float(np.std(ginis))):
            more = "more" if found.gini_test > found.gini_fair else "less"
            warnings.append(
                f"not a fair sample: the hidden items are {more} concentrated than those of training (Gini "
                f"{found.gini_test:.2f}; a random part of this size has {found.gini_fair:.2f})"
            )
    return found, warnings


def _tau(a: Int64Array, b: Int64Array) -> float | None:
    if a.size < 2 or a.min() == a.max() or b.min() == b.max():
        return None
    return float(scipy.stats.kendalltau(a, b).statistic)


def _leaks(train: Dataset, part: Part) -> list[str]:
    known, hidden = train.histories.times, part.relevant.times
    warnings = []
    if known is not None and hidden is not None and known.size:
        later = 1 - np.searchsorted(np.sort(known), hidden, side="right") / known.size
        if later.mean() > LEAK:
            warnings.append(
                f"the future is known: {later.mean():.0%} of the training entries are later than what is to be guessed "
                "(mean over the hidden items); a time cut tells how well tomorrow is guessed"
            )
    if part.given.times is not None and hidden is not None:
        first = np.full(len(part), np.iinfo(np.int64).max)
        np.minimum.at(first, part.relevant.row_of_entry, hidden)
        shown = part.given.row_of_entry
        n = np.unique(shown[part.given.times > first[shown]]).size
        if n:
            warnings.append(
                f"{n} of {len(part)} users are shown entries that are later than what is hidden from them; "
                "hide the last items, or cut by time"
            )
    return warnings


def _repeated(split: Split) -> list[str]:
    how = split.how
    if not isinstance(how, PublishedSplit) or not how.known_already:
        return []
    told = f"{how.known_already} items of users in {how.test_file} stand in {how.train_file}, too"
    return [f"{told}; what is known is not recommended, so they are left out"]
