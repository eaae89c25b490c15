"""A recommender that knows the truth, to hold any other against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from segue.core.asking import blocked_items, check_k, row_blocks
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, SettingsError
from segue.kernels.topk import select_topk
from segue.simulation.taste import Aim, Taste


@dataclass(frozen=True, slots=True, eq=False)
class BestPossible:
    """A configuration whose "fitting" is to know the truth: it stands in an experiment beside real models.

    aim, when: see `Taste.best`.
    """

    name: ClassVar[str] = "oracle"

    truth: Taste
    aim: Aim = "plays"
    when: float = 0.5

    def __post_init__(self) -> None:
        if self.aim not in ("liking", "plays"):
            raise SettingsError(f"the aim must be 'liking' or 'plays', got {self.aim!r}")
        if not 0 <= self.when <= 1:
            raise SettingsError(f"when is a time from 0 (the start of the year) to 1, got {self.when!r}")

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int = 0,  # noqa: ARG002 - every configuration takes these
        progress: Progress = SILENT,  # noqa: ARG002
        threads: int | None = None,  # noqa: ARG002
    ) -> Oracle:
        """The oracle for this dataset, whose items must be tracks of the world; nothing is learned from its plays."""
        positions = self.truth.items.positions(dataset.items.series)
        if np.any(positions < 0):
            unknown = dataset.items[int(np.argmax(positions < 0))]
            raise DataError(f"the oracle knows the tracks of its own world only; the dataset has {unknown!r}")
        return Oracle(self, dataset.items, positions)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> Oracle:  # noqa: ARG002
        """Never: the truth is not saved with a model. Simulate the world again, with the same seed."""
        raise ArtifactError("an oracle cannot be loaded; simulate its world again with the same seed and parameters")


class Oracle:
    """A recommender that knows what the listeners of the world truly like: no model can do better on average.

    It must know who asks: `histories.context` needs the column "user" with ids of the world, as the world's dataset and
    every split of it have. A history only says what not to recommend again. As with every recommender, an empty history
    gets an empty list; `Taste.best` answers for listeners without any.
    """

    def __init__(self, configuration: BestPossible, items: Vocabulary, positions: Int32Array) -> None:
        self._configuration = configuration
        self._items = items
        self._positions = positions

    @property
    def configuration(self) -> BestPossible:
        """The truth, the aim and the time."""
        return self._configuration

    @property
    def items(self) -> Vocabulary:
        """The items of the dataset that it was made for."""
        return self._items

    def score(self, histories: Histories, candidates: Int32Array | None = None) -> Float32Array:
        """See `segue.core.protocols.Recommender.score`; the scores are those of `Taste.best`."""
        scores = self._scores(self._rows(histories), histories)
        if candidates is None:
            return scores
        if candidates.shape[0] != len(histories) or candidates.max(initial=-1) >= len(self._items):
            raise DataError(
                f"candidates must be a matrix of {len(histories)} rows with positions below {len(self._items)}"
            )
        chosen = np.take_along_axis(scores, np.maximum(candidates, 0).astype(np.int64), axis=1)
        chosen[candidates < 0] = -np.inf
        return chosen

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
        """See `segue.core.protocols.Recommender.recommend`."""
        check_k(k)
        known, ignored = histories.known(len(self._items))
        offsets, blocked = blocked_items(known, exclude_seen, banned, len(self._items))
        mask = np.zeros(0, np.bool_) if allowed is None else np.ascontiguousarray(allowed, np.bool_)
        if mask.size not in (0, len(self._items)):
            raise DataError(f"allowed must be a mask over the {len(self._items)} items, got shape {mask.shape}")
        rows = self._rows(histories)
        parts = [TopK(np.zeros((0, k), np.int32), np.zeros((0, k), np.float32), ignored)]
        for block in row_blocks(len(known), len(self._items)):
            scores = self._scores(rows[block], known[block])
            within = offsets[block.start : block.stop + 1]
            parts.append(TopK(*select_topk(scores, k, within, blocked, mask, threads=threads)))
        return TopK.concatenate(parts)

    def _scores(self, rows: Int64Array, histories: Histories) -> Float32Array:
        known, _ = histories.known(len(self._items))
        configured = self._configuration
        scores = configured.truth.scores(rows, aim=configured.aim, when=configured.when)[:, self._positions]
        scores[known.lengths == 0] = -np.inf
        return np.ascontiguousarray(scores)

    def _rows(self, histories: Histories) -> Int64Array:
        context = histories.context
        if context is None or "user" not in context.columns:
            raise DataError(
                "the oracle must know who asks: histories.context needs the column 'user' with the ids of listeners"
            )
        asked = context["user"].cast(pl.String)
        rows = self._configuration.truth.users.positions(asked)
        if np.any(rows < 0):
            raise DataError(
                f"the oracle knows the listeners of its own world only, not {asked[int(np.argmax(rows < 0))]!r}"
            )
        return rows.astype(np.int64)
