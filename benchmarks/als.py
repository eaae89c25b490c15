"""Implicit ALS against `implicit` 0.7, and against Spark MLlib: time, shown with the objective reached.

    python benchmarks/als.py [--small] [--factors 64 128] [--threads 2] [--repeats 3] [--spark]

All minimize sum_ui c (t - x.y)^2 + regularization (|X|^2 + |Y|^2) with c = 1 + plays for what was played and 1
elsewhere (Hu, Koren and Volinsky 2008); `implicit` takes c as its data. Each is given as many threads, BLAS being held
to one per caller, as both want it. `implicit` does 10 iterations, segue as many, and as few as bring it to the
objective of `implicit`; then both solve for every user exactly, which is part of the time, and both answers are valued
by the function below. Seconds of processor time tell more than those of the clock where other programs run.

Spark is asked for the cost of an iteration alone: the difference between four iterations and one.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
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


def segue_als(factors: int, iterations: int, **settings: Any) -> ImplicitALS:
    return ImplicitALS(
        factors=factors,
        iterations=iterations,
        weighting="linear",
        alpha=1.0,
        unobserved_weight=1.0,
        regularization=REGULARIZATION,
        regularization_exponent=0.0,
        **settings,
    )


def segue_fit(dataset: Dataset, factors: int, iterations: int, threads: int, seed: int) -> Answer:
    model = segue_als(factors, iterations).fit(dataset, seed=seed, threads=threads)
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


def spark_iteration(plays: sp.csr_matrix[Any], factors: int, threads: int) -> float:
    """Seconds that an iteration of Spark MLlib takes in local mode, on as many threads."""
    from pyspark.ml.recommendation import ALS
    from pyspark.sql import SparkSession

    entries = plays.tocoo()
    columns = {"user": entries.row.astype(np.int32), "item": entries.col.astype(np.int32), "plays": entries.data}
    session = (
        SparkSession.builder.master(f"local[{threads}]")
        .config("spark.driver.memory", "5g")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", str(4 * threads))
        .getOrCreate()
    )
    try:
        session.sparkContext.setLogLevel("ERROR")
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "plays.parquet")
            pl.DataFrame(columns).write_parquet(path)
            frame = session.read.parquet(path).repartition(4 * threads).cache()
            frame.count()
            seconds = []
            for iterations in (1, 1, 4):  # the first warms the machine up
                als = ALS(
                    rank=factors,
                    maxIter=iterations,
                    regParam=REGULARIZATION,
                    implicitPrefs=True,
                    alpha=1.0,
                    userCol="user",
                    itemCol="item",
                    ratingCol="plays",
                    numUserBlocks=4 * threads,
                    numItemBlocks=4 * threads,
                    seed=0,
                )
                start = time.perf_counter()
                als.fit(frame).itemFactors.count()
                seconds.append(time.perf_counter() - start)
    finally:
        session.stop()
    return (seconds[2] - seconds[1]) / 3


def segue_iteration(dataset: Dataset, factors: int, threads: int) -> float:
    """Seconds that an iteration takes: the difference between eleven and one, by ten."""
    seconds = []
    for iterations in (1, ITERATIONS + 1):
        start = time.perf_counter()
        segue_als(factors, iterations).fit(dataset, threads=threads)
        seconds.append(time.perf_counter() - start)
    return (seconds[1] - seconds[0]) / ITERATIONS


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
    parser.add_argument("--spark", action="store_true", help="Spark MLlib, too: needs pyspark and Java, takes minutes")
    options = parser.parse_args()
    threads = options.threads
    size = (10_000, 8_000, 440_000) if options.small else (100_000, 40_000, 4_400_000)
    plays = interactions(*size)
    dataset = Dataset.from_csr(plays)
    print(f"{plays.shape[0]:,} users x {plays.shape[1]:,} items, {plays.nnz:,} entries; {threads} threads;")
    print(f"the iterations and every user's vector; medians of {options.repeats}\n")
    segue_fit(Dataset.from_csr(plays[:100]), options.factors[0], 1, threads, 0)  # compiles, or loads the cache
    compare(plays, dataset, options.factors, threads, options.repeats)
    if options.spark:
        print()
        compare_spark(plays, dataset, options.factors[0], threads)


def compare(plays: sp.csr_matrix[Any], dataset: Dataset, ranks: list[int], threads: int, repeats: int) -> None:
    confidence = plays.copy()
    confidence.data = 1 + confidence.data
    columns = ("factors", 7), ("library", -8), ("iterations", 10), ("seconds", 8), ("processor", 9), ("objective", 14)
    columns = *columns, ("times faster", 12), ("in processor time", 17)
    print("  ".join(f"{name:<{-width}}" if width < 0 else f"{name:>{width}}" for name, width in columns))
    for factors in ranks:
        done: dict[str, list[tuple[float, float, float, float]]] = {}
        enough = ITERATIONS
        for seed in range(repeats):

            def record(name: str, iterations: int, run: Callable[[], Answer], done: Any = done) -> float:
                clock, processor, answer = timed(run)
                value = objective(plays, *answer)
                done.setdefault(name, []).append((iterations, clock, processor, value))
                return value

            goal = record("implicit", ITERATIONS, lambda s=seed, f=factors: implicit_fit(confidence, f, threads, s))
            record("segue", ITERATIONS, lambda s=seed, f=factors: segue_fit(dataset, f, ITERATIONS, threads, s))
            if not seed:
                enough = reaching(goal, lambda n, f=factors: objective(plays, *segue_fit(dataset, f, n, threads, 0)))
            record("segue, enough", enough, lambda s=seed, f=factors, n=enough: segue_fit(dataset, f, n, threads, s))
        peer = np.array(done["implicit"])
        for name, runs in done.items():
            iterations, clock, processor, value = np.median(runs, axis=0)
            faster, less = np.median(peer[:, 1:3] / np.array(runs)[:, 1:3], axis=0)
            print(
                f"{factors:>7}  {name.split(',')[0]:<8}  {iterations:>10.0f}  {clock:8.2f}  {processor:9.2f}  "
                f"{value:14,.0f}  {faster:12.2f}  {less:17.2f}",
                flush=True,
            )


def reaching(goal: float, value: Callable[[int], float]) -> int:
    """The fewest iterations, at most ITERATIONS, whose objective is no more than the goal."""
    least, most = 1, ITERATIONS
    while least < most:
        middle = (least + most) // 2
        if value(middle) <= goal:
            most = middle
        else:
            least = middle + 1
    return most


def compare_spark(plays: sp.csr_matrix[Any], dataset: Dataset, factors: int, threads: int) -> None:
    try:
        import pyspark
    except ImportError:
        print("Spark: left out, pyspark is not installed; install segue[spark]")
        return
    if shutil.which("java") is None:
        print("Spark: left out, there is no Java on the path; install a Java runtime of version 17 or newer")
        return
    own = segue_iteration(dataset, factors, threads)
    other = spark_iteration(plays, factors, threads)
    print(
        f"{factors} factors, seconds of an iteration: Spark {pyspark.__version__} {other:.2f}, segue {own:.3f}; ",
        end="",
    )
    print(f"{other / own:.0f} times faster")


if __name__ == "__main__":
    main()
