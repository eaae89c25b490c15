"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segue import durable
from segue.durable import MANIFEST, Shelf, read_manifest, sha256, translated, write_text, written_file
from segue.errors import ArtifactError, StorageError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def put(shelf: Shelf, text: str) -> str:
    with shelf.new_version({"kind": "note"}) as folder:
        (folder / "note.txt").write_text(text, encoding="utf-8")
    current = shelf.current()
    assert current is not None
    return current.name


def test_a_written_file_is_there_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "note.txt"
    write_text(path, "öne\n")
    assert path.read_bytes() == "öne\n".encode()
    assert names(path.parent) == ["note.txt"]


def test_a_failed_write_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    write_text(path, "old")

    def fail() -> None:
        with written_file(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["note.txt"]


def test_a_folder_is_not_overwritten_by_a_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is a folder; name a file"):
        write_text(tmp_path, "x")


def test_a_path_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="file"):
        write_text(tmp_path / "file" / "below", "x")


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "no permission"),
        (errno.ENOENT, "does not exist"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_an_error_of_the_system_says_what_to_do(number: int, advice: str) -> None:
    with pytest.raises(StorageError, match=advice), translated(Path("somewhere")):
        raise OSError(number, os.strerror(number))


def test_a_full_disk_that_a_library_hides_in_its_text_is_found() -> None:
    with pytest.raises(StorageError, match="the disk is full: somewhere"), translated(Path("somewhere")):
        raise ValueError("I/O error: No space left on device (os error 28)")
    with pytest.raises(ValueError, match="another"), translated(Path("somewhere")):
        raise ValueError("another")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_disk_that_fills_up_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    write_text(path, "old")
    with pytest.raises(StorageError, match="the disk is full"), written_file(path), open("/dev/full", "w") as full:  # noqa: PTH123
        full.write("x" * 100_000)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["note.txt"]


def test_an_empty_shelf_has_no_version(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "none")
    assert shelf.current() is None
    assert shelf.versions() == []


def test_a_version_is_current_once_its_block_ends(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with shelf.new_version({"kind": "note"}) as folder:
        (folder / "note.txt").write_text("one")
        assert shelf.current() is None
    current = shelf.current()
    assert current is not None
    assert (current / "note.txt").read_text() == "one"
    assert read_manifest(current) == {"kind": "note", "files": {"note.txt": sha256(current / "note.txt")}}


def test_the_block_may_add_to_the_manifest(tmp_path: Path) -> None:
    manifest: dict[str, object] = {}
    with Shelf(tmp_path).new_version(manifest):
        manifest["count"] = 3
    current = Shelf(tmp_path).current()
    assert current is not None
    assert read_manifest(current)["count"] == 3


def test_equal_contents_are_one_version_and_others_another(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first, second, third = put(shelf, "one"), put(shelf, "two"), put(shelf, "one")
    assert first == third != second
    assert sorted(shelf.versions()) == sorted([first, second])


def test_the_last_three_versions_stay(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    made = []
    for number in range(5):
        made.append(put(shelf, str(number)))
        _age(shelf)
    assert shelf.versions() == made[:1:-1]
    assert shelf.current() == tmp_path / made[-1]


def _age(shelf: Shelf) -> None:
    """Makes every version ten seconds older, so that the next one is newer whatever the clock of the disk."""
    for version in shelf.versions():
        stat = (shelf.root / version).stat()
        os.utime(shelf.root / version, ns=(stat.st_atime_ns, stat.st_mtime_ns - 10_000_000_000))


def test_a_version_made_again_is_the_newest(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first = put(shelf, "one")
    _age(shelf)
    second = put(shelf, "two")
    _age(shelf)
    put(shelf, "one")
    assert shelf.versions() == [first, second]


def test_an_older_version_can_be_used_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first, _ = put(shelf, "one"), put(shelf, "two")
    assert shelf.use(first) == tmp_path / first == shelf.current()
    with pytest.raises(ArtifactError, match="has no version 'gone'"):
        shelf.use("gone")


def test_a_failed_version_leaves_the_shelf_as_it_was(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first = put(shelf, "one")
    before = names(tmp_path)

    def fail() -> None:
        with shelf.new_version({}) as folder:
            (folder / "note.txt").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names(tmp_path) == before
    assert shelf.current() == tmp_path / first


WRITER = """
import sys, time
from pathlib import Path
from segue.durable import Shelf
with Shelf(Path(sys.argv[1])).new_version({}) as folder:
    (folder / "note.txt").write_text("half")
    Path(sys.argv[2]).write_text("writing")
    time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system cannot kill")
def test_a_killed_writer_leaves_the_old_version_and_the_next_one_sweeps_up(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    first = put(shelf, "one")
    sign = tmp_path / "sign"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(shelf.root), str(sign)])
    try:
        for _ in range(600):
            if sign.exists():
                break
            time.sleep(0.05)
        assert sign.exists()
    finally:
        writer.kill()
        writer.wait()
    assert [path for path in shelf.root.glob(".*.part") if path.is_dir()], "the writer was at work"
    (shelf.root / f".current.{writer.pid}-0a.part").write_text("half")  # killed while it wrote this file
    assert shelf.current() == shelf.root / first
    assert shelf.versions() == [first]
    second = put(shelf, "two")
    assert names(shelf.root) == sorted([first, second, "current"])


def test_the_unfinished_work_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with shelf.new_version({}) as folder:
        put(shelf, "one")
        assert folder.is_dir()
        (folder / "note.txt").write_text("two")
    assert len(shelf.versions()) == 2


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    folder = tmp_path / put(Shelf(tmp_path), "one")
    (folder / "note.txt").write_text("One")
    with pytest.raises(ArtifactError, match=r"note.txt has changed since it was saved"):
        read_manifest(folder)
    assert read_manifest(folder, verify=False)["kind"] == "note"


def test_a_missing_file_is_found_even_without_reading_the_others(tmp_path: Path) -> None:
    folder = tmp_path / put(Shelf(tmp_path), "one")
    (folder / "note.txt").unlink()
    with pytest.raises(ArtifactError, match=r"note.txt is missing"):
        read_manifest(folder, verify=False)


@pytest.mark.parametrize("file", ["note.txt", MANIFEST])
def test_a_damaged_version_made_again_is_whole(tmp_path: Path, file: str) -> None:
    shelf = Shelf(tmp_path)
    version = put(shelf, "one")
    damaged = tmp_path / version / file
    damaged.write_text(damaged.read_text().replace("o", "0"))
    assert put(shelf, "one") == version
    assert read_manifest(tmp_path / version)["kind"] == "note"
    assert (tmp_path / version / "note.txt").read_text() == "one"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "has no manifest"),
        ("{", "cannot be read"),
        ("[]", "is not a manifest"),
        (json.dumps({"kind": "x"}), "is not a manifest"),
    ],
)
def test_what_is_no_manifest_is_told(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ArtifactError, match=message):
        read_manifest(tmp_path)


@pytest.mark.parametrize("name", ["gone", "", "../elsewhere", ".hidden"])
def test_a_shelf_that_names_a_version_that_is_not_there_says_which_are(tmp_path: Path, name: str) -> None:
    shelf = Shelf(tmp_path / "shelf")
    version = put(shelf, "one")
    (tmp_path / "elsewhere").mkdir()
    (shelf.root / "current").write_text(name)
    with pytest.raises(ArtifactError, match=version):
        shelf.current()


def test_files_in_folders_of_a_version_are_sealed_too(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with shelf.new_version({}) as folder:
        (folder / "parts").mkdir()
        (folder / "parts" / "a").write_bytes(b"a")
    current = shelf.current()
    assert current is not None
    assert list(read_manifest(current)["files"]) == ["parts/a"]
    (current / "parts" / "a").write_bytes(b"b")
    with pytest.raises(ArtifactError, match="has changed"):
        read_manifest(current)


def test_a_flush_that_the_system_cannot_do_is_no_error_and_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(number: int) -> None:
        def fsync(handle: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(durable.os, "fsync", fsync)

    failing(errno.EINVAL)
    write_text(tmp_path / "a", "x")
    failing(errno.EIO)
    with pytest.raises(StorageError, match="Input/output error"):
        write_text(tmp_path / "b", "x")
    assert names(tmp_path) == ["a"]
