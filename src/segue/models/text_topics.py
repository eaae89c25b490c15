"""The words of titles and texts, placed by word2vec: alike are words that stand in the same texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from segue.core.arrays import Int32Array
from segue.core.catalogue import Catalogue
from segue.core.progress import SILENT, Progress
from segue.models.content_blocks import Topics
from segue.models.item_words import Keys, keys_of, rarity, running_words
from segue.models.word_vectors import Sentences, SkipGram

RUNNING_TEXT: Final = SkipGram(
    dimensions=128, window=5, negatives=5, exponent=0.75, subsampling=1e-3, learning_rate=0.025, epochs=10
)
"""What is usual for text (Mikolov et al. 2013)."""

_LEAST: Final = 2  # texts that a word must stand in: of others, nothing can be learned


def text_topics(
    catalogue: Catalogue,
    columns: Sequence[str],
    skip_gram: SkipGram,
    seed: int,
    names: Sequence[str] = (),
    progress: Progress = SILENT,
) -> Topics | None:
    """`Topics` of the words in these columns, learned from them and from further texts, `names`; None without words.

    A word's place is its skip-gram vector, less the mean of all words in the texts: a direction that all words share
    says nothing of any of them, and would make all texts alike (Mu & Viswanath 2018, "All-but-the-top"). A word that
    stands in one text only has none.
    Raises MissingExtraError without gensim.
    """
    texts = running_words(catalogue, columns)
    named = keys_of(names)
    rows = np.concatenate([texts.rows, np.repeat(np.arange(len(named)) + texts.n, [len(keys) for keys in named])])
    keys = np.concatenate([texts.keys, np.array([key for one in named for key in one], np.uint64)])
    words, places = np.unique(keys, return_inverse=True)
    held = np.bincount(np.unique(rows * np.int64(words.size) + places) % max(words.size, 1), minlength=words.size)
    kept = held >= _LEAST
    if not kept.any():
        return None
    there = kept[places]
    renumbered: Int32Array = (np.cumsum(kept) - 1).astype(np.int32)
    tokens = renumbered[places[there]]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows[there], minlength=texts.n + len(named)))])
    vectors, _ = skip_gram.learn(Sentences(offsets.astype(np.int64), tokens, int(kept.sum())), seed, progress)
    vectors -= np.average(vectors, axis=0, weights=np.bincount(tokens)).astype(np.float32)
    known: Keys = words[kept]
    return Topics(tuple(columns), True, known, vectors * rarity(held[kept], texts.n + len(named))[:, None])
