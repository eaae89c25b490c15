"""A training and a test file as a paper ships them, used as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError
from segue.splits.split import Part, Split


@dataclass(frozen=True, slots=True)
class PublishedSplit:
    """Which files a split was made of.

    train_file, test_file: their names; ..._sha256: of their bytes.
    known_already:         (user, item) pairs of the test file that stand in the training file too. No list can hold
                           them, since what is known is not recommended; they are left out.
    """

    name: ClassVar[str] = "files"

    train_file: str
    test_file: str
    train_sha256: str
    test_sha256: str
    known_already: int = 0


def published_split(train: Dataset, test: Dataset, how: PublishedSplit) -> Split:
    """The split of two datasets with ids in common.

    Items and users are numbered by first appearance in the training data, then in the test data. Given to a user is
    the user's history in training (nothing for those who are not there), relevant what the test data holds.
    Raises DataError where no user is left to ask, or the two have no item in common.
    """
    users, items = train.users.extended(test.users.series), train.items.extended(test.items.series)
    if len(items) == len(train.items) + len(test.items) and len(test.items):
        raise DataError(
            f"{how.train_file} and {how.test_file} have no item in common; are they two files of the same split?"
        )
    new = len(users) - len(train.users)
    histories = Histories.concatenate(
        [train.histories, replace(train.histories[:0], offsets=np.zeros(new + 1, np.int64))]
    )
    learned = replace(
        train,
        users=users,
        items=items,
        histories=histories,
        catalogue=Catalogue.bare(items),
    )
    asked = np.sort(users.positions(test.users.series).astype(np.int64))
    row_of = test.users.positions(users.series)
    hidden = test.histories[row_of[asked]]
    hidden = replace(hidden, items=items.positions(test.items.series)[hidden.items]).merged()
    given = histories[asked]
    width = np.int64(len(items))
    known = np.isin(hidden.row_of_entry * width + hidden.items, given.row_of_entry * width + given.items)
    how = replace(how, known_already=int(np.count_nonzero(known)))
    part = Part.of("test", asked, given, hidden.where(~known), 0.0)
    return Split(learned, None, part, how)
