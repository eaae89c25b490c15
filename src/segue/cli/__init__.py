"""The `segue` command: parse, call, show. Each group of commands is a file; what they share is in `call` and `show`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits with 0 (done), 1 (a problem with data or request), 2 (wrong usage) or 130."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a title may hold what the terminal cannot show
    try:
        from segue.cli import cache  # deferred, as what follows: whoever only wants the function's name pays nothing
        from segue.cli.app import app

        cache.choose(os.environ, Path(__file__).parent.parent)  # before Numba is imported, which reads it then
        app(args=None if arguments is None else list(arguments), prog_name="segue")
    except KeyboardInterrupt:  # before a command began; commands see to it themselves
        sys.exit(130)
