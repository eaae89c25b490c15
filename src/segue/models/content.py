"""Content: items are alike that sound alike, are by the same artist, or are called alike; who listens plays no part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float32Array, Int64Array
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Float, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, SettingsError
from segue.kernels.threads import blas
from segue.models.content_blocks import Block, Coded, Sound, Topics
from segue.models.embedding import EmbeddingModel
from segue.models.new_items import placed
from segue.models.taste import mean_vectors, shares
from segue.models.text_topics import RUNNING_TEXT, text_topics
from segue.models.weighting import Weighting, check_weighting

TextBy: TypeAlias = Literal["tf-idf", "word2vec"]

BLOCKS: Final = ("audio", "artist", "genres", "tags", "text")


@dataclass(frozen=True, kw_only=True)
class Content:
    """Item vectors made of what the catalogue says, and a listener's taste as the weighted mean of a history's items.

    What is known of item i has up to five sides, each a vector u_b of length 1 (see `segue.models.content_blocks`):

        audio   the audio features, standardised, key and mode as a place on the circle of fifths (`Sound`)
        artist  the artist's name (`Coded`)
        genres  the genres, and tags the tags, by what they occur with (`Topics`)
        text    the words of title and text (`Coded`, or `Topics` of word2vec)

    With the sides K_i that are known of it, its vector puts them side by side:

        v_i = [sqrt(w_b) u_b for b in K_i] / sqrt(sum of w_b over K_i)

    so that v_i . v_j is the weighted mean of the cosines of the sides, where both items have the same sides, and a side
    that one of them lacks speaks neither for nor against. A history with weights f_j = weighting(weight) stands at
    q = sum_j f_j v_j / sum_j |f_j|, and score(i) = q . v_i, which lies in -1..1; a dislike subtracts. Where nothing is
    liked there is no evidence.

    audio, artist, genres, tags, text: the weights w_b, 0 and more; a side of weight 0 is not built.
    topics:    the length of vectors of genres and tags, and of words by word2vec.
    codes:     the length of vectors of artists and of words by TF-IDF; their cosines err by 1 / sqrt(codes) or less.
    text_by:   "tf-idf": the same words; "word2vec": words that occur in the same titles and texts (needs the extra
               `text`).
    weighting: f, see `segue.models.weighting.weighted`.

    Raises SettingsError at birth where a value is not what it must be.
    """

    name: ClassVar[str] = "content"
    space: ClassVar[Space] = {
        "audio": Float(0.03, 3.0, log=True),
        "genres": Float(0.03, 3.0, log=True),
        "tags": Float(0.03, 3.0, log=True),
        "text": Float(0.01, 1.0, log=True),
    }

    audio: float = 0.3
    artist: float = 1.0
    genres: float = 0.5
    tags: float = 0.5
    text: float = 0.1
    topics: int = 128
    codes: int = 256
    text_by: TextBy = "tf-idf"
    weighting: Weighting = "log"

    def __post_init__(self) -> None:
        for name in BLOCKS:
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise SettingsError(f"{name}, a weight, must be a number of at least 0, got {value!r}")
        if not any(getattr(self, name) for name in BLOCKS):
            raise SettingsError(f"one of the weights {', '.join(BLOCKS)} must be above 0; all are 0")
        for name in ("topics", "codes"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, got {value!r}")
        if self.text_by not in get_args(TextBy):
            raise SettingsError(f"text_by must be 'tf-idf' or 'word2vec', got {self.text_by!r}")
        check_weighting(self.weighting)

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int = 0,
        progress: Progress = SILENT,
        threads: int | None = None,  # noqa: ARG002  # one is enough, and gives the same bytes everywhere
    ) -> FittedContent:
        """The vectors of all items of the catalogue, heard or not. A side that does not tell items apart (an audio
        feature that is the same for all, artists of one item each) is left out; `progress` is told which.

        Memory: n_items x (columns of all sides) x 4 bytes. Time: that of `topics` singular vectors of the tags.
        Raises DataError where no side is left, an audio feature is infinite, or no history holds anything liked;
        MissingExtraError where word2vec is asked for and gensim is not there.
        """
        if not (dataset.histories.weights > 0).any():
            raise DataError("content answers what is liked, but no entry of the dataset has a positive weight")
        blocks: dict[str, Block] = {}
        with progress.task(self.name, total=len(BLOCKS), unit="sides") as task, blas(1):
            for name in BLOCKS:
                made = self._learned(name, dataset.catalogue, seed) if getattr(self, name) > 0 else None
                if made is not None:
                    blocks[name] = made
                task.advance(1, name if made is not None else f"without {name}")
        if not blocks:
            wanted = ", ".join(name for name in BLOCKS if getattr(self, name) > 0)
            raise DataError(
                f"content found nothing in the catalogue that tells items apart; it looked for {wanted}: "
                "import features of the items (segue import FEATURES), or give other sides a weight"
            )
        vectors = self._vectors(blocks, dataset.catalogue)
        return FittedContent(self, dataset.items, vectors, blocks)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> FittedContent:
        """See `segue.core.protocols.Configuration.restore`."""
        blocks: dict[str, Block] = {}
        for name in BLOCKS:
            own = {key.removeprefix(f"{name}_"): array for key, array in arrays.items() if key.startswith(f"{name}_")}
            if own:
                blocks[name] = self._restored(name, own)
        width = sum(block.width for block in blocks.values())
        vectors = arrays.get("item_vectors")
        if not blocks or vectors is None or vectors.shape != (len(items), width) or vectors.dtype != np.float32:
            found = "nothing" if vectors is None else f"{vectors.dtype} of shape {vectors.shape}"
            raise ArtifactError(
                f"content needs item_vectors, float32 of shape {(len(items), width)}, found {found}; "
                "train the model again"
            )
        return FittedContent(self, items, vectors, blocks, Origins.restored(arrays, len(items)))

    def _learned(self, name: str, catalogue: Catalogue, seed: int) -> Block | None:
        if name == "audio":
            return Sound.learned(catalogue)
        if name == "text" and self.text_by == "word2vec":
            return text_topics(catalogue, _COLUMNS[name], replace(RUNNING_TEXT, dimensions=self.topics), seed)
        columns = _COLUMNS[name]
        if name in ("artist", "text"):
            return Coded.learned(catalogue, columns, self.codes, by_word=name == "text")
        return Topics.learned(catalogue, columns, self.topics, seed)

    def _restored(self, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Block:
        try:
            if name == "audio":
                return Sound(arrays["means"], arrays["scales"])
            if "places" in arrays:
                return Topics(_COLUMNS[name], name == "text", arrays["keys"], arrays["places"])
            rare = float(arrays["rare"][0])
            return Coded(_COLUMNS[name], name == "text", self.codes, arrays["keys"], arrays["weights"], rare)
        except KeyError as error:
            raise ArtifactError(f"the saved {name} of content lacks {error}; train the model again") from None

    def _vectors(self, blocks: Mapping[str, Block], catalogue: Catalogue) -> Float32Array:
        """float32, shape (n, the blocks' widths together): v_i of the class."""
        vectors = np.zeros((len(catalogue), sum(block.width for block in blocks.values())), np.float32)
        known = np.zeros(len(catalogue))
        start = 0
        for name, block in blocks.items():
            weight = getattr(self, name)
            side = block.vectors(catalogue)
            known += weight * side.any(axis=1)
            vectors[:, start : start + block.width] = side * np.float32(math.sqrt(weight))
            start += block.width
        vectors /= np.sqrt(np.where(known > 0, known, 1))[:, None].astype(np.float32)
        return vectors


class FittedContent(EmbeddingModel):
    """Vectors of items, of length 1 where anything is known, and what makes those of further items."""

    def __init__(
        self,
        configuration: Content,
        items: Vocabulary,
        item_vectors: Float32Array,
        blocks: Mapping[str, Block],
        origins: Origins | None = None,
    ) -> None:
        super().__init__(configuration, items, item_vectors, origins=origins)
        self._content = configuration
        self._blocks = MappingProxyType(dict(blocks))

    @property
    def blocks(self) -> Mapping[str, Block]:
        """The sides that the vectors have, by name, in the order in which they stand in them."""
        return self._blocks

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:  # noqa: ARG002
        """float32, shape (n, d): the weighted mean of each history's item vectors; zeros where nothing is liked."""
        return mean_vectors(shares(histories.known(self.n_items)[0], self._content.weighting), self.item_vectors)

    def explain(self, history: Histories, item: int) -> Explanation:
        """The score of `item` for a single history, shared out among the history's items, and among the sides; exact.

        Entry j contributes f_j v_j . v_i / sum |f|; a side's part is the part of that product in its own columns. Where
        there is no evidence the baseline is -inf. Raises DataError unless there is one history and the item exists.
        """
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        (position,) = self._positions([item])
        shared = shares(history.known(self.n_items)[0], self._content.weighting)
        taste = self.query_vectors(history)[0].astype(np.float64)
        wanted = self.item_vectors[position].astype(np.float64)
        if not taste.any() or not wanted.any():
            nothing = np.zeros(shared.n_entries, np.float32)
            return Explanation(-math.inf, -math.inf, shared.items, nothing, "additive")
        parts = shared.weights * (self.item_vectors[shared.items] @ wanted)
        edges = np.cumsum([0, *(block.width for block in self._blocks.values())])
        sides = {
            name: float(taste[low:high] @ wanted[low:high])
            for name, low, high in zip(self._blocks, edges[:-1], edges[1:], strict=True)
            if wanted[low:high].any()
        }
        return Explanation(float(taste @ wanted), 0.0, shared.items, parts.astype(np.float32), "additive", sides)

    def with_items(self, dataset: Dataset, *, threads: int | None = None) -> FittedContent:  # noqa: ARG002
        """See `segue.core.protocols.TakesItems`: new items by their features; listeners are not needed."""

        def by_features(items: Int64Array) -> tuple[Float32Array, None]:
            return self._content._vectors(self._blocks, Catalogue(dataset.catalogue.frame[items])), None

        all_items = placed(self.items, self.origins, self.item_vectors, None, dataset, [("features", by_features)])
        return FittedContent(self._content, dataset.items, all_items.vectors, self._blocks, all_items.origins)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """item_vectors, float32 (n_items, d); what each side has learned, under its name; and the origins."""
        learned = {
            f"{name}_{key}": array for name, block in self._blocks.items() for key, array in block.arrays().items()
        }
        return {"item_vectors": self.item_vectors, **learned, **self.origins.arrays()}


_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"artist": ("artist",), "genres": ("genres",), "tags": ("tags",), "text": ("title", "text")}
)
