"""The command line, called as a person would, and a small workspace to call it on."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code, what it printed to stdout and to stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def segue(*arguments: str | Path) -> Answer:
    """Runs `segue ARGUMENTS...` in this process."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return Answer(code, out.getvalue(), err.getvalue())


def plays(path: Path, users: int = 24, items: int = 12) -> Path:
    """A table of plays: even users hear the first half of the items, odd ones the second, each but three of them."""
    lines = ["user,song,plays,title,artist"]
    half = items // 2
    for user in range(users):
        for place in range(half):
            if (user // 2 + place) % half >= 3:
                item = place + half * (user % 2)
                lines.append(f"u{user},s{item},{1 + place},Song {item},Artist {item // 2}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def workspace(folder: Path, *, trained: bool = True) -> Path:
    """A workspace with the plays above, its models small, so that a test is quick."""
    assert segue("init", folder).code == 0
    settings = folder / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace("factors = 128", "factors = 8").replace("iterations = 16", "iterations = 4")
    text = text.replace("@20", "@3").replace("limit = 2", "limit = 5")
    settings.write_text(text, encoding="utf-8")
    table = plays(folder.with_suffix(".csv"))
    columns = ["--user", "user", "--item", "song", "--weight", "plays", "--title", "title", "--artist", "artist"]
    imported = segue("-w", folder, "import", table, *columns)
    assert imported.code == 0, imported.err
    if trained:
        done = segue("-w", folder, "train")
        assert done.code == 0, done.err
    return folder
