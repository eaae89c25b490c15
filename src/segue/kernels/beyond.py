"""What lists are made of: means over their items, how alike these are, their genre mix, hits beyond the popular.

Lists are int32 (n, k) item positions, -1 where one has ended; `depth` says how many entries count. Rows are spread over
threads, each with its own scratch memory. A ragged matrix is `offsets` (int64), `columns` (int32) and `values`
(float32): the row of an item is the stretch offsets[item]:offsets[item + 1] of the other two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.threads import spread

_ROWS: Final = 1024  # lists that a thread works through before it takes the next ones
_WORTH: Final = 2**18  # entries from which on several threads pay

Lists: TypeAlias = npt.NDArray[np.int32]
Places: TypeAlias = npt.NDArray[np.int32]
Offsets: TypeAlias = npt.NDArray[np.int64]
Marks: TypeAlias = npt.NDArray[np.bool_]
Values: TypeAlias = npt.NDArray[np.float64]
Singles: TypeAlias = npt.NDArray[np.float32]
Ragged: TypeAlias = tuple[Offsets, Places, Singles]

_BOOL, _I32, _I64, _F32, _F64 = types.boolean, types.int32, types.int64, types.float32, types.float64


def list_means(items: Lists, depth: int, values: Values, *, threads: int | None = None) -> Values:
    """The mean of values[item] (float64, one per item) over each list, float64 (n,); NaN for an empty list."""
    out = np.empty(items.shape[0], np.float64)

    def work(starts: Iterator[int]) -> None:
        for start in starts:
            _list_means(items[start : start + _ROWS], depth, values, out[start : start + _ROWS])

    _over(items, work, threads)
    return out


def sparse_distances(
    items: Lists, depth: int, vectors: Ragged, n_features: int, *, threads: int | None = None
) -> Values:
    """1 - the mean cosine of all pairs of items of each list, by sparse vectors of length 1, float64 (n,).

    Items whose vector is empty are in no pair; NaN where there is no pair. Time: the entries of the listed vectors (the
    cosines of all pairs come from the length of the vectors' sum); scratch: 12 bytes per feature and thread.
    """
    out = np.empty(items.shape[0], np.float64)

    def work(starts: Iterator[int]) -> None:
        total, last = np.zeros(n_features, np.float64), np.full(n_features, -1, np.int32)
        for start in starts:
            last[:] = -1
            _sparse_distances(items[start : start + _ROWS], depth, *vectors, total, last, out[start : start + _ROWS])

    _over(items, work, threads)
    return out


def dense_distances(items: Lists, depth: int, vectors: Singles, *, threads: int | None = None) -> Values:
    """1 - the mean cosine of all pairs of items of each list, by vectors (n_items, d) of length 1, float64 (n,).

    Items whose vector is zero are in no pair; NaN where there is no pair.
    """
    out = np.empty(items.shape[0], np.float64)
    there = np.ascontiguousarray(vectors.any(axis=1))

    def work(starts: Iterator[int]) -> None:
        total = np.empty(vectors.shape[1], np.float64)
        for start in starts:
            _dense_distances(items[start : start + _ROWS], depth, vectors, there, total, out[start : start + _ROWS])

    _over(items, work, threads)
    return out


def mix_divergences(
    items: Lists,
    depth: int,
    offsets: Offsets,
    history: Places,
    shares: Ragged,
    n_labels: int,
    smoothing: float,
    *,
    threads: int | None = None,
) -> Values:
    """KL(p || (1 - smoothing) q + smoothing p) in nats, p the label mix of a history and q of its list, float64 (n,).

    offsets, history: int64 (n + 1,) into int32, the items of each row's history.
    shares:           the labels of each item, which share 1 between them; items without labels are in no mix.

    NaN where no item of the history has a label. A list without labels has q = 0. Scratch: 20 bytes per label and
    thread.
    """
    out = np.empty(items.shape[0], np.float64)

    def work(starts: Iterator[int]) -> None:
        p, q, met = np.zeros(n_labels), np.zeros(n_labels), np.empty(n_labels, np.int32)
        for start in starts:
            stop = min(start + _ROWS, items.shape[0])
            _mix_divergences(
                items[start:stop],
                depth,
                offsets[start : stop + 1],
                history,
                *shares,
                smoothing,
                p,
                q,
                met,
                out[start:stop],
            )

    _over(items, work, threads)
    return out


@kernel([_I64[::1](read(_I32, 2), read(_BOOL, 2), _I64, read(_I64), read(_I32), read(_I32))])
def hits_beyond(
    items: Lists, hits: Marks, depth: int, offsets: Offsets, seen: Places, rank_of: Places
) -> npt.NDArray[np.int64]:
    """How many hits among the first `depth` are not among the `depth` best ranked items unseen by the row, int64 (n,).

    offsets, seen: int64 (n + 1,) into int32, distinct items of each row that no list may name.
    rank_of:       int32, one per item, its rank from 0 in a list that is the same for all.
    """
    n, k = items.shape
    counts = np.zeros(n, np.int64)
    for row in range(n):
        for place in range(min(depth, k)):
            if not hits[row, place]:
                continue
            rank = rank_of[items[row, place]]
            if rank >= depth:  # seen items before it move it up
                for entry in range(offsets[row], offsets[row + 1]):
                    if rank_of[seen[entry]] < rank_of[items[row, place]]:
                        rank -= 1
            if rank >= depth:
                counts[row] += 1
    return counts


def _over(items: Lists, work: Callable[[Iterator[int]], None], threads: int | None) -> None:
    spread(work, range(0, items.shape[0], _ROWS), threads if items.size > _WORTH else 1)


@kernel([types.void(read(_I32, 2), _I64, read(_F64), write(_F64))])
def _list_means(items: Lists, depth: int, values: Values, out: Values) -> None:
    for row in range(items.shape[0]):
        total, count = 0.0, 0
        for place in range(min(depth, items.shape[1])):
            if items[row, place] < 0:
                break
            total += values[items[row, place]]
            count += 1
        out[row] = total / count if count else np.nan


@kernel([types.void(read(_I32, 2), _I64, read(_I64), read(_I32), read(_F32), write(_F64), write(_I32), write(_F64))])
def _sparse_distances(
    items: Lists,
    depth: int,
    offsets: Offsets,
    columns: Places,
    values: Singles,
    total: Values,
    last: Places,
    out: Values,
) -> None:
    for row in range(items.shape[0]):
        length, own, count = 0.0, 0.0, 0
        for place in range(min(depth, items.shape[1])):
            item = items[row, place]
            if item < 0:
                break
            begin, end = offsets[item], offsets[item + 1]
            if begin == end:
                continue
            count += 1
            for entry in range(begin, end):
                column, value = columns[entry], np.float64(values[entry])
                if last[column] != row:
                    last[column] = row
                    total[column] = 0.0
                length += value * (2.0 * total[column] + value)
                own += value * value
                total[column] += value
        out[row] = 1.0 - (length - own) / (count * (count - 1)) if count > 1 else np.nan


@kernel([types.void(read(_I32, 2), _I64, read(_F32, 2), read(_BOOL), write(_F64), write(_F64))])
def _dense_distances(items: Lists, depth: int, vectors: Singles, there: Marks, total: Values, out: Values) -> None:
    d = vectors.shape[1]
    for row in range(items.shape[0]):
        total[:] = 0.0
        own, count = 0.0, 0
        for place in range(min(depth, items.shape[1])):
            item = items[row, place]
            if item < 0:
                break
            if not there[item]:
                continue
            count += 1
            for column in range(d):
                value = np.float64(vectors[item, column])
                own += value * value
                total[column] += value
        length = 0.0
        for column in range(d):
            length += total[column] * total[column]
        out[row] = 1.0 - (length - own) / (count * (count - 1)) if count > 1 else np.nan


@kernel(
    [
        types.void(
            read(_I32, 2),
            _I64,
            read(_I64),
            read(_I32),
            read(_I64),
            read(_I32),
            read(_F32),
            _F64,
            write(_F64),
            write(_F64),
            write(_I32),
            write(_F64),
        )
    ]
)
def _mix_divergences(
    items: Lists,
    depth: int,
    offsets: Offsets,
    history: Places,
    label_offsets: Offsets,
    labels: Places,
    shares: Singles,
    smoothing: float,
    p: Values,
    q: Values,
    met: Places,
    out: Values,
) -> None:
    """p and q come and go as zeros; `met` lists the labels of the history, the only ones that the sum is over."""
    for row in range(items.shape[0]):
        n_met, n_history, n_list = 0, 0, 0
        for entry in range(offsets[row], offsets[row + 1]):
            item = history[entry]
            n_history += label_offsets[item + 1] > label_offsets[item]
            for place in range(label_offsets[item], label_offsets[item + 1]):
                if p[labels[place]] == 0.0:
                    met[n_met] = labels[place]
                    n_met += 1
                p[labels[place]] += shares[place]
        for rank in range(min(depth, items.shape[1])):
            item = items[row, rank]
            if item < 0:
                break
            n_list += label_offsets[item + 1] > label_offsets[item]
            for place in range(label_offsets[item], label_offsets[item + 1]):
                if p[labels[place]] > 0.0:
                    q[labels[place]] += shares[place]
        divergence = 0.0
        for number in range(n_met):
            label = met[number]
            wanted = p[label] / n_history
            given = q[label] / n_list if n_list else 0.0
            divergence += wanted * np.log(wanted / ((1.0 - smoothing) * given + smoothing * wanted))
            p[label] = 0.0
            q[label] = 0.0
        out[row] = max(0.0, divergence) if n_history else np.nan
