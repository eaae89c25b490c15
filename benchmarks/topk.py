"""The 500 best of 40,000 items for many users: against `implicit`'s `recommend`, and against the bare product.

    python benchmarks/topk.py [--small] [-k 500] [--threads 2] [--repeats 5]

All three have the same vectors of 64 factors and as many threads; segue and `implicit` leave out what each user has
seen. The bare product makes the scores, block by block into the same memory, and looks at none. Lists are compared.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from interactions import interactions
from segue.core.histories import Histories
from segue.kernels.topk import product_topk

FACTORS = 64
BATCH = 1000  # users per call of `implicit`, and per block of the bare product


def timed(run: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds by the clock, seconds of processor time, and the answer."""
    clock, processor = time.perf_counter(), time.process_time()
    answer = run()
    return time.perf_counter() - clock, time.process_time() - processor, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a fifth of the users, for a quick try")
    parser.add_argument("-k", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    n_users, n_items = (2_000 if options.small else 10_000), 40_000
    seen = interactions(n_users, n_items, 44 * n_users)
    histories = Histories.from_csr(seen)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n_users, FACTORS), np.float32)
    y = rng.standard_normal((n_items, FACTORS), np.float32)
    room = np.empty((BATCH, n_items), np.float32)

    def segue_lists() -> Any:
        everything = np.zeros(0, np.bool_)
        arguments = (histories.offsets, histories.items, everything)
        return product_topk(x, y, None, options.k, *arguments, threads=options.threads)[0]

    with threadpool_limits(1, "blas"):
        peer = AlternatingLeastSquares(factors=FACTORS, num_threads=options.threads)
    peer.user_factors, peer.item_factors = x, y

    def implicit_lists() -> Any:
        with threadpool_limits(1, "blas"):
            parts = [
                peer.recommend(users, seen[users], N=options.k, filter_already_liked_items=True)[0]
                for users in np.split(np.arange(n_users), range(BATCH, n_users, BATCH))
            ]
        return np.concatenate(parts)

    def bare_product() -> None:
        with threadpool_limits(options.threads, "blas"):
            for start in range(0, n_users, BATCH):
                np.matmul(x[start : start + BATCH], y.T, out=room[: min(BATCH, n_users - start)])

    runs = {"implicit": implicit_lists, "bare product": bare_product, "segue": segue_lists}
    done: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    lists: dict[str, Any] = {}
    for run in runs.values():
        run()
    for _ in range(options.repeats):
        for name, run in runs.items():
            clock, processor, lists[name] = timed(run)
            done[name].append((clock, processor))
    same = np.mean([np.isin(a, b).mean() for a, b in zip(lists["segue"], lists["implicit"], strict=True)])
    print(f"{n_users:,} users, {n_items:,} items, {FACTORS} factors, best {options.k}; {options.threads} threads;")
    print(f"medians of {options.repeats}; {same:.4%} of segue's items are in implicit's lists too\n")
    print(
        f"{'what':<13}  {'users/s':>8}  {'users/s of processor':>20}  {'time, product = 1':>17}  {'times faster':>12}"
    )
    clocks = {name: np.array(each)[:, 0] for name, each in done.items()}
    for name, each in done.items():
        clock, processor = np.median(each, axis=0)
        product, faster = (
            np.median(clocks[name] / clocks["bare product"]),
            np.median(clocks["implicit"] / clocks[name]),
        )
        rates = f"{n_users / clock:8,.0f}  {n_users / processor:20,.0f}"
        print(f"{name:<13}  {rates}  {product:17.2f}  {faster:12.2f}")


if __name__ == "__main__":
    main()
