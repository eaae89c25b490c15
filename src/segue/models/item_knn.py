"""Item neighbours: what was heard by the same listeners is alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from segue.core.arrays import BoolArray, Float64Array
from segue.core.dataset import Dataset
from segue.core.origins import ORIGINS, Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Choice, Float, Int, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.kernels.neighbours import nearest
from segue.models.item_weights import Operator, restored
from segue.models.neighbour_lists import NeighbourModel
from segue.models.new_items import check_extends, known_items
from segue.models.terms import Terms, check_terms, termed
from segue.models.weighting import Weighting, check_weighting, weighted

Similarity: TypeAlias = Literal["cosine", "jaccard", "dot"]


@dataclass(frozen=True)
class ItemKNN:
    """Each item's nearest neighbours by the users they share (Sarwar et al. 2001; Deshpande & Karypis 2004).

    With x_i the column of item i in the users x items matrix of weighted values, U_i the users who like i, and h the
    shrinkage, which draws similarities that rest on few users towards zero, the similarity of a candidate i to an item
    j of the history is

        "cosine":  s_ij = x_i . x_j / (|x_i|^(2 - 2 alpha) |x_j|^(2 alpha) + h)
        "jaccard": s_ij = |U_i & U_j| / (|U_i | U_j| + h)
        "dot":     s_ij = x_i . x_j / (1 + h)

    and score(i) = sum of f(w_j) s_ij^locality over the items j of the history that are among the `neighbours` nearest
    to i. (The neighbours kept are the candidate's, not the history item's: with cosine this ranks a little better.)
    Only positive similarities count. A dislike enters the products with its sign, and is no member of Jaccard's sets.

    similarity: "cosine", "jaccard" or "dot", which belongs to "bm25".
    neighbours: how many items each item keeps, at least 1.
    shrinkage:  h, 0 or more, in the unit of the product (users, where the weighting is binary). Without any, two items
                that one listener alone heard are as alike as can be, and sparse data drown in such pairs.
    weighting:  f, see `segue.models.weighting.weighted`; `exponent` is that of "power".
    alpha:      of the cosine, 0 to 1 (Aiolli 2013, Efficient top-N recommendation for very large scale binary rated
                datasets): 0.5 is the cosine itself; with binary values 1 is the share of j's users who have i, which
                favours popular candidates, and 0 the share of i's users who have j.
    locality:   above 0 (Aiolli's q): the larger, the more only the nearest count.
    terms:      "tf-idf" or "bm25": listeners with many items say less, see `segue.models.terms.termed`, whose k1 and b
                these are. "none": all the same. Jaccard's sets have no use for it.
    normalize:  whether the weights of each item's neighbours are made to sum to one.

    The defaults did well at once on play counts of artists, on play counts of tracks, and on playlists. Where items are
    many and histories long, 500 neighbours gain a little more.
    """

    name: ClassVar[str] = "item-knn"
    space: ClassVar[Space] = {
        "similarity": Choice(("cosine", "jaccard")),
        "neighbours": Int(20, 500, log=True),
        "shrinkage": Float(1.0, 200.0, log=True),
        "weighting": Choice(("binary", "log", "power")),
        "alpha": Float(0.2, 0.8),
        "locality": Float(0.5, 4.0, log=True),
        "terms": Choice(("none", "tf-idf")),
    }

    similarity: Similarity = "cosine"
    neighbours: int = 200
    shrinkage: float = 20.0
    weighting: Weighting = "log"
    exponent: float = 0.5
    alpha: float = 0.5
    locality: float = 1.0
    terms: Terms = "none"
    k1: float = 1.2
    b: float = 0.75
    normalize: bool = False

    def __post_init__(self) -> None:
        if self.similarity not in get_args(Similarity):
            raise SettingsError(f"similarity must be one of {', '.join(get_args(Similarity))}, got {self.similarity!r}")
        check_neighbourhood(self.neighbours, self.shrinkage, self.alpha, self.locality)
        check_terms(self.terms, self.k1, self.b)
        check_weighting(self.weighting, self.exponent)

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int = 0,  # noqa: ARG002  # part of the protocol; nothing here is random
        progress: Progress = SILENT,
        threads: int | None = None,
    ) -> ItemKNNModel:
        """The neighbours of all items. Time: the sum over users of the square of their number of items; no randomness.

        Memory: the result, twice n_items x neighbours x 8 bytes, and three copies of the interactions. Raises DataError
        where no entry has a positive weight.
        """
        lists = self._lists(dataset, np.ones(dataset.n_items, np.bool_), progress, threads)
        return ItemKNNModel(self, dataset.items, lists.transposed, lists)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> ItemKNNModel:
        """See `segue.core.protocols.Configuration.restore`."""
        lists, origins = restored(items, arrays, "neighbours"), Origins.restored(arrays, len(items))
        return ItemKNNModel(self, items, restored(items, arrays, "operator"), lists, origins)

    def _lists(self, dataset: Dataset, asked: BoolArray, progress: Progress, threads: int | None) -> Operator:
        """The neighbours of the items `asked` (bool, (n_items,)) among all; the other rows are empty."""
        matrix = weighted(dataset.histories, self.weighting, self.exponent).csr(dataset.n_items)
        matrix.eliminate_zeros()
        if not (matrix.data > 0).any():
            raise DataError("item neighbours need at least one entry with a positive weight, and there is none")
        overlap = self._overlap(matrix)
        users = overlap.users
        items = sp.csc_array(users)
        sizes = np.diff(items.indptr)
        there = np.repeat(asked, sizes)
        with progress.task("Finding neighbours", total=dataset.n_items, unit="items") as task:
            near, similarities = nearest(
                np.concatenate([[0], np.cumsum(np.where(asked, sizes, 0))]).astype(np.int64),
                items.indices[there].astype(np.int32),
                items.data[there],
                users.indptr.astype(np.int64),
                users.indices.astype(np.int32),
                users.data,
                overlap.left,
                overlap.right,
                k=min(self.neighbours, dataset.n_items),
                union=overlap.union,
                shrinkage=float(self.shrinkage),
                threads=threads,
                done=task.advance,
            )
        if self.locality != 1:
            similarities **= np.float32(self.locality)
        if self.normalize:
            totals = similarities.sum(axis=1, dtype=np.float64, keepdims=True)
            similarities /= np.where(totals > 0, totals, 1).astype(np.float32)
        return Operator.of_lists(near, similarities)

    def _overlap(self, matrix: sp.csr_array[Any]) -> _Overlap:
        n = matrix.shape[1]
        if self.similarity == "jaccard":
            sets: sp.csr_array[Any] = sp.csr_array(matrix > 0).astype(np.float32)
            members = np.bincount(sets.indices, minlength=n).astype(np.float64)
            return _Overlap(sets, members, members, union=True)
        values = termed(matrix, self.terms, self.k1, self.b)
        if self.similarity == "dot":
            return _Overlap(values, np.ones(n), np.ones(n), union=False)
        squares = np.bincount(values.indices, np.square(values.data, dtype=np.float64), minlength=n).astype(np.float64)
        return _Overlap(values, squares ** (1 - self.alpha), squares**self.alpha, union=False)


class ItemKNNModel(NeighbourModel):
    """Fitted item neighbours; the lists are those of candidates, so `operator` holds them the other way round."""

    def __init__(
        self,
        configuration: ItemKNN,
        items: Vocabulary,
        operator: Operator,
        neighbours: Operator,
        origins: Origins | None = None,
    ) -> None:
        if origins is None:
            origins = Origins.trained(np.diff(neighbours.offsets) > 0)
        how = configuration.weighting, configuration.exponent
        super().__init__(configuration, items, operator, neighbours, *how, origins)
        self._knn = configuration

    def with_items(self, dataset: Dataset, *, threads: int | None = None) -> ItemKNNModel:
        """See `segue.core.protocols.TakesItems`. New items get their neighbours among all items, by the users of
        `dataset`; the neighbours of the old ones stay, so that new items follow from old ones, not old from new.

        Raises DataError where no entry of the dataset has a positive weight.
        """
        check_extends(dataset, self.items)
        known = known_items(self.origins, dataset.n_items)
        found = self._knn._lists(dataset, ~known, SILENT, threads)
        lists = _with_lists(self.neighbours, found, known)
        placed = np.where(np.diff(found.offsets) > 0, ORIGINS.index("projected"), ORIGINS.index("none"))
        codes = np.where(known, np.uint8(ORIGINS.index("trained")), placed.astype(np.uint8))
        return ItemKNNModel(self._knn, dataset.items, lists.transposed, lists, Origins(codes))

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        return {**super().arrays(), **self.origins.arrays()}


def _with_lists(old: Operator, found: Operator, kept: BoolArray) -> Operator:
    """The rows `kept` (bool, a value per row of `found`) of `old`, and the rows of `found`, which has none of those."""
    rows = np.repeat(np.arange(len(old)), np.diff(old.offsets))
    there = kept[rows]
    rows = np.concatenate([rows[there], np.repeat(np.arange(len(found)), np.diff(found.offsets))])
    order = np.argsort(rows, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(found)))]).astype(np.int64)
    items = np.concatenate([old.items[there], found.items])[order]
    return Operator(offsets, items, np.concatenate([old.weights[there], found.weights])[order])


class _Overlap(NamedTuple):
    """What a similarity makes of the users x items matrix: the matrix to multiply, and the sizes to divide by."""

    users: sp.csr_array[Any]
    left: Float64Array
    right: Float64Array
    union: bool


def check_neighbourhood(neighbours: int, shrinkage: float, alpha: float, locality: float) -> None:
    """Raises SettingsError for hyper-parameters that no neighbourhood has."""
    if neighbours < 1:
        raise SettingsError(f"neighbours must be at least 1, got {neighbours}")
    if not 0 <= shrinkage < np.inf:
        raise SettingsError(f"shrinkage must be a finite number, 0 or more, got {shrinkage}")
    if not 0 <= alpha <= 1:
        raise SettingsError(f"alpha must lie between 0 and 1, got {alpha}")
    if not 0 < locality < np.inf:
        raise SettingsError(f"locality must be a finite number above 0, got {locality}")
