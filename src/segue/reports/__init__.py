"""Reports: what an evaluation found, as one page that a careful reader can open, print and pass on."""

from __future__ import annotations

from segue.reports.rating import Predictions
from segue.reports.writing import write

__all__ = ["Predictions", "write"]
