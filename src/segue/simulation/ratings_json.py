"""The explicit ratings of a world as three files of JSON lines, as a service would hand them over."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from segue.durable import written_file
from segue.simulation.world import World

_ARTISTS: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "artists.segue.invalid")


def write_ratings_json(world: World, folder: Path) -> tuple[Path, Path, Path]:
    """Writes users.jsonl, artists.jsonl and ratings.jsonl; returns the paths in this order.

        {"id": "u000000", "first_name": "Ana", "last_name": "Lima"}
        {"mbid": "6f2c...", "name": "The Paper Harbours"}
        {"user": "u000000", "artist": "6f2c...", "rating": 3.5}

    A listener's rating of an artist is the mean of the ratings that the listener gave to the artist's tracks, rounded
    to half a star (a quarter to the even half). Artists have ids in the form of MBIDs, made of their names (UUID
    version 5), so that they are nobody's. All listeners and artists are listed, those without a rating too.
    Each file is written whole or not at all; StorageError where that cannot be.
    """
    catalogue = world.ratings.catalogue
    names = catalogue.column("artist").unique(maintain_order=True)
    artists = pl.DataFrame({"mbid": [str(uuid.uuid5(_ARTISTS, name)) for name in names.to_list()], "name": names})
    table = world.ratings.user_table
    assert table is not None
    parts = table["name"].str.splitn(" ", 2).struct
    users = pl.DataFrame({"id": table["id"], "first_name": parts.field("field_0"), "last_name": parts.field("field_1")})
    given = world.ratings.histories
    stars = pl.DataFrame(
        {
            "user": given.row_of_entry,
            "artist": catalogue.codes("artist")[given.items],
            "rating": given.weights.astype(np.float64),
        }
    )
    ratings = stars.group_by("user", "artist", maintain_order=True).agg((pl.col("rating").mean() * 2).round() / 2)
    ratings = ratings.with_columns(
        user=users["id"].gather(ratings["user"]), artist=artists["mbid"].gather(ratings["artist"])
    )
    paths = folder / "users.jsonl", folder / "artists.jsonl", folder / "ratings.jsonl"
    for path, frame in zip(paths, (users, artists, ratings), strict=True):
        with written_file(path) as temporary:
            frame.write_ndjson(temporary)
    return paths
