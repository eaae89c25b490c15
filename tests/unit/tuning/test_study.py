"""A study on disk: one transaction per trial, an identity, and clear words where it cannot be used."""

from __future__ import annotations

import json
import shutil
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest

from segue.core.spaces import Choice, Float, Int, Space
from segue.errors import ArtifactError, SettingsError, StorageError
from segue.tuning import set_aside
from segue.tuning.study import opened
from segue.tuning.trial import Trial

SPACE: Space = {"a": Int(1, 9), "b": Float(0.1, 1.0, log=True), "c": Choice((None, "x", 2.5, True))}
IDENTITY: dict[str, Any] = {
    "model": "some-model",
    "metrics": ["ndcg@20"],
    "space": {"a": [1]},
    "fixed": {"x": 1},
    "dataset": "abc",
    "seed": 0,
    "validation": {"folds": [{"users": 3}]},
}
TRIALS = [
    Trial(1, "complete", {"a": 3, "b": 0.25, "c": None}, 0.5, (0.4, 0.6), {"ndcg@20": 0.5, "map@5": 0.1}, 1.5),
    Trial(2, "pruned", {"a": 9, "b": 1.0, "c": True}, 0.1, (0.1,), {"ndcg@20": 0.1, "map@5": 0.0}, 0.25),
    Trial(3, "failed", {"a": 1, "b": 0.1, "c": 2.5}, None, (), {}, 0.125, reason="too few items"),
    Trial(4, "complete", {"a": 3, "b": 0.25, "c": None}, 0.5, (0.4, 0.6), {"ndcg@20": 0.5}, 0.0, same_as=1),
]


def kept(file: Path, identity: dict[str, Any] | None = None, add: tuple[Trial, ...] = ()) -> tuple[Trial, ...]:
    with opened(file, identity or IDENTITY, SPACE, maximize=True) as study:
        for trial in add:
            study.add(trial)
        return study.trials()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tuning" / "some-model.db"


def test_trials_come_back_as_they_were(file: Path) -> None:
    assert kept(file) == ()
    assert kept(file, add=tuple(TRIALS[:2])) == tuple(TRIALS[:2])
    assert kept(file, add=tuple(TRIALS[2:])) == tuple(TRIALS)
    assert kept(file) == tuple(TRIALS)


def test_a_trial_is_on_disk_once_it_was_added(file: Path) -> None:
    with opened(file, IDENTITY, SPACE, maximize=True) as study:
        for count, trial in enumerate(TRIALS, start=1):
            study.add(trial)
            with closing(sqlite3.connect(file)) as database:
                states = [state for (state,) in database.execute("SELECT state FROM trials ORDER BY number")]
            assert len(states) == count
            assert "RUNNING" not in states


@pytest.mark.parametrize("folder", ["with blank", "100% ?a=b#c&d", "名前", "quo'te"])
def test_any_folder_name_will_do(tmp_path: Path, folder: str) -> None:
    file = tmp_path / folder / "some-model.db"
    kept(file, add=tuple(TRIALS))
    assert kept(file) == tuple(TRIALS)
    assert [path.name for path in file.parent.iterdir()] == ["some-model.db"]


def test_optuna_itself_reads_the_study(file: Path) -> None:
    kept(file, add=tuple(TRIALS))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    study = optuna.load_study(study_name="some-model", storage=storage)
    assert study.best_params == {"a": 3, "b": 0.25, "c": None}
    assert study.trials[0].intermediate_values == {0: 0.4, 1: 0.5}
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED", "FAIL", "COMPLETE"]
    storage.remove_session()
    storage.engine.dispose()


def test_what_optuna_logs_and_warns_is_left_as_it_was(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    optuna.logging.set_verbosity(optuna.logging.INFO)
    before = list(warnings.filters)
    kept(file, add=tuple(TRIALS))
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    assert warnings.filters == before
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": ["map@5"]}, r"other metrics \(ndcg@20, now map@5\)"),
        ({"metrics": ["ndcg@20", "map@5"]}, r"other metrics \(ndcg@20, now ndcg@20, map@5\)"),
        ({"dataset": "abd"}, r"another dataset \(abc, now abd\)"),
        ({"seed": 1}, r"another seed \(0, now 1\)"),
        ({"space": {"a": [1, 2]}}, r"another space \(a: 1, now 1, 2\)"),
        ({"fixed": {"x": 2}}, r"not searched \(x: 1, now 2\)"),
        ({"validation": {"folds": [{"users": 4}]}}, r"another split \(folds: users: 3, now 4\)"),
        ({"validation": {"folds": [{"users": 3}] * 2}}, r"another split \(folds: 1, now 2\)"),
    ],
)
def test_what_would_not_compare_is_refused_and_named(file: Path, change: dict[str, Any], message: str) -> None:
    kept(file, add=tuple(TRIALS))
    with pytest.raises(SettingsError, match=message):
        kept(file, {**IDENTITY, **change})
    assert kept(file) == tuple(TRIALS)


def test_errors_of_the_block_are_not_taken_for_errors_of_the_file(file: Path) -> None:
    with pytest.raises(ValueError, match="of my own"), opened(file, IDENTITY, SPACE, maximize=True):
        raise ValueError("of my own")


def test_a_file_that_is_no_database_is_refused(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"SQLite format 2 and more")
    with pytest.raises(ArtifactError, match="no SQLite database"):
        kept(file)


def test_an_empty_file_is_an_empty_study(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    assert kept(file, add=tuple(TRIALS)) == tuple(TRIALS)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_study_that_was_cut_off_is_damaged(file: Path, share: float) -> None:
    kept(file, add=tuple(TRIALS))
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ArtifactError, match=r"some-model\.db is no study"):
        kept(file)


def test_a_database_of_something_else_is_refused(file: Path) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE trials (name TEXT)")
        database.commit()
    with pytest.raises(ArtifactError, match=r"some-model\.db is no study"):
        kept(file)


def test_a_study_begun_by_another_program_is_refused(file: Path) -> None:
    file.parent.mkdir()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    study = optuna.create_study(study_name="some-model", storage=storage, direction="maximize")
    study.add_trial(optuna.trial.create_trial(value=1.0))
    storage.remove_session()
    storage.engine.dispose()
    with pytest.raises(ArtifactError, match="not begun by segue"):
        kept(file)


def test_a_study_of_another_format_is_refused(file: Path) -> None:
    kept(file)
    with closing(sqlite3.connect(file)) as database:
        (text,) = database.execute("SELECT value_json FROM study_user_attributes").fetchone()
        newer = json.dumps({**json.loads(text), "format": 99})
        database.execute("UPDATE study_user_attributes SET value_json = ?", (newer,))
        database.commit()
    with pytest.raises(ArtifactError, match="another version of segue"):
        kept(file)


def test_a_place_that_is_a_folder_is_named(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(StorageError, match=r"some-model\.db"):
        kept(file)


def test_studies_set_aside_keep_their_records_and_get_free_names(file: Path) -> None:
    assert set_aside(file) is None
    for number in (1, 2, 3):
        kept(file, add=(TRIALS[0],))
        file.with_suffix(".json").write_text(str(number))
        aside = set_aside(file)
        assert aside is not None
        assert aside.name == f"some-model-{number}.db"
        assert aside.with_suffix(".json").read_text() == str(number)
    shutil.move(file.with_name("some-model-2.db"), file)
    assert kept(file) == (TRIALS[0],)
