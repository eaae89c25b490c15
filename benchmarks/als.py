"""Implicit ALS against `implicit` 0.7: time of a fit and of every user's vector, shown with the objective reached.

    python benchmarks/als.py [--small] [--factors 64 128] [--threads 2] [--repeats 3]

Both minimize sum_ui c (t - x.y)^2 + regularization (|X|^2 + |Y|^2) with c = 1 + plays for what was played and 1
elsewhere (Hu, Koren and Volinsky 2008); `implicit` takes c as its data. Both do 10 iterations with as many threads,
then solve for every user exactly; both answers are valued by the function below. BLAS is held to one thread per caller,
as both want it. Seconds of processor time tell more than those of the clock where other programs run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from interactions import interactions
from segue.core.dataset import Dataset
from segue.models.implicit_als import ImplicitALS

ITERATIONS = 10
REGULARIZATION = 0.01

Answer = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def objective(plays: sp.csr_matrix[Any], x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> float:
    """The value of the objective above, in float64."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    total = float(((x.T @ x) * (y.T @ y)).sum()) + REGULARIZATION * float((x**2).sum() + (y**2).sum())
    for start in range(0, plays.shape[0], 4096):
        block = plays[start : start + 4096].tocoo()
        p = np.einsum("ij,ij->i", x[start + block.row], y[block.col])
        total += float(((1 + block.data) * (1 - p) ** 2 - p**2).sum())
    return total


def segue_fit(dataset: Dataset, factors: int, threads: int, seed: int) -> Answer:
    als = ImplicitALS(
        factors=factors,
        iterations=ITERATIONS,
        weighting="linear",
        alpha=1.0,
        unobserved_weight=1.0,
        regularization=REGULARIZATION,
        regularization_exponent=0.0,
    )
    model = als.fit(dataset, seed=seed, threads=threads)
    return model.query_vectors(dataset.histories, threads=threads), model.item_vectors


def implicit_fit(confidence: sp.csr_matrix[Any], factors: int, threads: int, seed: int) -> Answer:
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=REGULARIZATION,
            alpha=1.0,
            iterations=ITERATIONS,
            num_threads=threads,
            random_state=seed,
        )
        model.fit(confidence, show_progress=False)
        return model.recalculate_user(np.arange(confidence.shape[0]), confidence), model.item_factors


def timed(run: Callable[[], Answer]) -> tuple[float, float, Answer]:
    """Seconds by the clock, seconds of processor time, and the answer."""
    clock, processor = time.perf_counter(), time.process_time()
    answer = run()
    return time.perf_counter() - clock, time.process_time() - processor, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the users, for a quick try")
    parser.add_argument("--factors", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    size = (10_000, 8_000, 440_000) if options.small else (100_000, 40_000, 4_400_000)
    plays = interactions(*size)
    confidence = plays.copy()
    confidence.data = 1 + confidence.data
    dataset = Dataset.from_csr(plays)
    print(f"{plays.shape[0]:,} users x {plays.shape[1]:,} items, {plays.nnz:,} entries; {options.threads} threads;")
    print(f"{ITERATIONS} iterations and every user's vector; medians of {options.repeats}\n")
    print(f"{'factors':>7}  {'library':<8}  {'seconds':>8}  {'processor':>9}  {'objective':>14}  {'times faster':>12}")
    segue_fit(Dataset.from_csr(plays[:100]), options.factors[0], options.threads, 0)  # compiles, or loads the cache
    for factors in options.factors:
        rows: dict[str, list[tuple[float, float, float]]] = {"implicit": [], "segue": []}
        for seed in range(options.repeats):
            for name, done in rows.items():
                if name == "segue":
                    clock, processor, answer = timed(
                        lambda f=factors, s=seed: segue_fit(dataset, f, options.threads, s)
                    )
                else:
                    clock, processor, answer = timed(
                        lambda f=factors, s=seed: implicit_fit(confidence, f, options.threads, s)
                    )
                done.append((clock, processor, objective(plays, *answer)))
        peer = np.array(rows["implicit"])[:, 0]
        for name, done in rows.items():
            clock, processor, value = np.median(done, axis=0)
            ratio = np.median(peer / np.array(done)[:, 0])
            print(f"{factors:>7}  {name:<8}  {clock:8.2f}  {processor:9.2f}  {value:14,.0f}  {ratio:12.2f}", flush=True)


if __name__ == "__main__":
    main()
