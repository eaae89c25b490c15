"""The plot of what speed costs an index."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from segue.evaluation.index_tradeoff import IndexTradeoff, TradeoffPoint
from segue.reports.labels import name_points
from segue.reports.plot import INK, MUTED, PAPER, Plot, draw, series_color, series_marker
from segue.reports.wording import brief, counted, short, visible


def tradeoff_figure(found: IndexTradeoff, name: str = "index-trade-off") -> Plot:
    """Recall across, queries per second up (logarithmic): a line for each index, brute force as two dashed lines."""
    families: dict[str, list[TradeoffPoint]] = {}
    for point in found.points:
        families.setdefault(visible(point.name), []).append(point)

    def paint(axes: Axes) -> None:
        axes.set_yscale("log")
        for place, points in enumerate(families.values()):
            ordered = sorted(points, key=lambda point: (point.recall, point.queries_per_second))
            axes.plot(
                [point.recall for point in ordered],
                [point.queries_per_second for point in ordered],
                color=series_color(place),
                marker=series_marker(place),
                markeredgecolor=PAPER,
            )
        references = {"brute force": found.brute_force, "brute force, all at once": found.brute_force_batched}
        for what, speed in references.items():
            axes.axhline(speed, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
            axes.annotate(
                f"{what}: {_rough(speed)}", (0, speed), (3, 2), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="left", va="bottom", color=MUTED, fontsize=7.5,
            )  # fmt: skip
        low, high = axes.get_ylim()
        axes.set_ylim(low / 1.3, high * 1.8)
        axes.margins(x=0.15)
        axes.set_xlabel(f"recall@{found.k}")
        axes.set_ylabel("queries per second")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 5, 10)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.yaxis.set_major_locator(LogLocator(numticks=8))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.yaxis.set_minor_locator(NullLocator())
        ends = [max(points, key=lambda point: (point.recall, point.queries_per_second)) for points in families.values()]
        name_points(
            axes,
            [(point.recall, point.queries_per_second) for point in ends],
            [brief(family) for family in families],
            [INK] * len(ends),
        )

    seen = "; ".join(
        f"{visible(point.label)} recall {point.recall:.3f} at {_rough(point.queries_per_second)} per second"
        for point in found.points
    )
    asked = f"{counted(found.n_queries, 'query', 'queries')}, one by one, median of {counted(found.repeats, 'run')}"
    vectors = f"{counted(found.n_vectors, 'vector')} of {found.dimensions} dimensions"
    note = f"Up and to the right is better. {vectors}; {asked}."
    return draw(name, "Recall against speed", f"{note} {seen}.", paint, note=note)


def _rough(speed: float) -> str:
    """Three digits: more are noise."""
    return short(float(f"{speed:.3g}"))
