"""The one decorator through which every kernel is compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba.core import types

P = ParamSpec("P")
R = TypeVar("R")

# Full fastmath would let the compiler assume that there is no NaN and delete the checks for it.
_FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


def kernel(
    signatures: Sequence[Any] | None = None, *, inline: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compiles a function by Numba: cached on disk, without the interpreter lock, with NaN-safe fast arithmetic.

    `signatures` fixes the argument types (compiled at import from the cache), so a kernel never compiles for a request;
    declare arrays that are only read with `read(...)`: such a signature takes writeable arrays too, while without it
    read-only and writeable arrays would compile two versions. Without signatures, compilation waits for the first call.
    """
    options: dict[str, Any] = {"nogil": True, "cache": True, "fastmath": _FASTMATH}
    if inline:
        options["inline"] = "always"
    decorate = numba.njit(**options) if signatures is None else numba.njit(list(signatures), **options)
    return cast("Callable[[Callable[P, R]], Callable[P, R]]", decorate)


def read(dtype: types.Type, ndim: int = 1) -> types.Array:
    """The type of a C-contiguous array that the kernel only reads."""
    return types.Array(dtype, ndim, "C", readonly=True)


def write(dtype: types.Type, ndim: int = 1) -> types.Array:
    """The type of a C-contiguous array that the kernel writes."""
    return types.Array(dtype, ndim, "C")
