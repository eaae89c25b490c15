"""How predictions of ratings or play counts go wrong: four panels, and the bias by popularity."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import Collection, PatchCollection
from matplotlib.patches import Rectangle
from scipy import stats

from segue.core.arrays import Float64Array
from segue.evaluation.predictions import Predictions
from segue.reports.plot import INK, MUTED, PAPER, Plot, draw, series_color
from segue.reports.wording import counted, short

_FEW: Final = 400  # pairs that are drawn one by one
_STEPS: Final = 12  # different values on the axis below, up to which each has a column of its own
_ROWS: Final = 24
_GRID: Final = 15  # hexagons across; more of them show the steps of a rating scale as holes
_TENTHS: Final = 10
_QUANTILES: Final = 200  # points of a Q-Q plot are thinned to this many


def diagnosis(name: str, model: str, predictions: Predictions) -> list[Plot]:
    """Prediction against truth, the errors' distribution, their Q-Q plot, residuals; bias by popularity where known."""
    panels = [
        _against_truth(f"{name}-prediction", model, predictions),
        _distribution(f"{name}-errors", model, predictions),
        _quantiles(f"{name}-quantiles", model, predictions),
        _residuals(f"{name}-residuals", model, predictions),
    ]
    if predictions.popularity is not None:
        panels.append(_by_popularity(f"{name}-popularity", model, predictions))
    return panels


def _against_truth(name: str, model: str, predictions: Predictions) -> Plot:
    def paint(axes: Axes) -> None:
        low = float(min(predictions.truth.min(), predictions.predicted.min()))
        high = float(max(predictions.truth.max(), predictions.predicted.max()))
        axes.plot([low, high], [low, high], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        _density(axes, predictions.truth, predictions.predicted)
        axes.set_xlabel("truth")
        axes.set_ylabel("prediction")

    facts = ", ".join(f"{fact} {short(value)}" for fact, value in predictions.facts().items())
    alt = f"Predictions of {model} against the truth for {counted(predictions.truth.size, 'pair')}: {facts}."
    return draw(name, "Prediction against truth", alt, paint, note="On the dashed line a prediction is right.")


def _distribution(name: str, model: str, predictions: Predictions) -> Plot:
    errors = predictions.errors

    def paint(axes: Axes) -> None:
        counts, edges = np.histogram(errors, bins=min(40, max(5, round(2 * errors.size ** (1 / 3)))))
        axes.bar(
            edges[:-1],
            counts / errors.size,
            np.diff(edges),
            align="edge",
            color=series_color(0),
            edgecolor=PAPER,
            linewidth=0.4,
        )
        axes.axvline(0, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        mean = float(errors.mean())
        axes.axvline(mean, color=series_color(1), linewidth=1.4)
        axes.annotate(
            f"mean {short(mean)}", (mean, 1), (5 if mean >= 0 else -5, -3), xycoords=("data", "axes fraction"),
            textcoords="offset points", va="top", ha="left" if mean >= 0 else "right", color=INK,
        )  # fmt: skip
        axes.set_ylim(top=1.12 * float(counts.max()) / errors.size)
        axes.set_xlabel("error (prediction less truth)")
        axes.set_ylabel("share of pairs")

    alt = f"Errors of {model}: mean {short(float(errors.mean()))}, half of them between {_middle(errors)}."
    return draw(name, "Errors", alt, paint)


def _quantiles(name: str, model: str, predictions: Predictions) -> Plot:
    (normal, ordered), (slope, start, fit) = _probability_plot(predictions.errors)

    def paint(axes: Axes) -> None:
        axes.plot(normal[[0, -1]], start + slope * normal[[0, -1]], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        shown = np.unique(np.linspace(0, normal.size - 1, min(normal.size, _QUANTILES)).round().astype(int))
        axes.plot(normal[shown], ordered[shown], "o", color=series_color(0), markersize=3.2)
        axes.set_xlabel("quantiles of a normal distribution")
        axes.set_ylabel("quantiles of the errors")

    alt = f"Q-Q plot of the errors of {model} against a normal distribution; correlation {fit:.3f}."
    note = "On the dashed line errors are normal; ends that leave it are more large errors than normal ones have."
    return draw(name, "Q-Q plot of the errors", alt, paint, note=note)


def _residuals(name: str, model: str, predictions: Predictions) -> Plot:
    def paint(axes: Axes) -> None:
        axes.axhline(0, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        _density(axes, predictions.predicted, predictions.errors)
        axes.set_xlabel("prediction")
        axes.set_ylabel("error (prediction less truth)")

    alt = (
        f"Errors of {model} against its predictions, which lie between {_middle(predictions.predicted)} half the time."
    )
    return draw(
        name, "Residuals", alt, paint, note="A good model's cloud is level, and as wide on the left as on the right."
    )


def _by_popularity(name: str, model: str, predictions: Predictions) -> Plot:
    assert predictions.popularity is not None
    order = np.argsort(predictions.popularity, kind="stable")
    groups = [group for group in np.array_split(order, min(_TENTHS, order.size)) if group.size]
    errors, popularity = predictions.errors, predictions.popularity
    middle = [float(np.median(popularity[group])) for group in groups]
    means = np.array([errors[group].mean() for group in groups])
    # 95 % of a normal distribution; a single pair has no spread
    reach = np.array([1.96 * errors[g].std(ddof=1) / np.sqrt(g.size) if g.size > 1 else 0.0 for g in groups])

    def paint(axes: Axes) -> None:
        at = np.arange(len(groups))
        axes.bar(at, means, 0.74, color=[series_color(1 if mean > 0 else 0) for mean in means])
        axes.vlines(at, means - reach, means + reach, color=INK, linewidth=0.9)
        axes.axhline(0, color=MUTED, linewidth=1)
        axes.set_xticks(at, labels=[short(round(value)) for value in middle])
        axes.tick_params(axis="x", length=0)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("listeners of the item (middle of a tenth)")
        axes.set_ylabel("mean error")

    said = ", ".join(map(short, means.tolist()))
    alt = f"Mean error of {model} from the least to the most popular tenth of pairs: {said}."
    return draw(
        name, "Bias by popularity", alt, paint, note="Above zero the model promises too much; lines are 95% intervals."
    )


def _density(axes: Axes, x: Float64Array, y: Float64Array) -> None:
    """A point for each pair where they are few, else cells, the darker the more pairs (on a square-root scale).

    Cells are hexagons, or stand in columns where x has few values, as ratings have.
    """
    color = series_color(0)
    if x.size <= _FEW:
        axes.plot(x, y, "o", color=color, alpha=0.5, markersize=3.5, markeredgewidth=0)
        return
    levels = np.unique(x)
    if 1 < levels.size <= _STEPS and np.ptp(y) > 0:
        edges = np.linspace(y.min(), y.max(), _ROWS + 1)
        width = 0.84 * float(np.diff(levels).min())
        columns = np.array([np.histogram(y[x == level], edges)[0] for level in levels])
        places, rows = np.nonzero(columns)
        corners = zip(levels[places] - width / 2, edges[rows], strict=True)
        patches = [Rectangle(corner, width, edges[1] - edges[0]) for corner in corners]
        cells: Collection = PatchCollection(patches, linewidths=0)
        counts = columns[places, rows].astype(np.float64)
        axes.add_collection(cells)
        axes.autoscale_view()
    else:
        cells = axes.hexbin(x, y, gridsize=_GRID, mincnt=1, linewidths=0.2)
        counts = np.asarray(cells.get_array(), dtype=np.float64)
    # One colour in many strengths, not a colour map: it then follows the paper of the page, as all other colours do.
    cells.set_array(None)
    cells.set_facecolor(color)
    cells.set_edgecolor("none")
    cells.set_alpha((0.08 + 0.92 * np.sqrt(counts / counts.max())).tolist())


def _probability_plot(
    values: Float64Array,
) -> tuple[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]], tuple[float, float, float]]:
    """Quantiles of a normal distribution beside the ordered values, and the line through them (slope, start, r)."""
    if np.ptp(values) == 0:  # a line through points of one height has no correlation
        normal = stats.norm.ppf((np.arange(values.size) + 0.5) / values.size)
        return (normal, np.sort(values)), (0.0, float(values[0]), 1.0)
    return stats.probplot(values, dist="norm", fit=True)


def _middle(values: Float64Array) -> str:
    low, high = np.quantile(values, (0.25, 0.75)).tolist()
    return f"{short(low)} and {short(high)}"
