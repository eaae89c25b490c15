"""The whole way, split to table, against dense NumPy with the same order of ties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.evaluation import evaluate
from segue.models.item_knn import ItemKNN
from segue.models.popularity import Popularity
from segue.splits import HeldOutUsers, Part, PerUserRatio, Split, k_core

NAMES = ["recall@20", "ndcg@20", "map@20", "r_precision"]


def dense(histories: Histories, n_items: int) -> np.ndarray:
    matrix = np.zeros((len(histories), n_items))
    matrix[histories.row_of_entry, histories.items] = 1
    return matrix


def oracle(scores: np.ndarray, part: Part) -> list[float]:
    """Means of NAMES for scores (users, items) of float64; items without a positive score are not recommended."""
    n_items = scores.shape[1]
    given, relevant = dense(part.given, n_items), dense(part.relevant, n_items)
    discounts = 1 / np.log2(np.arange(2, 22))
    values = []
    for row in range(len(part)):
        candidates = np.flatnonzero((given[row] == 0) & (scores[row] > 0))
        ranked = candidates[np.argsort(-scores[row, candidates], kind="stable")]
        hits = relevant[row, ranked]
        n = int(relevant[row].sum())
        first = np.pad(hits[:20], (0, max(0, 20 - hits.size)))
        precision = np.cumsum(first) / np.arange(1, 21)
        values.append(
            [
                first.sum() / n,
                first @ discounts / discounts[: min(20, n)].sum(),
                (first * precision).sum() / n,
                hits[:n].sum() / n,
            ]
        )
    return np.mean(values, axis=0).tolist()


def scores_of_popularity(split: Split, part: Part) -> np.ndarray:
    return np.tile(dense(split.train.histories, len(split.train.items)).sum(axis=0), (len(part), 1))


def scores_of_cosine(split: Split, part: Part) -> np.ndarray:
    matrix = dense(split.train.histories, len(split.train.items))
    sizes = np.sqrt(matrix.sum(axis=0))
    similarity = matrix.T @ matrix / np.maximum(np.outer(sizes, sizes), 1e-12)
    np.fill_diagonal(similarity, 0)
    # Rounded, so that sums which are equal on paper tie, as they do or do not in single precision; see the tolerance.
    return np.round(dense(part.given, len(split.train.items)) @ similarity, 6)


def check(split: Split) -> dict[str, float]:
    everything = len(split.train.items)  # no neighbour is cut off
    cosine_knn = ItemKNN(similarity="cosine", neighbours=everything, shrinkage=0.0, weighting="binary")
    evaluation = evaluate({"popularity": Popularity(), "item-knn": cosine_knn}, split, NAMES)
    means = {(e.model, e.metric): e.mean for e in evaluation.estimates}
    popularity, cosine = (
        oracle(scores(split, split.test), split.test) for scores in (scores_of_popularity, scores_of_cosine)
    )
    assert [means["popularity", name] for name in NAMES] == pytest.approx(popularity, abs=1e-9)
    assert [means["item-knn", name] for name in NAMES] == pytest.approx(cosine, abs=1e-4)
    return {name: means["popularity", name] for name in NAMES}


def world() -> Dataset:
    """300 users with one of two tastes, over 120 items of falling popularity."""
    generator = np.random.default_rng(0)
    chance = 3 / np.arange(3, 123)
    rows = []
    for user in range(300):
        liked = chance * np.where(np.arange(120) % 2 == user % 2, 1.0, 0.2)
        rows.append(dict.fromkeys(np.flatnonzero(generator.random(120) < liked).tolist(), 1.0))
    return Dataset.from_csr(Histories.of(rows).csr(120), feedback="presence")


def test_models_on_a_small_world_have_the_means_of_the_oracle() -> None:
    check(PerUserRatio().split(world(), 0))
    check(HeldOutUsers(test=0.3).split(world(), 0))


@pytest.mark.data
def test_models_on_last_fm_have_the_means_of_the_oracle(research_data: Path) -> None:
    path = research_data / "lastfm-2k" / "user_artists.dat"
    frame = pl.read_csv(path, separator="\t", quote_char=None)
    dataset = k_core(Dataset.from_frame(frame, user="userID", item="artistID", weight="weight"), 5)
    means = check(PerUserRatio(test=0.2).split(dataset, 0))
    # Popularity as measured apart from this project, on another random split: .120 and .106.
    assert means["recall@20"] == pytest.approx(0.120, abs=0.005)
    assert means["ndcg@20"] == pytest.approx(0.106, abs=0.005)
