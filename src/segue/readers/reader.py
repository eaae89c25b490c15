"""The narrow port that every source format goes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol

from segue.core.dataset import Dataset, Feedback
from segue.core.progress import SILENT, Progress
from segue.errors import SettingsError
from segue.readers.report import ReadReport


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the person said about the files; None where nothing was said and the reader is to find out.

    user, item, weight, time, title, artist: columns, by name or by number counted from 1.
    delimiter: one character; header: whether the first row names the columns; encoding: a name that Python knows.
    feedback: what a weight is ("plays", "ratings", "presence"); scale: the lowest and highest possible rating.
    min_share: from which part of a track on, 0..1, a play of it counts as one.
    """

    user: str | None = None
    item: str | None = None
    weight: str | None = None
    time: str | None = None
    title: str | None = None
    artist: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    encoding: str | None = None
    feedback: Feedback | None = None
    scale: tuple[float, float] | None = None
    min_share: float | None = None

    def __post_init__(self) -> None:
        if self.min_share is not None and not 0 <= self.min_share <= 1:
            raise SettingsError(f"--min-share is a part of a track, from 0 to 1; got {self.min_share:g}")

    def only(self, *allowed: str, format: str) -> None:  # noqa: A002  # the word that the command line uses
        """Raises SettingsError where something was said that this format has no use for."""
        given = [f"--{field.name.replace('_', '-')}" for field in fields(self) if getattr(self, field.name) is not None]
        useless = [name for name in given if name[2:].replace("-", "_") not in allowed]
        if useless:
            raise SettingsError(f"the format {format!r} knows what its files hold; it takes no {', '.join(useless)}")


NO_OPTIONS = ReadOptions()


@dataclass(frozen=True, slots=True)
class Guess:
    """What a file or folder seems to be: the name of a reader, and what was seen that says so."""

    format: str
    why: str


class Reader(Protocol):
    """One source format."""

    @property
    def name(self) -> str:
        """How settings and the command line call it."""
        ...

    @property
    def description(self) -> str:
        """One line for the help text."""
        ...

    def sniff(self, path: Path) -> Guess | None:
        """Looks into a file or folder; None where it is something else. Raises nothing for odd content."""
        ...

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """Everything in these files as one dataset. With `strict` the first row that cannot be used raises RowError.

        Raises StorageError where a file cannot be read, DataError where a file is not what it should be or nothing in
        it can be used, SettingsError where an option does not fit.
        """
        ...
