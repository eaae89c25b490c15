"""The #nowplaying playlists, by a small file written by hand with the quirks of the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import DataError, RowError, SettingsError
from segue.readers import ReadOptions, read, sniff

ANA, BEN = "9cc0cfd4d7d7885102480dd99e7a90d6", "07f0fc3be95dcd878966b1f9572ff670"
HEADER = '"user_id", "artistname", "trackname", "playlistname"\n'
ROWS = (
    f'"{ANA}","Elvis Costello","(The Angels Wanna Wear My) Red Shoes","HARD ROCK 2010"\n'
    f'"{ANA}","Crosby, Stills & Nash","Helplessly \\"Hoping\\"","HARD ROCK 2010"\n'
    f'"{ANA}","Elvis Costello","(The Angels Wanna Wear My) Red Shoes","HARD ROCK 2010"\n'
    f'"{ANA}","AC\\\\DC","C:\\\\","rock/pop ""80s"""\n'
    f'"{BEN}","Elvis Costello","(The Angels Wanna Wear My) Red Shoes","HARD ROCK 2010"\n'
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "spotify_dataset.csv").write_text(HEADER + ROWS)
    return tmp_path / "spotify_dataset.csv"


def test_each_playlist_of_each_listener_is_a_history(path: Path) -> None:
    dataset, report = read([path])
    assert report.format == "nowplaying"
    assert list(dataset.users) == [f"{ANA}/HARD ROCK 2010", f'{ANA}/rock/pop "80s"', f"{BEN}/HARD ROCK 2010"]
    assert dataset.csr().toarray().tolist() == [[1, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert dataset.feedback == "presence"
    assert dataset.histories.order == "none"
    assert dataset.histories.context is not None
    assert dataset.histories.context["name"].to_list() == ["HARD ROCK 2010", 'rock/pop "80s"', "HARD ROCK 2010"]
    assert dataset.histories.context["owner"].to_list() == [ANA, ANA, BEN]
    assert report.merged == 1


def test_escaped_quotes_and_backslashes_are_text(path: Path) -> None:
    catalogue = read([path])[0].catalogue
    assert catalogue.column("title").to_list() == [
        "(The Angels Wanna Wear My) Red Shoes",
        'Helplessly "Hoping"',
        "C:\\",
    ]
    assert catalogue.column("artist").to_list() == ["Elvis Costello", "Crosby, Stills & Nash", "AC\\DC"]
    assert catalogue.column("id").to_list()[2] == "AC\\DC/_/C:\\"


def test_every_row_that_cannot_be_used_has_a_reason_and_a_line(path: Path) -> None:
    with path.open("a") as file:
        file.write(
            f'"","a","b","c"\n"{ANA}","","b","c"\n"{ANA}","a","","c"\n"{ANA}","a","b",""\n"{ANA}","a","b"\n'
            f'"{ANA}","a","b","c","d"\n"x/y","a","b","c"\n"{ANA}","a","b","c\n"{BEN}","a","b","c"\n'
        )
    dataset, report = read([path])
    assert {each.reason: [place.line for place in each.places] for each in report.rejections} == {
        "the user is missing": [7],
        "the artist's name is missing": [8],
        "the track's name is missing": [9],
        "the playlist's name is missing": [10, 11],
        "there are more fields than columns": [12],
        "the user is no hash: it holds a slash": [13],
        "a quote opens a field and never closes": [14],
    }
    assert (report.read, report.accepted) == (14, 6)
    assert list(dataset.users)[3:] == [f"{BEN}/c"]


def test_strict_stops_at_the_first_row_that_cannot_be_used(path: Path) -> None:
    path.write_text(HEADER + ROWS + f'"{ANA}","","b","c"\n')
    with pytest.raises(RowError, match="line 7: the artist's name is missing"):
        read([path], strict=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"OggS" + bytes(99), "is an audio file"),
        (b'"user_id","trackname"\n"a","b"\n', "must begin with the header user_id, artistname"),
        (HEADER.encode(), "no row can be used"),
        (HEADER.encode() + b'"a","b","c', "no row can be used"),
    ],
)
def test_a_file_of_something_else_is_refused(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read([path], "nowplaying")


def test_a_copy_and_useless_options_are_refused(path: Path) -> None:
    (copy := path.with_name("copy.csv")).write_bytes(path.read_bytes())
    with pytest.raises(DataError, match="hold the same bytes"):
        read([path, copy])
    with pytest.raises(SettingsError, match="takes no --delimiter"):
        read([path], options=ReadOptions(delimiter=";"))


def test_the_header_is_recognized_with_and_without_spaces_and_quotes(path: Path) -> None:
    for header in (HEADER, HEADER.replace(" ", ""), "\ufeff" + HEADER, HEADER.replace('"', "")):
        path.write_text(header + ROWS, encoding="utf-8")
        assert sniff(path).format == "nowplaying"
        assert read([path])[0].n_users == 3
