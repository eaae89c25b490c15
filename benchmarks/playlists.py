"""Continuing playlists: segue against `implicit` 0.7's ALS, on playlists in the format of the Million Playlist Dataset.

    python benchmarks/playlists.py [FOLDER] [--small] [--folds 10] [--threads 2]

Ten folds of playlists; of a test playlist of n distinct tracks the first floor(n / 2) are given, the others are to be
guessed; hidden tracks that training never saw count as misses. Both sides are tuned over the grids below, by NDCG@500
of the validation playlists of one split, and then asked about every playlist once. `implicit` takes confidence as its
data. Means with bootstrap 95 % intervals over playlists; differences are paired by playlist.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.evaluation.estimates import compare
from segue.metrics import parse_all
from segue.metrics.judged import judge
from segue.models import MODELS
from segue.readers import read
from segue.splits import HeldOutUsers, Part

METRICS = parse_all(["ndcg@500", "r_precision", "clicks"])
LENGTH = 500
ITERATIONS = 16
SEGUE_GRID = {"unobserved_weight": [0.01, 0.03, 0.1, 0.3], "regularization": [0.01, 0.03, 0.1, 0.3]}
IMPLICIT_GRID = {
    "factors": [64, 128, 256],
    "regularization": [1.0, 10.0, 30.0, 100.0],
    "alpha": [5.0, 10.0, 20.0, 40.0],
}
SMALL_GRID = {"factors": [128], "regularization": [10.0, 30.0], "alpha": [20.0]}

Values = np.ndarray[Any, np.dtype[np.float64]]


def of_segue(name: str, settings: Mapping[str, Any], train: Dataset, part: Part, threads: int) -> TopK:
    model = MODELS[name](**settings).fit(train, threads=threads)
    top: TopK = model.recommend(part.given, LENGTH, threads=threads)
    return top


def of_implicit(settings: Mapping[str, Any], train: Dataset, part: Part, threads: int) -> TopK:
    def confidence(histories: Histories) -> sp.csr_matrix[Any]:
        matrix = sp.csr_matrix(histories.csr(train.n_items))
        matrix.data = np.full_like(matrix.data, 1 + settings["alpha"])
        return matrix

    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=settings["factors"],
            regularization=settings["regularization"],
            alpha=1.0,
            iterations=ITERATIONS,
            num_threads=threads,
            random_state=0,
        )
        model.fit(confidence(train.histories), show_progress=False)
        items, scores = model.recommend(
            np.arange(len(part)),
            confidence(part.given),
            N=LENGTH,
            filter_already_liked_items=True,
            recalculate_user=True,
        )
    return TopK(items.astype(np.int32), scores)


def values(top: TopK, part: Part) -> Values:
    """Each metric of each list, float64 (n, metrics)."""
    judged = judge(top, part.relevant)
    return np.stack([metric.compute(judged) for metric in METRICS], axis=1)


def points(grid: Mapping[str, list[float]]) -> Iterator[dict[str, Any]]:
    for point in itertools.product(*grid.values()):
        yield dict(zip(grid, point, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    named = os.environ.get("SEGUE_TEST_DATA")
    usual = Path(named) / "million-playlist" if named else None
    parser.add_argument("folder", type=Path, nargs="?", default=usual, help="by default, that of SEGUE_TEST_DATA")
    parser.add_argument("--small", action="store_true", help="two folds and a small grid, for a quick try")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.folder is None:
        print("no playlists to measure on: name a folder of mpd.slice.*.json, or set SEGUE_TEST_DATA")
        return
    folds = 2 if options.small else options.folds
    dataset, _ = read([options.folder], "million-playlist")
    print(f"{dataset.n_users:,} playlists, {dataset.n_items:,} tracks, {dataset.histories.n_entries:,} entries")

    tuning = HeldOutUsers(test=0.1, validation=0.1).split(dataset, seed=0)
    assert tuning.validation is not None
    best: dict[str, dict[str, Any]] = {}
    for side, grid in (("segue", SEGUE_GRID), ("implicit", SMALL_GRID if options.small else IMPLICIT_GRID)):
        scored = []
        for point in points(grid):
            if side == "segue":
                top = of_segue("implicit-als", point, tuning.train, tuning.validation, options.threads)
            else:
                top = of_implicit(point, tuning.train, tuning.validation, options.threads)
            means = values(top, tuning.validation).mean(axis=0)
            scored.append((float(means[0]), point))
            print(f"  {side:<8}  {point}  {means.round(4)}", flush=True)
        best[side] = max(scored, key=lambda pair: pair[0])[1]
        print(f"{side}: {best[side]}, NDCG@500 {max(scored, key=lambda pair: pair[0])[0]:.4f} on validation")

    answers: dict[str, list[Values]] = {}
    for split in HeldOutUsers().folds(dataset, folds, seed=0):
        train, part, threads = split.train, split.test, options.threads
        lists = {
            "implicit, tuned": of_implicit(best["implicit"], train, part, threads),
            "segue, tuned": of_segue("implicit-als", best["segue"], train, part, threads),
            "segue, defaults": of_segue("implicit-als", {}, train, part, threads),
            "item-knn": of_segue("item-knn", {}, train, part, threads),
            "popularity": of_segue("popularity", {}, train, part, threads),
        }
        for name, top in lists.items():
            answers.setdefault(name, []).append(values(top, part))
    together = [np.concatenate(parts) for parts in answers.values()]
    estimates, comparisons = compare(list(answers), METRICS, together, resamples=2000, level=0.95, seed=0)
    print(f"\n{len(together[0]):,} playlists in {folds} folds\n")
    for estimate in estimates:
        interval = f"{estimate.low:8.4f} ..{estimate.high:8.4f}"
        print(f"{estimate.model:<16}  {estimate.metric:<12}  {estimate.mean:8.4f}  {interval}")
    print("\nhow much better than implicit, tuned (clicks: how many fewer)\n")
    for pair in comparisons:
        if pair.a == "implicit, tuned":
            interval = f"{-pair.high:+8.4f} ..{-pair.low:+8.4f}"
            print(
                f"{pair.b:<16}  {pair.metric:<12}  {-pair.difference:+8.4f}  {interval}  p {pair.p_randomization:.4f}"
            )


if __name__ == "__main__":
    main()
