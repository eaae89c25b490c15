"""Every exception that segue raises on purpose.

    SegueError                      everything below; catch this one to catch them all
    |-- DataError                   the data cannot be used as it is (a file, a row, a matrix, a value)
    |   `-- RowError                one row of a file, with its path and line number
    |-- SettingsError               a setting, an option or a hyper-parameter is not what it must be
    |-- NotFoundError               an id, a title or a name is unknown; near matches are offered
    |   `-- AmbiguousError          a query fits several things; they are listed
    |-- ModelError                  a model broke its promise (NaN scores, a wrong shape)
    |-- ArtifactError               a saved model or dataset is damaged, incomplete or of another version
    |-- StorageError                a file or folder cannot be read or written: disk full, no permission
    |-- WorkspaceError              the folder is no workspace, or another process is writing to it
    `-- MissingExtraError           an optional library is not installed

A message says what was expected, what came, and what to do. Errors of other libraries and of the operating system are
translated into one of these where they enter.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class SegueError(Exception):
    """The root of the tree. `str(error)` is one line that a person can act on."""


class DataError(SegueError):
    """The data cannot be used as it is."""


class RowError(DataError):
    """One row of a file cannot be used.

    `path` and `line` (counted from 1, header included; None where the form has no lines) say where, `reason` says why.
    """

    def __init__(self, path: Path | str, line: int | None, reason: str) -> None:
        self.path = Path(path)
        self.line = line
        self.reason = reason
        where = f"{path}" if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {reason}")


class SettingsError(SegueError):
    """A setting, an option or a hyper-parameter is not what it must be."""


class NotFoundError(SegueError):
    """Something was asked for by a name that is unknown. `near` holds the closest known names, best first."""

    def __init__(self, message: str, near: Sequence[str] = ()) -> None:
        self.near = tuple(near)
        super().__init__(message)


class AmbiguousError(NotFoundError):
    """A query fits several things. `matches` holds (id, label) of each, best first."""

    def __init__(self, message: str, matches: Sequence[tuple[str, str]]) -> None:
        self.matches = tuple(matches)
        super().__init__(message, [label for _, label in matches])


class ModelError(SegueError):
    """A model broke its promise: a NaN score, a wrong shape, an answer for an item that does not exist."""


class ArtifactError(SegueError):
    """A saved model or dataset is damaged, incomplete or of another version."""


class StorageError(SegueError):
    """A file or folder cannot be read or written: the disk is full, permission is missing, the path is a folder."""


class WorkspaceError(SegueError):
    """The folder is no workspace, or another process is writing to it."""


class MissingExtraError(SegueError):
    """An optional library is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f"{what} needs an optional library; install it with: pip install 'segue[{extra}]'")
