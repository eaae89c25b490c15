"""How many threads compiled code and BLAS use, decided in one place."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Generic, TypeVar

import numba
from threadpoolctl import ThreadpoolController

T = TypeVar("T")

_LOCK = threading.RLock()  # limits of BLAS that overlap would restore each other's numbers and leave it at one for good


def available() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def resolve(threads: int | None) -> int:
    """The number of threads to use: as asked, but at least 1 and at most what Numba started with; None means all."""
    most = min(available(), int(numba.config.NUMBA_NUM_THREADS))
    return most if threads is None else max(1, min(threads, most))


@contextmanager
def blas(threads: int | None = None) -> Iterator[int]:
    """Holds BLAS and LAPACK to this many threads (None: all), for one caller at a time in the process."""
    count = resolve(threads)
    with _LOCK, _controller().limit(limits=count, user_api="blas"):
        yield count


@functools.cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  # loads SciPy's BLAS, so that the controller sees it beside NumPy's

    return ThreadpoolController()


def spread(worker: Callable[[Iterator[T]], None], pieces: Iterable[T], threads: int | None = None) -> None:
    """Runs `worker(share)` in several threads; every piece turns up in exactly one share, the next one when asked for.

    For kernels that release the interpreter lock: a worker makes its own scratch memory, then works through its share.
    Which worker gets which piece is left to chance, so a piece's result must not depend on it. The first exception of a
    worker, or KeyboardInterrupt here, ends all shares and is raised when every worker has stopped. With one thread this
    is a plain call, so that requests do not wait for each other; otherwise one call runs at a time in the process, with
    BLAS held to one thread.
    """
    share = _Share(pieces)
    count = resolve(threads)
    if count == 1:
        worker(share)
        return
    with blas(1), ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(worker, share) for _ in range(count)]
        try:
            for future in as_completed(futures):
                future.result()
        finally:
            share.end()


class _Share(Generic[T]):
    """An iterator that several threads may draw from, until it is exhausted or ended."""

    def __init__(self, pieces: Iterable[T]) -> None:
        self._pieces = iter(pieces)
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._lock:
            return next(self._pieces)

    def end(self) -> None:
        with self._lock:
            self._pieces = iter(())
