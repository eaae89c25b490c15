"""New items: where a fitted model of vectors puts those that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from segue.core.arrays import BoolArray, Float32Array, Int64Array
from segue.core.dataset import Dataset
from segue.core.origins import ORIGINS, Origin, Origins
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.models.category_averages import category_averages

Way: TypeAlias = Callable[[Int64Array], tuple[Float32Array, Float32Array | None]]
"""Takes m items of the dataset (int64, rising), and gives their vectors (m, d), zeros for an item of which it can say
nothing, and their biases (m,), or None for a model without."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Vectors, biases and origins of all n items of a dataset, as `EmbeddingModel` takes them."""

    vectors: Float32Array
    bias: Float32Array | None
    origins: Origins


def check_extends(dataset: Dataset, items: Vocabulary) -> None:
    """Raises DataError unless the dataset's items begin with these."""
    if not items.is_prefix_of(dataset.items):
        raise DataError(
            f"the {dataset.n_items} items of the dataset do not begin with the {len(items)} that the model knows; "
            "append new data to the data it was trained on, or train it again"
        )


def known_items(origins: Origins, n_items: int) -> BoolArray:
    """Which of n_items, of which a model knows the first, were trained: bool, shape (n_items,)."""
    known = np.zeros(n_items, np.bool_)
    known[: len(origins)] = origins.known
    return known


def placed(
    items: Vocabulary,
    origins: Origins,
    item_vectors: Float32Array,
    item_bias: Float32Array | None,
    dataset: Dataset,
    ways: Sequence[tuple[Origin, Way]] = (),
    prior: float = 0.0,
) -> Placed:
    """All items of `dataset` in the space of a model of `items`: see `segue.core.protocols.TakesItems`.

    What was trained keeps its vector and its bias, bit by bit. Of the others, each is placed by the first of `ways`
    that has a vector for it, those that remain by the average a of their artist, album, genres or tags. Where n
    listeners placed an item at y ("projected"), and there is an average too, it comes to stand between the two, at

        (n y + prior a) / (n + prior),

    since few listeners say little: of a track that one person heard, its artist says more. Biases likewise.
    """
    check_extends(dataset, items)
    trained = origins.known
    known = known_items(origins, dataset.n_items)
    vectors = np.zeros((dataset.n_items, item_vectors.shape[1]), np.float32)
    vectors[known] = item_vectors[trained]
    bias = None
    if item_bias is not None:
        bias = np.zeros(dataset.n_items, np.float32)
        bias[known] = item_bias[trained]
    pending = np.flatnonzero(~known)
    averages = category_averages(vectors, bias, known, dataset.catalogue, pending)
    codes = Origins.trained(known).codes.copy()
    vectors[pending], codes[pending] = averages.vectors, averages.codes
    if bias is not None and averages.bias is not None:
        bias[pending] = averages.bias
    for origin, way in ways:
        found, found_bias = way(pending)
        there = found.any(axis=1)
        new = pending[there]
        share = np.ones(new.size, np.float32)
        if origin == "projected":
            share[codes[new] > 0] = _heard(dataset, new[codes[new] > 0], prior)
        vectors[new] = share[:, None] * found[there] + (1 - share)[:, None] * vectors[new]
        if bias is not None and found_bias is not None:
            bias[new] = share * found_bias[there] + (1 - share) * bias[new]
        codes[new] = ORIGINS.index(origin)
        pending = pending[~there]
    return Placed(vectors, bias, Origins(codes))


def _heard(dataset: Dataset, items: Int64Array, prior: float) -> Float32Array:
    """How much the n listeners of each item say beside an average, n / (n + prior); all of them have listeners."""
    heard = dataset.histories.merged()
    n = np.bincount(heard.items[heard.weights != 0], minlength=dataset.n_items)[items]
    return np.asarray(n / (n + prior), np.float32)
