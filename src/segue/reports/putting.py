"""A page and its plots as files: each there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from segue.durable import translated, write_text
from segue.reports.plot import Plot


def put(html: str, plots: Sequence[Plot], folder: Path, name: str) -> Path:
    """Writes folder/<name>.html, and the plots into folder/<name>/, in place of what is there; returns the page.

    Raises StorageError where the folder cannot be written.
    """
    _put_plots(plots, folder / name)
    page = folder / f"{name}.html"
    write_text(page, html)
    return page


def _put_plots(plots: Sequence[Plot], folder: Path) -> None:
    with translated(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = folder.with_name(f".{folder.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            temporary.mkdir()
            for plot in plots:
                (temporary / f"{plot.name}.svg").write_text(plot.svg, encoding="utf-8", newline="\n")
                (temporary / f"{plot.name}.png").write_bytes(plot.png)
            if folder.exists():
                shutil.rmtree(folder)
            temporary.replace(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
