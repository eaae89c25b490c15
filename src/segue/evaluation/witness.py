"""Who looks on while models are evaluated, and keeps what a report shows besides the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.evaluation.asking import Answers
from segue.evaluation.overheard import Overheard, TrainingCurve
from segue.evaluation.predictions import Predictions
from segue.evaluation.samples import Sampler, Samples
from segue.metrics import Rated
from segue.splits import Part

_PAIRS: Final = 200_000  # predictions of one model that are kept, drawn by the seed


class Witness:
    """Keeps sample lists, predictions where ratings are measured, and what models said while they were fitted.

    Give `progress` to the evaluation in place of the one it wraps. Of several folds, the first is looked at.
    """

    def __init__(self, progress: Progress = SILENT) -> None:
        self.progress = Overheard(progress)
        self._sampler: Sampler | None = None
        self._predictions: dict[str, Predictions] = {}

    def watch(
        self, dataset: Dataset, train: Dataset, part: Part, seed: int
    ) -> Callable[[str, Answers, Rated | None], None]:
        """What to call with each measured model (see `segue.evaluation.evaluate`): models are not kept."""
        if self._sampler is not None:
            return _nothing
        sampler = self._sampler = Sampler(dataset, train, part, seed)
        listeners = np.bincount(train.histories.merged().items, minlength=train.n_items).astype(np.float64)

        def look(name: str, model: Answers, rated: Rated | None) -> None:
            sampler(name, model)
            if rated is not None and rated.truth.size:
                self._predictions[name] = _some(rated, listeners, seed)

        return look

    def samples(self) -> Samples | None:
        """Lists of all models that were seen; None where none was."""
        return None if self._sampler is None else self._sampler.samples()

    def predictions(self) -> Mapping[str, Predictions]:
        """By model; none where no metric of ratings was asked for."""
        return dict(self._predictions)

    def curves(self) -> tuple[TrainingCurve, ...]:
        """What was overheard while models were fitted."""
        return self.progress.curves()


def _nothing(name: str, model: Answers, rated: Rated | None) -> None:
    """Looks away."""


def _some(rated: Rated, listeners: np.ndarray[tuple[int], np.dtype[np.float64]], seed: int) -> Predictions:
    pairs = np.arange(rated.truth.size)
    if pairs.size > _PAIRS:
        pairs = np.sort(np.random.default_rng(seed).choice(pairs, _PAIRS, replace=False))
    return Predictions(rated.truth[pairs], rated.predictions[pairs], listeners[rated.items[pairs]])
