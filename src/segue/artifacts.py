"""Saving a fitted model to a folder and taking it out again: no pickle, nothing half-written, every byte checked.

A model's folder is a shelf of versions, `<folder>/<digest>/`, each with

    manifest.json        format version, kind, configuration, fingerprint of the data, metrics, SHA-256 of each file
    items.parquet        the ids that the model knows, in order of position
    arrays.safetensors   everything learned; loaded by memory map

and `<folder>/current` names the version that counts.
"""

from __future__ import annotations

import dataclasses
import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import polars as pl
from safetensors.numpy import save_file

import segue
from segue.core.protocols import Configuration, Recommender, Storable
from segue.core.vocabulary import Vocabulary
from segue.durable import MANIFEST, Shelf, read_manifest, translated
from segue.errors import ArtifactError, SegueError
from segue.models import MODELS

FORMAT: Final = 1
_ITEMS: Final = "items.parquet"
_ARRAYS: Final = "arrays.safetensors"
_DTYPES: Final[Mapping[str, npt.DTypeLike]] = {
    "BOOL": np.bool_,
    "U8": np.uint8,
    "I8": np.int8,
    "U16": np.uint16,
    "I16": np.int16,
    "U32": np.uint32,
    "I32": np.int32,
    "U64": np.uint64,
    "I64": np.int64,
    "F16": np.float16,
    "F32": np.float32,
    "F64": np.float64,
}


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is known of a saved model without loading it.

    folder: the version's folder; version: its name, 16 hex digits that depend on everything in it.
    kind:   the model's name; dataset: fingerprint of the data it was fitted on, or None; saved_at: when, UTC.
    """

    folder: Path
    version: str
    kind: str
    configuration: Mapping[str, Any]
    dataset: str | None
    metrics: Mapping[str, Any]
    saved_at: datetime


def save(
    model: Recommender,
    folder: Path | str,
    *,
    dataset_fingerprint: str | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> Path:
    """Saves a fitted model as the current version in `folder`, and returns the version's folder.

    The version before stays until the new one is complete, and the last three stay after that. The same model with the
    same facts is the same version. Raises ArtifactError for a model that cannot be stored, StorageError where the disk
    does not take it (what was there before is still there).
    """
    if not isinstance(model, Storable):
        raise ArtifactError(f"a {type(model).__name__} cannot be saved: it has no arrays()")
    configuration = model.configuration
    if MODELS.get(configuration.name) is not type(configuration):
        raise ArtifactError(f"{configuration.name!r} is not one of the models that can be loaded: {', '.join(MODELS)}")
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "kind": configuration.name,
        "configuration": dataclasses.asdict(cast("Any", configuration)),
        "dataset": dataset_fingerprint,
        "items": len(model.items),
        "metrics": dict(metrics or {}),
        "segue": segue.__version__,
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in model.arrays().items()}
    shelf = Shelf(Path(folder))
    with shelf.new_version(manifest) as version, translated(version):
        pl.DataFrame({"id": model.items.series}).write_parquet(version / _ITEMS)
        save_file(arrays, version / _ARRAYS)
    current = shelf.current()
    assert current is not None
    return current


def load(folder: Path | str) -> Recommender:
    """The model saved in `folder`: its current version, or the version whose own folder this is.

    The arrays are mapped, not read: a process that serves several copies of a model shares their memory.
    Raises ArtifactError, with the remedy, for a missing file, a changed byte, another format version, an unknown kind
    of model or an unknown hyper-parameter.
    """
    version = _version_folder(Path(folder))
    manifest = _checked(version, read_manifest(version))
    try:
        configuration = _configuration(manifest["kind"], manifest["configuration"])
        items = Vocabulary(pl.read_parquet(version / _ITEMS)["id"])
        return configuration.restore(items, _mapped_arrays(version / _ARRAYS))
    except ArtifactError as error:
        raise ArtifactError(f"{version}: {error}; train the model again, or go back to an older version") from error
    except (SegueError, OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise ArtifactError(
            f"{version} does not hold a usable model ({error}); train it again, or go back to an older version"
        ) from error


def describe(folder: Path | str) -> Artifact:
    """The facts of the model saved in `folder` (as for `load`), read from its manifest; files are not checked."""
    version = _version_folder(Path(folder))
    manifest = _checked(version, read_manifest(version, verify=False))
    return Artifact(
        folder=version,
        version=version.name,
        kind=manifest["kind"],
        configuration=manifest["configuration"],
        dataset=manifest.get("dataset"),
        metrics=manifest.get("metrics", {}),
        saved_at=datetime.fromtimestamp(version.stat().st_mtime, UTC),
    )


def _version_folder(folder: Path) -> Path:
    if (folder / MANIFEST).is_file():
        return folder
    current = Shelf(folder).current()
    if current is None:
        what = "is no saved model" if folder.is_dir() else "does not exist"
        raise ArtifactError(f"{folder} {what}; name the folder that the model was saved to")
    return current


def _checked(version: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    written = manifest.get("format")
    if written != FORMAT:
        raise ArtifactError(
            f"{version} has format version {written!r}, this segue ({segue.__version__}) reads version {FORMAT}; "
            "train the model again with this segue, or load it with the segue that saved it"
        )
    kind = manifest.get("kind")
    if kind not in MODELS:
        raise ArtifactError(
            f"{version} holds a model of kind {kind!r}, which this segue ({segue.__version__}) does not know; "
            f"known are {', '.join(MODELS)}: load it with the segue that saved it ({manifest.get('segue')})"
        )
    if not isinstance(manifest.get("configuration"), dict):
        raise ArtifactError(f"{version / MANIFEST} holds no configuration; train the model again")
    missing = {_ITEMS, _ARRAYS} - set(manifest["files"])
    if missing:
        raise ArtifactError(f"{version / MANIFEST} does not list {', '.join(sorted(missing))}; train the model again")
    return manifest


def _configuration(kind: str, values: Mapping[str, Any]) -> Configuration:
    configuration = MODELS[kind]
    known = {field.name for field in dataclasses.fields(cast("Any", configuration))}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ArtifactError(f"the configuration of {kind} has the unknown key {unknown[0]!r}")
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return cast("Configuration", configuration(**plain))


def _mapped_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a safetensors file as read-only views of a memory map.

    The layout: the header's length as a little-endian 64-bit number, the header (JSON), the data.
    """
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        shape = tuple(entry["shape"])
        dtype = np.dtype(_DTYPES[entry["dtype"]])
        first, last = entry["data_offsets"]
        if last - first != dtype.itemsize * int(np.prod(shape, dtype=np.int64)):
            raise ArtifactError(f"the array {name!r} has {last - first} bytes, which do not make the shape {shape}")
        flat = np.frombuffer(data, dtype=dtype, count=(last - first) // dtype.itemsize, offset=start + first)
        arrays[name] = flat.reshape(shape)
    return arrays
