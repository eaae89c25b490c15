"""What mutated files brought to light, each as small as it can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import DataError, SettingsError
from segue.readers import ReadOptions, read, sniff
from segue.readers.track_objects import TrackObjects

SEPARATORS = "\x85\u2028\u2029"  # what Python's splitlines takes for the end of a line


def test_json_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    name = f"Ro{SEPARATORS}ads"
    path = tmp_path / "tracks.json"
    path.write_text(f'{{"id": "a", "name": "{name}"}}\n{{"id": "b", "name": "Sun"}}\n', encoding="utf-8")
    catalogue, _ = TrackObjects().read([path])
    assert catalogue.frame["title"].to_list() == [name, "Sun"]
    plays = tmp_path / "plays.jsonl"
    plays.write_text(f'{{"user": "{name}", "track": "t"}}\n', encoding="utf-8")
    assert list(read([plays], "table")[0].users) == [name]


@pytest.mark.parametrize(("written", "named"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16", "utf-16-le")])
def test_a_mark_is_no_text_where_its_encoding_is_named(tmp_path: Path, written: str, named: str) -> None:
    path = tmp_path / "tracks.json"
    path.write_bytes('{"id": "a", "name": "Roads"}\n{"id": "b", "name": "Sun"}\n'.encode(written))
    catalogue, report = TrackObjects().read([path], ReadOptions(encoding=named))
    assert catalogue.frame["id"].to_list() == ["a", "b"]
    assert report.accepted == 2


def test_utf16_without_a_mark_is_read_from_the_lower_byte_on(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_bytes("user,track\nana,t1\nben,t2\n".encode("utf-16-le"))
    assert list(read([path], "table", ReadOptions(encoding="utf-16"))[0].users) == ["ana", "ben"]
    path.write_bytes(b"0 1+2 4 4 5 6 7\n1 3 4\n2 9\n\xff\xfe")  # taken for UTF-16 by the guess
    with pytest.raises(DataError, match="no form that is known"):
        sniff(path)


@pytest.mark.parametrize("name", ["hex", "zip", "rot13", "idna", "undefined", "base64", "nothing-known"])
def test_an_encoding_that_makes_no_text_of_bytes_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "plays.csv"
    path.write_bytes(b"user,track\nana,t1\n")
    with pytest.raises(SettingsError, match="no encoding"):
        read([path], "table", ReadOptions(encoding=name))
