"""Names written beside what they name, without lying on each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

_FAR: Final = 7.0  # points between a mark and its name
_PLACES: Final = (
    (1, 0, "left", "center"),
    (-1, 0, "right", "center"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
    (0.7, 0.7, "left", "bottom"),
    (0.7, -0.7, "left", "top"),
    (-0.7, 0.7, "right", "bottom"),
    (-0.7, -0.7, "right", "top"),
)
"""Where a name may stand (in units of the distance, and how it is then aligned), the best place first."""


def name_points(axes: Axes, points: Sequence[tuple[float, float]], names: Sequence[str], colors: Sequence[str]) -> None:
    """Writes a name beside each point: the first of eight places where it hides least of what is there already."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # settles the layout, so that places on the paper are known
    inside = axes.get_window_extent()
    room = 5.0 * figure.dpi / 72
    taken = [
        Bbox.from_extents(x - room, y - room, x + room, y + room)
        for x, y in map(tuple, axes.transData.transform(points))
    ]
    for (x, y), name, color in zip(points, names, colors, strict=True):
        best: tuple[float, int, Bbox] | None = None
        for number, (right, up, horizontal, vertical) in enumerate(_PLACES):
            text = axes.annotate(
                name, (x, y), (right * _FAR, up * _FAR), textcoords="offset points", ha=horizontal, va=vertical
            )
            box = text.get_window_extent()
            text.remove()
            hidden = sum(_overlap(box, other) for other in taken) + 2 * (box.width * box.height - _overlap(box, inside))
            if best is None or hidden < best[0] - 1e-6:
                best = (hidden, number, box)
        assert best is not None
        right, up, horizontal, vertical = _PLACES[best[1]]
        written = axes.annotate(
            name, (x, y), (right * _FAR, up * _FAR), textcoords="offset points", ha=horizontal, va=vertical, color=color
        )
        written.set_in_layout(False)
        taken.append(best[2])


def name_line_ends(axes: Axes, ends: Sequence[float], names: Sequence[str], colors: Sequence[str]) -> None:
    """Writes names to the right of the axes at the heights (data) where their lines end, apart where they meet."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    height = axes.get_window_extent().height
    if not height:
        return
    line = 11.0 * figure.dpi / 72 / height  # of the axes' height
    order = sorted(range(len(ends)), key=lambda number: (ends[number], number))
    wanted = [float((axes.transData + axes.transAxes.inverted()).transform((0, ends[number]))[1]) for number in order]
    for number, at in zip(order, _apart(wanted, line), strict=True):
        axes.text(1.015, at, names[number], transform=axes.transAxes, ha="left", va="center", color=colors[number])


def _overlap(one: Bbox, other: Bbox) -> float:
    shared = Bbox.intersection(one, other)
    return 0.0 if shared is None else float(shared.width * shared.height)


def _apart(wanted: Sequence[float], least: float) -> list[float]:
    """Rising places at least `least` apart, as near to the wanted ones (rising) as groups that are pushed together can.

    Groups that touch merge and keep their common mean, until none touches another.
    """
    groups = [[place] for place in wanted]
    while True:
        centers = [sum(group) / len(group) for group in groups]
        for number, ((left, right), (low, high)) in enumerate(zip(pairwise(groups), pairwise(centers), strict=True)):
            if high - low < least * (len(left) + len(right)) / 2 - 1e-12:
                groups[number : number + 2] = [[*left, *right]]
                break
        else:
            return [
                center + least * (place - (len(group) - 1) / 2)
                for center, group in zip(centers, groups, strict=True)
                for place in range(len(group))
            ]
