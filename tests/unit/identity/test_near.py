"""Names that are nearly the same. All artists and titles are invented."""

from __future__ import annotations

import polars as pl
import pytest

from segue.core.catalogue import Catalogue
from segue.identity import grouped, near_duplicates
from segue.identity.spelling import same_artist, same_title


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ("goodbye engine", "good bye engine", "spaces"),
        ("runnin late again", "running late again", "spelling"),
        ("until the morning", "til the morning", "spelling"),
        ("tonite", "tonight", "spelling"),
        ("the sound of the ferry", "sound of the ferry", "article"),
        ("seperate ways home", "separate ways home", "typo"),
        ("habat al mina", "habbat al mina", "typo"),
        ("the ferry", "ferry", None),  # too short to be sure
        ("dream", "dreams", None),
        ("love me", "love you", None),
        ("house of rain", "horse of rain", None),
        ("long walk part 1", "long walk part 2", None),
        ("long walk", "long walk part 2", None),
        ("i want you", "i want you back", None),
        ("lighter days", "fighter days", None),
        ("calling", "falling", None),
    ],
)
def test_two_titles_are_one_where_a_rule_says_so(first: str, second: str, rule: str | None) -> None:
    assert same_title(first, second) == same_title(second, first) == rule


def test_an_artist_may_be_misspelled_but_not_be_another() -> None:
    assert same_artist("holow coast", "hollow coast") == "typo"
    assert same_artist("blink 18", "blink 19") is None
    assert same_artist("ember", "ember and quill") is None


def _catalogue() -> Catalogue:
    names = [
        ("Hollow Coast", "Seperate Ways Home"),
        ("Hollow Coast", "Separate Ways Home"),
        ("Hollow Coast", "Separate Ways Home - Live"),
        ("Velma Orchard", "Separate Ways Home"),
        ("Hollow Coast", "Separate Days Home"),
        ("Holow Coast", "Separate Ways Home"),
        ("Hollow Coast", "Interlude 1"),
        ("Hollow Coast", "Interlude 2"),
    ]
    return Catalogue(
        pl.DataFrame(
            {"id": [f"i{n}" for n in range(8)], "artist": [a for a, _ in names], "title": [t for _, t in names]}
        )
    )


def test_near_duplicates_are_reported_with_the_rule_that_confirms_them_or_none() -> None:
    found = near_duplicates(_catalogue())
    assert found.columns == ["first", "second", "alike", "jaccard", "ratio", "rule"]
    confirmed = set(found.drop_nulls("rule").select("first", "second", "alike", "rule").rows())
    assert confirmed == {("i0", "i1", "title", "typo"), ("i1", "i5", "credits", "typo")}
    assert ("i1", "i4", None) in found.select("first", "second", "rule").rows()


def test_confirmed_near_duplicates_are_one_recording_unless_that_is_refused() -> None:
    catalogue = _catalogue()
    assert grouped(catalogue).codes.tolist() == [0, 0, 1, 2, 3, 0, 4, 5]
    assert grouped(catalogue).by_spelling == 2
    assert len(grouped(catalogue, near=False)) == 8


def test_the_same_seed_gives_the_same_report() -> None:
    assert near_duplicates(_catalogue(), seed=3).equals(near_duplicates(_catalogue(), seed=3))
