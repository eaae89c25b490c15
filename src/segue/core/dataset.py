"""Everything known about who listened to what: the one input of every model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Int32Array, Int64Array
from segue.core.catalogue import Catalogue
from segue.core.histories import Histories, Order, Repeats
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError

Feedback: TypeAlias = Literal["plays", "ratings", "presence"]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Users, items, and one history per user.

    users, items: vocabularies; row u of `histories` belongs to users[u], and every item position lies in `items`.
    histories:    n_users rows (see Histories).
    catalogue:    one row per item, in the order of `items`; its ids are the vocabulary's.
    feedback:     what a weight is: "plays" (counts), "ratings" (on `scale`) or "presence" (1).
    scale:        the lowest and highest possible rating; None unless feedback is "ratings".
    user_table:   a frame with one row per user (names, countries), or None.
    friends:      n_users x n_users csr, who knows whom, or None.

    Raises DataError at birth where the parts do not fit together.
    """

    users: Vocabulary
    items: Vocabulary
    histories: Histories
    catalogue: Catalogue
    feedback: Feedback = "plays"
    scale: tuple[float, float] | None = None
    user_table: pl.DataFrame | None = None
    friends: sp.csr_array[Any] | None = None

    def __post_init__(self) -> None:
        if len(self.histories) != len(self.users):
            raise DataError(f"{len(self.users)} users, but {len(self.histories)} histories")
        if self.histories.n_items > len(self.items):
            raise DataError(
                f"a history holds item position {self.histories.n_items - 1}, but there are {len(self.items)} items"
            )
        if len(self.catalogue) != len(self.items) or not self.catalogue.frame["id"].equals(self.items.series):
            raise DataError("the catalogue must have one row per item, with the same ids in the same order")
        if self.feedback not in ("plays", "ratings", "presence"):
            raise DataError(f"feedback must be 'plays', 'ratings' or 'presence', got {self.feedback!r}")
        if (self.scale is not None) != (self.feedback == "ratings"):
            raise DataError(f"a scale belongs to ratings and to nothing else, got {self.scale!r} for {self.feedback!r}")
        if self.scale is not None and not self.scale[0] < self.scale[1]:
            raise DataError(f"the scale must rise, got {self.scale!r}")
        if self.user_table is not None and self.user_table.height != len(self.users):
            raise DataError(f"the user table must have one row per user ({len(self.users)})")
        if self.friends is not None and self.friends.shape != (len(self.users), len(self.users)):
            raise DataError(f"friends must be a users x users matrix, got shape {self.friends.shape}")

    @classmethod
    def from_csr(
        cls,
        matrix: sp.csr_array[Any] | sp.csr_matrix[Any],
        *,
        users: Vocabulary | None = None,
        items: Vocabulary | None = None,
        feedback: Feedback = "plays",
        scale: tuple[float, float] | None = None,
    ) -> Dataset:
        """A dataset of a users x items matrix; without vocabularies, ids are the row and column numbers."""
        n_users, n_items = matrix.shape
        users = users if users is not None else Vocabulary(map(str, range(n_users)))
        items = items if items is not None else Vocabulary(map(str, range(n_items)))
        histories = replace(Histories.from_csr(matrix), repeats=repeats_of(feedback))
        return cls(
            users, items, histories, Catalogue.bare(items), feedback=feedback, scale=_scale(feedback, scale, histories)
        )

    @classmethod
    def from_frame(
        cls,
        frame: pl.DataFrame,
        *,
        user: str,
        item: str,
        weight: str | None = None,
        time: str | None = None,
        feedback: Feedback | None = None,
        scale: tuple[float, float] | None = None,
    ) -> Dataset:
        """A dataset of a frame with one row per interaction.

        `user` and `item` name columns of ids (anything that casts to text); `weight` a numeric column, `time` a column
        of Datetime, Date or whole seconds since 1970 UTC. Without `weight` each row is presence, or one play where
        there are times. Rows are ordered by time within a user, otherwise they keep their place.
        Raises DataError for a missing column, a missing id, or a weight that is not a finite number.
        """
        wanted = {"user": user, "item": item, "weight": weight, "time": time}
        for role, name in wanted.items():
            if name is not None and name not in frame.columns:
                raise DataError(f"no column {name!r} for the {role}; the columns are {frame.columns}")
        if feedback is None:
            feedback = "plays" if weight is not None or time is not None else "presence"
        users, user_positions = Vocabulary.encode(frame[user])
        items, item_positions = Vocabulary.encode(frame[item])
        weights = np.ones(frame.height, np.float32) if weight is None else _numbers(frame[weight])
        times = None if time is None else _seconds(frame[time])
        order = np.argsort(user_positions, kind="stable") if times is None else np.lexsort((times, user_positions))
        counts = np.bincount(user_positions, minlength=len(users))
        histories = Histories(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            item_positions[order],
            weights[order],
            None if times is None else times[order],
            order="none" if times is None else "time",
            repeats=repeats_of(feedback),
        )
        return cls(
            users, items, histories, Catalogue.bare(items), feedback=feedback, scale=_scale(feedback, scale, histories)
        )

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return (
            f"Dataset({self.n_users} users, {self.n_items} items, {self.histories.n_entries} entries, "
            f"feedback={self.feedback!r})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dataset):
            return NotImplemented
        return (
            (self.feedback, self.scale) == (other.feedback, other.scale)
            and self.users == other.users
            and self.items == other.items
            and self.histories == other.histories
            and self.catalogue == other.catalogue
            and _same_frame(self.user_table, other.user_table)
            and _same_matrix(self.friends, other.friends)
        )

    __hash__ = None  # type: ignore[assignment]

    def csr(self) -> sp.csr_array[Any]:
        """The users x items matrix of raw weights, float32 (see Histories.csr)."""
        return self.histories.csr(self.n_items)

    def with_histories(self, histories: Histories) -> Dataset:
        """The same users and items with other histories; used by splits and preparation."""
        return replace(self, histories=histories)

    def subset(self, rows: np.ndarray[Any, np.dtype[np.int64]]) -> Dataset:
        """Only these users (positions, in the order given); items and catalogue stay whole."""
        return replace(
            self,
            users=Vocabulary(self.users.series.gather(rows)),
            histories=self.histories[rows],
            user_table=None if self.user_table is None else self.user_table[rows],
            friends=None if self.friends is None else sp.csr_array(self.friends[rows][:, rows]),
        )

    def fingerprint(self) -> str:
        """SHA-256 over ids, entries and kind of feedback, as 64 hex digits: equal data, equal fingerprint."""
        histories = self.histories
        return fingerprint(
            self.users,
            self.items,
            (self.feedback, self.scale, histories.order, histories.repeats),
            histories.offsets,
            [histories.items],
            [histories.weights],
            None if histories.times is None else [histories.times],
        )


def repeats_of(feedback: Feedback) -> Repeats:
    """How entries of the same item become one: plays and presence are summed, of ratings the last one holds."""
    return "last" if feedback == "ratings" else "sum"


def scale_of(ratings: Float32Array) -> tuple[float, float]:
    """The scale that these ratings span, half a step to either side where all are the same; (0, 1) where none are."""
    if not ratings.size:
        return 0.0, 1.0
    low, high = float(ratings.min()), float(ratings.max())
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def fingerprint(
    users: Vocabulary,
    items: Vocabulary,
    kind: tuple[Feedback, tuple[float, float] | None, Order, Repeats],
    offsets: Int64Array,
    item_blocks: Iterable[Int32Array],
    weight_blocks: Iterable[Float32Array],
    time_blocks: Iterable[Int64Array] | None,
) -> str:
    """`Dataset.fingerprint` of entries that come in blocks; where the blocks begin and end makes no difference."""
    digest = hashlib.sha256(repr((users.digest, items.digest, *kind)).encode())
    digest.update(offsets.data)
    for blocks in (item_blocks, weight_blocks, time_blocks):
        if blocks is None:
            digest.update(b"-")
            continue
        for block in blocks:
            digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()


def _scale(feedback: Feedback, scale: tuple[float, float] | None, histories: Histories) -> tuple[float, float] | None:
    return scale_of(histories.weights) if feedback == "ratings" and scale is None else scale


def _numbers(column: pl.Series) -> np.ndarray[Any, np.dtype[np.float32]]:
    try:
        values = column.cast(pl.Float32).to_numpy()
    except pl.exceptions.PolarsError:
        raise DataError(f"the column {column.name!r} must hold numbers, it holds {column.dtype}") from None
    return np.asarray(values, dtype=np.float32)


def _seconds(column: pl.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    if column.null_count():
        raise DataError(f"the column {column.name!r} has {column.null_count()} missing times")
    if column.dtype in (pl.Datetime, pl.Date):
        return column.dt.epoch("s").to_numpy().astype(np.int64)
    if column.dtype.is_integer():
        return column.to_numpy().astype(np.int64)
    raise DataError(f"the column {column.name!r} must hold dates or whole seconds since 1970, it holds {column.dtype}")


def _same_frame(a: pl.DataFrame | None, b: pl.DataFrame | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.equals(b)


def _same_matrix(a: sp.csr_array[Any] | None, b: sp.csr_array[Any] | None) -> bool:
    if a is None or b is None:
        return a is b
    return bool(a.shape == b.shape and (a.astype(np.float64) - b.astype(np.float64)).count_nonzero() == 0)
