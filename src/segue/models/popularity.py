"""Popularity: what many listen to, now or ever, everywhere or within the genres that a history shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from segue.core.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, frozen
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Choice, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, SettingsError
from segue.kernels.ranked import ranked_topk
from segue.models.fitted import FittedModel, gather_rows
from segue.models.new_items import check_extends

Count: TypeAlias = Literal["users", "plays"]
Within: TypeAlias = Literal["all", "genres"]

_DAY: Final = 86_400.0  # seconds


@dataclass(frozen=True)
class Popularity:
    """Counts what is liked; the same list for everybody, or one list for each mixture of genres.

    count:     "users": how many histories hold the item; "plays": the sum of the weights.
    half_life: days after which a count is worth half, measured back from the newest entry of the dataset; a history
               counts for the time it last held the item, a play for its own. None: a count keeps its worth.
    within:    "all": score = count. "genres": score = count * the share of the history's genres that the item has, with
               every liked item of the history counting 1, split evenly over its genres, and the item's own genres
               weighted evenly likewise; an item of other genres, or of none, has no evidence.

    Dislikes and stored zeros are left out of the counts. An item that nobody likes has no evidence.
    """

    name: ClassVar[str] = "popularity"
    space: ClassVar[Space] = {"count": Choice(("users", "plays")), "half_life": Choice((None, 30.0, 90.0, 365.0))}

    count: Count = "users"
    half_life: float | None = None
    within: Within = "all"

    def __post_init__(self) -> None:
        if self.count not in get_args(Count):
            raise SettingsError(f"count must be 'users' or 'plays', got {self.count!r}")
        if self.half_life is not None and not 0 < self.half_life < np.inf:
            raise SettingsError(f"half_life must be a number of days above 0, or None, got {self.half_life!r}")
        if self.within not in get_args(Within):
            raise SettingsError(f"within must be 'all' or 'genres', got {self.within!r}")

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int = 0,  # noqa: ARG002  # part of the protocol; nothing here is random
        progress: Progress = SILENT,
        threads: int | None = None,  # noqa: ARG002  # one pass, bound by memory
    ) -> PopularityModel:
        """The counts. Raises DataError where nothing is liked, and where times or genres are asked for and missing."""
        histories = dataset.histories
        if self.count == "plays" and dataset.feedback == "ratings":
            raise DataError("the sum of ratings is no popularity: use count='users' for a dataset of ratings")
        if self.half_life is not None and histories.times is None:
            raise DataError("half_life needs times, and this dataset has none: leave it out, or import a time column")
        if self.within == "genres" and not dataset.catalogue.has("genres"):
            raise DataError("within='genres' needs the catalogue column 'genres', and it is missing or empty")
        with progress.task("Counting", total=1):
            counts = _counts(histories, dataset.n_items, self.count, self.half_life)
        if not counts.any():
            raise DataError("popularity needs at least one entry with a positive weight, and there is none")
        genres = _genres(dataset) if self.within == "genres" else None
        return PopularityModel(self, dataset.items, counts.astype(np.float32), genres)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> PopularityModel:
        """See `segue.core.protocols.Configuration.restore`."""
        try:
            counts = arrays["counts"]
            if counts.shape != (len(items),):
                raise ArtifactError(
                    f"the saved counts have shape {counts.shape} for {len(items)} items; train it again"
                )
            genres = None
            if self.within == "genres":
                n_genres = int(arrays["n_genres"][0])
                parts = (arrays["genre_shares"], arrays["genres"], arrays["genre_offsets"])
                genres = sp.csr_array(parts, shape=(len(items), n_genres))
        except KeyError as error:
            raise ArtifactError(f"the saved model lacks the array {error}; train it again") from None
        except ValueError as error:
            raise ArtifactError(f"the saved genres are damaged ({error}); train it again") from None
        return PopularityModel(self, items, counts, genres)


class PopularityModel(FittedModel):
    """Fitted popularity. `counts` also serves those of whom nothing is known: see `Pipeline`."""

    def __init__(
        self, configuration: Popularity, items: Vocabulary, counts: Float32Array, genres: sp.csr_array[Any] | None
    ) -> None:
        self._counts = frozen(counts, np.float32)
        super().__init__(configuration, items, Origins.trained(self._counts > 0))
        self._popularity = configuration
        self._genres = genres
        order = np.lexsort((np.arange(counts.size), -self._counts))
        self._ranking = frozen(order[self._counts[order] > 0], np.int32)

    @property
    def counts(self) -> Float32Array:
        """What was counted, float32, shape (n_items,); 0 for an item that nobody likes."""
        return self._counts

    @property
    def ranking(self) -> Int32Array:
        """The items with a count, most popular first, ties by position, int32."""
        return self._ranking

    def explain(self, history: Histories, item: int) -> Explanation:
        """Without genres the baseline is the score and no history item has a share; within genres the shares add up."""
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        if not 0 <= item < self._n_items:
            raise DataError(f"item must lie in 0..{self._n_items - 1}, got {item}")
        known = history.known(self._n_items)[0].merged()
        score = float(self.score(history, np.array([[item]], np.int32))[0, 0])
        shares = np.zeros(known.n_entries, np.float32)
        if self._genres is None or score == -np.inf:
            return Explanation(score, score, known.items, shares, "additive")
        liked = known.weights > 0
        overlap = (self._genres[known.items] @ self._genres[[item]].T).toarray()[:, 0]
        shares = np.where(liked, self._counts[item] * overlap / max(1, np.count_nonzero(liked)), 0)
        return Explanation(score, 0.0, known.items, shares.astype(np.float32), "additive")

    def with_items(self, dataset: Dataset, *, threads: int | None = None) -> PopularityModel:  # noqa: ARG002
        """See `segue.core.protocols.TakesItems`. All is counted anew, old items too: counts are all that there is here,
        and those of different times could not be compared. Raises as `Popularity.fit` does."""
        check_extends(dataset, self.items)
        return self._popularity.fit(dataset)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        arrays: dict[str, npt.NDArray[Any]] = {"counts": self._counts}
        if self._genres is not None:
            arrays["genre_shares"] = self._genres.data
            arrays["genres"] = self._genres.indices
            arrays["genre_offsets"] = self._genres.indptr
            arrays["n_genres"] = np.array([self._genres.shape[1]], np.int64)
        return arrays

    def _score(self, histories: Histories, threads: int | None) -> Float32Array:  # noqa: ARG002  # sparse and short
        if self._genres is None:
            scores = np.broadcast_to(self._counts, (len(histories), self._n_items)).copy()
        else:
            scores = (self._genres @ self._profiles(histories).T).T.astype(np.float32) * self._counts
        scores[scores <= 0] = -np.inf
        return np.ascontiguousarray(scores)

    def _score_candidates(self, histories: Histories, candidates: Int32Array) -> Float32Array:
        if self._genres is not None:
            return super()._score_candidates(histories, candidates)
        counts = self._counts[np.maximum(candidates, 0)]
        return np.where(counts > 0, counts, np.float32(-np.inf))

    def _profiles(self, histories: Histories) -> Float64Array:
        """The genres of what each history likes, (n, n_genres); a row sums to at most 1."""
        assert self._genres is not None
        merged = histories.merged()
        liked = merged.where(merged.weights > 0)
        ones = np.ones(liked.n_entries)
        matrix = sp.csr_array((ones, liked.items, liked.offsets), shape=(len(liked), self._n_items))
        profiles: Float64Array = (matrix @ self._genres).toarray() / np.maximum(1, liked.lengths)[:, None]
        return profiles

    def _recommend_into(
        self,
        items: Int32Array,
        scores: Float32Array,
        histories: Histories,
        answered: Int64Array,
        blocked_offsets: Int64Array,
        blocked: Int32Array,
        mask: BoolArray,
        threads: int | None,
    ) -> None:
        if self._genres is not None:
            super()._recommend_into(items, scores, histories, answered, blocked_offsets, blocked, mask, threads)
            return
        ranking = self._ranking[mask[self._ranking]] if mask.size else self._ranking
        offsets, there = gather_rows(blocked_offsets, blocked, answered)
        lists = ranked_topk(ranking, answered.size, self._n_items, items.shape[1], offsets, there, threads=threads)
        items[answered] = lists
        scores[answered] = np.where(lists >= 0, self._counts[np.maximum(lists, 0)], np.float32(-np.inf))


def _counts(histories: Histories, n_items: int, count: Count, half_life: float | None) -> Float64Array:
    worth = np.ones(histories.n_entries)
    if half_life is not None and histories.times is not None and histories.times.size:
        worth = np.exp2((histories.times - histories.times.max()) / (half_life * _DAY))
    if count == "plays":
        plays = np.maximum(histories.weights, 0).astype(np.float64) * worth
        return np.bincount(histories.items, plays, minlength=n_items).astype(np.float64)
    merged = histories.merged()
    if half_life is not None and merged.n_entries < histories.n_entries:
        worth = _latest(histories, worth)
    elif half_life is None:
        worth = np.ones(merged.n_entries)
    liked = merged.weights > 0
    return np.bincount(merged.items[liked], worth[liked], minlength=n_items).astype(np.float64)


def _latest(histories: Histories, worth: Float64Array) -> Float64Array:
    """For each entry of `histories.merged()`, the largest worth of the entries merged into it."""
    key = histories.row_of_entry * np.int64(histories.n_items) + histories.items
    distinct, first, group = np.unique(key, return_index=True, return_inverse=True)
    largest = np.zeros(distinct.size)
    np.maximum.at(largest, group, worth)
    return largest[np.argsort(first)]  # merged entries stand at the place of their first occurrence


def _genres(dataset: Dataset) -> sp.csr_array[Any]:
    """Items x genres, float32: an item's row is spread evenly over its genres and sums to 1, or is empty."""
    rows = dataset.catalogue.frame.with_row_index("item").select("item", "genres").explode("genres").drop_nulls()
    rows = rows.unique(maintain_order=True)
    genres, columns = Vocabulary.encode(rows["genres"])
    items = rows["item"].to_numpy().astype(np.int64)
    shares = 1 / np.bincount(items, minlength=dataset.n_items)[items]
    return sp.csr_array((shares.astype(np.float32), (items, columns)), shape=(dataset.n_items, len(genres)))
