"""Plots that hold models against each other: intervals, trade-offs, bins, list lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from segue.reports.labels import name_line_ends, name_points
from segue.reports.plot import INK, PAPER, SIZE, Plot, draw, series_color, series_marker
from segue.reports.wording import brief, number, short

_STEPS: Final = (1, 2, 5, 10)  # between the numbers on an axis


@dataclass(frozen=True, slots=True)
class Value:
    """A mean, and the ends of its interval where they are known."""

    mean: float
    low: float | None = None
    high: float | None = None


def intervals(name: str, metric: str, values: Mapping[str, Value], level: float | None) -> Plot:
    """One metric of all models: a dot for the mean, a line for its interval."""
    models = list(values)

    def paint(axes: Axes) -> None:
        for row, value in enumerate(values.values()):
            color = series_color(row)
            if value.low is not None and value.high is not None:
                axes.plot([value.low, value.high], [row, row], color=color, linewidth=2.2, solid_capstyle="round")
            axes.plot([value.mean], [row], series_marker(row), color=color, markeredgecolor=PAPER, markersize=7)
            axes.annotate(number(value.mean), (value.mean, row), (0, 7), textcoords="offset points", ha="center")
        axes.set_yticks(range(len(models)), labels=[brief(model) for model in models])
        axes.set_ylim(len(models) - 0.5, -0.75)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.margins(x=0.12)
        axes.set_xlabel(metric)
        _plain_numbers(axes, "x")

    best = ", ".join(f"{model} {number(value.mean)}" for model, value in values.items())
    whiskers = "" if level is None else f"Lines are {level:.0%} bootstrap intervals over users."
    return draw(
        name, f"{metric}, model by model", f"{metric} of each model: {best}.", paint,
        note=whiskers, size=(SIZE[0], 0.8 + 0.38 * len(models)),
    )  # fmt: skip


def trade_off(
    name: str,
    title: str,
    across: str,
    up: str,
    points: Mapping[str, tuple[float, float]],
    *,
    note: str = "",
    logarithmic: bool = False,
) -> Plot:
    """Models as points: one quantity across, another up, each with its name beside it."""

    def paint(axes: Axes) -> None:
        for place, (x, y) in enumerate(points.values()):
            axes.plot([x], [y], series_marker(place), color=series_color(place), markeredgecolor=PAPER, markersize=8)
        if logarithmic:
            axes.set_xscale("log")
        axes.margins(0.18)
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        if not logarithmic:
            _plain_numbers(axes, "x")
        else:
            _decades(axes)
        _plain_numbers(axes, "y")
        name_points(axes, list(points.values()), [brief(model) for model in points], [INK] * len(points))

    seen = "; ".join(f"{model} at {short(x)} and {short(y)}" for model, (x, y) in points.items())
    return draw(name, title, f"{up} against {across}: {seen}.", paint, note=note)


def by_bin(
    name: str,
    title: str,
    across: str,
    metric: str,
    labels: Sequence[str],
    sizes: Sequence[int | None],
    unit: str,
    values: Mapping[str, Sequence[Value | None]],
    *,
    note: str = "",
) -> Plot:
    """Bars side by side in each bin, one for each model; what a bin holds is counted below its label."""
    width = 0.82 / max(1, len(values))

    def paint(axes: Axes) -> None:
        for place, (model, row) in enumerate(values.items()):
            at = np.arange(len(labels)) + (place - (len(values) - 1) / 2) * width
            there = [spot for spot, value in enumerate(row) if value is not None]
            known = [value for value in row if value is not None]
            axes.bar(
                at[there], [value.mean for value in known], 0.9 * width, color=series_color(place), label=brief(model)
            )
            for spot, value in zip(there, known, strict=True):
                if value.low is not None and value.high is not None:
                    axes.plot([at[spot]] * 2, [value.low, value.high], color=INK, linewidth=0.9)
        counts = [
            label if size is None else f"{label}\n{short(size)}" for label, size in zip(labels, sizes, strict=True)
        ]
        axes.set_xticks(range(len(labels)), labels=counts)
        axes.tick_params(axis="x", length=0)
        axes.grid(visible=False, axis="x")
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.set_xlabel(across + (f" (below: {unit})" if any(size is not None for size in sizes) else ""))
        axes.set_ylabel(metric)
        _plain_numbers(axes, "y")
        _key(axes, [brief(model) for model in values])

    best = []
    for spot, label in enumerate(labels):
        known = {model: value.mean for model, row in values.items() if (value := row[spot]) is not None}
        if known:
            winner = max(known, key=lambda model: known[model])
            best.append(f"{label}: {winner} {number(known[winner])}")
    return draw(name, title, f"{metric} by {across}. Highest in each bin: {'; '.join(best)}.", paint, note=note)


def by_length(name: str, metric: str, lengths: Sequence[int], values: Mapping[str, Sequence[Value | None]]) -> Plot:
    """How a metric grows or falls with the length of the lists, one line for each model, named at its end."""

    def paint(axes: Axes) -> None:
        ends: list[tuple[float, str, str]] = []
        for place, (model, row) in enumerate(values.items()):
            known = [(k, value) for k, value in zip(lengths, row, strict=True) if value is not None]
            if not known:
                continue
            ks, means = [k for k, _ in known], [value.mean for _, value in known]
            axes.plot(
                ks, means, color=series_color(place), marker=series_marker(place), markeredgecolor=PAPER, clip_on=False
            )
            banded = [(k, v.low, v.high) for k, v in known if v.low is not None and v.high is not None]
            if banded:
                at, low, high = (np.asarray(column, dtype=float) for column in zip(*banded, strict=True))
                axes.fill_between(at, low, high, color=series_color(place), alpha=0.15, linewidth=0)
            ends.append((means[-1], brief(model), series_color(place)))
        _length_axis(axes, lengths)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.set_ylabel(f"{metric}@k")
        _plain_numbers(axes, "y")
        if ends:
            name_line_ends(axes, *map(list, zip(*ends, strict=True)))

    last = "; ".join(
        f"{model} from {number(row[0].mean)} to {number(row[-1].mean)}"
        for model, row in values.items()
        if row and row[0] is not None and row[-1] is not None
    )
    alt = f"{metric} of lists of {lengths[0]} to {lengths[-1]} items: {last}."
    return draw(name, f"{metric} by list length", alt, paint)


def _length_axis(axes: Axes, lengths: Sequence[int]) -> None:
    if len(lengths) > 1 and lengths[-1] >= 8 * lengths[0]:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    shown: list[int] = []
    for k in lengths:  # as many numbers as there is room for
        if not shown or k >= shown[-1] * 1.35 or k == lengths[-1]:
            shown.append(k)
    axes.set_xticks(shown, labels=[str(k) for k in shown])
    axes.set_xlabel("length of the list, k")


def _plain_numbers(axes: Axes, which: str) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(6 if which == "y" else 5, steps=_STEPS))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def _decades(axes: Axes) -> None:
    """Numbers on a logarithmic axis: every power of ten, and 2 and 5 times it where these are few."""
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 150 else (1,), numticks=9))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axes.xaxis.set_minor_locator(NullLocator())


def _key(axes: Axes, names: Sequence[str]) -> None:
    if len(names) > 1:
        columns = max(1, min(len(names), 3, 44 // (4 + max(map(len, names)))))
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, borderaxespad=0.2, handlelength=0.9,
            handleheight=0.9, columnspacing=1.2, handletextpad=0.5,
        )  # fmt: skip
