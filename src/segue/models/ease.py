"""EASE: item weights in closed form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Float64Array, Int32Array, frozen
from segue.core.asking import check_k, row_blocks
from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Choice, Float, Space
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.kernels import memory
from segue.kernels.dense_inverse import mirror, negative_inverse
from segue.kernels.gram import gram
from segue.kernels.neighbours import nearest
from segue.kernels.regressions import regress
from segue.kernels.topk import select_topk
from segue.models.dense_weights import DenseWeightModel
from segue.models.evidence import Communities
from segue.models.item_weights import ItemWeightModel, Operator, restored, stored
from segue.models.weighting import Weighting, check_weighting, weighted

Method: TypeAlias = Literal["exact", "sparse"]

_KEPT: Final = 200  # weights of an item where the method is sparse and nobody says how many
_SHRINKAGE: Final = 20.0  # of the cosine that chooses them; ItemKNN's
_TOLERANCE: Final = 1e-2  # by how much rounding may carry the inverse over its bound


@dataclass(frozen=True)
class EASE:
    """Each item as the sum of all others, by ridge regression (Steck 2019, Embarrassingly shallow autoencoders).

    With X the users x items matrix of f(weight) and n_j = max(1, |x_j|^2), the item weights B minimize

        |X - X B|^2 + sum_ij r_j B_ji^2    with a zero diagonal and    r_j = l2 n_j^l2_exponent,

    that is, with P = (X'X + diag(r))^-1, B_ji = -P_ji / P_ii for i != j, and

        score(i) = sum_j f(w_j) B_ji / n_i^damping    over the history.

    The paper's model is l2_exponent = 0, damping = 0. Weights may be negative. A dislike enters as the value it has.

    l2:        above 0, in the unit of n (users, where the weighting is binary) while the exponent is 0; the more, the
               smoother.
    l2_exponent: 0 to 1, how much more strongly the weights of what many listen to are held, as dropout does (Steck
               2020, Autoencoders that don't overfit towards the identity).
    damping:   0 to 1, how much popular items are held back in the lists.
    weighting: f, see `segue.models.weighting.weighted`; `exponent` is that of "power".
    method:    "exact": the formula, dense: 4 n_items^2 bytes (6.7 GB for 41,000 items) and n_items^3 operations.
               "sparse": for more items. The same regression for each item on its `keep` nearest neighbours by cosine
               alone, which is the optimum among weights that are zero elsewhere, in the manner of Steck 2019 (Markov
               random fields for collaborative filtering) and of SLIM with feature selection (Ning & Karypis 2011).
               Memory: 12 n_items x keep bytes; time: n_items x keep^3 / 3 operations and the neighbours of `ItemKNN`.
    keep:      how many weights each item keeps, the largest by size where the method is exact. None: all of them, or
               200 where it is sparse.
    """

    name: ClassVar[str] = "ease"
    space: ClassVar[Space] = {
        "l2": Float(1.0, 1000.0, log=True),
        "l2_exponent": Float(0.0, 1.0),
        "damping": Float(0.0, 0.5),
        "weighting": Choice(("binary", "log", "power")),
    }

    l2: float = 40.0
    l2_exponent: float = 0.5
    damping: float = 0.2
    weighting: Weighting = "binary"
    exponent: float = 0.5
    method: Method = "exact"
    keep: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.l2 < np.inf:
            raise SettingsError(f"l2 must be a finite number above 0, got {self.l2}")
        for name in ("l2_exponent", "damping"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")
        if self.method not in get_args(Method):
            raise SettingsError(f"method must be one of {', '.join(get_args(Method))}, got {self.method!r}")
        if self.keep is not None and self.keep < 1:
            raise SettingsError(f"keep must be at least 1, or left out, got {self.keep}")
        check_weighting(self.weighting, self.exponent)

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int = 0,  # noqa: ARG002  # part of the protocol; nothing here is random
        progress: Progress = SILENT,
        threads: int | None = None,
    ) -> EASEModel | SparseEASEModel:
        """The weights of all items; no randomness, and the same bytes for every number of threads.

        Raises DataError where no entry has a positive weight, SettingsError where the dense weights would not fit into
        memory, ModelError where l2 is too small for single precision.
        """
        return self._fit(dataset, progress, threads, None)

    def fit_on(
        self,
        device: str,
        dataset: Dataset,
        *,
        seed: int = 0,  # noqa: ARG002  # part of the protocol; nothing here is random
        progress: Progress = SILENT,
    ) -> EASEModel | SparseEASEModel:
        """See `segue.core.protocols.FitsOnDevice.fit_on`: the inverse is the device's, so the method must be "exact".

        Raises ModelError where the device has no room for the matrix three times.
        """
        if self.method != "exact":
            raise SettingsError(f"on a device, method must be 'exact', got {self.method!r}; train without one")
        return self._fit(dataset, progress, None, device)

    def _fit(
        self, dataset: Dataset, progress: Progress, threads: int | None, device: str | None
    ) -> EASEModel | SparseEASEModel:
        matrix = weighted(dataset.histories, self.weighting, self.exponent).csr(dataset.n_items)
        matrix.eliminate_zeros()
        if not (matrix.data > 0).any():
            raise DataError("ease needs at least one entry with a positive weight, and there is none")
        if self.method == "exact":
            _check_room(dataset.n_items)
        squares = np.bincount(matrix.indices, np.square(matrix.data, dtype=np.float64), minlength=dataset.n_items)
        size = np.maximum(squares, 1)
        ridge, damped = self.l2 * size**self.l2_exponent, (size**-self.damping).astype(np.float32)
        if (ridge < np.finfo(np.float32).eps * squares).any():
            raise _too_small(int(np.argmin(ridge / size)))
        if self.method == "sparse":
            return self._sparse(dataset.items, matrix, np.sqrt(squares), ridge, damped, progress, threads)
        weights = gram(matrix, ridge, threads=threads)
        failed = None
        with progress.task("Inverting", total=dataset.n_items, unit="items") as task:
            if device is None:
                failed = negative_inverse(weights, threads=threads, done=task.advance)
            else:
                from segue.cuda.inverse import definite_inverse  # deferred: most machines have no use for it

                weights = -definite_inverse(weights, device=device)
                task.advance(dataset.n_items)
        precision = -np.diagonal(weights)
        _check_precision(precision, ridge, failed)
        one, per_item = np.ones_like(precision), damped / precision
        if self.keep is None:
            mirror(weights, one, per_item, threads=threads)
            np.fill_diagonal(weights, 0)
            return EASEModel(self, dataset.items, weights, Communities.of(matrix), _scales(precision, damped))
        mirror(weights, per_item, one, threads=threads)  # now row i holds what the others say about i
        np.fill_diagonal(weights, 0)
        lists = _largest(weights, min(self.keep, dataset.n_items), threads)
        operator = Operator.of_lists(*lists).transposed
        return SparseEASEModel(self, dataset.items, operator, _scales(precision, damped))

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> EASEModel | SparseEASEModel:
        """See `segue.core.protocols.Configuration.restore`."""
        try:
            if self.method == "exact" and self.keep is None:
                communities = Communities(arrays["communities"])
                return EASEModel(self, items, arrays["weights"], communities, arrays["scales"])
            return SparseEASEModel(self, items, restored(items, arrays, "operator"), arrays["scales"])
        except KeyError as error:
            raise ArtifactError(f"the saved model lacks the array {error}; train it again") from None
        except DataError as error:
            raise ArtifactError(f"the saved model is damaged ({error}); train it again") from None

    def _sparse(
        self,
        items: Vocabulary,
        matrix: sp.csr_array[Any],
        sizes: Float64Array,
        ridge: Float64Array,
        damped: Float32Array,
        progress: Progress,
        threads: int | None,
    ) -> SparseEASEModel:
        columns = sp.csc_array(matrix)
        with progress.task("Choosing neighbours", total=len(items), unit="items") as task:
            chosen, _ = nearest(
                columns.indptr.astype(np.int64),
                columns.indices.astype(np.int32),
                columns.data,
                matrix.indptr.astype(np.int64),
                matrix.indices.astype(np.int32),
                matrix.data,
                sizes,
                sizes,
                k=min(self.keep or _KEPT, len(items)),
                union=False,
                shrinkage=_SHRINKAGE,
                threads=threads,
                done=task.advance,
            )
        with progress.task("Solving", total=len(items), unit="items") as task:
            weights, left, failed = regress(columns, chosen, ridge, threads=threads, done=task.advance)
        with np.errstate(divide="ignore"):
            precision = np.reciprocal(left)
        _check_precision(precision, ridge, failed)
        weights *= damped[:, None]
        operator = Operator.of_lists(np.where(weights != 0, chosen, -1), weights).transposed
        return SparseEASEModel(self, items, operator, _scales(precision, damped))


class EASEModel(DenseWeightModel):
    """Fitted EASE with all its weights."""

    def __init__(
        self,
        configuration: EASE,
        items: Vocabulary,
        weights: Float32Array,
        communities: Communities,
        scales: Float32Array,
    ) -> None:
        super().__init__(configuration, items, weights, communities, configuration.weighting, configuration.exponent)
        self._scales = _checked(scales, len(items))

    def similar_items(self, items: npt.ArrayLike, k: int = 10) -> TopK:
        """The k items with the largest positive partial correlation: how two go together, all others being known.

        r_ij = -P_ij / sqrt(P_ii P_jj), symmetric, and without damping.
        """
        check_k(k)
        return _correlated(lambda asked: self._weights[asked], self._positions(items), k, self._scales)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        return {**super().arrays(), "scales": self._scales}


class SparseEASEModel(ItemWeightModel):
    """Fitted EASE with the few weights that each item keeps."""

    def __init__(self, configuration: EASE, items: Vocabulary, operator: Operator, scales: Float32Array) -> None:
        super().__init__(configuration, items, operator, configuration.weighting, configuration.exponent)
        self._scales = _checked(scales, len(items))

    def similar_items(self, items: npt.ArrayLike, k: int = 10) -> TopK:
        """As of `EASEModel`, among the items that keep a weight of the one asked for."""
        check_k(k)
        offsets, columns, weights = self._operator.rows
        n = self._n_items
        matrix = sp.csr_array((weights, columns, offsets), shape=(n, n))
        return _correlated(lambda asked: matrix[asked].toarray(), self._positions(items), k, self._scales)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        return {**stored(self._operator, "operator"), "scales": self._scales}


def _check_room(n_items: int) -> None:
    """Raises SettingsError where the dense weights of so many items would not fit into memory."""
    needed, free = _room(n_items), memory.free()
    if free is not None and needed > free:
        raise SettingsError(
            f"ease needs {needed / 1e9:.1f} GB of memory for {n_items:,} items, and {free / 1e9:.1f} GB are free; set "
            'method = "sparse", or leave out rare items with min_users_per_item'
        )


def _check_precision(precision: Float32Array, ridge: Float64Array, failed: int | None) -> None:
    """Raises ModelError unless the diagonal of P is what it must be: above 0, and at most 1 / ridge."""
    bounded = (precision > 0) & (precision * ridge <= 1 + _TOLERANCE)
    if failed is not None or not bounded.all():
        raise _too_small(int(np.argmin(bounded)) if failed is None else failed)


def _too_small(item: int) -> ModelError:
    return ModelError(
        f"l2 is too small for these data: near item {item} the equations of ease have no solution in single "
        "precision; raise l2, or use a tamer weighting"
    )


def _scales(precision: Float32Array, damped: Float32Array) -> Float32Array:
    """Of rows and of columns, float32 (2, n): what makes partial correlations of the damped weights."""
    root = np.sqrt(precision)
    return np.stack([1 / root, root / damped])


def _room(n_items: int) -> int:
    return 4 * n_items * n_items + 4096 * n_items  # the matrix, and a panel of it


def _largest(weights: Float32Array, keep: int, threads: int | None) -> tuple[Int32Array, Float32Array]:
    """The largest weights of each row by size, with their columns: (n, keep), zeros left out and -1 in their place."""
    n = len(weights)
    columns, kept = np.full((n, keep), -1, np.int32), np.zeros((n, keep), np.float32)
    everything = np.zeros(0, np.bool_)
    for block in row_blocks(n, n):
        rows = weights[block]
        sizes = np.abs(rows)
        sizes[sizes == 0] = -np.inf
        nothing = np.zeros(len(rows) + 1, np.int64), np.zeros(0, np.int32)
        columns[block], _ = select_topk(sizes, keep, *nothing, everything, threads=threads)
        kept[block] = np.take_along_axis(rows, np.maximum(columns[block], 0), axis=1)
    return columns, kept


def _correlated(rows_of: Callable[[Int32Array], Float32Array], asked: Int32Array, k: int, scales: Float32Array) -> TopK:
    """The k largest positive partial correlations of each item; `rows_of` gives the weights of some for all items."""
    found, scores = np.full((asked.size, k), -1, np.int32), np.full((asked.size, k), -np.inf, np.float32)
    everything = np.zeros(0, np.bool_)
    for block in row_blocks(asked.size, scales.shape[1]):
        here = asked[block]
        correlations = rows_of(here) * scales[1] * scales[0, here][:, None]
        correlations[correlations <= 0] = -np.inf
        itself = np.arange(here.size + 1, dtype=np.int64)
        found[block], scores[block] = select_topk(correlations, k, itself, here, everything)
    return TopK(found, scores)


def _checked(scales: npt.NDArray[Any], n_items: int) -> Float32Array:
    if scales.shape != (2, n_items):
        raise ArtifactError(f"the saved scales have shape {scales.shape} for {n_items} items; train it again")
    return frozen(scales, np.float32)
