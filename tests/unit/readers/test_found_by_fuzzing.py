"""What mutated files brought to light, each as small as it can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.readers import ReadOptions, read
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
