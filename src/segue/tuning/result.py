"""What a search found, and how it is recorded for reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from segue.core.protocols import Configuration
from segue.core.spaces import Space, as_plain, size
from segue.tuning.edges import Edge, edges_of
from segue.tuning.trial import Trial, key

FORMAT: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class Tuning:
    """All finished trials of a study.

    configuration: what the search began from: the values of the parameters that are not searched are those of the
                   trials, too.
    metrics:       names; the first is the target. higher_is_better: of the target.
    validation:    the record of the parts that the trials were judged on (see `Validation.record`).
    importance:    share of each parameter (see `importance`).
    dataset:       fingerprint of the data.
    before:        how many of the trials were there before this search went on.
    """

    configuration: Configuration
    space: Space
    metrics: tuple[str, ...]
    higher_is_better: bool
    sampler: str
    prune: bool
    seed: int
    dataset: str
    validation: Mapping[str, Any]
    trials: tuple[Trial, ...]
    importance: Mapping[str, float]
    before: int = 0

    @property
    def model(self) -> str:
        return self.configuration.name

    @property
    def exhausted(self) -> bool:
        """Whether every point of the space was tried."""
        points = size(self.space)
        return points is not None and len({key(trial.values) for trial in self.trials}) >= points

    def ranked(self) -> tuple[Trial, ...]:
        """The complete trials, each point once, from the best; ties by number."""
        sign = -1.0 if self.higher_is_better else 1.0
        complete = [t for t in self.trials if t.state == "complete" and t.same_as is None and t.value is not None]
        return tuple(sorted(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number)))

    @property
    def best(self) -> Trial | None:
        """The best complete trial; None where none is complete."""
        return next(iter(self.ranked()), None)

    def best_configuration(self) -> Configuration | None:
        """The model's configuration with the best values."""
        if self.best is None:
            return None
        return replace(self.configuration, **self.best.values)  # type: ignore[type-var]  # a dataclass, always

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges of the space that the best point lies on."""
        return () if self.best is None else edges_of(self.configuration, self.space, self.best.values)

    def record(self) -> dict[str, Any]:
        """Everything as plain JSON values; docs/tuning.md explains each."""
        best = self.best
        return {
            "format": FORMAT,
            "model": self.model,
            "metric": self.metrics[0],
            "metrics": list(self.metrics),
            "higher_is_better": self.higher_is_better,
            "sampler": self.sampler,
            "prune": self.prune,
            "seed": self.seed,
            "dataset": self.dataset,
            "validation": dict(self.validation),
            "space": as_plain(self.space),
            "trials": [trial.record() for trial in self.trials],
            "best": None if best is None else {"number": best.number, "value": best.value, "values": dict(best.values)},
            "importance": dict(self.importance),
            "edges": [
                {"parameter": edge.parameter, "value": edge.value, "side": edge.side, "bound": edge.bound}
                for edge in self.edges
            ],
        }

    def to_json(self) -> str:
        """`record` as text, ending in a newline."""
        return json.dumps(self.record(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
