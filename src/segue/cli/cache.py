"""Where compiled kernels are kept between runs."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Final

NAME: Final = "NUMBA_CACHE_DIR"


def choose(
    environment: MutableMapping[str, str], package: Path, writable: Callable[[Path], bool] | None = None
) -> Path:
    """The folder of compiled kernels, named in the environment where it is not Numba's usual place.

    The usual place is beside the code. Where that cannot be written (a system-wide installation), the user's cache
    folder takes its place; where that fails too, a private folder that lasts as long as the process, so that kernels
    compile again at every start.
    """
    can_write = writable or _writable
    named = environment.get(NAME)
    if named:
        return Path(named)
    if can_write(package):
        return package
    home = environment.get("XDG_CACHE_HOME") or str(Path("~").expanduser() / ".cache")
    folder = Path(home) / "segue" / "numba"
    if not can_write(folder):
        folder = Path(tempfile.mkdtemp(prefix="segue-numba-"))  # not a known name: compiled code is trusted
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment[NAME] = str(folder)
    return folder


def _writable(folder: Path) -> bool:
    """True where the folder, or the first of its parents that exists, can be written."""
    while not folder.exists():
        if folder == folder.parent:
            return False
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
