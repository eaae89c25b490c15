"""A small station, made by hand: three genres whose listeners keep to them, so that what is right is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.models.explicit_als import ExplicitALS
from segue.models.item_knn import ItemKNN
from segue.models.popularity import Popularity
from segue.pipeline import Pipeline
from segue.ranking.by_model import ModelRanker
from segue.retrieval.search import TitleSearch
from segue.retrieval.sources import Source
from segue.station import Station

TRAINED_AT = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)

#: genre -> artist -> titles. "Glass" is the title of two songs; one title is made to break a careless page.
MUSIC: dict[str, dict[str, list[str]]] = {
    "ambient": {
        "Slow Harbour": ["Tidewater", "Lamplight on Snow", "Glass", "The Long Exhale", "Northern Room"],
        "Mira Oost": ["Paper Moons", "Undertow", "A Field at Night", "Weightless Hour"],
        "Kestrel & Loom": ["Drift", "Cloud Chamber", "Salt", "Interlude for Two Rivers"],
    },
    "punk": {
        "The Broken Elevators": ["Stuck on Nine", "No Refunds", "Alarm!", "Kick the Vending Machine"],
        "Ragtag Saints": ["Glass", "Burn the Brochure", "Two Minutes", "Saint Nobody"],
        "Voltage Aunt": ["Hi-Vis", "<script>alert('x')</script>", "Curfew", 'Loud Neighbours "Live"'],
    },
    "jazz": {
        "Ines Delacroix Trio": ["Café au Lait", "Blue Umbrella", "Déjà Vu Waltz", "Rue des Martyrs"],
        "Otis Farrow": ["Midnight Ledger", "Sidewalk Hymn", "Walking Away Slowly", "Ashtray Ballad"],
        "夜の航海": ["月光", "Harbour Lights", "Small Hours"],
    },
}


def dataset(listeners: int = 30) -> Dataset:
    """Each listener plays most of one genre, the first artists most, and one song of the next genre."""
    tracks = [
        (
            f"{genre[:1]}{number}",
            title,
            artist,
            f"{artist}: Collected",
            [genre, "instrumental"] if genre == "ambient" else [genre],
        )
        for genre, artists in MUSIC.items()
        for number, (artist, title) in enumerate((a, t) for a, titles in artists.items() for t in titles)
    ]
    by_genre = {genre: [t[0] for t in tracks if t[4][0] == genre] for genre in MUSIC}
    genres = list(MUSIC)
    rows = []
    for user in range(listeners):
        own = by_genre[genres[user % 3]]
        other = by_genre[genres[(user + 1) % 3]]
        for place, track in enumerate(own):
            if (user * 7 + place * 3) % 5 or place == 0:
                rows.append((f"listener-{user}", track, float(1 + (len(own) - place) // 3)))
        rows.append((f"listener-{user}", other[user % 2], 1.0))
    plays = pl.DataFrame(rows, schema=["user", "item", "plays"], orient="row")
    base = Dataset.from_frame(plays, user="user", item="item", weight="plays")
    known = {track[0]: track for track in tracks}
    ordered = [known[identifier] for identifier in base.items]
    frame = pl.DataFrame(
        {
            "id": [track[0] for track in ordered],
            "kind": ["track"] * len(ordered),
            "title": [track[1] for track in ordered],
            "artist": [track[2] for track in ordered],
            "album": [track[3] for track in ordered],
            "genres": [track[4] for track in ordered],
            "explicit": [track[2] == "Voltage Aunt" for track in ordered],
            "released": [date(1990 + number % 30, 3, 1) for number in range(len(ordered))],
            "duration": [150.0 + 7 * number for number in range(len(ordered))],
        }
    )
    return Dataset(base.users, base.items, base.histories, Catalogue(frame), feedback="plays")


def station() -> Station:
    """The dataset with popularity and item-knn trained on it, fused, popularity as the fallback."""
    data = dataset()
    popularity = Popularity().fit(data)
    knn = ItemKNN().fit(data)
    pipeline = Pipeline(
        [Source("item-knn", knn), Source("popularity", popularity)], fallback=popularity, catalogue=data.catalogue
    )
    return Station(
        dataset=data,
        pipeline=pipeline,
        models={"popularity": popularity, "item-knn": knn},
        search=TitleSearch(data.catalogue, popularity.counts),
        name="The Test Tapes",
        version="0123abcd",
        trained_at=TRAINED_AT,
    )


def rated_station() -> Station:
    """The same listeners and tracks with ratings from 1 to 5, more for more plays; explicit-als ranks. Every other
    listener has a name."""
    plays = dataset()
    histories = plays.histories
    stars = 1 + (histories.items + histories.row_of_entry) % 2 + np.minimum(histories.weights, 3)
    names = [None if user % 2 else f"Ana {user}" for user in range(plays.n_users)]
    data = replace(
        plays,
        histories=replace(histories, weights=stars.astype(np.float32), repeats="last"),
        feedback="ratings",
        scale=(1.0, 5.0),
        user_table=pl.DataFrame({"id": plays.users.series, "name": names}, schema={"id": pl.String, "name": pl.String}),
    )
    popularity = Popularity().fit(data)
    als = ExplicitALS(factors=4).fit(data)
    pipeline = Pipeline(
        [Source("explicit-als", als), Source("popularity", popularity)],
        ranker=ModelRanker(als),
        fallback=popularity,
        catalogue=data.catalogue,
    )
    return Station(
        dataset=data,
        pipeline=pipeline,
        models={"popularity": popularity, "explicit-als": als},
        search=TitleSearch(data.catalogue, popularity.counts),
        name="The Rated Tapes",
        version="4567cdef",
        trained_at=TRAINED_AT,
    )
