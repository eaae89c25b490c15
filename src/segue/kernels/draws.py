"""Random numbers inside compiled loops: one state per stream, so that streams may run at the same time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2 ** -53

_STATE, _I64 = write(types.uint64), types.int64


@kernel([types.uint64(_STATE)])
def bits(state: npt.NDArray[np.uint64]) -> np.uint64:
    """The next 64 bits of SplitMix64 (Steele, Lea, Flood 2014); `state` (1,) is read and written."""
    state[0] += _GOLDEN
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * _MIX_A
    z = (z ^ (z >> np.uint64(27))) * _MIX_B
    return z ^ (z >> np.uint64(31))


@kernel([_I64(_STATE, _I64)])
def below(state: npt.NDArray[np.uint64], n: int) -> int:
    """A whole number of 0..n - 1, n below 2^31; no number is likelier than another by more than n / 2^32."""
    return int(((bits(state) >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))


@kernel([types.void(_STATE, _I64, _I64, write(types.int32))])
def shuffle(state: npt.NDArray[np.uint64], first: int, end: int, values: npt.NDArray[np.int32]) -> None:
    """Puts values[first:end] in a random order, each as likely as any other (Fisher and Yates)."""
    for last in range(end - 1, first, -1):
        place = first + below(state, last - first + 1)
        values[last], values[place] = values[place], values[last]


@kernel([_I64(_STATE, _I64, _I64, read(types.float64))])
def draw(state: npt.NDArray[np.uint64], first: int, end: int, cumulative: npt.NDArray[np.float64]) -> int:
    """A place of first:end in proportion to its weight, or each alike where there are no weights.

    cumulative: float64, shape (n + 1,), the sums of all weights before each place; or of size 0.
    """
    if cumulative.size == 0:
        return first + below(state, end - first)
    low, last = first, end - 1
    reach = cumulative[end] - cumulative[first]
    sought = cumulative[first] + reach * (float(bits(state) >> np.uint64(11)) * _TO_UNIT)
    while low < last:
        middle = (low + last) // 2
        if cumulative[middle + 1] > sought:
            last = middle
        else:
            low = middle + 1
    return low
