"""Tables with typed headers, by small files written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import DataError, RowError, SettingsError, StorageError
from segue.readers import ReadOptions, read, sniff

INTER = (
    "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "ana\tt1\t4.5\t1000000000\nben\tt1\t2\t1000000100\nana\tt2\t3\t1000000050\n"
)
ITEM = (
    "item_id:token\ttitle:token_seq\tartist:token\tgenre:token_seq\tenergy:float\tyear:float\n"
    't1\tGlory Box\tPortishead\ttrip-hop rock\t0.5\t1994\nt9\t"Heroes"\t\t\t\t1977\n'
)
USER = "user_id:token\tage:float\tcountry:token\nben\t31\tPT\nana\t\t\nzoe\t5\tDE\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plays.inter").write_text(INTER)
    (tmp_path / "plays.item").write_text(ITEM)
    (tmp_path / "plays.user").write_text(USER)
    return tmp_path


def test_ratings_with_times_come_in_order(folder: Path) -> None:
    dataset, report = read([folder])
    assert report.format == "interactions"
    assert list(dataset.users) == ["ana", "ben"]
    assert (dataset.feedback, dataset.scale) == ("ratings", (2, 4.5))
    assert dataset.histories.times is not None
    assert dataset.histories.times.tolist() == [1000000000, 1000000050, 1000000100]
    assert dataset.csr().toarray().tolist() == [[4.5, 3, 0], [2, 0, 0]]


def test_items_without_an_interaction_are_items_too(folder: Path) -> None:
    dataset, report = read([folder / "plays.inter"])
    catalogue = dataset.catalogue
    assert list(dataset.items) == ["t1", "t2", "t9"]
    assert catalogue.column("title").to_list() == ["Glory Box", None, '"Heroes"']
    assert catalogue.column("artist").to_list() == ["Portishead", None, None]
    assert catalogue.column("genres").to_list() == [["trip-hop", "rock"], None, None]
    assert catalogue.column("energy").to_list() == [0.5, None, None]
    assert "of plays.item, these columns have no place in the catalogue: year:float" in report.notes


def test_genres_with_commas_are_cut_at_the_commas(folder: Path) -> None:
    (folder / "plays.item").write_text("item_id:token\tgenre:token_seq\nt1\ttrip hop, rock\nt2\tart rock\n")
    assert read([folder])[0].catalogue.column("genres").to_list() == [["trip hop", "rock"], ["art rock"]]


def test_of_the_users_is_known_what_their_file_says(folder: Path) -> None:
    dataset, report = read([folder])
    assert dataset.user_table is not None
    assert dataset.user_table.rows() == [("ana", None, None), ("ben", 31.0, "PT")]
    assert "users in plays.user without an interaction: 1; they are left out" in report.notes


def test_a_user_and_an_item_are_enough(tmp_path: Path) -> None:
    (tmp_path / "x.inter").write_text("user_id:token\titem_id:token\nana\tt1\nben\tt1\n")
    dataset, report = read([tmp_path])
    assert dataset.feedback == "presence"
    assert (dataset.user_table, dataset.catalogue.columns) == (None, ["id"])
    assert report.notes[1:] == (
        "there is no x.item; what it tells is not known",
        "there is no x.user; what it tells is not known",
    )


def test_columns_and_the_scale_can_be_named(folder: Path) -> None:
    (folder / "plays.inter").write_text(
        "session:token\ttrack:token\tstars:float\tdepth:float\na\tb\t3\t1\na\tc\t9\t1\n"
    )
    dataset, report = read([folder], options=ReadOptions(weight="stars:float", scale=(1, 5), user="session:token"))
    assert (dataset.scale, dataset.histories.n_entries) == ((1, 5), 1)
    assert report.rejections[0].reason == "the rating lies outside the scale 1 to 5"


def test_every_row_that_cannot_be_used_has_a_reason_and_a_line(folder: Path) -> None:
    with (folder / "plays.inter").open("a") as file:
        file.write(
            "\tt1\t1\t1000000000\nana\t\t1\t1000000000\nana\tt1\tgood\t1000000000\nana\tt1\t1\tnoon\n"
            "ana\tt1\tinf\t1000000000\nana\tt1\t1\t-5\nana\tt1\t1\t1000000000\t9\n"
            "user_id:token\titem_id:token\trating:float\ttimestamp:float\nana\tt"
        )
    with (folder / "plays.item").open("a") as file:
        file.write("t1\tAgain\t\t\t\t\n\tx\t\t\t\t\nt3\tx\t\t\tloud\t\nt4\tx\t\t\t\t\tx\n")
    with (folder / "plays.user").open("a") as file:
        file.write("ben\t1\tX\n")
    _, report = read([folder])
    assert {each.reason: [place.line for place in each.places] for each in report.rejections} == {
        "the user is missing": [5],
        "the item is missing": [6, 5],
        "the weight is not a number": [7],
        "the time is not one (the others are seconds since 1970)": [8],
        "the weight is not finite (NaN, infinity, or too large)": [9],
        "the time lies outside the years 1970 to 2099": [10],
        "there are more fields than columns": [11, 7],
        "the row repeats the header": [12],
        "the weight is missing": [13],
        "the item came before": [4],
        "'energy:float' is no number": [6],
        "the user came before": [5],
    }


def test_strict_stops_at_the_first_row_that_cannot_be_used(folder: Path) -> None:
    (folder / "plays.user").write_text(USER + "ben\told\tPT\n")
    with pytest.raises(RowError, match=r"plays\.user, line 5: the user came before"):
        read([folder], strict=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x89PNG" + bytes(99), "is a picture"),
        (b"user_id\titem_id\na\tb\n", "must begin with tab-separated names and types"),
        (b"user_id:token\titem_id:text\na\tb\n", "must begin with tab-separated names and types"),
        (b"user_id:token\tprice:float\na\t1\n", "no column that seems to be the item"),
        (b"user_id:token\titem_id:float\na\t1\n", "the item is a token, but the column 'item_id:float' holds a float"),
        (b"user_id:token\titem_id:token\n", "no row that can be used"),
        (b"user_id:token\titem_id:token\ttimestamp:float\na\tb\tnoon\n", "are no time"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.inter").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read([tmp_path / "x.inter"], "interactions")


def test_what_is_useless_or_not_to_be_told_apart_is_named(folder: Path) -> None:
    with pytest.raises(SettingsError, match="takes no --delimiter"):
        read([folder], options=ReadOptions(delimiter=","))
    (folder / "plays.item").write_text("item_id:token\tx:float\tx:float\n")
    with pytest.raises(DataError, match="has a column more than once"):
        read([folder])
    (folder / "other.inter").write_text(INTER)
    with pytest.raises(StorageError, match=r"no file NAME\.inter, or several"):
        read([folder], "interactions")


def test_the_typed_header_is_recognized_whatever_the_file_is_called(folder: Path) -> None:
    assert "plays.inter in it: its header names the type" in sniff(folder).why
    (folder / "plays.inter").rename(folder / "plays.tsv")
    assert sniff(folder / "plays.tsv").format == "interactions"
