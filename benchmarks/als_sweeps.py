"""What a sweep of implicit ALS needs, how near it comes to the machine's ceilings, and its solvers side by side.

    python benchmarks/als_sweeps.py [--small] [--factors 64 128] [--solvers 256] [--threads 2]

A sweep is taken apart on one core, in processor time, since that is what other programs disturb least. The ceilings
are measured beside it: matrix products, memory read in order, a sweep's own vectors gathered and added up, and its
arithmetic on sixteen vectors that never leave the cache. What a sweep needs is counted: with m entries, d factors,
k users and items, s steps,

    entries   4 (s + 1) d operations each, and 2 d bytes, gathered twice in a sweep, once for either side
    axes      5 d^2 operations for each of the k vectors: one Gram matrix (half of it), and both sides turned twice

and the share of a ceiling is the time that it allows by the time taken. The solvers are compared, with all threads, by
the objective that they reach and the time to it, from one start, on a tenth of the data.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from als import objective, segue_als
from interactions import interactions
from segue.core.arrays import Float32Array
from segue.core.dataset import Dataset
from segue.kernels.als import coarsen, prefetch, step_nearer
from segue.kernels.compile import kernel
from segue.kernels.threads import blas
from segue.models.alternating import Side, aligned, gram, to_axes

STEPS = 2  # of conjugate gradients, as in a sweep
AHEAD = 16  # entries between the one that is fetched and the one that is added


def seconds(run: Callable[[], object], repeats: int = 3) -> float:
    """Processor seconds of this thread: the least of some runs after a first one."""
    taken = []
    for _ in range(repeats + 1):
        start = time.thread_time()
        run()
        taken.append(time.thread_time() - start)
    return min(taken[1:])


@kernel()
def gather(columns: npt.NDArray[np.int32], vectors: npt.NDArray[np.int16]) -> int:
    """The sum of the vectors of all entries, fetched ahead: their memory, with next to no arithmetic."""
    total = 0
    for e in range(columns.size):
        coming = np.int64(columns[min(e + AHEAD, columns.size - 1)])
        for byte in range(0, 2 * vectors.shape[1], 64):
            prefetch(vectors, coming, byte)
        column = np.uint64(columns[e])
        part = np.int32(0)
        for j in range(vectors.shape[1]):
            part += np.int32(vectors[column, j])
        total += part
    return total


def entries_alone(side: Side, fixed: Float32Array) -> tuple[float, float]:
    """Seconds of the gathering of a half sweep, and of its arithmetic on sixteen vectors."""
    n, d = fixed.shape
    coarse, scale = np.zeros((n, d), np.int16), np.zeros(n, np.float32)
    coarsen(0, n, fixed, coarse, scale)
    ones, scratch, solved = np.ones(d, np.float32), aligned(5, d), aligned(len(side), d)
    offsets, columns = side.entries.offsets, side.entries.columns
    first = 0, len(side), offsets, columns % 16, side.excess, side.pull, coarse, scale
    counted = seconds(lambda: step_nearer(*first, ones, side.ridge, ones, STEPS, solved, scratch))
    return seconds(lambda: gather(columns, coarse)), counted


def sweeps(dataset: Dataset, ranks: list[int], threads: int) -> None:
    n_users, n_items, m = dataset.n_users, dataset.n_items, dataset.histories.n_entries
    memory = np.ones(2**27, np.float32)
    print(f"one core: memory in order {memory.nbytes / seconds(memory.max) / 1e9:.1f} GB/s\n")
    print(f"{'factors':>7}  {'part':<8}  {'ms':>5}  {'GFLOP/s':>7}  {'GB/s':>5}  {'ceiling':<28}  {'ms':>5}  share")
    for d in ranks:
        als = segue_als(d, 3)
        y, x = aligned(n_items, d), aligned(n_users, d)
        y[:] = als.fit(dataset, threads=threads).item_vectors
        entries = als.observed(dataset.histories, n_items)
        users, items = als.equations(entries), als.equations(entries.transposed())
        with blas(1):
            diagonal = to_axes(y, x, 1).astype(np.float32)
            users.solve(y, diagonal, x, threads)
            tall, axes = np.ones((32_768, d), np.float32), np.ones((d, d), np.float32)
            product = 2 * tall.size * d / seconds(lambda a=tall, b=axes: a @ b)
            turning = seconds(lambda x=x, y=y: (to_axes(y, x, 1), to_axes(x, y, 1)))
            taken, gathered, counted = 0.0, 0.0, 0.0
            for side, fixed, solved in ((users, y, x), (items, x, y)):
                shared, start = np.diag(gram(fixed, 1)).astype(np.float32), solved.copy()
                taken += seconds(lambda s=side, f=fixed, g=shared, v=start: s.step_nearer(f, g, v, 1))
                parts = entries_alone(side, fixed)
                gathered, counted = gathered + parts[0], counted + parts[1]
        work, bytes_, turned = 8 * (STEPS + 1) * d * m, 4 * d * m, 10 * d**2 * (n_users + n_items) / 2
        report(d, "entries", taken, work, bytes_, f"gathering, {bytes_ / gathered / 1e9:.1f} GB/s", gathered)
        report(d, "", taken, work, bytes_, f"arithmetic, {work / counted / 1e9:.1f} GFLOP/s", counted)
        report(d, "axes", turning, turned, 0, f"products, {product / 1e9:.1f} GFLOP/s", turned / product)


def report(d: int, part: str, taken: float, work: float, bytes_: float, ceiling: str, least: float) -> None:
    speed = f"{work / taken / 1e9:7.1f}  {bytes_ / taken / 1e9:5.1f}"
    print(f"{d:>7}  {part:<8}  {1e3 * taken:5.0f}  {speed}  {ceiling:<28}  {1e3 * least:5.0f}  {least / taken:5.2f}")


def solvers(dataset: Dataset, ranks: list[int], threads: int) -> None:
    plays = dataset.csr()
    print(f"\n{dataset.n_users:,} users x {dataset.n_items:,} items, {plays.nnz:,} entries; {threads} threads")
    print(f"{'factors':>7}  {'solver':<12}  {'iterations':>10}  {'seconds':>7}  {'processor':>9}  {'objective':>11}")
    candidates: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
        ("cg", {}, (2, 4, 6, 8, 12)),
        ("block of 64", {"solver": "block", "block_size": 64}, (1, 2, 4, 6)),
        ("block of 128", {"solver": "block", "block_size": 128}, (1, 2, 4, 6)),
        ("exact", {"solver": "exact"}, (1, 2, 4, 6)),
    ]
    for d in ranks:
        for name, settings, counts in candidates:
            for iterations in counts:
                als = segue_als(d, iterations, **settings)
                clock, processor = time.perf_counter(), time.process_time()
                model = als.fit(dataset, threads=threads)
                clock, processor = time.perf_counter() - clock, time.process_time() - processor
                value = objective(plays, model.query_vectors(dataset.histories, threads=threads), model.item_vectors)
                print(
                    f"{d:>7}  {name:<12}  {iterations:>10}  {clock:7.2f}  {processor:9.2f}  {value:11,.0f}", flush=True
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the users, for a quick try")
    parser.add_argument("--factors", type=int, nargs="*", default=[64, 128], help="whose sweeps are taken apart")
    parser.add_argument("--solvers", type=int, nargs="*", default=[256], help="the factors at which solvers compete")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    n_users, n_items, m = (10_000, 8_000, 440_000) if options.small else (100_000, 40_000, 4_400_000)
    if options.factors:
        dataset = Dataset.from_csr(interactions(n_users, n_items, m))
        print(f"{n_users:,} users x {n_items:,} items, {dataset.histories.n_entries:,} entries")
        sweeps(dataset, options.factors, options.threads)
    if options.solvers:
        solvers(Dataset.from_csr(interactions(n_users // 10, n_items // 5, m // 10)), options.solvers, options.threads)


if __name__ == "__main__":
    main()
