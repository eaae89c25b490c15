"""Ratings the whole way: three JSON files, a model, its errors, a search, and both tables with names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from commands import Answer, segue
from segue import bootstrap
from segue.core.dataset import Dataset
from segue.evaluation import evaluate
from segue.metrics import mae, rmse
from segue.models.explicit_als import ExplicitALS
from segue.simulation import simulate, write_ratings_json
from segue.splits import PerUserRatio
from segue.workspace import Workspace

CHANGES = {
    "models": 'models = ["popularity", "explicit-als"]',
    "sources": 'sources = ["explicit-als"]',
    "ranker": 'ranker = "explicit-als"',
    "metrics": 'metrics = ["rmse", "mse", "mae"]',
    "resamples": "resamples = 100",
}


def ok(answer: Answer) -> Answer:
    assert answer.code == 0, answer.err
    return answer


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of simulated ratings, trained."""
    folder = tmp_path_factory.mktemp("ratings")
    write_ratings_json(simulate(listeners=150, tracks=400, seed=2), folder / "stars")
    place = folder / "w"
    ok(segue("init", place))
    settings = place / "segue.toml"
    lines = settings.read_text(encoding="utf-8").split("\n")
    settings.write_text("\n".join(CHANGES.get(line.partition(" = ")[0], line) for line in lines), encoding="utf-8")
    assert "name explicit-als in segue.toml" in ok(segue("-w", place, "import", folder / "stars")).err
    ok(segue("-w", place, "train"))
    return place


def names(folder: Path, file: str, key: str, *values: str) -> dict[str, str]:
    rows = [json.loads(line) for line in (folder.parent / "stars" / file).read_text(encoding="utf-8").splitlines()]
    return {row[key]: " ".join(row[value] for value in values) for row in rows}


def test_both_tables_have_the_names_of_the_files_and_the_ratings_of_the_model(place: Path, tmp_path: Path) -> None:
    users = names(place, "users.jsonl", "id", "first_name", "last_name")
    artists = names(place, "artists.jsonl", "mbid", "name")
    ok(segue("-w", place, "recommend", "--all", "--out", tmp_path / "users.parquet", "-k", "10"))
    ok(segue("-w", place, "audience", "--all", "--out", tmp_path / "artists.parquet", "-k", "10"))
    for file, one in (("users.parquet", "user"), ("artists.parquet", "item")):
        table = pl.read_parquet(tmp_path / file)
        assert table["user_name"].to_list() == [users[user] for user in table["user"]]
        assert table["item_name"].to_list() == [artists[item] for item in table["item"]]
        assert table["rating"].is_between(0.5, 5).all()
        assert (table.group_by(one).len()["len"] <= 10).all()
        falls = table.group_by(one, maintain_order=True).agg(pl.col("score").diff().max())
        assert (falls["score"].drop_nulls() <= 0).all()
    rated = Workspace.open(place).read_dataset()
    pairs = set(zip(rated.histories.row_of_entry.tolist(), rated.histories.items.tolist(), strict=True))
    found = zip(
        rated.users.positions(table["user"]).tolist(), rated.items.positions(table["item"]).tolist(), strict=True
    )
    assert not pairs & set(found)


def test_answers_tell_the_rating_expected(place: Path) -> None:
    artists = names(place, "artists.jsonl", "mbid", "name")
    asked = next(iter(artists))
    answer = ok(segue("-w", place, "recommend", "--user", "u000003", "-k", "3", "--json")).json
    assert [0.5 <= item["rating"] <= 5 for item in answer["items"]] == [True] * 3
    shown = ok(segue("-w", place, "recommend", "--like", asked, "-k", "3"))
    assert shown.out.splitlines()[0].split() == ["#", "item", "rating", "id"]
    assert "predicted rating" in ok(segue("-w", place, "recommend", "--user", "u000003", "--explain")).out
    audience = ok(segue("-w", place, "audience", artists[asked], "-k", "3", "--json")).json
    assert audience["item"]["id"] == asked
    assert [list(user) for user in audience["users"]] == [["rank", "id", "name", "score", "rating"]] * 3
    said = ok(segue("-w", place, "audience", asked, "-k", "3"))
    assert said.out.splitlines()[0].split() == ["#", "user", "rating", "id"]
    assert audience["users"][0]["name"] in said.out


def test_the_squared_error_is_searched_by_folds_of_everybody_s_ratings(place: Path) -> None:
    arguments = ["tune", "--model", "explicit-als", "--metric", "mse", "--folds", "3", "--trials", "6", "--json"]
    found = ok(segue("-w", place, *arguments)).json
    folds = found["validation"]["folds"]
    assert [(fold["split"], fold["settings"]["test"]) for fold in folds] == [("per-user", 0.2)] * 3
    assert not found["higher_is_better"]
    values = [trial["value"] for trial in found["trials"]]
    assert found["best"]["value"] == min(values)
    assert found["trials"][0]["values"]["factors"] == ExplicitALS().factors
    dataset = Workspace.open(place).read_dataset()
    known = bootstrap.split_of(dataset, bootstrap.read_settings(Workspace.open(place)), 0).known
    errors, count = 0.0, 0
    for fold, split in enumerate(PerUserRatio().folds(known, 3, 0)):
        seen = evaluate({"als": ExplicitALS()}, split, ["mse"], resamples=100)
        value = seen.mean("als", "mse")
        assert value == pytest.approx(found["trials"][0]["folds"][fold])
        errors, count = errors + value, count + 1
    assert values[0] == pytest.approx(errors / count)


def test_an_evaluation_of_ratings_hides_some_of_everybody_s(place: Path) -> None:
    found = ok(segue("-w", place, "evaluate", "--no-report", "--json")).json
    assert found["split"]["split"] == "per-user"
    beyond = found["models"]["explicit-als"]["beyond"]
    assert beyond["rmse"]["mean"] ** 2 == pytest.approx(beyond["mse"]["mean"])
    assert beyond["mae"]["mean"] < beyond["rmse"]["mean"] < 1.2


def test_vectors_find_nothing_beyond_biases_in_ratings_of_digital_music_and_do_no_harm(research_data: Path) -> None:
    """46,468 ratings, most items with one or two; the settings are those that five-fold cross-validation finds."""
    file = research_data / "digital-music-ratings" / "Amazon_ratings_Digital_Music_pruned.txt"
    frame = pl.read_csv(file, separator=" ", has_header=False, new_columns=["user", "item", "rating", "time"])
    dataset = Dataset.from_frame(
        frame, user="user", item="item", weight="rating", time="time", feedback="ratings", scale=(1.0, 5.0)
    )
    split = PerUserRatio().split(dataset, 0)
    models = {
        "biases": ExplicitALS(factors=0),
        "shipped": ExplicitALS(),
        "tuned": ExplicitALS(factors=41, regularization=0.623, bias_regularization=3.164),
    }
    found = evaluate(models, split, ["rmse", "mae"], resamples=100)
    train, hidden = split.train.histories, split.test.relevant
    everywhere = np.full(hidden.n_entries, train.weights.mean())
    assert rmse(everywhere, hidden.weights) == pytest.approx(1.010, abs=0.001)
    assert mae(everywhere, hidden.weights) == pytest.approx(0.804, abs=0.001)
    assert found.mean("biases", "rmse") == pytest.approx(0.816, abs=0.002)
    assert found.mean("tuned", "rmse") == pytest.approx(0.816, abs=0.002)
    assert found.mean("shipped", "rmse") == pytest.approx(0.823, abs=0.004)
