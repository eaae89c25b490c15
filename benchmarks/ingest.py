"""From raw files to a saved dataset: against what Polars alone takes to read the same files and sum them.

    python benchmarks/ingest.py [--small] [--repeats 5] [--only SUBJECT]

Ten million rows (user, song, count) with Zipf popularity as a table, user by user as such files come and shuffled, the
hardest order; as a taste profile, with hashes for ids; and playlists as slices of JSON. Polars scans text and sums the
counts of each pair, or reads the JSON and lays out the tracks; segue reads, accounts for every row, and writes the
dataset. Both must find the same number of pairs and the same sum.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from segue.dataset_files import write_dataset
from segue.readers import read
from segue.readers.reader import NO_OPTIONS, ReadOptions

Answer = tuple[int, int]


@dataclass(frozen=True)
class Subject:
    """Files of one form, and how each side reads them."""

    name: str
    write: Callable[[Path, int], list[Path]]
    format: str
    options: ReadOptions
    peer: Callable[[list[Path]], Answer]


def triplets(rows: int, *, shuffled: bool) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Users evenly, songs by a Zipf law, counts mostly small."""
    generator = np.random.default_rng(0)
    users, songs = rows // 24, max(10, rows // 58)
    heard_by = generator.integers(0, users, rows)
    rank = np.minimum((songs ** generator.random(rows)).astype(np.int64), songs - 1)
    return (
        pl.Series("user", heard_by if shuffled else np.sort(heard_by)),
        pl.Series("song", rank),
        pl.Series("plays", generator.geometric(0.4, rows)),
    )


def table(folder: Path, rows: int, *, shuffled: bool) -> list[Path]:
    user, song, plays = triplets(rows, shuffled=shuffled)
    path = folder / "plays.csv"
    pl.DataFrame([user, ("SO" + song.cast(pl.String)).alias("song"), plays]).write_csv(path)
    return [path]


def taste_profile(folder: Path, rows: int) -> list[Path]:
    """The same as in the Taste Profile: 40 hex digits, SO and 16 characters, tabs, no header."""
    user, song, plays = triplets(rows, shuffled=False)
    hashes = pl.Series([hashlib.sha1(b"%d" % number).hexdigest() for number in range(rows // 24)])  # noqa: S324
    songs = "SO" + song.cast(pl.String).str.zfill(16)
    path = folder / "triplets.txt"
    pl.DataFrame({"user": hashes.gather(user), "song": songs, "plays": plays}).write_csv(
        path, include_header=False, separator="\t"
    )
    return [path]


def playlists(folder: Path, rows: int) -> list[Path]:
    """Slices of a thousand playlists with every official field of a track; 20 times fewer entries than rows of text."""
    generator = np.random.default_rng(0)
    paths = []
    for number in range(max(1, rows // 20 // 66_000)):
        lists = []
        for pid in range(number * 1000, number * 1000 + 1000):
            tracks = np.minimum((200_000 ** generator.random(generator.integers(5, 128))).astype(int), 199_999)
            lists.append(
                {
                    "name": f"list {pid}",
                    "pid": pid,
                    "num_tracks": tracks.size,
                    "tracks": list(map(track, enumerate(tracks))),
                }
            )
        paths.append(folder / f"mpd.slice.{number * 1000}-{number * 1000 + 999}.json")
        paths[-1].write_text(json.dumps({"info": {"slice": paths[-1].stem[10:]}, "playlists": lists}), encoding="utf-8")
    return paths


def track(placed: tuple[int, int]) -> dict[str, Any]:
    place, number = placed
    return {
        "pos": place,
        "artist_name": f"Artist {number % 40_000}",
        "track_uri": f"spotify:track:{number:022d}",
        "artist_uri": f"spotify:artist:{number % 40_000:022d}",
        "track_name": f"Song number {number}",
        "album_uri": f"spotify:album:{number % 90_000:022d}",
        "duration_ms": 200_000 + int(number),
        "album_name": f"Album {number % 90_000}",
    }


def summed(paths: list[Path], **form: Any) -> Answer:
    """What Polars needs for text: the counts of each pair."""
    rows = pl.scan_csv(paths[0], new_columns=["user", "song", "plays"], **form)
    found = rows.group_by("user", "song").agg(pl.col("plays").sum()).collect(engine="streaming")
    return found.height, int(found["plays"].sum())


def laid_out(paths: list[Path]) -> Answer:
    """What Polars needs for slices: a row for each track of each playlist."""
    rows = 0
    for path in paths:
        lists = pl.read_json(path).select(pl.col("playlists").explode().struct.unnest())
        rows += lists.select("pid", "tracks").explode("tracks").unnest("tracks").height
    return rows, rows


SUBJECTS = (
    Subject(
        "table, user by user",
        lambda folder, rows: table(folder, rows, shuffled=False),
        "table",
        ReadOptions(user="user", item="song", weight="plays"),
        summed,
    ),
    Subject(
        "table, shuffled",
        lambda folder, rows: table(folder, rows, shuffled=True),
        "table",
        ReadOptions(user="user", item="song", weight="plays"),
        summed,
    ),
    Subject(
        "taste-profile",
        taste_profile,
        "taste-profile",
        NO_OPTIONS,
        lambda paths: summed(paths, has_header=False, separator="\t"),
    ),
    Subject("million-playlist", playlists, "million-playlist", NO_OPTIONS, laid_out),
)


def with_segue(subject: Subject, paths: list[Path]) -> Answer:
    dataset, report = read(paths, subject.format, subject.options)
    write_dataset(dataset, paths[0].parent / "dataset", sources=report.sources)
    return dataset.histories.n_entries, int(dataset.histories.weights.sum(dtype=np.float64))


def timed(run: Callable[[], Answer]) -> tuple[float, Answer]:
    start = time.perf_counter()
    answer = run()
    return time.perf_counter() - start, answer


def measure(subject: Subject, rows: int, repeats: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        paths = subject.write(Path(folder), rows)
        size = sum(path.stat().st_size for path in paths) / 2**20
        sides: dict[str, list[float]] = {"polars": [], "segue": []}
        for _ in range(repeats):
            spent, theirs = timed(lambda: subject.peer(paths))
            sides["polars"].append(spent)
            spent, ours = timed(lambda: with_segue(subject, paths))
            sides["segue"].append(spent)
            assert ours == theirs, (ours, theirs)
    polars, segue = (np.array(spent) for spent in sides.values())
    return (
        f"{subject.name:<20}  {size:8,.0f}  {ours[0]:10,}  {np.median(polars):8.2f}  {np.median(segue):8.2f}  "
        f"{np.median(segue / polars):6.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the rows, for a quick try")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", help="the subjects whose names hold this")
    options = parser.parse_args()
    rows = 1_000_000 if options.small else 10_000_000
    print(f"medians of {options.repeats}, seconds; Polars sums, segue saves\n")
    print(f"{'':<20}  {'MiB':>8}  {'entries':>10}  {'Polars':>8}  {'segue':>8}  {'ratio':>6}")
    for subject in SUBJECTS:
        if options.only is None or options.only in subject.name:
            print(measure(subject, rows, options.repeats), flush=True)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
    print(f"\nthe process, Polars' part included, took at most {peak:.1f} GiB")


if __name__ == "__main__":
    main()
