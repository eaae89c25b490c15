"""The JSON API: right answers to right questions, and a problem that can be acted on for every wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

import stations
from segue.models.implicit_als import ImplicitALS
from segue.pipeline import Pipeline
from segue.retrieval.sources import Source
from segue.service.app import create_app
from segue.service.options import ServiceOptions
from segue.station import Station
from stations import MUSIC
from worlds import first_items

RECOMMEND = "/api/v1/recommendations"
STAMP = {"model_version": "0123abcd", "generated_at": "2024-06-01T08:30:00Z"}


def ids(reply: dict[str, Any]) -> list[str]:
    return [one["item"]["id"] for one in reply["items"]]


def ask(client: TestClient, **question: Any) -> dict[str, Any]:
    response = client.post(RECOMMEND, json=question)
    assert response.status_code == 200, response.text
    reply: dict[str, Any] = response.json()
    return reply


def problem(response: Any, status: int) -> dict[str, Any]:
    """Every error is a problem detail that names the request, and nothing of the inside."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == f"urn:segue:request:{response.headers['x-request-id']}"
    assert "Traceback" not in response.text
    assert "/segue/" not in response.text
    return body


# -- search, items, similar ------------------------------------------------------------------------------------------


def test_search_answers_an_object_with_the_model_and_the_time(client: TestClient) -> None:
    reply = client.get("/api/v1/search", params={"q": "glass"}).json()
    assert {key: reply[key] for key in STAMP} == STAMP
    assert reply["query"] == "glass"
    assert sorted(ids(reply)) == ["a2", "p4"]
    assert reply["items"][0]["score"] == 1


def test_search_keeps_the_limit_and_shows_the_popular_without_text(client: TestClient) -> None:
    assert len(ids(client.get("/api/v1/search?limit=3").json())) == 3
    assert ids(client.get("/api/v1/search?q=zzzzzz").json()) == []


def test_an_item_is_described_by_what_the_catalogue_knows(client: TestClient) -> None:
    reply = client.get("/api/v1/items/j0").json()
    assert reply["item"] == {
        "id": "j0",
        "label": "Ines Delacroix Trio - Café au Lait",
        "kind": "track",
        "title": "Café au Lait",
        "artist": "Ines Delacroix Trio",
        "album": "Ines Delacroix Trio: Collected",
        "genres": ["jazz"],
        "tags": [],
        "explicit": False,
        "released": reply["item"]["released"],
        "duration": reply["item"]["duration"],
    }


def test_similar_items_come_nearest_first_without_the_item_itself(client: TestClient) -> None:
    reply = client.get("/api/v1/items/a0/similar?k=5").json()
    assert reply["item"]["id"] == "a0"
    assert reply["method"] == "similarity by item-knn"
    assert len(reply["items"]) == 5
    assert "a0" not in ids(reply)
    assert all(identifier.startswith("a") for identifier in ids(reply))
    shares = [one["share"] for one in reply["items"]]
    assert shares == sorted(shares, reverse=True)
    assert all(0 < share <= 1 for share in shares)
    assert any("both ambient and instrumental" in one["why"] for one in reply["items"])


@pytest.mark.parametrize("path", ["/api/v1/items/a00", "/api/v1/items/a00/similar"])
def test_an_unknown_item_is_a_404_that_names_near_ones(client: TestClient, path: str) -> None:
    body = problem(client.get(path), 404)
    assert "'a00'" in body["detail"]
    assert "a0" in body["near"]


@pytest.mark.parametrize(
    "path", ["/api/v1/items/a%2Fb", "/api/v1/items/%00", "/api/v1/items/%ff", "/api/v1/items/" + "x" * 501]
)
def test_odd_ids_are_unknown_or_refused_but_never_break(client: TestClient, path: str) -> None:
    response = client.get(path)
    problem(response, response.status_code)
    assert response.status_code in (404, 422)


@pytest.mark.parametrize(
    "query",
    ["k=0", "k=201", "k=-1", "k=many", "k=1e3", "k="],
    ids=["zero", "too many", "negative", "text", "float", "empty"],
)
def test_a_list_length_out_of_bounds_is_refused_with_the_place(client: TestClient, query: str) -> None:
    body = problem(client.get(f"/api/v1/items/a0/similar?{query}"), 422)
    assert body["errors"][0]["where"] == "query.k"


def test_a_search_text_that_is_too_long_is_refused(client: TestClient) -> None:
    assert problem(client.get("/api/v1/search", params={"q": "a" * 501}), 422)["errors"][0]["where"] == "query.q"


# -- recommendations -------------------------------------------------------------------------------------------------


def test_ratings_are_folded_in_and_the_loved_genre_leads(client: TestClient) -> None:
    reply = ask(client, ratings={"a0": 1.0, "a1": 0.9, "p0": 0.0}, k=5)
    assert {key: reply[key] for key in STAMP} == STAMP
    assert [one["rank"] for one in reply["items"]] == [1, 2, 3, 4, 5]
    assert not {"a0", "a1", "p0"} & set(ids(reply))
    assert ids(reply)[0].startswith("a")
    assert reply["ignored"] == []
    assert all(one["why"] is None for one in reply["items"])


def test_a_rating_becomes_twice_itself_less_one(client: TestClient) -> None:
    rated = ask(client, ratings={"a0": 0.75, "j0": 1.0}, k=10)
    weighted = ask(client, history=[{"item": "a0", "weight": 0.5}, {"item": "j0", "weight": 1.0}], k=10)
    assert ids(rated) == ids(weighted)
    assert [one["score"] for one in rated["items"]] == [one["score"] for one in weighted["items"]]


def test_reasons_come_back_as_data_and_as_a_sentence(client: TestClient) -> None:
    why = ask(client, ratings={"a0": 1.0}, k=1, explain=True)["items"][0]["why"]
    assert why["because"][0]["id"] == "a0"
    assert why["because"][0]["rating"] == 1.0
    assert why["because"][0]["contribution"] > 0
    assert {"source", "rank"} == set(why["nominated"][0])
    assert why["text"].startswith("because you rated Slow Harbour - Tidewater highly: +0.")
    assert "; nominated by item-knn #" in why["text"]


def test_a_history_of_ids_and_a_known_user_are_answered_by_the_same_models(
    client: TestClient, station: Station
) -> None:
    data = station.dataset
    history = data.histories[data.users.position("listener-0")]
    entries = [
        {"item": data.items[int(i)], "weight": float(w)} for i, w in zip(history.items, history.weights, strict=True)
    ]
    by_user = ask(client, user="listener-0", k=10)
    assert by_user["user"] == "listener-0"
    assert ids(by_user) == ids(ask(client, history=entries, k=10))
    assert ids(by_user) == ids(client.get("/api/v1/users/listener-0/recommendations?k=10").json())
    assert ids(ask(client, history=["a0", "a1"], k=3))[0].startswith("a")


def test_excluded_items_and_explicit_ones_do_not_come(client: TestClient) -> None:
    first = ids(ask(client, ratings={"p0": 1.0}, k=5))[0]
    assert first not in ids(ask(client, ratings={"p0": 1.0}, k=30, exclude=[first]))
    explicit = {f"p{number}" for number in range(8, 12)}  # the songs of Voltage Aunt
    assert explicit & set(ids(ask(client, ratings={"p0": 1.0}, k=40)))
    assert not explicit & set(ids(ask(client, ratings={"p0": 1.0}, k=40, exclude_explicit=True)))
    assert not explicit & set(
        ids(client.get("/api/v1/users/listener-1/recommendations?k=40&exclude_explicit=true").json())
    )


def test_seen_items_come_back_only_where_asked_for(client: TestClient) -> None:
    assert "a0" in ids(ask(client, history=["a0"], k=40, exclude_seen=False))


def test_a_list_is_never_longer_than_what_there_is(client: TestClient) -> None:
    everything = sum(len(titles) for artists in MUSIC.values() for titles in artists.values())
    assert len(ids(ask(client, ratings={"a0": 1.0}, k=200))) == everything - 1


def test_unknown_ids_are_left_out_and_listed(client: TestClient) -> None:
    reply = ask(client, ratings={"a0": 1.0, "a00": 0.3}, exclude=["gone"], k=3)
    assert [one["id"] for one in reply["ignored"]] == ["a00", "gone"]
    assert "a0" in reply["ignored"][0]["near"]
    assert len(ids(reply)) == 3


def test_a_question_of_which_nothing_is_known_is_a_404(client: TestClient) -> None:
    body = problem(client.post(RECOMMEND, json={"ratings": {"nope": 1.0}}), 404)
    assert "none of the 1 items" in body["detail"]


@pytest.mark.parametrize("path", ["/api/v1/users/listener-99/recommendations", None])
def test_an_unknown_user_is_a_404_that_names_near_ones(client: TestClient, path: str | None) -> None:
    response = client.get(path) if path else client.post(RECOMMEND, json={"user": "listener-99"})
    assert "listener-9" in problem(response, 404)["near"]


@pytest.mark.parametrize(
    ("question", "where"),
    [
        ({}, "body"),
        ({"ratings": {}}, "body.ratings"),
        ({"ratings": {"a0": 1.1}}, "body.ratings.a0"),
        ({"ratings": {"a0": -0.1}}, "body.ratings.a0"),
        ({"ratings": {"a0": "high"}}, "body.ratings.a0"),
        ({"ratings": {"a0": True}}, "body.ratings.a0"),
        ({"ratings": {"a0": None}}, "body.ratings.a0"),
        ({"ratings": {"": 1.0}}, "body.ratings."),
        ({"ratings": ["a0"]}, "body.ratings"),
        ({"ratings": {"a0": 1.0}, "user": "listener-0"}, "body"),
        ({"history": []}, "body.history"),
        ({"history": [{"item": "a0", "weight": 1e9}]}, "body.history.0"),
        ({"history": [{"id": "a0"}]}, "body.history.0"),
        ({"history": [7]}, "body.history.0"),
        ({"user": ""}, "body.user"),
        ({"user": "listener-0", "k": 0}, "body.k"),
        ({"user": "listener-0", "k": 10**9}, "body.k"),
        ({"user": "listener-0", "k": "10"}, "body.k"),
        ({"user": "listener-0", "explain": "yes"}, "body.explain"),
        ({"user": "listener-0", "exclude": "a0"}, "body.exclude"),
        ({"user": "listener-0", "colour": "blue"}, "body.colour"),
        ([], "body"),
        ("a0", "body"),
    ],
)
def test_a_question_that_does_not_fit_is_refused_with_the_place(client: TestClient, question: Any, where: str) -> None:
    body = problem(client.post(RECOMMEND, json=question), 422)
    assert body["errors"][0]["where"].startswith(where)
    assert where.rstrip(".") in body["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"ratings": {"a0": NaN}}',
        b'{"ratings": {"a0": 1e999}}',
        b'{"user": "\\ud800"}',
        b'\xff\xfe{"user": "x"}',
        b"null",
        b"[" * 3000,
        b'{"user": "a\x00b"}',
    ],
    ids=["empty", "cut off", "NaN", "overflow", "lone surrogate", "not UTF-8", "null", "deep", "raw zero byte"],
)
def test_a_body_that_is_no_json_is_refused(client: TestClient, body: bytes) -> None:
    response = client.post(RECOMMEND, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    problem(response, response.status_code)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_another_content_type_is_refused(client: TestClient, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    assert "application/json" in problem(client.post(RECOMMEND, content=b"{}", headers=headers), 415)["detail"]


def test_json_with_a_charset_is_json(client: TestClient) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post(RECOMMEND, content=b'{"user": "listener-0"}', headers=headers).status_code == 200


def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not(client: TestClient) -> None:
    long = b'{"user": "' + b"x" * 5000 + b'"}'
    headers = {"Content-Type": "application/json"}
    assert "4096" in problem(client.post(RECOMMEND, content=long, headers=headers), 413)["detail"]
    pieces = (long[at : at + 100] for at in range(0, len(long), 100))
    problem(client.post(RECOMMEND, content=pieces, headers=headers), 413)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", RECOMMEND), ("DELETE", "/api/v1/items/a0"), ("PUT", "/api/v1/search")]
)
def test_a_wrong_method_is_a_405_that_names_the_right_one(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path, **({"json": {}} if method == "PUT" else {}))
    problem(response, 405)
    assert response.headers["allow"] in ("POST", "GET")


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/nothing", "/api/v2/search", "/nothing"])
def test_an_unknown_address_is_a_problem_that_points_to_the_reference(client: TestClient, path: str) -> None:
    assert "/docs" in problem(client.get(path), 404)["detail"]


def test_every_reply_is_an_object(client: TestClient) -> None:
    for path in ("search?q=a", "items/a0", "items/a0/similar", "items/a0/audience", "users/listener-0/recommendations"):
        assert isinstance(client.get(f"/api/v1/{path}").json(), dict)


# -- what came after training ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def later() -> Iterator[TestClient]:
    """The station whose factors were trained before the last song came, and were told of it later."""
    data = stations.dataset()
    als = ImplicitALS(factors=6, iterations=4).fit(first_items(data, data.n_items - 1)).with_items(data)
    station = replace(
        stations.station(),
        pipeline=Pipeline([Source("implicit-als", als)], catalogue=data.catalogue),
        models={"implicit-als": als},
    )
    with TestClient(create_app(station, ServiceOptions(logs="none")), base_url="http://localhost") as client:
        yield client


def test_an_item_that_came_after_training_says_how_it_was_placed(later: TestClient) -> None:
    data = stations.dataset()
    new = data.items[data.n_items - 1]
    likes = [item for item in data.items if item[0] == new[0] and item != new][:3]
    reply = ask(later, ratings=dict.fromkeys(likes, 1.0), k=40, explain=True)
    lines = {one["item"]["id"]: one for one in reply["items"]}
    assert lines[new]["placed"] == [{"model": "implicit-als", "origin": "projected"}]
    assert "new to implicit-als, placed by its listeners" in lines[new]["why"]["text"]
    assert all(not one["placed"] for name, one in lines.items() if name != new)
    rated = "&".join(f"item={like}&rating=1" for like in likes)
    assert "new to implicit-als, placed by its listeners" in later.get(f"/taste?{rated}").text
