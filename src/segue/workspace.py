"""A workspace: a folder that a person can look into, and that one process at a time may change.

segue.toml                   what to train, the three stages, evaluation
dataset/                     the imported data, its last three versions
models/<name>/<digest>/      fitted models, the last three versions of each
indexes/<model>/<digest>/    indexes of their vectors, where segue.toml asks for one
runs/<time>/metrics.json     what evaluations found
reports/                     for people to read
tuning/<model>.db, .json     the trials of a search for hyper-parameters
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from filelock import FileLock, Timeout

from segue import artifacts
from segue.artifacts import Artifact
from segue.core.dataset import Dataset
from segue.core.protocols import Recommender
from segue.dataset_files import Source, read_dataset, write_dataset
from segue.durable import Shelf, read_manifest, translated, write_text
from segue.errors import ArtifactError, WorkspaceError
from segue.index import saved as indexes
from segue.index.port import IndexKind, VectorIndex

SETTINGS: Final = "segue.toml"
_LOCK: Final = ".lock"
_WRITER: Final = ".writer"
_FOLDERS: Final = ("dataset", "models", "runs", "reports")


@dataclass(frozen=True, slots=True)
class Workspace:
    """An existing workspace. Reading needs no lock: every version that is there is complete."""

    folder: Path

    @classmethod
    def create(cls, folder: Path | str, settings: str) -> Workspace:
        """A new workspace with this text as its settings; the folder is made where it is missing.

        Raises WorkspaceError where the folder is a workspace already, StorageError where it cannot be written.
        """
        root = Path(folder)
        if (root / SETTINGS).exists():
            raise WorkspaceError(f"{root} is a workspace already: it has a {SETTINGS}; choose another folder")
        with translated(root):
            for name in _FOLDERS:
                (root / name).mkdir(parents=True, exist_ok=True)
        write_text(root / SETTINGS, settings)
        return cls(root)

    @classmethod
    def open(cls, folder: Path | str) -> Workspace:
        """The workspace in this folder; WorkspaceError where there is none."""
        root = Path(folder)
        if (root / SETTINGS).is_file():
            return cls(root)
        if root.is_dir():
            problem = f"{'the current folder' if root == Path() else root} is no workspace: it has no {SETTINGS}"
        else:
            problem = f"there is no folder {root}" if not root.exists() else f"{root} is a file, not a workspace folder"
        raise WorkspaceError(f"{problem}; name a workspace with -w FOLDER, or make one with: segue init FOLDER")

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.resolve().name

    @property
    def settings_file(self) -> Path:
        return self.folder / SETTINGS

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    def command(self, words: str) -> str:
        """What a person types to run a command on this workspace: "segue -w FOLDER train"."""
        return f"segue {words}" if self.folder == Path() else f"segue -w {shlex.quote(str(self.folder))} {words}"

    def study_file(self, model: str) -> Path:
        """Where the search for a model's hyper-parameters keeps its trials."""
        return self.folder / "tuning" / f"{model}.db"

    def read_search(self, model: str) -> dict[str, Any] | None:
        """The record of the search for a model's hyper-parameters, or None where there is none.

        Raises ArtifactError where it is damaged.
        """
        file = self.study_file(model).with_suffix(".json")
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise ArtifactError(f"{file} cannot be read ({error}); run the search again, or remove the file") from error
        if not isinstance(found, dict):
            raise ArtifactError(f"{file} is no record of a search; run the search again, or remove the file")
        return found

    # -- one writer ---------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self, purpose: str) -> Iterator[None]:
        """Holds the workspace for this process; WorkspaceError, at once, while another process writes to it.

        The lock is the operating system's: it goes when the process ends, however it ends. `purpose` is one word that
        the other process is told ("train").
        """
        lock = FileLock(self.folder / _LOCK)
        note = self.folder / _WRITER
        with translated(self.folder / _LOCK):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                raise WorkspaceError(
                    f"the workspace {self.name} is being written by {_holder(note)}; wait until it is done, or end it"
                ) from None
        try:
            write_text(note, json.dumps({"pid": os.getpid(), "purpose": purpose}) + "\n")
            yield
        finally:
            note.unlink(missing_ok=True)
            lock.release()

    # -- data ---------------------------------------------------------------------------------------------------------

    def write_dataset(self, dataset: Dataset, sources: Sequence[Source] = ()) -> None:
        """Makes this the workspace's dataset, made of these sources; the one before stays as an older version."""
        write_dataset(dataset, self.folder / "dataset", sources=sources)

    def sources(self) -> list[Source]:
        """What the dataset was made of; nothing where there is none."""
        version = Shelf(self.folder / "dataset").current()
        if version is None:
            return []
        return [Source(**source) for source in read_manifest(version, verify=False).get("sources", [])]

    def has_dataset(self) -> bool:
        """Whether anything was imported yet."""
        return Shelf(self.folder / "dataset").current() is not None

    def read_dataset(self) -> Dataset:
        """The workspace's dataset; WorkspaceError where nothing was imported yet, ArtifactError where it is damaged."""
        if not self.has_dataset():
            raise WorkspaceError(
                f"the workspace {self.name} has no dataset yet; bring in your data with: {self.command('import PATH')}"
            )
        return read_dataset(self.folder / "dataset")

    # -- models -------------------------------------------------------------------------------------------------------

    def model_names(self) -> list[str]:
        """The models that have been trained, in alphabetical order."""
        models = self.folder / "models"
        if not models.is_dir():
            return []
        return sorted(p.name for p in models.iterdir() if p.is_dir() and Shelf(p).current() is not None)

    def save_model(self, name: str, model: Recommender, *, fingerprint: str, metrics: Mapping[str, Any]) -> Path:
        """Makes this the current version of the model of this name, and returns the version's folder."""
        return artifacts.save(model, self.folder / "models" / name, dataset_fingerprint=fingerprint, metrics=metrics)

    def load_model(self, name: str) -> Recommender:
        """The current version of a model; ArtifactError, with the way back to an older version, where it is damaged."""
        self._trained(name)
        try:
            return artifacts.load(self.folder / "models" / name)
        except ArtifactError as error:
            older = [version for version in self.versions(name)[1:] if version != self._current(name)]
            way_back = f"; older versions: {', '.join(older)}" if older else ""
            raise ArtifactError(f"{error} ({self.command(f'train --model {name}')}{way_back})") from error

    def describe_model(self, name: str) -> Artifact:
        """The facts of the current version of a model."""
        self._trained(name)
        return artifacts.describe(self.folder / "models" / name)

    def save_index(self, name: str, index: VectorIndex) -> Path:
        """Keeps an index of the vectors of the current version of a model, and returns its folder."""
        return indexes.save(index, self.folder / "indexes" / name, model=self._current(name))

    def load_index(self, name: str, kind: IndexKind) -> VectorIndex:
        """The index of this kind of the current version of a model.

        Raises ArtifactError, with the command that builds it, where there is none, or it is damaged, of another version
        of the model, or built with other settings.
        """
        try:
            return indexes.load(self.folder / "indexes" / name, model=self._current(name), configuration=kind)
        except ArtifactError as error:
            remedy = self.command(f"train --model {name} --index {kind.name}")
            raise ArtifactError(f"the model {name} cannot be asked through its index: {error} ({remedy})") from error

    def versions(self, name: str) -> list[str]:
        """The versions of a model that are still there, newest first."""
        return Shelf(self.folder / "models" / name).versions()

    def rollback(self, name: str, version: str | None = None) -> str:
        """Makes an older version of a model the current one, by default the next older one, and returns its name."""
        self._trained(name)
        versions = self.versions(name)
        current = self._current(name)
        if version is None:
            older = versions[versions.index(current) + 1 :] if current in versions else versions
            if not older:
                raise WorkspaceError(f"the model {name} has no older version to go back to; there is only {current}")
            version = older[0]
        Shelf(self.folder / "models" / name).use(version)
        return version

    def _trained(self, name: str) -> None:
        shelf = Shelf(self.folder / "models" / name)
        if not shelf.root.is_dir() or (shelf.current() is None and not shelf.versions()):
            raise WorkspaceError(f"the model {name} is not trained yet; train it with: {self.command('train')}")

    def _current(self, name: str) -> str | None:
        current = Shelf(self.folder / "models" / name).current()
        return None if current is None else current.name

    # -- runs ---------------------------------------------------------------------------------------------------------

    def check_runs(self) -> None:
        """Raises StorageError where runs/ cannot be written, before hours go into what would be lost."""
        runs = self.folder / "runs"
        with translated(runs):
            runs.mkdir(exist_ok=True)
            TemporaryFile(dir=runs).close()

    def test_runs(self, fingerprint: str) -> int:
        """How many recorded evaluations have scored the test part with this fingerprint (`Split.test_fingerprint`)."""
        return sum(fingerprint in _tested(file) for file in self.folder.glob("runs/*/metrics.json"))

    def record_run(self, started: datetime, record: Mapping[str, Any]) -> Path:
        """Writes what an evaluation found to runs/<time>/metrics.json, and returns the file."""
        name = started.astimezone(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
        folder = self.folder / "runs" / name
        number = 1
        while folder.exists():
            number += 1
            folder = self.folder / "runs" / f"{name}-{number}"
        write_text(folder / "metrics.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        return folder / "metrics.json"


def _tested(file: Path) -> set[str]:
    """The fingerprints of the test parts that a record tells of; a file that is no record tells of none."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["part"] != "test":
            return set()
        split = record["split"]
        return {fold["test_fingerprint"] for fold in split.get("folds", [split])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()


def _holder(note: Path) -> str:
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
        return f"another process (pid {holder['pid']}, segue {holder['purpose']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # it holds the lock but has not yet written, or has just removed, its note
