"""Metrics of lists and predictions, each with its formula, denominator and source.

Accuracy is judged list by list (`Metric`); beyond it there are metrics of a list for itself, of all lists at once, and
of predicted weights (`BeyondMetric`).
"""

from __future__ import annotations

from segue.metrics.average_precision import average_precision, average_precision_capped
from segue.metrics.background import Answered, Background, Need
from segue.metrics.beyond import BeyondMetric, ListMetric, RatingMetric, SystemMetric, cautions, check_needs
from segue.metrics.calibration import calibration
from segue.metrics.content import content_vectors, genre_shares, has_content
from segue.metrics.diversity import diversity, factor_diversity
from segue.metrics.exposure import Exposure, coverage, entropy, gini, personalization, top_share
from segue.metrics.familiarity import novelty, popularity, popularity_lift
from segue.metrics.first_hit import clicks, reciprocal_rank
from segue.metrics.gain import ndcg
from segue.metrics.hits import hit_rate, precision, r_precision, recall, recall_capped
from segue.metrics.judged import Judged, judge
from segue.metrics.named import METRICS, AnyMetric, Metric, accuracy, parse, parse_all
from segue.metrics.ratings import Rated, mae, mse, r2, rate, rmse
from segue.metrics.serendipity import serendipity

__all__ = [
    "METRICS",
    "Answered",
    "AnyMetric",
    "Background",
    "BeyondMetric",
    "Exposure",
    "Judged",
    "ListMetric",
    "Metric",
    "Need",
    "Rated",
    "RatingMetric",
    "SystemMetric",
    "accuracy",
    "average_precision",
    "average_precision_capped",
    "calibration",
    "cautions",
    "check_needs",
    "clicks",
    "content_vectors",
    "coverage",
    "diversity",
    "entropy",
    "factor_diversity",
    "genre_shares",
    "gini",
    "has_content",
    "hit_rate",
    "judge",
    "mae",
    "mse",
    "ndcg",
    "novelty",
    "parse",
    "parse_all",
    "personalization",
    "popularity",
    "popularity_lift",
    "precision",
    "r2",
    "r_precision",
    "rate",
    "recall",
    "recall_capped",
    "reciprocal_rank",
    "rmse",
    "serendipity",
    "top_share",
]
