"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    deadline=None,
    max_examples=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("deep", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def research_data() -> Path:
    """The folder of real research data, which is not part of the project; its tests skip where it is missing."""
    named = os.environ.get("SEGUE_TEST_DATA")
    if not named:
        pytest.skip("SEGUE_TEST_DATA does not name a folder of research data")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip(f"SEGUE_TEST_DATA names {folder}, which is no folder")
    return folder
