"""A small sample of every format, held against every reader: each is taken for what it is, and for nothing else.

A table and user lists are general forms, of which others are special cases: asked only where nothing else fits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples import PLAYS_1K, SAMPLES
from segue.errors import SegueError
from segue.readers import GENERAL, READERS, sniff

FOLDERS: Final = set(SAMPLES) - {"nowplaying", "user-lists", "lastfm-csv", "table"}  # formats that a folder may have
OTHER_FILES: Final = {  # what lies beside, taken by itself: of no use, or a table of its own
    "userid-profile.tsv",
    "unique_tracks.txt",
    "taste_profile_song_to_tracks.txt",
    "artist_data.txt",
    "artist_alias.txt",
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A folder for each format."""
    root = tmp_path_factory.mktemp("samples")
    for name, files in SAMPLES.items():
        (root / name).mkdir()
        for file, content in files.items():
            (root / name / file).write_text(content, encoding="utf-8")
    return {name: root / name for name in SAMPLES}


def test_every_reader_has_a_sample() -> None:
    assert set(SAMPLES) == set(READERS)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_taken_for_what_it_is(samples: Mapping[str, Path], name: str) -> None:
    if name in FOLDERS:
        assert sniff(samples[name]).format == name
    for file in SAMPLES[name]:
        if file not in OTHER_FILES and name != "music-folder":
            guess = sniff(samples[name] / file)
            assert guess.format == name
            assert guess.why


@pytest.mark.parametrize("reader", [name for name in READERS if name not in GENERAL])
def test_no_reader_takes_the_sample_of_another_one(samples: Mapping[str, Path], reader: str) -> None:
    taken = {
        f"{name}/{path.name}"
        for name, folder in samples.items()
        for path in (folder, *folder.iterdir())
        if name != reader and READERS[reader].sniff(path) is not None
    }
    assert taken == set()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n\n",
        b"\x00" * 2000,
        b"\xff\xfe" + "a\tb\tc\n".encode("utf-16-le"),
        b"\xff" * 100,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'[{"user": "',
        b'"' * 70_000,
        b"\t" * 70_000,
        b"<" * 1000,
        b"a\rb,c\rd",
        b"PK\x03\x04" + bytes(100),
    ],
)
def test_sniffing_raises_nothing_whatever_it_finds(tmp_path: Path, reader: str, content: bytes) -> None:
    for name in ("x.json", "x.txt", "x.csv", "user_artist_data.txt", PLAYS_1K):
        (tmp_path / name).write_bytes(content)
        READERS[reader].sniff(tmp_path / name)
    READERS[reader].sniff(tmp_path)
    READERS[reader].sniff(tmp_path / "missing")


PIECES: Final = [b"", b"\x00", b"\xff", b'"', b"\t", b"\n", b"\r", b"\\", b"{", b"]", b"-9" * 30, b"1e999", b" "]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "music-folder"])
@given(
    kept=st.floats(0.3, 1),
    damage=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(PIECES)), max_size=5),
    which=st.integers(0, 5),
)
def test_a_damaged_file_is_read_or_refused(
    name: str, kept: float, damage: list[tuple[float, bytes]], which: int
) -> None:
    """One of the files of a sample is cut short, and bytes in it are replaced: any error is one that says something."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        for number, (file, sample) in enumerate(SAMPLES[name].items()):
            content = sample.encode()
            if number == which % len(SAMPLES[name]):
                content = content[: round(len(content) * kept)]
                for place, piece in damage:
                    at = round(len(content) * place)
                    content = content[:at] + piece + content[at + 1 :]
            (folder / file).write_bytes(content)
        for path in (folder, folder / next(iter(SAMPLES[name]))):
            READERS[name].sniff(path)
            try:
                dataset, report = READERS[name].read([path])
            except SegueError:
                continue
            assert report.read == report.accepted + report.rejected
            assert dataset.n_users
