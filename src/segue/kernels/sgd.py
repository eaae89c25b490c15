"""Steps of stochastic gradient descent for a matrix factorization, block by block, and the solution for one side.

Entries (u, i, target t, confidence c) pull p = x_u . y_i towards t; pairs drawn at random push theirs towards 0:

    1/2 sum_entries [ c (t - p)^2 + sum_drawn p^2 + ridge (|x_u|^2 + |y_i|^2) ]

A call changes only the rows of x and y that its block names, so that blocks which share no row may run side by side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.blas import add_gram, solve_positive
from segue.kernels.compile import kernel, read, write
from segue.kernels.draws import draw, shuffle

Float32s = npt.NDArray[np.float32]

GATHERED = 256  # rows that a solution gathers before it multiplies

_I64, _I32, _F32, _F64 = types.int64, types.int32, types.float32, types.float64
_ROWS = [read(_I32), read(_I32), read(_F32), read(_F32)]  # users, items, targets, confidences
_DRAWN = [_I64, _I64, _I64, read(_F64), write(types.uint64)]


@kernel([_F64(_I64, _I64, write(_I32), *_ROWS, write(_F32, 2), write(_F32, 2), *_DRAWN, _F32, _F32)])
def descend(
    first: int,
    end: int,
    order: npt.NDArray[np.int32],
    users: npt.NDArray[np.int32],
    items: npt.NDArray[np.int32],
    targets: Float32s,
    confidences: Float32s,
    x: Float32s,
    y: Float32s,
    negatives: int,
    first_item: int,
    end_item: int,
    cumulative: npt.NDArray[np.float64],
    state: npt.NDArray[np.uint64],
    rate: np.float32,
    ridge: np.float32,
) -> float:
    """One step for each of the entries order[first:end], in an order drawn anew, and for `negatives` pairs after each.

    order (m) holds entries of one block, users, items, targets, confidences (m) what they are. The other item of a pair
    is drawn from first_item:end_item by `cumulative` (see `segue.kernels.draws.draw`). state (1,): the random stream.
    Returns the sum of c (t - p)^2 as each entry was met.
    """
    d = x.shape[1]
    loss = 0.0
    held = np.float32(1) - rate * ridge
    shuffle(state, first, end, order)
    for place in range(first, end):
        entry = order[place]
        u, i = np.uint64(users[entry]), np.uint64(items[entry])
        product = np.float32(0)
        for j in range(d):
            product += x[u, j] * y[i, j]
        missing = targets[entry] - product
        loss += float(confidences[entry]) * float(missing) * float(missing)
        step = rate * confidences[entry] * missing
        for j in range(d):
            before = x[u, j]
            x[u, j] = held * before + step * y[i, j]
            y[i, j] = held * y[i, j] + step * before
        for _ in range(negatives):
            other = np.uint64(draw(state, first_item, end_item, cumulative))
            product = np.float32(0)
            for j in range(d):
                product += x[u, j] * y[other, j]
            step = -rate * product
            for j in range(d):
                before = x[u, j]
                x[u, j] = before + step * y[other, j]
                y[other, j] = y[other, j] + step * before
    return loss


@kernel([_F64(_I64, _I64, *_ROWS, read(_F32, 2), read(_F32, 2), write(_F32, 2), write(_F32, 2), *_DRAWN, _F32)])
def accumulate(
    first: int,
    end: int,
    users: npt.NDArray[np.int32],
    items: npt.NDArray[np.int32],
    targets: Float32s,
    confidences: Float32s,
    x: Float32s,
    y: Float32s,
    x_gradient: Float32s,
    y_gradient: Float32s,
    negatives: int,
    first_item: int,
    end_item: int,
    cumulative: npt.NDArray[np.float64],
    state: npt.NDArray[np.uint64],
    ridge: np.float32,
) -> float:
    """Adds the gradient of the entries first:end to those of their rows; the rest is as in `descend`."""
    d = x.shape[1]
    loss = 0.0
    for entry in range(first, end):
        u, i = np.uint64(users[entry]), np.uint64(items[entry])
        product = np.float32(0)
        for j in range(d):
            product += x[u, j] * y[i, j]
        missing = targets[entry] - product
        loss += float(confidences[entry]) * float(missing) * float(missing)
        pull = confidences[entry] * missing
        for j in range(d):
            x_gradient[u, j] += ridge * x[u, j] - pull * y[i, j]
            y_gradient[i, j] += ridge * y[i, j] - pull * x[u, j]
        for _ in range(negatives):
            other = np.uint64(draw(state, first_item, end_item, cumulative))
            product = np.float32(0)
            for j in range(d):
                product += x[u, j] * y[other, j]
            for j in range(d):
                x_gradient[u, j] += product * y[other, j]
                y_gradient[other, j] += product * x[u, j]
    return loss


@kernel([types.void(write(_F32, 2), read(_F32, 2), write(_F32, 2), write(_F32, 2), _F32, _F32)])
def adam(
    vectors: Float32s, gradient: Float32s, mean: Float32s, square: Float32s, rate: np.float32, unbias: np.float32
) -> None:
    """A step of Adam (Kingma & Ba 2015) for all rows, with decays 0.9 and 0.999; `mean` and `square` are its moments.

    rate: the learning rate divided by 1 - 0.9^t; unbias: 1 / (1 - 0.999^t), for step t.
    """
    kept, kept_square, little = np.float32(0.9), np.float32(0.999), np.float32(1e-8)
    for row in range(vectors.shape[0]):
        for j in range(vectors.shape[1]):
            g = gradient[row, j]
            mean[row, j] = kept * mean[row, j] + (np.float32(1) - kept) * g
            square[row, j] = kept_square * square[row, j] + (np.float32(1) - kept_square) * g * g
            vectors[row, j] -= rate * mean[row, j] / (np.sqrt(unbias * square[row, j]) + little)


_FOLD = [_I64, _I64, read(_I64), read(_I32), read(_F32), read(_F32), read(_F32, 2), read(_F32, 2), read(_F32, 2)]


@kernel([_I64(*_FOLD, write(_F32, 2), write(_F32, 2), write(_F32, 2))])
def fold_in(
    first: int,
    end: int,
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    targets: Float32s,
    confidences: Float32s,
    fixed: Float32s,
    everywhere: Float32s,
    per_entry: Float32s,
    solved: Float32s,
    gathered: Float32s,
    matrix: Float32s,
) -> int:
    """Solves, for each row of first:end with n entries e,

        (everywhere + n per_entry + sum_e c_e z_e z_e^T) x = sum_e c_e t_e z_e

    offsets (rows + 1), columns, targets, confidences (m): the entries. fixed (f, d): the vectors z.
    everywhere, per_entry (d, d): symmetric. solved (rows, d): written, zeros for a row without a target other than 0.
    gathered (GATHERED, d), matrix (d, d): scratch memory.
    Returns -1, or the first row whose matrix is not positive in float32 arithmetic.
    """
    d = fixed.shape[1]
    for row in range(first, end):
        start, stop = offsets[row], offsets[row + 1]
        x = solved[row]
        x[:] = 0
        pulled = False
        for entry in range(start, stop):
            pulled |= targets[entry] != 0
        if not pulled:
            continue
        count = np.float32(stop - start)
        for a in range(d):
            for b in range(d):
                matrix[a, b] = everywhere[a, b] + count * per_entry[a, b]
        for chunk in range(start, stop, GATHERED):
            size = min(GATHERED, stop - chunk)
            for place in range(size):
                entry = chunk + place
                column = np.uint64(columns[entry])
                root, pull = np.sqrt(confidences[entry]), confidences[entry] * targets[entry]
                for j in range(d):
                    gathered[place, j] = root * fixed[column, j]
                    x[j] += pull * fixed[column, j]
            add_gram(size, d, gathered.ctypes.data, matrix.ctypes.data)
        if solve_positive(d, matrix.ctypes.data, x.ctypes.data) != 0:
            return row
    return -1
