"""From a raw file to a list for everybody in Parquet: segue's commands, beside a script of Polars and `implicit`.

    python benchmarks/end_to_end.py [--users 100000] [--items 40000] [--entries 4400000] [--factors 64] [-k 500]
    python benchmarks/end_to_end.py --growth          10,000, 100,000 and 1,000,000 users, 50 plays each, 100,000 items
    python benchmarks/end_to_end.py --peer none ...   segue alone

segue's side is what a person types: `segue import`, `segue train`, `segue recommend --all`, each a process of its own.
The peer's side is one process: Polars reads the file and numbers the ids, `implicit` fits as many sweeps of as many
factors with its defaults, recommends in blocks, and Polars writes the lists. A fifth of 2,000 users' songs is hidden
from both, so that the quality reached stands beside the time; seconds and peak memory are those of whole processes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interactions import interactions

SWEEPS = 16
ASKED = 2000  # users whose hidden songs are looked for
BLOCK = 10_000  # users whose lists the peer holds at once


def files(folder: Path, users: int, items: int, entries: int) -> tuple[Path, pl.DataFrame]:
    """Writes plays.csv (user, song, plays); returns what is hidden of some users, as (user, song)."""
    matrix = interactions(users, items, entries).tocoo()
    rng = np.random.default_rng(1)
    asked = np.zeros(users, np.bool_)
    asked[rng.choice(users, min(users, ASKED), replace=False)] = True
    hidden = asked[matrix.row] & (rng.random(matrix.nnz) < 0.2)
    frame = pl.DataFrame({"user": matrix.row, "song": matrix.col, "plays": matrix.data.astype(np.int64)}).with_columns(
        user="u" + pl.col("user").cast(pl.String), song="SO" + pl.col("song").cast(pl.String).str.zfill(8)
    )
    path = folder / "plays.csv"
    frame.filter(pl.Series(~hidden)).write_csv(path)
    return path, frame.filter(pl.Series(hidden)).select("user", "song")


def with_segue(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    workspace = path.parent / "workspace"
    command = [sys.executable, "-m", "segue", "-w", str(workspace)]
    subprocess.run([sys.executable, "-m", "segue", "init", str(workspace)], check=True, capture_output=True)
    settings = workspace / "segue.toml"
    text = settings.read_text(encoding="utf-8")
    pipeline = text.index("[pipeline]")
    stages = text[pipeline:]
    for key, value in (
        ("sources", '["implicit-als"]'),
        ("candidates", str(options.k)),
        ("rules", "[]"),
        ("fallback", '"none"'),
    ):
        stages = re.sub(rf"^{key} = .*$", f"{key} = {value}", stages, count=1, flags=re.MULTILINE)
    head = re.sub(r"^factors = 128$", f"factors = {options.factors}", text[:pipeline], count=1, flags=re.MULTILINE)
    settings.write_text(head + stages, encoding="utf-8")
    steps = {
        "import": [*command, "import", str(path)],
        "train": [*command, "train", "--model", "implicit-als"],
        "recommend": [
            *command,
            "recommend",
            "--all",
            "--out",
            str(path.parent / "segue.parquet"),
            "-k",
            str(options.k),
        ],
    }
    told: dict[str, Any] = {"seconds": {}, "peak": {}}
    for name, step in steps.items():
        told["seconds"][name], told["peak"][name] = run(step)
    return told


def run(command: list[str]) -> tuple[float, float]:
    """Seconds and GiB of a process; ends with what it said where it fails."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(said.read().decode(errors="replace"))
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return time.perf_counter() - start, used.ru_maxrss * unit / 2**30


def peer(path: Path, options: argparse.Namespace) -> None:
    """The peer's side, in a process of its own; prints its seconds as JSON."""
    import scipy.sparse as sp
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    seconds = {}
    start = time.perf_counter()
    frame = pl.read_csv(path)
    users, songs = (frame[name].unique(maintain_order=True) for name in ("user", "song"))
    rows, columns = (
        frame[name].cast(pl.Enum(ids)).to_physical().to_numpy() for name, ids in (("user", users), ("song", songs))
    )
    matrix = sp.csr_matrix((np.ones(frame.height, np.float32), (rows, columns)), shape=(users.len(), songs.len()))
    matrix.data[:] = 1
    seconds["import"] = time.perf_counter() - start
    start = time.perf_counter()
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=options.factors, iterations=SWEEPS, num_threads=options.threads, random_state=0
        )
        model.fit(matrix, show_progress=False)
        seconds["train"] = time.perf_counter() - start
        start = time.perf_counter()
        parts = []
        for first in range(0, users.len(), BLOCK):
            chosen = np.arange(first, min(first + BLOCK, users.len()))
            items, scores = model.recommend(chosen, matrix[chosen], N=options.k, filter_already_liked_items=True)
            part = path.parent / f"peer-{first}.parquet"
            pl.DataFrame(
                {
                    "user": users.gather(np.repeat(chosen, items.shape[1])),
                    "rank": np.tile(np.arange(1, items.shape[1] + 1, dtype=np.int32), chosen.size),
                    "item": songs.gather(items.ravel()),
                    "score": scores.ravel(),
                }
            ).write_parquet(part)
            parts.append(part)
    pl.scan_parquet(parts).sink_parquet(path.parent / "peer.parquet")
    for part in parts:
        part.unlink()
    seconds["recommend"] = time.perf_counter() - start
    print(json.dumps(seconds))


def with_peer(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    arguments = ["--side", str(path), "--factors", str(options.factors), "-k", str(options.k)]
    before = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, *arguments, "--threads", str(options.threads)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds = json.loads(done.stdout)
    seconds["starting"] = time.perf_counter() - before - sum(seconds.values())
    unit = 1 if sys.platform == "darwin" else 1024
    return {"seconds": seconds, "peak": {"all": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 2**30}}


def recall(lists: Path, hidden: pl.DataFrame, k: int) -> float:
    """The mean share of a user's hidden songs among the first k."""
    found = pl.scan_parquet(lists).filter(pl.col("rank") <= k).rename({"item": "song"}).select("user", "song")
    asked = hidden.with_columns(n=pl.len().over("user"))
    hits = (
        asked.lazy().join(found, on=["user", "song"], how="semi").group_by("user").agg(pl.len() / pl.col("n").first())
    )
    total = hits.select(pl.col("len").sum()).collect().item()
    return float(total or 0.0) / asked["user"].n_unique()


def compare(users: int, items: int, entries: int, options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path, hidden = files(Path(folder), users, items, entries)
        size = path.stat().st_size / 2**20
        print(f"\n{users:,} users, {items:,} items, {entries:,} plays asked for ({size:,.0f} MiB of text)", flush=True)
        sides = {"segue": with_segue} | ({} if options.peer == "none" else {"peer": with_peer})
        for name, side in sides.items():
            told = side(path, options)
            total = sum(told["seconds"].values())
            steps = "  ".join(f"{step} {spent:.1f} s" for step, spent in told["seconds"].items())
            lists = Path(folder) / f"{name}.parquet"
            print(
                f"{name:<6}  {total:8.1f} s  {max(told['peak'].values()):5.1f} GiB  recall@{options.k} "
                f"{recall(lists, hidden, options.k):.4f}  {lists.stat().st_size / 2**20:,.0f} MiB   ({steps})",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=40_000)
    parser.add_argument("--entries", type=int, default=4_400_000)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("-k", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", choices=("implicit", "none"), default="implicit")
    parser.add_argument("--growth", action="store_true", help="how cost grows with the number of users")
    parser.add_argument("--small", action="store_true", help="a tenth of everything, for a quick try")
    parser.add_argument("--folder", type=Path, help="where the files go meanwhile")
    parser.add_argument("--side", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side is not None:
        peer(options.side, options)
    elif options.growth:
        for users in (1_000, 10_000) if options.small else (10_000, 100_000, 1_000_000):
            compare(users, 100_000, 50 * users, options)
    else:
        share = 10 if options.small else 1
        compare(options.users // share, options.items // share, options.entries // share, options)


if __name__ == "__main__":
    main()
