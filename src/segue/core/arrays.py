"""Array types used in every signature, and how a value takes arrays in without letting them change afterwards."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from segue.errors import DataError

BoolArray: TypeAlias = npt.NDArray[np.bool_]
Int32Array: TypeAlias = npt.NDArray[np.int32]
Int64Array: TypeAlias = npt.NDArray[np.int64]
Float32Array: TypeAlias = npt.NDArray[np.float32]
Float64Array: TypeAlias = npt.NDArray[np.float64]


def frozen(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A read-only, C-contiguous array of this dtype, copied only where it must be.

    An array that owns its memory is made read-only in place, so that nobody, its maker included, can change it later
    without an error. A view of writeable memory is copied, since the memory could change through the array behind it.

    Raises DataError for what is no number, and for numbers that a whole-number dtype cannot hold: fractions, NaN,
    numbers out of its range. A number too large for a smaller float becomes infinite; whoever minds that checks.
    """
    given = np.asarray(values)
    wanted = np.dtype(dtype)
    if given.size and given.dtype.kind not in "biuf":
        raise DataError(f"numbers were expected, got values of type {given.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        array = np.ascontiguousarray(given, dtype=wanted)
    if wanted.kind == "i" and not np.can_cast(given.dtype, wanted) and not np.array_equal(given, array):
        raise DataError(f"whole numbers that fit into {8 * wanted.itemsize} bits were expected, got others")
    if array.ndim != given.ndim:  # ascontiguousarray makes a scalar one-dimensional
        array = array.reshape(given.shape)
    if _shares_writeable_memory(array):
        array = array.copy()
    array.flags.writeable = False
    return array


def _shares_writeable_memory(array: npt.NDArray[Any]) -> bool:
    base = array.base
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return True
        base = base.base
    # Memory that NumPy does not own (a memory map, Arrow, bytes) is read-only exactly when NumPy was told so.
    return base is not None and array.flags.writeable
