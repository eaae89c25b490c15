"""The HetRec Last.FM folder, by a small one written by hand with all the quirks of the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import DataError, RowError, SettingsError, StorageError
from segue.readers import ReadOptions, read, sniff
from segue.readers.lastfm_2k import LastFM2K

FILES = {
    "user_artists.dat": "userID\tartistID\tweight\r\n2\t51\t13883\r\n2\t52\t11690\r\n9\t51\t1\r\n9\t60\t-3\r\n",
    "artists.dat": (
        'id\tname\turl\tpictureURL\n51\tDuran Duran\thttp://x\thttp://y\n52\t"Weird Al" Yankovic\thttp://x\t\n'
        "70\tUnheard\thttp://x\thttp://y\n51\tAgain\thttp://x\thttp://y\n"
    ),
    "tags.dat": "tagID\ttagValue\t\r\n1\t80s\r\n2\tnew wave\r\n3\tfußball\r\n4\tespañol\r\n5\tdie Ärzte\r\n",
    "user_taggedartists.dat": (
        "userID\tartistID\ttagID\tday\tmonth\tyear\r\n2\t51\t1\t1\t4\t2009\r\n2\t51\t2\t1\t4\t1956\r\n"
        "9\t51\t2\t1\t4\t2009\r\n9\t70\t3\t1\t4\t2009\r\n9\t99\t3\t1\t4\t2009\r\n9\t51\t8\t1\t4\t2009\r\n"
    ),
    "user_friends.dat": "userID\tfriendID\r\n2\t9\r\n9\t2\r\n2\t2\r\n2\t77\r\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content.encode("latin-1" if name == "tags.dat" else "utf-8"))
    return tmp_path


def test_every_file_finds_its_place(folder: Path) -> None:
    dataset, report = read([folder])
    assert report.format == "lastfm-2k"
    assert list(dataset.users) == ["2", "9"]
    assert list(dataset.items) == ["51", "52", "70"]
    assert dataset.csr().toarray().tolist() == [[13883, 11690, 0], [1, 0, 0]]
    catalogue = dataset.catalogue
    assert catalogue.column("kind").to_list() == ["artist"] * 3
    assert catalogue.column("title").to_list() == ["Duran Duran", '"Weird Al" Yankovic', "Unheard"]
    assert catalogue.column("tags").to_list() == [["new wave", "80s"], None, ["fußball"]]
    assert dataset.friends is not None
    assert dataset.friends.toarray().tolist() == [[0, 1], [1, 0]]


def test_every_row_of_every_file_is_counted(folder: Path) -> None:
    _, report = read([folder])
    assert {file.path.name: (file.read, file.accepted) for file in report.files} == {
        "user_artists.dat": (4, 3),
        "artists.dat": (4, 3),
        "tags.dat": (5, 5),
        "user_taggedartists.dat": (6, 4),
        "user_friends.dat": (4, 2),
    }
    reasons = {rejection.reason: [str(place.line) for place in rejection.places] for rejection in report.rejections}
    assert reasons == {
        "plays cannot be negative": ["5"],
        "the artist came before": ["5"],
        "the artist is not in user_artists.dat or artists.dat": ["6"],
        "the tag is not in tags.dat": ["7"],
        "a user is a friend of their own": ["4"],
        "the user or the friend has no row in user_artists.dat": ["5"],
    }
    assert any("tags.dat is not UTF-8" in note for note in report.notes)


def test_a_friendship_written_once_holds_for_both(folder: Path) -> None:
    (folder / "user_friends.dat").write_text("userID\tfriendID\n2\t9\n2\t9\n")
    dataset, report = read([folder])
    assert dataset.friends is not None
    assert dataset.friends.toarray().tolist() == [[0, 1], [1, 0]]
    assert report.merged == 1


def test_plays_alone_are_enough(folder: Path) -> None:
    for name in set(FILES) - {"user_artists.dat"}:
        (folder / name).unlink()
    dataset, report = read([folder / "user_artists.dat"])
    assert dataset.catalogue.columns == ["id", "kind"]
    assert dataset.friends is None
    assert len(report.notes) == 3


def test_strict_stops_at_the_first_row_that_cannot_be_used(folder: Path) -> None:
    with pytest.raises(RowError, match=r"user_artists\.dat, line 5: plays cannot be negative"):
        read([folder], strict=True)


def test_a_file_with_other_columns_is_named(folder: Path) -> None:
    (folder / "artists.dat").write_text("id,name\n51,x\n")
    with pytest.raises(DataError, match=r"artists\.dat must begin with the tab-separated columns id, name"):
        read([folder])


def test_what_is_missing_or_useless_is_named(folder: Path) -> None:
    with pytest.raises(SettingsError, match="takes no --user, --header"):
        LastFM2K().read([folder], ReadOptions(user="x", header=True))
    with pytest.raises(DataError, match="is one folder, 2 paths came"):
        LastFM2K().read([folder, folder])
    (folder / "user_artists.dat").write_text("userID\tartistID\tweight\n")
    with pytest.raises(DataError, match="no row that can be used"):
        read([folder])
    (folder / "user_artists.dat").unlink()
    with pytest.raises(StorageError, match=r"user_artists\.dat does not exist"):
        LastFM2K().read([folder])


def test_the_folder_and_its_main_file_are_recognized(folder: Path) -> None:
    assert sniff(folder).format == "lastfm-2k"
    assert sniff(folder / "user_artists.dat").format == "lastfm-2k"
