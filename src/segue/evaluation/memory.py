"""How much memory a piece of work took at its height."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_STATM: Final = Path("/proc/self/statm")
_EVERY: Final = 0.01  # seconds between two looks


@dataclass(slots=True)
class Peak:
    """bytes: by how much the process's resident memory grew at most; None where the system does not tell."""

    bytes: int | None = field(default=None)


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Looks at the process's resident memory every 10 ms while the block runs; `bytes` is set when it ends.

    What was freed before is given back to the system first, so that it does not hide what the block takes. Work that
    other threads do meanwhile counts too, and what lives for less than 10 ms may be missed.
    """
    peak = Peak()
    if not _STATM.is_file():
        yield peak
        return
    gc.collect()
    _give_back()
    before = highest = _resident()
    ended = threading.Event()

    def look() -> None:
        nonlocal highest
        while not ended.wait(_EVERY):
            highest = max(highest, _resident())

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()
        peak.bytes = max(0, max(highest, _resident()) - before)


def _resident() -> int:
    return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _give_back() -> None:
    """Asks glibc to return free memory; other C libraries keep no such stores, or none that can be asked."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
