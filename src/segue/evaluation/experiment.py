"""An experiment: all that decides the numbers, so that the same one gives them again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import SettingsError
from segue.evaluation.asking import Answers
from segue.evaluation.pooling import pool
from segue.evaluation.record import described_dataset
from segue.evaluation.result import Evaluation, PartName
from segue.evaluation.run import DEFAULT_LENGTHS, DEFAULT_METRICS, Candidate, evaluate
from segue.evaluation.witness import Witness
from segue.metrics import Rated, parse_all
from segue.splits import AS_IS, Folding, Learning, Split, Splitter


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """A dataset, a way to split it, models and metrics.

    split:   how `dataset` is split, or a split that is there already (the files of a benchmark).
    models:  by name, in the order of the table.
    part:    who is asked. Hyper-parameters are chosen on "validation"; "test" is for the numbers that are told.
    folds:   from 2 on, as many splits in turn, whose users are pooled; 0: one split.
    refit:   before the test part is asked, learn from training and validation data together.
    learning: how the data is made ready to be learned from; who is asked stays whole.
    seed:    of the split, of all fits, and of the draws of users for intervals and tests.

    Raises SettingsError or NotFoundError at birth for metrics, folds or a part that cannot be.
    """

    dataset: Dataset
    split: Splitter | Split
    models: Mapping[str, Candidate]
    metrics: tuple[str, ...] = DEFAULT_METRICS
    part: PartName = "test"
    folds: int = 0
    refit: bool = False
    learning: Learning = AS_IS
    seed: int = 0
    resamples: int = 2000
    level: float = 0.95
    list_lengths: tuple[int, ...] = DEFAULT_LENGTHS

    def __post_init__(self) -> None:
        parse_all(self.metrics)
        if self.part not in ("test", "validation"):
            raise SettingsError(f"part must be 'test' or 'validation', got {self.part!r}")
        if self.refit and self.part == "validation":
            raise SettingsError(
                "models that learn from the validation part cannot be asked it; refit for the test part"
            )
        if self.folds < 0 or self.folds == 1:
            raise SettingsError(f"folds must be 0 (one split) or at least 2, got {self.folds}")
        if self.part == "validation" and isinstance(self.split, Split) and self.split.validation is None:
            raise SettingsError(f"the split {self.split.how.name!r} is used as it is and has no validation part")
        if self.folds and not isinstance(self.split, Folding):
            how = self.split.how.name if isinstance(self.split, Split) else self.split.name
            raise SettingsError(f"the split {how!r} has no folds; use 'held-out-users' or 'per-user', or folds = 0")

    def splits(self) -> Iterator[Split]:
        """The one split, or one per fold."""
        for split in self._raw_splits():
            yield self.learning.split(split)

    def _raw_splits(self) -> Iterator[Split]:
        if isinstance(self.split, Split):
            yield self.split
        elif self.folds and isinstance(self.split, Folding):
            yield from self.split.folds(self.dataset, self.folds, self.seed)
        else:
            yield self.split.split(self.dataset, self.seed)

    def run(
        self,
        *,
        scored_at: datetime | None = None,
        earlier_runs: Callable[[str], int] | None = None,
        witness: Witness | None = None,
        progress: Progress = SILENT,
        threads: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> Evaluation:
        """Fits and asks every model; each test part is scored once.

        scored_at:    the time that the record tells. earlier_runs: how many earlier runs scored the test part with a
                      fingerprint (`Split.test_fingerprint`). `clock` gives seconds.
        witness:      looks on, and keeps what a report shows besides the record.
        Raises what `evaluate` and the split raise.
        """
        about = described_dataset(self.dataset)
        found = []
        for split in self.splits():
            counted = earlier_runs is not None and self.part == "test"
            found.append(
                evaluate(
                    self.models,
                    split,
                    self.metrics,
                    part=self.part,
                    refit=self.refit,
                    list_lengths=self.list_lengths,
                    dataset=about,
                    seed=self.seed,
                    resamples=self.resamples,
                    level=self.level,
                    scored_at=scored_at,
                    earlier_runs=earlier_runs(split.test_fingerprint()) if earlier_runs and counted else None,
                    look=None if witness is None else self._watched(witness, split),
                    progress=progress,
                    threads=threads,
                    clock=clock,
                )
            )
        return pool(found) if self.folds else found[0]

    def _watched(self, witness: Witness, split: Split) -> Callable[[str, Answers, Rated | None], None] | None:
        asked = split.test if self.part == "test" else split.validation
        if asked is None:
            return None
        return witness.watch(self.dataset, split.known if self.refit else split.train, asked, self.seed)
