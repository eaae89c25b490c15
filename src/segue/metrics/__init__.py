"""Metrics of ranked lists: per-user values, each with its formula, denominator and source."""

from __future__ import annotations

from segue.metrics.average_precision import average_precision, average_precision_capped
from segue.metrics.first_hit import clicks, reciprocal_rank
from segue.metrics.gain import ndcg
from segue.metrics.hits import hit_rate, precision, r_precision, recall, recall_capped
from segue.metrics.judged import Judged, judge
from segue.metrics.named import METRICS, Metric, parse, parse_all

__all__ = [
    "METRICS",
    "Judged",
    "Metric",
    "average_precision",
    "average_precision_capped",
    "clicks",
    "hit_rate",
    "judge",
    "ndcg",
    "parse",
    "parse_all",
    "precision",
    "r_precision",
    "recall",
    "recall_capped",
    "reciprocal_rank",
]
