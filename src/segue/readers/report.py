"""What a reader did with every row: nothing is dropped without being counted and shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from segue.dataset_files import Source
from segue.errors import DataError, RowError

EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stood: a file, a line counted from 1 (a Parquet file's row; None in JSON), a part in words."""

    path: Path
    line: int | None = None
    part: str = ""

    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        return f"{self.path}{line}{', ' if self.part else ''}{self.part}"


@dataclass(frozen=True, slots=True)
class Rejection:
    """How many rows were rejected for one reason, and where the first few of them stood."""

    reason: str
    count: int
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of the rows of one file: read = accepted + rejected."""

    path: Path
    source: Source
    read: int
    accepted: int
    rejections: tuple[Rejection, ...]

    def __post_init__(self) -> None:
        if self.read != self.accepted + sum(rejection.count for rejection in self.rejections):
            raise DataError(f"the rows of {self.path} do not add up: {self}")

    def called(self, path: Path) -> FileReport:
        """The same under another name."""
        rejections = tuple(
            replace(each, places=tuple(replace(place, path=path) for place in each.places)) for each in self.rejections
        )
        return replace(self, path=path, rejections=rejections)


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What a reader did.

    merged: how many of the accepted rows repeat another one and became one entry with it.
    notes:  sentences on what the reader guessed, and what it saw that is worth knowing.
    """

    format: str
    files: tuple[FileReport, ...]
    merged: int = 0
    notes: tuple[str, ...] = ()

    @property
    def read(self) -> int:
        """The number of rows in all files; a header and empty lines are no rows."""
        return sum(file.read for file in self.files)

    @property
    def accepted(self) -> int:
        """The number of rows that went into the dataset."""
        return sum(file.accepted for file in self.files)

    @property
    def rejected(self) -> int:
        """The number of rows that did not."""
        return self.read - self.accepted

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files, for the manifest of the dataset."""
        return tuple(file.source for file in self.files)

    def called(self, names: Mapping[Path, Path]) -> ReadReport:
        """The same with other names for the files that are in `names`."""
        return replace(self, files=tuple(file.called(names.get(file.path, file.path)) for file in self.files))

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """The reasons over all files, the most frequent first."""
        found: dict[str, list[Rejection]] = {}
        for file in self.files:
            for rejection in file.rejections:
                found.setdefault(rejection.reason, []).append(rejection)
        joined = [
            Rejection(
                reason, sum(part.count for part in parts), tuple(p for part in parts for p in part.places)[:EXAMPLES]
            )
            for reason, parts in found.items()
        ]
        return tuple(sorted(joined, key=lambda rejection: -rejection.count))


class Tally:
    """Counts the rows of one file while it is read. With `strict`, the first rejected row raises RowError."""

    def __init__(self, path: Path, source: Source, *, strict: bool) -> None:
        self.path = path
        self._source = source
        self._strict = strict
        self._read = 0
        self._counts: dict[str, int] = {}
        self._places: dict[str, list[Place]] = {}

    def rows(self, count: int) -> None:
        """`count` more rows were read, whatever becomes of them."""
        self._read += count

    def reject(self, reason: str, line: int | None = None, *, part: str = "", count: int = 1) -> None:
        """`count` of the rows read cannot be used, the first of them here."""
        if self._strict:
            raise RowError(self.path, line, f"{part}: {reason}" if part else reason)
        self._count(reason, count, Place(self.path, line, part))

    def pass_over(self, reason: str, line: int | None = None, *, part: str = "") -> None:
        """One of the rows read is sound but not wanted here (a podcast among music); strict or not, it is counted."""
        self._count(reason, 1, Place(self.path, line, part))

    def reject_lines(self, rejected: Sequence[tuple[str, int, Iterable[int]]]) -> None:
        """Several reasons at once: each with its count and the lines of its first rows, rising."""
        for reason, count, lines in sorted(
            ((reason, count, list(lines)) for reason, count, lines in rejected), key=lambda each: each[2][0]
        ):
            head = lines[: min(EXAMPLES, count)]
            for line in head:
                self.reject(reason, line)
            self._counts[reason] += count - len(head)

    def _count(self, reason: str, count: int, place: Place) -> None:
        self._counts[reason] = self._counts.get(reason, 0) + count
        places = self._places.setdefault(reason, [])
        if len(places) < EXAMPLES:
            places.append(place)

    @property
    def accepted(self) -> int:
        """The rows read and not rejected, so far."""
        return self._read - sum(self._counts.values())

    def report(self) -> FileReport:
        """The count as it stands."""
        rejections = tuple(Rejection(r, count, tuple(self._places[r])) for r, count in self._counts.items())
        return FileReport(self.path, self._source, self._read, self.accepted, rejections)
