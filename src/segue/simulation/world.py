"""The demo world as a whole, in memory or written in a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import scipy.sparse as sp

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.dataset_files import DatasetWriter
from segue.kernels.threads import resolve
from segue.simulation.listeners import (
    Listeners,
    Society,
    make_listeners,
    make_society,
    people,
    user_ids,
)
from segue.simulation.listening import make_shelves, play
from segue.simulation.music import Music, make_music
from segue.simulation.oracle import BestPossible, Oracle
from segue.simulation.parameters import PARAMETERS, Parameters, check_size
from segue.simulation.playlists import make_playlists
from segue.simulation.ratings import make_ratings
from segue.simulation.streams import CELL, cells
from segue.simulation.taste import Aim, Taste

_FRIENDS_AT_ONCE: Final = 50_000  # listeners


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A simulated catalogue and its listeners, of whom the truth is known.

    dataset:    a year of timestamped plays, feedback "plays": weight 1 for a play, 0 for a skip. A stored zero means
                "seen, nothing more": a skip is no evidence of liking, and too weak for a dislike.
    playlists:  one history per playlist, ordered by position; name and owner in the context. The same items.
    ratings:    0.5 to 5 stars, ordered by time. The same users and items.
    truth:      the probability that each listener likes each track.
    identity:   a frame of id, recording and song, one row per track: which tracks really are the same recording (a
                remaster, a reissue), and which the same song (live and acoustic versions too).
    seed, parameters: what it was made with.
    """

    dataset: Dataset
    playlists: Dataset
    ratings: Dataset
    truth: Taste
    identity: pl.DataFrame
    seed: int
    parameters: Parameters

    @property
    def skipped(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """For each entry of the dataset's histories, whether it was skipped."""
        return np.asarray(self.dataset.histories.weights == 0)

    def oracle(self, aim: Aim = "plays", when: float = 0.5) -> Oracle:
        """The best possible recommender for the listeners of this world; see `Taste.best` for aim and time."""
        return BestPossible(self.truth, aim, when).fit(self.dataset)


def simulate(
    listeners: int = 2000,
    tracks: int = 5000,
    seed: int = 0,
    progress: Progress = SILENT,
    *,
    parameters: Parameters = PARAMETERS,
    threads: int | None = None,
) -> World:
    """A demo world in memory: about 150 plays for each listener. The same arguments give the same bytes.

    The thread count makes no difference to the result. Raises SettingsError for a size that no world can have.
    """
    check_size(listeners, tracks, seed)
    music = _music(tracks, seed, parameters, progress)
    society = make_society(listeners, seed, parameters)
    parts, tables, tastes = [], [], []
    for cell in _cells(music, society, progress, threads):
        parts.append(cell.histories)
        tables.append(cell.table)
        tastes.append(cell.listeners)
    users = Vocabulary(pl.concat(table["id"] for table in tables))
    dataset = Dataset(
        users,
        music.items,
        Histories.concatenate(parts),
        music.catalogue,
        user_table=pl.concat(tables),
        friends=_friends(society),
    )
    truth = _taste(music, users, tastes, parameters)
    return World(
        dataset,
        make_playlists(music, truth, seed, parameters, progress),
        make_ratings(dataset, music, truth, seed, parameters),
        truth,
        music.identity,
        seed,
        parameters,
    )


def simulate_to(
    folder: Path,
    listeners: int = 1_000_000,
    tracks: int = 100_000,
    seed: int = 0,
    progress: Progress = SILENT,
    *,
    parameters: Parameters = PARAMETERS,
    threads: int | None = None,
) -> Path:
    """Writes the plays, listeners and friends of a demo world as a dataset, in a stream; returns the version's folder.

    What is written equals `simulate(...).dataset` for the same arguments. Memory: the catalogue (about 2 kB a track),
    some cells of 1,000 listeners, a file's worth of entries (about 200 MB), and for each listener what the writer keeps
    (id, name, country, friends: about 300 bytes), however many plays there are. Raises SettingsError for an impossible
    size, StorageError where the folder cannot be written.
    """
    check_size(listeners, tracks, seed)
    music = _music(tracks, seed, parameters, progress)
    society = make_society(listeners, seed, parameters)
    with DatasetWriter(folder, feedback="plays", order="time") as writer:
        for cell in _cells(music, society, progress, threads):
            writer.append(cell.table["id"], cell.histories, user_table=cell.table)
        return writer.finish(music.catalogue, friends=_friends(society))


def true_taste(
    listeners: int = 2000, tracks: int = 5000, seed: int = 0, *, parameters: Parameters = PARAMETERS
) -> Taste:
    """The truth of the world that `simulate` and `simulate_to` make of the same arguments, without its plays.

    Memory: 240 bytes a listener.
    """
    check_size(listeners, tracks, seed)
    music = make_music(tracks, seed, parameters)
    society = make_society(listeners, seed, parameters)
    users = Vocabulary(user_ids(np.arange(listeners)))
    tastes = [make_listeners(music, society, number, _rows(number, size)) for number, size in cells(listeners)]
    return _taste(music, users, tastes, parameters)


@dataclass(frozen=True, slots=True)
class _Cell:
    listeners: Listeners
    table: pl.DataFrame
    histories: Histories


def _music(tracks: int, seed: int, parameters: Parameters, progress: Progress) -> Music:
    with progress.task("Recording music", tracks, "tracks") as task:
        music = make_music(tracks, seed, parameters)
        task.advance(tracks)
    return music


def _cells(music: Music, society: Society, progress: Progress, threads: int | None) -> Iterator[_Cell]:
    """The cells in order; while one is used, the next ones are made, as many at once as there are threads."""
    shelves = make_shelves(music, society.parameters)

    def make(number: int, size: int) -> _Cell:
        rows = _rows(number, size)
        listeners = make_listeners(music, society, number, rows)
        histories = play(music, shelves, listeners, number, int(rows[0]), society.seed, society.parameters)
        return _Cell(listeners, people(society, number, rows), histories)

    count = resolve(threads)
    waiting: deque[Future[_Cell]] = deque()
    with (
        progress.task("Listening to it", society.size, "listeners") as task,
        ThreadPoolExecutor(count, thread_name_prefix="segue-simulation") as pool,
    ):
        try:
            for number, size in cells(society.size):
                waiting.append(pool.submit(make, number, size))
                if len(waiting) > count:
                    done = waiting.popleft().result()
                    task.advance(len(done.histories))
                    yield done
            while waiting:
                done = waiting.popleft().result()
                task.advance(len(done.histories))
                yield done
        finally:
            for future in waiting:
                future.cancel()


def _rows(cell: int, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(cell * CELL, cell * CELL + size, dtype=np.int64)


def _friends(society: Society) -> sp.csr_array[Any]:
    starts = range(0, society.size, _FRIENDS_AT_ONCE)
    parts = [society.friends(start, min(society.size, start + _FRIENDS_AT_ONCE)) for start in starts]
    return sp.csr_array(sp.vstack(parts, format="csr"))


def _taste(music: Music, users: Vocabulary, listeners: list[Listeners], parameters: Parameters) -> Taste:
    return Taste(
        users,
        music.items,
        np.concatenate([part.tastes for part in listeners]),
        np.concatenate([part.drifts for part in listeners]),
        music.vectors,
        music.bias,
        np.log(music.exposure).astype(np.float32),
        parameters.attraction,
    )
