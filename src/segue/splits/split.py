"""What every split gives: something to learn from, and users to ask whose right answers are known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from segue.core.arrays import BoolArray, Int64Array, frozen
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError
from segue.splits.parting import above


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The users of a validation or test part: n of them, each with at least one relevant item.

    users:            int64, shape (n,), their rows in the dataset that was split, rising.
    given:            n histories that the models are shown; some may be empty (users who are wholly new).
    relevant:         n histories of the distinct hidden items that a perfect list would name. None occurs in `given`;
                      items that training never saw are among them.
    without_relevant: how many users of this part had no relevant item. They are in no average.
    allowed:          bool, a mask over the items of the dataset: only these may be recommended; None: all of them.
    told:             what is known by the time of asking of items that came after training; models that take new items
                      are told of it before they are asked. None: nothing.

    Raises DataError at birth where these do not fit together, a user has no relevant item or a repeated one, or an
    item is both given and hidden.
    """

    users: Int64Array
    given: Histories
    relevant: Histories
    without_relevant: int = 0
    allowed: BoolArray | None = None
    told: Dataset | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "users", frozen(self.users, np.int64))
        n = self.users.size
        if self.users.ndim != 1 or len(self.given) != n or len(self.relevant) != n:
            raise DataError(
                f"a part needs one row of each per user, got {self.users.shape} users, {len(self.given)} given and "
                f"{len(self.relevant)} relevant histories"
            )
        if np.any(self.relevant.lengths == 0):
            raise DataError("every user of a part must have a relevant item; leave the others out")
        width = np.int64(max(self.given.n_items, self.relevant.n_items, 1))
        hidden = np.sort(self.relevant.row_of_entry * width + self.relevant.items, kind="stable")
        if np.any(hidden[1:] == hidden[:-1]):
            raise DataError("an item is relevant twice to one user; relevant items must be distinct")
        given = self.given.row_of_entry * width + self.given.items
        nearest = np.minimum(np.searchsorted(hidden, given), max(0, hidden.size - 1))
        if hidden.size and np.any(hidden[nearest] == given):
            raise DataError("an item is both given and hidden for one user, which would leak the answer")
        if self.allowed is not None:
            object.__setattr__(self, "allowed", frozen(self.allowed, np.bool_))
            if self.allowed.size < self.relevant.n_items or not self.allowed[self.relevant.items].all():
                raise DataError("an item is relevant that may not be recommended; allow every relevant item")

    @classmethod
    def of(
        cls,
        what: str,
        users: Int64Array,
        given: Histories,
        hidden: Histories,
        relevant_above: float,
        allowed: BoolArray | None = None,
        told: Dataset | None = None,
    ) -> Part:
        """The part of these users, less those without a relevant item; DataError where nobody is left."""
        relevant = above(hidden, relevant_above)
        rows = np.flatnonzero(relevant.lengths > 0)
        if not rows.size:
            raise DataError(
                f"the split leaves no {what} users: of {users.size} users none has a hidden item with a weight above "
                f"{relevant_above:g}; hide a larger share, or use more data"
            )
        if rows.size == users.size:
            return cls(users, given, relevant, allowed=allowed, told=told)
        return cls(users[rows], given[rows], relevant[rows], int(users.size - rows.size), allowed, told)

    def __len__(self) -> int:
        return int(self.users.size)

    def __repr__(self) -> str:
        return (
            f"Part({len(self)} users, {self.given.n_entries} entries given, {self.relevant.n_entries} items relevant)"
        )

    def counts(self) -> dict[str, int]:
        """What stands in records and tables: how many users, entries and items this part has."""
        return {
            "users": len(self),
            "users_without_history": int(np.count_nonzero(self.given.lengths == 0)),
            "users_without_relevant": self.without_relevant,
            "entries_given": self.given.n_entries,
            "items_relevant": self.relevant.n_entries,
        }


class Origin(Protocol):
    """Where a split comes from: a frozen dataclass of plain values. `name` is what records call it."""

    name: ClassVar[str]


class Splitter(Origin, Protocol):
    """A way to split: a frozen dataclass of settings. `name` is how settings and the command line call it."""

    def split(self, dataset: Dataset, seed: int = 0) -> Split:
        """Splits the dataset; the same dataset and seed give the same split.

        Raises DataError where the dataset lacks what the split needs, or no user or nothing to learn from is left.
        """
        ...


@runtime_checkable
class Folding(Splitter, Protocol):
    """A way to split that can be turned: `count` splits, each with another share of the data as its test part."""

    def folds(self, dataset: Dataset, count: int, seed: int = 0) -> Iterator[Split]:
        """The splits, one after another; the share of the test part is 1/count, whatever the settings say.

        Raises SettingsError for fewer than 2 folds, DataError where the data is too small for so many.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A dataset to learn from, and users to ask.

    train:      all that fitting may see. Its items are all items of the dataset; its users may be fewer.
    validation: for choosing hyper-parameters; None where none was asked for.
    test:       asked once, at the end.
    how, seed:  the settings that made it.
    known:      train and what was hidden for validation together: what may be learned from once hyper-parameters are
                chosen. Left out, train itself.
    fold:       (number, count) where the split is one of several folds, from 1.
    learning:   how the data was made ready to be learned from (`segue.splits.Learning`), as plain values; None: not.
    """

    train: Dataset
    validation: Part | None
    test: Part
    how: Origin
    seed: int = 0
    known: Dataset = field(default=None)  # type: ignore[assignment]  # set at birth
    fold: tuple[int, int] | None = None
    learning: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if not self.train.histories.n_entries:
            raise DataError("the split leaves nothing to train on; hide a smaller share, or use more data")
        if self.known is None:
            object.__setattr__(self, "known", self.train)

    def record(self) -> dict[str, Any]:
        """How the split was made and what came out, as plain JSON values."""
        settings = {key: _plain(value) for key, value in asdict(self.how).items()}  # type: ignore[call-overload]
        parts: Mapping[str, Part | None] = {"validation": self.validation, "test": self.test}
        return {
            "split": self.how.name,
            "settings": settings,
            "seed": self.seed,
            "fold": None if self.fold is None else list(self.fold),
            "learning": None if self.learning is None else dict(self.learning),
            "train": _counts(self.train),
            "known": None if self.known is self.train else _counts(self.known),
            **{name: None if part is None else part.counts() for name, part in parts.items()},
            "test_fingerprint": self.test_fingerprint(),
        }

    def test_fingerprint(self) -> str:
        """SHA-256 over the items' ids, the users of the test part, what they are given and what is hidden, as 64 hex
        digits: whoever scores the same test part twice sees the same fingerprint, whatever was learned from.
        """
        digest = hashlib.sha256(self.train.items.digest.encode())
        given, relevant = self.test.given, self.test.relevant
        for array in (self.test.users, given.offsets, given.items, relevant.offsets, relevant.items):
            digest.update(np.ascontiguousarray(array).data)
        if self.test.allowed is not None:
            digest.update(np.packbits(self.test.allowed).data)
        return digest.hexdigest()


def _counts(learned: Dataset) -> dict[str, int]:
    return {
        "users": int(np.count_nonzero(learned.histories.lengths)),
        "items": int(np.unique(learned.histories.items).size),
        "entries": learned.histories.n_entries,
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
