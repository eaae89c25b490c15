"""One plot: drawn once, then a picture for files and a drawing that follows the paper of the page.

Matplotlib is used through its objects alone. Its settings are the library's own, not the user's, and only while a plot
is drawn; identifiers come from a fixed salt and no date is written, so that equal input gives equal bytes.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK: Final = "#14201d"
MUTED: Final = "#55645e"
LINE: Final = "#dbe2de"
PAPER: Final = "#ffffff"

SERIES: Final = ("#0072b2", "#d55e00", "#00916a", "#b45f91", "#b98000", "#3a9fd6", "#6d7d78")
"""Okabe and Ito's colours (2008), which people with any colour vision tell apart, dark enough for lines on white."""

SERIES_ON_DARK: Final = ("#56b4e9", "#ff8a4c", "#2fc79b", "#e5a3c8", "#f0b93a", "#b5ddf7", "#9dada7")
"""The same seven for dark paper, in the same order."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
"""A shape for each colour, so that none has to be told by its colour alone."""

SIZE: Final = (3.8, 2.65)  # inches: letters can be read where a page shows it at 450 pixels, and on a phone at 340
_DOTS: Final = 240  # per inch, of pictures
_LOCK: Final = threading.Lock()  # Matplotlib's settings belong to the process

_SETTINGS: Final[dict[Any, Any]] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    "figure.facecolor": PAPER,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with Matplotlib, so that letters measure the same everywhere
    "font.size": 8.5,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markeredgewidth": 0.7,
    "lines.markersize": 6,
    "svg.fonttype": "none",
    "svg.hashsalt": "segue",
    "text.color": INK,
    "text.parse_math": False,  # a name with a dollar sign is a name
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
}
_PLACES: Final = {
    INK: "--ink",
    MUTED: "--muted",
    LINE: "--line",
    PAPER: "--sheet",
    **{color: f"--series-{number}" for number, color in enumerate(SERIES, start=1)},
}
_COLOR: Final = re.compile("|".join(_PLACES), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn plot.

    name:  of its files, without an ending.
    title: what it shows, a few words.
    alt:   what there is to see, in a sentence, for those who do not see it.
    note:  what a reader must know to read it; may be empty.
    svg:   a drawing that stands alone, on white.
    png:   the same as a picture.
    """

    name: str
    title: str
    alt: str
    note: str
    svg: str
    png: bytes

    @property
    def inline(self) -> str:
        """The drawing for a page: colours and letters are the page's, identifiers the plot's own."""
        drawing = self.svg[self.svg.index("<svg") :]
        drawing = re.sub(r"<style.*?</style>", "", drawing, count=1, flags=re.DOTALL)
        drawing = re.sub(
            r"<svg[^>]*?viewBox=\"([^\"]*)\"[^>]*>",
            lambda found: (
                f'<svg role="img" aria-label="{escape(self.alt)}" viewBox="{found[1]}" '
                'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
            ),
            drawing,
            count=1,
        )
        drawing = re.sub(r"<g id=\"[^\"]*\">", "<g>", drawing)
        drawing = re.sub(r"(id=\"|url\(#|href=\"#)", lambda found: f"{found[1]}{self.name}-", drawing)
        drawing = re.sub(r"font-family: [^;\"]*", "font-family: var(--sans)", drawing)
        drawing = re.sub(r" ?transform=\"rotate\(-0 [^\"]*\"", "", drawing)
        drawing = re.sub(r"\s*\n\s*", " ", drawing)
        return re.sub(
            r"(?<=style=\")[^\"]*",
            lambda found: _COLOR.sub(lambda color: f"var({_PLACES[color[0].lower()]})", found[0]),
            drawing,
        )


def draw(
    name: str,
    title: str,
    alt: str,
    paint: Callable[[Axes], None],
    *,
    note: str = "",
    size: tuple[float, float] = SIZE,
) -> Plot:
    """A plot of one pair of axes, on which `paint` draws; sizes in inches."""
    with _LOCK, mpl.rc_context(), warnings.catch_warnings():
        # A letter that Matplotlib's own font lacks is a box in the picture; in the drawing it is text, and is shown.
        warnings.filterwarnings("ignore", r"(?s).*Glyph .* missing", UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        figure = Figure(figsize=size, layout="constrained")
        paint(figure.add_subplot())
        drawing, picture = io.StringIO(), io.BytesIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(drawing, format="svg", metadata=nothing)
        figure.set_layout_engine("none")  # everything has its place now
        figure.savefig(picture, format="png", dpi=_DOTS, metadata={"Software": None})
    return Plot(name, title, alt, note, drawing.getvalue(), picture.getvalue())


def series_color(number: int) -> str:
    """The colour of the n-th model; after seven they begin again."""
    return SERIES[number % len(SERIES)]


def series_marker(number: int) -> str:
    """The shape of the n-th model: it changes with the colour, and shifts by one each time the colours begin again."""
    return MARKERS[(number + number // len(SERIES)) % len(MARKERS)]
