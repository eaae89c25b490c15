"""What a model makes of raw weights: the same in fitting and in folding in."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias, get_args

import numpy as np

from segue.core.arrays import Float32Array
from segue.core.histories import Histories
from segue.errors import SettingsError

Weighting: TypeAlias = Literal["binary", "linear", "log", "power"]


def weighted(histories: Histories, weighting: Weighting, exponent: float = 0.5) -> Histories:
    """The histories with each item once per row (see `Histories.merged`) and its weight w replaced by f(w).

    f keeps the sign, so that a dislike stays one, and zero stays zero (seen, nothing more). With a = |w|:
    "binary": 1; "linear": a; "log": log(1 + a); "power": a ** exponent.
    """
    merged = histories.merged()
    size = np.abs(merged.weights)
    if weighting == "binary":
        size = (size > 0).astype(np.float32)
    elif weighting == "log":
        size = np.log1p(size)
    elif weighting == "power":
        size = size ** np.float32(exponent)
    signed: Float32Array = np.copysign(size, merged.weights)
    return replace(merged, weights=signed)


def check_weighting(weighting: str, exponent: float = 0.5) -> None:
    """Raises SettingsError for an unknown weighting or an exponent that is not above 0 and at most 1."""
    known = get_args(Weighting)
    if weighting not in known:
        raise SettingsError(f"weighting must be one of {', '.join(known)}, got {weighting!r}")
    if not 0 < exponent <= 1:
        raise SettingsError(f"exponent must be above 0 and at most 1, got {exponent!r}")
