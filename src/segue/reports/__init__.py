"""Reports: what an evaluation found, as one page that a careful reader can open, print and pass on."""

from __future__ import annotations

from segue.evaluation.predictions import Predictions
from segue.reports.dataset import write_description
from segue.reports.index import tradeoff_figure
from segue.reports.plot import Plot
from segue.reports.writing import write

__all__ = ["Plot", "Predictions", "tradeoff_figure", "write", "write_description"]
