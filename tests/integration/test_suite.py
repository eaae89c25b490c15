"""`segue evaluate --suite`, as a person would use it: all models at once, and again where it was left."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import segue, workspace
from segue.models import MODELS

SUITE = ("evaluate", "--suite", "--trials", "2", "--threads", "1")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = workspace(tmp_path / "w", trained=False)
    settings = made / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("test = 0.1", "test = 0.3", 1), encoding="utf-8")
    return made


def test_models_are_tuned_and_told_side_by_side(place: Path) -> None:
    answer = segue("-w", place, *SUITE, "--model", "popularity", "--model", "item-knn", "--no-report", "--json")
    assert answer.code == 0, answer.err
    told = answer.json
    assert list(told["models"]) == ["popularity", "item-knn"]
    assert told["metrics"][0] == "recall@3"
    assert {"coverage@3", "popularity@3"} <= set(told["beyond"])
    assert told["suite"]["left_out"] == {}
    assert set(told["suite"]["tuned"]) == {"popularity", "item-knn"}
    studies = list((place / "tuning" / "suite").rglob("*.db"))
    assert sorted(study.stem for study in studies) == ["item-knn", "popularity"]
    before = [study.read_bytes() for study in studies]
    again = segue("-w", place, *SUITE, "--model", "popularity", "--model", "item-knn", "--no-report")
    assert again.code == 0, again.err
    assert [study.read_bytes() for study in studies] == before  # nothing was tried twice
    assert "item-knn: 2 trials, best with" in again.out
    assert "fit MiB" in again.out


def test_a_model_that_the_data_does_not_suit_is_left_out_with_the_reason(place: Path) -> None:
    settings = place / "segue.toml"
    text = settings.read_text(encoding="utf-8") + '\n[tuning.popularity]\nwithin = ["genres"]\n'
    settings.write_text(text, encoding="utf-8")
    answer = segue("-w", place, *SUITE, "--model", "popularity", "--model", "item-knn", "--no-report")
    assert answer.code == 0, answer.err
    assert "popularity left out: none of the" in answer.out
    assert "genres" in answer.out
    alone = segue("-w", place, *SUITE, "--model", "popularity", "--no-report")
    assert (alone.code, alone.out) == (1, "")
    assert "no model could be fitted on this data: popularity: none of the" in alone.err


def test_wrong_use_is_refused(place: Path) -> None:
    assert "there is no model 'item-kn'" in segue("-w", place, *SUITE, "--model", "item-kn").err
    assert "--trials is for --suite" in segue("-w", place, "evaluate", "--trials", "3").err
    assert "--suite asks the test part" in segue("-w", place, *SUITE, "--part", "validation").err


@pytest.mark.slow
def test_every_model_of_the_table_takes_part_or_says_why_not(place: Path) -> None:
    told = segue("-w", place, "evaluate", "--suite", "--trials", "1", "--threads", "1", "--no-report", "--json")
    assert told.code == 0, told.err
    assert set(told.json["models"]) | set(told.json["suite"]["left_out"]) == set(MODELS)
