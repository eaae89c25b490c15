"""Evaluation: models asked about held-out users, with intervals, paired tests and costs."""

from __future__ import annotations

from segue.evaluation.result import Estimate, Evaluation, ModelResult, PartName, pool
from segue.evaluation.run import DEFAULT_METRICS, evaluate

__all__ = ["DEFAULT_METRICS", "Estimate", "Evaluation", "ModelResult", "PartName", "evaluate", "pool"]
