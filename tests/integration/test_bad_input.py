"""What goes wrong is said in one line, ends with the right exit code, and harms nothing that was there before."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands import Answer, plays, segue, workspace

COLUMNS = ("--user", "user", "--item", "song", "--weight", "plays")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained workspace that tests only read, or fail to change."""
    return workspace(tmp_path_factory.mktemp("trained") / "w")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A trained workspace that a test may change."""
    return workspace(tmp_path / "w")


def contents(folder: Path) -> dict[str, str]:
    """Every file that a person would miss, by its SHA-256."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != ".lock"
    }


def refused(answer: Answer, *words: str) -> None:
    """One clear line on stderr, nothing on stdout, exit code 1."""
    assert answer.code == 1, answer
    assert answer.out == ""
    lines = [line for line in answer.err.splitlines() if line.startswith("segue: ")]
    assert len(lines) == 1, answer.err
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err


# -- files that cannot be imported ------------------------------------------------------------------------------------


def _missing(folder: Path) -> tuple[Path, ...]:
    return (folder / "nothing.csv",)


def _folder(folder: Path) -> tuple[Path, ...]:
    (folder / "empty").mkdir()
    return (folder / "empty",)


def _truncated(folder: Path) -> tuple[Path, ...]:
    playlist = {"name": "one", "pid": 0, "tracks": [{"track_uri": "t:1", "track_name": "One", "artist_name": "A"}] * 9}
    text = json.dumps({"info": {"version": "v1"}, "playlists": [playlist] * 3})
    file = folder / "mpd.slice.0-2.json"
    file.write_text(text[: len(text) // 2], encoding="utf-8")
    return (file,)


def _binary(folder: Path) -> tuple[Path, ...]:
    file = folder / "plays.csv"
    file.write_bytes(bytes(range(256)) * 64)
    return (file,)


def _empty(folder: Path) -> tuple[Path, ...]:
    (folder / "plays.csv").touch()
    return (folder / "plays.csv",)


def _only_a_header(folder: Path) -> tuple[Path, ...]:
    (folder / "plays.csv").write_text("user,song,plays\n", encoding="utf-8")
    return (folder / "plays.csv",)


def _nothing_usable(folder: Path) -> tuple[Path, ...]:
    (folder / "plays.csv").write_text("user,song,plays\nu1,s1,-4\nu2,,3\n", encoding="utf-8")
    return (folder / "plays.csv",)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_missing, ["nothing.csv does not exist"]),
        (_folder, ["empty is a folder"]),
        (_truncated, ["mpd.slice.0-2.json is cut short or damaged", "copy it again"]),
        (_binary, ["plays.csv is a binary file", "expected a text file"]),
        (_empty, ["plays.csv is empty (0 bytes)"]),
        (_only_a_header, ["no rows below the header"]),
        (_nothing_usable, ["plays.csv"]),
    ],
)
def test_what_cannot_be_imported_leaves_the_dataset_that_was_there(
    trained: Path, tmp_path: Path, make: Callable[[Path], tuple[Path, ...]], words: list[str]
) -> None:
    before = contents(trained)
    refused(segue("-w", trained, "import", "--replace", *make(tmp_path)), *words)
    assert contents(trained) == before


def test_a_file_where_a_column_is_missing_offers_the_near_one(trained: Path, tmp_path: Path) -> None:
    before = contents(trained)
    table = plays(tmp_path / "plays.csv")
    asked = ["-w", trained, "import", "--replace", table]
    refused(segue(*asked, "--item", "sogn"), "no column 'sogn'", "did you mean 'song'?")
    refused(segue(*asked, "--format", "tabel"), "no format 'tabel'", "table")
    assert contents(trained) == before


def test_rows_that_cannot_be_used_are_counted_and_the_others_kept(tmp_path: Path) -> None:
    segue("init", tmp_path / "w")
    table = tmp_path / "plays.csv"
    table.write_text(
        "user,song,plays\nu1,s1,3\nu2\n,s1,4\nu2,s2,2\nu3,s3,-4\nu3,s3,1e40\nu3,s3,999999999999999999999\nu4,s1,nan\n",
        encoding="utf-8",
    )
    answer = segue("-w", tmp_path / "w", "import", table, *COLUMNS)
    assert answer.code == 0
    assert "plays cannot be negative (plays.csv line 6)" in answer.out
    assert "too large" in answer.out
    assert "the user is missing (plays.csv line 4)" in answer.out
    assert answer.out.endswith("2 users, 2 items, 2 entries (plays)\n")


def test_a_file_in_latin_1_is_read_and_the_guess_is_said(tmp_path: Path) -> None:
    segue("init", tmp_path / "w")
    table = tmp_path / "plays.csv"
    table.write_bytes("user,song,plays\nu1,Björk,3\nu2,Café,4\nu1,Café,4\n".encode("latin-1"))
    answer = segue("-w", tmp_path / "w", "import", table, *COLUMNS, "--encoding", "latin-1")
    assert answer.code == 0
    found = segue("-w", tmp_path / "w", "search", "bjork", "--json").json
    assert found["items"][0]["id"] == "Björk"
    guessed = segue("-w", tmp_path / "w", "import", "--replace", table, *COLUMNS)
    assert guessed.code == 0
    assert "is not UTF-8; it was read as" in guessed.out


# -- data with little in it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [["u1,s1,3", "u1,s2,1"], ["u1,s1,3", "u2,s1,1"]], ids=["one user", "one item"])
def test_one_user_or_one_item_is_enough_to_train_and_too_little_to_evaluate(tmp_path: Path, rows: list[str]) -> None:
    segue("init", tmp_path / "w")
    table = tmp_path / "plays.csv"
    table.write_text("\n".join(["user,song,plays", *rows]) + "\n", encoding="utf-8")
    assert segue("-w", tmp_path / "w", "import", table, *COLUMNS).code == 0
    trained = segue("-w", tmp_path / "w", "train")
    assert trained.code == 0, trained.err
    assert segue("-w", tmp_path / "w", "describe").code == 0
    answer = segue("-w", tmp_path / "w", "recommend", "--user", "u1")
    assert answer.code == 0
    assert "nothing to recommend" in answer.err
    assert segue("-w", tmp_path / "w", "similar", "s1").code == 0
    everyone = segue("-w", tmp_path / "w", "recommend", "--all", "--out", tmp_path / "lists.parquet")
    assert everyone.code == 0
    refused(segue("-w", tmp_path / "w", "evaluate"))


# -- names that are not known -----------------------------------------------------------------------------------------


def test_an_unknown_user_is_offered_near_ones(trained: Path) -> None:
    refused(segue("-w", trained, "recommend", "--user", "u99"), "no user 'u99'", "did you mean u9")


def test_an_unknown_title_is_offered_near_ones(trained: Path) -> None:
    refused(segue("-w", trained, "similar", "Sunk cost fallacy"), "'Sunk cost fallacy'")
    answer = segue("-w", trained, "similar", "Sogn 11 elevn", "--json")
    assert answer.code == 1
    assert "Song 11" in " ".join(answer.json["near"])


def test_an_ambiguous_title_is_answered_by_numbered_matches(trained: Path) -> None:
    answer = segue("-w", trained, "similar", "Artist 1")
    refused(answer)
    listed = [line for line in answer.err.splitlines() if not line.startswith("segue: ")]
    assert {line[5:] for line in listed[:2]} == {"Artist 1 - Song 2  (id s2)", "Artist 1 - Song 3  (id s3)"}
    assert [line[:5] for line in listed] == [f"  {number}. " for number in range(1, len(listed) + 1)]


def test_an_unknown_model_is_offered_the_near_one(trained: Path) -> None:
    refused(segue("-w", trained, "train", "--model", "item-kn"), "no model 'item-kn'", "did you mean 'item-knn'?")
    refused(segue("-w", trained, "similar", "s1", "--model", "popularity"), "cannot say which items are alike")
    refused(segue("-w", trained, "similar", "s1", "--model", "ease"), "no model is called 'ease'", "item-knn")


# -- workspaces that are not ready ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["describe"], ["train"], ["evaluate"], ["search", "x"], ["recommend", "--user", "1"], ["serve"]]
)
def test_without_a_workspace_it_says_how_to_make_one(tmp_path: Path, command: list[str]) -> None:
    refused(segue("-w", tmp_path / "nowhere", *command), "there is no folder", "segue init FOLDER")
    refused(segue("-w", tmp_path, *command), "has no segue.toml")


@pytest.mark.parametrize("command", [["describe"], ["train"], ["evaluate"], ["search", "x"], ["similar", "x"]])
def test_without_a_dataset_it_says_how_to_import_one(tmp_path: Path, command: list[str]) -> None:
    segue("init", tmp_path / "w")
    refused(segue("-w", tmp_path / "w", *command), "has no dataset yet", "import PATH")


@pytest.mark.parametrize("command", [["recommend", "--user", "u1"], ["similar", "s1"], ["serve"]])
def test_without_models_it_says_how_to_train_them(tmp_path: Path, command: list[str]) -> None:
    folder = workspace(tmp_path / "w", trained=False)
    refused(segue("-w", folder, *command), "is not trained yet", f"segue -w {folder} train")


def test_an_unknown_key_in_the_settings_is_named_with_its_line(own: Path) -> None:
    settings = own / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("neighbours = 200", "neighbors = 200"), encoding="utf-8")
    line = text[: text.index("neighbours = 200")].count("\n") + 1
    before = contents(own)
    for command in (["train"], ["evaluate"], ["recommend", "--user", "u1"]):
        refused(segue("-w", own, *command), f"segue.toml, line {line}", "'neighbors'", "did you mean 'neighbours'?")
    assert contents(own) == before


def test_a_damaged_model_names_the_way_out(own: Path) -> None:
    model = own / "models" / "item-knn"
    version = (model / "current").read_text(encoding="utf-8").strip()
    arrays = model / version / "arrays.safetensors"
    content = bytearray(arrays.read_bytes())
    content[-1] ^= 1
    arrays.write_bytes(content)
    refused(segue("-w", own, "recommend", "--user", "u1"), "arrays.safetensors has changed", "train --model item-knn")
    assert segue("-w", own, "doctor").code == 1
    assert segue("-w", own, "train", "--model", "item-knn").code == 0
    assert segue("-w", own, "recommend", "--user", "u1").code == 0


def test_a_damaged_dataset_names_the_way_out(own: Path) -> None:
    for file in (own / "dataset").rglob("interactions-*.parquet"):
        file.write_bytes(file.read_bytes()[:-8])
    refused(segue("-w", own, "train"), "has changed since it was saved")


def test_models_of_another_dataset_are_not_asked(own: Path, tmp_path: Path) -> None:
    table = tmp_path / "other.csv"
    table.write_text("user,song,plays\nu1,other,3\nu2,one,1\nu2,other,1\n", encoding="utf-8")
    assert segue("-w", own, "import", "--replace", table, *COLUMNS).code == 0
    refused(segue("-w", own, "recommend", "--user", "u1"), "was trained on other items", "train")


# -- the machine ------------------------------------------------------------------------------------------------------


def _started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "segue", "-w", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _endless_training(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A training whose first two models are quick, and whose third never ends, from the moment the third began."""
    settings = folder / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("iterations = 4", "iterations = 100000000"), encoding="utf-8")
    for model in ("popularity", "item-knn"):
        (folder / "models" / model / "current").unlink()
    process = _started(folder, "train")
    try:
        wanted = folder / "models" / "item-knn" / "current"
        deadline = time.monotonic() + 60
        while not wanted.exists() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        time.sleep(0.5)
        assert process.poll() is None
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def training(own: Path) -> Iterator[subprocess.Popen[str]]:
    yield from _endless_training(own)


def test_ctrl_c_keeps_the_models_that_are_finished(own: Path, training: subprocess.Popen[str]) -> None:
    before = contents(own / "models" / "implicit-als")
    training.send_signal(signal.SIGINT)
    out, err = training.communicate(timeout=60)
    assert training.returncode == 130
    assert err.splitlines()[-1] == "segue: interrupted; what was finished before is kept"
    assert "Traceback" not in err
    assert out == ""
    assert contents(own / "models" / "implicit-als") == before
    assert segue("-w", own, "recommend", "--user", "u1").code == 0


def test_a_second_training_is_told_who_holds_the_workspace(own: Path, training: subprocess.Popen[str]) -> None:
    for command in (["train"], ["import", str(own / "segue.toml")]):
        refused(segue("-w", own, *command), f"written by another process (pid {training.pid}, segue train)")
    assert segue("-w", own, "recommend", "--user", "u1").code == 0  # who reads does not wait


def test_a_killed_training_leaves_a_workspace_that_works(own: Path, training: subprocess.Popen[str]) -> None:
    training.kill()
    training.communicate()
    assert segue("-w", own, "recommend", "--user", "u1").code == 0
    settings = own / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("iterations = 100000000", "iterations = 2"), encoding="utf-8")
    assert segue("-w", own, "train").code == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, where the tests may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_everything_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    folder = workspace(small_disk / "w")
    more = plays(tmp_path / "more.csv", users=3000, items=60)
    with (small_disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(b"\0" * 4096)
    before = contents(folder)
    refused(segue("-w", folder, "train"), "the disk is full", "free some space")
    refused(segue("-w", folder, "import", "--replace", more, *COLUMNS), "the disk is full")
    refused(segue("-w", folder, "recommend", "--all", "--out", small_disk / "lists.parquet"), "the disk is full")
    assert contents(folder) == before
    assert not (small_disk / "lists.parquet").exists()
    assert segue("-w", folder, "recommend", "--user", "u1").code == 0
    (small_disk / "filler").unlink()
    assert segue("-w", folder, "train").code == 0


def test_an_output_that_cannot_be_written_is_named(trained: Path, tmp_path: Path) -> None:
    refused(segue("-w", trained, "recommend", "--all", "--out", tmp_path), "is a folder; name a file")
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "lists.parquet"
    refused(segue("-w", trained, "recommend", "--all", "--out", out), str(tmp_path / "file"))


def test_a_port_that_is_taken_and_a_host_of_others_are_refused(trained: Path) -> None:
    refused(segue("-w", trained, "serve", "--host", "0.0.0.0"), "without a key", "SEGUE_API_KEY")  # noqa: S104  # refused


def test_debug_shows_where_an_error_came_from(trained: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "segue", "-w", str(trained), "recommend", "--user", "u99", "--debug"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "NotFoundError" in done.stderr
