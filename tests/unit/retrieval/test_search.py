"""Search by what a person types, and the one item that a query means."""

from __future__ import annotations

import time
from contextlib import suppress

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.catalogue import Catalogue
from segue.core.titles import fold
from segue.errors import AmbiguousError, DataError, NotFoundError
from segue.retrieval.search import TitleSearch

ROWS = [
    ("t0", "Creep", "Radiohead", 50.0),
    ("t1", "Creep", "TLC", 20.0),
    ("t2", "Karma Police", "Radiohead", 40.0),
    ("t3", "Déjà Vu", "Beyoncé", 30.0),
    ("t4", "Creeping Death", "Metallica", 90.0),
    ("t5", "The Police Song", "Nobody", 5.0),
    ("t6", "Roxanne", "The Police", 60.0),
    ("t7", "Must Be the Moon", "!!!", 1.0),
    ("t8", "Radiohead", "Talking Heads", 10.0),
    ("t9", "夜に駆ける", "YOASOBI", 45.0),
]


def catalogue(rows: list[tuple[str, str, str, float]] = ROWS) -> Catalogue:
    return Catalogue(
        pl.DataFrame({"id": [r[0] for r in rows], "title": [r[1] for r in rows], "artist": [r[2] for r in rows]})
    )


@pytest.fixture(scope="module")
def search() -> TitleSearch:
    return TitleSearch(catalogue(), [row[3] for row in ROWS])


def ids(search: TitleSearch, text: str, limit: int = 10) -> list[str]:
    return [match.id for match in search.search(text, limit)]


def test_an_exact_title_comes_before_one_that_only_begins_so_though_less_popular(search: TitleSearch) -> None:
    assert ids(search, "creep") == ["t0", "t1", "t4"]


def test_the_beginning_of_any_word_is_enough_and_the_beginning_of_a_title_is_better(search: TitleSearch) -> None:
    assert ids(search, "pol") == ["t6", "t2", "t5"]  # all "whole word or prefix"; by popularity
    assert ids(search, "roxanne the p") == ["t6"]


def test_every_word_must_fit_in_any_order_across_artist_and_title(search: TitleSearch) -> None:
    assert ids(search, "police radio") == ["t2"]
    assert ids(search, "radiohead - karma") == ["t2"]


def test_case_accents_and_punctuation_do_not_matter(search: TitleSearch) -> None:
    assert ids(search, "BEYONCE deja-vu!") == ["t3"]
    assert ids(search, "夜に") == ["t9"]


def test_a_name_of_punctuation_alone_is_found(search: TitleSearch) -> None:
    assert ids(search, "!!!") == ["t7"]


def test_an_artist_typed_in_full_shows_the_artist_s_tracks_by_popularity(search: TitleSearch) -> None:
    assert ids(search, "Radiohead")[:3] == ["t0", "t2", "t8"]


def test_a_misspelling_is_forgiven_only_where_almost_nothing_fits(search: TitleSearch) -> None:
    assert ids(search, "metalica") == ["t4"]
    assert ids(search, "radoihead karm") == ["t2"]
    assert "t4" not in ids(search, "roxane")
    assert all(match.score < 0.7 for match in search.search("metalica"))


def test_an_unfinished_misspelt_word_is_forgiven_too(search: TitleSearch) -> None:
    assert ids(search, "radeoh")[:2] == ["t0", "t2"]


def test_where_words_are_too_many_the_items_with_most_of_them_are_shown(search: TitleSearch) -> None:
    assert ids(search, "roxanne police remastered")[0] == "t6"
    assert search.search("zzzz qqqq xxxx") == []


def test_an_id_typed_in_full_comes_first(search: TitleSearch) -> None:
    assert ids(search, "t5")[0] == "t5"


def test_no_text_shows_the_most_popular(search: TitleSearch) -> None:
    assert ids(search, "", 3) == ["t4", "t6", "t0"]
    assert ids(search, "   ", 1) == ["t4"]


def test_the_limit_is_kept(search: TitleSearch) -> None:
    assert len(search.search("c", 2)) == 2
    assert search.search("c", 0) == []


def test_scores_lie_between_zero_and_one_and_fall(search: TitleSearch) -> None:
    for text in ("creep", "pol", "t5", "metalica", ""):
        scores = [match.score for match in search.search(text)]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1 for score in scores)


def test_a_match_says_position_id_and_label(search: TitleSearch) -> None:
    match = search.search("karma police")[0]
    assert (match.position, match.id, match.label) == (2, "t2", "Radiohead - Karma Police")


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("t1", 1),
        ("karma police", 2),
        ("Radiohead - Creep", 0),
        ("tlc creep", 1),
        ("Creep TLC", 1),
        ("Beyonce - Deja Vu", 3),
        ("metalica", 4),
        ("karm", 2),
        ("Radiohead", 8),  # the one item whose title it is; tracks of that artist are not called so
    ],
)
def test_a_query_that_means_one_item_gives_it(search: TitleSearch, query: str, position: int) -> None:
    assert search.resolve(query) == position


def test_an_ambiguous_query_lists_what_it_fits_best_first(search: TitleSearch) -> None:
    with pytest.raises(AmbiguousError, match="fits 2 items") as caught:
        search.resolve("creep")
    assert caught.value.matches == (("t0", "Radiohead - Creep"), ("t1", "TLC - Creep"))
    with pytest.raises(AmbiguousError):
        search.resolve("police")


def test_an_unknown_query_offers_near_matches(search: TitleSearch) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'Radiohead - Karma Police'") as caught:
        search.resolve("karma unplugged")
    assert caught.value.near == ("Radiohead - Karma Police",)
    with pytest.raises(NotFoundError, match="nothing is called 'zzzz'") as caught:
        search.resolve("zzzz")
    assert not caught.value.near


@pytest.mark.parametrize("query", ["", "   ", "\x00", "?!"])
def test_a_query_without_a_word_is_unknown(search: TitleSearch, query: str) -> None:
    with pytest.raises(NotFoundError):
        search.resolve(query)


def test_of_two_that_fold_alike_the_one_written_exactly_so_is_meant() -> None:
    names = Catalogue(pl.DataFrame({"id": ["1", "2"], "artist": ["Bjork", "Björk"]}))
    search = TitleSearch(names)
    assert search.resolve("Björk") == 1
    assert search.resolve("Bjork") == 0
    with pytest.raises(AmbiguousError):
        search.resolve("BJORK")


def test_a_catalogue_of_artists_only_is_searched_by_their_names() -> None:
    search = TitleSearch(
        Catalogue(pl.DataFrame({"id": ["7", "9"], "kind": ["artist"] * 2, "artist": ["Portishead", "Radiohead"]}))
    )
    assert [match.label for match in search.search("radio")] == ["Radiohead"]
    assert search.resolve("portishead") == 0


def test_a_catalogue_of_bare_ids_is_searched_by_them() -> None:
    search = TitleSearch(Catalogue(pl.DataFrame({"id": ["spotify:track:4uLU", "spotify:track:9zzz"]})))
    assert [match.id for match in search.search("4ul")] == ["spotify:track:4uLU"]
    assert search.resolve("spotify:track:9zzz") == 1


def test_items_without_any_name_are_found_by_their_id_beside_others_that_have_one() -> None:
    frame = pl.DataFrame({"id": ["a1", "b2", "c3"], "title": ["Song", None, ""], "artist": [None, None, "Someone"]})
    search = TitleSearch(Catalogue(frame))
    assert [match.id for match in search.search("b2")] == ["b2"]
    assert search.resolve("someone") == 2
    assert search.resolve("song") == 0


def test_an_empty_catalogue_answers_nothing() -> None:
    search = TitleSearch(Catalogue(pl.DataFrame({"id": pl.Series([], dtype=pl.String)})))
    assert search.search("a") == search.search("") == []
    with pytest.raises(NotFoundError):
        search.resolve("a")


def test_popularity_must_be_one_finite_number_per_item() -> None:
    with pytest.raises(DataError, match="one finite number for each of the 10 items"):
        TitleSearch(catalogue(), [1.0])
    with pytest.raises(DataError):
        TitleSearch(catalogue(), [float("nan")] * 10)


@given(st.text(max_size=300))
def test_no_text_breaks_the_search(text: str) -> None:
    search = TitleSearch(catalogue(), [row[3] for row in ROWS])
    assert len(search.search(text, 5)) <= 5
    with suppress(NotFoundError):
        assert 0 <= search.resolve(text) < len(ROWS)


_words = st.sampled_from(["ab", "abc", "b", "bcd", "cab", "é", "e"])


@given(
    st.lists(st.lists(_words, min_size=1, max_size=4), min_size=1, max_size=12),
    st.lists(_words, min_size=1, max_size=3),
)
def test_prefix_search_agrees_with_looking_at_every_title(titles: list[list[str]], asked: list[str]) -> None:
    frame = pl.DataFrame({"id": [f"#{i}" for i in range(len(titles))], "title": [" ".join(t) for t in titles]})
    found = {m.position for m in TitleSearch(Catalogue(frame)).search(" ".join(asked), 100) if m.score >= 0.7}
    folded = [fold(word) for word in asked]
    expected = {i for i, title in enumerate(titles) if all(any(fold(w).startswith(a) for w in title) for a in folded)}
    assert found == expected


def test_a_keystroke_over_a_hundred_thousand_tracks_is_quick() -> None:
    random = np.random.default_rng(0)
    syllables = np.array([c + v for c in "bcdfghjklmnprstvw" for v in "aeiou"])
    words = ["".join(syllables[row]) for row in random.integers(len(syllables), size=(30_000, 3))]
    chosen = random.integers(len(words), size=(100_000, 4))
    frame = pl.DataFrame(
        {
            "id": [str(i) for i in range(100_000)],
            "title": [f"{words[a]} {words[b]}" for a, b, _, _ in chosen],
            "artist": [f"{words[c]} {words[d]}" for _, _, c, d in chosen],
        }
    )
    search = TitleSearch(Catalogue(frame), random.random(100_000))
    times = []
    typed = f"{words[5]} {words[9]}"
    for end in range(1, len(typed) + 1):
        start = time.perf_counter()
        search.search(typed[:end])
        times.append(time.perf_counter() - start)
    assert sorted(times)[len(times) // 2] < 0.1  # 2 to 10 ms on an idle machine; the margin is for a busy one
