"""Exports of simulated listeners, as each service writes them: what was heard, and when, comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from exports import HISTORIES, PLAYLISTS, listening
from segue.readers import read, sniff


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_history_comes_back_play_by_play(tmp_path: Path, name: str, seed: int) -> None:
    plays = listening(seed)
    assert len(plays) > 20
    path = HISTORIES[name](tmp_path, plays)
    assert sniff(path).format == name
    dataset, report = read([path])
    assert (report.read, report.rejected) == (len(plays), 0)
    histories = dataset.histories
    assert histories.times is not None
    titles, artists = (dataset.catalogue.column(name).to_list() for name in ("title", "artist"))
    found = [
        (titles[item], artists[item], time)
        for item, time in zip(histories.items.tolist(), histories.times.tolist(), strict=True)
    ]
    assert found == [(play.title, play.artist, play.end) for play in sorted(plays, key=lambda play: play.end)]
    assert set(histories.weights.tolist()) == {1.0}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_comes_back_track_by_track(tmp_path: Path, name: str) -> None:
    plays = list({(play.title, play.artist): play for play in listening(3)}.values())
    path = PLAYLISTS[name](tmp_path, plays)
    assert sniff(path).format == name
    dataset, report = read([path])
    assert (report.read, report.rejected) == (len(plays), 0)
    assert list(dataset.users) == ["Night"]
    frame = dataset.catalogue.frame[dataset.histories.items]
    assert frame.select("title", "artist", "duration").rows() == [
        (play.title, play.artist, float(play.seconds)) for play in plays
    ]
