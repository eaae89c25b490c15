"""Whether the service can answer, and if not, why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from segue.core.protocols import FindsSimilar
from segue.station import Station

_WARMED: Final = 3  # items of the history by which everything is tried once


def warm(station: Station) -> None:
    """Asks the station one of everything, so that no request has to wait for a kernel to be compiled or loaded."""
    station.search.search("a", 1)
    if not station.dataset.n_items:
        return
    popular = [match.position for match in station.search.search("", _WARMED)]
    history = station.liking(popular)
    station.pipeline.recommend(history, 1, exclude_seen=False, explain=True, threads=1)
    allowed = np.ones(len(station.pipeline.items), dtype=np.bool_)
    station.pipeline.recommend(history, 1, allowed=allowed, banned=history, threads=1)
    for model in station.models.values():
        if isinstance(model, FindsSimilar) and popular[0] < len(model.items):
            model.similar_items([popular[0]], 1)


class Readiness:
    """Not ready until `prepare` has warmed the station up; not ready for good where that fails."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._kernels = "not warmed up yet"

    def prepare(self, failed: Callable[[Exception], None]) -> None:
        """Warms up; blocks, so run it in a thread. `failed` hears of an error, which then stays the reason."""
        self._kernels = "warming up"
        try:
            warm(self._station)
        except Exception as error:  # noqa: BLE001  # a service that cannot answer must say so, not die
            failed(error)
            self._kernels = f"warming up failed: {type(error).__name__}; the log says more"
        else:
            self._kernels = "ok"

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Whether it is ready, and each check with "ok" or the reason."""
        checks = {
            "kernels": self._kernels,
            "items": "ok" if self._station.dataset.n_items else "the catalogue is empty; import data and train",
            "models": "ok" if self._station.models else "no model is trained; run: segue train",
        }
        ready = all(state == "ok" for state in checks.values())
        return ready, {"ready": ready, "model_version": self._station.version, "checks": checks}
