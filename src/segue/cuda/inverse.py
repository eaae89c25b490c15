"""The inverse of a symmetric positive definite matrix on a device."""

from __future__ import annotations

import numpy as np
import torch

from segue.core.arrays import Float32Array
from segue.cuda.device import found
from segue.errors import ModelError


def definite_inverse(matrix: Float32Array, *, device: str) -> Float32Array:
    """The inverse of a matrix, float32 (n, n), by its Cholesky factor; only its lower triangle is read.

    Memory: three times the matrix on the device. Raises ModelError where the matrix is not positive definite, or the
    device's memory does not hold it.
    """
    place = found(device)
    try:
        with torch.inference_mode():
            factor, failed = torch.linalg.cholesky_ex(torch.from_numpy(np.require(matrix, np.float32, "W")).to(place))
            if int(failed):
                raise ModelError(f"the matrix is not positive definite (minor {int(failed)}); raise the regularization")
            inverse = torch.cholesky_inverse(factor).cpu().numpy()
    except torch.OutOfMemoryError:
        n = len(matrix)
        raise ModelError(
            f"the device has no room for a {n:,} x {n:,} matrix three times ({3 * 4 * n * n / 2**30:.1f} GiB); "
            "leave the device out to use the processor"
        ) from None
    return np.ascontiguousarray(inverse.T)  # symmetric, and LAPACK goes by columns
