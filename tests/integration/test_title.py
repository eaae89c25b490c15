"""A playlist's title alone gets a list, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import segue

pytest.importorskip("gensim", reason="needs the extra text")

SONGS = 12  # for the beach, and as many for the gym


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("title") / "w"
    playlists = [
        {
            "pid": pid,
            "name": f"{('beach days', 'Gym!')[pid % 2]} {pid}",
            "tracks": [
                {"track_uri": f"t{place}", "track_name": f"Song {place}", "artist_name": f"Artist {place // 3}"}
                for place in (SONGS * (pid % 2) + (pid // 2 + step * 5) % SONGS for step in range(7))
            ],
        }
        for pid in range(60)
    ]
    slices = folder.with_name("mpd.slice.0-59.json")
    slices.write_text(json.dumps({"playlists": playlists}), encoding="utf-8")
    assert segue("init", folder).code == 0
    settings = folder / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    head, section = text.split("[models.word2vec]")
    section = section.replace("dimensions = 64", "dimensions = 16", 1).replace(
        "learning_rate = 0.05", "learning_rate = 0.2", 1
    )
    text = head.replace("factors = 128", "factors = 8") + "[models.word2vec]" + section
    settings.write_text(text.replace("subsampling = 0.001", "subsampling = 0.0"), encoding="utf-8")
    assert segue("-w", folder, "import", slices).code == 0
    assert segue("-w", folder, "train").code == 0
    return folder


def test_a_title_gets_what_lies_under_such_names(workspace: Path) -> None:
    untrained = segue("-w", workspace, "recommend", "--title", "Beach")
    assert untrained.code == 1
    assert "train --model word2vec" in untrained.err
    assert segue("-w", workspace, "train", "--model", "word2vec").code == 0
    found = segue("--json", "-w", workspace, "recommend", "--title", "BEACH trip", "-k", "6")
    assert found.code == 0, found.err
    assert found.json["model"] == "word2vec"
    assert {int(item["id"][1:]) < SONGS for item in found.json["items"]} == {True}
    shown = segue("-w", workspace, "recommend", "--title", "gym", "-k", "3")
    assert shown.code == 0, shown.err
    assert "Artist" in shown.out
    unknown = segue("-w", workspace, "recommend", "--title", "zzz")
    assert unknown.code == 1
    assert "knows no word of 'zzz'" in unknown.err
    assert segue("-w", workspace, "recommend", "--title", "gym", "--explain").code == 2
