"""From a table of text to a saved dataset: against what Polars alone takes to sum the same file.

    python benchmarks/ingest.py [--small] [--shuffled] [--repeats 5]

The file holds ten million rows (user, song, count) with Zipf popularity, user by user as such files come, or shuffled,
the hardest order. Polars scans it and sums the counts of each pair; segue reads it, accounts for every row, and writes
the dataset. Both must find the same pairs and the same sum.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from segue.dataset_files import write_dataset
from segue.readers import read
from segue.readers.reader import ReadOptions


def table(path: Path, rows: int, shuffled: bool) -> Path:
    """Writes the file: users evenly, songs by a Zipf law, counts mostly small."""
    generator = np.random.default_rng(0)
    users, songs = rows // 24, max(10, rows // 58)
    heard_by = generator.integers(0, users, rows)
    rank = np.minimum((songs ** generator.random(rows)).astype(np.int64), songs - 1)
    frame = {
        "user": pl.Series(heard_by if shuffled else np.sort(heard_by)).cast(pl.String),
        "song": "SO" + pl.Series(rank).cast(pl.String),
        "plays": generator.geometric(0.4, rows),
    }
    pl.DataFrame(frame).write_csv(path)
    return path


def with_polars(path: Path) -> tuple[int, int]:
    found = pl.scan_csv(path).group_by("user", "song").agg(pl.col("plays").sum()).collect(engine="streaming")
    return found.height, int(found["plays"].sum())


def with_segue(path: Path) -> tuple[int, int]:
    options = ReadOptions(user="user", item="song", weight="plays")
    dataset, report = read([path], "table", options)
    write_dataset(dataset, path.parent / "dataset", sources=report.sources)
    return dataset.histories.n_entries, int(dataset.histories.weights.sum(dtype=np.float64))


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = run()
    return time.perf_counter() - start, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the rows, for a quick try")
    parser.add_argument("--shuffled", action="store_true", help="rows in random order, not user by user")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = table(Path(folder) / "plays.csv", 1_000_000 if options.small else 10_000_000, options.shuffled)
        print(f"{path.stat().st_size / 2**20:,.0f} MiB of text; medians of {options.repeats}\n")
        sides = {"Polars, summed": with_polars, "segue, saved": with_segue}
        seconds: dict[str, list[float]] = {name: [] for name in sides}
        answers = {}
        for _ in range(options.repeats):
            for name, run in sides.items():
                spent, answers[name] = timed(lambda run=run: run(path))
                seconds[name].append(spent)
        assert len(set(answers.values())) == 1, answers
        base = np.array(seconds["Polars, summed"])
        print(f"{'':<16}  {'seconds':>8}  {'Polars = 1':>10}")
        for name, spent in seconds.items():
            print(f"{name:<16}  {np.median(spent):8.2f}  {np.median(np.array(spent) / base):10.2f}")
        pairs, plays = answers["segue, saved"]
        unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
        print(f"\n{pairs:,} pairs, {plays:,} plays on both sides; the process took at most {peak:.1f} GiB")


if __name__ == "__main__":
    main()
