"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol


class Task(Protocol):
    """One piece of long work under way."""

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        """`amount` more is done, in the unit of the task; `note` is a short word on how it goes ("loss 0.31")."""
        ...


class Progress(Protocol):
    """Someone who listens: a terminal's progress bar, a log, a test."""

    def task(self, description: str, total: float | None = None, unit: str = "") -> AbstractContextManager[Task]:
        """Announces work of `total` units (None: unknown); the task ends with the `with` block."""
        ...


class _Silence:
    @contextmanager
    def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Task]:  # noqa: ARG002
        yield self

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        """Nobody listens."""


SILENT: Final[Progress] = _Silence()
