"""The pages as the server renders them: whole without a script, and safe whatever the data holds."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest
from starlette.testclient import TestClient

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.models.popularity import Popularity
from segue.pipeline import Pipeline
from segue.retrieval.search import TitleSearch
from segue.retrieval.sources import Source
from segue.service.app import create_app
from segue.service.options import ServiceOptions
from segue.station import Station
from stations import TRAINED_AT

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def page(client: TestClient, path: str, status: int = 200) -> str:
    response = client.get(path, headers=BROWSER, follow_redirects=False)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.text


def text(html: str) -> str:
    """What a person reads, spaces joined."""
    parts: list[str] = []
    parser = HTMLParser()
    parser.handle_data = parts.append  # type: ignore[method-assign]
    parser.feed(html)
    return " ".join("".join(parts).split())


# -- what each page shows ---------------------------------------------------------------------------------------------


def test_the_first_page_shows_a_search_form_and_what_is_well_known(client: TestClient) -> None:
    html = page(client, "/")
    assert '<form action="/search" method="get" role="search">' in html
    assert 'name="q"' in html
    assert html.count('class="card"') == 12
    assert "36 tracks · 30 listeners · model 0123abcd, trained 17 May 2024" in text(html)


def test_a_search_without_a_script_leads_to_a_page_of_results(client: TestClient) -> None:
    html = page(client, "/search?q=glass")
    assert "2 for “glass”" in text(html)
    assert 'href="/item?id=a2"' in html
    assert 'value="glass"' in html
    assert "Nothing for “zzzz”" in text(page(client, "/search?q=zzzz"))


def test_an_empty_search_leads_to_the_first_page(client: TestClient) -> None:
    response = client.get("/search?q=+", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/")


def test_an_item_s_page_shows_it_what_is_like_it_and_why(client: TestClient) -> None:
    html = page(client, "/item?id=a0")
    words = text(html)
    assert "Tidewater" in words
    assert "Slow Harbour: Collected" in words
    assert "2:30" in words
    assert "both ambient and instrumental" in words
    assert "similarity by item-knn" in words
    assert html.count('class="meter"') == 20


@pytest.mark.parametrize(
    ("path", "status"),
    [("/item?id=a00", 404), ("/item", 422), ("/nothing", 404), ("/search?q=" + "a" * 600, 422)],
    ids=["unknown item", "no id", "unknown page", "long query"],
)
def test_an_error_is_a_page_with_a_way_on(client: TestClient, path: str, status: int) -> None:
    html = page(client, path, status)
    assert f'<p class="status">{status}</p>' in html
    assert 'href="/"' in html


def test_an_unknown_item_s_page_offers_near_ones(client: TestClient) -> None:
    assert 'href="/search?q=a0"' in page(client, "/item?id=a00", 404)


def test_a_wrong_method_on_a_page_is_an_error_page(client: TestClient) -> None:
    response = client.post("/", headers=BROWSER, json={})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"
    assert "Method Not Allowed" in response.text


# -- the taste page without a script ----------------------------------------------------------------------------------


def rows(html: str) -> list[tuple[str, str]]:
    """The rated rows as (id, rating)."""
    return re.findall(
        r'<input type="hidden" name="item" value="([^"]*)">.*?name="rating"[^>]* value="([^"]*)"', html, re.S
    )


def test_nothing_rated_offers_something_to_begin_with(client: TestClient) -> None:
    html = page(client, "/taste")
    assert rows(html) == []
    assert html.count('class="chip" name="add"') == 6
    assert "Your list appears here" in html


def test_a_form_s_ratings_give_a_list_with_reasons(client: TestClient) -> None:
    html = page(client, "/taste?item=a0&rating=1&item=p0&rating=0.1")
    assert rows(html) == [("a0", "1.0"), ("p0", "0.1")]
    assert "because you rated Slow Harbour - Tidewater highly: +0." in text(html)
    assert re.search(r"nominated by (item-knn|popularity) #\d+ and", text(html))


def test_a_typed_query_is_added_on_top(client: TestClient) -> None:
    html = page(client, "/taste?item=a0&rating=1&q=otis+farrow+-+midnight+ledger")
    assert [identifier for identifier, _ in rows(html)] == ["j4", "a0"]
    assert "Otis Farrow - Midnight Ledger added." in html


def test_artist_and_song_typed_apart_are_joined(client: TestClient) -> None:
    html = page(client, "/taste?q=&artist=ragtag+saints&song=glass")
    assert rows(html) == [("p4", "0.8")]


def test_an_ambiguous_query_asks_which(client: TestClient) -> None:
    html = page(client, "/taste?item=a0&rating=1&q=glass")
    assert rows(html) == [("a0", "1.0")]
    assert "“glass” fits several. Which one?" in text(html)
    assert set(re.findall(r'name="add" value="([^"]+)"', html)) == {"a2", "p4"}


def test_an_unknown_query_offers_near_ones(client: TestClient) -> None:
    assert "Did you mean one of these?" in page(client, "/taste?q=midnight+unplugged")
    assert "Nothing here is called “zzzz”." in text(page(client, "/taste?q=zzzz"))


def test_a_row_is_removed_by_its_button_and_an_added_one_is_not_added_twice(client: TestClient) -> None:
    assert rows(page(client, "/taste?item=a0&rating=1&item=p0&rating=0&drop=a0")) == [("p0", "0.0")]
    html = page(client, "/taste?item=a0&rating=0.3&add=a0")
    assert rows(html) == [("a0", "0.3")]
    assert "in your list already" in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("item=a0&rating=7", [("a0", "1.0")]),
        ("item=a0&rating=-1", [("a0", "0.0")]),
        ("item=a0&rating=nan", [("a0", "0.5")]),
        ("item=a0&rating=loud", [("a0", "0.5")]),
        ("item=a0", [("a0", "0.5")]),
        ("rating=1", []),
        ("item=&rating=1", []),
        ("item=a0&rating=1&item=a0&rating=0.2", [("a0", "0.2")]),
    ],
)
def test_odd_form_values_are_put_right(client: TestClient, query: str, expected: list[tuple[str, str]]) -> None:
    assert rows(page(client, f"/taste?{query}")) == expected


def test_ratings_of_items_that_are_gone_are_counted(client: TestClient) -> None:
    html = page(client, "/taste?item=gone&rating=1&item=a0&rating=1")
    assert rows(html) == [("a0", "1.0")]
    assert "1 rated item is not in this catalogue any more." in html


def test_a_visitor_who_only_dislikes_still_gets_a_list(client: TestClient) -> None:
    html = page(client, "/taste?item=a0&rating=0")
    assert 'class="row"' in html


def test_the_script_s_question_gets_the_same_parts(client: TestClient) -> None:
    question = {"ratings": [{"id": "a0", "rating": 1.0}], "query": "alarm"}
    html = client.post("/taste/parts", json=question, headers=BROWSER).text
    assert [identifier for identifier, _ in rows(html)] == ["p2", "a0"]
    assert "<html" not in html
    bad = client.post("/taste/parts", json={"ratings": [{"id": "a0", "rating": 2}]}, headers=BROWSER)
    assert bad.status_code == 422


# -- safety ------------------------------------------------------------------------------------------------------------


EVIL = "<img src=x onerror=alert(1)>\"'&</title></script><script>alert(2)</script>{{7*7}}"


@pytest.fixture(scope="module")
def evil() -> TestClient:
    """A station in which every text is an attack."""
    plays = pl.DataFrame({"user": ["u", "u", "v", "v"], "item": [EVIL, "../x", EVIL, "y/similar"]})
    base = Dataset.from_frame(plays, user="user", item="item")
    texts = {name: [EVIL] * 3 for name in ("title", "artist", "album")}
    frame = pl.DataFrame({"id": base.items.series, "genres": [[EVIL]] * 3, **texts})
    data = replace(base, catalogue=Catalogue(frame))
    popularity = Popularity().fit(data)
    station = Station(
        dataset=data,
        pipeline=Pipeline([Source(EVIL, popularity)]),
        models={"popularity": popularity},
        search=TitleSearch(data.catalogue),
        name=EVIL,
        version=EVIL,
        trained_at=TRAINED_AT,
    )
    return TestClient(create_app(station, ServiceOptions(logs="none")), base_url="http://localhost")


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/", {}),
        ("/search", {"q": EVIL}),
        ("/item", {"id": EVIL}),
        ("/item", {"id": "../x"}),
        ("/item", {"id": "<script>alert(3)</script>"}),
        ("/taste", {"item": EVIL, "rating": "1", "q": EVIL}),
        ("/taste", {"add": "../x", "q": EVIL}),
        ("/taste", {"item": "../x", "q": "img"}),
        ("/docs", {}),
    ],
)
def test_text_from_data_and_from_addresses_is_escaped(evil: TestClient, path: str, parameters: dict[str, str]) -> None:
    html = evil.get(path, params=parameters, headers=BROWSER).text
    elements: list[tuple[str, list[str]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: elements.append(  # type: ignore[method-assign]
        (tag, [name for name, _ in attributes])
    )
    parser.feed(html)
    tags = [tag for tag, _ in elements]
    assert "img" not in tags
    assert tags.count("script") == 1
    assert tags.count("title") == 1
    assert not [name for _, names in elements for name in names if name.startswith("on") or name == "style"]
    assert "{{7*7}}" in html or path == "/docs" or EVIL not in parameters.values()  # shown as it is, not worked out


def test_an_id_that_looks_like_a_path_has_a_page(evil: TestClient) -> None:
    for identifier in ("../x", "y/similar", EVIL):
        assert evil.get("/item", params={"id": identifier}, headers=BROWSER).status_code == 200


# -- the reference -----------------------------------------------------------------------------------------------------


def test_the_reference_lists_every_operation_and_loads_nothing_from_elsewhere(client: TestClient) -> None:
    html = page(client, "/docs")
    description = client.get("/openapi.json").json()
    assert description["openapi"].startswith("3.")
    for path, methods in description["paths"].items():
        assert path.startswith("/api/v1/")
        assert path in html
        for details in methods.values():
            assert details["summary"] in html
            assert "application/problem+json" in details["responses"]["422"]["content"]
    for name in description["components"]["schemas"]:
        assert f'id="{name}"' in html
    assert "HTTPValidationError" not in html


@pytest.mark.parametrize("path", ["/", "/search?q=a", "/item?id=a0", "/taste?item=a0&rating=1", "/docs", "/nothing"])
def test_no_page_names_another_host(client: TestClient, path: str) -> None:
    html = client.get(path, headers=BROWSER).text
    addresses = [a for a in re.findall(r'(?:href|src|action)="([^"]*)"', html) if "//" in a]
    assert addresses == []


def test_every_reference_between_the_openapi_parts_leads_somewhere(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    for reference in re.findall(r"#/components/schemas/(\w+)", str(description)):
        assert reference in description["components"]["schemas"]
