"""A small world to search in."""

from __future__ import annotations

import pytest

import worlds
from segue.core.dataset import Dataset
from segue.splits import HeldOutUsers
from segue.tuning import Validation, validation_of


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return worlds.two_genres().dataset


@pytest.fixture(scope="session")
def validation(dataset: Dataset) -> Validation:
    """One part."""
    return validation_of(dataset, HeldOutUsers(test=0.2), 0)


@pytest.fixture(scope="session")
def folds(dataset: Dataset) -> Validation:
    """Three parts."""
    return validation_of(dataset, HeldOutUsers(test=0.2), 0, folds=3)
