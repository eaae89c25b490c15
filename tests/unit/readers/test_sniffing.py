"""Finding out what a file is, and the report that every reader gives."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.progress import Task
from segue.dataset_files import Source
from segue.errors import DataError, SettingsError, StorageError
from segue.readers import READERS, FileReport, Rejection, read, sniff

_BEGINNINGS = (
    b"",
    b"PK\x03\x04",
    b"#EXTM3U\n",
    b'{"playlist": {"track": [',
    b'[{"endTime": "2023-11-05 21:07", "msPlayed": 1, "artistName": "a", "trackName": "t"}]',
    b'{"listened_at": 1, "track_metadata": {}}\n',
    b"uts,utc_time,artist,track\n1,x,y,z\n",
    b"Song Name,Play Duration Milliseconds,Media Duration In Milliseconds,Event Timestamp\n",
    b'<playlist xmlns="http://xspf.org/ns/0/">',
    b'"artist","album","track","21 Nov 2023, 18:42"\n',
)


def test_a_guess_says_why(tmp_path: Path) -> None:
    path = tmp_path / "plays.tsv"
    path.write_text("user\titem\na\tx\n")
    assert sniff(path).why == "its lines are tab-separated, 2 columns"


def test_what_no_reader_knows_is_told_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        sniff(tmp_path)
    for name in READERS:
        assert name in str(caught.value)


@pytest.mark.parametrize(("content", "message"), [(b"", "is empty"), (b"\x89PNG" + bytes(99), "is a picture")])
def test_an_empty_or_binary_file_is_called_so(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DataError, match=message):
        sniff(tmp_path / "x")


def test_a_missing_path_and_an_unknown_format_are_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        sniff(tmp_path / "missing")
    with pytest.raises(SettingsError, match="no format 'mp3'; there are lastfm-2k"):
        read([tmp_path], "mp3")
    with pytest.raises(SettingsError, match="at least one file"):
        read([])


def test_paths_of_different_forms_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("user,item\na,x\n")
    (tmp_path / "b.json").write_text('{"playlists": []}')
    with pytest.raises(DataError, match="of different forms"):
        read([tmp_path / "a.csv", tmp_path / "b.json"])


@given(content=st.binary(max_size=300), start=st.sampled_from(_BEGINNINGS))
def test_whatever_a_file_holds_it_is_guessed_or_refused_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
) -> None:
    path = tmp_path_factory.mktemp("x") / "file"
    path.write_bytes(start + content)
    for format in (None, *READERS):  # noqa: A001
        with contextlib.suppress(DataError, SettingsError, StorageError):
            read([path], format)


def test_progress_runs_through_every_byte(tmp_path: Path) -> None:
    class Listener:
        """Adds up what it hears."""

        def __init__(self) -> None:
            self.heard: list[tuple[str, float | None, str]] = []
            self.done = 0.0

        @contextmanager
        def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
            self.heard.append((description, total, unit))
            yield self

        def advance(self, amount: float = 1.0, note: str = "") -> None:  # noqa: ARG002
            self.done += amount

    path = tmp_path / "plays.csv"
    path.write_text("user,item\n" + "a,x\n" * 100)
    listener = Listener()
    read([path], progress=listener)
    assert listener.heard == [("reading plays.csv", 410, "bytes")]
    assert listener.done == 410


def test_a_report_whose_rows_do_not_add_up_cannot_exist() -> None:
    rejections = (Rejection("because", 1, ()),)
    with pytest.raises(DataError, match="do not add up"):
        FileReport(Path("x"), Source("x", 1, "", "table"), read=3, accepted=3, rejections=rejections)
