"""A folder of music: tags first, then names; every track with its place."""

from __future__ import annotations

import shutil
import sys
import wave
from pathlib import Path

import pytest

from segue.errors import DataError, MissingExtraError
from segue.readers import read, sniff

mutagen = pytest.importorskip("mutagen")


def sound(path: Path, seconds: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * int(8000 * seconds))
    return path


def test_names_of_files_and_folders_tell_what_tags_do_not(tmp_path: Path) -> None:
    sound(tmp_path / "Portishead" / "Dummy" / "03 - Roads.wav", 2.0)
    sound(tmp_path / "Björk - Jóga.wav")
    (tmp_path / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "._Roads.wav").write_bytes(b"x")
    assert sniff(tmp_path).format == "music-folder"
    dataset, report = read([tmp_path])
    assert list(dataset.users) == ["me"]
    assert dataset.feedback == "presence"
    rows = {row["title"]: row for row in dataset.catalogue.frame.iter_rows(named=True)}
    assert rows["Roads"]["artist"] == "Portishead"
    assert rows["Roads"]["album"] == "Dummy"
    assert rows["Roads"]["duration"] == pytest.approx(2.0)
    assert rows["Roads"]["location"] == str(tmp_path / "Portishead" / "Dummy" / "03 - Roads.wav")
    assert rows["Jóga"]["artist"] == "Björk"
    assert (report.read, report.accepted) == (2, 2)


def test_tags_go_before_names(tmp_path: Path) -> None:
    path = sound(tmp_path / "x.wav")
    tagged = mutagen.File(path)
    tagged.add_tags()
    tagged.tags.add(mutagen.id3.TIT2(encoding=3, text="Roads"))
    tagged.tags.add(mutagen.id3.TPE1(encoding=3, text="Portishead"))
    tagged.save()
    row = read([tmp_path])[0].catalogue.frame.row(0, named=True)
    assert (row["id"], row["title"], row["artist"]) == ("portishead - roads", "Roads", "Portishead")


def test_a_track_that_lies_there_twice_is_one(tmp_path: Path) -> None:
    sound(tmp_path / "a" / "Portishead - Roads.wav")
    sound(tmp_path / "b" / "Portishead - Roads.wav")
    dataset, report = read([tmp_path])
    assert (dataset.n_items, dataset.histories.n_entries, report.merged) == (1, 1, 1)
    assert dataset.catalogue.frame["location"].to_list() == [str(tmp_path / "a" / "Portishead - Roads.wav")]


def test_damaged_files_are_counted_and_links_not_followed(tmp_path: Path) -> None:
    library = tmp_path / "library"
    sound(library / "Portishead - Roads.wav")
    (library / "broken.flac").write_bytes(b"fLaC" + bytes(3))
    (library / "text.mp3").write_text("hello")
    (library / "loop").symlink_to(library)
    dataset, report = read([library])
    assert dataset.n_items == 1
    assert (report.read, report.accepted) == (3, 1)
    shutil.move(library / "Portishead - Roads.wav", tmp_path)
    with pytest.raises(DataError, match="none of the audio files"):
        read([library])


def test_without_mutagen_the_line_that_installs_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound(tmp_path / "x.wav")
    monkeypatch.setitem(sys.modules, "mutagen", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'segue\[audio\]'"):
        read([tmp_path])


@pytest.mark.data
def test_real_recordings_without_tags_are_known_by_their_names(research_data: Path) -> None:
    dataset, report = read([research_data / "audio"])
    assert report.rejected == 0
    rows = {row["artist"]: row for row in dataset.catalogue.frame.iter_rows(named=True)}
    assert rows["sorohanro"]["title"] == "solo-trumpet-06"
    assert rows["sorohanro"]["duration"] == pytest.approx(5.33, abs=0.01)
