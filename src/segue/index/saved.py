"""An index on disk: a folder with a manifest, sealed, that says of which model's vectors it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from segue.durable import Shelf, read_manifest, translated
from segue.errors import ArtifactError, SegueError
from segue.index import INDEXES
from segue.index.port import IndexKind, VectorIndex

FORMAT: Final = 1


def save(index: VectorIndex, folder: Path | str, *, model: str | None = None) -> Path:
    """Saves an index as the current version in `folder`, and returns the version's folder.

    model: the version of the model whose vectors these are. Raises StorageError where the disk does not take it; what
    was there before is still there.
    """
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "kind": index.configuration.name,
        "configuration": dataclasses.asdict(cast("Any", index.configuration)),
        "measure": index.measure,
        "vectors": len(index),
        "dimensions": index.dimensions,
        "model": model,
    }
    shelf = Shelf(Path(folder))
    with shelf.new_version(manifest) as version, translated(version):
        index.write(version)
    current = shelf.current()
    assert current is not None
    return current


def load(folder: Path | str, *, model: str | None = None, configuration: IndexKind | None = None) -> VectorIndex:
    """The current index in `folder`.

    Raises ArtifactError, with the remedy, where there is none, a byte has changed, the library that wrote it reads it
    no more, or where it is of another model's version than `model`, or built with other settings than `configuration`.
    """
    version = Shelf(Path(folder)).current()
    if version is None:
        raise ArtifactError(f"{folder} holds no saved index; build one")
    manifest = read_manifest(version)
    kind = INDEXES.get(str(manifest.get("kind")))
    if manifest.get("format") != FORMAT or kind is None:
        raise ArtifactError(
            f"{version} is an index of kind {manifest.get('kind')!r} in format {manifest.get('format')!r}, which this "
            "segue does not read; build it again"
        )
    if model is not None and manifest["model"] != model:
        raise ArtifactError(
            f"{version} is an index of another model (its version is {manifest['model']}, the model's is {model}); "
            "build it again"
        )
    try:
        built = _configuration(kind, manifest["configuration"])
        size, dimensions, measure = (manifest[key] for key in ("vectors", "dimensions", "measure"))
    except (SegueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{version} has a manifest that makes no sense ({error}); build the index again") from error
    if configuration is not None and built != configuration:
        raise ArtifactError(f"{version} was built as {built}, but {configuration} is asked for; build it again")
    return built.restore(version, size, dimensions, measure)


def _configuration(kind: type[Any], values: Mapping[str, Any]) -> IndexKind:
    return cast("IndexKind", kind(**values))
