"""Names of songs, read into their parts. All artists and titles are invented."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.titles import fold, normalized, read_artist, read_title
from segue.core.versions import Version
from segue.core.words import prepared, words

LETTERS = st.text(alphabet=string.ascii_letters + "éÖñçßøДжщλΣ夜電 ()[]-.,'&!?#0123456789", max_size=40)
PARTS = st.sampled_from(
    [
        "Slow Comet",
        "(Live)",
        "- Remastered 2011",
        "[feat. Mina Rook]",
        "Pt. 2",
        "ft. T.J. Low",
        "- Karst Remix",
        "/",
        ";",
    ]
)


def test_fold_removes_case_accents_width_and_punctuation() -> None:
    assert fold("Déjà  Vu!") == "deja vu"
    assert fold("Ｗｉｄｅ & Loud") == "wide and loud"
    assert fold("!!!") == "!!!"


@given(st.text())
def test_a_folded_text_folds_to_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_name_is_read_into_its_parts() -> None:
    name = normalized(
        "Kid Parlour ft. Dov Hale", "Curbside (feat. Mina Rook & T.J. Low) [Live at Weller Hall] - 2011 Remaster"
    )
    assert name.artist.main == "kid parlour"
    assert name.title.main == "curbside"
    assert name.title.versions == (Version("live", "at weller hall"),)
    assert name.featured == ("dov hale", "mina rook", "tj low")
    assert name.recording == "dovhale + kidparlour + minarook + tjlow | curbside | live at weller hall"
    assert name.song == "kidparlour | curbside"


@pytest.mark.parametrize(
    "title", ["Live", "Remix", "Demo", "(Intro)", "Radio Edit", "[Bonus Track]", "- Live", "Acoustic"]
)
def test_a_title_of_nothing_but_remarks_is_kept(title: str) -> None:
    read = read_title(title)
    assert read.main == words(prepared(title)).strip()
    assert read.versions == ()


@pytest.mark.parametrize(
    ("title", "main"),
    [
        ("(You Can't Park) Here Tonight", "you cant park here tonight"),
        ("Everest (The Long Way Down)", "everest the long way down"),
        ("Long Walk, Pt. II", "long walk part 2"),
        ("Long Walk - Parts 1 & 2", "long walk part 1 and 2"),
        ("Boxcar Winter, The", "the boxcar winter"),
        ("6 Ft. Under Snow", "6 ft under snow"),
        ("A Feat of Strength", "a feat of strength"),
        ("Song - Karst Remix (Foo Bar)", "song foo bar"),
        ("Song (cut off in the mid", "song cut off in the mid"),
        ("Song (A (B) C)", "song a b c"),
        ("1984 - Remastered 2010", "1984"),
    ],
)
def test_what_belongs_to_the_title_stays_in_it(title: str, main: str) -> None:
    assert read_title(title).main == main


@pytest.mark.parametrize(
    ("remark", "versions"),
    [
        ("Live", {Version("live")}),
        ("En Vivo", {Version("live")}),
        ("Live/Acoustic Version", {Version("acoustic"), Version("live")}),
        ("Live In Oslo / 2012", {Version("live", "in oslo 2012")}),
        ("MTV Unplugged", {Version("acoustic", "mtv")}),
        ("Take 2", {Version("demo", "2")}),
        ("Basement Demo", {Version("demo", "basement")}),
        ("Radio Edit", {Version("edit", "radio")}),
        ("Single Version, 2002 Remastered Version", {Version("edit", "single")}),
        ("Extended Mix", {Version("edit", "extended")}),
        ("Karst Remix", {Version("remix", "karst")}),
        ("Karst Remix Radio Edit", {Version("edit", "radio"), Version("remix", "karst")}),
        ("Re-Recorded / Remastered", {Version("version", "rerecorded")}),
        ("Spanish Version", {Version("version", "spanish")}),
        ("Original Mix", {Version("version", "original")}),
        ("2018 Mix", {Version("version", "2018")}),
        ("A Cappella", {Version("instrumental", "acapella")}),
        ("Originally Performed by Ida Wren", {Version("tribute", "ida wren")}),
        *(
            (same, set())
            for same in ("Remastered", "2009 Remaster", "1999 - Remaster", "Mono", "Stereo Mix", "Explicit")
        ),
        *(
            (same, set())
            for same in ("Clean Version", "Album Version (Edited)", "25th Anniversary Edition", "Bonus Track")
        ),
    ],
)
def test_a_remark_says_the_same_in_brackets_and_behind_a_dash(remark: str, versions: set[Version]) -> None:
    dashed, bracketed = read_title(f"Slow Comet - {remark}"), read_title(f"Slow Comet ({remark})")
    assert dashed.main == bracketed.main == "slow comet"
    assert set(dashed.versions) == set(bracketed.versions) == versions


@pytest.mark.parametrize("remark", ["Reprise", "Interlude", "Allegro", "Live Forever", "In the Mix", "From Me to You"])
def test_an_unknown_remark_is_part_of_the_title(remark: str) -> None:
    assert read_title(f"Slow Comet ({remark})").recording == f"slow comet {remark.lower()}"


def test_a_film_is_noted_and_keeps_recordings_apart() -> None:
    title = read_title('Slow Comet (From "The Mill House")')
    assert (title.source, title.song) == ("mill house", "slow comet")
    assert title.recording != read_title("Slow Comet").recording


@pytest.mark.parametrize("credit", ["The Paper Lanterns", "Paper Lanterns, The", "paper lanterns", "PAPER LANTERNS"])
def test_an_article_and_the_sort_form_do_not_count_in_an_artist(credit: str) -> None:
    assert read_artist(credit).key == "paperlanterns"


def test_a_band_of_several_words_stays_whole_in_its_main_credit() -> None:
    assert read_artist("Moss, Fern & Stone").main == "moss fern and stone"
    assert read_artist("Moss, Fern & Stone").key == read_artist("Stone, Moss and Fern").key
    assert read_artist("Silas, The Gardener").names == ("silasthegardener",)


def test_marks_of_other_scripts_are_letters() -> None:
    assert read_title("かぎ").main != read_title("かき").main
    assert read_title("Мой").main != read_title("Мои").main
    assert read_title("दिन").main == "दिन"


@pytest.mark.parametrize("title", ["Intro", "Interlude 2", "Untitled", "Main Theme", "Track 7", "Skit"])
def test_a_title_that_many_pieces_share_is_vague(title: str) -> None:
    assert read_title(title).vague


@given(st.text())
def test_reading_never_fails_and_a_title_is_never_lost(text: str) -> None:
    name = normalized(text, text)
    assert name.recording
    assert name.song
    if words(prepared(text)):
        assert name.title.main
        assert name.artist.main
        assert name.artist.key


@given(st.one_of(st.text(), LETTERS, st.lists(PARTS, max_size=5).map(" ".join)))
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    main = read_title(text).main
    assert read_title(main).main == main
    assert words(words(prepared(text))) == words(prepared(text))
    credit = read_artist(text).main
    assert read_artist(credit).main == credit


@given(st.one_of(LETTERS, st.lists(PARTS, max_size=5).map(" ".join)))
def test_case_and_width_do_not_count(text: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    for other in (text.upper(), text.lower(), unicodedata.normalize("NFD", text), wide):
        assert read_title(other) == read_title(text)
        assert read_artist(other) == read_artist(text)
