"""The files of an export, wherever they lie: by themselves, in a folder, or in a zip archive.

Of an archive only members with the names that a reader asks for are read, into memory and never to disk, so that no
path in it leads anywhere; how much one may unpack to is bounded, whatever the archive says of itself.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.core.progress import Progress
from segue.dataset_files import Source
from segue.durable import translated
from segue.errors import DataError, SegueError, StorageError
from segue.readers.report import Tally

LARGEST: Final = 512 << 20  # bytes of one file in memory; the largest of real exports have about 20 MB
_MOST_UNPACKED: Final = 8 << 30  # bytes of all files of one archive
_MOST_MEMBERS: Final = 200_000
_MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")
_HEAD: Final = 1 << 14

Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Member:
    """One file. `path` is what it is called in reports: for a member of an archive, "archive.zip/its/name"."""

    path: Path
    size: int
    archive: Path | None = None
    inner: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.name

    @property
    def folder(self) -> Path:
        """From where relative paths in it are seen: the folder that it lies in, or that its archive lies in."""
        return (self.archive or self.path).parent

    def head(self, size: int = _HEAD) -> bytes:
        """The first bytes. Raises as `read` does."""
        return self._first(size)

    def has(self, signs: Sequence[bytes]) -> bool:
        """Whether all of these stand in the first bytes. Raises as `read` does."""
        head = self.head()
        return all(sign in head for sign in signs)

    def read(self, format: str) -> tuple[bytes, Source]:  # noqa: A002  # the word that the command line uses
        """All bytes, and what goes into a manifest; DataError where there are more than LARGEST or it is damaged."""
        content = self._first(LARGEST + 1)
        if len(content) > LARGEST:
            raise DataError(
                f"{self.path} is larger than {LARGEST >> 20} MiB; no file of an export is, so it is refused"
            )
        return content, Source(self.name, len(content), hashlib.sha256(content).hexdigest(), format)

    def _first(self, size: int) -> bytes:
        if self.archive is None:
            with translated(self.path), self.path.open("rb") as file:
                return file.read(size)
        with _opened(self.archive) as archive:
            try:
                with archive.open(self.inner) as file:
                    return file.read(size)
            except RuntimeError as error:  # what zipfile raises for a password
                raise DataError(
                    f"{self.path} cannot be unpacked ({error}); unpack the archive yourself first"
                ) from None
            # NotImplementedError is what zipfile raises for a compression, or a version of the format, that it lacks.
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
                raise DataError(f"{self.path} cannot be unpacked ({error}); copy the archive again") from None


def members(path: Path, wanted: Wanted) -> list[Member]:
    """The files with a wanted name (the last part of the path) at, below or in `path`, in order of their paths.

    A file that is no archive is taken whatever its name is. Links below a folder, and what is no regular file, are left
    out. Raises StorageError where the path cannot be read, DataError for an archive that is damaged or too large.
    """
    if is_archive(path):
        return _in_archive(path, wanted)
    with translated(path):
        size = path.stat().st_size
        if path.is_file():
            return [Member(path, size)]
        if not path.is_dir():
            raise StorageError(f"{path} is no regular file; copy its content into one first")
        return [Member(found, found.stat().st_size) for found in _below(path) if wanted(found.name)]


def expanded(paths: Sequence[Path], wanted: Wanted, what: str) -> list[Member]:
    """The members of all paths, each once; DataError where one has none. `what` names them for the message."""
    found: dict[Path, Member] = {}
    for path in paths:
        here = members(path, wanted)
        if not here:
            raise DataError(f"{path} holds no {what}")
        found |= {member.path: member for member in here}
    return list(found.values())


def first_fitting(path: Path, wanted: Wanted, fits: Callable[[Member], bool]) -> Member | None:
    """For finding out what a path is: the first of its members that fits. None where none does, or one is damaged."""
    try:
        found = [member for member in members(path, wanted) if fits(member)]
    except SegueError:
        return None
    return found[0] if found else None


def contents(
    files: Sequence[Member],
    format: str,  # noqa: A002
    what: str,
    *,
    strict: bool,
    progress: Progress,
) -> Iterator[tuple[Member, bytes, Tally]]:
    """Each file, all its bytes, and a tally for what is in it; raises as `Member.read` does. `what` is for people."""
    with progress.task(f"reading {what}", sum(file.size for file in files), "bytes") as task:
        for file in files:
            content, source = file.read(format)
            yield file, content, Tally(file.path, source, strict=strict)
            task.advance(file.size, file.name)


def is_archive(path: Path) -> bool:
    """Whether this is a zip archive, by its first bytes."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(4) in _MAGIC
    except OSError:
        return False


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _in_archive(path: Path, wanted: Wanted) -> list[Member]:
    with _opened(path) as archive:
        listed = archive.infolist()
    if len(listed) > _MOST_MEMBERS:
        raise DataError(f"{path} holds {len(listed):,} files; no export does, so it is refused")
    chosen = [info for info in listed if not info.is_dir() and wanted(Path(info.filename).name)]
    total = sum(info.file_size for info in chosen)
    if total > _MOST_UNPACKED:
        raise DataError(
            f"{path} would unpack to {total / (1 << 30):,.1f} GiB; no export does, so it is refused "
            "(unpack it yourself, and name the folder, where you trust it)"
        )
    found = [Member(path / info.filename.lstrip("/"), info.file_size, path, info.filename) for info in chosen]
    return sorted(found, key=lambda member: member.path)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    with translated(path):
        try:
            archive = zipfile.ZipFile(path)
        # NotImplementedError is what zipfile raises for a compression, or a version of the format, that it lacks.
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise DataError(f"{path} is a damaged zip archive ({error}); copy it again") from None
    with archive:
        yield archive
