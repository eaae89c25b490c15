"""`segue evaluate` on a workspace: what segue.toml declares, and what is refused before anything is fitted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Answer, segue, workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path / "w", trained=False)


def declared(folder: Path, **keys: str) -> None:
    """Puts other values into the [evaluation] section."""
    settings = folder / "segue.toml"
    head, _, rest = settings.read_text(encoding="utf-8").partition("[evaluation]\n")
    lines = [line for line in rest.split("\n") if line.partition(" =")[0] not in keys or "[" in line.partition(" =")[0]]
    section, found, others = "\n".join(lines).partition("\n[evaluation.")
    told = "".join(f"{key} = {value}\n" for key, value in keys.items())
    settings.write_text(f"{head}[evaluation]\n{told}{section}{found}{others}", encoding="utf-8")


def with_validation(settings: str) -> str:
    """The settings with a validation part for every split."""
    head, evaluation = settings.split("[evaluation]\n")
    return head + "[evaluation]\n" + evaluation.replace("validation = 0.0", "validation = 0.2")


def evaluated(folder: Path, *options: str) -> Answer:
    return segue("-w", folder, "evaluate", "--no-report", *options)


def test_the_pipeline_is_in_the_table_unless_it_is_switched_off(folder: Path) -> None:
    answer = evaluated(folder, "--json")
    assert answer.code == 0, answer.err
    assert list(answer.json["models"]) == ["popularity", "item-knn", "implicit-als", "pipeline"]
    configuration = answer.json["models"]["pipeline"]["configuration"]
    assert (configuration["name"], configuration["ranker"]) == ("pipeline", "implicit-als")
    only = evaluated(folder, "--model", "pipeline", "--json")
    assert list(only.json["models"]) == ["popularity", "item-knn", "pipeline"]
    declared(folder, pipeline="false")
    assert list(evaluated(folder, "--json").json["models"]) == ["popularity", "item-knn", "implicit-als"]


def test_folds_and_refitting_are_declared_in_the_settings(folder: Path) -> None:
    declared(folder, folds="3", pipeline="false")
    answer = evaluated(folder)
    assert answer.code == 0, answer.err
    assert "24 users asked in 3 folds (held-out-users, seed 0)" in answer.out
    text = (folder / "segue.toml").read_text(encoding="utf-8")
    (folder / "segue.toml").write_text(with_validation(text), encoding="utf-8")
    declared(folder, folds="0", refit="true")
    assert "training and validation data together" in evaluated(folder).out
    on_validation = evaluated(folder, "--part", "validation", "--json").json
    assert (on_validation["part"], on_validation["refit"], on_validation["earlier_test_runs"]) == (
        "validation",
        False,
        None,
    )


def test_runs_on_validation_do_not_count_as_looks_at_the_test_part(folder: Path) -> None:
    text = (folder / "segue.toml").read_text(encoding="utf-8")
    (folder / "segue.toml").write_text(with_validation(text), encoding="utf-8")
    for _ in range(2):
        assert evaluated(folder, "--part", "validation").code == 0
    (folder / "runs" / "notes").mkdir()
    (folder / "runs" / "notes" / "metrics.json").write_text("no record", encoding="utf-8")
    first = evaluated(folder, "--json").json
    assert first["earlier_test_runs"] == 0
    assert json.loads(Path(first["file"]).read_text(encoding="utf-8"))["scored_at"] == first["scored_at"]
    assert evaluated(folder, "--json").json["earlier_test_runs"] == 1


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"metrics": '["recal@3"]'}, "did you mean 'recall@3'"),
        ({"metrics": '["recall@13"]'}, "only 12 items; ask for 'recall@12' or less"),
        ({"metrics": "[]"}, "name at least one metric"),
        ({"folds": "1"}, "folds must be 0 (one split) or at least 2"),
        ({"folds": "2", "split": '"leave-last-out"'}, "the split 'leave-last-out' has no folds"),
        ({"split": '"time-cut"'}, "a time cut needs times"),
        ({"split": '"leave-last-out"'}, "have no order"),
        ({"split": '"new-users"'}, "who came last is told by times"),
        ({"split": '"held-out-item"'}, "did you mean 'held-out-items'"),
    ],
)
def test_what_cannot_be_is_told_in_one_line_and_leaves_no_run(folder: Path, keys: dict[str, str], message: str) -> None:
    declared(folder, **keys)
    answer = evaluated(folder)
    assert answer.code == 1
    assert message in answer.err
    assert len(answer.err.strip().splitlines()) == 1
    assert not list((folder / "runs").iterdir())


def test_a_run_folder_that_cannot_be_written_is_told_before_anything_is_fitted(folder: Path) -> None:
    (folder / "runs").rmdir()
    (folder / "runs").write_text("a file in the way", encoding="utf-8")
    answer = evaluated(folder)
    assert answer.code == 1
    assert "runs" in answer.err
    assert len(answer.err.strip().splitlines()) == 1
    assert (folder / "runs").read_text(encoding="utf-8") == "a file in the way"
