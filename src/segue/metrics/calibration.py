"""Whether a list keeps the proportions of the user's taste."""

from __future__ import annotations

from typing import Final

from segue.core.arrays import Float64Array
from segue.errors import SettingsError
from segue.kernels.beyond import mix_divergences
from segue.metrics.background import Answered, Background
from segue.metrics.diversity import ragged

SMOOTHING: Final = 0.01


def calibration(answered: Answered, background: Background, k: int, threads: int | None = None) -> Float64Array:
    """KL(p || (1 - a) q + a p) in nats with a = 0.01: how far the list's genre mix q is from the user's own, p.

    Steck, Calibrated recommendations (2018), with all weights of items equal. p is the mean of the genre shares of the
    user's given liked items, each once, q that of the first k listed; an item spreads 1 evenly over its genres, items
    without genres are in neither. 0: the same mix; a list that shares no genre with the user, an empty one too, has
    ln(1 / a) = 4.61, the most there is. NaN where no liked item of the user has a genre. float64, shape (n,).
    """
    if background.genres is None:
        raise SettingsError("calibration needs the genres of the catalogue in its background")
    liked = answered.liked
    return mix_divergences(
        answered.top.items,
        k,
        liked.offsets,
        liked.items,
        ragged(background.genres),
        background.genres.shape[1],
        SMOOTHING,
        threads=threads,
    )
