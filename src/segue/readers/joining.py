"""New data added to a dataset that is there: known ids keep their positions, so that models made before stay valid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import BoolArray, Int32Array
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.dataset_files import row_blocks
from segue.errors import DataError
from segue.readers.entries import stacked

_NEW: Final = "new"
_AT_ONCE: Final = 1 << 21  # entries


@dataclass(frozen=True, slots=True)
class Joined:
    """What a joining did.

    new_users, new_items: how many were not there before.
    added:    entries that came in.
    repeated: entries that were there already (same user, item and second; in playlists, same user and item).
    left_out: entries of items that are not there, where only known ones were wanted.
    notes:    sentences on what had to be made fit.
    """

    new_users: int
    new_items: int
    added: int
    repeated: int
    left_out: int
    notes: tuple[str, ...] = ()


def joined(
    dataset: Dataset,
    more: Dataset,
    positions: Int32Array | None = None,
    *,
    as_user: str | None = None,
    only_known: bool = False,
    undated: bool = False,
) -> tuple[Dataset, Joined]:
    """The dataset with the users, items and entries of another one added to it.

    positions: for each item of `more` the item of `dataset` that it is, -1 for none; by default, that of the same id.
    as_user:   the entries of all users of `more` are those of this one user.
    only_known: entries of items that `dataset` does not have are left out.
    undated:   entries without a time may be added to a dataset that has times; they get the last time in it.

    Histories of a user whom both have become one: with times, in order of time, an item at a second at which it is
    there already being the same entry; playlists, the new items behind; else, weights of one item summed, or the last.
    Rows of the catalogue that are there learn what they did not know. What a weight is does not change: plays become
    presence (dislikes stay such) where the dataset knows only that.
    Memory, beside both: the catalogue once more, and 400 MB for entries, however many there are (`stacked`).
    Raises DataError where entries cannot be of one kind (ratings and plays, dated and undated).
    """
    notes = _checked(dataset, more, undated=undated)
    positions = dataset.items.positions(more.items.series) if positions is None else positions
    target, items, catalogue = _items(dataset, more, positions, only_known=only_known)
    names = more.users.series if as_user is None else pl.Series([as_user] * more.n_users, dtype=pl.String)
    users = dataset.users.extended(names)
    row = users.positions(names)
    histories, came = _histories(dataset, more.histories, target, row, len(users))
    n_new = len(users) - dataset.n_users
    first = np.unique(row, return_index=True)[1][-n_new:] if n_new and as_user is None else None
    result = Dataset(
        users,
        items,
        histories.with_context(
            _stacked(dataset.histories.context, more.histories.context, dataset.n_users, n_new, first)
        ),
        catalogue,
        feedback=dataset.feedback,
        scale=dataset.scale,
        user_table=_stacked(dataset.user_table, more.user_table, dataset.n_users, n_new, first),
        friends=_friends(dataset, more, row, len(users), alone=as_user is not None),
    )
    done = Joined(n_new, len(items) - dataset.n_items, came.added, came.repeated, came.left_out, tuple(notes))
    return result, done


def _checked(dataset: Dataset, more: Dataset, *, undated: bool) -> list[str]:
    """Notes on what is made fit; DataError where it cannot be."""
    notes = []
    if (dataset.feedback == "ratings") != (more.feedback == "ratings"):
        raise DataError(
            f"the dataset holds {dataset.feedback}, the files hold {more.feedback}; ratings and plays do not mix: "
            "import them into a workspace of their own, or with --replace"
        )
    if dataset.scale is not None and more.scale is not None:
        (low, high), (least, most) = dataset.scale, more.scale
        if least < low or most > high:
            raise DataError(
                f"the dataset's ratings go from {low:g} to {high:g}, those of the files from {least:g} to {most:g}"
            )
    if dataset.feedback == "presence" and more.feedback == "plays":
        notes.append("the dataset knows presence only: plays became presence, and those below zero dislikes")
    if dataset.histories.times is not None and more.histories.times is None:
        if not undated or not dataset.histories.n_entries:
            raise DataError(
                "the dataset's entries have times, those of the files have none; import them into a workspace of their "
                "own, or with --replace"
            )
        notes.append("the files hold no times: their entries got the last time of the dataset")
    if dataset.histories.times is None and more.histories.times is not None:
        notes.append("the dataset has no times: those of the files were left out")
    return notes


def _items(
    dataset: Dataset, more: Dataset, positions: Int32Array, *, only_known: bool
) -> tuple[Int32Array, Vocabulary, Catalogue]:
    """Where each item of `more` goes (-1: nowhere), and all items with what is known of them."""
    target = positions.copy()
    frame = more.catalogue.frame
    new = np.flatnonzero(target < 0)
    if only_known:
        new = new[:0]
    target[new] = dataset.n_items + np.arange(new.size, dtype=np.int32)
    known = _filled(dataset.catalogue.frame, frame, positions)
    grown = pl.concat([known, frame[new]], how="diagonal") if new.size else known
    items = Vocabulary(pl.concat([dataset.items.series, more.items.series.gather(new)]))
    return target, items, Catalogue(grown)


def _filled(known: pl.DataFrame, told: pl.DataFrame, positions: Int32Array) -> pl.DataFrame:
    """The known rows, their gaps filled from the first row that tells of the same item."""
    columns = [name for name in told.columns if name not in ("id", "kind", "recording", "song")]
    if not columns:
        return known
    rows = told.select(columns).with_columns(pl.Series("row", positions)).filter(pl.col("row") >= 0)
    if not rows.height:
        return known
    told_once = rows.group_by("row", maintain_order=True).agg(pl.col(name).drop_nulls().first() for name in columns)
    filled = known.with_row_index("row").with_columns(pl.col("row").cast(pl.Int32))
    filled = filled.join(told_once, on="row", how="left", maintain_order="left", suffix=f"_{_NEW}").drop("row")
    both = [name for name in columns if name in known.columns]
    return filled.with_columns(pl.coalesce(name, f"{name}_{_NEW}").alias(name) for name in both).drop(
        [f"{name}_{_NEW}" for name in both]
    )


@dataclass(slots=True)
class _Came:
    """What became of the entries of new data, so far (see `Joined`)."""

    added: int = 0
    repeated: int = 0
    left_out: int = 0


def _histories(
    dataset: Dataset, more: Histories, target: Int32Array, row: Int32Array, n_users: int
) -> tuple[Histories, _Came]:
    """All histories, made a block of users at a time; those of `more` go to users `row`, their items to `target`."""
    old = dataset.histories.with_context(None)
    last = int(old.times.max()) if old.times is not None and old.n_entries else 0
    order = np.argsort(row, kind="stable")
    of_row = row[order]
    sizes = np.bincount(row, weights=more.lengths, minlength=n_users).astype(np.int64)
    sizes[: len(old)] += old.lengths
    came = _Came()

    def blocks() -> Iterator[Histories]:
        for start, stop in row_blocks(np.concatenate([[0], np.cumsum(sizes)]), _AT_ONCE):
            chosen = order[slice(*np.searchsorted(of_row, (start, stop)))]
            entries = _entries(dataset, more[chosen], target, row[chosen] - np.int32(start), last)
            known = entries.filter(pl.col("item") >= 0)
            came.left_out += entries.height - known.height
            yield _met(dataset, old[start:stop], known, stop - start, came)

    return stacked(blocks()), came


def _entries(dataset: Dataset, histories: Histories, target: Int32Array, row: Int32Array, last: int) -> pl.DataFrame:
    """Entries as (user, item, weight, time), as the dataset would hold them; `last` is the time of undated ones."""
    weights = histories.weights
    if dataset.feedback == "presence":
        histories = histories.merged() if histories.order != "position" else histories
        weights = np.sign(histories.weights)
    columns: dict[str, Any] = {
        "user": row[histories.row_of_entry],
        "item": target[histories.items],
        "weight": weights,
    }
    if dataset.histories.times is not None:
        times = histories.times
        columns["time"] = np.full(histories.n_entries, last, np.int64) if times is None else times
    return pl.DataFrame(columns)


def _met(dataset: Dataset, old: Histories, entries: pl.DataFrame, n_users: int, came: _Came) -> Histories:
    """The histories of some users and what comes to them; users beyond those of `old` had none."""
    columns: dict[str, Any] = {"user": old.row_of_entry.astype(np.int32), "item": old.items, "weight": old.weights}
    if old.times is not None:
        columns["time"] = old.times
    before = pl.DataFrame(columns)
    same = {"time": ["user", "item", "time"], "position": ["user", "item"], "none": None}[old.order]
    height = entries.height
    if same is not None:
        entries = entries.join(before.select(same).unique(), on=same, how="anti", maintain_order="left")
    if old.order == "time":
        entries = entries.unique(same, keep="first", maintain_order=True)
    came.added += entries.height
    came.repeated += height - entries.height
    both = pl.concat([before, entries]).sort("user", *(["time"] if old.order == "time" else []), maintain_order=True)
    lengths = np.bincount(both["user"].to_numpy(), minlength=n_users)
    histories = Histories(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        both["item"].to_numpy(),
        both["weight"].to_numpy(),
        None if old.times is None else both["time"].to_numpy(),
        order=old.order,
        repeats=old.repeats,
    )
    if old.order == "none":
        histories = histories.merged()
        if dataset.feedback == "presence":
            histories = replace(histories, weights=np.sign(histories.weights))
    return histories


def _stacked(
    before: pl.DataFrame | None, more: pl.DataFrame | None, n_before: int, n_new: int, first: BoolArray | Any
) -> pl.DataFrame | None:
    """Rows of a table for all users: the old ones as they are, the new ones from `more` (its rows `first`) or null."""
    if before is None and (more is None or first is None):
        return None
    told = more if more is not None and first is not None else None
    top = (
        before
        if before is not None
        else pl.DataFrame({told.columns[0]: [None] * n_before})
        if told is not None
        else None
    )
    assert top is not None
    rest = told[first] if told is not None else pl.DataFrame({top.columns[0]: [None] * n_new})
    return pl.concat([top, rest], how="diagonal_relaxed") if n_new else top


def _friends(
    dataset: Dataset, more: Dataset, row: Int32Array, n_users: int, *, alone: bool
) -> sp.csr_array[Any] | None:
    if dataset.friends is None and (more.friends is None or alone):
        return None
    links = [] if dataset.friends is None else [sp.coo_array(dataset.friends)]
    parts = [(link.row, link.col, link.data) for link in links]
    if more.friends is not None and not alone:
        theirs = sp.coo_array(more.friends)
        parts.append((row[theirs.row], row[theirs.col], theirs.data))
    start, end, weight = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    both = pl.DataFrame({"start": start, "end": end, "weight": weight}).unique(
        ["start", "end"], keep="first", maintain_order=True
    )
    return sp.coo_array(
        (both["weight"].to_numpy(), (both["start"].to_numpy(), both["end"].to_numpy())), shape=(n_users, n_users)
    ).tocsr()
