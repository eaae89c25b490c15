"""How many threads compiled code and BLAS use, decided in one place."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numba
from threadpoolctl import ThreadpoolController

_LOCK = threading.RLock()  # Numba's own thread pool aborts the process when two parallel kernels run at once


def available() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def resolve(threads: int | None) -> int:
    """The number of threads to use: as asked, but at least 1 and at most what Numba started with; None means all."""
    most = min(available(), int(numba.config.NUMBA_NUM_THREADS))
    return most if threads is None else max(1, min(threads, most))


@contextmanager
def parallel(threads: int | None = None, *, blas: int = 1) -> Iterator[int]:
    """Runs parallel kernels: yields the number of threads, with BLAS held to `blas` threads meanwhile.

    One caller at a time in the process. BLAS libraries are limited through one shared controller: limits that overlap
    would restore each other's numbers and leave BLAS at one thread for good.
    """
    count = resolve(threads)
    with _LOCK:
        before = numba.get_num_threads()
        numba.set_num_threads(count)
        try:
            with _controller().limit(limits=blas, user_api="blas"):
                yield count
        finally:
            numba.set_num_threads(before)


@contextmanager
def blas(threads: int | None = None) -> Iterator[int]:
    """Runs calls of BLAS or LAPACK on this many threads (None: all), one caller at a time in the process."""
    count = resolve(threads)
    with _LOCK, _controller().limit(limits=count, user_api="blas"):
        yield count


@functools.cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  # loads SciPy's BLAS, so that the controller sees it beside NumPy's

    return ThreadpoolController()
