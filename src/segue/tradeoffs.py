"""Recall against speed of every kind of index, over the vectors of a workspace's trained models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from segue.bootstrap import known_model, read_dataset, read_settings
from segue.core.progress import SILENT, Progress
from segue.core.protocols import HasVectors
from segue.durable import write_text
from segue.errors import SettingsError
from segue.evaluation.index_tradeoff import IndexTradeoff, index_tradeoff
from segue.index.grid import grid
from segue.kernels.threads import resolve
from segue.reports import tradeoff_figure
from segue.retrieval.indexed import indexed_queries, indexed_vectors
from segue.workspace import Workspace

_NARROWEST: Final = 16  # candidates that a graph is walked with


@dataclass(frozen=True, slots=True)
class IndexesCompared:
    """Recall against speed of every kind of index over the vectors of one trained model, and the picture of it."""

    model: str
    found: IndexTradeoff
    picture: Path


def compare_indexes(
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    k: int | None = None,
    queries: int = 1000,
    seed: int | None = None,
    progress: Progress = SILENT,
    threads: int | None = None,
) -> Iterator[IndexesCompared]:
    """Holds every kind of index against all products, on the vectors of trained models: those named, or the pipeline's.

    The queries are the vectors of users drawn from the dataset; k is by default how many candidates a source nominates.
    Draws recall against queries per second into reports/, and yields each model as it is done. Raises SettingsError for
    a model that has no vectors, WorkspaceError for one that is not trained yet.
    """
    settings = read_settings(workspace)
    chosen = [known_model(name, settings) for name in names] or list(settings.pipeline.models)
    dataset = settings.training.learning.weighed(read_dataset(workspace, settings))
    rng = np.random.default_rng(settings.training.seed if seed is None else seed)
    asked = rng.permutation(dataset.n_users)[:queries]
    models = {name: workspace.load_model(name) for name in chosen}
    without = [name for name, model in models.items() if not isinstance(model, HasVectors)]
    if (names and without) or len(without) == len(models):
        raise SettingsError(f"{', '.join(without)}: no vectors, and thus no index; name a model that has vectors")
    for name, model in models.items():
        if not isinstance(model, HasVectors):
            continue
        vectors = indexed_vectors(model)
        vectors = vectors[vectors.any(axis=1)]
        asking = indexed_queries(model, dataset.histories[asked])
        length = min(settings.pipeline.candidates if k is None else k, len(vectors))
        narrowest = max(_NARROWEST, length)  # fewer candidates than are asked for are never kept
        found = index_tradeoff(
            grid([narrowest * factor for factor in (1, 2, 4, 8, 16)]),
            vectors,
            asking[asking[:, : model.item_vectors.shape[1]].any(axis=1)],
            length,
            threads=resolve(threads),
            progress=progress,
        )
        plot = tradeoff_figure(found, f"index-trade-off-{name}")
        picture = workspace.reports / f"{plot.name}.svg"
        write_text(picture, plot.svg)
        yield IndexesCompared(name, found, picture)
