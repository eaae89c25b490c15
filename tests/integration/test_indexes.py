"""Indexes beside models, as a person would use them: built, answered through, refused when of another model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from commands import Answer, segue, workspace


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose segue.toml asks for HNSW, trained."""
    place = workspace(tmp_path_factory.mktemp("indexes") / "w", trained=False)
    through(place, "hnsw")
    ok(segue("-w", place, "train"))
    return place


@pytest.fixture
def place(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "w"))


def ok(answer: Answer) -> Answer:
    assert answer.code == 0, answer.err
    return answer


def through(place: Path, kind: str) -> None:
    settings = place / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    before = [line for line in text.splitlines() if line.startswith("index = ")]
    settings.write_text(text.replace(before[0], f'index = "{kind}"'), encoding="utf-8")


def test_training_builds_the_index_that_the_settings_name_and_answers_go_through_it(place: Path) -> None:
    assert [folder.name for folder in (place / "indexes").iterdir()] == ["implicit-als"]
    through_index = ok(segue("-w", place, "recommend", "--user", "u0", "-k", "3", "--json")).json
    through(place, "exact")
    assert ok(segue("-w", place, "recommend", "--user", "u0", "-k", "3", "--json")).json == through_index


def test_the_option_builds_another_index_and_says_how_to_use_it(place: Path) -> None:
    pytest.importorskip("annoy")
    answer = ok(segue("-w", place, "train", "--model", "implicit-als", "--model", "popularity", "--index", "annoy"))
    assert "index annoy built of implicit-als" in answer.err
    assert 'index = "annoy"' in answer.err
    through(place, "annoy")
    ok(segue("-w", place, "recommend", "--user", "u0"))


def test_programs_are_told_which_index_was_built(place: Path) -> None:
    models = ok(segue("-w", place, "train", "--json")).json["models"]
    assert {model["name"]: model["index"] for model in models} == {
        "popularity": None,
        "item-knn": None,
        "implicit-als": "hnsw",
    }


def test_an_index_of_an_older_model_is_refused_with_the_remedy(place: Path) -> None:
    ok(segue("-w", place, "train", "--model", "implicit-als", "--index", "exact", "--seed", "5"))
    refused = segue("-w", place, "recommend", "--user", "u0")
    assert refused.code == 1
    assert "index of another model" in refused.err
    remedy = "train --model implicit-als --index hnsw"
    assert remedy in refused.err
    ok(segue("-w", place, *remedy.split()))
    ok(segue("-w", place, "recommend", "--user", "u0"))


def test_a_missing_or_damaged_index_is_refused_with_the_remedy(place: Path) -> None:
    file = next((place / "indexes").rglob("index.faiss"))
    file.write_bytes(file.read_bytes()[:50])
    assert "changed since it was saved" in segue("-w", place, "recommend", "--user", "u0").err
    shutil.rmtree(place / "indexes")
    refused = segue("-w", place, "recommend", "--user", "u0")
    assert refused.code == 1
    assert "train --model implicit-als --index hnsw" in refused.err


def test_an_index_built_with_other_settings_is_refused(place: Path) -> None:
    settings = place / "segue.toml"
    text = settings.read_text(encoding="utf-8").replace("connections = 16", "connections = 8")
    settings.write_text(text, encoding="utf-8")
    assert "connections=8" in segue("-w", place, "recommend", "--user", "u0").err


def test_an_unknown_index_is_named(place: Path) -> None:
    assert "no index 'hsnw'; there are exact, hnsw, annoy" in segue("-w", place, "train", "--index", "hsnw").err
    through(place, "hsnw")
    wrong = segue("-w", place, "train")
    assert wrong.code == 1
    assert "hnsw" in wrong.err


def test_the_pipeline_is_evaluated_through_the_index_too(place: Path) -> None:
    found = ok(segue("-w", place, "evaluate", "--no-report", "--json")).json
    through(place, "exact")
    exact = ok(segue("-w", place, "evaluate", "--no-report", "--json")).json
    assert found["models"]["pipeline"]["configuration"]["index"] == "hnsw"
    assert set(found["models"]) == set(exact["models"])


def test_recall_against_speed_is_measured_for_the_models_that_have_vectors(place: Path) -> None:
    answer = ok(segue("-w", place, "evaluate", "--index-tradeoff"))
    assert "indexes of implicit-als" in answer.out
    assert "brute force, all at once" in answer.out
    assert (place / "reports" / "index-trade-off-implicit-als.svg").stat().st_size > 1000
    record = ok(segue("-w", place, "evaluate", "--index-tradeoff", "--json")).json["models"]["implicit-als"]
    exact = next(point for point in record["points"] if point["name"] == "exact")
    assert (exact["recall"], record["n_vectors"]) == (1.0, 12)
    assert "no vectors" in segue("-w", place, "evaluate", "--index-tradeoff", "--model", "popularity").err
    assert segue("-w", place, "evaluate", "--index-tradeoff", "--bins").code == 1
