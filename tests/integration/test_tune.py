"""`segue tune`, as a person would use it: ended, killed, continued, applied."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commands import Answer, segue, workspace

TUNE = ["tune", "--model", "implicit-als", "--metric", "ndcg@3", "--metric", "map@3", "--folds", "2", "--threads", "1"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return workspace(tmp_path / "w", trained=False)


def ok(answer: Answer) -> Answer:
    assert answer.code == 0, answer.err
    return answer


def trials(record: dict[str, Any]) -> list[dict[str, Any]]:
    """What must not depend on when a search was killed: everything but the seconds."""
    return [{name: value for name, value in trial.items() if name != "seconds"} for trial in record["trials"]]


def write(place: Path, old: str, new: str) -> None:
    settings = place / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    assert old in text
    settings.write_text(text.replace(old, new), encoding="utf-8")


# -- killed and continued ---------------------------------------------------------------------------------------------


def finished(study: Path) -> int:
    """How many trials the study on disk holds, as another process sees it."""
    if not study.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{study}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM trials").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet, or being written
        return 0


def begun(place: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "segue", "-w", str(place), *TUNE, "--trials", str(count), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def after(process: subprocess.Popen[str], study: Path, count: int) -> None:
    """Waits until so many trials are finished, and the next one is under way."""
    deadline = time.monotonic() + 120
    while finished(study) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_search_that_is_killed_twice_and_continued_is_the_search_that_was_not_killed(
    place: Path, tmp_path: Path
) -> None:
    write(place, "iterations = 4", "iterations = 40")  # so that the kill falls into a trial
    study = place / "tuning" / "implicit-als.db"
    for count in (3, 11):
        process = begun(place, 14)
        after(process, study, count)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert count <= finished(study) < 14
    killed = ok(segue("-w", place, *TUNE, "--trials", "14", "--json"))

    other = workspace(tmp_path / "other", trained=False)
    write(other, "iterations = 4", "iterations = 40")
    whole = ok(segue("-w", other, *TUNE, "--trials", "14", "--json"))
    assert trials(killed.json) == trials(whole.json)
    assert killed.json["best"] == whole.json["best"]
    assert len(killed.json["trials"]) == 14


def test_an_interrupted_search_keeps_and_records_its_finished_trials(place: Path) -> None:
    write(place, "iterations = 4", "iterations = 40")
    process = begun(place, 500)
    after(process, place / "tuning" / "implicit-als.db", 3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "goes on after them" in err
    assert "optuna" not in err.lower()
    assert "[I " not in err  # how its log lines begin
    record = json.loads((place / "tuning" / "implicit-als.json").read_text(encoding="utf-8"))
    kept = len(record["trials"])
    on_disk = finished(place / "tuning" / "implicit-als.db")
    assert 3 <= kept <= on_disk <= kept + 1  # one more, where the signal came just as it had been written
    again = ok(segue("-w", place, *TUNE, "--trials", str(on_disk + 1), "--json"))
    assert trials(again.json)[:kept] == trials(record)


# -- what it shows and writes -----------------------------------------------------------------------------------------


GRID = """
[tuning.implicit-als]
factors = [2, 4]
regularization = [0.01, 0.1, 1.0]
"""


@pytest.fixture
def gridded(place: Path) -> Path:
    write(place, "\n[tuning.implicit-als]\n", GRID)
    return place


def test_a_grid_is_tried_whole_once_and_its_best_point_is_shown(gridded: Path) -> None:
    answer = ok(segue("-w", gridded, *TUNE, "--sampler", "grid"))
    assert "6 trials\n" in answer.out
    assert "the test part was put aside and not looked at" in answer.out
    assert "[models.implicit-als]\nfactors = " in answer.out
    assert "optuna" not in answer.err.lower()
    record = json.loads((gridded / "tuning" / "implicit-als.json").read_text(encoding="utf-8"))
    tried = [(trial["values"]["factors"], trial["values"]["regularization"]) for trial in record["trials"]]
    assert tried == [(factors, ridge) for factors in (2, 4) for ridge in (0.01, 0.1, 1.0)]
    assert set(record["trials"][0]["metrics"]) == {"ndcg@3", "map@3"}
    again = ok(segue("-w", gridded, *TUNE, "--sampler", "grid", "--trials", "100"))
    assert "has its 6 trials already" in again.err
    assert again.out == answer.out


def test_apply_writes_the_best_values_and_nothing_else(gridded: Path) -> None:
    before = (gridded / "segue.toml").read_text(encoding="utf-8").splitlines()
    answer = ok(segue("-w", gridded, *TUNE, "--sampler", "grid", "--apply", "--json")).json
    after = (gridded / "segue.toml").read_text(encoding="utf-8").splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    best = answer["best"]["values"]
    wanted = [f"factors = {best['factors']}", f"regularization = {best['regularization']}"]
    assert answer["applied"]
    assert [new for _, new in changed] == [line for line in wanted if line not in before]
    assert [old.split(" = ")[0] for old, _ in changed] == [new.split(" = ")[0] for _, new in changed]
    assert ok(segue("-w", gridded, "train", "--model", "implicit-als")).code == 0


def test_new_begins_another_study_and_keeps_the_one_before(gridded: Path) -> None:
    ok(segue("-w", gridded, *TUNE, "--trials", "2"))
    refused = segue("-w", gridded, *TUNE, "--trials", "2", "--seed", "5")
    assert refused.code == 1
    assert "another seed (0, now 5)" in refused.err
    begun = ok(segue("-w", gridded, *TUNE, "--trials", "3", "--seed", "5", "--new"))
    assert "implicit-als-1.db" in begun.err
    assert finished(gridded / "tuning" / "implicit-als-1.db") == 2
    assert (gridded / "tuning" / "implicit-als-1.json").is_file()
    assert finished(gridded / "tuning" / "implicit-als.db") == 3


# -- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = workspace(tmp_path_factory.mktemp("shared") / "w", trained=False)
    ok(segue("-w", place, "tune", "--model", "popularity", "--metric", "ndcg@3", "--trials", "2"))
    return place


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "implict-als"], "did you mean 'implicit-als'"),
        (["--model", "item-knn", "--metric", "ndgc@3"], "did you mean 'ndcg@3'"),
        (["--model", "item-knn", "--metric", "ndcg"], "needs a list length"),
        (["--model", "item-knn", "--metric", "ndcg@20"], "only 12 items; ask for 'ndcg@12' or less"),
        (["--model", "item-knn", "--metric", "ndcg@3", "--sampler", "gird"], "did you mean 'grid'"),
        (["--model", "item-knn", "--metric", "ndcg@3", "--sampler", "grid"], "neighbours has the range 20 to 500"),
        (["--model", "item-knn", "--metric", "ndcg@3", "--prune"], "ask for 2 folds or more"),
        (["--model", "item-knn", "--metric", "ndcg@3", "--timeout", "0"], "seconds above 0, got 0"),
        (["--model", "item-knn", "--metric", "ndcg@3", "--folds", "99"], "nobody to validate on"),
        (["--model", "popularity", "--metric", "recall@3"], "other metrics (ndcg@3, now recall@3)"),
        (["--model", "popularity", "--metric", "ndcg@3", "--folds", "2"], "another split"),
    ],
)
def test_a_request_that_cannot_be_gets_one_clear_line(shared: Path, options: list[str], message: str) -> None:
    answer = segue("-w", shared, "tune", *options)
    assert answer.code == 1
    assert message in answer.err
    assert len([line for line in answer.err.splitlines() if line.startswith("segue:")]) == 1
    assert answer.out == ""


@pytest.mark.parametrize("options", [["--trials", "0"], ["--folds", "1"]])
def test_numbers_that_are_too_small_are_wrong_usage(shared: Path, options: list[str]) -> None:
    assert segue("-w", shared, "tune", "--model", "popularity", *options).code == 2


def test_a_parameter_misspelled_in_the_space_is_named_with_its_line(place: Path) -> None:
    write(place, "\n[tuning.implicit-als]\n", "\n[tuning.implicit-als]\nfactor = [1, 2]\n")
    answer = segue("-w", place, *TUNE)
    assert answer.code == 1
    assert "[tuning.implicit-als]: unknown key 'factor'; did you mean 'factors'?" in answer.err


def test_a_study_of_other_data_is_not_continued(place: Path, tmp_path: Path) -> None:
    ok(segue("-w", place, *TUNE, "--trials", "2"))
    more = tmp_path / "more.csv"
    more.write_text("user,song,plays\n" + "".join(f"u{u},s{s},1\n" for u in range(30) for s in range(4)))
    ok(segue("-w", place, "import", more, "--replace", "--user", "user", "--item", "song", "--weight", "plays"))
    answer = segue("-w", place, *TUNE, "--trials", "3")
    assert answer.code == 1
    assert "another dataset" in answer.err


def test_a_file_that_is_no_study_is_left_alone_until_new_is_asked_for(place: Path) -> None:
    study = place / "tuning" / "implicit-als.db"
    study.parent.mkdir()
    study.write_bytes(b"these are my notes\n")
    answer = segue("-w", place, *TUNE, "--trials", "2")
    assert answer.code == 1
    assert "no SQLite database" in answer.err
    assert study.read_bytes() == b"these are my notes\n"
    ok(segue("-w", place, *TUNE, "--trials", "2", "--new"))
    assert (place / "tuning" / "implicit-als-1.db").read_bytes() == b"these are my notes\n"


def test_a_damaged_study_is_named(place: Path) -> None:
    ok(segue("-w", place, *TUNE, "--trials", "2"))
    study = place / "tuning" / "implicit-als.db"
    whole = study.read_bytes()
    study.write_bytes(whole[: len(whole) // 3])
    answer = segue("-w", place, *TUNE, "--trials", "4")
    assert answer.code == 1
    assert "implicit-als.db" in answer.err
    assert "mistake in segue" not in answer.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(place: Path) -> None:
    (place / "tuning").mkdir()
    (place / "tuning").chmod(0o500)
    answer = segue("-w", place, *TUNE, "--trials", "2")
    (place / "tuning").chmod(0o700)
    assert answer.code == 1
    assert "tuning" in answer.err


def test_failed_points_are_counted_once_and_their_reason_is_told(place: Path) -> None:
    out = ok(segue("-w", place, "tune", "--model", "popularity", "--metric", "ndcg@3", "--trials", "40")).out
    assert ", 6 failed (half_life needs times, " in out  # of 2 x 4 points, those with a half-life
    applied = ok(segue("-w", place, "tune", "--model", "popularity", "--metric", "ndcg@3", "--apply"))
    assert "every point was tried" in applied.err
    assert "# half_life is left out" in applied.out
    ok(segue("-w", place, "train", "--model", "popularity"))


def test_no_trial_in_time_is_no_error(place: Path) -> None:
    answer = ok(segue("-w", place, *TUNE, "--timeout", "0.000001"))
    assert "no trial was finished in time" in answer.err
    assert answer.out == ""
    assert ok(segue("-w", place, *TUNE, "--timeout", "0.000001", "--apply", "--json")).json["applied"] is False
