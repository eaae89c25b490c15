"""A workspace: what is in it is whole, and one process at a time may change it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.dataset_files import Source
from segue.errors import ArtifactError, StorageError, WorkspaceError
from segue.models.popularity import Popularity
from segue.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w", "[training]\n")


@pytest.fixture
def dataset() -> Dataset:
    return Dataset.from_csr(Histories.of([{0: 1, 1: 2}, {1: 3}]).csr())


def test_a_new_workspace_has_its_folders_and_settings(workspace: Workspace) -> None:
    assert workspace.settings_file.read_text(encoding="utf-8") == "[training]\n"
    assert {path.name for path in workspace.folder.iterdir()} == {"segue.toml", "dataset", "models", "runs", "reports"}
    assert Workspace.open(workspace.folder) == workspace
    assert workspace.name == "w"


def test_commands_are_quoted_as_a_shell_needs_them(tmp_path: Path) -> None:
    assert Workspace(Path()).command("train") == "segue train"
    assert Workspace(Path("my music")).command("train") == "segue -w 'my music' train"


def test_a_workspace_is_not_made_over_another(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        Workspace.create(workspace.folder, "other")
    assert workspace.settings_file.read_text(encoding="utf-8") == "[training]\n"


def test_a_folder_that_is_no_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"has no segue.toml; .* segue init FOLDER"):
        Workspace.open(tmp_path)
    with pytest.raises(WorkspaceError, match="there is no folder"):
        Workspace.open(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="is a file, not a workspace folder"):
        Workspace.open(tmp_path / "file")


def test_without_a_dataset_it_says_how_to_import_one(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match=r"has no dataset yet; .*import PATH"):
        workspace.read_dataset()
    assert workspace.sources() == []


def test_the_dataset_comes_back_with_its_sources(workspace: Workspace, dataset: Dataset) -> None:
    source = Source("plays.tsv", 12, "00", "table")
    workspace.write_dataset(dataset, [source])
    assert workspace.read_dataset() == dataset
    assert workspace.sources() == [source]


def test_without_a_model_it_says_how_to_train_one(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match=r"popularity is not trained yet; .*train"):
        workspace.load_model("popularity")
    assert workspace.model_names() == []


def test_a_rollback_brings_the_version_before_back(workspace: Workspace, dataset: Dataset) -> None:
    counts = Popularity(count="plays").fit(dataset)
    workspace.save_model("popularity", Popularity().fit(dataset), fingerprint="f", metrics={})
    first = workspace.describe_model("popularity").version
    with pytest.raises(WorkspaceError, match="no older version"):
        workspace.rollback("popularity")
    workspace.save_model("popularity", counts, fingerprint="f", metrics={})
    assert workspace.load_model("popularity").configuration == Popularity(count="plays")
    assert workspace.rollback("popularity") == first
    assert workspace.load_model("popularity").configuration == Popularity()
    assert workspace.model_names() == ["popularity"]
    with pytest.raises(ArtifactError, match="no version 'nonsense'"):
        workspace.rollback("popularity", "nonsense")


def test_three_versions_stay(workspace: Workspace, dataset: Dataset) -> None:
    model = Popularity().fit(dataset)
    for number in range(5):
        workspace.save_model("popularity", model, fingerprint=str(number), metrics={})
    assert len(workspace.versions("popularity")) == 3
    assert workspace.describe_model("popularity").dataset == "4"


def test_a_damaged_model_names_the_way_out(workspace: Workspace, dataset: Dataset) -> None:
    workspace.save_model("popularity", Popularity().fit(dataset), fingerprint="1", metrics={})
    first = workspace.describe_model("popularity").version
    folder = workspace.save_model("popularity", Popularity().fit(dataset), fingerprint="2", metrics={})
    (folder / "arrays.safetensors").write_bytes(b"x")
    with pytest.raises(ArtifactError, match=rf"has changed.*train --model popularity; older versions: {first}"):
        workspace.load_model("popularity")


_HOLD = """
import sys
from segue.workspace import Workspace

with Workspace.open(sys.argv[1]).writing("train"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_told_who_holds_the_workspace(workspace: Workspace) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _HOLD,
            str(workspace.folder),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(WorkspaceError, match=rf"written by another process \(pid {holder.pid}, segue train\)"),
            workspace.writing("import"),
        ):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with workspace.writing("import"):  # the lock of a killed process is gone with it
        assert json.loads((workspace.folder / ".writer").read_text(encoding="utf-8"))["pid"] == os.getpid()
    assert not (workspace.folder / ".writer").exists()


def test_runs_of_the_same_second_do_not_overwrite_each_other(workspace: Workspace) -> None:
    started = datetime(2024, 2, 29, 12, 30, 5, tzinfo=UTC)
    first = workspace.record_run(started, {"recall": 0.5})
    second = workspace.record_run(started, {"recall": 0.6})
    assert first == workspace.folder / "runs" / "2024-02-29T12-30-05Z" / "metrics.json"
    assert second != first
    assert json.loads(first.read_text(encoding="utf-8")) == {"recall": 0.5}


def test_runs_that_scored_a_test_part_are_found_by_its_fingerprint(workspace: Workspace) -> None:
    started = datetime(2024, 2, 29, 12, 30, 5, tzinfo=UTC)
    workspace.record_run(started, {"part": "test", "split": {"test_fingerprint": "a"}})
    workspace.record_run(started, {"part": "validation", "split": {"test_fingerprint": "a"}})
    workspace.record_run(started, {"part": "test", "split": {"folds": [{"test_fingerprint": f} for f in "bac"]}})
    workspace.record_run(started, {"something": "else"})
    (workspace.folder / "runs" / "odd").mkdir()
    (workspace.folder / "runs" / "odd" / "metrics.json").write_bytes(b"\xff[")
    assert [workspace.test_runs(fingerprint) for fingerprint in "abcd"] == [2, 1, 1, 0]


def test_a_place_for_runs_that_cannot_be_written_is_told(workspace: Workspace) -> None:
    workspace.check_runs()
    assert not list((workspace.folder / "runs").iterdir())
    (workspace.folder / "runs").rmdir()
    workspace.check_runs()
    (workspace.folder / "runs").rmdir()
    (workspace.folder / "runs").write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageError, match="runs"):
        workspace.check_runs()
