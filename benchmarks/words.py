"""Content and word2vec on real playlists: continuing them, by title alone, and with tracks nobody has heard.

    python benchmarks/words.py [FOLDER] [--models content,word2vec]

FOLDER holds `million-playlist` and `audio-features`; by default, that of SEGUE_TEST_DATA. Shipped defaults throughout.
Playlists: 10 % held out, the first half given (or the title alone), tracks that training never saw count as misses.
New tracks: 10 % of all tracks are kept from training, and ranked among themselves.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from segue.core.topk import TopK
from segue.metrics import parse_all
from segue.metrics.judged import judge
from segue.models import MODELS
from segue.models.content import Content
from segue.models.word2vec import Word2Vec
from segue.readers import read
from segue.readers.audio_features import AudioFeatures
from segue.readers.enriching import enriched
from segue.splits import HeldOutItems, HeldOutUsers, Part

METRICS = parse_all(["recall@20", "ndcg@20", "ndcg@500", "r_precision"])
LENGTH = 500


def show(name: str, top: TopK, part: Part, seconds: float = 0.0) -> None:
    judged = judge(top, part.relevant)
    means = "  ".join(f"{float(metric.compute(judged).mean()):<11.4f}" for metric in METRICS)
    print(f"{name:<28}  {means}  {seconds:7.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=os.environ.get("SEGUE_TEST_DATA"))
    parser.add_argument("--models", default="popularity,content,word2vec,item-knn,implicit-als")
    options = parser.parse_args()
    if options.folder is None:
        print("no playlists to measure on: name a folder with million-playlist, or set SEGUE_TEST_DATA")
        return
    dataset, _ = read([Path(options.folder) / "million-playlist"], "million-playlist")
    features, _ = AudioFeatures().read(sorted((Path(options.folder) / "audio-features").glob("*.csv")))
    dataset, report = enriched(dataset, features)
    print(f"{dataset.n_users:,} playlists, {dataset.n_items:,} tracks, {report.matched:,} with audio features")
    print(f"{'':<28}  {'  '.join(f'{metric.name:<11}' for metric in METRICS)}  seconds of processor to fit")

    split = HeldOutUsers(test=0.1, validation=0.1).split(dataset, seed=0)
    for name in options.models.split(","):
        started = time.process_time()
        model = MODELS[name]().fit(split.train)
        seconds = time.process_time() - started
        show(name, model.recommend(split.test.given, LENGTH), split.test, seconds)
        if name == "word2vec":
            context = split.test.given.context
            assert context is not None
            titles = context["name"].fill_null("").to_list()
            show("word2vec, title alone", model.recommend_titles(titles, LENGTH), split.test)
        if name == "popularity":
            top = model.recommend(split.test.given, LENGTH, exclude_seen=False)
            show("popularity, title alone", top, split.test)

    unheard = HeldOutItems(test=0.1, among="new").split(dataset, seed=0)
    print(f"\nnew tracks, of {int(unheard.test.relevant.n_entries):,} entries")
    for name, configuration in (("content", Content()), ("word2vec, text", Word2Vec(source="text"))):
        started = time.process_time()
        fitted = configuration.fit(unheard.train)
        seconds = time.process_time() - started
        top = fitted.recommend(unheard.test.given, LENGTH, allowed=unheard.test.allowed)
        show(name, top, unheard.test, seconds)


if __name__ == "__main__":
    main()
