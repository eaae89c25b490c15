"""The plot of what speed costs an index."""

from __future__ import annotations

from segue.evaluation.index_tradeoff import IndexTradeoff, TradeoffPoint
from segue.reports import tradeoff_figure


def test_the_plot_tells_every_point_and_both_speeds_of_brute_force() -> None:
    points = (
        TradeoffPoint("narrow", {"d": 2}, 0.5, 9000.0, 0.1),
        TradeoffPoint("narrow", {"d": 8}, 0.9, 3000.0, 0.1),
        TradeoffPoint("exact", {}, 1.0, 512.3, 0.0),
    )
    plot = tradeoff_figure(IndexTradeoff(points, 512.3, 20480.0, 10, 17632, 128, 1000, 5, 2))
    assert "narrow (d 2) recall 0.500 at 9,000 per second; narrow (d 8) recall 0.900 at 3,000" in plot.alt
    assert "17,632 vectors of 128 dimensions; 1,000 queries, one by one, median of 5 runs" in plot.note
    assert "brute force: 512" in plot.inline
    assert "brute force, all at once: 20,500" in plot.inline
