"""The words of titles and texts, placed by word2vec: alike are words that stand in the same texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from segue.core.catalogue import Catalogue
from segue.core.progress import SILENT, Progress
from segue.models.content_blocks import Topics
from segue.models.item_words import bags, rarity, running_words
from segue.models.word_vectors import Sentences, SkipGram

_WINDOW, _NEGATIVES, _EXPONENT, _SUBSAMPLING, _RATE, _EPOCHS = 5, 5, 0.75, 1e-3, 0.025, 10
"""What is usual for running text (Mikolov et al. 2013), which this is."""

_LEAST: Final = 2  # items that a word must stand in: of others, nothing can be learned


def text_topics(
    catalogue: Catalogue, columns: Sequence[str], width: int, seed: int, progress: Progress = SILENT
) -> Topics | None:
    """`Topics` of the words in these columns; None without such words.

    A word's place is its skip-gram vector, less the mean of all words in the texts: a direction that all words share
    says nothing of any of them, and would make all texts alike (Mu & Viswanath 2018, "All-but-the-top").

    Raises MissingExtraError without gensim.
    """
    held = bags(catalogue, columns)
    keys, counts = np.unique(held.keys, return_counts=True)
    keys, counts = keys[counts >= _LEAST], counts[counts >= _LEAST]
    if not keys.size:
        return None
    texts = running_words(catalogue, columns).among(keys)
    skip_gram = SkipGram(
        dimensions=width,
        window=_WINDOW,
        negatives=_NEGATIVES,
        exponent=_EXPONENT,
        subsampling=_SUBSAMPLING,
        learning_rate=_RATE,
        epochs=_EPOCHS,
    )
    places, _ = skip_gram.learn(Sentences(*texts, keys.size), seed, progress)
    places -= np.average(places, axis=0, weights=np.bincount(texts[1], minlength=keys.size)).astype(np.float32)
    return Topics(tuple(columns), keys, places * rarity(counts, held.n)[:, None])
