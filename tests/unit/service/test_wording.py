"""Numbers in plain words."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from segue.service import wording
from segue.service.drawing import crossfade, sleeve
from segue.service.replies import Because, Item, Moved, Nomination, Placed


def because(label: str, share: float, rating: float | None) -> Because:
    return Because(id=label, label=label, contribution=share, rating=rating)


def test_a_reason_names_what_was_rated_and_who_nominated() -> None:
    text = wording.reason(
        [because("X", 0.31, 1.0)],
        [Nomination(source="implicit-als", rank=3), Nomination(source="item-knn", rank=7)],
        [],
        None,
    )
    assert text == "because you rated X highly: +0.31; nominated by implicit-als #3 and item-knn #7"


def test_what_was_done_is_said_once() -> None:
    text = wording.reason(
        [because("A", 0.5, 0.9), because("B", 0.2, 0.1), because("C", 0.1, 0.5), because("D", 0.05, None)], [], [], None
    )
    assert text == "because you rated A highly: +0.50, B low: +0.20, you know C: +0.10 and you listened to D: +0.05"


def test_how_a_new_item_was_placed_is_said() -> None:
    placed = [Placed(model="implicit-als", origin="artist"), Placed(model="content", origin="features")]
    text = wording.reason([], [Nomination(source="implicit-als", rank=2)], [], None, placed)
    assert text == (
        "nominated by implicit-als #2; new to implicit-als, placed by the average of its artist; "
        "new to content, placed by its features"
    )


def test_rules_and_fallbacks_are_said() -> None:
    moves = [
        Moved(rule="artist-cap", before=2, after=6, why="at most 2 by one artist"),
        Moved(rule="seen", before=1, after=None, why=""),
    ]
    assert wording.reason([], [], moves, "popularity") == (
        "filled in from popularity, since the history says nothing more; "
        "moved from 2 to 6 by artist-cap (at most 2 by one artist); taken out by seen"
    )
    assert wording.reason([], [], [], None) == "no reason is known"


@pytest.mark.parametrize(
    ("rating", "word"),
    [(0, "Dislike"), (0.12, "Dislike"), (0.25, "Not for me"), (0.5, "Neutral"), (0.8, "Like"), (1, "Love")],
)
def test_a_rating_is_one_of_five_words(rating: float, word: str) -> None:
    assert wording.rating_word(rating) == word


def test_the_script_calls_ratings_by_the_same_words() -> None:
    script = (Path(wording.__file__).parent / "static" / "ratings.js").read_text(encoding="utf-8")
    listed = re.search(r"const WORDS = \[(.*?)\]", script)
    assert listed is not None
    assert tuple(re.findall(r'"([^"]+)"', listed[1])) == wording.RATING_WORDS


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (215, "3:35"), (3725, "1:02:05")])
def test_a_duration_is_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert wording.clock(seconds) == shown


def test_what_two_items_share_is_said_and_nothing_else() -> None:
    one = Item(id="1", label="", title="T", artist="A", album="L", genres=["x", "y"], released=date(1999, 1, 1))
    same = Item(id="2", label="", title="U", artist="A", album="L", genres=["y", "z"], released=date(1999, 9, 9))
    assert wording.in_common(one, same) == ["the same artist", "the same album", "both y", "both from 1999"]
    assert wording.in_common(one, Item(id="3", label="3")) == []
    # Albums of one name by two artists are two albums; an artist is not "the same artist" as itself.
    assert (
        wording.in_common(one, one.model_copy(update={"id": "4", "artist": "B", "genres": [], "released": None})) == []
    )
    artist = Item(id="5", label="A", artist="A", tags=["loud", "fast"])
    assert wording.in_common(artist, artist) == ["both loud and fast"]
    assert wording.in_common(
        one, one.model_copy(update={"artist": "B", "genres": [], "tags": ["x"], "released": None})
    ) == ["both x"]


def test_a_picture_belongs_to_its_item_and_its_hue_to_the_artist() -> None:
    one, two = (Item(id=i, label=i, title=i, artist="A") for i in "12")
    assert sleeve(one) == sleeve(one)
    assert sleeve(one).hue == sleeve(two).hue
    assert sleeve(one).falling != sleeve(two).falling


def test_one_song_ends_while_the_next_begins() -> None:
    bars = crossfade(72)
    assert (bars[0].beginning, bars[-1].ending) == (0, 0)
    assert min(bars[0].ending, bars[-1].beginning) > 0.3
    assert all(0 <= bar.ending <= 1 and 0 <= bar.beginning <= 1 for bar in bars)
