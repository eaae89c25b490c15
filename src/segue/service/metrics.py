"""What Prometheus may know."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from segue.station import Station

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one application, in a registry of its own, so that two in one process do not mix."""

    def __init__(self, station: Station) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "segue_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "segue_http_request_seconds", "Time to answer.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._running = Gauge("segue_http_requests_running", "Requests being answered.", registry=registry)
        self._lists = Counter(
            "segue_lists",
            "Lists recommended, by the fallback that filled them, if one did.",
            ["fallback"],
            registry=registry,
        )
        station_info = Gauge(
            "segue_station_info", "1; its labels name what answers.", ["name", "version"], registry=registry
        )
        station_info.labels(station.name, station.version).set(1)
        sizes = Gauge("segue_station_size", "What the station knows.", ["what"], registry=registry)
        sizes.labels("items").set(station.dataset.n_items)
        sizes.labels("users").set(station.dataset.n_users)
        sizes.labels("models").set(len(station.models))
        trained = Gauge("segue_station_trained_timestamp_seconds", "When it was trained, Unix time.", registry=registry)
        trained.set(station.trained_at.timestamp())

    def started(self) -> None:
        """A request came."""
        self._running.inc()

    def ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. `route` is the pattern, not the path, so that there are few."""
        self._running.dec()
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def listed(self, fallback: str | None) -> None:
        """A list was recommended."""
        self._lists.labels(fallback or "").inc()

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
