"""How sure a mean over users is, and whether one model is really better than another."""

from __future__ import annotations

from typing import Final

import numpy as np

from segue.core.arrays import Float64Array
from segue.errors import SettingsError
from segue.kernels.threads import blas

_BLOCK_BYTES: Final = 64 * 2**20


def resampled_means(values: Float64Array, resamples: int, seed: int) -> Float64Array:
    """Means over users drawn with replacement (Efron 1979), float64 (resamples, m), of values (n users, m columns).

    All columns see the same draws, so that differences between columns are paired by user. Memory: 64 MiB.
    Raises SettingsError for fewer than 100 resamples, which tell nothing of the tails.
    """
    if resamples < 100:
        raise SettingsError(f"intervals need at least 100 resamples, got {resamples}")
    n = values.shape[0]
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK_BYTES // (8 * n))
    means = np.empty((resamples, values.shape[1]), dtype=np.float64)
    with blas(1):
        for start in range(0, resamples, block):
            stop = min(resamples, start + block)
            drawn = np.empty((stop - start, n), dtype=np.float64)
            for row in drawn:
                row[:] = np.bincount(generator.integers(0, n, n), minlength=n)
            means[start:stop] = drawn @ values / n
    return means


def interval(means: Float64Array, level: float) -> tuple[Float64Array, Float64Array]:
    """The percentile interval of resampled means (resamples, m): its lower and upper ends, float64 (m,)."""
    if not 0 < level < 1:
        raise SettingsError(f"the level of an interval must lie between 0 and 1, got {level}")
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def two_sided_p(differences: Float64Array) -> float:
    """The bootstrap p-value of "no difference" from resampled mean differences (Davison and Hinkley 1997, section 4.4).

    Twice the share of resamples on the far side of zero, counted with one more resample at zero, so that it is never 0.
    """
    tail = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    return float(min(1.0, 2 * (tail + 1) / (differences.size + 1)))


def sign_flipped_means(values: Float64Array, resamples: int, seed: int) -> Float64Array:
    """Means over users of values (n users, m columns) with the sign of each user drawn anew, float64 (resamples, m).

    All columns see the same signs, so that the difference of two columns is the mean of their sign-flipped differences.
    Where all 2^n ways to set the signs are no more than `resamples`, each is taken once instead (as many rows).
    Memory: 64 MiB.
    """
    n = values.shape[0]
    every = n < 63 and 2**n <= resamples
    rows = 2**n if every else resamples
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK_BYTES // (8 * n))
    means = np.empty((rows, values.shape[1]), dtype=np.float64)
    with blas(1):
        for start in range(0, rows, block):
            stop = min(rows, start + block)
            if every:
                signs = (np.arange(start, stop)[:, None] >> np.arange(n) & 1).astype(np.float64)
            else:
                drawn = generator.integers(0, 256, (stop - start, -(-n // 8)), dtype=np.uint8)
                signs = np.unpackbits(drawn, axis=1, count=n).astype(np.float64)
            signs *= -2.0
            signs += 1.0
            means[start:stop] = signs @ values / n
    return means


def randomization_p(difference: float, flipped: Float64Array, n: int) -> float:
    """The two-sided p-value of a mean paired difference over n users, by sign-flipped means (float64, shape (r,)).

    Under "no difference" either model could have had either value of a user's pair, so that every sign is as likely
    (Fisher 1935; Smucker, Allan, Carterette 2007): p is the share of flipped means at least as far from zero. Drawn
    signs are counted with one more draw, the one observed, so that p is never 0 (Phipson and Smyth 2010).
    """
    every = n < 63 and flipped.size == 2**n
    slack = 1e-12 * max(1.0, abs(difference))  # sums in another order differ in the last digits
    far = int(np.count_nonzero(np.abs(flipped) >= abs(difference) - slack))
    return far / flipped.size if every else (far + 1) / (flipped.size + 1)


def holm(p_values: Float64Array) -> Float64Array:
    """p-values of several tests at once, corrected so that any false alarm is as rare as one test's (Holm 1979)."""
    m = p_values.size
    order = np.argsort(p_values, kind="stable")
    steps = np.minimum(1.0, p_values[order] * np.arange(m, 0, -1))
    corrected = np.empty(m, dtype=np.float64)
    corrected[order] = np.maximum.accumulate(steps)
    return corrected
