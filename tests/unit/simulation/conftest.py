"""One small world for all tests of the simulation."""

from __future__ import annotations

import pytest

from segue.simulation import World, simulate


@pytest.fixture(scope="session")
def world() -> World:
    return simulate(listeners=1500, tracks=2000, seed=3)
