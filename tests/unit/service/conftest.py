"""The service over the hand-made station."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

import stations
from segue.service.app import create_app
from segue.service.options import ServiceOptions
from segue.station import Station

with warnings.catch_warnings():
    # Newer versions of Starlette would rather see another client library than httpx, which older ones need.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

NOW = datetime(2024, 6, 1, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def station() -> Station:
    return stations.station()


@pytest.fixture(scope="session")
def app(station: Station) -> FastAPI:
    return create_app(station, ServiceOptions(logs="none", max_body_bytes=4096, clock=lambda: NOW))


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://localhost") as client:
        yield client
