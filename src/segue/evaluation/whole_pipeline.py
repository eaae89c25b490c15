"""A pipeline asked like a model, so that what listeners get is measured beside its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.core.arrays import BoolArray
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.protocols import Configuration, Recommender
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.pipeline import Pipeline


@dataclass(frozen=True, slots=True, eq=False)
class PipelineModel:
    """A pipeline that answers as a model does: the lists alone."""

    pipeline: Pipeline
    configuration: Mapping[str, Any]

    @property
    def items(self) -> Vocabulary:
        """The items that can come back."""
        return self.pipeline.items

    def recommend(
        self,
        histories: Histories,
        k: int = 10,
        *,
        exclude_seen: bool = True,
        allowed: BoolArray | None = None,
        banned: Histories | None = None,
        threads: int | None = None,
    ) -> TopK:
        """See `segue.pipeline.Pipeline.recommend`."""
        return self.pipeline.recommend(
            histories, k, exclude_seen=exclude_seen, allowed=allowed, banned=banned, threads=threads
        ).top


@dataclass(frozen=True, slots=True, eq=False)
class PipelinePlan:
    """A pipeline still to be put together, of models that are fitted on the training data of the split.

    models:   what its stages need, by name. One that is evaluated under the same name is fitted only once.
    assemble: those models, fitted, and the training data -> the pipeline.
    settings: what stands in records, as plain JSON values.
    """

    models: Mapping[str, Configuration]
    assemble: Callable[[Mapping[str, Recommender], Dataset], Pipeline]
    settings: Mapping[str, Any] = field(default_factory=dict)


def wrapped(pipeline: Pipeline, settings: Mapping[str, Any] | None = None) -> PipelineModel:
    """A pipeline in its wrapping; without settings, its sources and rules are told by name."""
    told = {
        "sources": [source.name for source in pipeline.sources],
        "rules": [rule.name for rule in pipeline.rules],
    }
    return PipelineModel(pipeline, {"name": "pipeline", **(told if settings is None else settings)})
