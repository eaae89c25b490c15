"""Progress on stderr: bars with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from segue.cli.show import clean
from segue.core.progress import Progress, Task

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_WORTH_A_LINE: Final = 0.05  # seconds; less would be shown as 0.0
_SECONDS_BETWEEN_LINES: Final = 10.0


@contextmanager
def shown() -> Iterator[Progress]:
    """Shows on stderr how far the work of the block is."""
    if not sys.stderr.isatty():
        yield _Lines(time.monotonic)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Task as Shown
    from rich.text import Text

    class Left(ProgressColumn):
        """The time left, once it can be told."""

        max_refresh = 0.5

        def render(self, task: Shown) -> Text:
            left = task.time_remaining
            return Text("" if left is None or task.finished else f"{int(left) // 60}:{int(left) % 60:02d} left")

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        Left(),
        TextColumn("{task.fields[note]}", markup=False),
        console=Console(stderr=True, highlight=False),
        transient=True,
    ) as bars:
        yield _Bars(bars, time.monotonic)


class _Bars:
    """A bar for each task under way, and a line for each finished one that stands by itself."""

    def __init__(self, bars: Bars, clock: Callable[[], float]) -> None:
        self._bars = bars
        self._clock = clock
        self._depth = 0

    @contextmanager
    def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        del unit
        started = self._clock()
        number = self._bars.add_task("  " * self._depth + clean(description), total=total, note="")
        self._depth += 1
        bar = _Bar(self._bars, number)
        try:
            yield bar
            seconds = self._clock() - started
            if self._depth == 1 and seconds >= _WORTH_A_LINE:
                self._bars.console.print(_finished(description, seconds, bar.note), markup=False, highlight=False)
        finally:
            self._depth -= 1
            self._bars.remove_task(number)


class _Bar:
    def __init__(self, bars: Bars, number: TaskID) -> None:
        self._bars = bars
        self._number = number
        self.note = ""

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        if note:
            self.note = clean(note)
        self._bars.update(self._number, advance=amount, note=self.note)


class _Lines:
    """A line when a task that stands by itself is done, and one every ten seconds while it is not."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._depth = 0
        self._spoke = clock()

    @contextmanager
    def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        line = _Line(self, clean(description), total, unit, self._clock())
        self._depth += 1
        try:
            yield line
            seconds = self._clock() - line.started
            if self._depth == 1 and seconds >= _WORTH_A_LINE:
                self.speak(_finished(line.description, seconds, line.note))
        finally:
            self._depth -= 1

    def speak(self, text: str) -> None:
        self._spoke = self._clock()
        print(text, file=sys.stderr, flush=True)  # noqa: T201

    def now(self) -> float:
        return self._clock()

    def silent_for(self) -> float:
        return self._clock() - self._spoke


class _Line:
    def __init__(self, lines: _Lines, description: str, total: float | None, unit: str, started: float) -> None:
        self._lines = lines
        self._total = total
        self._unit = unit
        self._done = 0.0
        self.description = description
        self.started = started
        self.note = ""

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        self._done += amount
        self.note = clean(note) or self.note
        finished = self._total is not None and self._done >= self._total  # its last line comes with the end of the task
        if finished or self._lines.silent_for() < _SECONDS_BETWEEN_LINES:
            return
        text = f"{self.description}: {self._done:,.0f}"
        if self._total:
            left = (self._lines.now() - self.started) * max(0.0, self._total / self._done - 1.0) if self._done else 0.0
            text += f" of {self._total:,.0f} {self._unit}".rstrip() + f", about {left:,.0f} s left"
        else:
            text += f" {self._unit}".rstrip()
        self._lines.speak(text + (f" ({self.note})" if self.note else ""))


def _finished(description: str, seconds: float, note: str) -> str:
    return f"{description}: {seconds:.1f} s" + (f" ({note})" if note else "")
