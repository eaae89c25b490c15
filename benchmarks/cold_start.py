"""A world in which a tenth of the items came after training: what each model makes of them.

    python benchmarks/cold_start.py [world,lastfm-2k,playlists] [--models implicit-als,content,...]
                                    [--listeners 0,1,3,10] [--among new,all] [--threads 2]

Each model is fitted without the held-out items, then told of them and of so many of their listeners, and asked for the
lists of all other listeners of theirs: ndcg@20 with 95 % intervals over users, of lists of the new items alone (what of
this week's releases?) and of lists of all items, in which only the new ones count. An item that has no further listener
is asked of nobody, so that rows of one column compare, and columns do not.

A second table adds what that costs the others: a fifth of every user's items is hidden, and all of them count, a tenth
of which came after training. The models were never told of those, or of their rows in the catalogue, or of all their
listeners, or were trained with them from the start.

The simulated world has genres, albums and artists, Last.FM (the HetRec set) tags, the playlists artists. Research data
is found through SEGUE_TEST_DATA; what is not there is left out. Two minutes with two models, ten with all.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

import segue
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.protocols import Configuration, Recommender, TakesItems
from segue.errors import SegueError
from segue.evaluation import Evaluation, evaluate
from segue.models import MODELS
from segue.readers import read
from segue.splits import HeldOutItems, PerUserRatio, k_core

METRIC = "ndcg@20"
FACTORS = 64
SETTINGS: Mapping[str, Mapping[str, Any]] = {"implicit-als": {"factors": FACTORS}}


def datasets(names: list[str]) -> dict[str, Dataset]:
    """Those of the data sets named that are there; the real ones as an iterated 5-core."""
    found = {}
    home = os.environ.get("SEGUE_TEST_DATA")
    folders = {"lastfm-2k": "lastfm-2k", "playlists": "million-playlist"}
    for name in names:
        if name == "world":
            found[name] = segue.simulate(listeners=3000, tracks=3000, seed=0).dataset
        elif home is None or not (Path(home) / folders[name]).is_dir():
            print(f"{name}: left out, since SEGUE_TEST_DATA does not name its folder")
        else:
            found[name] = k_core(read([Path(home) / folders[name]])[0], 5)
    return found


def models(names: Sequence[str]) -> dict[str, Configuration]:
    """Those of these models that take new items."""
    tiny = segue.simulate(listeners=40, tracks=80, seed=0).dataset
    found = {}
    for name in names:
        model = MODELS[name]
        configuration = model(**SETTINGS.get(name, {}))
        try:
            takes = isinstance(model().fit(tiny), TakesItems)
        except SegueError:  # it learns from something else, such as ratings
            continue
        if takes:
            found[name] = configuration
    return found


def fitted(configurations: Mapping[str, Configuration], train: Dataset, threads: int) -> dict[str, Recommender]:
    """The models that can learn from this data."""
    found = {}
    for name, configuration in configurations.items():
        try:
            found[name] = configuration.fit(train, seed=0, threads=threads)
        except SegueError as error:
            print(f"({name} is left out: {error})")
    return found


def told_of(fits: Mapping[str, Recommender], part: Dataset, plain: Dataset, threads: int) -> dict[str, Recommender]:
    """Each model told of new items by `part`, and implicit ALS by the averages or by the listeners alone, too."""
    known = {name: m.with_items(part, threads=threads) for name, m in fits.items() if isinstance(m, TakesItems)}
    als = fits.get("implicit-als")
    if isinstance(als, TakesItems):
        known["implicit-als, averages alone"] = als.with_items(plain, threads=threads)
        bare = replace(part, catalogue=Catalogue.bare(part.items))
        known["implicit-als, listeners alone"] = als.with_items(bare, threads=threads)
    return known


def table(title: str, columns: Mapping[str, Evaluation]) -> None:
    """One row a model, one column an evaluation: the mean and its 95 % interval."""
    print(f"\n{title}\n{'':32s}" + "".join(f"{name:>24s}" for name in columns))
    cells = {
        (estimate.model, name): f"{estimate.mean:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"
        for name, found in columns.items()
        for estimate in found.estimates
    }
    for model in dict.fromkeys(model for model, _ in cells):
        print(f"{model:32s}" + "".join(f"{cells.get((model, name), ''):>24s}" for name in columns))


def new_items(
    dataset: Dataset,
    configurations: Mapping[str, Configuration],
    listeners: list[int],
    among: Literal["new", "all"],
    threads: int,
) -> dict[str, Evaluation]:
    """ndcg@20 on new items, by how many of their listeners are known."""
    columns = {}
    fits: dict[str, Recommender] = {}
    for count in listeners:
        split = HeldOutItems(among=among, listeners=count).split(dataset, 1)
        fits = fits or fitted(configurations, split.train, threads)
        assert split.test.told is not None
        asked = told_of(fits, split.test.told, split.train, threads)
        columns[f"{count} known"] = evaluate(asked, split, (METRIC,), threads=threads)
    return columns


def everything(dataset: Dataset, configurations: Mapping[str, Configuration], threads: int) -> dict[str, Evaluation]:
    """ndcg@20 on all items, a tenth of which came after training."""
    split = PerUserRatio(test=0.2).split(dataset, 1)
    train = split.train
    new = np.random.default_rng(0).random(dataset.n_items) < 0.1
    before = train.with_histories(train.histories.where(~new[train.histories.items]))
    silent = fitted(configurations, before, threads)
    return {
        name: evaluate(asked, split, (METRIC,), threads=threads)
        for name, asked in {
            "not told": silent,
            "told of the catalogue": told_of(silent, before, before, threads),
            "told of listeners": told_of(silent, train, before, threads),
            "trained on all": fitted(configurations, train, threads),
        }.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", default="world,lastfm-2k,playlists")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--listeners", default="0,1,3,10")
    parser.add_argument("--among", default="new,all")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    counts = [int(count) for count in options.listeners.split(",")]
    configurations = models(options.models.split(","))
    for name, dataset in datasets(options.data.split(",")).items():
        print(f"\n== {name}: {dataset}")
        for among in options.among.split(","):
            found = new_items(dataset, configurations, counts, among, options.threads)
            ranked = "lists of new items alone" if among == "new" else "lists of all items"
            users = ", ".join(f"{column}: {each.users.size:,} users" for column, each in found.items())
            table(f"{name}, new items, {ranked} ({users}), {METRIC}", found)
        table(f"{name}, all items, a tenth of them new, {METRIC}", everything(dataset, configurations, options.threads))


if __name__ == "__main__":
    main()
