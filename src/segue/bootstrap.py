"""The one place that turns names and settings into objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from segue.core.dataset import Dataset
from segue.core.protocols import Recommender

if TYPE_CHECKING:
    from segue.pipeline import Pipeline
    from segue.retrieval.search import TitleSearch


@dataclass(frozen=True, slots=True)
class Station:
    """Everything that answers a request, opened once.

    models:     by name, each valid for the dataset's items.
    version:    short and changing with every trained model, shown in every answer; trained_at: when, UTC.
    """

    dataset: Dataset
    pipeline: Pipeline
    models: Mapping[str, Recommender]
    search: TitleSearch
    name: str
    version: str
    trained_at: datetime
