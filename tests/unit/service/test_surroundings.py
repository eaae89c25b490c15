"""What surrounds every request: keys, names, headers, logs, counts, errors, probes."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from segue.service.app import create_app
from segue.service.options import ServiceOptions
from segue.service.readiness import Readiness, warm
from segue.station import Station

KEY = "correct-horse-battery"
QUIET = ServiceOptions(logs="none")


@pytest.fixture(scope="module")
def guarded(station: Station) -> TestClient:
    return TestClient(create_app(station, replace(QUIET, api_key=KEY)))


# -- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer   {KEY} "},
        {"Authorization": "Basic " + base64.b64encode(f"anyone:{KEY}".encode()).decode()},
    ],
    ids=["header", "bearer", "bearer, loosely", "browser"],
)
def test_the_key_opens_by_header_bearer_or_a_browser_s_password(guarded: TestClient, headers: dict[str, str]) -> None:
    assert guarded.get("/api/v1/items/a0", headers=headers).status_code == 200
    assert guarded.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": KEY + "x"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Digest {KEY}"},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic " + base64.b64encode(KEY.encode()).decode()},
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/v1/items/a0", "/docs", "/metrics", "/openapi.json", "/nothing"])
def test_without_the_key_nothing_is_told(guarded: TestClient, path: str, headers: dict[str, str]) -> None:
    response = guarded.get(path, headers=headers)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert "Bearer" in response.headers["www-authenticate"]


def test_probes_and_styles_need_no_key(guarded: TestClient) -> None:
    assert guarded.get("/livez").json() == {"live": True}
    assert guarded.get("/readyz").status_code in (200, 503)
    assert guarded.get("/static/segue.css").status_code == 200
    assert guarded.get("/static/../app.py").status_code in (401, 404)
    assert guarded.get("/static/%2e%2e/app.py").status_code == 404


def test_the_reference_says_how_to_show_the_key(guarded: TestClient) -> None:
    description = guarded.get("/openapi.json", headers={"X-API-Key": KEY}).json()
    assert description["components"]["securitySchemes"] == {"key": {"type": "http", "scheme": "bearer"}}


def test_the_key_is_not_in_what_the_options_show_of_themselves() -> None:
    assert KEY not in repr(replace(QUIET, api_key=KEY))


# -- names -----------------------------------------------------------------------------------------------------------


async def status_of(app: FastAPI, server: str, host: str) -> int:
    """The status of GET /livez as it arrives at the address `server` under the name `host`."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/livez",
        "raw_path": b"/livez",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", host.encode())],
        "server": (server, 8000),
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize(
    ("server", "host", "status"),
    [
        ("127.0.0.1", "localhost:8000", 200),
        ("127.0.0.1", "127.0.0.1:8000", 200),
        ("::1", "[::1]:8000", 200),
        ("127.0.0.1", "music.example", 200),
        ("127.0.0.1", "evil.example", 421),
        ("127.0.0.1", "127.0.0.1.evil.example", 421),
        ("127.0.0.1", "", 421),
        ("192.0.2.7", "evil.example", 200),  # listening beyond loopback was allowed on purpose
    ],
)
@pytest.mark.anyio
async def test_a_foreign_name_for_this_machine_is_refused(
    station: Station, server: str, host: str, status: int
) -> None:
    app = create_app(station, replace(QUIET, trusted_hosts=("music.example",)))
    assert await status_of(app, server, host) == status


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


# -- headers, ids, logs, errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/search?q=a", "/api/v1/items/none", "/nothing", "/static/main.js", "/livez"]
)
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


def test_a_request_id_is_taken_over_where_it_is_harmless(client: TestClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"
    for bad in ("a b", "x" * 65, "<script>", ""):
        made = client.get("/livez", headers={"X-Request-ID": bad}).headers["x-request-id"]
        assert made != bad
        assert len(made) == 16


class Broken:
    """A search that fails in a way nobody expected."""

    def search(self, text: str, limit: int) -> list[Any]:  # noqa: ARG002
        raise RuntimeError(f"secret path /etc/passwd while looking for {text}")

    def resolve(self, query: str) -> int:  # noqa: ARG002
        raise RuntimeError("secret")


def test_an_unexpected_error_is_a_500_whose_traceback_only_the_log_has(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = create_app(replace(station, search=Broken()), ServiceOptions(logs="json"))  # type: ignore[arg-type]
    response = TestClient(broken, base_url="http://localhost").get("/api/v1/search?q=tea")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    failed = next(line for line in lines if line["event"] == "failed")
    assert "secret path" in failed["exception"]
    assert failed["request_id"] == response.headers["x-request-id"]


def test_an_unexpected_error_shows_a_person_a_page(station: Station) -> None:
    broken = create_app(replace(station, search=Broken()), QUIET)  # type: ignore[arg-type]
    response = TestClient(broken, base_url="http://localhost").get("/", headers={"Accept": "text/html"})
    assert response.status_code == 500
    assert response.headers["content-type"].startswith("text/html")
    assert "Something went wrong in here" in response.text
    assert "secret" not in response.text


def test_each_request_is_one_log_line_without_the_query(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    app = create_app(station, ServiceOptions(logs="json"))
    TestClient(app).get("/api/v1/search?q=my-secret-love", headers={"X-Request-ID": "r1"})
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["path"], entry["status"], entry["request_id"]) == (
        "answered",
        "/api/v1/search",
        200,
        "r1",
    )
    assert entry["milliseconds"] >= 0
    assert "my-secret-love" not in line


def test_a_line_break_in_a_path_cannot_forge_a_log_line(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    for logs in ("json", "console"):
        app = create_app(station, ServiceOptions(logs=logs))  # type: ignore[arg-type]
        TestClient(app).get("/x%0Aevent=forged%1b[31m")
        printed = capsys.readouterr().err
        assert printed.count("\n") == 1
        assert "\x1b" not in printed


# -- counts and probes -----------------------------------------------------------------------------------------------


def test_metrics_count_requests_by_pattern_not_by_path(station: Station) -> None:
    client = TestClient(create_app(station, QUIET), base_url="http://localhost")
    client.get("/api/v1/items/a0")
    client.get("/api/v1/items/p0")
    client.get("/made/up/by/anyone")
    client.request("BREW", "/livez")
    client.post("/api/v1/recommendations", json={"user": "listener-0"})
    text = client.get("/metrics").text
    assert 'segue_http_requests_total{method="GET",route="/api/v1/items/{item_id:path}",status="200"} 2.0' in text
    assert 'segue_http_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert 'method="BREW"' not in text
    assert "segue_lists_total" in text
    assert 'segue_station_info{name="The Test Tapes",version="0123abcd"} 1.0' in text
    assert 'segue_station_size{what="items"} 36.0' in text
    assert "made/up" not in text


def test_two_services_in_one_process_count_apart(station: Station) -> None:
    first, second = (TestClient(create_app(station, QUIET), base_url="http://localhost") for _ in range(2))
    first.get("/api/v1/items/a0")
    assert 'status="200"' not in second.get("/metrics").text


def test_a_service_is_ready_once_it_is_warm(station: Station) -> None:
    app = create_app(station, QUIET)
    cold = TestClient(app, base_url="http://localhost").get("/readyz")
    assert cold.status_code == 503
    assert cold.json()["checks"]["kernels"] == "not warmed up yet"
    with TestClient(app, base_url="http://localhost") as started:
        for _ in range(200):
            response = started.get("/readyz")
            if response.status_code == 200:
                break
        assert response.json() == {
            "ready": True,
            "model_version": "0123abcd",
            "checks": {"kernels": "ok", "items": "ok", "models": "ok"},
        }


def test_a_service_that_cannot_warm_up_says_why_it_is_not_ready(station: Station) -> None:
    heard: list[Exception] = []
    readiness = Readiness(replace(station, search=Broken()))  # type: ignore[arg-type]
    readiness.prepare(heard.append)
    ready, report = readiness.report()
    assert not ready
    assert report["checks"]["kernels"].startswith("warming up failed: RuntimeError")
    assert "secret" not in str(report)
    assert isinstance(heard[0], RuntimeError)


def test_a_station_without_models_is_not_ready(station: Station) -> None:
    ready, report = Readiness(replace(station, models={})).report()
    assert not ready
    assert "segue train" in report["checks"]["models"]


def test_warming_asks_everything_once(station: Station) -> None:
    warm(station)


def test_scoring_never_runs_on_the_event_loop(station: Station) -> None:
    seen: list[str] = []

    class Watched:
        items = station.pipeline.items

        def recommend(self, *args: Any, **kwargs: Any) -> Any:
            seen.append(threading.current_thread().name)
            return station.pipeline.recommend(*args, **kwargs)

    app = create_app(replace(station, pipeline=Watched()), QUIET)  # type: ignore[arg-type]
    client = TestClient(app, base_url="http://localhost")
    client.post("/api/v1/recommendations", json={"user": "listener-0"})
    client.get("/api/v1/users/listener-0/recommendations")
    client.post("/taste/parts", json={"ratings": [{"id": "a0", "rating": 1.0}]})
    client.get("/taste?item=a0&rating=1")
    assert len(seen) == 4
    assert all("AnyIO worker thread" in name for name in seen)
