"""Hyper-parameter search: points of a model's space, judged on validation parts, in a study that outlives a kill."""

from __future__ import annotations

from segue.tuning.applying import applied, toml_lines
from segue.tuning.edges import Edge
from segue.tuning.result import Tuning
from segue.tuning.sampling import SAMPLERS
from segue.tuning.search import DEFAULT_METRIC, tune
from segue.tuning.study import set_aside
from segue.tuning.trial import Trial
from segue.tuning.validation import Validation, validation_of

__all__ = [
    "DEFAULT_METRIC",
    "SAMPLERS",
    "Edge",
    "Trial",
    "Tuning",
    "Validation",
    "applied",
    "set_aside",
    "toml_lines",
    "tune",
    "validation_of",
]
