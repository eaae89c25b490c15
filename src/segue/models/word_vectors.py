"""Skip-gram vectors of tokens, learned by gensim; the only module that knows gensim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from segue.core.arrays import Float32Array, Int32Array, Int64Array
from segue.core.progress import SILENT, Progress
from segue.errors import MissingExtraError

_LONGEST: Final = 10_000  # tokens of a sentence; gensim drops what is beyond that without a word


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """Ragged rows of tokens.

    offsets:  int64, shape (n + 1,).  tokens: int32, shape (m,), in 0..n_tokens - 1.
    unsorted: whether the order within a sentence means nothing. It is then drawn anew for each pass: who stands near
              whom is chance, and not the order in which the data happened to be written.
    """

    offsets: Int64Array
    tokens: Int32Array
    n_tokens: int
    unsorted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SkipGram:
    """Skip-gram with negative sampling (Mikolov et al. 2013), of gensim's Word2Vec.

    For a token a and a token b in its window, and `negatives` tokens c drawn with probability ~ count ^ exponent,

        log sigmoid(in_a . out_b) + sum_c log sigmoid(-in_a . out_c)

    is driven up by stochastic gradient descent, the step falling from `learning_rate` to nearly 0 over the epochs. A
    window reaches 1 to `window` tokens to either side, drawn anew for each token. Of a token with the share p of all
    tokens, a fraction sqrt(s / p) + s / p is used, s being `subsampling`; 0 uses all.

    gensim's training is deterministic with one worker only, since several overwrite each other's steps: there is one.
    """

    dimensions: int
    window: int
    negatives: int
    exponent: float
    subsampling: float
    learning_rate: float
    epochs: int

    def learn(self, sentences: Sentences, seed: int, progress: Progress = SILENT) -> tuple[Float32Array, Float32Array]:
        """The in and out vectors of all tokens, float32 (n_tokens, dimensions); zeros for one that occurs nowhere.

        Memory: twice that, and Python strings of the tokens of one sentence. Raises MissingExtraError without gensim.
        """
        try:
            from gensim.models import Word2Vec  # deferred: an extra, and it takes a second to import
            from gensim.models.callbacks import CallbackAny2Vec
        except ImportError:
            raise MissingExtraError("learning word vectors", "text") from None

        class Told(CallbackAny2Vec):  # type: ignore[misc]  # gensim has no types
            def on_epoch_end(self, model: Any) -> None:  # noqa: ARG002
                task.advance()

        counts = np.bincount(sentences.tokens, minlength=sentences.n_tokens)
        names = list(map(str, range(sentences.n_tokens)))
        model = Word2Vec(
            vector_size=self.dimensions,
            window=self.window,
            negative=self.negatives,
            ns_exponent=self.exponent,
            sample=self.subsampling,
            alpha=self.learning_rate,
            min_count=1,
            sg=1,
            seed=seed,
            workers=1,
        )
        occurring = np.flatnonzero(counts)
        model.build_vocab_from_freq({names[token]: int(counts[token]) for token in occurring})
        corpus = _Passes(sentences, names, seed)
        with progress.task("Learning vectors", total=self.epochs, unit="epochs") as task:
            model.train(
                corpus,
                total_words=int(counts.sum()),
                epochs=self.epochs,
                callbacks=[Told()],
            )
        inner = np.zeros((sentences.n_tokens, self.dimensions), np.float32)
        outer = np.zeros_like(inner)
        rows = np.array([model.wv.key_to_index[names[token]] for token in occurring])
        inner[occurring], outer[occurring] = model.wv.vectors[rows], model.syn1neg[rows]
        return inner, outer


class _Passes:
    """Sentences as gensim reads them: lists of strings, once per pass, the order drawn anew where it means nothing."""

    def __init__(self, sentences: Sentences, names: list[str], seed: int) -> None:
        self._sentences = sentences
        self._names = names
        self._rng = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[list[str]]:
        names, tokens = self._names, self._sentences.tokens
        for low, high in zip(self._sentences.offsets[:-1], self._sentences.offsets[1:], strict=True):
            row = self._rng.permutation(tokens[low:high]) if self._sentences.unsorted else tokens[low:high]
            for start in range(0, row.size, _LONGEST):
                yield [names[token] for token in row[start : start + _LONGEST].tolist()]
