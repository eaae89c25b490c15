"""What is printed: harmless, aligned, and whole where no person reads along."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.cli.show import Column, clean, emit, table


def test_text_from_data_cannot_steer_the_terminal() -> None:
    assert clean("a\x1b[31mred\x07") == "a[31mred"
    assert clean("one\ntwo\tthree") == "one two three"
    assert clean("left\u202eright\u2066") == "leftright"


@given(st.text())
def test_clean_text_is_one_line_without_control_characters(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned.splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in cleaned)


def test_titles_in_any_script_stay_as_they_are() -> None:
    for title in ("Björk - Jóga", "椎名林檎", "Сплин", "👩\u200d🎤", "[bold]x[/bold]"):
        assert clean(title) == title


def test_a_plain_table_is_aligned_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    table([Column("item", shrink=True), Column("n", "right")], [("a" * 100, "1"), ("b", "1,000"), ("椎名", "20")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "item" + " " * 98 + "    n".lstrip().rjust(5)
    assert lines[1] == "a" * 100 + "      1"
    assert lines[3] == "椎名" + " " * 96 + "     20"  # two places for each character


def test_brackets_in_a_title_are_no_markup_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    table([Column("item", shrink=True), Column("score", "right")], [("[red]Song[/red] " + "x" * 100, "1.0")])
    shown = capsys.readouterr().out
    assert "[red]Song[/red]" in shown
    assert "…" in shown
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in shown.splitlines()) <= 80
    assert "1.0" in shown


def test_json_is_one_document_that_any_reader_takes(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"title": "椎名\x1b", "score": 0.5})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"title": "椎名\x1b", "score": 0.5}
    assert "\x1b" not in shown
    with pytest.raises(ValueError, match="not JSON compliant"):
        emit(float("nan"))
