"""Plots of what happened on the way: the loss while a model was fitted, the trials of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from segue.reports.plot import INK, MUTED, PAPER, SIZE, Plot, draw, series_color
from segue.reports.wording import brief, number, short


def training(name: str, model: str, what: str, values: Sequence[float]) -> Plot:
    """What a model reported of itself after each step of its fit."""

    def paint(axes: Axes) -> None:
        steps = range(1, len(values) + 1)
        axes.plot(steps, values, color=series_color(0), marker="o" if len(values) <= 40 else "", markeredgecolor=PAPER)
        axes.annotate(short(values[-1]), (len(values), values[-1]), (0, 8), textcoords="offset points", ha="center")
        axes.margins(y=0.14)
        axes.set_xlabel("iteration")
        axes.set_ylabel(what)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))

    alt = f"{what} of {model}: from {short(values[0])} to {short(values[-1])} in {len(values)} iterations."
    return draw(name, f"{model}: {what} while fitting", alt, paint)


def history(name: str, model: str, metric: str, values: Sequence[float | None], *, higher_is_better: bool) -> Plot:
    """Every finished trial of a search, and the best so far."""
    finished = [(place, value) for place, value in enumerate(values, start=1) if value is not None]
    better = max if higher_is_better else min

    def paint(axes: Axes) -> None:
        places, found = [place for place, _ in finished], [value for _, value in finished]
        best = list(accumulate(found, better))
        axes.plot(places, found, "o", color=series_color(5), markeredgecolor=PAPER, label="a trial")
        axes.step(places, best, where="post", color=series_color(0), label="the best so far")
        axes.annotate(
            number(best[-1]), (places[-1], best[-1]), (0, 7 if higher_is_better else -7), textcoords="offset points",
            ha="right", va="bottom" if higher_is_better else "top",
        )  # fmt: skip
        axes.margins(y=0.14)
        axes.set_xlabel("trial")
        axes.set_ylabel(metric)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.2, handlelength=1.2)

    top = better(value for _, value in finished)
    alt = f"{metric} of {len(finished)} trials for {model}; the best reached {number(top)}."
    return draw(name, f"{model}: trials", alt, paint)


def importance(name: str, model: str, shares: Mapping[str, float]) -> Plot:
    """How much of the differences between trials each parameter accounts for, the most important on top."""
    ranked = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))

    def paint(axes: Axes) -> None:
        axes.barh(range(len(ranked)), [share for _, share in ranked], 0.62, color=series_color(0))
        for row, (_, share) in enumerate(ranked):
            axes.annotate(f"{share:.0%}", (share, row), (4, 0), textcoords="offset points", va="center", color=INK)
        axes.set_yticks(range(len(ranked)), labels=[brief(parameter) for parameter, _ in ranked])
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_color(MUTED)
        axes.margins(x=0.12)
        axes.set_xlim(left=0)
        axes.set_xlabel("share of the differences between trials")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))

    alt = f"Importance of parameters of {model}: " + ", ".join(f"{p} {share:.0%}" for p, share in ranked) + "."
    size = (SIZE[0], max(1.4, 0.75 + 0.32 * len(ranked)))
    return draw(name, f"{model}: what mattered", alt, paint, size=size)
