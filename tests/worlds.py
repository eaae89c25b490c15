"""Small worlds whose right answers are known by construction."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from hypothesis import strategies as st

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary

TRACKS = 12  # of each genre
LISTENERS = 24  # of each genre


@dataclass(frozen=True)
class TwoGenres:
    """Loyal listeners of two genres, and a few who wander between them.

    Listener u of a genre played all its tracks but one, `withheld[u]`, which is the only answer that makes sense: the
    listener's neighbours all know it, and the listener knows everything else of the genre. The last users, who wander,
    played two tracks of each genre; without them the genres would know nothing of each other.
    """

    dataset: Dataset
    withheld: np.ndarray[tuple[int], np.dtype[np.int64]]  # of each loyal listener


def two_genres() -> TwoGenres:
    """The world of rock (items 0..11) and jazz (items 12..23), with two artists to a genre."""
    rows: list[dict[int, float]] = []
    withheld = []
    for genre in (0, 1):
        tracks = list(range(genre * TRACKS, (genre + 1) * TRACKS))
        for listener in range(LISTENERS):
            missing = tracks[listener % TRACKS]
            withheld.append(missing)
            rows.append({track: float(1 + (track + listener) % 3) for track in tracks if track != missing})
    for wanderer in range(4):
        rock = [(3 * wanderer + step) % TRACKS for step in (0, 1)]
        rows.append(dict.fromkeys([*rock, *(track + TRACKS for track in rock)], 1.0))
    return TwoGenres(dataset_of(rows, 2 * TRACKS), np.array(withheld))


def two_genres_rated() -> TwoGenres:
    """The same listeners, who rate: 4 and 5 what they know of their genre, 1 and 2 half of the other one; wanderers, 3.

    The track withheld and the other half of the other genre are all that is left; the track is the only answer.
    """
    rows: list[dict[int, float]] = []
    for listener in range(2 * LISTENERS):
        own = listener // LISTENERS * TRACKS
        other = TRACKS - own
        known = [own + track for track in range(TRACKS) if track != listener % TRACKS]
        met = [other + (listener + 2 * track) % TRACKS for track in range(TRACKS // 2)]
        rows.append({track: 4.0 + (track + listener) % 2 for track in known})
        rows[-1].update({track: 1.0 + (track // 2 + listener) % 2 for track in met})
    plays = two_genres()
    wanderers = plays.dataset.histories[len(rows) :]
    rows += [dict.fromkeys(wanderers[number].items.tolist(), 3.0) for number in range(len(wanderers))]
    return TwoGenres(rated(rows, 2 * TRACKS, (1.0, 5.0)), plays.withheld)


def dataset_of(rows: list[dict[int, float]], n_items: int, block: int = TRACKS) -> Dataset:
    """A dataset of plays by hand; every `block` items share a genre, every half of a block an artist."""
    items = Vocabulary(f"track-{number}" for number in range(n_items))
    numbers = range(n_items)
    catalogue = Catalogue(
        pl.DataFrame(
            {
                "id": items.series,
                "title": [f"Title {number}" for number in numbers],
                "artist": [f"Artist {2 * number // block}" for number in numbers],
                "genres": [[f"genre-{number // block}"] for number in numbers],
                "explicit": [number % 5 == 0 for number in numbers],
            },
            schema_overrides={
                "title": pl.String,
                "artist": pl.String,
                "genres": pl.List(pl.String),
                "explicit": pl.Boolean,
            },
        )
    )
    users = Vocabulary(f"user-{number}" for number in range(len(rows)))
    return Dataset(users, items, Histories.of(rows, order="none"), catalogue)


def first_items(dataset: Dataset, n_items: int) -> Dataset:
    """The dataset as it was when there were only the first items: the same users, without what they heard later."""
    heard = dataset.histories.known(n_items)[0]
    return Dataset(
        dataset.users,
        Vocabulary(dataset.items.series.head(n_items)),
        heard,
        Catalogue(dataset.catalogue.frame.head(n_items)),
        feedback=dataset.feedback,
        scale=dataset.scale,
    )


def rated(rows: list[dict[int, float]], n_items: int, scale: tuple[float, float]) -> Dataset:
    """The dataset of `dataset_of`, its weights being ratings on a scale."""
    return as_ratings(dataset_of(rows, n_items), scale)


def as_ratings(dataset: Dataset, scale: tuple[float, float]) -> Dataset:
    """The same dataset, its weights being ratings on a scale."""
    return replace(dataset, feedback="ratings", scale=scale, histories=replace(dataset.histories, repeats="last"))


@st.composite
def small_datasets(draw: st.DrawFn) -> Dataset:
    """Up to 12 users and 15 items; likes, dislikes and stored zeros, empty rows too, and at least one like."""
    n_items = draw(st.integers(2, 15))
    weights = st.sampled_from([1.0, 1.0, 2.0, 5.0, 0.0, -1.0])
    row = st.dictionaries(st.integers(0, n_items - 1), weights, max_size=8)
    rows = draw(st.lists(row, min_size=1, max_size=12))
    liked = draw(st.integers(0, n_items - 1))
    return dataset_of([*rows, {liked: 3.0}], n_items, block=5)
