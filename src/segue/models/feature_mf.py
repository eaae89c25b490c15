"""Users and items as sums of features, learned to rank."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Int64Array, frozen
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import ORIGINS, Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Choice, Float, Int, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.models.embedding import EmbeddingModel
from segue.models.item_features import COLUMNS, Given, Keys, SharedFeatures
from segue.models.new_items import placed
from segue.models.ranking_descent import Ranking, RankingDescent, Vectors
from segue.models.weighting import Weighting, check_weighting, weighted

Loss: TypeAlias = Literal["warp", "bpr"]
Schedule: TypeAlias = Literal["linear", "constant"]

_ID: Final = "id"
_OF_ITEMS: Final = ("item_vectors", "history_vectors", "item_bias")
_OF_FEATURES: Final = ("feature_vectors", "feature_history_vectors", "feature_bias")
_RISEN: Final = 2.0  # times the loss of vectors that say nothing, log 2


@dataclass(frozen=True, kw_only=True)
class FeatureMF:
    """Ranks what a history holds above what it does not, by vectors of ids, artists, albums, genres and tags.

    Item i has features f with shares a_if (see `segue.models.item_features`). A feature has two vectors, v and z, and a
    bias b; an item has the sums v_i = sum_f a_if v_f, and z_i and b_i likewise. A history h of n items is their sum,

        score(i) = q . v_i + b_i,    q = n^(-damping) sum_{j in h} f(w_j) z_j

    so that who listens is what was listened to, for known and new listeners alike. In training q leaves out the item
    that is to be ranked. Minimizes, over liked items i of histories and items k that these do not hold,

        "bpr":  sum log(1 + exp(s_k - s_i)),                     k drawn at random
        "warp": sum log(rank of i) max(0, 1 + s_k - s_i),        k the first of up to `tries` that violates the margin,
                                                                 found as number t: rank = (items - 1) / t

    plus, each time an item is touched, regularization |.|^2 of its features' vectors and biases. Sources: sums of
    features, Kula, "Metadata embeddings for user and item cold-start recommendations" (2015, LightFM); histories as
    users, Kabbur, Ning and Karypis, "FISM: factored item similarity models" (2013); BPR, Rendle et al. (2009); WARP,
    Weston, Bengio and Usunier, "WSABIE" (2011); steps by AdaGrad, Duchi, Hazan and Singer (2011).

    features:               of "id", "artist", "album", "genres", "tags"; those that the catalogue lacks are left out,
                            which `progress` is told. Without "id", items of the same features are the same.
    epochs:                 how often all histories are visited.
    weighting:              f, see `segue.models.weighting.weighted`. A dislike subtracts; a weight of 0 says nothing.
    damping:                0: q grows with the history; 1: it is a mean.
    regularization:         of ids; feature_regularization: of what items share. Where ids are held tighter, features
                            say more, of known items too.
    learning_rate:          of AdaGrad, with one rate for each vector; with schedule "linear" it falls to 0 over the
                            epochs.
    initial_scale:          standard deviation of a vector's length before the first step.

    Raises SettingsError at birth where a value is not what it must be.
    """

    name: ClassVar[str] = "feature-mf"
    space: ClassVar[Space] = {
        "factors": Int(16, 128, log=True),
        "epochs": Int(5, 40, log=True),
        "loss": Choice(("warp", "bpr")),
        "damping": Float(0.3, 0.8),
        "learning_rate": Float(0.1, 1.0, log=True),
        "regularization": Float(0.03, 10.0, log=True),
        "feature_regularization": Float(0.03, 3.0, log=True),
    }

    factors: int = 64
    epochs: int = 30
    loss: Loss = "warp"
    tries: int = 10
    features: tuple[str, ...] = (_ID, "artist", "genres", "tags")
    weighting: Weighting = "binary"
    damping: float = 0.5
    regularization: float = 1.0
    feature_regularization: float = 0.3
    learning_rate: float = 0.4
    schedule: Schedule = "linear"
    initial_scale: float = 0.1

    def __post_init__(self) -> None:
        for name in ("factors", "epochs", "tries"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, got {value!r}")
        self._check("damping", lambda value: 0 <= value <= 1, "between 0 and 1")
        for name in ("regularization", "feature_regularization"):
            self._check(name, lambda value: 0 <= value < math.inf, "a number of at least 0")
        for name in ("learning_rate", "initial_scale"):
            self._check(name, lambda value: 0 < value < math.inf, "a number above 0")
        for name, known in (("loss", Loss), ("schedule", Schedule)):
            if getattr(self, name) not in get_args(known):
                raise SettingsError(
                    f"{name} must be one of {', '.join(map(repr, get_args(known)))}, got {getattr(self, name)!r}"
                )
        check_weighting(self.weighting)
        wrong = [name for name in self.features if name not in (_ID, *COLUMNS)]
        if wrong or not self.features or len(set(self.features)) != len(self.features):
            raise SettingsError(
                f"features must name some of {', '.join((_ID, *COLUMNS))}, each once, got {', '.join(self.features)!r}"
            )

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int = 0,
        progress: Progress = SILENT,
        threads: int | None = None,
        given: Given | None = None,
    ) -> FittedFeatureMF:
        """Learns the vectors. The same seed gives the same bytes, whatever the number of threads.

        given: features of one's own beside those of the catalogue, items x features, of any finite numbers.

        Raises DataError where nothing is liked, or no item has a feature; ModelError where the loss rises. `progress`
        is told the mean of log(1 + exp(s_k - s_i)) over random k after each epoch, for either loss.
        """
        histories = self._observed(dataset.histories, dataset.n_items)
        liked = np.bincount(histories.items[histories.weights > 0], minlength=dataset.n_items) > 0
        if not liked.any():
            raise DataError("feature-mf learns from positive weights, but the dataset has none; give it plays or likes")
        shared = SharedFeatures.of(dataset.catalogue, self._columns(), given)
        keys = np.unique(shared.keys[liked[shared.items]])
        n_own = dataset.n_items if _ID in self.features else 0
        if not keys.size and not n_own:
            raise DataError(
                f"feature-mf learns from {', '.join(self.features)}, and the catalogue has none of them; "
                "add 'id' to features, or join features onto the data"
            )
        matrix = shared.matrix(keys)
        ridges = np.full(n_own + keys.size, self.feature_regularization, np.float32)
        ridges[:n_own] = self.regularization
        with progress.task("Reading features", total=1) as task:
            told = f"{keys.size} shared features"
            task.advance(1, told + (f"; the catalogue has no {', '.join(shared.missing)}" if shared.missing else ""))
        own = sp.diags_array(liked.astype(np.float32), format="csr")
        own.eliminate_zeros()  # an id of which nothing is learned is no feature
        descent = RankingDescent(
            histories,
            sp.csr_array(sp.hstack([own, matrix])) if n_own else matrix,
            ridges,
            Ranking(self.factors, self.tries if self.loss == "warp" else 0, self.damping, self.initial_scale),
            seed,
            threads,
        )
        self._descend(descent, progress)
        items, features = descent.of_items(), descent.of_features
        learned = Vectors(*(vectors[n_own:].copy() for vectors in features))
        by_features = np.where(
            items.v.any(axis=1), np.uint8(ORIGINS.index("features")), np.uint8(ORIGINS.index("none"))
        )
        trained = liked & items.v.any(axis=1)
        origins = Origins(np.where(trained, np.uint8(ORIGINS.index("trained")), by_features))
        return FittedFeatureMF(self, dataset.items, items, keys, learned, origins)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> FittedFeatureMF:
        """The fitted model of its arrays; ArtifactError where they are not those of this configuration."""
        d, keys = self.factors, arrays.get("feature_keys")
        if keys is None or keys.ndim != 1 or keys.dtype != np.uint64:
            raise ArtifactError("feature-mf needs feature_keys, a vector of uint64; train the model again")
        shapes = {
            **dict.fromkeys(_OF_ITEMS[:2], (len(items), d)),
            _OF_ITEMS[2]: (len(items),),
            **dict.fromkeys(_OF_FEATURES[:2], (keys.size, d)),
            _OF_FEATURES[2]: (keys.size,),
        }
        for name, shape in shapes.items():
            array = arrays.get(name)
            if array is None or array.shape != shape or array.dtype != np.float32:
                found = "nothing" if array is None else f"{array.dtype} of shape {array.shape}"
                raise ArtifactError(
                    f"feature-mf needs {name}, float32 of shape {shape}, found {found}; train the model again"
                )
        of_items, of_features = (Vectors(*(arrays[name] for name in names)) for names in (_OF_ITEMS, _OF_FEATURES))
        return FittedFeatureMF(self, items, of_items, keys, of_features, Origins.restored(arrays, len(items)))

    def _descend(self, descent: RankingDescent, progress: Progress) -> None:
        loss = math.inf
        with progress.task(self.name, total=self.epochs, unit="epoch") as task:
            for epoch in range(self.epochs):
                loss = descent.epoch(self.learning_rate * (1 - epoch / self.epochs if self.schedule == "linear" else 1))
                task.advance(1, f"loss {loss:.6g}")
        if loss > _RISEN * math.log(2):  # the first steps of AdaGrad may overshoot; the last may not
            raise ModelError(
                f"the loss rose from {math.log(2):.3g} to {loss:.3g}; "
                f"lower learning_rate, which is {self.learning_rate:g}, or use more epochs"
            )

    def _columns(self) -> list[str]:
        return [name for name in self.features if name != _ID]

    def _observed(self, histories: Histories, n_items: int) -> Histories:
        """Each known item once per row with its f(weight), signed, without the zeros."""
        observed = weighted(histories.known(n_items)[0], self.weighting)
        return observed if observed.weights.all() else observed.where(observed.weights != 0)

    def _check(self, name: str, holds: Callable[[float], bool], expected: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not holds(value):
            raise SettingsError(f"{name} must be {expected}, got {value!r}")


class FittedFeatureMF(EmbeddingModel):
    """Vectors of items, as candidates and in histories, and of the features that items share.

    of_items:    of all items: what their features sum up to.
    keys:        uint64, shape (n_features,), rising: the shared features (see `segue.models.item_features`).
    of_features: theirs, for items that come later.
    origins:     None: all items with a vector were trained.
    """

    def __init__(
        self,
        configuration: FeatureMF,
        items: Vocabulary,
        of_items: Vectors,
        keys: Keys,
        of_features: Vectors,
        origins: Origins | None = None,
    ) -> None:
        super().__init__(configuration, items, of_items.v, of_items.bias, origins)
        self._mf = configuration
        self._history_vectors: Float32Array = frozen(of_items.z, np.float32)
        self._bias: Float32Array = frozen(of_items.bias, np.float32)
        self._keys: Keys = frozen(keys, np.uint64)
        self._of_features = of_features

    @property
    def history_vectors(self) -> Float32Array:
        """float32, shape (n_items, factors): z, what each item brings to the histories that hold it."""
        return self._history_vectors

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:  # noqa: ARG002
        """float32, shape (n, factors): n^(-damping) sum_j f(w_j) z_j; one sparse product, bound by memory."""
        matrix, scales = self._profile(histories)
        return np.asarray((matrix @ self._history_vectors) * scales[:, None], np.float32)

    def explain(self, history: Histories, item: int) -> Explanation:
        """The score of `item` for a single history: its bias, and n^(-damping) f(w_j) z_j . v of each entry; exact.

        Where there is no evidence the baseline is -inf. Raises DataError unless there is one history and the item
        exists.
        """
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        (position,) = self._positions([item])
        known = history.known(self.n_items)[0].merged()
        parts = np.zeros(known.n_entries, np.float32)
        matrix, scales = self._profile(known)
        if not self._evidence[position] or not (matrix @ self._history_vectors).any():
            return Explanation(-math.inf, -math.inf, known.items, parts, "additive")
        vector = self.item_vectors[position].astype(np.float64) * float(scales[0])
        parts[known.weights != 0] = matrix.data * (self._history_vectors[matrix.indices] @ vector)
        baseline = float(self._bias[position])
        return Explanation(baseline + float(parts.sum(dtype=np.float64)), baseline, known.items, parts, "additive")

    def with_items(
        self,
        dataset: Dataset,
        *,
        threads: int | None = None,  # noqa: ARG002  # of the protocol; a sum of features is quick
        given: Given | None = None,
    ) -> FittedFeatureMF:
        """See `segue.core.protocols.TakesItems`: new items by their features, or else by averages of what is alike.

        given: as in `FeatureMF.fit`, for all items of `dataset`.
        """
        matrix = SharedFeatures.of(dataset.catalogue, self._mf._columns(), given).matrix(self._keys)
        of_features = np.hstack([self._of_features.v, self._of_features.z])

        def by_features(items: Int64Array) -> tuple[Float32Array, Float32Array]:
            rows = matrix[items]
            return np.asarray(rows @ of_features, np.float32), np.asarray(rows @ self._of_features.bias, np.float32)

        both = np.hstack([self.item_vectors, self._history_vectors])
        new = placed(self.items, self.origins, both, self._bias, dataset, [("features", by_features)])
        assert new.bias is not None
        v, z = (np.ascontiguousarray(half) for half in np.hsplit(new.vectors, 2))
        return FittedFeatureMF(
            self._mf, dataset.items, Vectors(v, z, new.bias), self._keys, self._of_features, new.origins
        )

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """item_vectors, history_vectors (n_items, factors), item_bias (n_items,), the same of the shared features, all
        float32, and their keys, uint64; where items came from, if any was placed by its features."""
        of_items = (self.item_vectors, self._history_vectors, self._bias)
        return {
            **dict(zip(_OF_ITEMS, of_items, strict=True)),
            **dict(zip(_OF_FEATURES, self._of_features, strict=True)),
            "feature_keys": self._keys,
            **self.origins.arrays(),
        }

    def _profile(self, histories: Histories) -> tuple[sp.csr_array[Any], Float32Array]:
        """f(weights), histories x items, in the order of the entries, and n^(-damping) of each."""
        observed = self._mf._observed(histories, self.n_items)
        shape = (len(observed), self.n_items)
        matrix = sp.csr_array((observed.weights, observed.items, observed.offsets), shape=shape)
        return matrix, np.maximum(observed.lengths, 1).astype(np.float32) ** -self._mf.damping
