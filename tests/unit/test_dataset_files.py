"""What a dataset on disk owes: it comes back the same, whole or not at all, and says what is wrong with it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from segue import dataset_files
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.dataset_files import DatasetWriter, Source, read_dataset, scan_interactions, write_dataset
from segue.durable import Shelf
from segue.errors import ArtifactError, DataError, StorageError

ids = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), unique=True, max_size=6)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    users, items = draw(ids), draw(ids)
    some_item = st.integers(0, max(len(items) - 1, 0))
    lengths = [draw(st.integers(0, 5)) if items else 0 for _ in users]
    n = sum(lengths)
    feedback = draw(st.sampled_from(["plays", "ratings", "presence"]))
    order = draw(st.sampled_from(["time", "position", "none"]))
    times = None
    if order == "time" or draw(st.booleans()):
        rising = [sorted(draw(st.lists(st.integers(-(2**40), 2**40), min_size=k, max_size=k))) for k in lengths]
        times = np.array([t for row in rising for t in row], dtype=np.int64)
    context = None
    if draw(st.booleans()):
        context = pl.DataFrame(
            {"name": draw(st.lists(st.none() | st.text(max_size=3), min_size=len(users), max_size=len(users)))},
            schema={"name": pl.String},
        )
    weights = draw(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=n, max_size=n))
    histories = Histories(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array([draw(some_item) for _ in range(n)], dtype=np.int32),
        np.array(weights, dtype=np.float32),
        times,
        order=order,
        repeats=draw(st.sampled_from(["sum", "last"])),
        context=context,
    )
    vocabulary = Vocabulary(items)
    titled = pl.DataFrame(
        {"id": vocabulary.series, "title": vocabulary.series, "tags": [["a", i] for i in items]},
        schema_overrides={"tags": pl.List(pl.String)},
    )
    friends = None
    if draw(st.booleans()):
        friends = sp.csr_array(
            np.array([[draw(st.integers(0, 1)) for _ in users] for _ in users], dtype=np.int8).reshape(
                len(users), len(users)
            )
        )
    return Dataset(
        Vocabulary(users),
        vocabulary,
        histories,
        draw(st.sampled_from([Catalogue.bare(vocabulary), Catalogue(titled)])),
        feedback=feedback,
        scale=(0.5, 5.0) if feedback == "ratings" else None,
        user_table=draw(
            st.sampled_from(
                [
                    None,
                    pl.DataFrame(
                        {"id": range(len(users)), "last name": users}, schema={"id": pl.Int64, "last name": pl.String}
                    ),
                ]
            )
        ),
        friends=friends,
    )


def small() -> Dataset:
    return Dataset.from_csr(sp.csr_array(np.array([[3, 0, 1], [0, 2, 0]], dtype=np.float32)))


@pytest.mark.parametrize("entries_per_file", [1, 3, 1 << 22])
@given(dataset=datasets())
def test_a_dataset_written_and_read_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, entries_per_file: int, dataset: Dataset
) -> None:
    folder = tmp_path_factory.mktemp("dataset")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset_files, "_ENTRIES_PER_FILE", entries_per_file)
        version = write_dataset(dataset, folder)
    again = read_dataset(folder)
    assert again == dataset
    assert again.fingerprint() == dataset.fingerprint()
    assert json.loads((version / "manifest.json").read_text())["fingerprint"] == dataset.fingerprint()
    interactions = scan_interactions(folder).collect()
    assert interactions["item"].to_list() == dataset.histories.items.tolist()
    assert interactions["user"].to_list() == dataset.histories.row_of_entry.tolist()


def test_a_dataset_without_users_and_items_is_kept(tmp_path: Path) -> None:
    empty = Dataset(Vocabulary(), Vocabulary(), Histories.empty(), Catalogue.bare(Vocabulary()))
    write_dataset(empty, tmp_path)
    assert read_dataset(tmp_path) == empty


def test_the_same_dataset_makes_the_same_bytes(tmp_path: Path) -> None:
    first, second = write_dataset(small(), tmp_path / "a"), write_dataset(small(), tmp_path / "b")
    assert first.name == second.name
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes()


def test_the_manifest_says_what_the_data_is_and_where_it_came_from(tmp_path: Path) -> None:
    source = Source("plays.csv", 12, "ab" * 32, "table")
    version = write_dataset(small(), tmp_path, sources=[source])
    manifest = json.loads((version / "manifest.json").read_text())
    assert manifest["kind"] == "dataset"
    assert manifest["format"] == 1
    assert manifest["counts"] == {"users": 2, "items": 3, "entries": 3}
    assert manifest["sources"] == [{"name": "plays.csv", "size": 12, "sha256": "ab" * 32, "format": "table"}]


def test_the_old_version_counts_until_the_new_one_is_whole(tmp_path: Path) -> None:
    write_dataset(small(), tmp_path)
    longer = Dataset.from_csr(sp.csr_array(np.ones((4, 4), dtype=np.float32)))
    with DatasetWriter(tmp_path, feedback="plays") as writer:
        writer.append(longer.users.series, longer.histories)
        assert read_dataset(tmp_path) == small()
        writer.finish(longer.catalogue)
    assert read_dataset(tmp_path) == longer


def test_an_older_version_can_be_read_by_its_own_folder(tmp_path: Path) -> None:
    first = write_dataset(small(), tmp_path)
    write_dataset(Dataset.from_csr(sp.csr_array(np.eye(2, dtype=np.float32))), tmp_path)
    assert read_dataset(first) == small()


def test_an_error_while_writing_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    write_dataset(small(), tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())

    def interrupted() -> None:
        with DatasetWriter(tmp_path) as writer:
            writer.append(["a"], Histories.of([{0: 1.0}]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert read_dataset(tmp_path) == small()


def test_a_writer_that_is_not_finished_writes_nothing_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="finish"), DatasetWriter(tmp_path) as writer:
        writer.append(["a"], Histories.of([{0: 1.0}]))
    with pytest.raises(ArtifactError, match="holds no dataset"):
        read_dataset(tmp_path)


def _bad_blocks() -> Iterator[tuple[str, list[str], Histories]]:
    yield "1 users, but 2 histories", ["a"], Histories.empty(2)
    yield "order", ["a"], Histories.of([[0]])
    yield "more than once", ["first"], Histories.of([{0: 1.0}])
    yield "only 3 items", ["a"], Histories.of([{3: 1.0}])
    yield "times", ["a"], replace(Histories.of([{0: 1.0}]), times=np.array([1], dtype=np.int64))
    yield "context", ["a"], Histories.of([{0: 1.0}], context=pl.DataFrame({"x": [1]}))


@pytest.mark.parametrize(("message", "users", "histories"), list(_bad_blocks()))
def test_a_block_that_does_not_fit_is_refused(
    tmp_path: Path, message: str, users: list[str], histories: Histories
) -> None:

    def written() -> None:
        with DatasetWriter(tmp_path) as writer:
            writer.append(["first"], Histories.of([{0: 1.0}]))
            writer.append(users, histories)
            writer.finish(small().catalogue)

    with pytest.raises(DataError, match=message):
        written()
    assert Shelf(tmp_path).current() is None


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    version = write_dataset(small(), tmp_path)
    file = version / "interactions-00000.parquet"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(ArtifactError, match=r"interactions-00000\.parquet has changed"):
        read_dataset(tmp_path)
    with pytest.raises(ArtifactError, match="import the data again"):
        read_dataset(tmp_path, verify=False)


@pytest.mark.parametrize("name", ["interactions-00000.parquet", "users.parquet", "items.parquet"])
def test_a_missing_or_changed_file_is_named(tmp_path: Path, name: str) -> None:
    file = write_dataset(small(), tmp_path) / name
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    file.write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{name} has changed"):
        read_dataset(tmp_path)
    file.unlink()
    with pytest.raises(ArtifactError, match=f"{name} is missing"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 2, "newer segue"),
        ("format", None, "does not say its format"),
        ("kind", "implicit-als", "not a dataset"),
        ("counts", {"users": 2, "items": 3, "entries": 4}, "3 entries"),
        ("counts", {"users": 5, "items": 3, "entries": 3}, "2 users"),
        ("counts", None, "cannot be read"),
        ("feedback", "smiles", "smiles"),
        ("scale", "x", "cannot be read"),
        ("order", "time", "need times"),
        ("timed", True, "time"),
        ("interactions", [], "0 entries"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, key: str, value: object, message: str) -> None:
    path = write_dataset(small(), tmp_path) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest[key] = value
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=message):
        read_dataset(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small tmpfs")
def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", tmp_path], check=False)
    if mounted.returncode != 0:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        folder = tmp_path / "dataset"
        write_dataset(small(), folder)
        noise = np.random.default_rng(0).normal(size=(1000, 1000)).astype(np.float32)
        with pytest.raises(StorageError, match="disk is full"):
            write_dataset(Dataset.from_csr(sp.csr_array(noise)), folder)
        assert read_dataset(folder) == small()
        assert len(list(folder.iterdir())) == 2
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_file_holds_no_more_entries_than_it_may_unless_one_user_has_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_files, "_ENTRIES_PER_FILE", 4)
    lengths = [2, 1, 3, 0, 6, 1]
    histories = Histories.of([dict.fromkeys(range(length), 1.0) for length in lengths])
    users, items = Vocabulary("abcdef"), Vocabulary("uvwxyz")
    dataset = Dataset(users, items, histories, Catalogue.bare(items))
    version = write_dataset(dataset, tmp_path)
    files = sorted(version.glob("interactions-*.parquet"))
    assert [pl.read_parquet(file).height for file in files] == [3, 3, 6, 1]
    assert read_dataset(tmp_path) == dataset
