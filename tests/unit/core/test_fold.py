"""Text as a person types it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.titles import fold


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Beyonc\u00e9 - D\u00e9j\u00e0 Vu!", "beyonce deja vu"),
        ("  Guns  N' Roses ", "guns n roses"),
        ("Simon & Garfunkel", "simon and garfunkel"),
        ("Stra\u00dfe", "strasse"),
        ("\uff2d\uff35\uff33\uff25", "muse"),  # full-width letters
        ("Don\u2019t", "dont"),
        ("!!!", "!!!"),
        ("", ""),
        ("\u7530\u4e2d", "\u7530\u4e2d"),
    ],
)
def test_case_accents_width_and_punctuation_do_not_matter(text: str, expected: str) -> None:
    assert fold(text) == expected


@given(text=st.text(max_size=30))
def test_any_text_folds_and_folded_text_stays_as_it_is(text: str) -> None:
    folded = fold(text)
    assert folded == folded.strip()
    assert fold(folded) == folded


@given(text=st.text(alphabet="abc XYZ\u00e9\u00d6&'-!", max_size=20))
def test_case_never_matters(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower())
