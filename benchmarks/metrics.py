"""Metrics of 100,000 lists of 100, each against a loop over users in NumPy and Python.

    python benchmarks/metrics.py [--small] [--users 100000] [--k 100] [--sample 1000] [--threads 2] [--repeats 3]

The loop does what one would write down first: for each user, look the items up and compute the formula with NumPy
arrays and sets. It runs over a sample of the users and is scaled up; both give the same values on the sample, which is
checked. The overlap between users has no loop over users: it is held against the pairs of the sample, whose number
grows with the square. Medians of the repeats; loading compiled code is left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from interactions import interactions
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.kernels.threads import blas
from segue.metrics import (
    Answered,
    Background,
    Exposure,
    calibration,
    coverage,
    diversity,
    factor_diversity,
    gini,
    judge,
    ndcg,
    novelty,
    personalization,
    popularity,
    popularity_lift,
    recall,
    serendipity,
)

Values = np.ndarray[Any, np.dtype[np.float64]]
N_ITEMS, N_GENRES, N_FACTORS = 40_000, 60, 64


def world(n_users: int, k: int) -> tuple[Answered, Background, Histories]:
    """Popular lists, histories of about 44 items, 5 relevant items each, up to three genres and four tags an item."""
    generator = np.random.default_rng(0)
    dataset = Dataset.from_csr(interactions(n_users, N_ITEMS, 44 * n_users))
    genres = [[f"g{g}" for g in set(generator.integers(0, N_GENRES, 1 + i % 3).tolist())] for i in range(N_ITEMS)]
    tags = [[f"t{t}" for t in set(generator.integers(0, 800, 4).tolist())] for _ in range(N_ITEMS)]
    artists = [f"a{number}" for number in generator.integers(0, N_ITEMS // 10, N_ITEMS).tolist()]
    frame = pl.DataFrame({"id": dataset.items.series, "genres": genres, "tags": tags, "artist": artists})
    dataset = Dataset(dataset.users, dataset.items, dataset.histories, Catalogue(frame))
    vectors = generator.normal(size=(N_ITEMS, N_FACTORS)).astype(np.float32)
    background = Background.of(dataset, {"genres", "content"}, vectors)
    by_rank = np.argsort(background.rank_of, kind="stable")
    steps = generator.geometric(0.02, (n_users, k)).cumsum(axis=1)
    items = np.ascontiguousarray(by_rank[(generator.integers(0, 2000, (n_users, 1)) + steps) % N_ITEMS], np.int32)
    top = TopK(items, np.tile(np.arange(k, 0, -1, dtype=np.float32), (n_users, 1)))
    hidden = items[np.arange(n_users)[:, None], generator.integers(0, k, (n_users, 5))]
    hidden = np.where(generator.random(hidden.shape) < 0.5, hidden, generator.integers(0, N_ITEMS, hidden.shape))
    relevant = Histories(np.arange(n_users + 1) * 5, hidden.ravel(), np.ones(5 * n_users)).merged()
    return Answered(dataset.histories, top, judge(top, relevant)), background, relevant


def loops(answered: Answered, background: Background, relevant: Histories, k: int) -> dict[str, Callable[[int], float]]:
    """By metric: its value for the user of a row, the plain way."""
    lists, given = answered.top.items, answered.given
    assert background.content is not None
    assert background.genres is not None
    assert background.vectors is not None
    content, genres, vectors = background.content, background.genres, background.vectors
    bits = -np.log2(np.maximum(background.popularity, 1) / background.users)
    ranking = np.argsort(background.rank_of, kind="stable").tolist()
    discounts = 1 / np.log2(np.arange(2, k + 2))

    def history(row: int) -> np.ndarray[Any, Any]:
        return given.items[given.offsets[row] : given.offsets[row + 1]]

    def right(row: int) -> set[int]:
        return set(relevant.items[relevant.offsets[row] : relevant.offsets[row + 1]].tolist())

    def hits(row: int) -> list[bool]:
        wanted = right(row)
        return [item in wanted for item in lists[row, :k].tolist()]

    def apart(rows: Any) -> float:
        cosines = rows @ rows.T
        cosines = cosines if isinstance(cosines, np.ndarray) else cosines.toarray()
        return 1 - float(cosines[np.triu_indices(k, 1)].mean())

    def mix(items: np.ndarray[Any, Any]) -> Values:
        return np.asarray(genres[items].toarray().mean(axis=0), np.float64)

    def divergence(row: int) -> float:
        p, q = mix(history(row)), mix(lists[row, :k])
        return float(sum(a * np.log(a / (0.99 * b + 0.01 * a)) for a, b in zip(p, q, strict=True) if a))

    def surprises(row: int) -> float:
        seen = set(history(row).tolist())
        popular = []
        for item in ranking:
            if item not in seen:
                popular.append(item)
                if len(popular) == k:
                    break
        return len((set(lists[row, :k].tolist()) & right(row)) - set(popular)) / k

    def lift(row: int) -> float:
        own = background.popularity[history(row)].mean()
        return float((background.popularity[lists[row, :k]].mean() - own) / own)

    return {
        "recall": lambda row: sum(hits(row)) / len(right(row)),
        "ndcg": lambda row: float(discounts @ hits(row) / discounts[: min(k, len(right(row)))].sum()),
        "novelty": lambda row: float(bits[lists[row, :k]].mean()),
        "popularity": lambda row: float(background.popularity[lists[row, :k]].mean()),
        "popularity_lift": lift,
        "diversity": lambda row: apart(content[lists[row, :k]]),
        "factor_diversity": lambda row: apart(vectors[lists[row, :k]]),
        "calibration": divergence,
        "serendipity": surprises,
    }


def timed(run: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """The median of the seconds, and the answer."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer = run()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the users, for a quick try")
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--k", type=int, default=100)
    parser.add_argument("--sample", type=int, default=1000, help="users that the loop runs over")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    n, k, threads = options.users // (10 if options.small else 1), options.k, options.threads
    answered, background, relevant = world(n, k)
    top, sample = answered.top, min(options.sample, n)
    print(f"{n:,} users, lists of {k}, {N_ITEMS:,} items; {threads} threads; medians of {options.repeats}")
    print(f"the loop over {sample:,} users, scaled to {n:,}\n")
    print(f"{'metric':<18}  {'seconds':>8}  {'loop':>8}  {'times faster':>12}")

    def line(name: str, mine: float, loop: float) -> None:
        print(f"{name:<18}  {mine:8.3f}  {loop:8.1f}  {loop / mine:12.0f}", flush=True)

    def judged(shown: Answered, metric: Callable[..., Values]) -> Values:
        return metric(judge(shown.top, relevant[: len(shown)], threads=threads), k)

    metrics: dict[str, Callable[[Answered], Values]] = {
        "recall": lambda shown: judged(shown, recall),
        "ndcg": lambda shown: judged(shown, ndcg),
        **{
            each.__name__: lambda shown, each=each: each(shown, background, k, threads)
            for each in (
                novelty,
                popularity,
                popularity_lift,
                diversity,
                factor_diversity,
                calibration,
                serendipity,
            )
        },
    }
    few = Answered(
        answered.given[:100],
        TopK(top.items[:100], top.scores[:100]),
        judge(TopK(top.items[:100], top.scores[:100]), relevant[:100]),
    )
    with blas(1):  # products of one list gain nothing by threads
        for name, loop in loops(answered, background, relevant, k).items():
            metrics[name](few)  # loads the compiled code
            # A fresh value each time: what is derived of the histories counts as part of the metric.
            mine, values = timed(
                lambda m=metrics[name]: m(Answered(answered.given, top, answered.judged)), options.repeats
            )
            plain, expected = timed(lambda loop=loop: [loop(row) for row in range(sample)], options.repeats)
            assert np.allclose(values[:sample], expected, atol=1e-5, equal_nan=True), name
            line(name, mine, plain * n / sample)
    for metric in (coverage, gini, personalization):
        mine, _ = timed(lambda m=metric: m(Exposure.of(top, k, N_ITEMS)), options.repeats)
        if metric is personalization:
            rows = [set(row) for row in top.items[:sample].tolist()]
            plain, overlap = timed(lambda rows=rows: np.mean([len(a & b) for a, b in combinations(rows, 2)]) / k, 1)
            part = Exposure.of(TopK(top.items[:sample], top.scores[:sample]), k, N_ITEMS)
            assert np.isclose(1 - overlap, personalization(part))
            line(metric.__name__, mine, plain * (n / sample) ** 2)
        else:

            def count() -> dict[int, int]:
                counts: dict[int, int] = {}
                for row in top.items[:sample].tolist():
                    for item in row:
                        counts[item] = counts.get(item, 0) + 1
                return counts

            plain, _ = timed(count, options.repeats)
            line(metric.__name__, mine, plain * n / sample)


if __name__ == "__main__":
    main()
