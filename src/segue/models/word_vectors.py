"""Skip-gram vectors of tokens, learned by gensim; the only module that knows gensim."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.core.arrays import Float32Array, Int32Array, Int64Array
from segue.core.progress import SILENT, Progress
from segue.errors import MissingExtraError

_BATCH: Final = 10_000  # tokens that gensim takes at once; it drops what is beyond that without a word
_LAST_RATE: Final = 0.004  # of the learning rate, at the end


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

    Training is deterministic with one thread only, since several would overwrite each other's steps: there is one.
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

        Memory: twice the result, and a string for each token. Raises MissingExtraError without gensim.
        """
        try:
            from gensim.models.word2vec import Word2Vec, train_batch_sg  # deferred: an extra, slow to import
        except ImportError:
            raise MissingExtraError("learning word vectors", "text") from None

        counts = np.bincount(sentences.tokens, minlength=sentences.n_tokens)
        names = list(map(str, range(sentences.n_tokens)))
        occurring = np.flatnonzero(counts)
        model = Word2Vec(
            vector_size=self.dimensions,
            window=self.window,
            negative=self.negatives,
            ns_exponent=self.exponent,
            sample=self.subsampling,
            min_count=1,
            sg=1,
            seed=seed,
        )
        model.build_vocab_from_freq({names[token]: int(counts[token]) for token in occurring})
        work = np.zeros(self.dimensions, np.float32)
        total, done, rng = self.epochs * int(counts.sum()), 0, np.random.default_rng(seed)
        # gensim's own loop would hand each batch to a thread, and wait for it: here it is called at once.
        with progress.task("Learning vectors", total=self.epochs, unit="epochs") as task:
            for _ in range(self.epochs):
                for batch in _batches(sentences, names, rng):
                    rate = self.learning_rate * max(_LAST_RATE, 1 - done / total)
                    train_batch_sg(model, batch, rate, work, False)
                    done += sum(map(len, batch))
                task.advance()
        inner = np.zeros((sentences.n_tokens, self.dimensions), np.float32)
        outer = np.zeros_like(inner)
        rows = np.array([model.wv.key_to_index[names[token]] for token in occurring])
        inner[occurring], outer[occurring] = model.wv.vectors[rows], model.syn1neg[rows]
        return inner, outer


def _batches(sentences: Sentences, names: list[str], rng: np.random.Generator) -> Iterator[list[list[str]]]:
    """One pass: lists of sentences, as gensim takes them, of `_BATCH` tokens at most together."""
    batch: list[list[str]] = []
    size = 0
    for low, high in itertools.pairwise(sentences.offsets.tolist()):
        row = sentences.tokens[low:high]
        if sentences.unsorted and row.size:
            row = rng.permutation(row)
        for start in range(0, row.size, _BATCH):
            sentence = [names[token] for token in row[start : start + _BATCH].tolist()]
            if size + len(sentence) > _BATCH:
                yield batch
                batch, size = [], 0
            batch.append(sentence)
            size += len(sentence)
    if batch:
        yield batch
