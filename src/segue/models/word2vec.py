"""Word2vec: histories as sentences of items, or items as texts; either way, a title alone gets a list."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, Int64Array, frozen
from segue.core.asking import allowed_mask, check_k
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origin, Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Float, Int, Space
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.kernels.topk import product_topk
from segue.models.content_blocks import Topics, unit_rows
from segue.models.embedding import EmbeddingModel
from segue.models.listening_sentences import listening, names_of
from segue.models.named_words import Words, naming
from segue.models.new_items import Way, placed
from segue.models.taste import mean_vectors, shares
from segue.models.text_topics import text_topics
from segue.models.weighting import Weighting, check_weighting
from segue.models.word_vectors import SkipGram

Source: TypeAlias = Literal["sessions", "text"]

TEXT: Final = ("title", "artist", "text")
_REACHES: Final = {
    "exponent": (-2.0, 2.0),
    "subsampling": (0.0, 1.0),
    "learning_rate": (1e-6, 1.0),
    "popularity": (0.0, 10.0),
}


@dataclass(frozen=True, kw_only=True)
class Word2Vec:
    """Skip-gram vectors with negative sampling (Mikolov et al. 2013, see `SkipGram`), learned by gensim.

    source "sessions": a history is a sentence and an item a word (Prod2Vec, Grbovic et al. 2015), so that items heard
    in the same company have like vectors. With u_i the in vector of item i, scaled to length 1, which occurs n_i times,

        score(i) = q . u_i (log2(2 + n_i)) ^ popularity,    q = sum_j f_j u_j / sum_j |f_j|

    for a history of items j with f = weighting(weight). What order there is counts: histories by time are cut at
    pauses, and of histories without order each pass over them draws a new one: a window is a sample of the history.
    Where histories have names (playlists), a word of names has the mean of the tastes of what it names (see `naming`),
    and a title is asked about as the mean of its words, weighted by rarity.

    source "text": an item is the text of its title, artist and lyrics, and its vector the mean of its words' vectors,
    centred and weighted by rarity (see `text_topics`); names of histories are read, too. Who listens plays no part, so
    that an item that nobody has heard has its place. score(i) = q . u_i, q as above.

    A dislike subtracts; where nothing is liked there is no evidence. The values that suit text suit music badly
    (Caselles-Dupre, Lesaint & Royo-Letelier 2018, "Word2vec applied to recommendation: hyperparameters matter"):
    those below were chosen on playlists.

    dimensions, window, negatives, exponent, subsampling, learning_rate, epochs: see `SkipGram`.
    min_count: items that occur fewer times in all histories get no vector of their own ("sessions").
    pause:     seconds without a play that end a sentence, where times are known.
    popularity: how much more often heard items come first ("sessions"); 0: not at all.
    names:     whether the names of histories are read.
    weighting: how much an item of a history counts in its mean, see `segue.models.weighting.weighted`.

    Raises SettingsError at birth where a value is not what it must be.
    """

    name: ClassVar[str] = "word2vec"
    space: ClassVar[Space] = {
        "dimensions": Int(32, 128, log=True),
        "window": Int(3, 30, log=True),
        "exponent": Float(-1.0, 1.0),
        "subsampling": Float(1e-5, 1e-2, log=True),
        "epochs": Int(5, 80, log=True),
        "popularity": Float(0.0, 2.0),
    }

    source: Source = "sessions"
    dimensions: int = 64
    window: int = 20
    negatives: int = 5
    exponent: float = 0.75
    subsampling: float = 1e-3
    learning_rate: float = 0.05
    epochs: int = 20
    min_count: int = 2
    pause: float = 1800.0
    popularity: float = 1.0
    names: bool = True
    weighting: Weighting = "log"

    def __post_init__(self) -> None:
        if self.source not in get_args(Source):
            raise SettingsError(f"source must be 'sessions' or 'text', got {self.source!r}")
        for name in ("dimensions", "window", "negatives", "epochs", "min_count"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, got {value!r}")
        for name, (low, high) in _REACHES.items():
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not low <= value <= high:
                raise SettingsError(f"{name} must lie between {low:g} and {high:g}, got {value!r}")
        if not isinstance(self.pause, (int, float)) or not 0 < self.pause < math.inf:
            raise SettingsError(f"pause must be a number of seconds above 0, got {self.pause!r}")
        check_weighting(self.weighting)

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int = 0,
        progress: Progress = SILENT,
        threads: int | None = None,  # noqa: ARG002  # gensim is deterministic with one worker only
    ) -> FittedWord2Vec:
        """Learns vectors of items and words, in one thread. Time: epochs x tokens x window x (1 + negatives) products.

        Raises MissingExtraError without gensim, DataError where nothing is liked, no item occurs `min_count` times, or
        there are no words, ModelError where the numbers run over.
        """
        if not (dataset.histories.weights > 0).any():
            raise DataError("word2vec learns from what is liked, but no entry of the dataset has a positive weight")
        return (
            self._of_text(dataset, seed, progress)
            if self.source == "text"
            else self._of_sessions(dataset, seed, progress)
        )

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> FittedWord2Vec:
        """See `segue.core.protocols.Configuration.restore`."""
        n_words = len(arrays.get("words", ()))
        for name, shape in (
            ("item_vectors", (len(items), self.dimensions)),
            ("word_vectors", (n_words, self.dimensions)),
            ("word_weights", (n_words,)),
        ):
            array = arrays.get(name)
            if array is None or array.shape != shape or array.dtype != np.float32:
                found = "nothing" if array is None else f"{array.dtype} of shape {array.shape}"
                raise ArtifactError(
                    f"word2vec needs {name}, float32 of shape {shape}, found {found}; train the model again"
                )
        words = Words(arrays["words"], arrays["word_vectors"], arrays["word_weights"])
        return FittedWord2Vec(self, items, arrays["item_vectors"], words, Origins.restored(arrays, len(items)))

    @property
    def _skip_gram(self) -> SkipGram:
        return SkipGram(
            dimensions=self.dimensions,
            window=self.window,
            negatives=self.negatives,
            exponent=self.exponent,
            subsampling=self.subsampling,
            learning_rate=self.learning_rate,
            epochs=self.epochs,
        )

    def _of_sessions(self, dataset: Dataset, seed: int, progress: Progress) -> FittedWord2Vec:
        n = dataset.n_items
        sentences = listening(dataset.histories, n, least=self.min_count, pause=self.pause)
        if not sentences.tokens.size:
            raise DataError(
                f"no item occurs {self.min_count} times among what is liked, so that word2vec has nothing to learn "
                "from; lower min_count, or use more data"
            )
        vectors, _ = self._skip_gram.learn(sentences, seed, progress)
        _check_finite(vectors)
        directions = unit_rows(vectors)
        often = np.log2(2 + np.bincount(sentences.tokens, minlength=n)) ** self.popularity
        names = names_of(dataset.histories) if self.names else [""] * len(dataset.histories)
        words = naming(names, unit_rows(mean_vectors(shares(dataset.histories, self.weighting), directions)))
        return FittedWord2Vec(self, dataset.items, directions * often[:, None].astype(np.float32), words)

    def _of_text(self, dataset: Dataset, seed: int, progress: Progress) -> FittedWord2Vec:
        names = names_of(dataset.histories) if self.names else ()
        topics = text_topics(dataset.catalogue, TEXT, self._skip_gram, seed, names, progress)
        vectors = None if topics is None else topics.vectors(dataset.catalogue)
        if topics is None or vectors is None or not vectors.any():
            raise DataError(
                'word2vec with source = "text" needs titles, artists or texts that share words, and the catalogue has '
                'none; import them, or learn from histories with source = "sessions"'
            )
        _check_finite(vectors)
        return FittedWord2Vec(
            self, dataset.items, vectors, Words(topics.keys, topics.places, np.ones(topics.keys.size, np.float32))
        )


class FittedWord2Vec(EmbeddingModel):
    """Vectors of items, as long as they are popular ("sessions") or of length 1 ("text"), and vectors of words."""

    def __init__(
        self,
        configuration: Word2Vec,
        items: Vocabulary,
        item_vectors: Float32Array,
        words: Words,
        origins: Origins | None = None,
    ) -> None:
        super().__init__(configuration, items, item_vectors, origins=origins)
        self._word2vec = configuration
        self._directions: Float32Array = frozen(unit_rows(self.item_vectors), np.float32)
        self._words = words

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:  # noqa: ARG002
        """float32, shape (n, d): the weighted mean of the directions of each history's items; zeros where nothing
        is liked."""
        return mean_vectors(shares(histories.known(self.n_items)[0], self._word2vec.weighting), self._directions)

    def title_vectors(self, titles: Sequence[str]) -> Float32Array:
        """float32, shape (n, d): where each title stands among the item vectors; zeros where no word of it is known."""
        return self._words.means(titles)

    def recommend_titles(
        self, titles: Sequence[str], k: int = 10, *, allowed: BoolArray | None = None, threads: int | None = None
    ) -> TopK:
        """See `segue.core.protocols.AnswersTitles`."""
        check_k(k)
        queries = self.title_vectors(titles)
        known = np.flatnonzero(queries.any(axis=1))
        mask = allowed_mask(allowed, self.n_items)
        mask = self._evidence if mask.size == 0 else mask & self._evidence
        items = np.full((len(titles), k), -1, np.int32)
        scores = np.full((len(titles), k), -np.inf, np.float32)
        nothing = np.zeros(known.size + 1, np.int64), np.zeros(0, np.int32)
        items[known], scores[known] = product_topk(
            queries[known], self.item_vectors, None, k, *nothing, mask, threads=threads
        )
        return TopK(items, scores)

    def explain(self, history: Histories, item: int) -> Explanation:
        """The score of `item` for a single history, shared out among the history's items; exact.

        Entry j contributes f_j u_j . v_i / sum |f|, with v_i the item's vector. Where there is no evidence the baseline
        is -inf. Raises DataError unless there is one history and the item exists.
        """
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        (position,) = self._positions([item])
        shared = shares(history.known(self.n_items)[0], self._word2vec.weighting)
        wanted = self.item_vectors[position].astype(np.float64)
        if not mean_vectors(shared, self._directions).any() or not wanted.any():
            nothing = np.zeros(shared.n_entries, np.float32)
            return Explanation(-math.inf, -math.inf, shared.items, nothing, "additive")
        parts = shared.weights * (self._directions[shared.items] @ wanted)
        return Explanation(float(parts.sum()), 0.0, shared.items, parts.astype(np.float32), "additive")

    def with_items(self, dataset: Dataset, *, threads: int | None = None) -> FittedWord2Vec:  # noqa: ARG002
        """See `segue.core.protocols.TakesItems`: new items by their words with source "text", else, and where these say
        nothing, by the averages of what shares their artist, album, genres or tags."""
        ways: list[tuple[Origin, Way]] = []
        if self._word2vec.source == "text":

            def by_words(items: Int64Array) -> tuple[Float32Array, None]:
                topics = Topics(TEXT, True, self._words.keys, self._words.vectors)
                return topics.vectors(Catalogue(dataset.catalogue.frame[items])), None

            ways.append(("features", by_words))
        found = placed(self.items, self.origins, self.item_vectors, None, dataset, ways)
        return FittedWord2Vec(self._word2vec, dataset.items, found.vectors, self._words, found.origins)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """item_vectors, float32 (n_items, d); words, uint64 (m,); word_vectors, float32 (m, d), and their
        word_weights, float32 (m,); and the origins."""
        return {
            "item_vectors": self.item_vectors,
            "words": self._words.keys,
            "word_vectors": self._words.vectors,
            "word_weights": self._words.weights,
            **self.origins.arrays(),
        }


def _check_finite(*vectors: Float32Array) -> None:
    if not all(np.isfinite(each).all() for each in vectors):
        raise ModelError("the vectors of word2vec ran over; lower learning_rate")
