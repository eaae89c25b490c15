"""Writing values into segue.toml line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import SettingsError
from segue.models import ImplicitALS
from segue.settings import parse, template
from segue.tuning import applied, toml_lines

BEST = {"factors": 33, "regularization": 0.0125, "weighting": "log"}


def test_the_template_changes_in_these_lines_alone() -> None:
    before = template().split("\n")
    after = applied(template(), "implicit-als", BEST).split("\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        ("factors = 128", "factors = 33"),
        ('weighting = "binary"', 'weighting = "log"'),
        ("regularization = 0.1", "regularization = 0.0125"),
    ]


def test_keys_keep_their_place_indent_and_comment() -> None:
    text = '[models.implicit-als]  # mine\n  factors=8# short\n\n"alpha" = 1.0   # more\n[training]\nseed = 4\n'
    assert applied(text, "implicit-als", {"factors": 9, "alpha": 2.5}) == (
        '[models.implicit-als]  # mine\n  factors=9# short\n\n"alpha" = 2.5   # more\n[training]\nseed = 4\n'
    )


def test_a_key_that_is_missing_comes_last_in_its_section() -> None:
    text = "[models.implicit-als]\nfactors = 8\n\n[training]\nseed = 4\n"
    assert applied(text, "implicit-als", {"iterations": 3}) == (
        "[models.implicit-als]\nfactors = 8\niterations = 3\n\n[training]\nseed = 4\n"
    )


def test_a_commented_out_example_is_followed_by_the_real_line() -> None:
    text = "[models.popularity]\n# Days.\n# half_life = 90.0\nwithin = 'all'\n"
    assert applied(text, "popularity", {"half_life": 30.0}) == (
        "[models.popularity]\n# Days.\n# half_life = 90.0\nhalf_life = 30.0\nwithin = 'all'\n"
    )


def test_none_comments_a_key_out() -> None:
    text = "[models.popularity]\nhalf_life = 90.0 # days\n"
    assert applied(text, "popularity", {"half_life": None}) == "[models.popularity]\n# half_life = 90.0 # days\n"


@pytest.mark.parametrize("text", ["", "[training]\nseed = 4\n", "[training]\nseed = 4"])
def test_a_section_that_is_missing_is_made_at_the_end(text: str) -> None:
    after = applied(text, "item-knn", {"neighbours": 12})
    assert after.startswith(text.rstrip("\n"))
    assert after.endswith("\n[models.item-knn]\nneighbours = 12\n")


def test_values_that_are_there_already_change_nothing() -> None:
    text = "[training]\nseed = 4\n"
    assert applied(text, "implicit-als", {"factors": 128}) == text


def test_line_ends_of_windows_stay() -> None:
    text = "[models.implicit-als]\r\nfactors = 8 # few\r\n[training]\r\nseed = 4\r\n"
    assert applied(text, "implicit-als", {"factors": 9}) == text.replace("8", "9")


@pytest.mark.parametrize(
    "text",
    [
        "[models]\nimplicit-als = { factors = 8 }\n",
        "models.implicit-als.factors = 8\n",
        "[models.implicit-als]\nfactors = 8\nweighting = '''binary'''\n",
    ],
)
def test_what_cannot_be_changed_by_lines_is_refused_with_the_lines_to_paste(text: str) -> None:
    parse(text)
    with pytest.raises(SettingsError, match=r"put this there yourself: \[models.implicit-als\]; factors = 33; "):
        applied(text, "implicit-als", BEST)


@given(
    st.integers(1, 500),
    st.floats(1e-9, 1e9),
    st.sampled_from(["binary", "linear", "log", "power"]),
    st.sampled_from([template(), "", "[models.implicit-als]\nalpha = 1\n"]),
)
def test_whatever_the_values_they_are_read_back(factors: int, ridge: float, weighting: str, text: str) -> None:
    values = {"factors": factors, "regularization": ridge, "weighting": weighting}
    after = parse(applied(text, "implicit-als", values))
    before = parse(text)
    wanted = replace(before.models["implicit-als"], **values)
    assert after.models["implicit-als"] == wanted
    assert replace(after, models=before.models) == before


def test_the_lines_to_paste_are_settings() -> None:
    read = parse(toml_lines("implicit-als", BEST))
    assert read.models["implicit-als"] == ImplicitALS(factors=33, regularization=0.0125, weighting="log")
