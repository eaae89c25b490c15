"""Ratings in three JSON files, by small ones written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from segue.errors import DataError, RowError, SettingsError, StorageError
from segue.readers import ReadOptions, read, sniff

M1, M2 = "8f6bd1e4-fbe1-4f50-aa9b-94c450ec0f11", "10adbe5e-a2c0-4bf3-8249-2b4cbf6e6ca8"
USERS: list[Any] = [
    {"id": 7, "first_name": "Ana", "last_name": "Lima"},
    {"id": 8, "first_name": "Ben", "last_name": None},
    {"id": 9, "first_name": "Zoë", "last_name": "Ávila"},
]
ARTISTS: list[Any] = [{"mbid": M1, "name": "Portishead"}, {"mbid": M2, "name": "Massive Attack"}]
RATINGS: list[Any] = [
    {"user": 8, "artist": M1, "rating": 4.5},
    {"user": 7, "artist": M1, "rating": 0.5},
    {"user": 8, "artist": M1, "rating": 5},
    {"user": 8, "artist": "unlisted", "rating": 3},
]


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in (("users", USERS), ("artists", ARTISTS), ("ratings", RATINGS)):
        (tmp_path / f"{name}.jsonl").write_text(lines(rows))
    return tmp_path


def test_the_last_rating_counts_and_names_are_kept(folder: Path) -> None:
    dataset, report = read([folder])
    assert report.format == "ratings-json"
    assert (dataset.feedback, dataset.scale) == ("ratings", (0.5, 5))
    assert list(dataset.users) == ["8", "7", "9"]
    assert list(dataset.items) == [M1, "unlisted", M2]
    assert dataset.csr().toarray().tolist() == [[5, 3, 0], [0.5, 0, 0], [0, 0, 0]]
    assert dataset.catalogue.frame.rows() == [
        (M1, "artist", "Portishead", M1),
        ("unlisted", "artist", None, None),
        (M2, "artist", "Massive Attack", M2),
    ]
    assert dataset.user_table is not None
    assert dataset.user_table.rows() == [
        ("8", "Ben", "Ben", None),
        ("7", "Ana Lima", "Ana", "Lima"),
        ("9", "Zoë Ávila", "Zoë", "Ávila"),
    ]
    assert (report.read, report.accepted, report.merged) == (9, 9, 1)
    assert report.notes == (
        "artists of ratings whom the file of artists does not list: 1; known by id alone",
        "artists without a rating: 1",
        "users without a rating: 1",
    )


def test_lists_wrapped_lists_and_lines_are_read_alike(folder: Path) -> None:
    expected, _ = read([folder])
    for path, rows in zip(sorted(folder.iterdir()), (ARTISTS, RATINGS, USERS), strict=True):
        path.write_text(json.dumps({"data": rows}))
    assert read([folder])[0] == expected
    for path, rows in zip(sorted(folder.iterdir()), (ARTISTS, RATINGS, USERS), strict=True):
        path.write_text("\ufeff" + json.dumps(rows, indent=2), encoding="utf-8")
    assert read([folder])[0] == expected


def test_keys_may_be_spelt_as_usual_and_files_called_anything(tmp_path: Path) -> None:
    people = [{"userId": "u", "firstName": "Ana", "lastName": "Lima"}]
    bands = [{"id": "x", "artistName": "Portishead"}]
    (tmp_path / "a.json").write_text(json.dumps([{"Artist-ID": "x", "user_id": "u", "Score": "4", "note": [1]}]))
    (tmp_path / "b.json").write_text(json.dumps(people))
    (tmp_path / "c.json").write_text(json.dumps(bands))
    (tmp_path / "d.json").write_text('{"unlike": "all of these"}')
    dataset, report = read([tmp_path])
    assert [file.path.name for file in report.files] == ["a.json", "c.json", "b.json"]
    assert dataset.csr().toarray().tolist() == [[4]]
    assert dataset.catalogue.column("title").to_list() == ["Portishead"]
    assert dataset.user_table is not None
    assert dataset.user_table["name"].to_list() == ["Ana Lima"]


def test_what_is_not_named_is_taken_from_beside_the_ratings(folder: Path) -> None:
    expected, _ = read([folder])
    for names in (["ratings"], ["users"], ["users", "artists", "ratings"], ["artists", "ratings"]):
        assert read([folder / f"{name}.jsonl" for name in names])[0] == expected


def test_ratings_alone_are_enough_when_the_format_is_named(folder: Path) -> None:
    (folder / "users.jsonl").unlink()
    (folder / "artists.jsonl").unlink()
    assert sniff(folder / "ratings.jsonl").format == "table"
    dataset, report = read([folder / "ratings.jsonl"], "ratings-json")
    assert dataset.user_table is None
    assert list(dataset.items) == [M1, "unlisted"]
    assert report.notes == (
        "there is no file of artists; their names are not known",
        "there is no file of users; their names are not known",
    )


BAD: list[Any] = [
    {"user": 7, "artist": M2, "rating": 0},
    {"user": 7, "artist": M2, "rating": 5.5},
    {"user": 7, "artist": M2, "rating": float("nan")},
    {"user": 7, "artist": M2, "rating": "good"},
    {"user": 7, "artist": M2},
    {"user": 7, "rating": 4},
    {"user": None, "artist": M2, "rating": 4},
    {"user": {"id": 7}, "artist": M2, "rating": 4},
    [7, M2, 4],
]
REASONS = {
    "the rating lies outside the scale 0.5 to 5": [5, 6],
    "the weight is not finite (NaN, infinity, or too large)": [7],
    "the weight is not a number": [8],
    "the weight is missing": [9],
    "the item is missing": [10],
    "the user is missing": [11],
    "the user is a list or an object, not a value": [12],
}


def test_every_line_that_cannot_be_used_has_a_reason(folder: Path) -> None:
    (folder / "ratings.jsonl").write_text(lines(RATINGS + BAD) + '\n{"user": 7, "arti')
    (folder / "users.jsonl").write_text(lines([*USERS, {"id": 7, "first_name": "Again"}, {"first_name": "No"}]))
    (folder / "artists.jsonl").write_text(lines([*ARTISTS, {"name": "No"}, {"mbid": M1, "name": "Again"}]))
    dataset, report = read([folder])
    assert {each.reason: [place.line for place in each.places] for each in report.rejections} == {
        **REASONS,
        "the line is not a JSON object": [13],
        "the line is not valid JSON": [15],
        "the user came before": [4],
        "the user's id is missing": [5],
        "the artist's id is missing": [3],
        "the artist came before": [4],
    }
    assert dataset.histories.n_entries == 3


def test_every_entry_of_a_document_that_cannot_be_used_is_named_by_its_number(folder: Path) -> None:
    (folder / "ratings.jsonl").unlink()
    (folder / "ratings.json").write_text(json.dumps(RATINGS + BAD))
    _, report = read([folder])
    assert {each.reason: [place.part for place in each.places] for each in report.rejections} == {
        **{reason: [f"entry {number}" for number in numbers] for reason, numbers in REASONS.items()},
        "the entry is not a JSON object": ["entry 13"],
    }


def test_strict_stops_at_the_first_that_cannot_be_used(folder: Path) -> None:
    (folder / "ratings.jsonl").write_text(lines(RATINGS + BAD))
    with pytest.raises(RowError, match=r"ratings\.jsonl, line 12: the user is a list"):
        read([folder], strict=True)
    (folder / "ratings.jsonl").write_text(json.dumps(RATINGS + BAD[:1]))
    with pytest.raises(RowError, match=r"entry 5: the rating lies outside the scale 0\.5 to 5"):
        read([folder], strict=True)


def test_another_scale_can_be_named(folder: Path) -> None:
    dataset, report = read([folder], options=ReadOptions(scale=(1, 5)))
    assert dataset.scale == (1, 5)
    assert report.rejections[0].reason == "the rating lies outside the scale 1 to 5"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04" + bytes(99), "is a zip archive; unpack it first"),
        (b"user,artist,rating\n", "holds neither users, artists nor ratings"),
        (
            b'[{"user": 1, "artist": "x", "rating": 4}, {"user": 2, "arti',
            "is cut short or damaged: it is valid JSON up",
        ),
        (
            b'[{"user": 1, "artist": "x", "rating": 4}]\n[{}]',
            "holds more than one JSON document",
        ),
        (b'{"all": [{"user": 1, "artist": "x", "rating": 4}],\n"more": 1}', "neither a list of objects nor an object"),
        (b'[{"user": 1, "artist": "x", "rating": 40}]', "none of 1 ratings can be used; most often: the rating lies"),
        (b'[{"user": 1, "artist": "x", "rating": ' + b"9" * 5000 + b"}]", "holds neither"),
        (b'[{"user": 1, "artist": "x", "rating": 4, "y": ' + b"[" * 200_000, "holds neither"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "ratings.json").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read([tmp_path / "ratings.json"], "ratings-json")


def test_what_is_missing_twice_or_useless_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="takes no --user"):
        read([folder], options=ReadOptions(user="x"))
    (folder / "copy.jsonl").write_text(lines(RATINGS))
    with pytest.raises(DataError, match="hold the same bytes"):
        read([folder])
    (empty := tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no JSON file with ratings"):
        read([empty], "ratings-json")
    with pytest.raises(StorageError, match="does not exist"):
        read([empty / "x.json"], "ratings-json")


def test_the_folder_and_each_of_its_files_are_recognized(folder: Path) -> None:
    guess = sniff(folder)
    assert guess.format == "ratings-json"
    assert guess.why.endswith("ratings in ratings.jsonl, users in users.jsonl, artists in artists.jsonl")
    assert {sniff(path).format for path in folder.iterdir()} == {"ratings-json"}
