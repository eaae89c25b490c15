"""The page about a dataset: what `segue.description` counts, with plots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from segue.description import QUANTILES, Bin, Description, quantile_name
from segue.reports.paper import styles, template
from segue.reports.plot import Plot, draw, series_color
from segue.reports.putting import put
from segue.reports.wording import counted, short, visible

_NAME: Final = "dataset"


def write_description(about: Description, folder: Path, *, title: str) -> Path:
    """Writes folder/dataset.html, which needs nothing beside it, and its plots into folder/dataset/; returns the page.

    The same description gives the same bytes. Raises StorageError where the folder cannot be written.
    """
    plots = _plots(about)
    known = {"id": about.items, **about.known}
    html = template("dataset.html").render(
        title=visible(title),
        styles=styles(),
        facts=about.facts(),
        plots=plots,
        quantiles=[quantile_name(share) for share in QUANTILES],
        spread=[
            ("items per user", [f"{value:,.0f}" for value in about.activity]),
            ("users per item", [f"{value:,.0f}" for value in about.popularity]),
        ],
        known=[
            (name, f"{count:,}", f"{count / max(1, about.items):.1%}", f"{1 - count / max(1, about.items):.1%}")
            for name, count in known.items()
            if count
        ],
        unknown=[name for name, count in known.items() if not count],
    )
    return put(html, plots, folder, _NAME)


def _plots(about: Description) -> list[Plot]:
    plots = []
    if about.activity_bins:
        plots.append(_histogram("activity", "How active users are", "distinct items", "users", about.activity_bins))
    if about.popularity_bins:
        plots.append(
            _histogram("popularity", "How popular items are", "distinct users", "items", about.popularity_bins)
        )
    if about.period is not None and len(about.over_time) > 1:
        plots.append(_over_time(about.period, about.over_time))
    return plots


def _histogram(name: str, title: str, along: str, up: str, bins: Sequence[Bin]) -> Plot:
    def paint(axes: Axes) -> None:
        places = range(len(bins))
        axes.bar(places, [each.count for each in bins], 0.78, color=series_color(0))
        axes.set_xticks(
            places, labels=[each.label for each in bins], rotation=45, ha="right", rotation_mode="anchor", fontsize=7.5
        )
        axes.tick_params(axis="x", length=0)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel(along)
        axes.set_ylabel(up)
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))

    most = max(bins, key=lambda each: each.count)
    alt = f"Histogram of {up} by {along}: most, {most.count:,}, lie in {most.label}."
    return draw(name, title, alt, paint, note="Each bin reaches twice as far as the one before.")


def _over_time(period: str, entries: dict[str, int]) -> Plot:
    def paint(axes: Axes) -> None:
        counts = list(entries.values())
        axes.plot(range(len(counts)), counts, color=series_color(0))
        axes.fill_between(range(len(counts)), counts, color=series_color(0), alpha=0.18, linewidth=0)
        step = max(1, -(-len(counts) // 6))
        axes.set_xticks(range(0, len(counts), step), labels=list(entries)[::step])
        axes.set_ylim(bottom=0)
        axes.margins(x=0.02)
        axes.set_ylabel(f"entries in a {period}")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))

    first, last = next(iter(entries)), next(reversed(entries))
    alt = f"Entries by {period}, {counted(len(entries), period)} from {first} to {last}."
    return draw("over-time", "When it was", alt, paint, note="The first and the last may be cut off by the data.")
