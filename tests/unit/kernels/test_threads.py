"""Sharing work out to threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from segue.kernels.threads import resolve, spread


@pytest.mark.parametrize("threads", [1, 2, None])
def test_every_piece_is_done_once(threads: int | None) -> None:
    done: list[int] = []
    lock = threading.Lock()

    def worker(pieces: Iterator[int]) -> None:
        for piece in pieces:
            with lock:
                done.append(piece)

    spread(worker, range(1000), threads)
    assert sorted(done) == list(range(1000))


def test_one_thread_is_the_callers_own() -> None:
    names: list[int] = []
    spread(lambda pieces: names.extend(threading.get_ident() for _ in pieces), range(3), 1)
    assert names == [threading.get_ident()] * 3


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_of_a_worker_is_raised_and_ends_the_rest(threads: int) -> None:
    done: list[int] = []

    def worker(pieces: Iterator[int]) -> None:
        for piece in pieces:
            if piece == 3:
                raise ValueError("three")
            done.append(piece)
            threading.Event().wait(0.001)

    with pytest.raises(ValueError, match="three"):
        spread(worker, range(10_000), threads)
    assert len(done) < 10_000


def test_batches_at_the_same_time_all_get_done() -> None:
    totals: list[int] = []

    def batch() -> None:
        spread(lambda pieces: totals.append(sum(pieces)), range(100), 2)

    callers = [threading.Thread(target=batch) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=30)
    assert sum(totals) == 4 * sum(range(100))


def test_threads_are_at_least_one_and_at_most_all() -> None:
    assert resolve(-5) == resolve(0) == resolve(1) == 1
    assert resolve(10_000) == resolve(None)
