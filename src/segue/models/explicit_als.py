"""Ratings predicted by biases and vectors of users and items, by alternating least squares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, frozen
from segue.core.asking import row_blocks
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Float, Int, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.kernels.threads import blas
from segue.models.alternating import Entries, aligned
from segue.models.embedding import EmbeddingModel
from segue.models.new_items import known_items, placed
from segue.models.projection import listeners_of
from segue.models.rating_side import RatingSide, Scale, is_rated, rated

_INITIAL_SCALE: Final = 0.1  # standard deviation of the first item vectors' length
_FEW: Final = 2048  # entries that are not worth a second thread
_BLOCK: Final = 2**18  # pairs whose predictions are made at once


@dataclass(frozen=True, kw_only=True)
class ExplicitALS:
    """The rating that a user would give: p = m + b_u + c_i + x_u . y_i, with m the mean of all ratings.

    Minimizes over the biases b, c and the vectors x, y, with n the number of ratings of a user or item,

        sum_rated (r - p)^2 + regularization s (sum_u n_u^e |x_u|^2 + sum_i n_i^e |y_i|^2)
                            + bias_regularization (sum_u b_u^2 + sum_i c_i^2)

    where e = regularization_exponent, and s is a quarter of the length of the scale: 1 for ratings from 1 to 5, so that
    the same regularization suits ratings from 1 to 5 and from 0 to 100. e = 1 is the "weighted lambda" regularization
    of Zhou, Wilkinson, Schreiber and Pan, "Large-scale parallel collaborative filtering for the Netflix prize" (2008).
    The biases are those of Koren, Bell and Volinsky, "Matrix factorization techniques for recommender systems" (2009);
    each is drawn towards zero as if there were `bias_regularization` more ratings that say nothing. A user's bias and
    vector are solved together, and so are an item's, so that the value never rises.

    factors:    the length of the vectors; 0: biases alone, the baseline that vectors must beat.
    iterations: sweeps over users and items.

    Raises SettingsError at birth where a value is not what it must be.
    """

    name: ClassVar[str] = "explicit-als"
    space: ClassVar[Space] = {
        "factors": Int(2, 64, log=True),
        "regularization": Float(0.03, 3.0, log=True),
        "bias_regularization": Float(0.3, 30.0, log=True),
    }

    factors: int = 32
    iterations: int = 15
    regularization: float = 0.15
    regularization_exponent: float = 1.0
    bias_regularization: float = 3.0

    def __post_init__(self) -> None:
        for name, least in (("factors", 0), ("iterations", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise SettingsError(f"{name} must be a whole number of at least {least}, got {value!r}")
        for name in ("regularization", "regularization_exponent", "bias_regularization"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise SettingsError(f"{name} must be a number of at least 0, got {value!r}")
            if value == 0 and name != "regularization_exponent":
                raise SettingsError(f"{name} must be more than 0: without it, short rows have no single solution")

    def fit(
        self, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT, threads: int | None = None
    ) -> FittedExplicitALS:
        """Learns the items' biases and vectors. Time of a sweep: ratings x factors^2, and factors^3 for each user and
        item of more ratings than factors. Memory: the vectors, and the ratings twice. The bytes are the same for any
        number of threads.

        Raises DataError where the dataset holds no ratings, or one outside its scale; ModelError where the numbers are
        too large for single precision. `progress` is told the value of the objective after each sweep.
        """
        if dataset.feedback != "ratings" or dataset.scale is None:
            raise DataError(
                f"explicit-als learns from ratings, and this dataset holds {dataset.feedback}; use implicit-als, or "
                "import the data as ratings (--feedback ratings)"
            )
        scale = dataset.scale
        ratings = rated(dataset.histories, scale, dataset)
        if not ratings.n_entries:
            raise DataError("explicit-als learns from ratings, but the dataset has none")
        mean = float(ratings.weights.mean(dtype=np.float64))
        entries = _entries(ratings, mean, dataset.n_items)
        users, items = self._side(entries, scale), self._side(entries.transposed(), scale)
        width = self.factors + 1
        x, y = aligned(len(users), width), aligned(len(items), width)
        normal = np.random.default_rng(seed).standard_normal((len(items), self.factors), dtype=np.float32)
        y[:, :-1] = normal * np.float32(_INITIAL_SCALE * math.sqrt(_unit(scale) / max(1, self.factors)))
        y[:, -1] = 1
        user_bias, item_bias = np.zeros(len(users), np.float32), items.mean_of(self.bias_regularization)
        with progress.task(self.name, total=self.iterations, unit="sweep") as task:
            for _ in range(self.iterations):
                with blas(1):
                    user_bias = users.solve(y, item_bias, self.bias_regularization, x, threads)
                    item_bias = items.solve(x, user_bias, self.bias_regularization, y, threads)
                loss = math.nan if progress is SILENT else self._value(users, items, (x, user_bias), (y, item_bias))
                task.advance(1, "" if progress is SILENT else f"loss {loss:.6g}")
        if not (np.isfinite(y).all() and np.isfinite(item_bias).all()):
            raise ModelError("the ratings are too large for single precision; bring them to a smaller scale")
        y[np.diff(items.entries.offsets) == 0] = 0
        return FittedExplicitALS(self, dataset.items, y, item_bias, mean, scale)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> FittedExplicitALS:
        """The fitted model of its arrays; ArtifactError where they are not those of this configuration."""
        shapes = {
            "item_vectors": (len(items), self.factors + 1),
            "item_bias": (len(items),),
            "mean": (1,),
            "scale": (2,),
        }
        for name, shape in shapes.items():
            found = arrays.get(name)
            if found is None or found.shape != shape or found.dtype.kind != "f":
                told = "nothing" if found is None else f"{found.dtype} of shape {found.shape}"
                raise ArtifactError(
                    f"explicit-als needs {name}, numbers of shape {shape}, found {told}; train the model again"
                )
        low, high = arrays["scale"].tolist()
        return FittedExplicitALS(
            self,
            items,
            arrays["item_vectors"],
            arrays["item_bias"],
            float(arrays["mean"][0]),
            (low, high),
            Origins.restored(arrays, len(items)),
        )

    def _side(self, entries: Entries, scale: Scale) -> RatingSide:
        return RatingSide(entries, self._ridge(np.diff(entries.offsets), scale).astype(np.float32))

    def _ridge(self, counts: Int64Array, scale: Scale) -> Float64Array:
        return np.asarray(
            self.regularization * _unit(scale) * counts.astype(np.float64) ** self.regularization_exponent
        )

    def _value(
        self,
        users: RatingSide,
        items: RatingSide,
        of_users: tuple[Float32Array, Float32Array],
        of_items: tuple[Float32Array, Float32Array],
    ) -> float:
        (x, b), (y, c) = of_users, of_items
        errors = 0.0
        rows = np.repeat(np.arange(len(users)), np.diff(users.entries.offsets))
        for start in range(0, rows.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            u, i = rows[block], users.entries.columns[block]
            p = np.einsum("ij,ij->i", x[u, :-1], y[i, :-1]) + b[u] + c[i]
            errors += float(np.square(users.entries.weights[block] - p, dtype=np.float64).sum())
        biases = float(np.square(b, dtype=np.float64).sum() + np.square(c, dtype=np.float64).sum())
        return errors + users.penalty(x) + items.penalty(y) + self.bias_regularization * biases


class FittedExplicitALS(EmbeddingModel):
    """Item vectors and item biases, the mean of all ratings, and their scale.

    item_vectors: float32, shape (n_items, factors + 1). The last coordinate is 1, so that a user's own level m + b_u
    is the last coordinate of a query, and score = query . vector + item_bias is the rating that the user would give.
    Scores are not held to the scale, lest the best of them be ties; `predict` holds them to it.
    Similar items are told by the vectors without that coordinate.

    A history's vector and bias are the exact minimum of the objective over both, the items held fixed. They are stored
    for nobody: a user of the training data is answered by the history. Its weights are ratings on the scale; a weight
    of 0 that is not on it says "seen", and nothing more. Everything asked raises DataError for any other weight.
    """

    def __init__(
        self,
        configuration: ExplicitALS,
        items: Vocabulary,
        item_vectors: Float32Array,
        item_bias: Float32Array,
        mean: float,
        scale: Scale,
        origins: Origins | None = None,
    ) -> None:
        super().__init__(configuration, items, item_vectors, item_bias, origins)
        self._als = configuration
        self._bias: Float32Array = frozen(item_bias, np.float32)
        self._mean = mean
        self._scale = scale

    @property
    def scale(self) -> Scale:
        """The lowest and highest possible rating."""
        return self._scale

    @property
    def mean(self) -> float:
        """The mean of all ratings that were learned from."""
        return self._mean

    @property
    def likeness_vectors(self) -> Float32Array:
        """float32, shape (n_items, factors): the item vectors without the constant coordinate."""
        return self.item_vectors[:, :-1]

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:
        """float32, shape (n, factors + 1): the vector of each history, then its level m + b_u; zeros without a rating.

        Raises DataError for a weight that is no rating.
        """
        vectors, known = self._solved(histories, threads)
        vectors[known, -1] += np.float32(self._mean)
        # A vector of zeros would say that nothing is known; someone whose level is exactly 0 has rated all the same.
        vectors[known & ~vectors.any(axis=1), -1] = np.finfo(np.float32).tiny
        return vectors

    def predict(self, histories: Histories, candidates: Int32Array) -> Float32Array:
        """See `segue.core.protocols.PredictsRatings.predict`: without a rating of the user or of the item, its bias and
        vector are 0."""
        if candidates.ndim != 2 or len(candidates) != len(histories):
            raise DataError(f"candidates must have one row per history ({len(histories)}), got {candidates.shape}")
        predicted = np.empty(candidates.shape, np.float32)
        unknown = (candidates < 0) | (candidates >= self.n_items)
        places = np.where(unknown, 0, candidates)
        for rows in row_blocks(len(histories), candidates.shape[1] * (self._als.factors + 1)):
            vectors, _ = self._solved(histories[rows], None)
            level = vectors[:, -1:] + np.float32(self._mean)
            products = np.matmul(self.likeness_vectors[places[rows]], vectors[:, :-1, None])[:, :, 0]
            taste = products + self._bias[places[rows]]
            predicted[rows] = level + np.where(unknown[rows], np.float32(0), taste)
        return np.clip(predicted, *self._scale, out=predicted)

    def explain(self, history: Histories, item: int) -> Explanation:
        """The score of `item` for a single history: m + c_i, and the part of each rating; exact.

        With A w = sum_e t_e z_e the equations of the history, t_e = r_e - m - c_e, the part of entry e is
        t_e z_e . A^-1 z_i: what the rating of e says by lying above or below what e gets on the whole. Where there is
        no evidence the baseline is -inf. Raises DataError unless there is one history and the item exists.
        """
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        (position,) = self._positions([item])
        known = history.known(self.n_items)[0].merged()
        parts = np.zeros(known.n_entries, np.float32)
        there = is_rated(known, self._scale)
        if not there.any() or not self._evidence[position]:
            return Explanation(-math.inf, -math.inf, known.items, parts, "additive")
        z = self.item_vectors[known.items[there]].astype(np.float64)
        left = known.weights[there].astype(np.float64) - self._mean - self._bias[known.items[there]]
        ridge = np.full(z.shape[1], self._als._ridge(np.array([len(z)]), self._scale)[0])
        ridge[-1] = self._als.bias_regularization
        direction = np.linalg.solve(z.T @ z + np.diag(ridge), self.item_vectors[position].astype(np.float64))
        parts[there] = left * (z @ direction)
        baseline = self._mean + float(self._bias[position])
        return Explanation(baseline + float(parts.sum(dtype=np.float64)), baseline, known.items, parts, "additive")

    def objective(self, dataset: Dataset, *, threads: int | None = None) -> float:
        """The value of what ExplicitALS minimizes, on these ratings with their exact vectors, and these item vectors.

        DataError where the dataset has other items than the model.
        """
        if dataset.n_items != self.n_items:
            raise DataError(f"the model knows {self.n_items} items, but the dataset has {dataset.n_items}")
        entries = _entries(rated(dataset.histories, self._scale), self._mean, self.n_items)
        vectors, _ = self._solved(dataset.histories, threads)
        bias = vectors[:, -1].copy()
        users, items = self._als._side(entries, self._scale), self._als._side(entries.transposed(), self._scale)
        return self._als._value(users, items, (vectors, bias), (self.item_vectors, self._bias))

    def with_items(self, dataset: Dataset, *, threads: int | None = None) -> FittedExplicitALS:
        """See `segue.core.protocols.TakesItems`: new items by their ratings, or else by averages of what is alike.

        A rated item gets the exact minimum of the objective over y and c, the vectors and biases of all users of
        `dataset` held fixed, each of these made of the trained items alone. Time: about that of one sweep.
        Raises DataError where the dataset holds no ratings, or a rating outside the scale.
        """
        if dataset.feedback != "ratings":
            raise DataError(f"explicit-als places items by ratings, and this dataset holds {dataset.feedback}")

        def project(items: Int64Array) -> tuple[Float32Array, Float32Array]:
            histories, known = dataset.histories, known_items(self.origins, dataset.n_items)
            users, _ = self._solved(histories.where(known[histories.items]), threads)
            bias = users[:, -1].copy()
            users[:, -1] = 1
            ratings = rated(listeners_of(histories, items, dataset.n_items), self._scale)
            side = self._als._side(_entries(ratings, self._mean, items.size).transposed(), self._scale)
            vectors = np.zeros((items.size, users.shape[1]), np.float32)
            biases = side.solve(users, bias, self._als.bias_regularization, vectors, threads)
            vectors[np.diff(side.entries.offsets) == 0] = 0
            return vectors, biases

        new = placed(self.items, self.origins, self.item_vectors, self._bias, dataset, [("projected", project)])
        assert new.bias is not None
        new.vectors[new.vectors.any(axis=1), -1] = 1  # an average is stretched
        return FittedExplicitALS(self._als, dataset.items, new.vectors, new.bias, self._mean, self._scale, new.origins)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """item_vectors: float32, (n_items, factors + 1); item_bias: float32, (n_items,); mean, scale: float64; origins,
        where items were placed after training."""
        return {
            "item_vectors": self.item_vectors,
            "item_bias": self._bias,
            "mean": np.array([self._mean]),
            "scale": np.array(self._scale),
            **self.origins.arrays(),
        }

    def _solved(self, histories: Histories, threads: int | None) -> tuple[Float32Array, BoolArray]:
        """The vector and then the bias of each history, (n, factors + 1), and which of them hold a rating."""
        ratings = rated(histories.known(self.n_items)[0], self._scale)
        side = self._als._side(_entries(ratings, self._mean, self.n_items), self._scale)
        vectors = np.zeros((len(histories), self._als.factors + 1), np.float32)
        few = ratings.n_entries <= _FEW
        bias = side.solve(self.item_vectors, self._bias, self._als.bias_regularization, vectors, 1 if few else threads)
        vectors[:, -1] = bias
        return vectors, ratings.lengths > 0


def _unit(scale: Scale) -> float:
    """A quarter of the length of the scale, in which ratings of all scales are about as far from each other."""
    return (scale[1] - scale[0]) / 4


def _entries(ratings: Histories, mean: float, n_items: int) -> Entries:
    return Entries(ratings.offsets, ratings.items, ratings.weights - np.float32(mean), n_items)
