"""The Last.fm set of timestamped plays, by a small one written by hand with the quirks of the real one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from segue.errors import DataError, RowError, SettingsError
from segue.readers import ReadOptions, read, sniff

PLAYS = "userid-timestamp-artid-artname-traid-traname.tsv"
A = "a7f7df4a-77d8-4f12-8acd-5c60c93f4de8"
T = "fe5c2c5a-1111-4222-8333-000000000001"
T2 = "fe5c2c5a-1111-4222-8333-000000000002"
ROWS = (
    f"user_000001\t2009-05-04T13:54:10Z\t{A}\t坂本龍一\t\tTibetan Dance\n"
    f"user_000001\t2009-05-04T13:52:04Z\t{A}\t坂本龍一\t{T}\tTibetan Dance\n"
    f'user_000001\t2009-05-04T13:50:00Z\t\t"Heroes"\t\tSong "2" - Live\n'
    f"user_000002\t2008-01-01T00:00:00Z\t{A}\t坂本龍一\t{T}\tTibetan Dance (single)\n"
    f"user_000002\t2007-01-01T00:00:00Z\t{A}\t坂本龍一\t{T2}\tRiot in Lagos\n"
)
WHO = "#id\tgender\tage\tcountry\tregistered\nuser_000001\tm\t\tJapan\tAug 13, 2006\nuser_000002\t\t24\t\tFeb 4, 2006\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / PLAYS).write_text(ROWS, encoding="utf-8")
    (tmp_path / "userid-profile.tsv").write_text(WHO, encoding="utf-8")
    return tmp_path


def test_a_track_is_one_item_with_and_without_its_mbid(folder: Path) -> None:
    dataset, report = read([folder])
    assert report.format == "lastfm-1k"
    assert list(dataset.items) == [T, '"Heroes"/_/Song "2" - Live', T2]
    assert dataset.csr().toarray().tolist() == [[2, 1, 0], [1, 0, 1]]
    catalogue = dataset.catalogue
    assert catalogue.column("title").to_list() == ["Tibetan Dance", 'Song "2" - Live', "Riot in Lagos"]
    assert catalogue.column("artist").to_list() == ["坂本龍一", '"Heroes"', "坂本龍一"]
    assert catalogue.column("mbid").to_list() == [T, None, T2]
    assert catalogue.column("kind").to_list() == ["track"] * 3


def test_the_newest_first_becomes_the_oldest_first(folder: Path) -> None:
    histories = read([folder])[0].histories
    assert histories.order == "time"
    assert histories.times is not None
    assert histories.times.tolist() == [1241445000, 1241445124, 1241445250, 1167609600, 1199145600]
    assert histories.items.tolist() == [1, 0, 0, 2, 0]


def test_of_the_listeners_is_known_what_the_profile_says(folder: Path) -> None:
    table = read([folder / PLAYS])[0].user_table
    assert table is not None
    assert table.rows() == [
        ("user_000001", "m", None, "Japan", date(2006, 8, 13)),
        ("user_000002", None, 24, None, date(2006, 2, 4)),
    ]


def test_without_a_profile_nothing_but_the_ids_is_known(folder: Path) -> None:
    (folder / "userid-profile.tsv").unlink()
    dataset, report = read([folder])
    assert dataset.user_table is None
    assert report.notes == ("there is no userid-profile.tsv; of the listeners nothing but the id is known",)


def test_every_row_that_cannot_be_used_has_a_reason_and_a_line(folder: Path) -> None:
    with (folder / PLAYS).open("a", encoding="utf-8") as file:
        file.write(
            "\t2009-05-04T13:54:10Z\t\ta\t\tb\n"
            "user_000002\t2009-13-04T13:54:10Z\t\ta\t\tb\n"
            "user_000002\t1956-01-01T00:00:00Z\t\ta\t\tb\n"
            "user_000002\t2009-05-04T13:54:10Z\t\ta\t\t\n"
            "user_000002\t2009-05-04T13:54:10Z\t\t\t\tb\n"
            "user_000002\t2009-05-04T13:54:10Z\t\ta\t\tb\tc\n"
            "user_000002\t2009-05-04T13:54:11Z\t\ta\tno-mbid\tb\n"
            "user_000002\t2009-05-04T13:5"
        )
    (folder / "userid-profile.tsv").write_text(
        WHO + "user_000001\tf\t1\tX\t\nuser_000003\t\t\t\t\nx\t\t999\t\t\ny\t\t\t\tsoon\n\tm\t1\tX\t\n"
    )
    _, report = read([folder], "lastfm-1k")
    assert {each.reason: [str(place.line) for place in each.places] for each in report.rejections} == {
        "the track's name is missing": ["9"],
        "the artist's name is missing": ["10", "13"],
        "there are more fields than columns": ["11"],
        "the user is missing": ["6"],
        "the time is not one (the others are dates like 2009-05-04T23:08:57Z)": ["7"],
        "the time lies outside the years 1970 to 2099": ["8"],
        "the listener came before": ["4"],
        "the age is no number of years up to 120": ["6"],
        "the day of registration is none like Feb 24, 2006": ["7"],
        "the listener's id is missing": ["8"],
    }
    assert [(file.read, file.accepted) for file in report.files] == [(13, 6), (7, 3)]
    assert "rows whose track id is no MBID: 1; their names alone tell which track it is" in report.notes
    assert "listeners in userid-profile.tsv without a play: 1; they are left out" in report.notes


def test_strict_stops_at_the_first_row_that_cannot_be_used(folder: Path) -> None:
    (folder / PLAYS).write_text(ROWS + "user_000001\tnow\t\ta\t\tb\n", encoding="utf-8")
    with pytest.raises(RowError, match="line 6: the time is not one"):
        read([folder], strict=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04" + bytes(99), "is a zip archive; unpack it first"),
        (b"user\titem\na\tb\n", "expected six tab-separated fields"),
        (b"u\t2009-05-04T13:54:10Z\t\t\t\tb\n", "no row that can be used"),
    ],
)
def test_a_file_of_something_else_is_refused(folder: Path, content: bytes, message: str) -> None:
    (folder / PLAYS).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read([folder / PLAYS], "lastfm-1k")


def test_what_is_useless_or_missing_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="takes no --user"):
        read([folder], options=ReadOptions(user="1"))
    with pytest.raises(DataError, match="is one folder or file, 2 paths came"):
        read([folder, folder])
    (folder / "userid-profile.tsv").write_text("id,age\n")
    with pytest.raises(DataError, match=r"userid-profile\.tsv must begin with"):
        read([folder])
    (empty := tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no userid-timestamp"):
        read([empty], "lastfm-1k")


def test_the_folder_and_the_file_are_recognized_whatever_they_are_called(folder: Path) -> None:
    assert sniff(folder).format == "lastfm-1k"
    (folder / PLAYS).rename(folder / "plays.tsv")
    assert "the lines of plays.tsv in it are" in sniff(folder).why
    assert sniff(folder / "plays.tsv").format == "lastfm-1k"
