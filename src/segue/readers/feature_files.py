"""Files of features, wherever they lie: by themselves, in a folder, or in a zip archive.

Of a folder the files right in it are looked at, of an archive all; those of another form are left out, with a note.
What an archive holds is laid into temporary folders by the last part of its path, so that no path in it leads anywhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from segue.core.catalogue import Catalogue
from segue.core.progress import Progress
from segue.durable import translated
from segue.errors import RowError, SegueError
from segue.readers import READERS
from segue.readers.enrichers import ENRICHERS, recognized
from segue.readers.members import is_archive, members
from segue.readers.reader import Guess, ReadOptions
from segue.readers.report import ReadReport

_ENDINGS: Final = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class FeatureFiles:
    """The files of one form of features; `called`: what those out of an archive are called; notes for the report."""

    guess: Guess
    paths: tuple[Path, ...]
    called: Mapping[Path, Path]
    notes: tuple[str, ...]

    def read(self, options: ReadOptions, *, strict: bool, progress: Progress) -> tuple[Catalogue, ReadReport]:
        """What they know, and the report; raises as `Enricher.read` does."""
        try:
            form = ENRICHERS[self.guess.format]
            features, report = form.read(self.paths, options, strict=strict, progress=progress)
        except RowError as error:
            raise RowError(self.called.get(error.path, error.path), error.line, error.reason) from error
        except SegueError as error:
            told = str(error)
            for path, name in self.called.items():
                told = told.replace(str(path), str(name))
            raise type(error)(told) from error
        named = report.called(self.called)
        return features, replace(named, notes=(*self.notes, *report.notes))


@contextmanager
def feature_files(paths: Sequence[Path], format: str | None = None) -> Iterator[FeatureFiles | None]:  # noqa: A002
    """The files of features at these paths, while the block lasts; None where the paths are something else.

    A folder or an archive that is data of who heard what is no folder of features, whatever else lies in it.
    Raises DataError where only some of the paths are features, or files are of several forms of them.
    """
    if format is not None and format not in ENRICHERS:
        yield None
        return
    with tempfile.TemporaryDirectory() as scratch:
        files: list[Path] = []
        called: dict[Path, Path] = {}
        notes: list[str] = []
        for path in paths:
            inside = _inside(path, Path(scratch), called, known=format is not None)
            taken = [file for file in inside if recognized([file]) is not None]
            if inside and not taken:
                files.append(path)  # which is then found to be something else
                continue
            others = [called.get(file, file).name for file in inside if file not in taken]
            if others:
                more = f" and {len(others) - 3:,} more" if len(others) > 3 else ""
                notes.append(f"of {path.name}, {', '.join(others[:3])}{more} was left out: no features")
            files += taken or [path]
        guess = recognized(files, format)
        if guess is not None and format is None and files != list(paths):
            guess = Guess(guess.format, f"{called.get(files[0], files[0]).name} in it: {guess.why}")
        yield None if guess is None else FeatureFiles(guess, tuple(files), called, tuple(notes))


def _inside(path: Path, scratch: Path, called: dict[Path, Path], *, known: bool) -> list[Path]:
    """The files that a folder or an archive may hold features in; none where it is a file, or data of another kind."""
    if not path.is_dir() and not is_archive(path):
        return []
    if not known and any(reader.sniff(path) is not None for reader in READERS.values()):
        return []
    if path.is_dir():
        with translated(path):
            return sorted(file for file in path.iterdir() if _may_be_features(file.name) and file.is_file())
    laid = []
    for number, member in enumerate(members(path, _may_be_features)):
        content, _ = member.read("features")
        file = scratch / f"{len(called)}-{number}" / member.name
        with translated(file):
            file.parent.mkdir(parents=True)
            file.write_bytes(content)
        called[file] = member.path
        laid.append(file)
    return laid


def _may_be_features(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in _ENDINGS
