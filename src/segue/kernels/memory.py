"""How much memory there is to be had."""

from __future__ import annotations

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


def free() -> int | None:
    """Bytes that this process can still take: of the machine, or of its control group; None where nothing tells."""
    known = [size for size in (_of_machine(), _of_group()) if size is not None]
    return min(known) if known else None


def _of_machine() -> int | None:
    try:
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            name, _, rest = line.partition(":")
            if name == "MemAvailable":
                return int(rest.split()[0]) * 1024
    except (OSError, ValueError):
        pass
    try:  # all of it, where what is free is not told
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _of_group() -> int | None:
    try:
        most = (_GROUP / "memory.max").read_text(encoding="ascii").strip()
        used = int((_GROUP / "memory.current").read_text(encoding="ascii"))
        cached = 0
        for line in (_GROUP / "memory.stat").read_text(encoding="ascii").splitlines():
            name, _, size = line.partition(" ")
            if name == "inactive_file":  # given back when needed
                cached = int(size)
        return None if most == "max" else max(0, int(most) - used + cached)
    except (OSError, ValueError):
        return None
