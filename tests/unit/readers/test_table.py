"""What the reader of tables owes: every row counted, every guess told, every kind of bad input named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.dataset import Dataset
from segue.errors import DataError, RowError, SettingsError, StorageError
from segue.readers import ReadOptions, ReadReport, read, text
from segue.readers.reader import NO_OPTIONS
from segue.readers.table import Table

Reading = Callable[..., tuple[Dataset, ReadReport]]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    def of(content: str | bytes, options: ReadOptions = NO_OPTIONS, *, strict: bool = False, name: str = "plays.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Table().read([path], options, strict=strict)

    return of


def triples(dataset: Dataset) -> list[tuple[str, str, float]]:
    histories = dataset.histories
    return [
        (dataset.users[int(user)], dataset.items[int(item)], float(weight))
        for user, item, weight in zip(histories.row_of_entry, histories.items, histories.weights, strict=True)
    ]


def rejected(report: ReadReport) -> dict[str, list[int | None]]:
    return {rejection.reason: [place.line for place in rejection.places] for rejection in report.rejections}


# -- well-formed input ------------------------------------------------------------------------------------------------


def test_a_table_with_usual_names_needs_no_options(reading: Reading) -> None:
    dataset, report = reading("user_id,track_id,play_count,title,artist\nu1,t1,3,Song,Band\nu2,t1,1,Song,Band\n")
    assert triples(dataset) == [("u1", "t1", 3.0), ("u2", "t1", 1.0)]
    assert dataset.feedback == "plays"
    assert dataset.catalogue.label(0) == "Band - Song"
    assert dataset.catalogue.column("kind").to_list() == ["track"]
    assert (report.read, report.accepted, report.rejected, report.merged) == (2, 2, 0, 0)
    assert "user = 'user_id', item = 'track_id', weight = 'play_count'" in report.notes[0]
    assert "comma-separated, 5 columns, with a header" in report.notes[0]


@pytest.mark.parametrize(("delimiter", "called"), [("\t", "tab"), (",", "comma"), (";", "semicolon"), ("|", "bar")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(reading: Reading, delimiter: str, called: str, end: str) -> None:
    rows = [["user", "item", "plays"], ["a", "x", "1"], ["b", "y", "2"]]
    dataset, report = reading(end.join(delimiter.join(row) for row in rows) + end)
    assert triples(dataset) == [("a", "x", 1.0), ("b", "y", 2.0)]
    assert f"{called}-separated" in report.notes[0]


def test_mixed_line_ends_keep_every_row(reading: Reading) -> None:
    dataset, _ = reading("user,item,plays\r\na,x,1\rb,y,2\nc,z,3")
    assert triples(dataset) == [("a", "x", 1.0), ("b", "y", 2.0), ("c", "z", 3.0)]


def test_without_a_header_three_columns_are_user_item_and_plays(reading: Reading) -> None:
    dataset, report = reading("a\tx\t3\nb\ty\t1\n")
    assert triples(dataset) == [("a", "x", 3.0), ("b", "y", 1.0)]
    assert dataset.feedback == "plays"
    assert "without a header" in report.notes[0]


def test_without_a_header_fractions_and_seconds_are_ratings_and_times(reading: Reading) -> None:
    dataset, _ = reading("0 0 5.0 1158019200\n1 0 3.0 1059523200\n")
    assert dataset.feedback == "ratings"
    assert dataset.scale == (3.0, 5.0)
    assert dataset.histories.times is not None
    assert dataset.histories.times.tolist() == [1158019200, 1059523200]


def test_columns_are_named_by_number_from_one(reading: Reading) -> None:
    dataset, _ = reading("9,a,x\n8,b,y\n", ReadOptions(user="2", item="3", weight="1"))
    assert triples(dataset) == [("a", "x", 9.0), ("b", "y", 8.0)]


def test_named_columns_win_over_guesses(reading: Reading) -> None:
    dataset, _ = reading("user,item,alias\na,x,q\n", ReadOptions(user="alias"))
    assert triples(dataset) == [("q", "x", 1.0)]


def test_plays_of_the_same_pair_are_summed(reading: Reading) -> None:
    dataset, report = reading("user,item,plays\na,x,1\nb,x,5\na,x,2\n")
    assert triples(dataset) == [("a", "x", 3.0), ("b", "x", 5.0)]
    assert (report.accepted, report.merged) == (3, 1)


def test_the_last_of_several_ratings_counts(reading: Reading) -> None:
    dataset, report = reading("user,item,rating\na,x,1\na,y,4\na,x,2\n")
    assert triples(dataset) == [("a", "x", 2.0), ("a", "y", 4.0)]
    assert report.merged == 1


def test_presence_stays_one_however_often_it_is_said(reading: Reading) -> None:
    dataset, report = reading("user,item\na,x\na,x\n")
    assert dataset.feedback == "presence"
    assert triples(dataset) == [("a", "x", 1.0)]
    assert report.merged == 1


def test_timed_plays_stay_apart_and_in_order(reading: Reading) -> None:
    dataset, report = reading("user,item,time\na,x,300\nb,x,5\na,y,100\na,x,100\na,y,100\na,y,50\n")
    a = dataset.histories[0]
    assert dataset.histories.order == "time"
    assert [dataset.items[i] for i in a.items.tolist()] == ["y", "y", "x", "x"]
    assert a.times is not None
    assert a.times.tolist() == [50, 100, 100, 300]
    assert a.weights.tolist() == [1.0, 2.0, 1.0, 1.0]
    assert report.merged == 1


def test_quoted_fields_may_hold_delimiters_quotes_and_line_ends(reading: Reading) -> None:
    dataset, report = reading('user,item,title\na,"x,1","The ""Best"""\nb,y,"two\nlines"\nc,z,\nd,,t\n')
    assert list(dataset.items) == ["x,1", "y", "z"]
    assert dataset.catalogue.column("title").to_list() == ['The "Best"', "two\nlines", None]
    assert rejected(report) == {"the item is missing": [6]}


def test_quotes_in_tab_separated_names_are_letters(reading: Reading) -> None:
    dataset, _ = reading('user\titem\ttitle\na\tx\t"Weird Al" Yankovic\nb\ty\tRoyce da 5\'9"\nc\tz\t"Heroes"\n')
    assert dataset.catalogue.column("title").to_list() == ['"Weird Al" Yankovic', "Royce da 5'9\"", '"Heroes"']


def test_a_title_comes_from_the_first_row_that_has_one(reading: Reading) -> None:
    dataset, _ = reading("user,item,title\na,x,\nb,x,First\nc,x,Second\n")
    assert dataset.catalogue.column("title").to_list() == ["First"]


def test_several_files_make_one_dataset(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("user,item,plays\na,x,1\n")
    (tmp_path / "b.tsv").write_text("plays\tuser\titem\n2\ta\tx\nminus\tb\ty\n")
    dataset, report = Table().read([tmp_path / "a.csv", tmp_path / "b.tsv"])
    assert triples(dataset) == [("a", "x", 3.0)]
    assert [(file.read, file.accepted) for file in report.files] == [(1, 1), (2, 1)]
    assert [source.name for source in report.sources] == ["a.csv", "b.tsv"]
    assert str(report.rejections[0].places[0]).endswith("b.tsv, line 3")


fields = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=6)


@given(
    rows=st.lists(st.tuples(fields, fields, st.integers(0, 1000)), min_size=1, max_size=30),
    block=st.sampled_from([1, 7, 1 << 25]),
)
def test_any_ids_round_trip_whatever_the_blocks(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int]], block: int
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("user", "item", "plays"), *rows])
    path = tmp_path_factory.mktemp("table") / "plays.csv"
    path.write_bytes(out.getvalue().encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_BLOCK", block)
        dataset, report = Table().read([path], ReadOptions(delimiter=",", header=True, encoding="utf-8"))
    expected: dict[tuple[str, str], float] = {}
    for user, item, plays in rows:
        expected[user, item] = expected.get((user, item), 0.0) + plays
    assert {(user, item): weight for user, item, weight in triples(dataset)} == expected
    assert list(dataset.users) == list(dict.fromkeys(user for user, _, _ in rows))
    assert list(dataset.items) == list(dict.fromkeys(item for _, item, _ in rows))
    assert report.read == len(rows)
    assert report.merged == len(rows) - len(expected)


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_make_anything_but_a_dataset_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, after_a_header: bool
) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.csv"
    path.write_bytes((b"user,item,plays\na,x,1\n" if after_a_header else b"") + noise)
    try:
        _, report = read([path])
    except (DataError, SettingsError):
        return
    assert report.read == report.accepted + sum(rejection.count for rejection in report.rejections)


# -- JSON lines and Parquet -------------------------------------------------------------------------------------------


def test_json_lines_are_a_table(reading: Reading) -> None:
    rows = [{"user": 1, "track": "x", "plays": 3}, {"plays": 1.5, "track": "é", "user": "1", "more": [1]}]
    dataset, report = reading("\n".join(map(json.dumps, rows)) + "\n", name="plays.jsonl")
    assert triples(dataset) == [("1", "x", 3.0), ("1", "é", 1.5)]
    assert "JSON lines" in report.notes[0]


def test_json_lines_that_cannot_be_used_are_counted(reading: Reading) -> None:
    dataset, report = reading(
        '{"user":1,"item":"x","plays":3}\n{bad\n[1]\n\n{"user":[1],"item":"y","plays":1}\n{"user":2,"item":"y"}\n{"user":2,"it',
        name="plays.jsonl",
    )
    assert triples(dataset) == [("1", "x", 3.0)]
    assert rejected(report) == {
        "the line is not valid JSON": [2, 7],
        "the line is not a JSON object": [3],
        "the user is a list or an object, not a value": [5],
        "the weight is missing": [6],
    }


def test_parquet_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "plays.parquet"
    time = pl.Series([86_400_000, 1000, None]).cast(pl.Datetime("ms"))
    pl.DataFrame({"user": [1.0, 2.0, 2.0], "item": ["x", "y", "z"], "time": time}).write_parquet(path)
    dataset, report = Table().read([path])
    assert list(dataset.users) == ["1", "2"]
    assert dataset.histories.times is not None
    assert dataset.histories.times.tolist() == [86_400, 1]
    assert rejected(report) == {"the time is missing": [3]}


def test_a_truncated_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plays.parquet"
    pl.DataFrame({"user": ["a"], "item": ["x"]}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"plays\.parquet is a damaged Parquet file"):
        Table().read([path])


# -- rows that cannot be used -----------------------------------------------------------------------------------------


def test_every_reason_has_its_lines(reading: Reading) -> None:
    lines = {
        "a,x,3": None,
        "b": "the item is missing",
        "b,y": "the weight is missing",
        ",y,1": "the user is missing",
        "b,y,-1": "plays cannot be negative",
        "b,y,many": "the weight is not a number",
        'b,y,"1,234"': "the weight is not a number",
        "b,y,nan": "the weight is not finite (NaN, infinity, or too large)",
        "b,y,-inf": "the weight is not finite (NaN, infinity, or too large)",
        "b,y,1e400": "the weight is not finite (NaN, infinity, or too large)",
        "b,y,9223372036854775808": "the number of plays is too large (2^63 or more)",
        "b,y,1,9": "there are more fields than columns",
        "user,item,plays": "the row repeats the header",
        "c,z,4,": None,
    }
    dataset, report = reading("\n".join(["user,item,plays", *lines]) + "\n")
    expected: dict[str, list[int]] = {}
    for number, reason in enumerate(lines.values(), 2):
        if reason is not None:
            expected.setdefault(reason, []).append(number)
    assert rejected(report) == expected
    assert triples(dataset) == [("a", "x", 3.0), ("c", "z", 4.0)]
    assert (report.read, report.accepted, report.rejected) == (14, 2, 12)


def test_blank_lines_are_no_rows_but_count_as_lines(reading: Reading) -> None:
    _, report = reading("\n\nuser,item,plays\n\na,x,1\n\r\nb,y,-1\n\n\n")
    assert report.read == 2
    assert rejected(report) == {"plays cannot be negative": [7]}


def test_line_numbers_hold_across_blocks(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_BLOCK", 16)
    content = "user,item,title,plays\n" + 'a,x,"t\nt",1\n' * 20 + "b,y,t,-1\n" + 'c,"never\n' + "d,z,t,1\n" * 3
    _, report = reading(content)
    assert rejected(report) == {
        "plays cannot be negative": [42],
        "a quote opens a field and never closes": [43],
    }
    assert (report.read, report.accepted) == (25, 23)


def test_a_quote_that_never_closes_takes_only_its_line(reading: Reading) -> None:
    dataset, report = reading('user,item,title\na,x,"open\n' + "".join(f"u{n},i{n},t\n" for n in range(1000)))
    assert rejected(report) == {"a quote opens a field and never closes": [2]}
    assert dataset.n_users == 1000


def test_only_the_first_lines_of_a_reason_are_listed(reading: Reading) -> None:
    _, report = reading("user,item,plays\na,x,1\n" + "b,y,-1\n" * 1000)
    assert report.rejections[0].count == 1000
    assert [place.line for place in report.rejections[0].places] == [3, 4, 5, 6, 7]


def test_strict_stops_at_the_first_rejected_row(reading: Reading) -> None:
    with pytest.raises(RowError, match=r"plays\.csv, line 3: plays cannot be negative") as caught:
        reading("user,item,plays\na,x,1\nb,y,-1\nc,z,many\n", strict=True)
    assert caught.value.line == 3


def test_ratings_outside_a_named_scale_are_rejected(reading: Reading) -> None:
    dataset, report = reading("user,item,rating\na,x,5\na,y,-1\na,z,0.5\n", ReadOptions(scale=(0.5, 5.0)))
    assert dataset.scale == (0.5, 5.0)
    assert rejected(report) == {"the rating lies outside the scale 0.5 to 5": [3]}


def test_ratings_may_be_negative(reading: Reading) -> None:
    dataset, _ = reading("user,item,rating\na,x,-1\na,y,1\n")
    assert dataset.scale == (-1.0, 1.0)


def test_absurd_times_are_rejected(reading: Reading) -> None:
    _, report = reading(
        "user,item,date\na,x,2009-05-04T23:08:57Z\na,x,1956-01-01\na,x,2200-01-01 00:00:00\na,x,soon\na,x,\n"
    )
    assert rejected(report) == {
        "the time lies outside the years 1970 to 2099": [3, 4],
        "the time is not one (the others are dates)": [5],
        "the time is missing": [6],
    }


def test_a_nul_byte_rejects_its_row(reading: Reading) -> None:
    _, report = reading("user,item\na,x\0y\n" + "b,yyyyyyyyyy\n" * 30)
    assert rejected(report) == {"an id holds a NUL byte": [2]}


def test_huge_counts_that_sum_beyond_float32_stay_finite(reading: Reading) -> None:
    dataset, _ = reading("user,item,weight\na,x,3e38\na,x,3e38\n", ReadOptions(feedback="presence"))
    assert np.isfinite(dataset.histories.weights).all()


# -- encodings --------------------------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_no_part_of_the_first_name(reading: Reading) -> None:
    dataset, _ = reading(b"\xef\xbb\xbfuser,item\na,x\n")
    assert triples(dataset) == [("a", "x", 1.0)]


def test_latin_1_is_read_with_a_note(reading: Reading) -> None:
    dataset, report = reading("user,item\na,Björk\nb,Déjà Vu\nc,Motörhead\n".encode("latin-1"))
    assert list(dataset.items) == ["Björk", "Déjà Vu", "Motörhead"]
    assert "is not UTF-8; it was read as" in report.notes[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_marked_encoding_is_read(reading: Reading, encoding: str) -> None:
    dataset, _ = reading("user,item\na,Björk\nb,初恋\n".encode(encoding))
    assert list(dataset.items) == ["Björk", "初恋"]


def test_a_named_encoding_is_used(reading: Reading) -> None:
    dataset, _ = reading("user,item\na,Песня\n".encode("koi8-r"), ReadOptions(encoding="koi8-r"))
    assert list(dataset.items) == ["Песня"]


def test_a_damaged_character_in_utf_8_harms_nothing_else(reading: Reading) -> None:
    content = "user,item\n" + "a,Björk\nb,Déjà Vu\n" * 3
    dataset, report = reading(content.encode() + b"c,Mot\xf6rhead\n")
    assert list(dataset.items) == ["Björk", "Déjà Vu", "Mot\ufffdrhead"]
    assert "damaged characters" in report.notes[0]


def test_a_file_cut_in_the_middle_of_a_character_says_so(reading: Reading) -> None:
    _, report = reading("user,item\na,x\nb,ö".encode()[:-1])
    assert "may be cut short" in report.notes[0]


# -- files that cannot be used ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\r\n\n", "only empty lines"),
        ("user,item,plays\n", "no rows below the header"),
        ("user,item,plays\na,x,-1\nb,y,-2\n", "none of 2 rows can be used; most often: plays cannot be negative"),
        ("hello\nworld\n", "has no columns"),
        ("when,what\n1,2\n", "no column that seems to be the user"),
        ("a,b,c,d,e\nf,g,h,i,j\n", "its columns are the numbers 1 to 5"),
        ("user,item,user\na,x,b\n", r"'user' more than once \(columns 1 and 3\)"),
        ("user,item,time\na,x,soon\nb,y,later\n", "no time that is known, 'soon'"),
        ('{"user": 1,\n "item": 2}\n', "one JSON document"),
        (bytes(range(256)) * 9, "is a binary file"),
        (b"PK\x03\x04" + b"x" * 99, "zip archive; unpack it first"),
        (b"\x1f\x8b" + b"x" * 99, "gzip file; unpack it first"),
        (b"SQLite format 3\0" + b"x" * 99, "SQLite database"),
    ],
)
def test_a_file_that_is_no_table_is_named(reading: Reading, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        reading(content)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        Table().read([tmp_path / "missing.csv"])
    with pytest.raises(StorageError, match="is a folder; name a file"):
        Table().read([tmp_path])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ReadOptions(user="usr"), "no column 'usr' for the user; did you mean 'user'"),
        (ReadOptions(item="9"), "no column '9' for the item"),
        (ReadOptions(delimiter="ab"), "one ASCII character"),
        (ReadOptions(encoding="klingon"), "no encoding 'klingon'"),
        (ReadOptions(scale=(1.0, 5.0)), "a scale belongs to ratings"),
        (ReadOptions(feedback="ratings"), "ratings need a column"),
    ],
)
def test_an_option_that_does_not_fit_is_named(reading: Reading, options: ReadOptions, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        reading("user,item\na,x\nb,y\n", options)


def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("user,item\na,x\n")
    with pytest.raises(DataError, match="hold the same bytes"):
        Table().read([tmp_path / "a.csv", tmp_path / "b.csv"])


def test_files_that_mean_different_things_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("user,item,rating\na,x,1\n")
    (tmp_path / "b.csv").write_text("user,item,plays\na,x,1\n")
    with pytest.raises(DataError, match="do not hold the same"):
        Table().read([tmp_path / "a.csv", tmp_path / "b.csv"])


def test_one_user_and_one_item_are_a_dataset(reading: Reading) -> None:
    dataset, _ = reading("user,item\na,x\n")
    assert (dataset.n_users, dataset.n_items) == (1, 1)
