"""Rows of (user, item, weight, time) as text, checked and gathered into histories as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Int32Array, Int64Array
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset, Feedback, repeats_of, scale_of
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.readers import delimited
from segue.readers.file_set import TOO_WIDE
from segue.readers.report import Tally
from segue.readers.sifting import sift
from segue.readers.times import EARLIEST, LATEST, TimeForm

_MOST_PLAYS: Final = 2.0**63
_MOST: Final = float(np.finfo(np.float32).max)
_TIME, _WEIGHT = "seconds", "number"
_WORDS: Final = ("title", "artist", "mbid")


@dataclass(frozen=True, slots=True)
class RowForm:
    """What the rows of one file hold beside user and item, and what a weight may be."""

    weight: bool
    time: TimeForm | None
    feedback: Feedback
    scale: tuple[float, float] | None = None
    header: Mapping[str, str] | None = None  # the names over the columns read: a row that repeats them is no data


class Interactions:
    """Gathers rows of any number of files, block by block: ids become positions at once, text is not kept."""

    def __init__(self) -> None:
        self._users, self._items = _Numbers(), _Numbers()
        self._blocks: list[tuple[Int32Array, Int32Array, Float32Array | None, Int64Array | None]] = []
        self._words = {name: _Words(name) for name in _WORDS}

    @property
    def n_entries(self) -> int:
        """The number of rows accepted so far."""
        return sum(block[0].size for block in self._blocks)

    def add(self, rows: pl.DataFrame, form: RowForm, tally: Tally) -> None:
        """Takes a frame of text columns (user, item; of weight, time, title, artist, mbid what there is) and LINE.

        Rows that cannot be used are rejected on the tally, each for the first reason that holds.
        """
        typed = rows.with_columns(_typed(form)) if form.weight or form.time else rows
        typed = sift(typed, _reasons(form, rows.columns), tally)
        if not typed.height:
            return
        items = self._items.of(typed["item"])
        for name, found in self._words.items():
            if name in typed.columns:
                found.add(items, typed[name])
        weights = typed[_WEIGHT].cast(pl.Float32).to_numpy() if form.weight else None
        times = typed[_TIME].to_numpy() if form.time is not None else None
        self._blocks.append((self._users.of(typed["user"]), items, weights, times))

    def dataset(
        self,
        feedback: Feedback,
        scale: tuple[float, float] | None = None,
        kind: str | None = None,
        *,
        canonical: Callable[[pl.DataFrame], pl.Series] | None = None,
    ) -> tuple[Dataset, int]:
        """Everything gathered as a dataset, and how many rows were merged into others.

        `canonical` gets a frame with one row per item, its id and the words known of it (the first ones that were not
        empty), and returns the ids that they are to have; items that get the same one are one item.

        Without times, rows of the same user and item become one: plays are summed, of ratings the last counts, and the
        order within a history means nothing. With times they stay apart, in order of time; only those of the same
        second become one.
        """
        if not self._blocks:
            raise DataError("there are no rows to make a dataset of")
        users, user_ids, _ = self._users.by_appearance([block[0] for block in self._blocks])
        items, item_ids, new_items = self._items.by_appearance([block[1] for block in self._blocks])
        weights = np.concatenate(
            [np.ones(block[0].size, np.float32) if block[2] is None else block[2] for block in self._blocks]
        )
        times = None
        if all(block[3] is not None for block in self._blocks):
            times = np.concatenate([block[3] for block in self._blocks if block[3] is not None])
        self._blocks = []
        known = pl.DataFrame({"id": item_ids})
        for words in self._words.values():
            if words:
                known = known.with_columns(words.by_item(new_items, known.height))
        if canonical is not None:
            known = known.with_columns(canonical(known).alias("id"))
            vocabulary, place = Vocabulary.encode(known["id"])
            items = place[items]
            known = known.group_by("id", maintain_order=True).agg(pl.exclude("id").drop_nulls().first())
        else:
            vocabulary = Vocabulary(item_ids)
        if kind is not None:
            known = known.with_columns(pl.lit(kind).alias("kind"))
        histories = _gathered(users, items, weights, times, (len(user_ids), len(vocabulary)), feedback)
        if feedback == "ratings" and scale is None:
            scale = scale_of(weights)
        dataset = Dataset(Vocabulary(user_ids), vocabulary, histories, Catalogue(known), feedback=feedback, scale=scale)
        return dataset, users.size - histories.n_entries


class _Numbers:
    """Ids as numbers, in a table that grows: a Polars category type of its own."""

    def __init__(self) -> None:
        self._categories = pl.Categories.random()
        self._type = pl.Categorical(self._categories)
        # Polars forgets the categories of a type of which no column is left.
        self._anchor = pl.Series([""], dtype=pl.String).cast(self._type)

    def of(self, column: pl.Series) -> Int32Array:
        """The number of each id, int32."""
        return column.cast(self._type).to_physical().to_numpy().astype(np.int32)

    def by_appearance(self, blocks: list[Int32Array]) -> tuple[Int32Array, pl.Series, Int32Array]:
        """All numbers as positions by first appearance, the ids in that order, and the map from number to position.

        In which order Polars numbers the ids of a block is its own business; that of the rows is what counts here.
        """
        numbers = np.concatenate(blocks)
        ids = self._categories.to_series()
        first = np.full(ids.len(), numbers.size, dtype=np.int64)
        first[numbers[::-1]] = np.arange(numbers.size - 1, -1, -1)
        in_order = np.argsort(first)[: np.count_nonzero(first < numbers.size)]
        position = np.full(first.size, -1, dtype=np.int32)
        position[in_order] = np.arange(in_order.size, dtype=np.int32)
        return position[numbers], ids.gather(in_order), position


class _Words:
    """What one column says of the items: of each item the first text that is not empty, and nothing else is kept."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known = np.zeros(0, dtype=np.bool_)
        self._blocks: list[pl.DataFrame] = []

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def add(self, items: Int32Array, texts: pl.Series) -> None:
        """One text for each of these numbers of items."""
        beyond = int(items.max(initial=-1)) + 1 - self._known.size
        if beyond > 0:
            self._known = np.concatenate([self._known, np.zeros(beyond, dtype=np.bool_)])
        new = pl.Series(~self._known[items]) & (texts != "")
        if not new.any():
            return
        rows = pl.DataFrame({"item": pl.Series(items).filter(new), self._name: texts.filter(new)})
        # A text column shares the memory of the column that it is taken from: the text of a whole block of the file.
        own = pl.concat_str(pl.lit(""), pl.col(self._name)).alias(self._name)
        block = rows.unique("item", keep="first", maintain_order=True).with_columns(own)
        self._known[block["item"].to_numpy()] = True
        self._blocks.append(block)

    def by_item(self, position: Int32Array, n_items: int) -> pl.Series:
        """The text of each item, null where there is none; `position` says where the item of each number stands."""
        words = pl.concat(self._blocks)
        placed = words.with_columns(pl.Series("item", position[words["item"].to_numpy()]))
        everyone = pl.DataFrame({"item": np.arange(n_items, dtype=np.int32)})
        return everyone.join(placed, on="item", how="left", maintain_order="left")[self._name]


def _typed(form: RowForm) -> list[pl.Expr]:
    columns = []
    if form.weight:
        columns.append(pl.col("weight").str.strip_chars().cast(pl.Float64, strict=False).alias(_WEIGHT))
    if form.time is not None:
        columns.append(form.time.seconds(pl.col("time")).alias(_TIME))
    return columns


def _reasons(form: RowForm, columns: list[str]) -> list[tuple[str, pl.Expr]]:
    """Every reason to reject a row, in the order in which they are asked."""
    user, item = pl.col("user"), pl.col("item")
    reasons: list[tuple[str, pl.Expr]] = []
    if delimited.TOO_WIDE in columns:
        reasons.append(TOO_WIDE)
    if form.header is not None:
        repeats = pl.all_horizontal(pl.col(role) == name for role, name in form.header.items())
        reasons.append(("the row repeats the header", repeats))
    reasons += [
        ("the user is missing", user == ""),
        ("the item is missing", item == ""),
        ("an id holds a NUL byte", user.str.contains("\0", literal=True) | item.str.contains("\0", literal=True)),
    ]
    if form.weight:
        written, number = pl.col("weight").str.strip_chars(), pl.col(_WEIGHT)
        reasons += [
            ("the weight is missing", written == ""),
            ("the weight is not a number", number.is_null()),
            ("the weight is not finite (NaN, infinity, or too large)", ~number.is_finite() | (number.abs() > _MOST)),
        ]
        if form.feedback == "plays":
            reasons += [
                ("plays cannot be negative", number < 0),
                ("the number of plays is too large (2^63 or more)", number >= _MOST_PLAYS),
            ]
        if form.feedback == "ratings" and form.scale is not None:
            low, high = form.scale
            reasons.append((f"the rating lies outside the scale {low:g} to {high:g}", ~number.is_between(low, high)))
    if form.time is not None:
        seconds = pl.col(_TIME)
        reasons += [
            ("the time is missing", pl.col("time").str.strip_chars() == ""),
            (f"the time is not one (the others are {form.time.name})", seconds.is_null()),
            ("the time lies outside the years 1970 to 2099", ~seconds.is_between(EARLIEST, LATEST, closed="left")),
        ]
    return reasons


def _gathered(
    users: Int32Array,
    items: Int32Array,
    weights: Float32Array,
    times: Int64Array | None,
    shape: tuple[int, int],
    feedback: Feedback,
) -> Histories:
    if times is None and feedback != "ratings":
        matrix = sp.coo_array((weights.astype(np.float64), (users, items)), shape=shape).tocsr()  # sums repeats
        summed = np.ones(matrix.nnz, np.float32) if feedback == "presence" else _fitting(matrix.data)
        return Histories(matrix.indptr.astype(np.int64), matrix.indices, summed)
    order = _by_user(users, shape[0]) if times is None else np.lexsort((times, users))
    offsets: Int64Array = np.concatenate([[0], np.cumsum(np.bincount(users, minlength=shape[0]))]).astype(np.int64)
    if times is None:
        return Histories(offsets, items[order], weights[order], repeats="last").merged()
    merged = _same_second_merged(
        Histories(offsets, items[order], weights[order], times[order], order="time", repeats=repeats_of(feedback))
    )
    return replace(merged, weights=np.ones_like(merged.weights)) if feedback == "presence" else merged


def _by_user(users: Int32Array, n_users: int) -> npt.NDArray[Any]:
    """The stable order by user, by counting."""
    entries = np.arange(users.size)
    return sp.csr_array(sp.coo_array((entries, (users, entries)), shape=(n_users, max(users.size, 1)))).data


def _same_second_merged(histories: Histories) -> Histories:
    """Entries of the same item at the same second of the same history made one."""
    assert histories.times is not None
    runs = np.concatenate([[True], np.diff(histories.times) != 0])
    runs[histories.offsets[:-1][histories.lengths > 0]] = True
    starts = np.flatnonzero(runs)
    if starts.size == histories.n_entries:
        return histories
    seconds = Histories(
        np.append(starts, histories.n_entries).astype(np.int64),
        histories.items,
        histories.weights,
        repeats=histories.repeats,
    )
    merged = seconds.merged()
    kept = merged.lengths
    row = histories.row_of_entry[starts]
    counts = np.bincount(row, weights=kept, minlength=len(histories)).astype(np.int64)
    return Histories(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        merged.items,
        merged.weights,
        np.repeat(histories.times[starts], kept),
        order="time",
        repeats=histories.repeats,
    )


def _fitting(sums: npt.NDArray[np.float64]) -> Float32Array:
    """Sums as float32; a sum of huge weights that overflows becomes the largest number there is."""
    return np.clip(sums, -_MOST, _MOST).astype(np.float32)
