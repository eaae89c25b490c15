"""The readers on real research data, held against the counts that its publishers and a plain count of lines give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segue.dataset_files import read_dataset, write_dataset
from segue.readers import ReadOptions, read, sniff

pytestmark = pytest.mark.data


def test_lastfm_2k_is_whole(research_data: Path, tmp_path: Path) -> None:
    dataset, report = read([research_data / "lastfm-2k"])
    assert (dataset.n_users, dataset.n_items, dataset.histories.n_entries) == (1892, 17632, 92834)
    assert {file.path.name: file.read for file in report.files} == {
        "user_artists.dat": 92834,
        "artists.dat": 17632,
        "tags.dat": 11946,
        "user_taggedartists.dat": 186478,
        "user_friends.dat": 25434,
    }
    assert report.merged == 0
    # 1,538 tags were given to 390 artists that the set does not list.
    assert [(rejection.reason, rejection.count) for rejection in report.rejections] == [
        ("the artist is not in user_artists.dat or artists.dat", 1538)
    ]
    weights = dataset.histories.weights
    assert (weights.min(), weights.max()) == (1, 352698)
    assert dataset.friends is not None
    assert dataset.friends.nnz == 25434
    assert abs(dataset.friends - dataset.friends.T).sum() == 0
    assert dataset.catalogue.column("title").null_count() == 0
    radiohead = dataset.catalogue.frame.filter(dataset.catalogue.column("title") == "Radiohead")
    assert radiohead["tags"].to_list()[0][0] == "alternative"
    tags = {tag for row in dataset.catalogue.column("tags").drop_nulls().to_list() for tag in row}
    assert {"tropicália", "rock français", "legião urbana"} <= tags
    write_dataset(dataset, tmp_path, sources=report.sources)
    assert read_dataset(tmp_path) == dataset


def test_the_playlists_are_whole(research_data: Path, tmp_path: Path) -> None:
    dataset, report = read([research_data / "million-playlist"])
    assert (dataset.n_users, dataset.histories.n_entries) == (2813, 278518)
    assert (report.read, report.accepted, report.rejected, report.merged) == (278518, 278518, 0, 0)
    assert dataset.histories.order == "position"
    # Tracks repeat inside a playlist: 762 + 1,088 + 1,007 + 1,166 times.
    assert report.read - dataset.histories.merged().n_entries == 4023
    assert dataset.histories.context is not None
    assert dataset.histories.context["name"].null_count() == 0
    write_dataset(dataset, tmp_path, sources=report.sources)
    assert read_dataset(tmp_path) == dataset


def test_official_and_reduced_playlists_stay_apart(research_data: Path) -> None:
    folder = research_data / "million-playlist"
    official = folder / "official-fields.slice.0-28.json"
    dataset, report = read([folder, official])
    assert dataset.n_users == 2813 + 29
    assert report.read == 278518 + 1448
    alone, _ = read([official])
    assert set(alone.users) <= set(dataset.users)
    assert alone.catalogue.column("album").null_count() == 0


def test_ratings_without_a_header_are_understood(research_data: Path) -> None:
    path = research_data / "digital-music-ratings" / "Amazon_ratings_Digital_Music_pruned.txt"
    assert sniff(path).format == "table"
    named = ReadOptions(user="1", item="2", weight="3", time="4", feedback="ratings")
    for dataset, report in (read([path]), read([path], options=named)):
        assert (dataset.n_users, dataset.n_items, dataset.feedback) == (844, 18813, "ratings")
        assert dataset.scale == (1, 5)
        assert (report.read, report.rejected) == (46468, 0)
        assert dataset.histories.n_entries + report.merged == 46468


def test_the_taste_profile_is_whole(research_data: Path, tmp_path: Path) -> None:
    dataset, report = read([research_data / "taste-profile"])
    assert (report.format, report.read, report.rejected, report.merged) == ("taste-profile", 42739, 0, 0)
    assert (dataset.n_users, dataset.n_items, dataset.histories.n_entries) == (1630, 9071, 42739)
    write_dataset(dataset, tmp_path, sources=report.sources)
    assert read_dataset(tmp_path) == dataset


def test_timestamped_plays_are_read_by_number(research_data: Path) -> None:
    path = next((research_data / "lastfm-1k-sample").glob("*.tsv"))
    options = ReadOptions(user="1", time="2", item="6", artist="4", title="6")
    dataset, report = read([path], "table", options)
    assert report.read == 5000
    assert dataset.n_users == 2
    assert dataset.histories.order == "time"
    assert dataset.histories.times is not None
    assert np.all(dataset.histories.times > 1_000_000_000)


def test_lastfm_1k_gives_every_track_one_item(research_data: Path, tmp_path: Path) -> None:
    dataset, report = read([research_data / "lastfm-1k-sample"])
    assert (report.format, report.read, report.rejected, report.merged) == ("lastfm-1k", 5000, 0, 0)
    # 1,192 pairs of names, no two of which share an MBID; 1,396 rows have none.
    assert (dataset.n_users, dataset.n_items, dataset.histories.n_entries) == (2, 1192, 5000)
    assert dataset.catalogue.column("mbid").drop_nulls().len() == 881
    write_dataset(dataset, tmp_path, sources=report.sources)
    assert read_dataset(tmp_path) == dataset
