"""New items of an alternating least squares model: each solved against its listeners, as a sweep would."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from segue.core.arrays import Float32Array, Int64Array
from segue.core.histories import Histories
from segue.kernels.threads import blas
from segue.models.alternating import Entries, Side, to_axes


def listeners_of(histories: Histories, items: Int64Array, n_items: int) -> Histories:
    """Only the entries of m items (rising positions below n_items), each as its place in `items`."""
    place = np.full(n_items, -1, np.int32)
    place[items] = np.arange(items.size, dtype=np.int32)
    known, _ = histories.known(n_items)
    places = place[known.items]
    heard = known.where(places >= 0)
    return Histories(heard.offsets, places[places >= 0], heard.weights, repeats=heard.repeats)


def projected(
    users: Float32Array,
    listeners: Entries,
    side: Callable[[Entries], Side],
    unobserved_weight: float,
    threads: int | None,
) -> Float32Array:
    """The vectors of m items that minimize the objective with the users' vectors held fixed: one solve each, exact.

    users:     float32, shape (n, d), turned in place to other axes.
    listeners: what the n users make of the items.  side: what the model makes of entries.

    Returns float32, shape (m, d), in the axes in which `users` came; zeros for an item that nobody likes.
    """
    d = users.shape[1]
    axes = np.eye(d, dtype=np.float32)
    with blas(1):
        diagonal = (unobserved_weight * to_axes(users, axes, threads)).astype(np.float32)
        equations = side(listeners.transposed())
        solved = np.zeros((len(equations), d), np.float32)
        equations.solve(users, diagonal, solved, threads)
        return np.asarray(solved @ axes.T, np.float32)
