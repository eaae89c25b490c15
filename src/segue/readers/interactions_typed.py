"""Tables whose header names the type of each column, in the atomic files of RecBole.

    NAME.inter   user_id:token item_id:token rating:float timestamp:float   interactions
    NAME.item    item_id:token title:token_seq artist:token ...             may be missing
    NAME.user    user_id:token age:float country:token ...                  may be missing

Tab-separated, never quoted. A token is one word or id, a token_seq words, a float a number, a float_seq numbers.
Zhao et al., RecBole: Towards a Unified, Comprehensive and Efficient Framework for Recommendation Algorithms, CIKM 2021.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.catalogue import AUDIO_FEATURES, Catalogue
from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError, StorageError
from segue.readers import delimited
from segue.readers.columns import Columns, choose_columns, plain_name
from segue.readers.file_set import TOO_WIDE, FileSet, only_path
from segue.readers.interactions import Interactions, RowForm
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport
from segue.readers.sifting import sift
from segue.readers.text import TextFile, first_lines
from segue.readers.times import guess_form

_NAMED: Final = re.compile(r"[^\s:][^:\t]*:(token|token_seq|float|float_seq)")
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "user": ("token",),
    "item": ("token",),
    "weight": ("float", "token"),
    "time": ("float", "token"),
    "title": ("token", "token_seq"),
    "artist": ("token", "token_seq"),
}
_ABOUT_ITEMS: Final[Mapping[str, tuple[str, ...]]] = {  # column of the catalogue -> its usual names
    "title": ("title", "trackname", "tracktitle", "songname", "itemname", "name"),
    "artist": ("artist", "artistname", "artists", "artistnames", "band"),
    "album": ("album", "albumname"),
    "genres": ("genres", "genre", "class", "category", "categories"),
    "tags": ("tags", "tag"),
    "isrc": ("isrc",),
    "mbid": ("mbid", "recordingmbid", "trackmbid"),
    "popularity": ("popularity",),
    **{name: (plain_name(name),) for name in AUDIO_FEATURES},
}
_LISTS: Final = ("genres", "tags")
_NUMBERS: Final = ("popularity", *AUDIO_FEATURES)


@dataclass(frozen=True, slots=True)
class TypedInteractions:
    """Interactions with typed headers, and what is told of items and users."""

    name: ClassVar[str] = "interactions"
    description: ClassVar[str] = "tab-separated columns with typed names (user_id:token item_id:token ...), NAME.inter"

    def sniff(self, path: Path) -> Guess | None:
        """A file whose header types every column and has more than one token, or a folder with one such NAME.inter."""
        found = _inter_in(path)
        header = [] if found is None else (first_lines(found) or [""])[0].split("\t")
        if not _typed(header) or sum(name.endswith(":token") for name in header) < 2:
            return None
        where = "" if found == path else f"{found.name} in it: " if found is not None else ""
        return Guess(self.name, f"{where}its header names the type of every column, as in {header[0].strip()}")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """One NAME.inter, or the folder with it; NAME.item and NAME.user are taken where they lie beside it.

        Which column is what follows from the names, as in tables, or from the options.
        """
        allowed = ("user", "item", "weight", "time", "title", "artist", "encoding", "feedback", "scale")
        options.only(*allowed, format=self.name)
        path = only_path(paths, self.name)
        inter = _inter_in(path)
        if inter is None:
            raise StorageError(f"{path} holds no file NAME.inter, or several; name one of them")
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        text = files.opened(inter)
        names, sample = _head(text)
        columns = choose_columns(inter, names, sample, options)
        _check_types(inter, names, columns)
        form = _form(inter, names, sample, columns, options)
        files.notes.append(columns.note + ("" if form.time is None else f"; times are {form.time.name}"))
        rows = Interactions()
        dialect = delimited.Dialect("\t", quoted=False, width=len(names))
        for frame in files.frames(text, dialect, columns.numbers, header=True):
            rows.add(frame, form, files.tally)
        if not rows.n_entries:
            raise DataError(f"{inter} has no row that can be used; {columns.note}")
        dataset, merged = rows.dataset(form.feedback, options.scale, kind=columns.kind)
        dataset = _with_items(files, inter.with_suffix(".item"), dataset)
        dataset = _with_users(files, inter.with_suffix(".user"), dataset)
        return dataset, ReadReport(self.name, files.reports(), merged, tuple(files.notes))


def _inter_in(path: Path) -> Path | None:
    if not path.is_dir():
        return path
    found = [file for file in path.glob("*.inter") if file.is_file()]
    return found[0] if len(found) == 1 else None


def _typed(header: Sequence[str]) -> bool:
    return len(header) > 1 and all(_NAMED.fullmatch(name.strip("\r ")) for name in header)


def _head(text: TextFile) -> tuple[list[str], list[list[str]]]:
    """The names of the columns with their types, and the first rows; DataError where the header is no typed one."""
    lines = delimited.sample_lines(text)
    names = [name.strip() for name in lines[0].split("\t")] if lines else []
    if not _typed(names):
        raise DataError(
            f"{text.path} must begin with tab-separated names and types, as in user_id:token item_id:token "
            f"rating:float; it begins with {lines[0][:80] if lines else ''!r}"
        )
    return names, [line.split("\t") for line in lines[1:]]


def _check_types(path: Path, names: Sequence[str], columns: Columns) -> None:
    for role, number in columns.numbers.items():
        kind = names[number].rpartition(":")[2]
        if kind not in _TYPES[role]:
            raise DataError(
                f"{path}: the {role} is a {' or a '.join(_TYPES[role])}, but the column {names[number]!r} holds a "
                f"{kind}; name another one with --{role}"
            )


def _form(
    path: Path, names: Sequence[str], rows: Sequence[Sequence[str]], columns: Columns, options: ReadOptions
) -> RowForm:
    time = None
    if "time" in columns.numbers and rows:
        number = columns.numbers["time"]
        time = guess_form(pl.Series("time", [row[number] for row in rows if number < len(row)], dtype=pl.String))
        if time is None:
            raise DataError(f"{path}: most values of the column {names[number]!r} are no time; expected a number")
    weight = "weight" in columns.numbers and columns.feedback != "presence"
    header = {role: names[number] for role, number in columns.numbers.items()}
    return RowForm(weight, time, columns.feedback, options.scale, header)


def _told(files: FileSet, path: Path, role: str) -> tuple[pl.DataFrame, list[str]] | None:
    """A file beside the interactions as text, its id in "id", and the names of the other columns; None if missing."""
    if not path.is_file():
        files.notes.append(f"there is no {path.name}; what it tells is not known")
        return None
    text = files.opened(path)
    names, _ = _head(text)
    own = next((n for n, name in enumerate(names) if plain_name(name).startswith(role)), 0)
    others = [name for number, name in enumerate(names) if number != own]
    if len(set(others)) < len(others):
        raise DataError(f"{path} has a column more than once: {', '.join(names)}")
    numbers = {"id": own, **{name: number for number, name in enumerate(names) if number != own}}
    rows = files.table(text, delimited.Dialect("\t", quoted=False, width=len(names)), numbers, header=True)
    reasons = [
        TOO_WIDE,
        (f"the {role} is missing", pl.col("id") == ""),
        (f"the {role} came before", ~pl.col("id").is_first_distinct()),
        *(
            (f"{name!r} is no number", (pl.col(name) != "") & _number(name).is_null())
            for name in others
            if name.endswith(":float")
        ),
    ]
    return sift(rows, reasons, files.tally), others


def _with_items(files: FileSet, path: Path, dataset: Dataset) -> Dataset:
    """What is told of the items; those without an interaction are items, too."""
    told = _told(files, path, "item")
    if told is None:
        return dataset
    rows, names = told
    known: list[pl.Expr] = []
    for column, usual in _ABOUT_ITEMS.items():
        name = next((name for word in usual for name in names if plain_name(name) == word), None)
        if name is not None:
            names.remove(name)
            known.append(_value(column, name))
    if names:
        files.notes.append(f"of {path.name}, these columns have no place in the catalogue: {', '.join(names)}")
    about = rows.select("id", *known)
    items = dataset.items.extended(about["id"])
    bare = dataset.catalogue.frame.drop([name for name in about.columns if name != "id"], strict=False)
    catalogue = pl.DataFrame({"id": items.series}).join(bare, on="id", how="left", maintain_order="left")
    if "kind" in catalogue.columns:
        catalogue = catalogue.with_columns(pl.col("kind").fill_null(strategy="forward"))
    catalogue = catalogue.join(about, on="id", how="left", maintain_order="left")
    return replace(dataset, items=items, catalogue=Catalogue(catalogue))


def _with_users(files: FileSet, path: Path, dataset: Dataset) -> Dataset:
    """What is told of the users, in the table of users; those without an interaction are left out."""
    told = _told(files, path, "user")
    if told is None:
        return dataset
    rows, names = told
    silent = rows.filter(~pl.col("id").is_in(dataset.users.series.implode())).height
    if silent:
        files.notes.append(f"users in {path.name} without an interaction: {silent}; they are left out")
    about = rows.select(
        "id",
        *((_number(name) if name.endswith(":float") else _text(name)).alias(name.rpartition(":")[0]) for name in names),
    )
    table = pl.DataFrame({"id": dataset.users.series}).join(about, on="id", how="left", maintain_order="left")
    return replace(dataset, user_table=table)


def _value(column: str, name: str) -> pl.Expr:
    """A column of the catalogue; lists are separated by commas or bars where there are some, else by spaces."""
    if column in _NUMBERS:
        return _number(name).cast(pl.Float32).alias(column)
    if column not in _LISTS:
        return _text(name).alias(column)
    marked = pl.col(name).str.contains("[,|]").any()
    by_mark = pl.col(name).str.replace_all(r"\s*[,|]\s*", "\t").str.strip_chars().str.split("\t")
    by_space = pl.col(name).str.strip_chars().str.split(" ")
    parts = pl.when(marked).then(by_mark).otherwise(by_space).list.eval(pl.element().filter(pl.element() != ""))
    return pl.when(parts.list.len() > 0).then(parts).alias(column)


def _text(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(pl.col(name))


def _number(name: str) -> pl.Expr:
    number = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)
