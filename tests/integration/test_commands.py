"""The command line from an empty folder to an answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import segue as package
from commands import Answer, plays, segue, workspace

COMMANDS = (
    "demo",
    "init",
    "import",
    "describe",
    "train",
    "evaluate",
    "tune",
    "search",
    "recommend",
    "similar",
    "audience",
    "serve",
    "doctor",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace(tmp_path_factory.mktemp("trained") / "w")


def ok(answer: Answer) -> Answer:
    assert answer.code == 0, answer.err
    return answer


# -- the grammar ------------------------------------------------------------------------------------------------------


def test_help_lists_every_command() -> None:
    out = ok(segue("--help")).out
    for name in COMMANDS:
        assert f"\n  {name} " in out
    assert "..." not in out.split("Commands:")[1]  # no explanation is cut


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_fits_a_terminal(name: str) -> None:
    out = ok(segue(name, "--help")).out
    assert max(map(len, out.splitlines())) <= 80
    assert "--debug" in out
    assert "--json" in out


def test_the_version_is_the_package_s() -> None:
    assert ok(segue("--version")).out == f"segue {package.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["trian"], "Did you mean 'train'"),
        (["describe", "--jsn"], "--json"),
        (["recommend"], "give one of --user"),
        (["recommend", "--user", "1", "--all", "--out", "x.parquet"], "give one of --user"),
        (["recommend", "--all"], "belong together"),
        (["recommend", "--user", "1", "--out", "x.parquet"], "belong together"),
        (["recommend", "--all", "--out", "x.parquet", "--explain"], "--explain is for one list"),
        (["recommend", "--user", "1", "-k", "0"], "1"),
        (["train", "--threads", "0"], "1"),
        (["similar"], "QUERY"),
        (["audience"], "give one of QUERY and --all"),
        (["audience", "a", "--all", "--out", "x.parquet"], "give one of QUERY and --all"),
        (["audience", "--all"], "belong together"),
        (["import"], "PATH"),
    ],
)
def test_wrong_usage_says_what_is_right_and_exits_2(arguments: list[str], hint: str) -> None:
    answer = segue(*arguments)
    assert answer.code == 2
    assert hint in answer.err
    assert answer.out == ""


def test_the_workspace_may_come_before_or_after_the_command(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ok(segue("-w", trained, "describe", "--json")).json
    after = ok(segue("--json", "describe", "--workspace", trained)).json
    monkeypatch.chdir(trained)
    here = ok(segue("describe", "--json")).json
    assert before == after == here


def test_help_loads_no_heavy_library() -> None:
    code = "import sys; from segue.cli.app import app; print(*sorted(sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    )
    assert not loaded & {"numpy", "scipy", "numba", "polars", "pydantic", "fastapi", "uvicorn", "torch"}


# -- from an empty folder to an answer --------------------------------------------------------------------------------


def test_init_writes_settings_and_says_what_comes_next(tmp_path: Path) -> None:
    answer = ok(segue("init", tmp_path / "w"))
    assert "[models.item-knn]" in (tmp_path / "w" / "segue.toml").read_text(encoding="utf-8")
    assert "import PATH" in answer.out
    again = segue("init", tmp_path / "w")
    assert again.code == 1
    assert "is a workspace already" in again.err


def test_import_says_what_it_found_and_what_it_rejected(tmp_path: Path) -> None:
    segue("init", tmp_path / "w")
    table = plays(tmp_path / "plays.csv")
    with table.open("a", encoding="utf-8") as file:
        file.write("u1,s1,many,Song 1,Artist 0\n")
    options = ["--user", "user", "--item", "song", "--weight", "plays"]
    out = ok(segue("-w", tmp_path / "w", "import", table, *options)).out
    assert out.startswith("format: table")
    assert "plays.csv" in out
    assert "rejected 1:" in out
    assert "plays.csv line 74" in out
    report = ok(segue("-w", tmp_path / "w", "import", "--replace", table, *options, "--json")).json
    assert (report["users"], report["items"], report["entries"]) == (24, 12, 72)
    assert report["rejections"][0]["count"] == 1


def test_strict_import_stops_at_the_first_bad_row_and_changes_nothing(trained: Path, tmp_path: Path) -> None:
    before = ok(segue("-w", trained, "describe", "--json")).json
    table = plays(tmp_path / "plays.csv", users=4)
    with table.open("a", encoding="utf-8") as file:
        file.write("u1,s1,many,Song 1,Artist 0\n")
    columns = ["--user", "user", "--item", "song", "--weight", "plays"]
    answer = segue("-w", trained, "import", table, *columns, "--replace", "--strict")
    assert answer.code == 1
    assert "line 14" in answer.err
    assert ok(segue("-w", trained, "describe", "--json")).json == before


def test_describe_counts_what_is_there(trained: Path) -> None:
    about = ok(segue("-w", trained, "describe", "--json")).json
    assert (about["users"], about["items"], about["entries"]) == (24, 12, 72)
    assert about["density"] == pytest.approx(72 / (24 * 12))
    assert about["known"]["title"] == 12
    assert about["activity"] == [3.0] * 7
    out = ok(segue("-w", trained, "describe")).out
    assert "users            24" in out
    assert "known of none: album" in out


def test_train_saves_what_it_says(trained: Path) -> None:
    models = ok(segue("-w", trained, "train", "--json")).json["models"]
    assert [model["name"] for model in models] == ["popularity", "item-knn", "implicit-als"]
    for model in models:
        current = (trained / "models" / model["name"] / "current").read_text(encoding="utf-8").strip()
        assert current == model["version"]


def test_the_same_seed_gives_the_same_versions(trained: Path) -> None:
    first = ok(segue("-w", trained, "train", "--json", "--seed", "5", "--threads", "1")).json
    second = ok(segue("-w", trained, "train", "--json", "--seed", "5", "--threads", "1")).json
    versions = [[model["version"] for model in answer["models"]] for answer in (first, second)]
    assert versions[0] == versions[1]


def test_one_model_alone_can_be_trained(trained: Path) -> None:
    out = ok(segue("-w", trained, "train", "--model", "popularity")).out
    assert out.splitlines()[0].split() == ["model", "version", "seconds", "size"]
    assert len(out.splitlines()) == 2


def test_evaluate_always_shows_popularity_and_item_knn_with_intervals(trained: Path) -> None:
    answer = ok(segue("-w", trained, "evaluate", "--model", "implicit-als", "--json")).json
    assert list(answer["models"]) == ["popularity", "item-knn", "implicit-als"]
    for model in answer["models"].values():
        low, high = model["metrics"]["recall@3"]["interval"]
        assert 0 <= low <= model["metrics"]["recall@3"]["mean"] <= high <= 1
    recorded = json.loads(Path(answer["file"]).read_text(encoding="utf-8"))
    assert recorded["models"] == answer["models"]
    assert recorded["split"]["split"] == "held-out-users"
    out = ok(segue("-w", trained, "evaluate")).out
    assert out.startswith("model")
    assert "95% bootstrap interval" in out


def test_search_finds_what_is_begun(trained: Path) -> None:
    items = ok(segue("-w", trained, "search", "song 1", "--json")).json["items"]
    assert items[0]["id"] == "s1"
    assert {item["id"] for item in items[:3]} == {"s1", "s10", "s11"}
    nothing = ok(segue("-w", trained, "search", "zzzzzz"))
    assert nothing.out == ""
    assert "nothing is called anything like 'zzzzzz'" in nothing.err


def test_recommend_keeps_to_what_the_listeners_of_the_same_half_hear(trained: Path) -> None:
    answer = ok(segue("-w", trained, "recommend", "--user", "u2", "-k", "3", "--json")).json
    heard = {f"s{place}" for place in range(6) if (1 + place) % 6 >= 3}
    assert {item["id"] for item in answer["items"]} == {f"s{place}" for place in range(6)} - heard


def test_reasons_name_sources_and_history(trained: Path) -> None:
    answer = ok(segue("-w", trained, "recommend", "--user", "u2", "--explain", "--json")).json
    first = answer["items"][0]["reasons"]
    assert {"source": "item-knn", "rank": 1} in first["nominated"] or first["nominated"]
    assert first["because_of"]
    assert sum(each["share"] for each in first["because_of"]) == pytest.approx(1, abs=0.01)
    assert answer["left_out"] == []
    out = ok(segue("-w", trained, "recommend", "--user", "u2", "--explain")).out
    assert "because of Artist" in out
    assert max(map(len, out.splitlines())) <= 80


def test_likes_by_id_title_and_artist_are_one_history(trained: Path) -> None:
    answer = ok(segue("-w", trained, "recommend", "--like", "s3", "--like", "Artist 2 - Song 4", "--json")).json
    assert [item["id"] for item in answer["like"]] == ["s3", "s4"]
    assert not {"s3", "s4"} & {item["id"] for item in answer["items"]}


def test_similar_items_are_of_the_same_half(trained: Path) -> None:
    answer = ok(segue("-w", trained, "similar", "Song 0", "-k", "3", "--json", "--model", "item-knn")).json
    assert answer["item"]["id"] == "s0"
    assert {item["id"] for item in answer["items"]} <= {f"s{place}" for place in range(1, 6)}


def test_an_audience_is_of_those_who_do_not_have_the_item_and_hear_its_half(trained: Path) -> None:
    answer = ok(segue("-w", trained, "audience", "Song 0", "-k", "50", "--json", "--model", "item-knn")).json
    assert (answer["query"], answer["item"]["id"], answer["model"]) == ("Song 0", "s0", "item-knn")
    without = {f"u{user}" for user in range(0, 24, 2) if user // 2 % 6 not in (3, 4, 5)}
    assert {user["id"] for user in answer["users"]} == without
    assert [user["rank"] for user in answer["users"]] == list(range(1, len(without) + 1))
    shown = ok(segue("-w", trained, "audience", "s0", "-k", "2"))
    assert "whom Artist 0 - Song 0 suits, by " in shown.err
    assert shown.out.splitlines()[0].split() == ["#", "score", "id"]


def test_audiences_of_all_items_are_a_table(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "audiences.parquet"
    answer = ok(segue("-w", trained, "audience", "--all", "--out", out, "-k", "2", "--json")).json
    frame = pl.read_parquet(out)
    assert frame.columns == answer["columns"] == ["item", "item_name", "rank", "user", "score"]
    assert (answer["items"], answer["rows"]) == (12, frame.height)
    assert ok(segue("-w", trained, "audience", "--all", "--out", out)).out.startswith(f"{out}: ")


def test_recommend_all_writes_every_user_s_list(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "lists.parquet"
    answer = ok(segue("-w", trained, "recommend", "--all", "--out", out, "-k", "2", "--json")).json
    frame = pl.read_parquet(out)
    assert frame.columns == answer["columns"] == ["user", "rank", "item", "item_name", "score"]
    assert frame["user"].n_unique() == answer["users"] == 24
    assert frame.height == answer["rows"]
    one = ok(segue("-w", trained, "recommend", "--user", "u7", "-k", "2", "--json")).json["items"]
    assert frame.filter(pl.col("user") == "u7")["item"].to_list() == [item["id"] for item in one]
    assert [path.name for path in tmp_path.iterdir()] == ["lists.parquet"]


def test_doctor_says_what_there_is(trained: Path) -> None:
    answer = segue("-w", trained, "doctor", "--json")
    found = {finding["what"]: finding for finding in answer.json["findings"]}
    assert found["segue"]["found"] == package.__version__
    assert found["numba"]["verdict"] == "ok"
    assert found["model item-knn"]["verdict"] == "ok"
    assert answer.code == (1 if answer.json["problems"] else 0)


def test_a_reader_that_has_had_enough_ends_the_command_quietly(trained: Path) -> None:
    command = f"{sys.executable} -m segue -w {trained} search '' -k 12 | true"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_the_demo_trains_evaluates_recommends_and_exits(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    environment = {**os.environ, "COLUMNS": "80"}
    command = [sys.executable, "-m", "segue", "demo", str(folder), "--once"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "implicit-als" in done.stdout
    assert "because of" in done.stdout
    assert "training implicit-als" in done.stderr
    users = json.loads(
        subprocess.run(
            [sys.executable, "-m", "segue", "-w", str(folder), "describe", "--json"],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
    )["users"]
    assert users == 2000


def test_the_demo_does_not_touch_a_folder_of_something_else(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    answer = segue("demo", tmp_path, "--once")
    assert answer.code == 1
    assert "is not empty" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    answer = segue("demo", trained, "--once")
    assert answer.code == 1
    assert "is a workspace with other data" in answer.err
