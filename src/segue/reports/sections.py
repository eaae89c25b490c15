"""Which plots and tables a run has enough for, in the order in which a report shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue.evaluation.overheard import TrainingCurve
from segue.evaluation.predictions import Predictions
from segue.reports.comparing import Value, by_bin, by_length, intervals, trade_off
from segue.reports.learning import history, importance, training
from segue.reports.plot import Plot
from segue.reports.rating import diagnosis
from segue.reports.reading import Cell, RunView
from segue.reports.wording import visible

_SIDES: Final = {
    "users": ("items given", "users", "Users by how much is known of them"),
    "items": ("training users of an item", "pairs", "Items by how many know them"),
}
_ACROSS: Final = {
    "coverage": "Coverage is the share of the catalogue that is recommended to anybody.",
    "novelty": "Novelty is how surprising items are, in bits; one more: half as many people have them.",
}
_CURVES: Final = 4


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: an anchor, a heading, a sentence that says how to read it, and plots."""

    anchor: str
    title: str
    lead: str
    plots: tuple[Plot, ...]


def sections(
    run: RunView,
    *,
    training_curves: Sequence[TrainingCurve] = (),
    tuning: Sequence[Mapping[str, Any]] = (),
    predictions: Mapping[str, Predictions] | None = None,
    more: Sequence[Plot] = (),
) -> list[Section]:
    """The sections with plots; those that the run has nothing for are left out."""
    found = [
        Section(
            "trade-offs",
            "What accuracy costs",
            "Higher is more accurate. Further right is better for coverage and novelty, further left for time.",
            tuple(_trade_offs(run)),
        ),
        Section(
            "bins",
            "For whom, and for what",
            "Whether new users and rare items get their share, or the mean hides them.",
            tuple(_bins(run)),
        ),
        Section(
            "lengths",
            "How long the list is",
            "The order of models can change with the length of the list; all lengths come from the same lists.",
            tuple(_lengths(run)),
        ),
        Section(
            "training",
            "While fitting",
            "What each model reported of itself after every step. A line that still falls asks for more steps.",
            tuple(
                training(
                    f"training-{_stem(curve.model)}-{_stem(curve.what)}",
                    visible(curve.model),
                    visible(curve.what),
                    curve.values,
                )
                for curve in training_curves
                if curve.values
            ),
        ),
        Section(
            "tuning",
            "Search for hyper-parameters",
            "Every trial in order, scored on validation data, and which parameters made the difference.",
            tuple(plot for study in tuning for plot in _tuning(study)),
        ),
        Section(
            "ratings",
            "How predictions go wrong",
            "Hidden ratings against what was predicted for them.",
            tuple(
                plot
                for model, found in (predictions or {}).items()
                for plot in diagnosis(f"ratings-{_stem(model)}", visible(model), found)
            ),
        ),
        Section("index", "Finding the nearest", "Recall of an approximate search against its speed.", tuple(more)),
    ]
    return [section for section in found if section.plots]


def overview(run: RunView) -> Plot | None:
    """The first metric of all models with their intervals."""
    if run.primary is None:
        return None
    return intervals("intervals", run.primary, _values(run, run.primary), run.level)


def _values(run: RunView, metric: str) -> dict[str, Value]:
    return {model.name: value for model in run.models if (value := _value(model.cells.get(metric))) is not None}


def _trade_offs(run: RunView) -> Iterable[Plot]:
    metric = run.primary
    if metric is None or len(run.models) < 2:
        return
    accuracy = {model.name: model.cells[metric].mean for model in run.models if metric in model.cells}
    for stem, what in _ACROSS.items():
        other = run.find(stem)
        points = {
            model.name: (model.cells[other].mean, accuracy[model.name])
            for model in run.models
            if other is not None and other in model.cells and model.name in accuracy
        }
        if other is not None and len(points) > 1:
            yield trade_off(f"accuracy-{stem}", f"Accuracy and {stem}", other, metric, points, note=what)
    per_user = 1000 / run.users if run.users else None
    answers = {
        model.name: (model.recommend_seconds * per_user, accuracy[model.name])
        for model in run.models
        if per_user and model.recommend_seconds and model.name in accuracy
    }
    if len(answers) > 1:
        yield trade_off(
            "accuracy-time", "Accuracy and time to answer", "milliseconds per user", metric, answers,
            logarithmic=True, note="Users are asked in blocks.",
        )  # fmt: skip
    fits = {
        model.name: (model.fit_seconds, accuracy[model.name])
        for model in run.models
        if model.fit_seconds and model.name in accuracy
    }
    if len(fits) > 1:
        yield trade_off(
            "accuracy-fit", "Accuracy and time to fit", "seconds to fit", metric, fits,
            logarithmic=True,
        )  # fmt: skip


def _bins(run: RunView) -> Iterable[Plot]:
    for (side, table), bins in run.bins.items():
        if side not in _SIDES or run.primary is None or not bins:
            continue
        across, unit, title = _SIDES[side]
        values = {
            model.name: [_value(row.get(run.primary)) for row in model.bins[side, table]]
            for model in run.models
            if len(model.bins.get((side, table), ())) == len(bins)
        }
        if not any(value for row in values.values() for value in row):
            continue
        sizes = [each.users if side == "users" else each.relevant for each in bins]
        note = (
            "Lines are intervals over the users of the bin."
            if side == "users"
            else "As if only these items were right answers."
        )
        yield by_bin(
            f"by-{side}-{_stem(table)}", title if table == "fine" else f"{title}: few or many", across, run.primary,
            [each.label for each in bins], sizes, unit, values, note=note,
        )  # fmt: skip


def _lengths(run: RunView) -> Iterable[Plot]:
    if len(run.list_lengths) < 2:
        return
    stems = list(dict.fromkeys(stem for model in run.models for stem in model.curves))
    for stem in stems[:_CURVES]:
        values = {
            model.name: [None if mean is None else Value(mean) for mean in model.curves[stem]]
            for model in run.models
            if len(model.curves.get(stem, ())) == len(run.list_lengths)
        }
        if any(value for row in values.values() for value in row):
            yield by_length(f"by-length-{_stem(stem)}", stem, run.list_lengths, values)


def _tuning(study: Mapping[str, Any]) -> Iterable[Plot]:
    model = visible(study.get("model", "model"))
    metric = visible(study.get("metric", "score"))
    values = [trial.get("value") for trial in study.get("trials") or () if isinstance(trial, Mapping)]
    numbers = [float(value) if isinstance(value, (int, float)) else None for value in values]
    if any(value is not None for value in numbers):
        yield history(
            f"tuning-{_stem(model)}-trials", model, metric, numbers,
            higher_is_better=bool(study.get("higher_is_better", True)),
        )  # fmt: skip
    shares = study.get("importance") or {}
    if isinstance(shares, Mapping) and len(shares) > 1:
        named = {visible(parameter): float(share) for parameter, share in shares.items()}
        yield importance(f"tuning-{_stem(model)}-importance", model, named)


def _value(cell: Cell | None) -> Value | None:
    return None if cell is None else Value(cell.mean, cell.low, cell.high)


def _stem(name: str) -> str:
    """A name as a part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "x"
