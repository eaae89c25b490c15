"""Lines of a user and that user's items, `user item item ...`, as many benchmark splits are published.

Ids are text, whatever they look like ("007" and "7" are two). Positions follow the first appearance in the file. Blanks
and tabs separate; an empty line is no row. A user who stands alone on a line has no items; lines of the same user are
joined; an item that a user has twice counts once.
He, Deng, Wang, Li, Zhang, Wang, LightGCN, SIGIR 2020, ships its splits so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.sifting import LINE, sift
from segue.readers.text import TextFile, first_lines, look_at

_ID: Final = r"[^ \t\r]+"
_WHOLE: Final = r"^[0-9]+$"
_DAMAGED: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{fffd}]"
_SNIFFED: Final = 50


@dataclass(frozen=True, slots=True)
class UserLists:
    """One line per user, the items after the user; presence, without weights, times or order."""

    name: ClassVar[str] = "user-lists"
    description: ClassVar[str] = "lines of a user and all items of that user: user item item ..."

    def sniff(self, path: Path) -> Guess | None:
        """A text file of whole numbers between blanks, a line per user, with lines of many lengths."""
        rows = [line.split() for line in first_lines(path)[:_SNIFFED]]
        if not rows:
            return None
        whole = all(word.isascii() and word.isdigit() for row in rows for word in row)
        lengths = {len(row) for row in rows}
        one_each = len({row[0] for row in rows}) == len(rows)
        if not (whole and one_each and len(lengths) > 1 and max(lengths) > 5):
            return None
        return Guess(self.name, "its lines are whole numbers, more on some than on others, each beginning with another")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """Files one after another; a row is a line. Ids are kept as they are written.

        A line with a damaged character is rejected, and in a file whose first line is of whole numbers, one with
        anything else. Raises DataError where most lines hold a single word, or no line an item.
        """
        options.only("encoding", format=self.name)
        tallies, frames, notes = [], [], []
        with progress.task("reading lists", sum(_size(path) for path in paths), "bytes") as task:
            for path in paths:
                text = look_at(path, self.name, encoding=options.encoding)
                tally = Tally(path, text.source, strict=strict)
                numeric: bool | None = None
                for block, first in text.blocks(task):
                    rows, numeric = _rows(block.decode(), first, numeric, tally)
                    frames.append(rows)
                tallies.append(tally)
                notes += _noted(text)
        dataset, merged, more = _dataset(pl.concat(frames), paths)
        return dataset, ReadReport(
            self.name, tuple(tally.report() for tally in tallies), merged, (*dict.fromkeys(notes), *more)
        )


def _rows(text: str, first: int, numeric: bool | None, tally: Tally) -> tuple[pl.DataFrame, bool | None]:
    """The usable lines of a block as (user, items), and whether ids are whole numbers (None: not known yet)."""
    lines = pl.DataFrame({"text": text.split("\n")}, schema={"text": pl.String})
    lines = lines.with_row_index(LINE, offset=first).with_columns(words=pl.col("text").str.extract_all(_ID))
    rows = lines.filter(pl.col("words").list.len() > 0)
    tally.rows(rows.height)
    if rows.height and numeric is None:
        numeric = all(word.isascii() and word.isdigit() for word in rows["words"][0].to_list())
    odd = pl.lit(False)
    if numeric:
        odd = pl.col("words").list.eval(~pl.element().str.contains(_WHOLE)).list.any()
    reasons = [
        ("the line holds a damaged character", pl.col("text").str.contains(_DAMAGED)),
        ("an id is no whole number, unlike those of the first line", odd),
    ]
    rows = sift(rows, reasons, tally)
    return rows.select(user=pl.col("words").list.first(), items=pl.col("words").list.slice(1)), numeric


def _dataset(rows: pl.DataFrame, paths: Sequence[Path]) -> tuple[Dataset, int, list[str]]:
    """The dataset of all lines, how many entries repeat another one, and notes."""
    told = ", ".join(map(str, paths))
    alone = rows.filter(pl.col("items").list.len() == 0).height
    if not rows.height:
        raise DataError(f"{told}: there is no line that can be used; expected a user and the user's items on each line")
    if alone * 2 > rows.height:
        raise DataError(
            f"{told}: {alone} of {rows.height} lines hold a single word; expected a user and the user's items on each "
            "line, separated by blanks"
        )
    users, user_of_line = Vocabulary.encode(rows["user"])
    lengths = rows["items"].list.len().to_numpy()
    flat = rows.filter(pl.col("items").list.len() > 0)["items"].explode()
    items, item_of_entry = Vocabulary.encode(flat)
    user_of_entry = np.repeat(user_of_line, lengths)
    order = np.argsort(user_of_entry, kind="stable")
    counts = np.bincount(user_of_entry, minlength=len(users))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    entries = Histories(offsets, item_of_entry[order], np.ones(order.size, np.float32), repeats="last").merged()
    histories = Histories(entries.offsets, entries.items, entries.weights)
    notes = []
    if alone:
        notes.append(f"lines with a user but no items: {alone}")
    if rows.height > len(users):
        notes.append(f"lines of a user who had one before, joined with it: {rows.height - len(users)}")
    dataset = Dataset(users, items, histories, Catalogue.bare(items), feedback="presence")
    return dataset, int(order.size - histories.n_entries), notes


def _noted(text: TextFile) -> list[str]:
    return [] if text.note is None else [text.note]


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
