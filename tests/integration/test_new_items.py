"""What came after training: users are answered at once, items once the models are told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import Answer, segue, workspace

COLUMNS = ["--user", "user", "--item", "song", "--weight", "plays", "--title", "title", "--artist", "artist"]

#: One new user, u99; one new song of Artist 0 that u99 and u0 play, one that hardly anybody knows.
LATER = """user,song,plays,title,artist
u99,s0,3,Song 0,Artist 0
u99,s1,2,Song 1,Artist 0
u99,new,5,Brand New,Artist 0
u0,new,1,Brand New,Artist 0
u0,s0,0,Song 0,Artist 0
u1,lone,0,Nobody's,Artist 5
"""


def ok(answer: Answer) -> Answer:
    assert answer.code == 0, answer.err
    return answer


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained workspace to which a new user and new songs were added after training."""
    folder = workspace(tmp_path_factory.mktemp("later") / "w")
    table = folder.with_name("later.csv")
    table.write_text(LATER, encoding="utf-8")
    ok(segue("-w", folder, "import", table, *COLUMNS, "--append"))
    return folder


@pytest.fixture(scope="module")
def told(later: Path) -> Answer:
    return ok(segue("-w", later, "train", "--new-items", "--json"))


def test_a_user_who_came_after_training_is_answered_by_the_history(later: Path) -> None:
    answer = ok(segue("-w", later, "recommend", "--user", "u99", "-k", "3", "--json")).json
    assert {item["id"] for item in answer["items"]} <= {"s2", "s3", "s4", "s5"}


def test_models_say_what_they_made_of_the_new_items(told: Answer) -> None:
    models = {each["name"]: each for each in told.json["models"]}
    als = models["implicit-als"]
    assert als["takes_new_items"]
    assert als["placed"] == {"projected": 1, "artist": 1}
    assert als["unknown"] == 0


def test_telling_them_again_changes_nothing(later: Path, told: Answer) -> None:
    again = ok(segue("-w", later, "train", "--new-items", "--model", "implicit-als", "--json")).json["models"][0]
    assert again["version"] == next(e["version"] for e in told.json["models"] if e["name"] == "implicit-als")


@pytest.mark.usefixtures("told")
def test_a_new_item_is_recommended_and_says_how_it_was_placed(later: Path) -> None:
    answer = ok(segue("-w", later, "recommend", "--user", "u2", "-k", "9", "--json")).json
    new = next(item for item in answer["items"] if item["id"] == "new")
    assert new["placed"]["implicit-als"] == "projected"
    old = next(item for item in answer["items"] if item["id"] == "s0")
    assert "placed" not in old
    shown = ok(segue("-w", later, "recommend", "--user", "u2", "-k", "9", "--explain")).out
    assert "new to implicit-als: placed by its listeners" in shown
    plain = ok(segue("-w", later, "recommend", "--user", "u2", "-k", "9"))
    assert "came after training" in plain.err


@pytest.mark.usefixtures("told")
def test_a_new_item_can_be_liked(later: Path) -> None:
    answer = ok(segue("-w", later, "recommend", "--like", "Brand New", "-k", "3", "--json")).json
    assert {item["id"] for item in answer["items"]} <= {f"s{n}" for n in range(6)}
    near = ok(segue("-w", later, "similar", "Nobody's", "-k", "3", "--model", "implicit-als", "--json")).json
    assert near["items"]


@pytest.mark.usefixtures("told")
def test_people_read_a_table(later: Path) -> None:
    out = ok(segue("-w", later, "train", "--new-items")).out
    assert "1 by its listeners, 1 by the average of its artist" in out


def test_a_seed_has_nothing_to_do_with_it(later: Path) -> None:
    answer = segue("-w", later, "train", "--new-items", "--seed", "1")
    assert answer.code == 2
    assert "--seed" in answer.err


def test_an_untrained_workspace_says_so(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w", trained=False)
    answer = segue("-w", folder, "train", "--new-items")
    assert answer.code == 1
    assert "is not trained yet" in answer.err
