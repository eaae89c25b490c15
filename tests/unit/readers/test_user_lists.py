"""Lines of a user and that user's items."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import DataError, RowError, SettingsError, StorageError
from segue.readers import ReadOptions, read, sniff


def written(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_a_line_is_a_user_and_its_items_with_ids_as_they_are_written(tmp_path: Path) -> None:
    file = written(tmp_path / "train.txt", "0 12 007 7\r\n\n1\t7  12 \n10 3\n")
    dataset, report = read([file], "user-lists")
    assert list(dataset.users) == ["0", "1", "10"]
    assert list(dataset.items) == ["12", "007", "7", "3"]
    assert dataset.csr().toarray().tolist() == [[1, 1, 1, 0], [1, 0, 1, 0], [0, 0, 0, 1]]
    assert (dataset.feedback, dataset.histories.order) == ("presence", "none")
    assert (report.read, report.accepted, report.merged) == (3, 3, 0)
    assert dataset.histories[1].items.tolist() == [2, 0]  # as they stand in the line


def test_ids_need_not_be_numbers(tmp_path: Path) -> None:
    dataset, report = read([written(tmp_path / "a.txt", "ann björk sigur-rós\nbob 12 björk\n")], "user-lists")
    assert list(dataset.items) == ["björk", "sigur-rós", "12"]
    assert report.rejected == 0


def test_repeats_users_without_items_and_second_lines_are_counted(tmp_path: Path) -> None:
    file = written(tmp_path / "a.txt", "0 5 5 6\n1 \n2 6\n0 6 8\n")
    dataset, report = read([file], "user-lists")
    assert dataset.csr().toarray().tolist() == [[1, 1, 1], [0, 0, 0], [0, 1, 0]]
    assert report.merged == 2
    assert report.notes == (
        "lines with a user but no items: 1",
        "lines of a user who had one before, joined with it: 1",
    )


def test_lines_that_are_wrong_are_rejected_with_their_numbers(tmp_path: Path) -> None:
    file = written(tmp_path / "a.txt", "0 5 6\n1 5 x\n\n2 6 -3\n3 6\ufffd\n4 5 6 7\n")
    dataset, report = read([file], "user-lists")
    assert list(dataset.users) == ["0", "4"]
    assert {(each.reason, tuple(place.line for place in each.places)) for each in report.rejections} == {
        ("an id is no whole number, unlike those of the first line", (2, 4)),
        ("the line holds a damaged character", (5,)),
    }
    assert (report.read, report.accepted) == (5, 2)
    with pytest.raises(RowError, match=r"a.txt, line 2: an id is no whole number"):
        read([file], "user-lists", strict=True)


@pytest.mark.parametrize("text", ["0,1,2\n1,2,3\n2,5\n", "0\n1\n2\n", "0 1\n1\n2\n3\n"])
def test_lines_of_single_words_are_another_form(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="lines hold a single word; expected a user and the user's items"):
        read([written(tmp_path / "a.txt", text)], "user-lists")


def test_a_file_in_which_nothing_can_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no line that can be used"):
        read([written(tmp_path / "a.txt", "\n\n")], "user-lists")
    with pytest.raises(DataError, match="empty"):
        read([written(tmp_path / "b.txt", "")], "user-lists")
    with pytest.raises(StorageError, match=r"b2\.txt"):
        read([tmp_path / "b2.txt"], "user-lists")
    with pytest.raises(SettingsError, match="takes no --user"):
        read([tmp_path / "a.txt"], "user-lists", ReadOptions(user="1"))


def test_such_files_are_recognized_and_tables_of_numbers_are_not_taken_for_them(tmp_path: Path) -> None:
    assert sniff(written(tmp_path / "train.txt", "0 1 2 3 4 5 6\n1 7 8\n2 9 1 2\n")).format == "user-lists"
    assert sniff(written(tmp_path / "ratings.txt", "0 1 5 3333\n0 7 8 3333\n2 9 1 4444\n")).format == "table"
