"""Files and folders that are there whole or not at all, whatever kills the process.

A file is written beside its place, flushed to the disk, and moved over the old one. A folder cannot be moved over
another, so a `Shelf` keeps each version of something in a folder of its own, and a one-line file `current` names the
one that counts.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from segue.errors import ArtifactError, StorageError

MANIFEST: Final = "manifest.json"
_CURRENT: Final = "current"
_KEPT: Final = 3
_HIDDEN_NUMBER: Final = re.compile(r"\(os error (\d+)\)")  # how Polars and safetensors say that the disk is full


@contextmanager
def written_file(path: Path) -> Iterator[Path]:
    """Yields a path beside `path` to write to; at the end of the block it is flushed and takes the place of `path`.

    If the block raises, what was at `path` is still there and nothing else is left. OSError becomes StorageError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    with translated(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
            yield temporary
            _flush(temporary)
            temporary.replace(path)
            _flush(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text, whole or not at all."""
    with written_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns an OSError of the block into a StorageError that names the path and what to do."""
    try:
        yield
    except OSError as error:
        raise StorageError(_advice(error, path)) from error
    except Exception as error:
        hidden = _HIDDEN_NUMBER.search(str(error))
        if hidden is None:
            raise
        number = int(hidden[1])
        raise StorageError(_advice(OSError(number, os.strerror(number)), path)) from error


@dataclass(frozen=True, slots=True)
class Shelf:
    """The versions of one thing: `root/<version>/...` each with a manifest, and `root/current` naming one.

    The manifest is JSON: whatever the writer puts there, and "files": {name: SHA-256}.
    """

    root: Path

    @contextmanager
    def new_version(self, manifest: dict[str, Any]) -> Iterator[Path]:
        """Yields an empty folder to fill; at the end of the block it becomes the current version.

        The version's name is the first 16 hex digits of a SHA-256 over the manifest, which the block may still add to,
        and the files. The last three versions stay. If the block raises, the shelf is as before.
        """
        with translated(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            self._sweep()
            temporary = self.root / f".{os.getpid()}-{secrets.token_hex(4)}.part"
            temporary.mkdir()
            try:
                yield temporary
                version = _seal(temporary, manifest)
                if (self.root / version).exists() and not _intact(self.root / version):
                    shutil.rmtree(self.root / version)  # the same thing made again is the remedy for a damaged one
                if not (self.root / version).exists():
                    temporary.replace(self.root / version)
                    _flush(self.root)
                os.utime(self.root / version)
                write_text(self.root / _CURRENT, version + "\n")
                self._forget_old(version)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)

    def current(self) -> Path | None:
        """The folder of the current version, or None where there is none yet; ArtifactError where it is gone."""
        try:
            version = (self.root / _CURRENT).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ArtifactError(f"{self.root / _CURRENT} cannot be read: {error}") from error
        folder = self.root / version
        if not version or "/" in version or "\\" in version or version.startswith(".") or not folder.is_dir():
            known = ", ".join(self.versions()) or "none"
            raise ArtifactError(
                f"{self.root / _CURRENT} names version {version!r}, which is not there (there: {known}); "
                "write one of these names into it, or make a new version"
            )
        return folder

    def versions(self) -> list[str]:
        """The names of all versions, newest first."""
        if not self.root.is_dir():
            return []
        folders = [p for p in self.root.iterdir() if p.is_dir() and not p.name.startswith(".")]
        return [p.name for p in sorted(folders, key=lambda p: (-p.stat().st_mtime_ns, p.name))]

    def use(self, version: str) -> Path:
        """Makes one of the versions the current one, and returns its folder; ArtifactError where it is not there."""
        if version not in self.versions():
            known = ", ".join(self.versions()) or "none"
            raise ArtifactError(f"{self.root} has no version {version!r}; there are: {known}")
        write_text(self.root / _CURRENT, version + "\n")
        return self.root / version

    def _forget_old(self, current: str) -> None:
        others = [version for version in self.versions() if version != current]
        for version in others[_KEPT - 1 :]:
            shutil.rmtree(self.root / version, ignore_errors=True)

    def _sweep(self) -> None:
        """Removes what killed processes left half-written."""
        for leftover in self.root.glob(".*.part"):
            owner = leftover.stem.rpartition(".")[2].partition("-")[0]
            if owner.isdigit() and not _alive(int(owner)):
                if leftover.is_dir():
                    shutil.rmtree(leftover, ignore_errors=True)
                else:
                    leftover.unlink(missing_ok=True)


def read_manifest(folder: Path, *, verify: bool = True) -> dict[str, Any]:
    """The manifest of a version; with `verify`, after checking that every file is there and unchanged.

    Raises ArtifactError with the remedy.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{folder} has no {MANIFEST}: it is no saved artifact, or a damaged one") from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read ({error}); make the artifact again") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ArtifactError(f"{path} is not a manifest; make the artifact again")
    for name, digest in manifest["files"].items():
        file = folder / name
        if not file.is_file():
            raise ArtifactError(f"{file} is missing; make the artifact again, or go back to an older version")
        if verify and sha256(file) != digest:
            raise ArtifactError(f"{file} has changed since it was saved; make it again, or go back to an older version")
    return manifest


def sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits, read in blocks."""
    with translated(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _intact(folder: Path) -> bool:
    try:
        read_manifest(folder)
        return _name((folder / MANIFEST).read_bytes()) == folder.name
    except (OSError, ArtifactError, StorageError):
        return False


def _name(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:16]


def _seal(folder: Path, manifest: dict[str, Any]) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        _flush(path)
    manifest["files"] = {path.relative_to(folder).as_posix(): sha256(path) for path in files}
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
    _flush(folder / MANIFEST)
    _flush(folder)
    return _name(text.encode())


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.EACCES):  # some systems cannot flush a folder
            raise
    finally:
        os.close(handle)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _advice(error: OSError, path: Path) -> str:
    where = error.filename or path
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full: {where} could not be written; free some space and run it again, nothing was changed"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"no permission for {where}; give this user the right to write there, or choose another folder"
    if error.errno == errno.EISDIR:
        return f"{where} is a folder; name a file"
    if error.errno == errno.ENOTDIR:
        return f"{where} lies below something that is not a folder"
    if error.errno == errno.ENOENT:
        return f"{where} does not exist"
    return f"{where}: {error.strerror or error}"
