"""Ratings of artists from 0.5 to 5, in three JSON files: users, artists, ratings.

    users     {"id": 7, "first_name": "Ana", "last_name": "Lima"}
    artists   {"mbid": "8f6bd1e4-fbe1-4f50-aa9b-94c450ec0f11", "name": "Portishead"}
    ratings   {"user": 7, "artist": "8f6bd1e4-fbe1-4f50-aa9b-94c450ec0f11", "rating": 4.5}

Each file is JSON lines, or one JSON list, or one object that holds nothing but such a list. Keys may be spelt as they
usually are (`_KEYS`); case and punctuation do not count. A file is what its keys say, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final, Literal, TypeAlias

import numpy as np
import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.readers import json_lines, json_objects
from segue.readers.columns import plain_name
from segue.readers.file_set import refuse_same
from segue.readers.interactions import Interactions, RowForm
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.sifting import LINE, sift
from segue.readers.text import look_at, require_file

SCALE: Final = (0.5, 5.0)

Part: TypeAlias = Literal["users", "artists", "ratings"]
_KEYS: Final[Mapping[Part, Mapping[str, tuple[str, ...]]]] = {  # letters and digits alone, best first
    "ratings": {
        "user": ("user", "userid", "listener", "listenerid"),
        "item": ("artist", "artistid", "artistmbid", "mbid"),
        "weight": ("rating", "score", "stars"),
    },
    "users": {
        "id": ("id", "userid", "user", "listenerid"),
        "first": ("firstname", "givenname", "forename", "first"),
        "last": ("lastname", "familyname", "surname", "last"),
    },
    "artists": {
        "id": ("mbid", "artistmbid", "id", "artistid"),
        "name": ("name", "artistname", "artist", "title"),
    },
}
_MBID: Final = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_SAMPLE: Final = 200


@dataclass(frozen=True, slots=True)
class RatingsJson:
    """Explicit ratings of artists by people with names."""

    name: ClassVar[str] = "ratings-json"
    description: ClassVar[str] = "three JSON files: users with names, artists, ratings from 0.5 to 5; or their folder"

    def sniff(self, path: Path) -> Guess | None:
        """A folder with ratings of artists and with users or artists, or one of these files."""
        if not path.is_dir() and _part(path) is None:
            return None
        parts = _parts_in(path if path.is_dir() else path.parent)
        if not parts["ratings"] or not (parts["users"] or parts["artists"]):
            return None
        told = ", ".join(f"{part} in {files[0].name}" for part, files in parts.items() if files)
        return Guess(self.name, f"the keys of its JSON objects say so: {told}")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """The three files, in any order, or their folder; what is not named is taken where it lies beside the ratings.

        Ratings of users and artists that the other files do not list are accepted, by id alone, and counted in a note.
        Of several ratings of the same user and artist the last counts.
        """
        options.only("encoding", "scale", format=self.name)
        parts = _chosen(paths)
        if not parts["ratings"]:
            told = ", ".join(map(str, paths))
            raise DataError(
                f"{told}: no JSON file with ratings; expected objects with the keys user, artist and rating"
            )
        files = _Files(options.encoding, strict, progress)
        scale = options.scale or SCALE
        rows = Interactions()
        for path in parts["ratings"]:
            found = files.rows(path, "ratings")
            rows.add(found, RowForm(weight=True, time=None, feedback="ratings", scale=scale), files.tally)
        refuse_same([tally.report() for tally in files.tallies])
        if not rows.n_entries:
            raise DataError(_nothing(parts["ratings"], files))
        dataset, merged = rows.dataset("ratings", scale, kind="artist")
        dataset = _with_artists(files, parts["artists"], dataset)
        dataset = _with_users(files, parts["users"], dataset)
        return dataset, ReadReport(
            self.name, tuple(tally.report() for tally in files.tallies), merged, tuple(files.notes)
        )


class _Files:
    """Opens the files, each with its tally; `tally` is that of the file opened last."""

    tally: Tally

    def __init__(self, encoding: str | None, strict: bool, progress: Progress) -> None:
        self._encoding, self._strict, self._progress = encoding, strict, progress
        self.tallies: list[Tally] = []
        self.notes: list[str] = []

    def rows(self, path: Path, part: Part) -> pl.DataFrame:
        """All objects of a file: a text column for each role of its part, "" where a key is missing, and LINE."""
        text = look_at(path, RatingsJson.name, encoding=self._encoding)
        if text.note:
            self.notes.append(text.note)
        lines = json_objects.is_lines(text)
        self.tally = (Tally if lines else json_objects.Entries)(path, text.source, strict=self._strict)
        self.tallies.append(self.tally)
        with self._progress.task(f"reading {path.name}", text.source.size, "bytes") as task:
            if lines:
                keys = _needed(path, part, json_lines.sample(text)[0])
                frames = list(json_lines.chunks(text, keys, self.tally, task))
            else:
                entries = json_objects.entries(text, task)
                objects = [each for each in entries[:_SAMPLE] if isinstance(each, dict)]
                keys = _needed(path, part, dict.fromkeys(key for each in objects for key in each))
                numbered = (
                    (number, each if isinstance(each, dict) else "the entry is not a JSON object")
                    for number, each in enumerate(entries, 1)
                )
                frames = [json_lines.frame(numbered, keys, self.tally)]
        empty = pl.DataFrame(schema={**dict.fromkeys(_KEYS[part], pl.String()), LINE: pl.Int64()})
        return pl.concat([empty, *frames], how="diagonal").with_columns(pl.col(*_KEYS[part]).fill_null(""))


def _needed(path: Path, part: Part, names: Iterable[str]) -> dict[str, str]:
    """role -> the key that holds it; DataError where one is missing that is not a name."""
    keys = _keys(part, names)
    missing = [role for role in ("user", "item", "weight", "id") if role in _KEYS[part] and role not in keys]
    if missing:
        spelt = "; ".join(f"{role}: {' or '.join(_KEYS[part][role])}" for role in missing)
        raise DataError(f"{path}: no key for the {' and the '.join(missing)} of the {part} (usual names: {spelt})")
    return keys


def _part(path: Path) -> Part | None:
    """What a file holds, by the keys of its first object; None where it is none of the three."""
    first = json_objects.first_object(path)
    if first is None:
        return None
    for part, roles in _KEYS.items():
        found = _keys(part, first)
        if len(found) == len(roles) or (part == "users" and "id" in found and len(found) > 1):
            return part
    return None


def _keys(part: Part, names: Iterable[str]) -> dict[str, str]:
    """role -> the key that holds it."""
    plain = {plain_name(name): name for name in reversed(list(names))}
    chosen = {}
    for role, usual in _KEYS[part].items():
        name = next((plain[word] for word in usual if word in plain), None)
        if name is not None:
            chosen[role] = name
    return chosen


def _parts_in(folder: Path) -> dict[Part, list[Path]]:
    """The files of a folder by what they hold, in order of their names."""
    parts: dict[Part, list[Path]] = {"ratings": [], "users": [], "artists": []}
    for path in sorted(folder.iterdir()):
        part = _part(path)
        if part is not None:
            parts[part].append(path)
    return parts


def _chosen(paths: Sequence[Path]) -> dict[Part, list[Path]]:
    parts: dict[Part, list[Path]] = {"ratings": [], "users": [], "artists": []}
    for path in paths:
        if path.is_dir():
            for held, files in _parts_in(path).items():
                parts[held] += files
            continue
        require_file(path)
        part = _part(path)
        if part is None:
            look_at(path, RatingsJson.name)  # says so where the file is empty or no text
            raise DataError(
                f"{path} holds neither users, artists nor ratings: its first JSON object should have the keys id, "
                "first_name and last_name, or mbid and name, or user, artist and rating"
            )
        parts[part].append(path)
    named = parts["ratings"] or parts["users"] or parts["artists"]
    beside = _parts_in(named[0].parent) if named else parts
    return {part: files or beside[part] for part, files in parts.items()}


def _with_artists(files: _Files, paths: Sequence[Path], dataset: Dataset) -> Dataset:
    """The names of the artists; those whom nobody rated are items, too."""
    if not paths:
        files.notes.append("there is no file of artists; their names are not known")
        about = pl.DataFrame(schema={"id": pl.String(), "title": pl.String()})
    else:
        about = _listed(files, paths, "artists", "artist").select(
            "id", pl.when(pl.col("name") != "").then("name").alias("title")
        )
        _note_strangers(files, dataset.items, about["id"], "artists")
    items = dataset.items.extended(about["id"])
    catalogue = pl.DataFrame({"id": items.series}).join(about, on="id", how="left", maintain_order="left")
    is_mbid = pl.col("id").str.to_lowercase().str.contains(_MBID)
    catalogue = catalogue.with_columns(
        pl.lit("artist").alias("kind"), pl.when(is_mbid).then(pl.col("id").str.to_lowercase()).alias("mbid")
    )
    return replace(dataset, items=items, catalogue=Catalogue(catalogue))


def _with_users(files: _Files, paths: Sequence[Path], dataset: Dataset) -> Dataset:
    """The names of the users; those who rated nothing are users with an empty history."""
    if not paths:
        files.notes.append("there is no file of users; their names are not known")
        return dataset
    about = _listed(files, paths, "users", "user")
    _note_strangers(files, dataset.users, about["id"], "users")
    users = dataset.users.extended(about["id"])
    first, last = (pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)) for name in ("first", "last"))
    both = pl.concat_str(first, last, separator=" ", ignore_nulls=True)
    about = about.select(
        "id", pl.when(both != "").then(both).alias("name"), first.alias("first_name"), last.alias("last_name")
    )
    table = pl.DataFrame({"id": users.series}).join(about, on="id", how="left", maintain_order="left")
    histories = dataset.histories
    silent = np.full(len(users) - len(histories), histories.n_entries, np.int64)
    histories = replace(histories, offsets=np.concatenate([histories.offsets, silent]))
    return replace(dataset, users=users, histories=histories, user_table=table)


def _listed(files: _Files, paths: Sequence[Path], part: Part, one: str) -> pl.DataFrame:
    """The rows of users or artists, each id once."""
    frames: list[pl.DataFrame] = []
    for path in paths:
        rows = files.rows(path, part)
        before = pl.concat(frames)["id"].implode() if frames else pl.Series("id", [[]], dtype=pl.List(pl.String))
        reasons = [
            (f"the {one}'s id is missing", pl.col("id") == ""),
            ("an id holds a NUL byte", pl.col("id").str.contains("\0", literal=True)),
            (f"the {one} came before", ~pl.col("id").is_first_distinct() | pl.col("id").is_in(before)),
        ]
        frames.append(sift(rows, reasons, files.tally))
    return pl.concat(frames)


def _note_strangers(files: _Files, rated: Vocabulary, listed: pl.Series, part: Part) -> None:
    unknown = rated.series.filter(~rated.series.is_in(listed.implode())).len()
    if unknown:
        files.notes.append(f"{part} of ratings whom the file of {part} does not list: {unknown}; known by id alone")
    silent = listed.filter(~listed.is_in(rated.series.implode())).len()
    if silent:
        files.notes.append(f"{part} without a rating: {silent}")


def _nothing(paths: Sequence[Path], files: _Files) -> str:
    report = ReadReport(RatingsJson.name, tuple(tally.report() for tally in files.tallies))
    where = ", ".join(map(str, paths))
    if not report.rejections:
        return f"{where}: there is not one rating"
    first = report.rejections[0]
    return (
        f"{where}: none of {report.read} ratings can be used; most often: {first.reason} (first at {first.places[0]})"
    )
