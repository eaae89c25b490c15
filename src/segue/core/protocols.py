"""The few small interfaces through which the parts of segue know each other.

What not every model can do is a protocol of its own, so that its absence shows as a type:
`isinstance(model, Explains)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, Int32Array
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.progress import SILENT, Progress
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary

Measure: TypeAlias = Literal["cosine", "dot", "euclidean", "damped"]


class Configuration(Protocol):
    """Hyper-parameters, nothing else: a frozen dataclass that can be fitted.

    `name` is how settings and the command line call the model.
    """

    name: ClassVar[str]

    def fit(
        self, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT, threads: int | None = None
    ) -> Recommender:
        """A fitted model. The same dataset, seed, machine and thread count give the same bytes.

        Raises DataError where the dataset lacks what the model needs, SettingsError where a hyper-parameter does not
        fit it.
        """
        ...

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> Recommender:
        """The fitted model of arrays that `Storable.arrays` gave; ArtifactError where one is missing or misshapen."""
        ...


@runtime_checkable
class FitsOnDevice(Configuration, Protocol):
    """A configuration that a graphics processor can fit, too."""

    def fit_on(self, device: str, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT) -> Recommender:
        """What `fit` gives, to single precision, computed by PyTorch on `device`: "cuda", "cuda:1", or "cpu".

        Raises as `fit` does; MissingExtraError without PyTorch, SettingsError for a device that is not there, or for a
        hyper-parameter that this way does not know.
        """
        ...


@runtime_checkable
class Recommender(Protocol):
    """A fitted model. It answers histories, known or new, and keeps no user."""

    @property
    def configuration(self) -> Configuration:
        """What it was fitted with."""
        ...

    @property
    def items(self) -> Vocabulary:
        """The items it knows; valid for any dataset of whose items this is a prefix."""
        ...

    def score(self, histories: Histories, candidates: Int32Array | None = None) -> Float32Array:
        """Scores of all items, float32 (n, n_items), or of `candidates` (n, m; -1 pads).

        A score is -inf where the model has no evidence. Builds what it returns; ask for blocks of histories where
        n x n_items is large.
        """
        ...

    def recommend(
        self,
        histories: Histories,
        k: int = 10,
        *,
        exclude_seen: bool = True,
        allowed: BoolArray | None = None,
        banned: Histories | None = None,
        threads: int | None = None,
    ) -> TopK:
        """The k best items for each history.

        `exclude_seen` leaves out every item of the row, whatever its weight; `allowed` is a mask over items, bool
        (n_items,); `banned` holds more items to leave out, row by row. A list has min(k, items that remain and have
        evidence) entries; an empty history gets an empty list.
        """
        ...


@runtime_checkable
class Explains(Protocol):
    """A model that can say which items of a history made a score."""

    def explain(self, history: Histories, item: int) -> Explanation:
        """The parts of the score of `item` for a single history (one row)."""
        ...


@runtime_checkable
class FindsSimilar(Protocol):
    """A model that knows which items are alike."""

    def similar_items(self, items: npt.ArrayLike, k: int = 10) -> TopK:
        """The k items most like each of `items`, itself left out."""
        ...


@runtime_checkable
class HasVectors(Protocol):
    """An embedding model: score = query_vectors(history) . item_vectors[item] + item_bias[item]."""

    @property
    def item_vectors(self) -> Float32Array:
        """float32, shape (n_items, d); a row of zeros for an item without evidence."""
        ...

    @property
    def item_bias(self) -> Float32Array | None:
        """float32, shape (n_items,), or None."""
        ...

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:
        """float32, shape (n, d): where each history stands among the item vectors; zeros for an empty one."""
        ...


@runtime_checkable
class FindsAudience(Protocol):
    """A model that answers the reverse question: whom does an item suit?"""

    def recommend_users(
        self,
        items: npt.ArrayLike,
        histories: Histories,
        k: int = 10,
        *,
        exclude_seen: bool = True,
        threads: int | None = None,
    ) -> TopK:
        """For each of `items` the k histories that give it the highest score; `TopK.items` are rows of `histories`.

        `exclude_seen` leaves out the histories that hold the item, whatever its weight. A history for which the model
        has no evidence, such as an empty one, is in no list. Scores of different histories are compared as they are.
        """
        ...


@runtime_checkable
class PredictsRatings(Protocol):
    """A model whose scores are the ratings that it expects."""

    @property
    def scale(self) -> tuple[float, float]:
        """The lowest and highest possible rating."""
        ...

    def predict(self, histories: Histories, candidates: Int32Array) -> Float32Array:
        """The ratings that each history would give to `candidates` (n, m), float32 (n, m), held to the scale.

        Every pair gets one: what is not known of the user or of the item is taken to be as usual, also of an empty
        history and of a position that the model does not know (-1, too).
        """
        ...


@runtime_checkable
class AnswersTitles(Protocol):
    """A model that knows what words mean for music, so that the title of a playlist is enough to fill it."""

    def recommend_titles(
        self, titles: Sequence[str], k: int = 10, *, allowed: BoolArray | None = None, threads: int | None = None
    ) -> TopK:
        """The k best items for each title; none where the model knows no word of it. `allowed`: see `recommend`."""
        ...


@runtime_checkable
class TakesItems(Recommender, Protocol):
    """A fitted model that can get to know items which it was not trained on, without being fitted again."""

    @property
    def origins(self) -> Origins:
        """Where the model's knowledge of each of its items comes from."""
        ...

    def with_items(self, dataset: Dataset, *, threads: int | None = None) -> TakesItems:
        """The same model with the items of `dataset`: those beyond its own, and those of its own of which it knows
        nothing; the histories hold their listeners, the catalogue their features.

        What was trained stays as it is; what was placed before is placed again, by what is known now. Items of which
        nothing can be said stay without evidence. Raises DataError unless `dataset.items` begins with the model's own.
        """
        ...


@runtime_checkable
class Storable(Protocol):
    """A fitted model that can be put into a folder and taken out again by its configuration's `restore`."""

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """Everything learned, by name; dense, of NumPy's plain number types."""
        ...
