"""The Audioscrobbler set, by a small folder written by hand with the broken lines of the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import DataError, RowError, StorageError
from segue.readers import read, sniff

FILES = {
    "user_artist_data.txt": "1000002 1 55\n1000002 1000006 33\n1000002 1000007 8\n1000019 1000008 144\n1000019 1 1\n",
    "artist_data.txt": "1\tPortishead\n1000006\tPortis head\n1000007\tPang Nakarin\n77\tUnheard\n",
    "artist_alias.txt": "1000006\t1\n1000008\t1000009\n1000009\t1\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def test_plays_of_an_alias_are_plays_of_the_artist_through_chains_too(folder: Path) -> None:
    dataset, report = read([folder])
    assert report.format == "audioscrobbler"
    assert list(dataset.users) == ["1000002", "1000019"]
    assert list(dataset.items) == ["1", "1000007"]
    assert dataset.csr().toarray().tolist() == [[88, 8], [145, 0]]
    assert dataset.catalogue.column("title").to_list() == ["Portishead", "Pang Nakarin"]
    assert dataset.catalogue.column("kind").to_list() == ["artist"] * 2
    assert report.merged == 2
    assert report.notes == (
        "aliases of aliases, followed to their end: 1",
        "artists that were another one's alias and became it: 2",
    )


def test_plays_alone_are_enough(folder: Path) -> None:
    (folder / "artist_data.txt").unlink()
    (folder / "artist_alias.txt").unlink()
    dataset, report = read([folder / "user_artist_data.txt"])
    assert list(dataset.items) == ["1", "1000006", "1000007", "1000008"]
    assert dataset.catalogue.columns == ["id", "kind"]
    assert report.notes == (
        "there is no artist_alias.txt; misspelt artists stay apart",
        "there is no artist_data.txt; the artists' names are not known",
    )


def test_every_row_that_cannot_be_used_has_a_reason_and_a_line(folder: Path) -> None:
    with (folder / "user_artist_data.txt").open("a") as file:
        file.write("1000019 1 -4\n1000019 1 99999999999999999999\n1000019 1 x\n1000019 1 4 4\n1000019 1\n")
    with (folder / "artist_data.txt").open("a") as file:
        file.write("Aya Hisakawa\n12\t\n1\tAgain\n1240105\tAndré Visior\n\n1 9\tx\n")
    with (folder / "artist_alias.txt").open("a") as file:
        file.write("\t1\n5\t6\n6\t7\n7\t5\n8\t8\n1000006\t3\nx\t3\n9\n10\t3\n5\t6\t7\n")
    dataset, report = read([folder])
    assert {(each.reason, each.places[0].path.name): [p.line for p in each.places] for each in report.rejections} == {
        ("plays cannot be negative", "user_artist_data.txt"): [6],
        ("the number of plays is too large (2^63 or more)", "user_artist_data.txt"): [7],
        ("the weight is not a number", "user_artist_data.txt"): [8],
        ("there are more fields than columns", "user_artist_data.txt"): [9],
        ("the weight is missing", "user_artist_data.txt"): [10],
        ("the line is not an id and a name with a tab between them", "artist_data.txt"): [5, 10],
        ("the name is missing", "artist_data.txt"): [6],
        ("the artist came before", "artist_data.txt"): [7],
        ("the alias is missing", "artist_alias.txt"): [4],
        ("the alias leads back to itself", "artist_alias.txt"): [5, 6, 7, 8],
        ("the alias came before", "artist_alias.txt"): [9],
        ("an id is no whole number", "artist_alias.txt"): [10],
        ("the line is not two ids with a tab between them", "artist_alias.txt"): [11, 13],
    }
    assert list(dataset.items) == ["1", "1000007"]


def test_a_long_chain_of_aliases_ends(folder: Path) -> None:
    (folder / "artist_alias.txt").write_text("".join(f"{n}\t{n + 1}\n" for n in range(1, 3000)))
    dataset, _ = read([folder])
    assert list(dataset.items) == ["3000", "1000006", "1000007", "1000008"]


def test_strict_stops_at_the_first_row_that_cannot_be_used(folder: Path) -> None:
    (folder / "artist_alias.txt").write_text("1\t2\n2\t1\n")
    with pytest.raises(RowError, match=r"artist_alias\.txt, line 1: the alias leads back to itself"):
        read([folder], strict=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x1f\x8b" + bytes(99), "is a gzip file; unpack it first"),
        (b"user,artist,plays\n1,2,3\n", "expected three fields separated by a space"),
        (b"a b c\n", "has no row that can be used"),
    ],
)
def test_a_file_of_something_else_is_refused(folder: Path, content: bytes, message: str) -> None:
    (folder / "user_artist_data.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read([folder], "audioscrobbler")


def test_a_folder_without_plays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"user_artist_data\.txt does not exist"):
        read([tmp_path], "audioscrobbler")


def test_the_folder_and_its_main_file_are_recognized(folder: Path) -> None:
    assert sniff(folder).format == sniff(folder / "user_artist_data.txt").format == "audioscrobbler"
    (folder / "user_artist_data.txt").rename(folder / "numbers.txt")
    assert sniff(folder / "numbers.txt").format == "table"
