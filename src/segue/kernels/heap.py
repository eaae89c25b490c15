"""The k best of a stream of scored items, in a bounded heap: larger scores first, ties by smaller position.

A heap is two arrays of the same length, of which the first `size` entries count; the worst of them stands at the root.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segue.kernels.compile import kernel

Scores = npt.NDArray[np.float32]
Items = npt.NDArray[np.int32]


@kernel(inline=True)
def worse(score: np.float32, item: np.int32, than_score: np.float32, than_item: np.int32) -> bool:
    """True where the first stands behind the second."""
    return bool(score < than_score or (score == than_score and item > than_item))


@kernel()
def offer(scores: Scores, items: Items, size: int, score: np.float32, item: np.int32) -> int:
    """Puts an item into the heap, or leaves it out where the heap is full of better ones; returns the new size."""
    if size < scores.size:
        place = size
        while place > 0:
            parent = (place - 1) >> 1
            if not worse(score, item, scores[parent], items[parent]):
                break
            scores[place], items[place] = scores[parent], items[parent]
            place = parent
        scores[place], items[place] = score, item
        return size + 1
    if scores.size and worse(scores[0], items[0], score, item):
        sink(scores, items, size, score, item)
    return size


@kernel()
def sink(scores: Scores, items: Items, size: int, score: np.float32, item: np.int32) -> None:
    """Replaces the root of a heap of `size` entries."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and worse(scores[child + 1], items[child + 1], scores[child], items[child]):
            child += 1
        if not worse(scores[child], items[child], score, item):
            break
        scores[place], items[place] = scores[child], items[child]
        place = child
    scores[place], items[place] = score, item


@kernel()
def unwind(scores: Scores, items: Items, size: int) -> None:
    """Turns a heap of `size` entries into a list, best first."""
    for last in range(size - 1, 0, -1):
        score, item = scores[last], items[last]
        scores[last], items[last] = scores[0], items[0]
        sink(scores, items, last, score, item)
