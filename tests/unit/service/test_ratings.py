"""The service over a station of ratings: taste in places on the scale, answers with the rating expected, audiences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from starlette.testclient import TestClient

import stations
from segue.service.app import create_app
from segue.service.options import ServiceOptions
from segue.service.readiness import warm
from segue.station import Station


@pytest.fixture(scope="module")
def rated() -> Station:
    return stations.rated_station()


@pytest.fixture(scope="module")
def rated_client(rated: Station) -> Iterator[TestClient]:
    with TestClient(create_app(rated, ServiceOptions(logs="none")), base_url="http://localhost") as client:
        yield client


def test_a_station_of_ratings_gets_ready(rated: Station) -> None:
    warm(rated)


def test_a_visitor_s_rating_is_a_place_on_the_scale_and_every_answer_tells_the_rating_expected(
    rated_client: TestClient,
) -> None:
    by_rating = rated_client.post("/api/v1/recommendations", json={"ratings": {"a0": 1.0, "p0": 0.0}}).json()["items"]
    history = [{"item": "a0", "weight": 5}, {"item": "p0", "weight": 1}]
    by_weight = rated_client.post("/api/v1/recommendations", json={"history": history}).json()["items"]
    assert by_rating == by_weight
    assert all(1 <= line["rating"] <= 5 for line in by_rating)
    rise = [line["rating"] for line in by_rating]
    assert rise == sorted(rise, reverse=True)


def test_an_item_without_a_weight_is_liked_and_of_repeated_ratings_the_last_counts(rated_client: TestClient) -> None:
    def ask(*history: object) -> object:
        return rated_client.post("/api/v1/recommendations", json={"history": list(history)}).json()["items"]

    assert ask("a0", "j1") == ask({"item": "a0", "weight": 5}, {"item": "j1"})
    assert ask({"item": "a0", "weight": 4}, {"item": "a0", "weight": 3}) == ask({"item": "a0", "weight": 3})


def test_a_rating_that_is_not_on_the_scale_is_refused(rated_client: TestClient) -> None:
    reply = rated_client.post("/api/v1/recommendations", json={"history": [{"item": "a0", "weight": 7}]})
    assert reply.status_code == 422
    assert "outside the scale 1 to 5" in reply.json()["detail"]


def test_the_audience_of_an_item_is_those_whose_rating_would_be_highest(
    rated_client: TestClient, rated: Station
) -> None:
    reply = rated_client.get("/api/v1/items/a0/audience?k=4").json()
    assert reply["item"]["id"] == "a0"
    assert reply["model"] == "explicit-als"
    assert reply["model_version"] == rated.version
    item = rated.dataset.items.position("a0")
    _, top = rated.audience(np.array([item]), 4)
    assert [line["user"]["id"] for line in reply["users"]] == [rated.dataset.users[row] for row, _ in top.row(0)]
    assert [line["rank"] for line in reply["users"]] == [1, 2, 3, 4]
    for line in reply["users"]:
        assert line["user"]["name"] == rated.user_name(rated.dataset.users.position(line["user"]["id"]))
        assert 1 <= line["rating"] <= 5
        assert "a0" not in rated.dataset.items.ids(rated.history_of(line["user"]["id"]).items)


def test_an_audience_of_plays_has_scores_and_no_ratings(client: TestClient) -> None:
    reply = client.get("/api/v1/items/a0/audience").json()
    assert reply["model"] == "item-knn"
    assert reply["users"]
    assert all(line["rating"] is None and line["user"]["name"] is None for line in reply["users"])
    scores = [line["score"] for line in reply["users"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("path", "status"), [("a00/audience", 404), ("a0/audience?k=0", 422), ("a0/audience?k=201", 422)]
)
def test_an_audience_that_cannot_be_is_a_problem(client: TestClient, path: str, status: int) -> None:
    reply = client.get(f"/api/v1/items/{path}")
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
