"""What an import does to the data that is there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import wave
import zlib
from pathlib import Path
from typing import Any

import pytest

from commands import Answer, segue
from commands import workspace as trained_workspace
from segue.errors import DataError
from segue.identity import merged, merged_by_keys
from segue.workspace import Workspace

SKIP = {"ms_played": 900, "reason_end": "fwdbtn", "skipped": True}


def export(path: Path, *titles: str, artist: str = "Artist 0", year: int = 2021, **changes: Any) -> Path:
    """An extended streaming history of these titles."""
    entries = [
        {
            "ts": f"{year}-03-04T05:{minute:02d}:07Z",
            "username": "secret-username",
            "ms_played": 200000,
            "ip_addr": "203.0.113.77",
            "user_agent_decrypted": "secret-agent",
            "conn_country": "ZZ",
            "master_metadata_track_name": title,
            "master_metadata_album_artist_name": artist,
            "spotify_track_uri": f"spotify:track:{zlib.crc32((artist + title).encode()):022d}",
            "reason_end": "endplay",
            "skipped": False,
            "incognito_mode": False,
            **changes,
        }
        for minute, title in enumerate(titles)
    ]
    path.mkdir(parents=True, exist_ok=True)
    file = path / f"Streaming_History_Audio_{year}_0.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    return file


def ok(answer: Answer) -> Answer:
    assert answer.code == 0, answer.err
    return answer


def refused(answer: Answer, *words: str) -> None:
    assert answer.code == 1
    assert answer.err.count("\n") == 1
    for word in words:
        assert word in answer.err


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "w"
    ok(segue("init", folder))
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_workspace(tmp_path_factory.mktemp("trained") / "w")


def test_data_is_not_lost_for_want_of_a_word(own: Path, tmp_path: Path) -> None:
    ok(segue("-w", own, "import", export(tmp_path / "a", "One")))
    before = contents(own)
    more = export(tmp_path / "b", "Two", year=2022)
    refused(segue("-w", own, "import", more), "Streaming_History_Audio_2021_0.json", "--append", "--replace")
    refused(segue("-w", own, "import", more, "--append", "--replace"), "contradict each other")
    assert contents(own) == before
    assert ok(segue("-w", own, "import", more, "--append", "--json")).json["entries"] == 2
    assert ok(segue("-w", own, "import", more, "--replace", "--json")).json["entries"] == 1


def test_a_file_imported_before_is_known_by_its_content(own: Path, tmp_path: Path) -> None:
    first = export(tmp_path / "a", "One", "Two")
    ok(segue("-w", own, "import", first))
    before = contents(own / "dataset")
    copy = tmp_path / "b" / "endsong_7.json"
    copy.parent.mkdir()
    copy.write_bytes(first.read_bytes())
    for words in ([first], [first, "--append"], [copy, "--append"], [copy.parent, "--append"]):
        refused(segue("-w", own, "import", *words), "imported into w before", "--again")
    assert contents(own / "dataset") == before
    again = ok(segue("-w", own, "import", copy, "--append", "--again", "--json")).json
    assert (again["added"]["added"], again["added"]["repeated"], again["entries"]) == (0, 2, 2)


def test_a_longer_export_adds_what_is_new_in_it(own: Path, tmp_path: Path) -> None:
    ok(segue("-w", own, "import", export(tmp_path / "a", "One", "Two")))
    ok(segue("-w", own, "import", export(tmp_path / "b", "One", "Two", "Three"), "--append"))
    about = ok(segue("-w", own, "describe", "--json")).json
    assert (about["users"], about["items"], about["entries"]) == (1, 3, 3)


def test_one_persons_history_is_folded_in_and_answered_without_training(trained: Path, tmp_path: Path) -> None:
    first, second = export(tmp_path / "a", "Song 0", "Song 1 - Remastered 2011"), tmp_path / "b"
    export(second, "Song 2", "Nowhere", artist="Artist 1", year=2022)
    models = contents(trained / "models")
    answer = ok(segue("-w", trained, "import", first, second, "--as-user", "ana"))
    assert "3 of 4 items found in the catalogue" in answer.out
    assert "by name: 3" in answer.out
    assert "missed 1: the artist is there, but not this title (Artist 1 - Nowhere)" in answer.out
    assert "added: 1 user, 1 item, 4 entries" in answer.out
    listed = ok(segue("-w", trained, "recommend", "--user", "ana", "-k", "3", "--json")).json
    assert {item["id"] for item in listed["items"]} == {"s3", "s4", "s5"}  # what those hear who hear songs 0, 1 and 2
    assert ok(segue("-w", trained, "recommend", "--user", "u1", "--json")).json["items"]
    assert contents(trained / "models") == models


def test_only_known_items_are_taken_where_that_is_asked(trained: Path, tmp_path: Path) -> None:
    items = ok(segue("-w", trained, "describe", "--json")).json["items"]
    told = ok(
        segue("-w", trained, "import", export(tmp_path / "a", "Song 0", "Elsewhere", year=2015), "--as-user", "dora",
              "--only-known", "--json")
    ).json  # fmt: skip
    assert (told["added"]["left_out"], told["items"]) == (1, items)
    assert told["matches"]["how"] == {"name": 1, "the artist is there, but not this title": 1}


def test_a_skipped_song_is_a_dislike_of_that_person(trained: Path, tmp_path: Path) -> None:
    ok(segue("-w", trained, "import", export(tmp_path / "a", "Song 0", "Song 1", year=2010), "--as-user", "eve"))
    skipped = export(tmp_path / "b", "Song 5", artist="Artist 2", year=2011, **SKIP)
    ok(segue("-w", trained, "import", skipped, "--as-user", "eve"))
    found = ok(segue("-w", trained, "recommend", "--user", "eve", "--json")).json["items"]
    assert "s5" not in {item["id"] for item in found}
    assert found[0]["id"] in {"s2", "s3", "s4"}


def test_one_person_is_not_many(trained: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("user,song,plays\na,s1,1\nb,s1,1\n")
    refused(segue("-w", trained, "import", table, "--as-user", "x"), "histories of 2 users", "one person")


def test_a_first_import_may_name_its_person(own: Path, tmp_path: Path) -> None:
    ok(segue("-w", own, "import", export(tmp_path / "a", "One"), "--as-user", "ana"))
    more = tmp_path / "mix.m3u"
    more.write_text("#EXTINF:1,Artist 0 - One\none.mp3\n#EXTINF:1,Artist 0 - Two\ntwo.mp3\n")
    told = ok(segue("-w", own, "import", more, "--as-user", "ana", "--json")).json
    assert (told["users"], told["items"], told["entries"]) == (1, 2, 2)  # at its last second "One" is there already


def test_only_what_one_owns_comes_back_where_that_is_asked(tmp_path: Path) -> None:
    pytest.importorskip("mutagen")
    folder = trained_workspace(tmp_path / "w")
    refused(segue("-w", folder, "recommend", "--like", "s0", "--owned"), "has a file or an address", "segue import")
    music = tmp_path / "music"
    music.mkdir()
    for name in ("Artist 1 - Song 3.wav", "Artist 2 - Song 4.wav", "Unknown - Thing.wav"):
        with wave.open(str(music / name), "wb") as file:
            file.setparams((1, 1, 8000, 0, "NONE", ""))
            file.writeframes(bytes(8000))
    ok(segue("-w", folder, "import", music, "--append"))
    everything = ok(segue("-w", folder, "recommend", "--like", "s0", "--json")).json["items"]
    mine = ok(segue("-w", folder, "recommend", "--like", "s0", "--owned", "--json")).json["items"]
    assert len(everything) > 2
    assert {item["id"] for item in mine} == {"s3", "s4"}


def test_addresses_agents_and_private_plays_are_nowhere_in_the_workspace(own: Path, tmp_path: Path) -> None:
    export(tmp_path / "a", "One", "Two")
    export(tmp_path / "a", "A private song", year=2022, incognito_mode=True, spotify_track_uri="spotify:track:private")
    answer = ok(segue("-w", own, "import", tmp_path / "a"))
    assert "rejected 1: played in a private session" in answer.out
    secrets = [b"203.0.113", b"secret-agent", b"secret-username", b"A private song", b"track:private", b'"ZZ"']
    for name, content in contents(own).items():
        for secret in secrets:
            assert secret not in content, (name, secret)
    import polars as pl

    for path in (own / "dataset").rglob("*.parquet"):  # Parquet is compressed: look at what it says, too
        text = str(pl.read_parquet(path).to_dicts()).encode()
        assert not any(secret in text for secret in secrets), path


def test_several_forms_in_one_folder_are_named_and_a_choice_is_asked_for(own: Path, tmp_path: Path) -> None:
    export(tmp_path / "a", "One")
    (tmp_path / "a" / "mix.xspf").write_text("<playlist/>")
    refused(
        segue("-w", own, "import", tmp_path / "a"),
        "could be of several forms",
        "spotify-history (it holds Streaming_History_Audio_2021_0.json",
        "xspf (it holds mix.xspf)",
        "--format",
    )
    ok(segue("-w", own, "import", tmp_path / "a", "--format", "spotify-history"))


def test_ctrl_c_leaves_the_dataset_that_was_there(own: Path, tmp_path: Path) -> None:
    ok(segue("-w", own, "import", export(tmp_path / "a", "One")))
    before = contents(own / "dataset")
    table = tmp_path / "large.csv"
    rows = "".join(f"u{n % 5000},i{n % 3000},{n % 7 + 1}\n" for n in range(100_000))
    with table.open("w") as file:
        file.write("user,song,plays\n")
        for _ in range(60):
            file.write(rows)
    process = subprocess.Popen(
        [sys.executable, "-m", "segue", "-w", str(own), "import", str(table), "--replace"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (own / ".writer").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert (out, err.splitlines()[-1]) == ("", "segue: interrupted; what was finished before is kept")
    assert contents(own / "dataset") == before


def test_keys_of_recordings_and_songs_are_kept_and_known_again_when_more_comes(tmp_path: Path) -> None:
    ok(segue("init", tmp_path / "w"))
    table = tmp_path / "plays.csv"
    table.write_text(
        "user,track,title,artist\na,t1,Roads,Portishead\na,t2,Roads - Live,Portishead\nb,t3,Sun,Bo\n", encoding="utf-8"
    )
    ok(segue("-w", tmp_path / "w", "import", table))
    more = tmp_path / "more.csv"
    more.write_text("user,track,title,artist\na,t4,Roads (2008 Remaster),Portishead\n", encoding="utf-8")
    ok(segue("-w", tmp_path / "w", "import", more, "--append"))
    dataset = Workspace.open(tmp_path / "w").read_dataset()
    keys = {by: dataset.catalogue.column(by).to_list() for by in ("recording", "song")}
    assert [keys["recording"].index(key) for key in keys["recording"]] == [0, 1, 2, 0]
    assert [keys["song"].index(key) for key in keys["song"]] == [0, 0, 2, 0]
    for by in ("recording", "song"):
        kept, (read, _) = merged_by_keys(dataset, by), merged(dataset, by, near=False)
        assert kept == read


def test_items_without_names_have_no_keys(tmp_path: Path) -> None:
    ok(segue("init", tmp_path / "w"))
    (tmp_path / "plays.csv").write_text("user,track\na,t1\nb,t2\n", encoding="utf-8")
    ok(segue("-w", tmp_path / "w", "import", tmp_path / "plays.csv"))
    dataset = Workspace.open(tmp_path / "w").read_dataset()
    assert "recording" not in dataset.catalogue.columns
    with pytest.raises(DataError, match="2 items have no key in the column 'recording'"):
        merged_by_keys(dataset)
