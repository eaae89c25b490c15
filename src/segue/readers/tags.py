"""Tables of tags: a row for each tag of an item, with how often it was given where that is known.

    item,tag,count
    t1,dream pop,12

The item goes by its id, or by artist and title. A column called genre fills the genres instead. The tags of an item
come with the most frequent first; those given equally often as they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.progress import SILENT, Progress
from segue.errors import DataError
from segue.readers.enricher import IDENTITY, gathered, given, header, identified
from segue.readers.file_set import TOO_WIDE, FileSet, refuse_same
from segue.readers.named_columns import named_columns
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.sifting import sift

_KINDS: Final[Mapping[str, Sequence[str]]] = {
    "tags": ("tag", "tags", "tagname", "tagvalue"),
    "genres": ("genre", "genres", "genrename"),
}
_NAMES: Final[Mapping[str, Sequence[str]]] = {
    **IDENTITY,
    **_KINDS,
    "count": ("count", "tagcount", "weight", "frequency", "n"),
}


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags or genres of items."""

    name: ClassVar[str] = "tags"
    description: ClassVar[str] = "a table with the columns item and tag (or genre), and perhaps count"

    def sniff(self, path: Path) -> Guess | None:
        """A header that names items, tags, counts, and nothing else: where there are users, it is another form."""
        names = header(path)
        usual = {name: role for role, listed in _NAMES.items() for name in listed}
        roles = {usual.get(name) for name in names}
        if not names or None in roles or not roles & set(_KINDS) or not roles & {"id", "title"}:
            return None
        return Guess(self.name, f"its columns are {', '.join(names)}")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Catalogue, ReadReport]:
        """Files one after another; a tag that an item has several times counts that often."""
        options.only("encoding", format=self.name)
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        parts = []
        for path in paths:
            columns = named_columns(files.opened(path), self.name, _NAMES)
            kind = next((kind for kind in _KINDS if kind in columns.numbers), None)
            if kind is None or not {"id", "title"} & set(columns.numbers):
                raise DataError(f"{path}: expected a column of items (ids or titles) and one of tags or genres")
            parts += [_given(frame, kind, files.tally) for frame in files.named_frames(columns)]
        refuse_same(files.reports())
        rows = pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema=_EMPTY)
        single = rows.unique(["id", "tag", "kind"], keep="first", maintain_order=True)
        catalogue, report = gathered(_lists(rows), files.reports(), self.name, files.notes)
        return catalogue, ReadReport(report.format, report.files, rows.height - single.height, report.notes)


_EMPTY: Final = {"id": pl.String(), "tag": pl.String(), "kind": pl.String(), "times": pl.Float64()}


def _given(frame: pl.DataFrame, kind: str, tally: Tally) -> pl.DataFrame:
    """The sound rows: the item's id and names, the tag, what it is, and how many times it was given."""
    told = [name for name in (*IDENTITY, "count", kind) if name in frame.columns]
    rows = frame.with_columns(given(name) for name in told)
    rows = rows.with_columns(pl.lit(None, pl.String).alias(n) for n in ("id", "title", "count") if n not in told)
    times = pl.col("count").cast(pl.Float64, strict=False)
    rows = sift(
        rows,
        [
            TOO_WIDE,
            ("there is neither an id nor a title", pl.col("id").is_null() & pl.col("title").is_null()),
            ("there is no tag", pl.col(kind).is_null()),
            (
                "the count is no number above 0",
                pl.col("count").is_not_null() & ~(times.is_finite() & (times > 0)).fill_null(value=False),
            ),
        ],
        tally,
    )
    rows = rows.with_columns(times.fill_null(1.0).alias("times"), pl.lit(kind).alias("kind"), pl.col(kind).alias("tag"))
    names = [name for name in IDENTITY if name in rows.columns]
    return identified(rows).select(*names, "tag", "kind", "times")


def _lists(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per item: its names, and its tags and genres as lists."""
    names = [name for name in IDENTITY if name in rows.columns and name != "id"]
    result = rows.group_by("id", maintain_order=True).agg(pl.col(name).drop_nulls().first() for name in names)
    for kind in rows["kind"].unique(maintain_order=True):
        counted = (
            rows.filter(pl.col("kind") == kind)
            .group_by("id", "tag", maintain_order=True)
            .agg(pl.col("times").sum())
            .sort("times", descending=True, maintain_order=True)
        )
        lists = counted.group_by("id", maintain_order=True).agg(pl.col("tag").alias(kind))
        result = result.join(lists, on="id", how="left", maintain_order="left")
    return result
