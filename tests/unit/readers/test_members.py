"""Files in archives: read by their names, into memory, bounded, and never onto the disk."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from segue.errors import DataError, StorageError
from segue.readers import members as module
from segue.readers import read, sniff
from segue.readers.members import is_archive, members

NAME = "Streaming_History_Audio_2021_0.json"
ENTRY = {
    "ts": "2021-03-04T05:06:07Z",
    "ms_played": 60000,
    "master_metadata_track_name": "Roads",
    "spotify_track_uri": "spotify:track:1",
}


def wanted(name: str) -> bool:
    return name.endswith(".json")


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def test_a_path_that_leaves_the_archive_is_only_a_name(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    path = archive(inside / "export.zip", **{f"../../{NAME}": json.dumps([ENTRY]), f"/etc/{NAME}": "[]"})
    before = sorted(tmp_path.rglob("*"))
    dataset, report = read([path], "spotify-history")
    assert (dataset.n_items, len(report.files)) == (1, 2)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_too_large_for_an_export_is_refused_before_memory_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    path = archive(tmp_path / "bomb.zip", **{NAME: "[" + " " * (2 << 20) + "]"})
    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match=f"{NAME} is larger than 1 MiB"):
        read([path], "spotify-history")


def test_an_archive_that_says_it_is_huge_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "bomb.zip", **{f"{n}.json": "[]" + " " * 100_000 for n in range(4)})
    monkeypatch.setattr(module, "_MOST_UNPACKED", 300_000)
    with pytest.raises(DataError, match="would unpack to"):
        members(path, wanted)
    monkeypatch.setattr(module, "_MOST_MEMBERS", 3)
    with pytest.raises(DataError, match="holds 4 files"):
        members(path, wanted)


def test_a_damaged_archive_is_called_so(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", **{NAME: json.dumps([ENTRY] * 50)})
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(DataError, match="damaged zip archive"):
        members(path, wanted)
    path.write_bytes(whole[:60] + bytes([whole[60] ^ 255]) + whole[61:])
    with pytest.raises(DataError, match="cannot be unpacked"):
        read([path], "spotify-history")


def test_sniffing_a_damaged_archive_says_what_is_wrong_or_what_was_looked_for(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", **{"a.txt": "nothing"})
    with pytest.raises(DataError, match=r"is a zip archive in no form that is known; looked for .*spotify-history"):
        sniff(path)


def test_links_and_pipes_below_a_folder_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (tmp_path / "secret.json").write_text("[]")
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    (folder / "around").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.json")
    (folder / "below" / "real.json").write_text("[]")
    assert [member.name for member in members(folder, wanted)] == ["real.json"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    assert not is_archive(pipe)
    with pytest.raises(StorageError, match="no regular file"):
        members(pipe, wanted)
    with pytest.raises(DataError):
        sniff(pipe)
