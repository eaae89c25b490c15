"""Evaluation: models asked about held-out users, with intervals, paired tests, cold-start bins and costs."""

from __future__ import annotations

from segue.evaluation.estimates import Comparison, Estimate
from segue.evaluation.experiment import Experiment
from segue.evaluation.model_result import ModelResult
from segue.evaluation.pooling import pool
from segue.evaluation.result import Evaluation, PartName
from segue.evaluation.run import DEFAULT_LENGTHS, DEFAULT_METRICS, Candidate, evaluate
from segue.evaluation.whole_pipeline import PipelinePlan
from segue.evaluation.witness import Witness

__all__ = [
    "DEFAULT_LENGTHS",
    "DEFAULT_METRICS",
    "Candidate",
    "Comparison",
    "Estimate",
    "Evaluation",
    "Experiment",
    "ModelResult",
    "PartName",
    "PipelinePlan",
    "Witness",
    "evaluate",
    "pool",
]
