"""Everybody's lists, and every item's audience, as tables on disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from segue.core.arrays import Float32Array, Int32Array, Int64Array
from segue.core.progress import SILENT, Progress
from segue.core.topk import TopK
from segue.durable import written_file
from segue.station import Station

_ROWS_AT_ONCE: Final = 1 << 20  # rows of a table that are held in memory


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: how many lists, how many rows in all, and how many lists are `empty`; the columns."""

    lists: int
    rows: int
    empty: int
    columns: tuple[str, ...]


def recommend_all(
    station: Station, out: Path, k: int, *, progress: Progress = SILENT, threads: int | None = None
) -> Written:
    """Writes the lists of all users to one Parquet file, whole or not at all.

    Columns: user, user_name, rank, item, item_name, score, rating; names where the data has them, the predicted rating
    where a model of the pipeline predicts ratings. Memory does not grow with the number of users: blocks of about a
    million rows go to disk, and are joined there.
    """
    users, items = station.dataset.users, station.dataset.items
    user_names, item_names = station.user_names, _item_names(station)

    def block_of(chosen: slice) -> tuple[pl.DataFrame, TopK]:
        histories = station.dataset.histories[chosen]
        top = station.pipeline.recommend(histories, k, threads=threads).top
        rows, ranks, places, scores = _long(top)
        rows += chosen.start
        predicted = station.predicted(histories, top.items)
        return _table(
            user=users.series.gather(rows),
            user_name=_named(user_names, rows),
            rank=pl.Series(ranks),
            item=items.series.gather(places),
            item_name=_named(item_names, places),
            score=pl.Series(scores),
            rating=None if predicted is None else pl.Series(predicted[top.items >= 0]),
        ), top

    with progress.task("recommending", total=len(users), unit="users") as task:
        return _written(out, len(users), k, block_of, task.advance)


def audience_all(
    station: Station,
    out: Path,
    k: int,
    *,
    model: str | None = None,
    progress: Progress = SILENT,
    threads: int | None = None,
) -> Written:
    """Writes the audiences of all items that the model knows (see `Station.audience`) to one Parquet file.

    Columns: item, item_name, rank, user, user_name, score, rating; otherwise as `recommend_all`.
    """
    users, items = station.dataset.users, station.dataset.items
    user_names, item_names = station.user_names, _item_names(station)
    n_items = len(station.models[station.audience(np.zeros(0, np.int64), 1, model)[0]].items)

    def block_of(chosen: slice) -> tuple[pl.DataFrame, TopK]:
        name, top = station.audience(np.arange(chosen.start, chosen.stop), k, model, threads=threads)
        rows, ranks, places, scores = _long(top)
        rows += chosen.start
        expected = station.expected(name, scores)
        return _table(
            item=items.series.gather(rows),
            item_name=_named(item_names, rows),
            rank=pl.Series(ranks),
            user=users.series.gather(places),
            user_name=_named(user_names, places),
            score=pl.Series(scores),
            rating=None if expected is None else pl.Series(expected),
        ), top

    with progress.task("finding audiences", total=n_items, unit="items") as task:
        return _written(out, n_items, k, block_of, task.advance)


def _written(
    out: Path,
    n: int,
    k: int,
    block_of: Callable[[slice], tuple[pl.DataFrame, TopK]],
    done: Callable[[float], None],
) -> Written:
    """Makes n lists of k, some at a time, and the file of them all."""
    block = max(1, _ROWS_AT_ONCE // k)
    rows = empty = 0
    columns: list[str] = []
    with written_file(out) as temporary:
        parts = temporary.with_name(temporary.name + ".parts")
        parts.mkdir()
        try:
            for number, start in enumerate(range(0, n, block)):
                frame, top = block_of(slice(start, min(start + block, n)))
                frame.write_parquet(parts / f"{number:06d}.parquet")
                columns = frame.columns
                rows += frame.height
                empty += int(np.count_nonzero(top.lengths == 0))
                done(len(top))
            pl.scan_parquet(sorted(parts.iterdir())).sink_parquet(temporary)
        finally:
            shutil.rmtree(parts, ignore_errors=True)
    return Written(n, rows, empty, tuple(columns))


def _long(top: TopK) -> tuple[Int64Array, Int32Array, Int32Array, Float32Array]:
    """The row, rank (from 1), item and score of every entry, list by list."""
    rows, columns = np.nonzero(top.items >= 0)
    return rows, (columns + 1).astype(np.int32), top.items[rows, columns], top.scores[rows, columns]


def _table(**columns: pl.Series | None) -> pl.DataFrame:
    return pl.DataFrame({name: column for name, column in columns.items() if column is not None})


def _named(names: pl.Series | None, positions: npt.NDArray[np.integer[Any]]) -> pl.Series | None:
    return None if names is None else names.gather(positions)


def _item_names(station: Station) -> pl.Series | None:
    """What a person would call each item; None where the catalogue has nothing but ids."""
    catalogue = station.dataset.catalogue
    return catalogue.labels if catalogue.has("title") or catalogue.has("artist") else None
