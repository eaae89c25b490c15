"""Small random datasets for the properties of splits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories, Order
from segue.core.vocabulary import Vocabulary

MakeDataset = Callable[..., Dataset]


@pytest.fixture(scope="session")
def make_dataset() -> MakeDataset:
    """A function (seed, order, users, items) -> a dataset of positive integer plays, with repeats and short rows."""

    def make(seed: int, order: Order = "none", users: int = 30, items: int = 15) -> Dataset:
        generator = np.random.default_rng(seed)
        lengths = generator.integers(0, 13, users)
        lengths[0] = 12  # so that there is always something to split
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        m = int(offsets[-1])
        times = None
        if order == "time":
            row = np.repeat(np.arange(users), lengths)
            raw = generator.integers(0, 40, m)  # few distinct seconds, so that there are ties
            times = raw[np.lexsort((raw, row))]
        histories = Histories(
            offsets.astype(np.int64),
            generator.integers(0, items, m).astype(np.int32),
            generator.integers(1, 6, m).astype(np.float32),
            times,
            order=order,
        )
        vocabulary = Vocabulary(f"i{number}" for number in range(items))
        return Dataset(
            Vocabulary(f"u{number}" for number in range(users)), vocabulary, histories, Catalogue.bare(vocabulary)
        )

    return make
