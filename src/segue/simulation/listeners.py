"""The listeners of the demo world: what each likes, how that changes over the year, and how much each listens."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any, Final

import numpy as np
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from segue.simulation.genres import GENRES
from segue.simulation.music import Music
from segue.simulation.naming import person_names
from segue.simulation.parameters import Parameters
from segue.simulation.streams import Part, scrambled, stream, unit
from segue.simulation.words import COUNTRIES, COUNTRY_SHARES

_SCENES: Final = 96
_TASTES: Final = 4  # genres that a listener follows
_FAVOURITES: Final = 3  # artists
_NEW_GENRE: Final = 0.3  # share of listeners whose taste drifts to a genre that they did not follow before
_MOST_PLAYS: Final = 10.0  # times the mean


@dataclass(frozen=True, slots=True, eq=False)
class Listeners:
    """Some listeners in a row, n of them.

    tastes, drifts: float32, shape (n, d); the taste at the time t (0 to 1 over the year) is tastes + (t - 1/2) drifts.
    plays:          int64, shape (n,), how many plays each has.
    hours:          float64, shape (n,), the hour of the day around which each listens.
    """

    tastes: Float32Array
    drifts: Float32Array
    plays: Int64Array
    hours: Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class Society:
    """Who belongs together: scenes (what is listened to together, and where) and circles (who may be friends).

    Listeners stand on a ring, scattered over it by `step`: row u has the place (step * u) mod n. Neighbours on the ring
    form circles of `parameters.community`; a circle belongs to one scene. So nothing is stored for a listener.
    """

    size: int
    seed: int
    step: int
    parameters: Parameters
    scene_genres: Float64Array  # (scenes, genres), probabilities
    scene_countries: Float64Array  # (scenes, countries), probabilities

    def places(self, rows: Int64Array) -> Int64Array:
        """Where these listeners stand on the ring."""
        return (rows * self.step) % self.size

    def rows(self, places: Int64Array) -> Int64Array:
        """Who stands at these places."""
        return (places * pow(self.step, -1, self.size)) % self.size

    def scenes(self, rows: Int64Array) -> Int64Array:
        """The scene of each of these listeners."""
        circle = self.places(rows) // self.parameters.community
        return (scrambled(circle.astype(np.uint64) + _salt(self.seed, 1)) % np.uint64(_SCENES)).astype(np.int64)

    def friends(self, start: int, stop: int) -> sp.csr_array[Any]:
        """Who knows whom among all, for the rows start..stop: csr, shape (stop - start, size), symmetric over all rows.

        Whether two people of a circle are friends is decided by a number mixed of both their places: more probably so
        where both are sociable. Beside that everyone may have two friends anywhere, by pairings that are their own
        inverse.
        """
        rows = np.arange(start, stop, dtype=np.int64)
        places = self.places(rows)
        circle = self.parameters.community
        first = places // circle * circle
        found = [self._edges(rows, first + other) for other in range(circle)]
        found += [self._distant(rows, places, number) for number in (2, 3)]
        here = np.concatenate([pair[0] for pair in found])
        there = np.concatenate([pair[1] for pair in found])
        ones = np.ones(here.size, np.float32)
        matrix = sp.csr_array((ones, (here - start, there)), shape=(stop - start, self.size))
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
        return matrix

    def _edges(self, rows: Int64Array, others: Int64Array) -> tuple[Int64Array, Int64Array]:
        places = self.places(rows)
        there = (others < self.size) & (others != places)
        pair = np.minimum(places, others) * np.int64(self.parameters.community) + np.abs(places - others)
        chance = unit(scrambled(pair.astype(np.uint64) + _salt(self.seed, 4)))
        density = self.parameters.friends / max(1, min(self.parameters.community, self.size) - 1)
        knows = there & (chance < density * self._sociable(places) * self._sociable(others))
        return rows[knows], self.rows(others[knows])

    def _distant(self, rows: Int64Array, places: Int64Array, number: int) -> tuple[Int64Array, Int64Array]:
        turn = int(scrambled(np.array([_salt(self.seed, number)], np.uint64))[0] % np.uint64(self.size))
        others = (turn - places) % self.size
        pair = np.minimum(places, others).astype(np.uint64) + _salt(self.seed, 10 + number)
        knows = (others != places) & (unit(scrambled(pair)) < self.parameters.strangers)
        return rows[knows], self.rows(others[knows])

    def _sociable(self, places: Int64Array) -> Float64Array:
        """How readily each makes friends, 0.3 to 1.7, on average 1."""
        return 0.3 + 1.4 * unit(scrambled(places.astype(np.uint64) + _salt(self.seed, 5)))


def make_society(size: int, seed: int, parameters: Parameters) -> Society:
    """The scenes of a world and the ring on which so many listeners stand."""
    rng = stream(seed, Part.SCENES)
    shares = np.array([genre.share for genre in GENRES])
    scene_genres = rng.dirichlet(0.08 * shares, _SCENES)
    scene_countries = 0.2 * np.array(COUNTRY_SHARES) / sum(COUNTRY_SHARES) + np.zeros((_SCENES, 1))
    home = rng.choice(len(COUNTRIES), _SCENES, p=np.array(COUNTRY_SHARES) / sum(COUNTRY_SHARES))
    scene_countries[np.arange(_SCENES), home] += 0.8
    step = max(1, round(size * 0.6180339887))
    while gcd(step, size) != 1:
        step += 1
    return Society(size, seed, step, parameters, scene_genres, scene_countries)


def make_listeners(music: Music, society: Society, cell: int, rows: Int64Array) -> Listeners:
    """The listeners of one cell; `rows` are all its rows."""
    parameters = society.parameters
    rng = stream(society.seed, Part.TASTES, cell)
    n = rows.size
    genres = _followed(society, rows, rng)
    weights = np.sort(rng.gamma(0.7, size=(n, _TASTES)), axis=1)[:, ::-1] + 1e-6
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    styles = _unit(music.genre_styles.astype(np.float64))
    style = np.einsum("nk,nkd->nd", weights, styles[genres])
    style += parameters.loyalty * _favourites(music, genres, weights, rng)
    style += parameters.whim * _unit(rng.standard_normal((n, parameters.styles)))
    style = parameters.sharpness * _unit(style)
    preferences = parameters.audio_taste * rng.standard_normal((n, 4))
    era = parameters.era_taste * rng.standard_normal((n, 1))
    tastes = np.hstack([style, preferences, era])

    # From the first genre to the second, or now and then to one that is new.
    second = np.where(rng.random(n) < _NEW_GENRE, _followed(society, rows, rng)[:, 0], genres[:, 1])
    away = styles[second] - styles[genres[:, 0]]
    away += 0.5 * _unit(rng.standard_normal((n, parameters.styles)))
    drifts = np.zeros_like(tastes)
    drifts[:, : parameters.styles] = parameters.drift * parameters.sharpness * _unit(away)

    spread = parameters.plays_spread
    plays = parameters.plays_per_listener * np.exp(spread * rng.standard_normal(n) - spread**2 / 2)
    hours = (19.0 + 4.0 * rng.standard_normal(n)) % 24.0
    return Listeners(
        tastes.astype(np.float32),
        drifts.astype(np.float32),
        np.clip(np.round(plays), 5, _MOST_PLAYS * parameters.plays_per_listener).astype(np.int64),
        hours,
    )


def people(society: Society, cell: int, rows: Int64Array) -> pl.DataFrame:
    """Who the listeners of one cell are: a frame of id, name and country."""
    rng = stream(society.seed, Part.PEOPLE, cell)
    countries = _draw(society.scene_countries, society.scenes(rows), rng.random(rows.size))
    return pl.DataFrame(
        {
            "id": user_ids(rows),
            "name": person_names(rng, rows.size),
            "country": [COUNTRIES[number] for number in countries.tolist()],
        }
    )


def user_ids(rows: Int64Array) -> list[str]:
    """The ids of the listeners in these rows."""
    return [f"u{row:06d}" for row in rows.tolist()]


def _followed(society: Society, rows: Int64Array, rng: np.random.Generator) -> Int64Array:
    """The genres that each listener follows, (n, _TASTES); one may come twice."""
    shares = np.array([genre.share for genre in GENRES])
    everywhere = rng.choice(len(GENRES), (rows.size, _TASTES), p=shares / shares.sum())
    scenes = society.scenes(rows)
    here = np.column_stack([_draw(society.scene_genres, scenes, rng.random(rows.size)) for _ in range(_TASTES)])
    from_scene: BoolArray = rng.random((rows.size, _TASTES)) < society.parameters.scene_share
    return np.where(from_scene, here, everywhere)


def _favourites(music: Music, genres: Int64Array, weights: Float64Array, rng: np.random.Generator) -> Float64Array:
    """The direction of a few artists of the listener's genres, (n, styles); common artists are chosen more often."""
    order = np.argsort(music.artist_genres, kind="stable")
    bounds = np.searchsorted(music.artist_genres[order], np.arange(len(GENRES) + 1))
    cumulative = np.concatenate([[0.0], np.cumsum(music.artist_exposure[order])])
    rows = np.arange(genres.shape[0])
    total = np.zeros((rows.size, music.artist_styles.shape[1]))
    # Which genre each favourite comes from: by the squares of the weights, which sum to 1.
    edges = np.cumsum(weights**2, axis=1)
    for _ in range(_FAVOURITES):
        which = np.minimum((rng.random((rows.size, 1)) > edges).sum(axis=1), genres.shape[1] - 1)
        genre = genres[rows, which]
        low, high = cumulative[bounds[genre]], cumulative[bounds[genre + 1]]
        place = np.searchsorted(cumulative, low + rng.random(rows.size) * (high - low), side="right") - 1
        there = bounds[genre + 1] > bounds[genre]  # a small world has genres without an artist
        chosen = order[np.clip(place, 0, order.size - 1)]
        total += there[:, np.newaxis] * music.artist_styles[chosen]
    return total / _FAVOURITES**0.5


def _draw(tables: Float64Array, rows: Int64Array, draws: Float64Array) -> Int64Array:
    """One draw from each of these rows of probabilities."""
    cumulative = np.cumsum(tables, axis=1)[rows]
    return np.minimum((draws[:, np.newaxis] >= cumulative).sum(axis=1), tables.shape[1] - 1)


def _salt(seed: int, number: int) -> np.uint64:
    words = np.random.SeedSequence(seed, spawn_key=(int(Part.FRIENDS), number)).generate_state(1, np.uint64)
    return np.uint64(words[0])


def _unit(rows: Float64Array) -> Float64Array:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
