"""An evaluation's record as a report reads it: what is there, in one shape; what is not, left out.

The form is that of `segue.evaluation.record`. A record that an older version wrote lacks some keys; only "models" and
"metrics" must be there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue.errors import DataError
from segue.reports.wording import visible

Json = Any  # a value out of a record: what it is shows when it is looked at
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """A model's mean of one metric; `low`, `high`: its interval; `ties`: not told apart from the best, or the best."""

    mean: float
    low: float | None = None
    high: float | None = None
    ties: bool = False
    p: float | None = None


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model of a run; bins hold, by side ("users", "items") and table ("fine", "cold"), a row for each bin."""

    name: str
    cells: Mapping[str, Cell]
    curves: Mapping[str, Sequence[float | None]]
    bins: Mapping[tuple[str, str], Sequence[Mapping[str, Cell]]]
    configuration: Mapping[str, Json]
    nothing: int
    fit_seconds: float | None
    fit_memory: float | None
    recommend_seconds: float | None


@dataclass(frozen=True, slots=True)
class BinView:
    """A bin: its label and what it holds (users; for items, also pairs)."""

    label: str
    users: int | None
    relevant: int | None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run: models and metrics in the order of the record."""

    models: tuple[ModelView, ...]
    metrics: tuple[str, ...]
    lower_is_better: frozenset[str]
    bins: Mapping[tuple[str, str], Sequence[BinView]]
    list_lengths: tuple[int, ...]
    warnings: tuple[str, ...]
    comparisons: tuple[Mapping[str, Json], ...]
    level: float | None
    users: int | None
    record: Mapping[str, Json]

    @property
    def primary(self) -> str | None:
        """The metric that plots of trade-offs show: the first that any model has a value of."""
        return next((name for name in self.metrics if any(name in model.cells for model in self.models)), None)

    @property
    def beyond(self) -> frozenset[str]:
        """The metrics that say what lists are like, whatever they hit."""
        return frozenset(map(visible, self.record.get("beyond") or ()))

    def find(self, stem: str) -> str | None:
        """The first metric whose name without "@k" is this."""
        return next((name for name in self.metrics if name.partition("@")[0] == stem), None)


def read(record: Mapping[str, Json]) -> RunView:
    """The view of a record; DataError where it is none, or of a later version."""
    if not isinstance(record, Mapping) or not isinstance(record.get("models"), Mapping) or not record["models"]:
        raise DataError("a report needs the record of an evaluation, with at least one model; see segue.evaluation")
    version = record.get("version", _VERSION)
    if not isinstance(version, int) or version > _VERSION:
        raise DataError(
            f"this record has version {version!r}, but this segue reads up to {_VERSION}; "
            "update segue, or evaluate again"
        )
    level = _mapping(record.get("intervals")).get("level")
    models = tuple(_model(visible(name), _mapping(found)) for name, found in record["models"].items())
    seen = dict.fromkeys(name for model in models for name in model.cells)
    named = [visible(name) for key in ("metrics", "beyond") for name in record.get(key) or ()]
    return RunView(
        models=models,
        metrics=tuple(dict.fromkeys([*named, *seen])),
        lower_is_better=frozenset(map(visible, record.get("lower_is_better") or ())),
        bins={
            (side, table): [_bin(each) for each in rows]
            for side, tables in _mapping(record.get("bins")).items()
            for table, rows in _mapping(tables).items()
        },
        list_lengths=tuple(int(k) for k in record.get("list_lengths") or ()),
        warnings=tuple(visible(warning) for warning in record.get("warnings") or ()),
        comparisons=tuple(_mapping(each) for each in record.get("comparisons") or ()),
        level=level,
        users=record.get("users"),
        record=record,
    )


def _model(name: str, found: Mapping[str, Json]) -> ModelView:
    return ModelView(
        name=name,
        cells={**_cells(found.get("metrics")), **_cells(found.get("beyond"))},
        curves={
            visible(stem): [_finite(value) for value in means] for stem, means in _mapping(found.get("curves")).items()
        },
        bins={
            (side, table): [_row(each) for each in rows]
            for side, tables in _mapping(found.get("bins")).items()
            for table, rows in _mapping(tables).items()
        },
        configuration=_mapping(found.get("configuration")),
        nothing=int(found.get("got_nothing") or 0),
        fit_seconds=_finite(found.get("fit_seconds")),
        fit_memory=_finite(found.get("fit_memory")),
        recommend_seconds=_finite(found.get("recommend_seconds")),
    )


def _cells(metrics: Json) -> dict[str, Cell]:
    cells = {}
    for name, value in _mapping(metrics).items():
        found = value if isinstance(value, Mapping) else {"mean": value}
        mean = _finite(found.get("mean"))
        if mean is not None:
            low, high = _ends(found.get("interval"))
            cells[visible(name)] = Cell(
                mean, low, high, bool(found.get("ties_with_best")), _finite(found.get("p_holm"))
            )
    return cells


def _row(row: Json) -> dict[str, Cell]:
    """One bin of one model: means by metric, and beside them their intervals."""
    intervals = _mapping(_mapping(row).get("intervals"))
    cells = {}
    for name, value in _mapping(row).items():
        mean = None if isinstance(value, Mapping) else _finite(value)
        if mean is not None:
            cells[visible(name)] = Cell(mean, *_ends(intervals.get(name)))
    return cells


def _bin(found: Json) -> BinView:
    each = _mapping(found)
    return BinView(visible(each.get("label", "")).replace("-", "–"), each.get("users"), each.get("relevant"))


def _ends(interval: Json) -> tuple[float | None, float | None]:
    if not isinstance(interval, Sequence) or len(interval) != 2:
        return None, None
    low, high = _finite(interval[0]), _finite(interval[1])
    return (low, high) if low is not None and high is not None else (None, None)


def _finite(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
