"""User neighbours: what was liked by those who listened alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float32Array, Float64Array, Int32Array, frozen
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Choice, Float, Int, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, SettingsError
from segue.kernels.user_neighbours import nearest_users, sums_of_users
from segue.models.fitted import FittedModel
from segue.models.item_knn import check_neighbourhood
from segue.models.listeners import Listeners
from segue.models.terms import rarity
from segue.models.weighting import Weighting, check_weighting, weighted

UserSimilarity: TypeAlias = Literal["cosine", "jaccard"]
UserTerms: TypeAlias = Literal["none", "tf-idf"]


@dataclass(frozen=True)
class UserKNN:
    """What the training histories nearest to a history like (Herlocker et al. 1999; Aiolli 2013).

    With h the history and x_v those of training, of values f(weight) idf_i, and U their sets of likes, the
    similarity is

        "cosine":  s_v = h . x_v / (|h|^(2 - 2 alpha) |x_v|^(2 alpha) + shrinkage)
        "jaccard": s_v = |U_h & U_v| / (|U_h | U_v| + shrinkage)

    and score(i) = sum of s_v^locality f(w_vi) over the `neighbours` histories v with the largest positive similarity.

    similarity: "cosine" or "jaccard".
    neighbours: how many histories are asked, at least 1.
    shrinkage:  0 or more; draws similarities that rest on few items towards zero.
    weighting:  f, see `segue.models.weighting.weighted`; `exponent` is that of "power".
    alpha:      of the cosine, 0 to 1; 0.5 is the cosine itself, more holds back neighbours with much.
    locality:   above 0: the larger, the more only the nearest count.
    terms:      "tf-idf": items that many have say less about a taste, idf_i = log(1 + n_users / n_i). "none": idf is 1.
    normalize:  whether the weights of the neighbours are made to sum to one. The order of a list is the same; scores of
                different histories can then be compared.

    The model keeps the training histories, without the names of their users; a history is compared with all of them.
    """

    name: ClassVar[str] = "user-knn"
    space: ClassVar[Space] = {
        "similarity": Choice(("cosine", "jaccard")),
        "neighbours": Int(20, 1000, log=True),
        "shrinkage": Float(0.1, 50.0, log=True),
        "weighting": Choice(("binary", "log", "power")),
        "alpha": Float(0.2, 0.8),
        "locality": Float(0.5, 4.0, log=True),
        "terms": Choice(("none", "tf-idf")),
    }

    similarity: UserSimilarity = "cosine"
    neighbours: int = 100
    shrinkage: float = 1.0
    weighting: Weighting = "binary"
    exponent: float = 0.5
    alpha: float = 0.5
    locality: float = 2.0
    terms: UserTerms = "tf-idf"
    normalize: bool = False

    def __post_init__(self) -> None:
        for name, value, kind in (("similarity", self.similarity, UserSimilarity), ("terms", self.terms, UserTerms)):
            if value not in get_args(kind):
                raise SettingsError(f"{name} must be one of {', '.join(get_args(kind))}, got {value!r}")
        check_neighbourhood(self.neighbours, self.shrinkage, self.alpha, self.locality)
        check_weighting(self.weighting, self.exponent)

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int = 0,  # noqa: ARG002  # part of the protocol; nothing here is random
        progress: Progress = SILENT,  # noqa: ARG002  # part of the protocol; nothing here takes long
        threads: int | None = None,  # noqa: ARG002
    ) -> UserKNNModel:
        """The training histories, read by user and by item. Raises DataError where no entry has a positive weight."""
        matrix = weighted(dataset.histories, self.weighting, self.exponent).csr(dataset.n_items)
        matrix.eliminate_zeros()
        if not (matrix.data > 0).any():
            raise DataError("user neighbours need at least one entry with a positive weight, and there is none")
        idf = np.ones(dataset.n_items)
        if self.terms == "tf-idf":
            idf = rarity(np.bincount(matrix.indices, minlength=dataset.n_items), dataset.n_users)
        return UserKNNModel(self, dataset.items, Listeners.of(matrix), idf)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> UserKNNModel:
        """See `segue.core.protocols.Configuration.restore`."""
        if "idf" not in arrays or arrays["idf"].shape != (len(items),):
            raise ArtifactError(f"the saved model lacks idf values for its {len(items)} items; train it again")
        return UserKNNModel(self, items, Listeners.restored(arrays, len(items)), arrays["idf"])


class UserKNNModel(FittedModel):
    """Fitted user neighbours. An item has evidence where a neighbour likes it; a neighbour's dislikes subtract."""

    def __init__(self, configuration: UserKNN, items: Vocabulary, listeners: Listeners, idf: Float64Array) -> None:
        super().__init__(configuration, items)
        self._listeners = listeners
        self._idf: Float64Array = frozen(idf, np.float64)
        offsets, positions, values = listeners.by_user
        self._sizes = self._size(offsets, positions, values, configuration.alpha)

    def neighbours(self, histories: Histories, *, threads: int | None = None) -> tuple[Int32Array, Float32Array]:
        """The rows of the training data nearest to each history, nearest first, and their similarities.

        int32 (-1 pads) and float32 (0 pads), both (n, k), with k the smaller of `neighbours` and their number.
        """
        return self._nearest(self._query(histories.known(self._n_items)[0]), threads)

    def explain(self, history: Histories, item: int) -> Explanation:
        """Exact shares, the neighbours held as they are: each one's part of the score, shared out among the items of
        the history as they make its similarity. The baseline is 0, or -inf without evidence.
        """
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        if not 0 <= item < self._n_items:
            raise DataError(f"item must lie in 0..{self._n_items - 1}, got {item}")
        query = self._query(history.known(self._n_items)[0])
        near, similarities = self._nearest(query, 1)
        weights = self._weights(similarities)
        offsets, positions, values = self._listeners.by_user
        contributions, evidence = np.zeros(query.items.size), False
        for user, weight in zip(near[0], weights[0].astype(np.float64), strict=True):
            own = slice(offsets[user], offsets[user + 1]) if user >= 0 else slice(0)
            theirs = np.zeros(self._n_items)
            theirs[positions[own]] = values[own]
            if theirs[item] == 0:
                continue
            evidence |= bool(theirs[item] > 0)
            shares = self._shares(query, theirs)
            contributions += weight * theirs[item] * shares / shares.sum()
        baseline = 0.0 if evidence else -np.inf
        score = float(np.float32(baseline + contributions.sum()))
        return Explanation(score, baseline, query.items, contributions.astype(np.float32), "additive")

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        return {**self._listeners.stored(), "idf": self._idf}

    def _query(self, histories: Histories) -> Histories:
        return weighted(histories, self._configuration.weighting, self._configuration.exponent)

    def _shares(self, query: Histories, theirs: Float64Array) -> Float64Array:
        """What each item of a history adds to its product with a neighbour's."""
        mine = query.weights.astype(np.float64)
        if self._configuration.similarity == "jaccard":
            return ((mine > 0) & (theirs[query.items] > 0)).astype(np.float64)
        return mine * theirs[query.items] * np.square(self._idf[query.items])

    def _size(
        self, offsets: npt.NDArray[np.int64], positions: Int32Array, values: Float32Array, share: float
    ) -> Float64Array:
        """|U|, or |x|^(2 share), of each row."""
        rows, n = np.repeat(np.arange(offsets.size - 1), np.diff(offsets)), offsets.size - 1
        if self._configuration.similarity == "jaccard":
            return np.bincount(rows[values > 0], minlength=n).astype(np.float64)
        squares = np.bincount(rows, np.square(values * self._idf[positions]), minlength=n)
        return np.asarray(squares**share, np.float64)

    def _nearest(self, query: Histories, threads: int | None) -> tuple[Int32Array, Float32Array]:
        settings: UserKNN = self._configuration
        values = query.weights
        if settings.similarity == "cosine":
            values = (values * np.square(self._idf[query.items])).astype(np.float32)
        return nearest_users(
            (query.offsets, query.items, values),
            self._listeners.by_item,
            self._size(query.offsets, query.items, query.weights, 1 - settings.alpha),
            self._sizes,
            k=min(settings.neighbours, self._listeners.n_users),
            union=settings.similarity == "jaccard",
            shrinkage=float(settings.shrinkage),
            threads=threads,
        )

    def _weights(self, similarities: Float32Array) -> Float32Array:
        settings: UserKNN = self._configuration
        weights = similarities ** np.float32(settings.locality)
        if settings.normalize:
            totals = weights.sum(axis=1, dtype=np.float64, keepdims=True)
            weights /= np.where(totals > 0, totals, 1).astype(np.float32)
        return np.asarray(weights, np.float32)

    def _score(self, histories: Histories, threads: int | None) -> Float32Array:
        near, similarities = self._nearest(self._query(histories), threads)
        return sums_of_users(near, self._weights(similarities), self._listeners.by_user, self._n_items, threads=threads)
