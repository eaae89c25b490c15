"""Rows of (user, item, weight, time) as text, checked and gathered into histories as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Int32Array
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset, Feedback, repeats_of, scale_of
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.readers import delimited
from segue.readers.entries import Block, EntriesByUser, stacked
from segue.readers.file_set import TOO_WIDE
from segue.readers.ids import Ids, Text
from segue.readers.report import Tally
from segue.readers.sifting import sift
from segue.readers.times import EARLIEST, LATEST, TimeForm

_MOST_PLAYS: Final = 2.0**63
_MOST: Final = float(np.finfo(np.float32).max)
_TIME, _WEIGHT = "seconds", "number"
_WORDS: Final = ("title", "artist", "mbid")
_WORTH_A_THREAD: Final = 1 << 16  # rows


@dataclass(frozen=True, slots=True)
class RowForm:
    """What the rows of one file hold beside user and item, and what a weight may be."""

    weight: bool
    time: TimeForm | None
    feedback: Feedback
    scale: tuple[float, float] | None = None
    header: Mapping[str, str] | None = None  # the names over the columns read: a row that repeats them is no data


class Interactions:
    """Gathers rows of any number of files, block by block: ids become positions at once, text is not kept.

    Memory: the ids (see `Ids`), the words that are told of items, and 400 MB for entries, 640 MB with times, however
    many there are: the rest of them lies in temporary files (see `EntriesByUser` and `stacked`).
    """

    def __init__(self, entries: EntriesByUser | None = None) -> None:
        self._users, self._items = Ids(), Ids()
        self._entries = entries or EntriesByUser()
        self._words = {name: _Words(name) for name in _WORDS}
        self._weights = np.array([np.inf, -np.inf], np.float32)  # the lowest and the highest so far

    @property
    def n_entries(self) -> int:
        """The number of rows accepted so far."""
        return self._entries.n_entries

    def add(self, rows: pl.DataFrame, form: RowForm, tally: Tally) -> None:
        """Takes a frame of text columns (user, item; of weight, time, title, artist, mbid what there is) and LINE.

        Rows that cannot be used are rejected on the tally, each for the first reason that holds.
        """
        typed = rows.with_columns(_typed(form, rows)) if form.weight or form.time else rows
        ids = Text(rows["user"]), Text(rows["item"])
        typed = sift(typed, _reasons(form, typed, nul=any("\0" in text.whole for text in ids)), tally)
        if not typed.height:
            return
        if typed.height < rows.height:
            ids = Text(typed["user"]), Text(typed["item"])
        users, items = self._positions(*ids)
        for name, found in self._words.items():
            if name in typed.columns:
                found.add(items, typed[name])
        weights = typed[_WEIGHT].cast(pl.Float32).to_numpy() if form.weight else None
        times = typed[_TIME].to_numpy() if form.time is not None else None
        self._entries.add(users, items, weights, times)
        lowest = np.float32(1) if weights is None else weights.min()
        highest = np.float32(1) if weights is None else weights.max()
        self._weights = np.array([min(self._weights[0], lowest), max(self._weights[1], highest)], np.float32)

    def _positions(self, users: Text, items: Text) -> tuple[Int32Array, Int32Array]:
        """The numbers of users and of items, found side by side."""
        if users.column.len() < _WORTH_A_THREAD:
            return self._users.of(users), self._items.of(items)
        with ThreadPoolExecutor(1) as other:
            found = other.submit(self._users.of, users)
            numbers = self._items.of(items)
            return found.result(), numbers

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
        if not self.n_entries:
            raise DataError("there are no rows to make a dataset of")
        known = pl.DataFrame({"id": self._items.series})
        for words in self._words.values():
            if words:
                known = known.with_columns(words.by_item(known.height))
        place: Int32Array | None = None
        if canonical is not None:
            known = known.with_columns(canonical(known).alias("id"))
            vocabulary, place = Vocabulary.encode(known["id"])
            known = known.group_by("id", maintain_order=True).agg(pl.exclude("id").drop_nulls().first())
        else:
            vocabulary = Vocabulary(known["id"])
        if kind is not None:
            known = known.with_columns(pl.lit(kind).alias("kind"))
        users = Vocabulary(self._users.series)
        blocks = self._entries.blocks(len(users))
        histories = stacked(_gathered(block, place, len(vocabulary), feedback) for block in blocks)
        if feedback == "ratings" and scale is None:
            scale = scale_of(self._weights)
        dataset = Dataset(users, vocabulary, histories, Catalogue(known), feedback=feedback, scale=scale)
        return dataset, self.n_entries - histories.n_entries


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

    def by_item(self, n_items: int) -> pl.Series:
        """The text of each item, null where there is none."""
        everyone = pl.DataFrame({"item": np.arange(n_items, dtype=np.int32)})
        return everyone.join(pl.concat(self._blocks), on="item", how="left", maintain_order="left")[self._name]


def _typed(form: RowForm, rows: pl.DataFrame) -> list[pl.Series | pl.Expr]:
    columns: list[pl.Series | pl.Expr] = []
    if form.weight:
        numbers = rows["weight"].cast(pl.Float64, strict=False)
        if numbers.null_count():
            numbers = rows["weight"].str.strip_chars().cast(pl.Float64, strict=False)
        columns.append(numbers.alias(_WEIGHT))
    if form.time is not None:
        columns.append(form.time.seconds(pl.col("time")).alias(_TIME))
    return columns


def _reasons(form: RowForm, rows: pl.DataFrame, *, nul: bool) -> list[tuple[str, pl.Expr]]:
    """Every reason to reject a row, in the order in which they are asked; of the costly ones, those that may hold."""
    user, item = pl.col("user"), pl.col("item")
    reasons: list[tuple[str, pl.Expr]] = []
    if delimited.TOO_WIDE in rows.columns:
        reasons.append(TOO_WIDE)
    if form.header is not None:
        repeats = pl.all_horizontal(pl.col(role) == name for role, name in form.header.items())
        reasons.append(("the row repeats the header", repeats))
    reasons += [("the user is missing", user == ""), ("the item is missing", item == "")]
    if nul:
        some = user.str.contains("\0", literal=True) | item.str.contains("\0", literal=True)
        reasons.append(("an id holds a NUL byte", some))
    if form.weight:
        number = pl.col(_WEIGHT)
        if rows[_WEIGHT].null_count():
            reasons += [
                ("the weight is missing", pl.col("weight").str.strip_chars() == ""),
                ("the weight is not a number", number.is_null()),
            ]
        reasons.append(
            ("the weight is not finite (NaN, infinity, or too large)", ~number.is_finite() | (number.abs() > _MOST))
        )
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
        if rows[_TIME].null_count():
            reasons += [
                ("the time is missing", pl.col("time").str.strip_chars() == ""),
                (f"the time is not one (the others are {form.time.name})", seconds.is_null()),
            ]
        reasons.append(
            ("the time lies outside the years 1970 to 2099", ~seconds.is_between(EARLIEST, LATEST, closed="left"))
        )
    return reasons


def _gathered(block: Block, place: Int32Array | None, n_items: int, feedback: Feedback) -> Histories:
    """The histories of a block's users; `place` says where its items stand, by default where they are."""
    offsets, weights, times = block.offsets, block.weights, block.times
    items = block.items if place is None else place[block.items]
    if times is None and feedback == "ratings":
        return Histories(offsets, items, weights, repeats="last").merged()
    if times is None:
        matrix = sp.csr_array((weights.astype(np.float64), items, offsets), shape=(offsets.size - 1, n_items))
        matrix.sum_duplicates()
        summed = np.ones(matrix.nnz, np.float32) if feedback == "presence" else _fitting(matrix.data)
        return Histories(matrix.indptr.astype(np.int64), matrix.indices, summed)
    rows = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    if np.any((times[1:] < times[:-1]) & (rows[1:] == rows[:-1])):
        order = np.lexsort((times, rows))
        items, weights, times = items[order], weights[order], times[order]
    merged = _same_second_merged(Histories(offsets, items, weights, times, order="time", repeats=repeats_of(feedback)))
    return replace(merged, weights=np.ones_like(merged.weights)) if feedback == "presence" else merged


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
    if max(sums.max(initial=0), -sums.min(initial=0)) > _MOST:
        sums = np.clip(sums, -_MOST, _MOST)
    return sums.astype(np.float32)
