"""Benchmark files as papers ship them, from the command line, against an oracle of plain NumPy that shares no code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from commands import Answer, segue

K = 20
SETTINGS = """
[training]
models = []
[models.item-knn]
weighting = "binary"
shrinkage = 0.0
neighbours = 400
[evaluation]
metrics = ["recall@20", "ndcg@20"]
resamples = 100
pipeline = false
"""


def shipped(folder: Path, seed: int) -> tuple[Path, Path]:
    """Two files in the form of LightGCN's: "user item item ...", whole numbers, every user on one line of each."""
    generator = np.random.default_rng(seed)
    chance = 1 / np.arange(5, 405)
    train, test = [], []
    for user in generator.permutation(500).tolist():
        chance_here = chance * np.where(np.arange(400) % 3 == user % 3, 1.0, 0.2)
        size = int(generator.integers(10, 60))
        items = generator.choice(400, size, replace=False, p=chance_here / chance_here.sum())
        items = generator.permutation(items)
        hidden = size // 5
        train.append(" ".join(map(str, [user, *items[hidden:]])))
        test.append(" ".join(map(str, [user, *items[:hidden]])))
    test[3] = test[3].split()[0]  # a user without a hidden item: no one to ask
    (folder / "train.txt").write_text("\n".join(train) + "\n")
    (folder / "test.txt").write_text("\n".join(test))
    return folder / "train.txt", folder / "test.txt"


def oracle(train: Path, test: Path, kind: str) -> list[float]:
    """Recall@20 and NDCG@20 of popularity or cosine item-knn; ties by first appearance in train, then test."""
    learned = {line.split()[0]: line.split()[1:] for line in train.read_text().splitlines()}
    wanted = {line.split()[0]: line.split()[1:] for line in test.read_text().splitlines()}
    number: dict[str, int] = {}
    for item in [item for lists in (learned, wanted) for row in lists.values() for item in row]:
        number.setdefault(item, len(number))
    matrix = np.zeros((len(learned), len(number)))
    for row, items in enumerate(learned.values()):
        matrix[row, [number[item] for item in items]] = 1
    sizes = matrix.sum(axis=0)
    if kind == "popularity":
        scores = np.tile(sizes, (len(learned), 1))
    else:
        similarity = matrix.T @ matrix / np.sqrt(np.maximum(np.outer(sizes, sizes), 1))
        np.fill_diagonal(similarity, 0)
        scores = matrix @ similarity
    recalls, gains = [], []
    for row, user in enumerate(learned):
        relevant = {number[item] for item in wanted.get(user, [])}
        if not relevant:
            continue
        candidates = [item for item in range(len(number)) if not matrix[row, item] and scores[row, item] > 0]
        ranked = sorted(candidates, key=lambda item: (-round(scores[row, item], 6), item))[:K]
        hits = [item in relevant for item in ranked]
        recalls.append(sum(hits) / len(relevant))
        ideal = sum(1 / np.log2(place + 2) for place in range(min(K, len(relevant))))
        gains.append(sum(1 / np.log2(place + 2) for place, hit in enumerate(hits) if hit) / ideal)
    return [float(np.mean(recalls)), float(np.mean(gains))]


def asked(tmp_path: Path, *files: Path, options: tuple[str, ...] = ()) -> Answer:
    if not (tmp_path / "w").exists():
        assert segue("init", tmp_path / "w").code == 0
        (tmp_path / "w" / "segue.toml").write_text(SETTINGS.replace("models = []", 'models = ["item-knn"]'))
    return segue("-w", tmp_path / "w", "evaluate", "--train-file", files[0], "--test-file", files[1], *options)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_popularity_and_item_knn_have_the_numbers_of_the_oracle(tmp_path: Path, seed: int) -> None:
    files = shipped(tmp_path, seed)
    answer = asked(tmp_path, *files, options=("--json",))
    assert answer.code == 0, answer.err
    for model in ("popularity", "item-knn"):
        means = [answer.json["models"][model]["metrics"][name]["mean"] for name in ("recall@20", "ndcg@20")]
        assert means == pytest.approx(oracle(*files, model), abs=1e-4), model
    assert answer.json["users"] == 499
    assert answer.json["split"]["test"]["users_without_relevant"] == 1
    assert answer.json["ties"] == "score descending, item position ascending"


def test_the_table_tells_lines_users_fairness_and_that_the_test_part_was_scored_once(tmp_path: Path) -> None:
    files = shipped(tmp_path, 0)
    files[1].write_text(files[1].read_text() + "\n7 x1 3\n9000 5 6\n")
    first = asked(tmp_path, *files, options=("--no-report", "--bins"))
    assert first.code == 0, first.err
    for words in (
        "rejected 1: an id is no whole number, unlike those of the first line (test.txt line 501)",
        "lines with a user but no items: 1",
        "500 users of the test part asked (files, seed 0); trained on",
        "1 user came with an empty history",
        "popularity of items: Gini",
        "popularity gave 1 user nothing; they count as misses",
        "items given",
        "listeners of the item",
        "the test part was scored once in this run; no earlier run scored it",
    ):
        assert words in " ".join(first.out.split()), words
    again = asked(tmp_path, *files, options=("--no-report", "--seed", "3"))
    assert "1 earlier run scored it too: choose settings on validation" in again.out


def test_files_that_cannot_be_used_are_refused_in_one_line(tmp_path: Path) -> None:
    files = shipped(tmp_path, 0)
    other = tmp_path / "other.txt"
    for text, message in (
        ("0,1,2\n1,2,3\n", "2 of 2 lines hold a single word"),
        ("0 a b\n1 c\n", "have no item in common"),
        ("", "is empty (0 bytes)"),
    ):
        other.write_text(text)
        answer = asked(tmp_path, files[0], other)
        assert answer.code == 1
        assert message in answer.err
        assert len(answer.err.strip().splitlines()) == 1
    strict = tmp_path / "strict.txt"
    strict.write_text("0 1 2\n1 2 -5\n")
    assert "strict.txt, line 2" in asked(tmp_path, files[0], strict, options=("--strict",)).err
    assert "does not exist" in asked(tmp_path, files[0], tmp_path / "none.txt").err
    alone = segue("-w", tmp_path / "w", "evaluate", "--train-file", files[0])
    assert (alone.code, "belong together" in alone.err) == (1, True)
    assert not list((tmp_path / "w" / "runs").iterdir())
