"""Saved models: the same answers after loading, and a clear word about every kind of damage."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import segue
from segue import artifacts
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.durable import MANIFEST, Shelf, sha256
from segue.errors import ArtifactError, StorageError
from segue.models.item_knn import ItemKNN
from segue.models.popularity import Popularity


@pytest.fixture
def dataset() -> Dataset:
    generator = np.random.default_rng(3)
    rows = [dict.fromkeys(generator.choice(30, size=8, replace=False).tolist(), 1.0) for _ in range(40)]
    return Dataset.from_csr(Histories.of(rows).csr(30), feedback="presence")


@pytest.fixture
def saved(dataset: Dataset, tmp_path: Path) -> Path:
    model = ItemKNN(neighbours=5).fit(dataset)
    return artifacts.save(
        model, tmp_path / "item-knn", dataset_fingerprint=dataset.fingerprint(), metrics={"users": 40}
    )


def _edit(version: Path, change: dict[str, Any]) -> None:
    manifest = json.loads((version / MANIFEST).read_text(encoding="utf-8"))
    manifest.update(change)
    (version / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def test_a_loaded_model_gives_the_same_answers(dataset: Dataset, tmp_path: Path) -> None:
    for configuration in (ItemKNN(neighbours=5, weighting="log"), Popularity(count="plays")):
        model = configuration.fit(dataset)
        artifacts.save(model, tmp_path / configuration.name)
        loaded = artifacts.load(tmp_path / configuration.name)
        assert loaded.configuration == configuration
        assert loaded.items == dataset.items
        assert loaded.recommend(dataset.histories, 10) == model.recommend(dataset.histories, 10)


def test_save_and_load_are_names_of_the_package(dataset: Dataset, tmp_path: Path) -> None:
    segue.save(Popularity().fit(dataset), tmp_path / "m")
    assert segue.load(tmp_path / "m").configuration == Popularity()


def test_loaded_arrays_are_mapped_and_cannot_be_written(saved: Path) -> None:
    arrays = artifacts._mapped_arrays(saved / "arrays.safetensors")
    assert arrays
    for array in arrays.values():
        assert not array.flags.writeable
        assert not array.flags.owndata


def test_the_same_model_is_the_same_version(dataset: Dataset, saved: Path) -> None:
    again = artifacts.save(
        ItemKNN(neighbours=5).fit(dataset),
        saved.parent,
        dataset_fingerprint=dataset.fingerprint(),
        metrics={"users": 40},
    )
    assert again == saved
    assert Shelf(saved.parent).versions() == [saved.name]


def test_the_manifest_says_what_the_model_is(dataset: Dataset, saved: Path) -> None:
    about = artifacts.describe(saved.parent)
    assert about.kind == "item-knn"
    assert about.version == saved.name
    assert about.configuration["neighbours"] == 5
    assert about.dataset == dataset.fingerprint()
    assert about.metrics == {"users": 40}
    manifest = json.loads((saved / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["segue"] == segue.__version__
    assert set(manifest["files"]) == {"items.parquet", "arrays.safetensors"}


def test_a_version_can_be_loaded_by_its_own_folder(dataset: Dataset, saved: Path) -> None:
    artifacts.save(ItemKNN(neighbours=3).fit(dataset), saved.parent)
    assert artifacts.load(saved.parent).configuration == ItemKNN(neighbours=3)
    assert artifacts.load(saved).configuration == ItemKNN(neighbours=5)


def test_nothing_is_pickled(saved: Path) -> None:
    for file in saved.iterdir():
        assert file.suffix in {".json", ".parquet", ".safetensors"}


@pytest.mark.parametrize("name", ["arrays.safetensors", "items.parquet"])
def test_a_changed_byte_is_found_and_the_remedy_named(saved: Path, name: str) -> None:
    content = bytearray((saved / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"{name} has changed.*older version"):
        artifacts.load(saved.parent)


@pytest.mark.parametrize("name", ["arrays.safetensors", "items.parquet"])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(ArtifactError, match=rf"{name} is missing"):
        artifacts.load(saved.parent)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "format version 99.*train the model again"),
        ({"format": None}, "format version None"),
        ({"kind": "telepathy"}, "'telepathy', which this segue .* does not know"),
        ({"configuration": {"neighbors": 5}}, "unknown key 'neighbors'"),
        ({"configuration": {"neighbours": 0}}, "neighbours must be at least 1"),
        ({"configuration": None}, "holds no configuration"),
        ({"files": {}}, "does not list arrays.safetensors, items.parquet"),
    ],
)
def test_a_manifest_that_does_not_fit_says_why(saved: Path, change: dict[str, Any], message: str) -> None:
    _edit(saved, change)
    with pytest.raises(ArtifactError, match=message):
        artifacts.load(saved.parent)


def test_arrays_that_the_model_does_not_know_are_refused(saved: Path) -> None:
    _edit(saved, {"kind": "popularity", "configuration": {}})
    with pytest.raises(ArtifactError):
        artifacts.load(saved.parent)


@pytest.mark.parametrize("content", [b"", b"\x05", b"\xff" * 8, b"\x02\0\0\0\0\0\0\0{}"])
def test_arrays_that_are_no_safetensors_are_refused(saved: Path, content: bytes) -> None:
    file = saved / "arrays.safetensors"
    file.write_bytes(content)
    files = {name: sha256(saved / name) for name in ("items.parquet", "arrays.safetensors")}
    _edit(saved, {"files": files})
    with pytest.raises(ArtifactError):
        artifacts.load(saved.parent)


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist"):
        artifacts.load(tmp_path / "nothing")
    with pytest.raises(ArtifactError, match="is no saved model"):
        artifacts.load(tmp_path)


@dataclass(frozen=True)
class _Unlisted:
    """A configuration that is in no table."""

    name: str = field(default="unlisted", init=False)


class _Unknown:
    configuration = _Unlisted()

    def arrays(self) -> dict[str, Any]:
        return {}


def test_a_model_that_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="'unlisted' is not one of the models"):
        artifacts.save(_Unknown(), tmp_path / "m")  # type: ignore[arg-type]
    assert not (tmp_path / "m").exists()


def test_a_failed_save_leaves_the_version_before(
    dataset: Dataset, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifacts, "save_file", full)
    with pytest.raises(StorageError, match="the disk is full"):
        artifacts.save(ItemKNN(neighbours=3).fit(dataset), saved.parent)
    assert artifacts.load(saved.parent).configuration == ItemKNN(neighbours=5)
    assert [path.name for path in saved.parent.iterdir() if path.name.startswith(".")] == []
