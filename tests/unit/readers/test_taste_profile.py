"""The Taste Profile and the tables of the Million Song Dataset, by small files written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import DataError, RowError
from segue.readers import read, sniff

ANA, BEN = "a" * 40, "b80344d063b5ccb3212f76538f3d9e43d87dca9e"
S1, S2, S3 = "SOAKIMP12A8C130995", "SOBBMDR12A8C13253B", "SOBXHDL12A81C204C0"
T1, T2, T3 = "TRMMMYQ128F932D901", "TRMMMKD128F425225D", "TRMMMRX128F93187D9"
TRIPLETS = f"{BEN}\t{S1}\t1\n{BEN}\t{S2}\t2\n{ANA}\t{S3}\t7\n{BEN}\t{S1}\t4\n"
TRACKS = (
    f"{T1}<SEP>{S1}<SEP>Faster Pussy cat<SEP>Silent Night\n{T2}<SEP>SOVFVAK12A8C1350D9<SEP>Karkkiautomaatti"
    f"<SEP>Tanssi <SEP> vaan\n{T3}<SEP>{S1}<SEP>Another<SEP>Name\n"
)
MAPPING = f"{S1}\t{T3}\n{S2}\t{T2}\t{T1}\n{S3}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train_triplets.txt").write_text(TRIPLETS)
    (tmp_path / "unique_tracks.txt").write_text(TRACKS)
    (tmp_path / "taste_profile_song_to_tracks.txt").write_text(MAPPING)
    return tmp_path


def test_plays_of_the_same_song_are_summed(folder: Path) -> None:
    dataset, report = read([folder])
    assert report.format == "taste-profile"
    assert list(dataset.users) == [BEN, ANA]
    assert list(dataset.items) == [S1, S2, S3]
    assert dataset.csr().toarray().tolist() == [[5, 2, 0], [0, 0, 7]]
    assert report.merged == 1


def test_a_song_is_named_by_its_own_track_or_by_one_that_the_mapping_gives_it(folder: Path) -> None:
    dataset, report = read([folder / "train_triplets.txt"])
    assert dataset.catalogue.column("title").to_list() == ["Silent Night", "Tanssi <SEP> vaan", None]
    assert dataset.catalogue.column("artist").to_list() == ["Faster Pussy cat", "Karkkiautomaatti", None]
    assert report.notes == ("songs that the tables do not name: 1",)
    assert [file.path.name for file in report.files] == [
        "train_triplets.txt",
        "unique_tracks.txt",
        "taste_profile_song_to_tracks.txt",
    ]


def test_plays_alone_are_enough(folder: Path) -> None:
    (folder / "unique_tracks.txt").unlink()
    dataset, report = read([folder])
    assert dataset.catalogue.columns == ["id", "kind"]
    assert report.notes == ("there is no unique_tracks.txt; titles and artists are not known",)


def test_several_files_of_a_folder_are_one_set(folder: Path) -> None:
    (folder / "visible.txt").write_text(f"{ANA}\t{S1}\t3\n")
    dataset, report = read([folder])
    assert dataset.csr().toarray().tolist() == [[5, 2, 0], [3, 0, 7]]
    assert report.read == 5 + 3 + 3
    (folder / "visible.txt").write_text(TRIPLETS)
    with pytest.raises(DataError, match="hold the same bytes"):
        read([folder])


def test_every_row_that_cannot_be_used_has_a_reason_and_a_line(folder: Path) -> None:
    (folder / "train_triplets.txt").write_text(
        TRIPLETS
        + f"{ANA}\t{S1}\t-1\n{ANA}\t{S1}\t1,000\n{ANA}\t{S1}\t1e30\n{ANA}\t{S1}\n{ANA}\t\t1\n\t{S1}\t1\n"
        + f"{ANA}\t{S1}\t1\t1\n{ANA}\t{S1}\tnan\n{ANA}\tSOAKI"
    )
    (folder / "unique_tracks.txt").write_text(
        TRACKS + f"{T1}<SEP>{S1}\nX<SEP>{S1}<SEP>a<SEP>b\n{T1}<SEP>X<SEP>a<SEP>b\n{T1}<SEP>{S2}<SEP>a<SEP>\n"
    )
    (folder / "taste_profile_song_to_tracks.txt").write_text(MAPPING + f"{S1}\tX\nX\t{T1}\n")
    dataset, report = read([folder / "train_triplets.txt"], "taste-profile")
    assert {each.reason: [place.line for place in each.places] for each in report.rejections} == {
        "plays cannot be negative": [5],
        "the weight is not a number": [6],
        "the number of plays is too large (2^63 or more)": [7],
        "the weight is missing": [8, 13],
        "the item is missing": [9],
        "the user is missing": [10],
        "there are more fields than columns": [11],
        "the weight is not finite (NaN, infinity, or too large)": [12],
        "the line is not track<SEP>song<SEP>artist<SEP>title": [4],
        "the track is no id like TRMMMYQ128F932D901": [5],
        "the song is no id like SOQMMHC12AB0180CB8": [6],
        "the title is missing": [7],
        "the line is not a song and its tracks": [4, 5],
    }
    assert dataset.histories.n_entries == 3


def test_strict_stops_at_the_first_row_that_cannot_be_used(folder: Path) -> None:
    (folder / "unique_tracks.txt").write_text(TRACKS + "nonsense\n")
    with pytest.raises(RowError, match=r"unique_tracks\.txt, line 4: the line is not track<SEP>"):
        read([folder], strict=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x7fELF" + bytes(99), "is a program"),
        (b"user,song,plays\na,b,1\n", "expected three tab-separated fields"),
        (b"a\tb\tc\n", "no row can be used"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read([tmp_path / "x.txt"], "taste-profile")


def test_a_folder_without_triplets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.txt file with lines of a listener"):
        read([tmp_path], "taste-profile")


def test_files_and_folders_are_recognized_by_their_lines(folder: Path) -> None:
    assert sniff(folder).format == sniff(folder / "train_triplets.txt").format == "taste-profile"
    (folder / "train_triplets.txt").rename(folder / "10000.txt")
    assert "the lines of 10000.txt in it are a listener of 40 hex digits" in sniff(folder).why
