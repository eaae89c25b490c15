"""EASE against the bare inverse of LAPACK, on the same matrix.

    python benchmarks/ease.py [--small] [--items 8000] [--threads 2] [--repeats 3]

The bare inverse is single precision's `spotrf` and `spotri` (Cholesky) on the finished matrix, in its own memory, and
nothing else; NumPy's `inv` stands beside it. Of EASE there is the inverse alone and the whole fit: the Gram matrix of
the interactions, its inverse and the weights. The weights are compared with those of LAPACK's
inverse in double precision.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits

from interactions import interactions
from segue.core.dataset import Dataset
from segue.kernels.dense_inverse import negative_inverse
from segue.models.ease import EASE, EASEModel

L2 = 80.0


def timed(run: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds by the clock, seconds of processor time, and the answer."""
    clock, processor = time.perf_counter(), time.process_time()
    answer = run()
    return time.perf_counter() - clock, time.process_time() - processor, answer


def cholesky_inverse(matrix: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The inverse in one triangle, in place of a matrix that is column by column."""
    factor, failed = lapack.spotrf(matrix, lower=1, clean=0, overwrite_a=1)
    assert failed == 0
    inverse, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    assert failed == 0
    return inverse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="2,500 items, for a quick try")
    parser.add_argument("--items", type=int, default=8_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="segue only, for more items than LAPACK can take")
    options = parser.parse_args()
    n_items = 2_500 if options.small else options.items
    counts = interactions(10 * n_items, n_items, 400 * n_items)
    dataset = Dataset.from_csr(counts)
    print(f"{10 * n_items:,} users, {n_items:,} items, {counts.nnz:,} entries; {options.threads} threads;")
    print(f"medians of {options.repeats}\n")
    model = EASE(l2=L2, l2_exponent=0.0, damping=0.0)

    def fit() -> EASEModel:
        fitted = model.fit(dataset, threads=options.threads)
        assert isinstance(fitted, EASEModel)
        return fitted

    done: dict[str, list[tuple[float, float]]] = {"EASE, whole": []}
    if not options.alone:
        present = sp.csr_array((np.ones(counts.nnz, np.float32), counts.indices, counts.indptr), shape=counts.shape)
        matrix = np.asfortranarray((present.T @ present).toarray() + np.float32(L2) * np.eye(n_items, dtype=np.float32))
        done |= {"EASE, inverse": [], "spotrf + spotri": [], "numpy.linalg.inv": []}
    for _ in range(options.repeats):
        clock, processor, fitted = timed(fit)
        done["EASE, whole"].append((clock, processor))
        if not options.alone:
            copy = np.ascontiguousarray(matrix)
            done["EASE, inverse"].append(timed(lambda copy=copy: negative_inverse(copy, threads=options.threads))[:2])
            with threadpool_limits(options.threads, "blas"):
                for name, run in (("spotrf + spotri", cholesky_inverse), ("numpy.linalg.inv", np.linalg.inv)):
                    copy = matrix.copy(order="F")
                    done[name].append(timed(lambda run=run, copy=copy: run(copy))[:2])
    bare = np.array(done.get("spotrf + spotri", done["EASE, whole"]))[:, 0]
    print(f"{'what':<17}  {'seconds':>8}  {'of processor':>12}  {'bare inverse = 1':>16}")
    for name, each in done.items():
        clock, processor = np.median(each, axis=0)
        ratio = np.median(np.array(each)[:, 0] / bare)
        print(f"{name:<17}  {clock:8.2f}  {processor:12.2f}  {ratio:16.2f}")
    unit = 1 if sys.platform == "darwin" else 1024
    print(
        f"\nat most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30:.1f} GiB for the whole process"
    )
    if not options.alone and n_items <= 8_000:
        inverse = np.linalg.inv(matrix.astype(np.float64))
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        off = np.abs(fitted.weights - weights).max() / np.abs(weights).max()
        print(f"weights differ from double precision's by at most {off:.1e} of the largest")


if __name__ == "__main__":
    main()
