"""`segue evaluate` with metrics beyond accuracy."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import Answer, segue, workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path / "w", trained=False)


def evaluated(folder: Path, metrics: str, *options: str) -> Answer:
    settings = folder / "segue.toml"
    lines = settings.read_text(encoding="utf-8").split("\n")
    lines = [f"metrics = {metrics}" if line.startswith("metrics =") else line for line in lines]
    settings.write_text("\n".join(lines), encoding="utf-8")
    return segue("-w", folder, "evaluate", "--no-report", "--model", "popularity", *options)


def test_they_stand_below_the_table_and_in_the_record(folder: Path) -> None:
    answer = evaluated(folder, '["recall@3", "serendipity@3", "top_share@3"]')
    assert answer.code == 0, answer.err
    rows = answer.out[answer.out.index("beyond accuracy") :].split("\n\n")[0].splitlines()[1:]
    names = [row.split()[0] for row in rows if row.strip(" -")]
    assert {"serendipity@3", "top_share@3", "coverage@3", "novelty@3", "personalization@3"} <= set(names)
    record = evaluated(folder, '["recall@3", "gini@4"]', "--json").json
    assert 0 < record["models"]["popularity"]["beyond"]["gini@4"]["mean"] <= 1


def test_they_may_stand_alone(folder: Path) -> None:
    answer = evaluated(folder, '["coverage@3"]', "--bins")
    assert answer.code == 0, answer.err
    assert "coverage@3" in answer.out


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("covrage@3", "did you mean 'coverage@3'"),
        ("coverage@13", "only 12 items; ask for 'coverage@12' or less"),
        ("coverage", "needs a list length, as in 'coverage@20'"),
        ("calibration@3", "calibration@3 needs the catalogue column 'genres'"),
    ],
)
def test_what_cannot_be_measured_is_told_in_one_line(folder: Path, metric: str, message: str) -> None:
    answer = evaluated(folder, f'["{metric}"]')
    assert answer.code == 1
    assert message in answer.err
    assert answer.err.strip().count("\n") == 0
