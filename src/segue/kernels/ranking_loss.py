"""Steps of a factorization that learns to rank what a history holds above what it does not (BPR, WARP).

An item has two vectors, sums over its features f: v as a candidate and z as part of a history; and a bias b, likewise.
A history of items j with weights w_j ranks a candidate i by

    s_i = q_i . v_i + b_i,    q_i = k^(-damping) sum_{j != i} w_j z_j,    k = the number of those j.

For each liked item i of a batch of histories an item is drawn that the history does not hold, and the step raises
pull (s_i - s_drawn), both by q_i, the history without i. The work on a batch is cut so that every call writes rows of
its own alone: by histories (`sample`), by items (`item_sums`, `item_gradients`), by features (`feature_steps`).

Arguments that several kernels share, with n histories of m entries, r of them and b of their entries in the batch:

    rows (r,), starts (r + 1,):         the histories of the batch, and where each has its entries among the b.
    offsets (n + 1,), items, weights (m,): all histories; items rise within each, weights are not 0.
    v, z (n_items, d), bias (n_items,): as above.
    profiles, pulled (r, d):            sum_j w_j z_j of each history; the sum of what pulls at it.
    drawn, pull (b,):                   for each entry the item drawn and how hard it pulls; 0 where nothing does.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.draws import below

Float32s = npt.NDArray[np.float32]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

_ATTEMPTS = 10  # to draw an item that the history does not hold, for BPR
_STREAM = np.uint64(0xD1342543DE82EF95)  # between the random streams of two entries
_LEAST = np.float32(1e-12)  # keeps the first step of AdaGrad finite

_I64, _I32, _F32, _F64 = types.int64, types.int32, types.float32, types.float64
_BATCH = [read(_I64), read(_I64), read(_I64), read(_I32), read(_F32)]
_VECTORS = [read(_F32, 2), read(_F32, 2)]


@kernel([types.boolean(read(_I32), _I64, _I64, _I64)])
def _holds(items: Int32s, start: int, stop: int, item: int) -> bool:
    """Whether the rising items[start:stop] hold an item."""
    end = stop
    while start < stop:
        middle = (start + stop) // 2
        if items[middle] < item:
            start = middle + 1
        else:
            stop = middle
    return start < end and items[start] == item


@kernel([types.void(*_BATCH, read(_I32), _I64, write(types.uint64), write(_I32))])
def mark_wanted(
    rows: Int64s,
    starts: Int64s,  # noqa: ARG001  # a batch is passed as a whole
    offsets: Int64s,
    items: Int32s,
    weights: Float32s,
    known: Int32s,
    tries: int,
    states: npt.NDArray[np.uint64],
    wanted: Int32s,
) -> None:
    """Marks in wanted (n_items,) what `sample` may look at with the same arguments; states stay.

    2: all of an item, since a history holds it; 1: what it is as a candidate, since it may be drawn.
    """
    for place in range(rows.size):
        start, stop = offsets[rows[place]], offsets[rows[place] + 1]
        seed, state = states[place], states[place : place + 1]
        for entry in range(start, stop):
            wanted[items[entry]] = 2
            state[0] = seed + _STREAM * np.uint64(entry - start)
            if weights[entry] > 0:
                for _ in range(tries if tries > 0 else _ATTEMPTS):
                    other = int(known[below(state, known.size)])
                    wanted[other] = max(wanted[other], 1)
        states[place] = seed


@kernel(
    [
        _F64(
            *[_I64, _I64, *_BATCH, *_VECTORS, read(_F32), read(_I32), _I64, _F32, write(types.uint64)],
            *[write(_F32, 2), write(_F32, 2), write(_I32), write(_F32), write(_F32)],
        )
    ]
)
def sample(
    first: int,
    end: int,
    rows: Int64s,
    starts: Int64s,
    offsets: Int64s,
    items: Int32s,
    weights: Float32s,
    v: Float32s,
    z: Float32s,
    bias: Float32s,
    known: Int32s,
    tries: int,
    damping: np.float32,
    states: npt.NDArray[np.uint64],
    profiles: Float32s,
    pulled: Float32s,
    drawn: Int32s,
    pull: Float32s,
    query: Float32s,
) -> float:
    """Draws for the histories first:end of the batch, and writes their rows of profiles, pulled, drawn and pull.

    known: the items from which is drawn, all alike; an item that the history holds does not count as drawn.
    tries: 0: BPR (Rendle et al. 2009), one item, pull = 1 / (1 + exp(s_i - s_drawn)). Otherwise WARP (Weston, Bengio,
    Usunier 2011): up to so many items, until one comes within 1 of s_i; drawn as number t, it pulls by
    log(max(1, (the number of known items - 1) / t)), since i must stand at about that rank.
    states (r,): a random stream for each history, used up. query (d,): scratch memory.
    Returns the sum over liked items of log(1 + exp(s_drawn - s_i)) with the first item drawn, for either loss: what
    can be compared from epoch to epoch.
    """
    d = v.shape[1]
    one = np.float32(1)
    loss = 0.0
    for place in range(first, end):
        row = rows[place]
        start, stop = offsets[row], offsets[row + 1]
        seed, state = states[place], states[place : place + 1]
        profile, answer = profiles[place], pulled[place]
        profile[:] = 0
        answer[:] = 0
        for entry in range(start, stop):
            i = np.uint64(items[entry])
            for j in range(d):
                profile[j] += weights[entry] * z[i, j]
        scale = np.float32(max(1, stop - start - 1)) ** -damping
        for entry in range(start, stop):
            slot = starts[place] + entry - start
            drawn[slot] = 0
            pull[slot] = 0
            if weights[entry] <= 0:
                continue
            i = np.uint64(items[entry])
            high = bias[i]
            for j in range(d):
                query[j] = scale * (profile[j] - weights[entry] * z[i, j])
                high += query[j] * v[i, j]
            told = False
            state[0] = seed + _STREAM * np.uint64(entry - start)
            for number in range(tries if tries > 0 else _ATTEMPTS):
                other = int(known[below(state, known.size)])
                if _holds(items, start, stop, other):
                    continue
                o = np.uint64(other)
                low = bias[o]
                for j in range(d):
                    low += query[j] * v[o, j]
                ahead = high - low
                if not told:
                    loss += max(0.0, -float(ahead)) + np.log1p(np.exp(-abs(float(ahead))))
                    told = True
                strength = np.float32(0)
                if tries == 0:
                    strength = one / (one + np.exp(min(ahead, np.float32(60))))
                elif ahead < one:
                    strength = np.float32(np.log(max(1.0, (known.size - 1) // (number + 1))))
                if strength > 0:
                    drawn[slot] = other
                    pull[slot] = strength
                    for j in range(d):
                        answer[j] += strength * scale * (v[i, j] - v[o, j])
                    break
    return loss


@kernel(
    [
        types.void(
            *[_I64, _I64, *_BATCH, *_VECTORS, _F32, read(_F32, 2), read(_F32, 2), read(_I32), read(_F32)],
            *[write(_F32, 2), write(_F32, 2), write(_F32), write(_I32)],
        )
    ]
)
def item_gradients(
    first: int,
    end: int,
    rows: Int64s,
    starts: Int64s,
    offsets: Int64s,
    items: Int32s,
    weights: Float32s,
    v: Float32s,
    z: Float32s,
    damping: np.float32,
    profiles: Float32s,
    pulled: Float32s,
    drawn: Int32s,
    pull: Float32s,
    to_v: Float32s,
    to_z: Float32s,
    to_bias: Float32s,
    touched: Int32s,
) -> None:
    """Writes, for the items first:end, what the batch pulls them by: to_v, to_z (n_items, d) and to_bias (n_items,).

    touched (n_items,): how often each item is pulled at, as a part of a history or as a drawn one; read, to clear what
    the last batch left, and written. What is not touched is 0.
    """
    d = v.shape[1]
    for i in range(first, end):
        if touched[i] > 0:
            touched[i] = 0
            to_bias[i] = 0
            to_v[i, :] = 0
            to_z[i, :] = 0
    for place in range(rows.size):
        row = rows[place]
        start, stop = offsets[row], offsets[row + 1]
        scale = np.float32(max(1, stop - start - 1)) ** -damping
        for entry in range(start, stop):
            slot = starts[place] + entry - start
            i, o, strength, weight = int(items[entry]), int(drawn[slot]), pull[slot], weights[entry]
            mine, other = first <= i < end, strength > 0 and first <= o < end
            if mine:
                for j in range(d):
                    to_z[i, j] += weight * (pulled[place, j] - strength * scale * (v[i, j] - v[o, j]))
                touched[i] += 1
            if strength > 0 and mine:
                for j in range(d):
                    to_v[i, j] += strength * scale * (profiles[place, j] - weight * z[i, j])
                to_bias[i] += strength
            if other:
                for j in range(d):
                    to_v[o, j] -= strength * scale * (profiles[place, j] - weight * z[i, j])
                to_bias[o] -= strength
                touched[o] += 1


_FEATURES = [read(_I64), read(_I32), read(_F32)]


@kernel(
    [
        types.void(
            *[_I64, _I64, *_FEATURES, read(_F32, 2), read(_F32, 2), read(_F32), read(_I32), _F32, read(_F32)],
            *[write(_F32, 2), write(_F32, 2), write(_F32), write(_F32), write(_F32), write(_F32), write(_F32, 2)],
        )
    ]
)
def feature_steps(
    first: int,
    end: int,
    offsets: Int64s,
    items: Int32s,
    shares: Float32s,
    to_v: Float32s,
    to_z: Float32s,
    to_bias: Float32s,
    touched: Int32s,
    rate: np.float32,
    ridges: Float32s,
    v: Float32s,
    z: Float32s,
    bias: Float32s,
    v_squares: Float32s,
    z_squares: Float32s,
    bias_squares: Float32s,
    gradient: Float32s,
) -> None:
    """A step of AdaGrad (Duchi, Hazan, Singer 2011) for the features first:end, with one rate for each vector.

    A vector's step is rate g / sqrt(sum of |g|^2 so far), so that its length does not depend on d; one rate for every
    coordinate serves no better, and takes d square roots and d times the memory.

    offsets (n_features + 1,), items, shares: the items of each feature, and with which share they have it.
    to_v, to_z, to_bias, touched: of the items. rate: the learning rate.
    ridges (n_features,): what the squared length of a feature's vectors costs each time one of its items is touched.
    v, z (n_features, d), bias (n_features,) of the features, and their sums of squares, (n_features,) each.
    gradient (2, d): scratch memory.
    """
    d = v.shape[1]
    for feature in range(first, end):
        times = np.float32(0)
        bias_gradient = np.float32(0)
        for place in range(offsets[feature], offsets[feature + 1]):
            i = np.uint64(items[place])
            if touched[i] == 0:
                continue
            share = shares[place]
            if times == 0:
                gradient[:, :] = 0
            times += share * np.float32(touched[i])
            bias_gradient += share * to_bias[i]
            for j in range(d):
                gradient[0, j] += share * to_v[i, j]
                gradient[1, j] += share * to_z[i, j]
        if times == 0:
            continue
        held = times * ridges[feature]
        of_v = of_z = np.float32(0)
        for j in range(d):
            gradient[0, j] -= held * v[feature, j]
            gradient[1, j] -= held * z[feature, j]
            of_v += gradient[0, j] * gradient[0, j]
            of_z += gradient[1, j] * gradient[1, j]
        v_squares[feature] += of_v
        z_squares[feature] += of_z
        v_step = rate / np.sqrt(v_squares[feature] + _LEAST)
        z_step = rate / np.sqrt(z_squares[feature] + _LEAST)
        for j in range(d):
            v[feature, j] += v_step * gradient[0, j]
            z[feature, j] += z_step * gradient[1, j]
        bias_gradient -= held * bias[feature]
        bias_squares[feature] += bias_gradient * bias_gradient
        bias[feature] += rate * bias_gradient / np.sqrt(bias_squares[feature] + _LEAST)


@kernel(
    [
        types.void(
            *[_I64, _I64, *_FEATURES, read(_F32, 2), read(_F32, 2), read(_F32), read(_I32)],
            *[write(_F32, 2), write(_F32, 2), write(_F32)],
        )
    ]
)
def item_sums(
    first: int,
    end: int,
    offsets: Int64s,
    features: Int32s,
    shares: Float32s,
    feature_v: Float32s,
    feature_z: Float32s,
    feature_bias: Float32s,
    wanted: Int32s,
    v: Float32s,
    z: Float32s,
    bias: Float32s,
) -> None:
    """Writes the vectors and biases of those items of first:end that are wanted, each the sum of its features'.

    offsets (n_items + 1,), features, shares: the features of each item. wanted (n_items,): 2, or 1 for an
    item without its z, or 0 for one to be left as it is.
    """
    d = v.shape[1]
    for i in range(first, end):
        if wanted[i] == 0:
            continue
        v[i, :] = 0
        bias[i] = 0
        for place in range(offsets[i], offsets[i + 1]):
            f, share = np.uint64(features[place]), shares[place]
            bias[i] += share * feature_bias[f]
            for j in range(d):
                v[i, j] += share * feature_v[f, j]
        if wanted[i] == 1:
            continue
        z[i, :] = 0
        for place in range(offsets[i], offsets[i + 1]):
            f, share = np.uint64(features[place]), shares[place]
            for j in range(d):
                z[i, j] += share * feature_z[f, j]
