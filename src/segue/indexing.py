"""Indexes beside the models of a workspace: built, loaded, and put to the sources that nominate through them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from segue.core.progress import Progress
from segue.core.protocols import HasVectors, Recommender
from segue.errors import NotFoundError
from segue.index.exact import Exact
from segue.index.port import IndexKind, VectorIndex
from segue.retrieval.indexed import IndexedSearch, build
from segue.retrieval.on_device import DeviceSearch
from segue.settings import Settings
from segue.workspace import Workspace


def known(name: str, settings: Settings) -> str:
    """The name, where there is such a kind of index; NotFoundError names those there are."""
    if name in settings.indexes:
        return name
    raise NotFoundError(f"there is no index {name!r}; there are {', '.join(settings.indexes)}")


def build_beside(
    workspace: Workspace,
    name: str,
    model: Recommender,
    kind: IndexKind,
    seed: int,
    progress: Progress,
    threads: int | None,
) -> str | None:
    """Builds an index of a saved model's vectors and keeps it beside the model; the exact one needs no keeping.

    Returns the kind that was built, None for a model without vectors.
    """
    if kind.name == Exact.name or not isinstance(model, HasVectors):
        return None
    with progress.task(f"building the index {kind.name} of {name}") as task:
        workspace.save_index(name, build(model, kind, seed=seed, threads=threads))
        task.advance()
    return kind.name


def loaded(workspace: Workspace, settings: Settings, models: Mapping[str, Recommender]) -> dict[str, VectorIndex]:
    """The saved indexes of the sources that nominate through one."""
    kind = settings.indexes[settings.pipeline.index]
    return {name: workspace.load_index(name, kind) for name in _through_index(settings, models)}


def built(settings: Settings, models: Mapping[str, Recommender]) -> dict[str, VectorIndex]:
    """The same, built of models that are fitted and not saved."""
    kind, seed = settings.indexes[settings.pipeline.index], settings.training.seed
    return {name: build(models[name], kind, seed=seed) for name in _through_index(settings, models)}


def searches(
    settings: Settings, models: Mapping[str, Recommender], indexes: Mapping[str, VectorIndex]
) -> dict[str, IndexedSearch | DeviceSearch]:
    """How sources find their best: through these indexes, or, where all is looked at, on the device of the settings."""
    device = cast("Exact", settings.indexes[Exact.name]).device
    if settings.pipeline.index == Exact.name and device is not None:
        return {name: DeviceSearch(models[name], device) for name in _with_vectors(settings, models)}
    return {name: IndexedSearch(models[name], index) for name, index in indexes.items()}


def _through_index(settings: Settings, models: Mapping[str, Recommender]) -> list[str]:
    return [] if settings.pipeline.index == Exact.name else _with_vectors(settings, models)


def _with_vectors(settings: Settings, models: Mapping[str, Recommender]) -> list[str]:
    return [name for name in settings.pipeline.sources if isinstance(models[name], HasVectors)]
