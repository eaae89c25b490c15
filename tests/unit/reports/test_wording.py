"""Numbers and names as people read them."""

from __future__ import annotations

import pytest

from segue.reports.wording import brief, counted, number, seconds, short, visible


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.12345, "0.1235"),
        (0.0, "0.0000"),
        (1.23456, "1.235"),
        (12.3456, "12.35"),
        (123.456, "123.5"),
        (12345.6, "12,346"),
        (-0.5, "-0.5000"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_a_mean_has_as_many_places_as_its_size_deserves(value: float | None, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.15, "0.15"), (0.0, "0"), (20.0, "20"), (12345.0, "12,345"), (1e-6, "1e-06"), (2.5e9, "2.5e+09"), (-3.0, "-3")],
)
def test_a_number_on_an_axis_is_short(value: float, said: str) -> None:
    assert short(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0123, "12 ms"),
        (0.9999, "1.00 s"),
        (12.34, "12.3 s"),
        (89.96, "90.0 s"),
        (125, "2 min 05 s"),
        (7325, "2 h 02 min"),
        (None, "–"),
    ],
)
def test_a_time_has_the_unit_that_people_would_use(value: float | None, said: str) -> None:
    assert seconds(value) == said


def test_text_from_data_is_one_line_without_controls() -> None:
    assert visible("a\nb\tc\x00\x1b[31m\u202ed") == "a b c[31md"
    assert visible("日本語 🎵") == "日本語 🎵"
    assert visible(None) == "None"


def test_a_long_name_is_cut_for_plots_and_counts_have_their_noun() -> None:
    assert brief("x" * 24) == "x" * 24
    assert brief("x" * 25) == "x" * 23 + "…"
    assert counted(1, "user") == "1 user"
    assert counted(2000, "query", "queries") == "2,000 queries"
