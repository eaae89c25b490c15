"""Neighbours of all items: segue against `implicit`'s CosineRecommender and BM25Recommender.

    python benchmarks/knn.py [--small] [-k 200] [--threads 2] [--repeats 5]

Both sides have the same matrix, the same number of neighbours and of threads. Each item's similarities are compared in
order, as a check that both found the same: where several items tie for the last place, either is right. `implicit`
counts an item as its own neighbour and is asked for one more. With BM25 both get the values that `implicit` makes of
the counts; it takes them in double precision only.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight, normalize
from threadpoolctl import threadpool_limits

from interactions import interactions
from segue.kernels.neighbours import nearest

Lists = np.ndarray[Any, np.dtype[np.float32]]


def of_segue(matrix: sp.csr_matrix[Any], k: int, threads: int) -> Lists:
    columns = matrix.tocsc()
    sizes = np.ones(matrix.shape[1])
    _, similarities = nearest(
        columns.indptr.astype(np.int64),
        columns.indices,
        columns.data,
        matrix.indptr.astype(np.int64),
        matrix.indices,
        matrix.data,
        sizes,
        sizes,
        k=k,
        union=False,
        threads=threads,
    )
    return similarities


def of_implicit(matrix: sp.csr_matrix[Any], k: int, threads: int) -> sp.csr_matrix[Any]:
    model = ItemItemRecommender(K=k + 1, num_threads=threads)
    with threadpool_limits(1, "blas"):
        model.fit(matrix, show_progress=False)
    return model.similarity


def lists_of(similarity: sp.csr_matrix[Any], k: int) -> Lists:
    """The k largest similarities of each row but the diagonal, float32 (n, k)."""
    similarity = similarity.copy()
    similarity.setdiag(0)
    lists = np.zeros((similarity.shape[0], k), np.float32)
    for row in range(similarity.shape[0]):
        values = np.sort(similarity.data[similarity.indptr[row] : similarity.indptr[row + 1]])[::-1][:k]
        lists[row, : values.size] = values
    return lists


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a fifth of the users, for a quick try")
    parser.add_argument("-k", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    n_users, n_items = (4_000 if options.small else 20_000), 40_000
    counts = interactions(n_users, n_items, 44 * n_users)
    weights = {
        "cosine": normalize(counts.T).T.tocsr(),
        "BM25": bm25_weight(counts.T, 1.2, 0.75).T.tocsr(),
    }
    print(f"{n_users:,} users, {n_items:,} items, {counts.nnz:,} entries; {options.k} neighbours;")
    print(f"{options.threads} threads; medians of {options.repeats}\n")
    print(f"{'similarity':<10}  {'segue s':>8}  {'implicit s':>10}  {'times faster':>12}  {'same neighbours':>15}")
    for name, matrix in weights.items():
        matrix.sort_indices()
        given = {"segue": matrix.astype(np.float32), "implicit": matrix}
        runs: dict[str, Callable[..., Any]] = {"segue": of_segue, "implicit": of_implicit}
        seconds: dict[str, list[float]] = {side: [] for side in runs}
        found: dict[str, Any] = {}
        for _ in range(options.repeats):
            for side, run in runs.items():
                start = time.perf_counter()
                found[side] = run(given[side], options.k, options.threads)
                seconds[side].append(time.perf_counter() - start)
        theirs = lists_of(found["implicit"], options.k)
        same = float(np.mean(np.isclose(found["segue"], theirs, rtol=1e-4, atol=1e-6)))
        ours, other = (float(np.median(seconds[side])) for side in ("segue", "implicit"))
        ratio = float(np.median(np.array(seconds["implicit"]) / np.array(seconds["segue"])))
        print(f"{name:<10}  {ours:8.2f}  {other:10.2f}  {ratio:12.2f}  {same:15.4%}")


if __name__ == "__main__":
    main()
