"""The world's ratings as a service would hand them over, read back."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from segue.core.dataset import Dataset
from segue.readers import ReadReport, read
from segue.simulation import World, simulate, write_ratings_json


@pytest.fixture(scope="module")
def small() -> World:
    return simulate(listeners=60, tracks=200, seed=5)


@pytest.fixture(scope="module")
def back(small: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, ReadReport]:
    folder = tmp_path_factory.mktemp("ratings")
    write_ratings_json(small, folder)
    return read([folder])


def test_every_line_written_is_read(small: World, back: tuple[Dataset, ReadReport]) -> None:
    dataset, report = back
    assert report.format == "ratings-json"
    assert (report.rejected, report.merged) == (0, 0)
    assert dataset.scale == (0.5, 5)
    assert set(dataset.users) == set(small.ratings.users)
    assert set(dataset.catalogue.column("title")) == set(small.ratings.catalogue.column("artist"))
    assert dataset.catalogue.column("mbid").null_count() == 0


def test_a_rating_of_an_artist_is_the_mean_of_those_of_the_tracks(
    small: World, back: tuple[Dataset, ReadReport]
) -> None:
    artists = small.ratings.catalogue.column("artist").to_list()
    given: dict[tuple[str, str], list[float]] = defaultdict(list)
    histories = small.ratings.histories
    for row, item, stars in zip(histories.row_of_entry, histories.items, histories.weights, strict=True):
        given[small.ratings.users[int(row)], artists[item]].append(float(stars))
    dataset, _ = back
    titles = dataset.catalogue.column("title").to_list()
    found = {
        (dataset.users[int(row)], titles[item]): float(weight)
        for row, item, weight in zip(
            dataset.histories.row_of_entry, dataset.histories.items, dataset.histories.weights, strict=True
        )
    }
    assert found.keys() == given.keys()
    for pair, stars in given.items():
        assert abs(found[pair] - sum(stars) / len(stars)) <= 0.25
        assert found[pair] * 2 == round(found[pair] * 2)


def test_names_are_written_in_two_parts(small: World, tmp_path: Path) -> None:
    users, _, _ = write_ratings_json(small, tmp_path)
    first = json.loads(users.read_text(encoding="utf-8").splitlines()[0])
    assert small.ratings.user_table is not None
    assert f"{first['first_name']} {first['last_name']}" == small.ratings.user_table["name"][0]


def test_the_same_world_gives_the_same_bytes(small: World, tmp_path: Path) -> None:
    once = [path.read_bytes() for path in write_ratings_json(small, tmp_path / "a")]
    again = [path.read_bytes() for path in write_ratings_json(simulate(60, 200, 5), tmp_path / "b")]
    assert once == again
