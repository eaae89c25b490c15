"""Learning step by step: sgd-mf and feature-mf against `implicit` 0.7's BPR, and beside implicit-als.

    python benchmarks/descent.py [--small] [--factors 64] [--threads 2]

Simulated plays (see `interactions`), a fifth of every user's items hidden, all items ranked, seen ones left out. All
are told the same: who took what. `implicit`'s BPR makes one step per pair and epoch, without locks, so that two of its
runs differ; segue's give the same bytes for any number of threads. feature-mf has ids alone here.

Pairs a second counts each observed pair once an epoch. "GFlop/s" is what the formulas of `docs/models.md` count for
sgd-mf (10 d per pair, 12 d^2 per user and item) over the time that was taken.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from implicit.cpu.bpr import BayesianPersonalizedRanking

from interactions import interactions
from segue.core.dataset import Dataset
from segue.core.topk import TopK
from segue.metrics.gain import ndcg
from segue.metrics.hits import recall
from segue.metrics.judged import judge
from segue.models.feature_mf import FeatureMF
from segue.models.implicit_als import ImplicitALS
from segue.models.sgd_mf import SGDMF
from segue.splits import PerUserRatio, Split

LENGTH = 20
BPR_EPOCHS = 100

Fit = Callable[[Split, int], Callable[[], TopK]]


def of_segue(configuration: SGDMF | FeatureMF | ImplicitALS) -> Fit:
    def fit(split: Split, threads: int) -> Callable[[], TopK]:
        model = configuration.fit(split.train, threads=threads)
        return lambda: model.recommend(split.test.given, LENGTH, threads=threads)

    return fit


def of_implicit(factors: int) -> Fit:
    def fit(split: Split, threads: int) -> Callable[[], TopK]:
        taken = sp.csr_matrix(split.train.csr())
        taken.data = np.ones_like(taken.data)
        model = BayesianPersonalizedRanking(
            factors=factors, learning_rate=0.05, iterations=BPR_EPOCHS, num_threads=threads, random_state=0
        )
        model.fit(taken, show_progress=False)

        def answer() -> TopK:
            users = split.test.users
            items, scores = model.recommend(users, taken[users], N=LENGTH, filter_already_liked_items=True)
            return TopK(items.astype(np.int32), scores)

        return answer

    return fit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the plays, for a quick try")
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    d, threads = options.factors, options.threads
    plays = interactions(*((2_000, 3_000, 90_000) if options.small else (20_000, 10_000, 900_000)))
    split = PerUserRatio(test=0.2).split(Dataset.from_csr(plays), seed=0)
    n_users, n_items = plays.shape
    pairs = split.train.histories.n_entries
    print(f"{n_users:,} users x {n_items:,} items, {pairs:,} pairs learned from; {d} factors, {threads} threads\n")
    sgd, adam = SGDMF(factors=d), SGDMF(factors=d, optimizer="adam", learning_rate=0.02, epochs=20)
    warp, bpr = (FeatureMF(factors=d, loss=loss, features=("id",), regularization=0.3) for loss in ("warp", "bpr"))
    sides: dict[str, tuple[Fit, int]] = {
        "implicit, bpr": (of_implicit(d), BPR_EPOCHS),
        "feature-mf, bpr": (of_segue(bpr), bpr.epochs),
        "feature-mf, warp": (of_segue(warp), warp.epochs),
        "sgd-mf": (of_segue(sgd), sgd.epochs),
        "sgd-mf, adam": (of_segue(adam), adam.epochs),
        "implicit-als": (of_segue(ImplicitALS(factors=d)), ImplicitALS().iterations),
    }
    print(f"{'model':<18}  {'epochs':>6}  {'seconds':>8}  {'pairs/s':>12}  {'GFlop/s':>8}  {'recall':>9}  {'ndcg':>8}")
    for name, (fit, epochs) in sides.items():
        start = time.perf_counter()
        answer = fit(split, threads)
        seconds = time.perf_counter() - start
        judged = judge(answer(), split.test.relevant)
        flops = epochs * (10 * d * pairs + 12 * d * d * (n_users + n_items)) if name == "sgd-mf" else 0
        rate = f"{flops / seconds / 1e9:8.1f}" if flops else " " * 8
        print(
            f"{name:<18}  {epochs:>6}  {seconds:8.2f}  {epochs * pairs / seconds:12,.0f}  {rate}  "
            f"{recall(judged, LENGTH).mean():9.4f}  {ndcg(judged, LENGTH).mean():8.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
