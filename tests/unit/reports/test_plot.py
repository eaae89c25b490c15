"""One plot: the same bytes for the same input, and a drawing that follows its page."""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes

from segue.reports.comparing import Value, by_bin, by_length, intervals, trade_off
from segue.reports.labels import _apart, name_points
from segue.reports.plot import MARKERS, SERIES, SERIES_ON_DARK, Plot, draw, series_color, series_marker

HOSTILE = "<script>alert(1)</script> & $x^2$ \\frac \x00"


@pytest.fixture
def someone_elses_settings() -> Iterator[None]:
    with mpl.rc_context({"axes.facecolor": "pink", "font.size": 30, "svg.hashsalt": None, "savefig.dpi": 10}):
        yield


def scatter(name: str = "plot") -> Plot:
    return trade_off(name, "Title", "x", "y", {"first": (1.0, 0.2), "second": (2.0, 0.3)})


def luminance(color: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_same_plot_has_the_same_bytes() -> None:
    one, other = scatter(), scatter()
    assert one.svg == other.svg
    assert one.png == other.png


def test_the_settings_of_the_process_neither_matter_nor_change(someone_elses_settings: None) -> None:
    inside = scatter()
    assert mpl.rcParams["axes.facecolor"] == "pink"
    with mpl.rc_context():
        mpl.rcdefaults()
        assert scatter() == inside


def test_plots_drawn_at_once_do_not_disturb_each_other() -> None:
    alone = scatter()
    drawn: list[Plot] = []
    threads = [threading.Thread(target=lambda: drawn.append(scatter())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [plot.svg for plot in drawn] == [alone.svg] * 3


def test_drawing_is_xml_and_says_nothing_of_when_it_was_drawn() -> None:
    plot = scatter()
    ET.fromstring(plot.svg)  # noqa: S314  # ours
    ET.fromstring(plot.inline)  # noqa: S314
    assert "<dc:date>" not in plot.svg
    assert "Matplotlib v" not in plot.svg


def test_identifiers_of_a_page_belong_to_one_plot_each() -> None:
    found = [set(_ids(scatter(name).inline)) for name in ("one", "two")]
    assert found[0]
    assert not found[0] & found[1]
    for plot in (scatter("one"),):
        for mark in ("url(#", 'href="#'):
            for piece in plot.inline.split(mark)[1:]:
                assert piece.split(")" if mark == "url(#" else '"')[0] in _ids(plot.inline)


def test_a_drawing_on_a_page_has_the_colours_and_letters_of_the_page() -> None:
    inline = scatter().inline
    assert "var(--series-1)" in inline
    assert "var(--ink)" in inline
    assert "var(--sans)" in inline
    for style in inline.split('style="')[1:]:
        assert "#" not in style.split('"')[0].replace("url(#", "")
    assert 'role="img"' in inline
    assert 'aria-label="y against x: first at 1 and 0.2; second at 2 and 0.3."' in inline
    assert "<style" not in inline


def test_names_from_data_stay_text_in_a_drawing() -> None:
    name = HOSTILE.replace("\x00", "")
    plot = trade_off("plot", name, name, name, {name: (1.0, 1.0)})
    for drawing in (plot.svg, plot.inline):
        ET.fromstring(drawing)  # noqa: S314
        assert "<script" not in drawing
    assert "$x^2$" in plot.svg  # a formula it is not


def test_a_letter_that_the_font_lacks_is_still_text() -> None:
    assert "日本語" in trade_off("plot", "", "x", "y", {"日本語": (1.0, 1.0)}).inline


def test_colours_stand_out_from_their_paper() -> None:
    assert all(contrast(color, "#ffffff") >= 2.9 for color in SERIES)
    assert all(contrast(color, "#151d1b") >= 4.5 for color in SERIES_ON_DARK)
    assert len(set(SERIES)) == len(SERIES) == len(SERIES_ON_DARK) == len(MARKERS)


def test_more_models_than_colours_still_look_different() -> None:
    looks = {(series_color(place), series_marker(place)) for place in range(40)}
    assert len(looks) == 40


def test_names_beside_points_do_not_hide_each_other() -> None:
    boxes = []

    def paint(axes: Axes) -> None:
        points = [(1.0, 1.0), (1.02, 1.01), (0.98, 0.99), (2.0, 2.0)]
        axes.plot(*zip(*points, strict=True), "o")
        axes.margins(0.3)
        name_points(axes, points, ["one", "two", "three", "four"], ["#14201d"] * 4)
        boxes.extend(text.get_window_extent() for text in axes.texts)

    draw("plot", "", "", paint)
    assert len(boxes) == 4
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_names_at_line_ends_are_pushed_no_further_than_they_must() -> None:
    assert _apart([0.1, 0.5, 0.9], 0.1) == pytest.approx([0.1, 0.5, 0.9])
    assert _apart([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])
    assert _apart([0.5, 0.5, 0.58], 0.1) == pytest.approx([0.5267 - 0.1, 0.5267, 0.5267 + 0.1], abs=1e-3)
    moved = _apart([0.2, 0.21, 0.3, 0.31, 0.9], 0.1)
    assert np.all(np.diff(moved) >= 0.1 - 1e-9)
    assert _apart([], 0.1) == []


def test_a_plot_of_one_model_or_one_value_is_a_plot() -> None:
    one = {"only": Value(0.0)}
    assert "only 0.0000" in intervals("i", "recall@20", one, None).alt
    assert by_length("l", "recall", [10], {"only": [Value(0.1)]}).png
    assert by_bin("b", "t", "x", "y", ["0"], [None], "users", {"only": [None], "other": [Value(1.0)]}).png
    assert trade_off("t", "", "x", "y", {"only": (1.0, 1.0)}, logarithmic=True).png


def _ids(drawing: str) -> list[str]:
    return [piece.split('"')[0] for piece in drawing.split('id="')[1:]]
