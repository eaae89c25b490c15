"""What models say of themselves while they are fitted, overheard from their progress."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from segue.core.progress import SILENT, Progress, Task

_NOTE: Final = re.compile(r"(?P<what>[^\W\d][^,;]*?)[\s=:]+(?P<value>[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)$")


@dataclass(frozen=True, slots=True)
class TrainingCurve:
    """One number ("loss") that a model reported after each step of its fit."""

    model: str
    what: str
    values: tuple[float, ...]


class Overheard:
    """A Progress that passes everything on, and keeps the numbers of notes such as "loss 0.31".

    A task is taken for the fit of the model whose name it bears; of several such fits (a fold each) the last counts.
    """

    def __init__(self, progress: Progress = SILENT) -> None:
        self._progress = progress
        self._heard: dict[tuple[str, str], list[float]] = {}

    @contextmanager
    def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        """See `segue.core.progress.Progress.task`."""
        said: dict[str, list[float]] = {}
        with self._progress.task(description, total, unit) as task:
            yield _OverheardTask(task, said)
        for what, values in said.items():
            self._heard[description, what] = values

    def curves(self) -> tuple[TrainingCurve, ...]:
        """What was heard at least twice, in the order in which it came up."""
        return tuple(
            TrainingCurve(model, what, tuple(values))
            for (model, what), values in self._heard.items()
            if len(values) > 1
        )


@dataclass(frozen=True, slots=True)
class _OverheardTask:
    task: Task
    said: dict[str, list[float]]

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        """See `segue.core.progress.Task.advance`."""
        found = _NOTE.match(note.strip())
        if found is not None and math.isfinite(value := float(found["value"].replace(",", ""))):
            self.said.setdefault(found["what"], []).append(value)
        self.task.advance(amount, note)
