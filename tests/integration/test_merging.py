"""One item for a recording or a song, by one word in segue.toml."""

from __future__ import annotations

from pathlib import Path

from commands import Answer, segue

PLAYS = """user,track,plays,title,artist
u1,a1,3,Paper Lanterns,The Tall Ships
u1,b1,1,Harbour,Wren
u2,a2,2,Paper Lanterns - Remastered 2011,The Tall Ships
u2,b1,4,Harbour,Wren
u3,a3,5,Paper Lanterns (Live at the Mill),The Tall Ships
u3,c1,1,Paper Lanterns,Another Band
"""


def ok(answer: Answer) -> Answer:
    """The answer, of a command that must go well."""
    assert answer.code == 0, answer.err
    return answer


def _workspace(folder: Path, merge: str) -> Path:
    table = folder / "plays.csv"
    table.write_text(PLAYS, encoding="utf-8")
    workspace = folder / merge
    ok(segue("init", workspace))
    ok(segue("-w", workspace, "import", table, "--user", "user", "--item", "track", "--weight", "plays"))
    settings = workspace / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('merge = "none"', f'merge = "{merge}"'), encoding="utf-8")
    return workspace


def test_each_id_is_an_item_unless_the_settings_say_otherwise(tmp_path: Path) -> None:
    assert ok(segue("-w", _workspace(tmp_path, "none"), "search", "paper", "--json")).out.count('"id"') == 4


def test_a_remaster_is_the_same_recording_and_a_live_version_is_not(tmp_path: Path) -> None:
    answer = ok(segue("-w", _workspace(tmp_path, "recording"), "search", "paper", "--json"))
    assert sorted(item["id"] for item in answer.json["items"]) == ["a1", "a3", "c1"]


def test_a_live_version_is_the_same_song_and_a_cover_is_not(tmp_path: Path) -> None:
    answer = ok(segue("-w", _workspace(tmp_path, "song"), "search", "paper", "--json"))
    assert sorted(item["id"] for item in answer.json["items"]) == ["a3", "c1"]


def test_without_titles_there_is_nothing_to_merge_by_and_that_is_said(tmp_path: Path) -> None:
    table = tmp_path / "bare.csv"
    table.write_text("user,item\nu1,a\nu2,b\n", encoding="utf-8")
    ok(segue("init", tmp_path / "w"))
    ok(segue("-w", tmp_path / "w", "import", table, "--user", "user", "--item", "item"))
    settings = tmp_path / "w" / "segue.toml"
    text = settings.read_text(encoding="utf-8").replace('merge = "none"', 'merge = "song"')
    settings.write_text(text, encoding="utf-8")
    answer = segue("-w", tmp_path / "w", "train")
    assert answer.code == 1
    assert "needs titles" in answer.err
