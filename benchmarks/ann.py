"""The nearest of 400,000 vectors of 20 dimensions by inner product: segue's indexes against a sort of every product.

    python benchmarks/ann.py [--small] [--vectors FILE.npy --queries FILE.npy] [--queries-asked 200] [--repeats 5]

400,000 factors of 20 dimensions are the size of the implicit-feedback work that put Annoy behind its recommendations.
They are drawn from a normal distribution, whose lengths are nearly equal: the hardest case for a search that looks at
the longest first. A second table has 100,000 vectors as models learn them, in clusters and of very different lengths,
and every kind of index; `--vectors` takes others from a file. Queries are asked one by one on one thread: the 500 best
and the 10 best. Beside the full sort stand NumPy's partition and Faiss's own brute force.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from segue.index.annoy import Annoy
from segue.index.exact import Exact
from segue.index.hnsw import HNSW
from segue.kernels.threads import blas

DIMENSIONS = 20
MANY, FEW = 500, 10
WANTED = 0.98

Matrix = np.ndarray[Any, np.dtype[np.float32]]


def normal(n: int, rng: np.random.Generator) -> Matrix:
    return rng.standard_normal((n, DIMENSIONS), np.float32)


def clustered(n: int, rng: np.random.Generator) -> Matrix:
    centres = np.random.default_rng(0).standard_normal((500, DIMENSIONS))
    vectors = centres[rng.integers(0, 500, n)] + 0.7 * rng.standard_normal((n, DIMENSIONS))
    return (vectors * rng.lognormal(0, 0.4, (n, 1))).astype(np.float32)


def milliseconds(ask: Callable[[Matrix], Any], queries: Matrix, repeats: int) -> tuple[float, list[Any]]:
    """Per query, one by one, of processor time; the median over repeats."""
    answers = [ask(query[None]) for query in queries]
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        for query in queries:
            ask(query[None])
        taken.append(time.process_time() - started)
    return 1e3 * float(np.median(taken)) / len(queries), answers


def recall(found: list[Any], vectors: Matrix, queries: Matrix, k: int) -> float:
    """The mean share of the k best that was found, equal products being as good."""
    shares = []
    for items, query in zip(found, queries, strict=True):
        products = vectors @ query
        least = np.partition(products, -k)[-k]
        distinct = np.unique(np.asarray(items).ravel()[:k])
        shares.append(np.mean(products[distinct[distinct >= 0]] >= least - 1e-5 * abs(least)) * distinct.size / k)
    return float(np.mean(shares))


def measure(name: str, vectors: Matrix, queries: Matrix, repeats: int, every: bool) -> None:
    few = queries[: max(10, len(queries) // 10)]  # for what is slow
    print(f"\n{name}: {len(vectors):,} vectors of {vectors.shape[1]} dimensions, {len(queries)} queries one by one\n")
    print(f"{'what':<34}  {'k':>4}  {'ms':>8}  {'sort = 1':>8}  {'recall':>6}  {'build s':>7}")

    def show(what: str, k: int, taken: float, of_sort: float, found: list[Any], asked: Matrix, build: float) -> float:
        share = recall(found[:30], vectors, asked[:30], k)
        print(f"{what:<34}  {k:>4}  {taken:8.3f}  {of_sort / taken:8.1f}  {share:6.3f}  {build:7.1f}", flush=True)
        return share

    started = time.process_time()
    exact = Exact().build(vectors)
    packing = time.process_time() - started
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    sorts = {}
    for k in (MANY, FEW):
        sorts[k], found = milliseconds(lambda q, k=k: np.argsort(-(vectors @ q[0]))[:k], few, 1)  # type: ignore[misc]
        show("full sort", k, sorts[k], sorts[k], found, few, 0)

        def partition(q: Matrix, k: int = k) -> Any:
            products = -(vectors @ q[0])
            best = np.argpartition(products, k)[:k]
            return best[np.argsort(products[best])]

        taken, found = milliseconds(partition, few, repeats)
        show("NumPy's partition", k, taken, sorts[k], found, few, 0)
        taken, found = milliseconds(lambda q, k=k: flat.search(q, k)[1], few, repeats)  # type: ignore[misc]
        show("Faiss, flat", k, taken, sorts[k], found, few, 0)
        taken, found = milliseconds(lambda q, k=k: exact.nearest(q, k), queries, repeats)  # type: ignore[misc]
        show("segue, exact", k, taken, sorts[k], found, queries, packing)
        started = time.process_time()
        together = exact.nearest(queries, k)
        each = 1e3 * (time.process_time() - started) / len(queries)
        show("segue, exact, all at once", k, each, sorts[k], list(together), queries, packing)
    for storage in ("float32", "int8") if every else ("float32",):
        started = time.process_time()
        index = HNSW(storage=storage).build(vectors)
        build = time.process_time() - started
        for search in (16, 32, 64, 128, 256, 512):
            walk = index.searching(search)
            taken, found = milliseconds(lambda q, walk=walk: walk.nearest(q, FEW), queries, repeats)  # type: ignore[misc]
            share = show(f"segue, hnsw {storage}, search {search}", FEW, taken, sorts[FEW], found, queries, build)
            if share >= WANTED + 0.01:
                break
    if not every:
        return
    started = time.process_time()
    forest = Annoy().build(vectors)
    build = time.process_time() - started
    for search in (1, 4, 16):
        walk_trees = forest.searching(search)
        taken, found = milliseconds(lambda q, walk=walk_trees: walk.nearest(q, FEW), few, repeats)  # type: ignore[misc]
        if show(f"segue, annoy, search {search}", FEW, taken, sorts[FEW], found, few, build) >= WANTED:
            break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the vectors, for a quick try")
    parser.add_argument("--vectors", type=Path, help="a float32 matrix (.npy) in place of the drawn ones")
    parser.add_argument("--queries", type=Path, help="the queries that go with it")
    parser.add_argument("--queries-asked", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    with blas(1):
        if options.vectors is not None:
            vectors, queries = np.load(options.vectors), np.load(options.queries)
            queries = queries[queries.any(axis=1)][: options.queries_asked]
            there = np.ascontiguousarray(vectors[vectors.any(axis=1)])
            measure(options.vectors.name, there, np.ascontiguousarray(queries), options.repeats, True)
            return
        for make, size in ((normal, 400_000), (clustered, 100_000)):
            rng = np.random.default_rng(7)
            n = size // 10 if options.small else size
            vectors, queries = make(n, rng), make(options.queries_asked, rng)
            measure(make.__name__, vectors, queries, options.repeats, make is clustered)


if __name__ == "__main__":
    main()
