"""What play counts are worth: log compression and the dropping of low counts, on a table of (user, song, plays).

    python benchmarks/counts.py [FILE] [--folds 5] [--threads 2]

implicit-als with confidence 1 + alpha f(plays), for each way to weigh a count (f) and each least count that is learned
from. For each of the pairs alpha, the weight of unobserved pairs and the regularization are chosen on the validation
part of one split, by MAP@500 over the same grid; then every song of every user is hidden once, fold by fold, and a
hidden song is relevant whatever its count. A user's value is the mean of the folds: means with bootstrap 95 % intervals
over users, and the paired difference from linear counts, nothing dropped. The last rows hold alpha at 40, where counts
matter most.
"""

from __future__ import annotations

import argparse
import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np

from segue.core.dataset import Dataset
from segue.evaluation.estimates import compare
from segue.metrics import parse_all
from segue.metrics.judged import judge
from segue.models.implicit_als import ImplicitALS
from segue.readers import read
from segue.splits import Learning, Part, PerUserRatio

METRICS = parse_all(["map@500", "precision@500"])
LENGTH = 500
WEIGHTINGS = ("linear", "log", "binary")
STRONG = 40.0  # the alpha of Hu, Koren and Volinsky (2008), which makes counts matter most
LEAST = (0.0, 2.0, 3.0)
GRID = {"alpha": [0.1, 1.0, 10.0, 40.0], "unobserved_weight": [0.1, 1.0], "regularization": [0.1, 1.0]}

Values = np.ndarray[Any, np.dtype[np.float64]]


def asked(settings: dict[str, Any], train: Dataset, part: Part, threads: int) -> Values:
    top = ImplicitALS(factors=64, **settings).fit(train, threads=threads).recommend(part.given, LENGTH, threads=threads)
    judged = judge(top, part.relevant)
    return np.column_stack([metric.compute(judged) for metric in METRICS])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    named = os.environ.get("SEGUE_TEST_DATA")
    usual = Path(named) / "taste-profile" / "10000.txt" if named else None
    parser.add_argument("file", type=Path, nargs="?", default=usual, help="by default, that of SEGUE_TEST_DATA")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.file is None:
        print("no counts to measure on: name a file of user, song, plays, or set SEGUE_TEST_DATA")
        return
    dataset, _ = read([options.file])
    print(f"{dataset}; {np.mean(dataset.histories.weights == 1):.0%} of the counts are 1\n")
    tuning = PerUserRatio(validation=0.1).split(dataset, seed=0)
    assert tuning.validation is not None
    folds = list(PerUserRatio().folds(dataset, options.folds, seed=0))
    means = []
    names = []
    chosen = [(weighting, least, GRID) for weighting, least in itertools.product(WEIGHTINGS, LEAST)]
    strong = [(weighting, 0.0, GRID | {"alpha": [STRONG]}) for weighting in WEIGHTINGS]
    for weighting, least, grid in chosen + strong:
        learning = Learning(min_weight=least)
        ready = learning.split(tuning)
        assert ready.validation is not None
        scored = []
        for values in itertools.product(*grid.values()):
            point = {"weighting": weighting, **dict(zip(grid, values, strict=True))}
            scored.append((asked(point, ready.train, ready.validation, options.threads)[:, 0].mean(), point))
        best = max(scored, key=lambda pair: pair[0])[1]
        total, times = np.zeros((dataset.n_users, len(METRICS))), np.zeros((dataset.n_users, 1))
        for fold in map(learning.split, folds):
            total[fold.test.users] += asked(best, fold.train, fold.test, options.threads)
            times[fold.test.users] += 1
        means.append((total / np.maximum(times, 1))[times[:, 0] > 0])
        kept = f"from {least:g}" if least else "all"
        names.append(f"{weighting}, {kept}" + (f", alpha {STRONG:g}" if grid is not GRID else ""))
        print(f"  {names[-1]:<21} {best}  {means[-1].mean(axis=0).round(4)}", flush=True)
    estimates, comparisons = compare(names, METRICS, means, resamples=2000, level=0.95, seed=0)
    print(f"\n{len(means[0]):,} users, each the mean of {options.folds} folds\n")
    for estimate in estimates:
        interval = f"({estimate.low:.4f}..{estimate.high:.4f})"
        print(f"{estimate.model:<21}  {estimate.metric:<14}  {estimate.mean:.4f}  {interval}")
    print(f"\nhow much better than {names[0]}\n")
    for pair in comparisons:
        if pair.a == names[0]:
            print(
                f"{pair.b:<21}  {pair.metric:<14}  {-pair.difference:+.4f}  ({-pair.high:+.4f}..{-pair.low:+.4f})  "
                f"p {pair.p_randomization:.4f}"
            )


if __name__ == "__main__":
    main()
