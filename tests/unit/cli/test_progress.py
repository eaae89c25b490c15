"""Progress where no terminal is: a line when something is done, and now and then in between."""

from __future__ import annotations

import time

import pytest

from segue.cli import progress
from segue.cli.progress import shown


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_each_finished_task_is_a_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = progress._Lines(clock)
    with lines.task("training a", total=4, unit="iterations") as task:
        for _ in range(4):
            clock.time += 0.5
            task.advance(note="loss 0.31")
    with lines.task("training b"):
        clock.time += 1.0
    captured = capsys.readouterr()
    assert captured.err == "training a: 2.0 s (loss 0.31)\ntraining b: 1.0 s\n"
    assert captured.out == ""


def test_long_work_says_how_far_it_is_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = progress._Lines(clock)
    with lines.task("reading", total=40, unit="files") as task:
        for _ in range(10):
            clock.time += 3.0
            task.advance()
    assert "reading: 4 of 40 files, about 108 s left\n" in capsys.readouterr().err


def test_a_task_within_a_task_has_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = progress._Lines(clock)
    with lines.task("outer"), lines.task("inner"):
        clock.time += 1.0
    assert capsys.readouterr().err == "outer: 1.0 s\n"


def test_what_takes_no_time_has_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress._Lines(Clock()).task("reading"):
        pass
    assert capsys.readouterr().err == ""


def test_what_failed_is_not_called_finished(capsys: pytest.CaptureFixture[str]) -> None:
    lines = progress._Lines(Clock())
    with pytest.raises(RuntimeError), lines.task("outer"):
        raise RuntimeError
    assert capsys.readouterr().err == ""


def test_on_a_terminal_there_are_bars(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with shown() as bars, bars.task("training [red]", total=2) as task:
        task.advance(note="loss 0.31")
        time.sleep(0.06)
    captured = capsys.readouterr()
    assert "training [red]: 0.1 s (loss 0.31)" in captured.err
    assert captured.out == ""
