"""MinHash: signatures against `rensa` and `datasketch`, and neighbours end to end against `datasketch`.

    python benchmarks/minhash.py [FOLDER] [--threads 1] [--repeats 5] [--plot IMAGE]

The sets are the playlists that hold each track, of tracks in at least three playlists of a folder in the form of the
Million Playlist Dataset (without one, simulated plays). Signatures have 128 places; `rensa` gets the numbers of the
elements in one flat array, which is its quickest way, and `datasketch` its quickest scheme and no hash function of its
own. How far the estimates are from the Jaccard similarities stands beside the time.

Neighbours are the pairs of similarity .5 or more. `datasketch` gets the same bands and rows, and once those that it
chooses by itself; what it proposes is verified on Python's sets, as segue verifies by itself. Recall is of all true
pairs, found without hashing. `--plot` draws the chance of a pair to be compared, and the share that was.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from interactions import interactions
from segue.core.dataset import Dataset
from segue.kernels.minhash import multipliers
from segue.kernels.minhash_neighbours import Sets, bucketed, nearest, signed
from segue.models.minhash import Banding, MinHash
from segue.readers import read

PLACES = 128
THRESHOLD = 0.5
SEED = 1

Pairs = set[tuple[int, int]]


def matrix_of(folder: Path | None) -> sp.csr_array[Any]:
    """Playlists x tracks, of the tracks in three playlists or more."""
    if folder is None:
        print("no playlists to measure on: name a folder of mpd.slice.*.json, or set SEGUE_TEST_DATA; simulated plays")
        matrix = sp.csr_array(interactions(3_000, 20_000, 300_000))
    else:
        matrix = read([folder], "million-playlist")[0].csr()
    there: sp.csr_array[Any] = sp.csr_array(matrix > 0).astype(np.float32)
    often = np.bincount(there.indices, minlength=there.shape[1]) >= 3
    return sp.csr_array(there[:, often])


def true_pairs(matrix: sp.csr_array[Any]) -> tuple[Any, Any, Any]:
    """Every pair with a common playlist, the smaller number first, and its Jaccard similarity."""
    both = sp.triu(sp.csr_array(matrix.T @ matrix), 1).tocoo()
    sizes = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return both.row, both.col, both.data / (sizes[both.row] + sizes[both.col] - both.data)


def medians(runs: dict[str, Callable[[], Any]], repeats: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Seconds of each, in turns, and what each gave last."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    gave: dict[str, Any] = {}
    for _ in range(repeats):
        for name, run in runs.items():
            started = time.perf_counter()
            gave[name] = run()
            taken[name].append(time.perf_counter() - started)
    return {name: float(np.median(each)) for name, each in taken.items()}, gave


def signatures(sets: Sets, tokens: list[list[int]], pairs: tuple[Any, Any, Any], threads: int, repeats: int) -> None:
    import datasketch
    import rensa

    numbers, offsets = sets.elements.astype(np.uint64), sets.offsets.astype(np.uint64)
    functions = multipliers(PLACES, SEED)

    def of_rensa(rho: bool) -> Any:
        way = "digest_matrix_from_flat_token_hashes" + ("_rho" if rho else "")
        return getattr(rensa.RMinHash, way)(numbers, offsets, num_perm=PLACES, seed=SEED)

    runs = {
        "segue": lambda: signed(sets.offsets, numbers, functions, threads=threads),
        "rensa": lambda: of_rensa(False),
        "rensa, rho": lambda: of_rensa(True),
    }
    seconds, gave = medians(runs, repeats)
    slow = {"datasketch": lambda: datasketch.MinHash.bulk(tokens, num_perm=PLACES, hashfunc=int, scheme="affine32")}
    more_seconds, more = medians(slow, 1)
    matrices = {
        "segue": gave["segue"],
        "rensa": np.array(gave["rensa"].to_rows()),
        "datasketch": np.array([one.hashvalues for one in more["datasketch"]]),
    }
    seconds |= more_seconds
    row, column, similarity = pairs
    alike = np.flatnonzero(similarity >= 0.2)
    print(f"signatures of {PLACES} places, {threads} thread(s), medians of {repeats} (datasketch: once)\n")
    print(f"{'what':<12}  {'us per set':>10}  {'time, segue = 1':>15}  {'error of estimates':>18}")
    for name, taken in seconds.items():
        error = "-"  # the places of rho's sketch do not agree as often as sets are alike
        if name in matrices:
            estimates = (matrices[name][row[alike]] == matrices[name][column[alike]]).mean(axis=1)
            error = f"{np.sqrt(np.mean((estimates - similarity[alike]) ** 2)):.4f}"
        each = 1e6 * taken / (sets.offsets.size - 1)
        print(f"{name:<12}  {each:10.3f}  {taken / seconds['segue']:15.2f}  {error:>18}")


def by_datasketch(tokens: list[list[int]], banding: Banding | None) -> Pairs:
    """The pairs of similarity THRESHOLD or more that `datasketch` finds."""
    import datasketch

    places = PLACES if banding is None else banding.places
    params = None if banding is None else (banding.bands, banding.rows)
    index = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=places, params=params)
    hashes = datasketch.MinHash.bulk(tokens, num_perm=places, hashfunc=int, scheme="affine32")
    with index.insertion_session() as session:
        for number, one in enumerate(hashes):
            session.insert(number, one, check_duplication=False)
    held = [frozenset(one) for one in tokens]
    found: Pairs = set()
    for number, one in enumerate(hashes):
        for other in index.query(one):
            if other > number:
                both = len(held[number] & held[other])
                if both >= THRESHOLD * (len(held[number]) + len(held[other]) - both):
                    found.add((number, other))
    return found


def neighbours(matrix: sp.csr_array[Any], tokens: list[list[int]], true: Pairs, threads: int, repeats: int) -> None:
    dataset = Dataset.from_csr(matrix, feedback="presence")
    configuration = MinHash(threshold=THRESHOLD)

    def by_segue() -> Pairs:
        lists = configuration.fit(dataset, seed=SEED, threads=threads).neighbours
        rows = np.repeat(np.arange(len(lists)), np.diff(lists.offsets))
        first = rows < lists.items
        return set(zip(rows[first].tolist(), lists.items[first].tolist(), strict=True))

    seconds, found = medians({"segue": by_segue}, repeats)
    runs = {
        "datasketch, same bands": lambda: by_datasketch(tokens, configuration.banding),
        "datasketch, its own bands": lambda: by_datasketch(tokens, None),
    }
    more_seconds, more_found = medians(runs, 1)
    seconds |= more_seconds
    found |= more_found
    banding = configuration.banding
    print(f"\npairs of similarity {THRESHOLD} or more, {banding.bands} bands of {banding.rows} places, end to end\n")
    print(f"{'what':<26}  {'seconds':>8}  {'time, segue = 1':>15}  {'recall':>7}  {'wrong':>5}")
    for name, pairs in found.items():
        share, wrong = len(pairs & true) / len(true), len(pairs - true)
        print(f"{name:<26}  {seconds[name]:8.3f}  {seconds[name] / seconds['segue']:15.1f}  {share:7.4f}  {wrong:5}")


def plot(sets: Sets, pairs: tuple[Any, Any, Any], image: Path) -> None:
    """The chance of a pair to be compared by its similarity, for several thresholds, and the share that was."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    row, column, similarity = pairs
    figure, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    line = np.linspace(0, 1, 500)
    edges = np.linspace(0, 1, 26)
    n = sets.offsets.size - 1
    for threshold, colour in ((0.05, "#1b7f79"), (0.2, "#5b6abf"), (0.5, "#c8553d"), (0.8, "#8a6d00")):
        banding = MinHash(threshold=threshold).banding
        found = signed(sets.offsets, sets.elements.astype(np.uint64), multipliers(banding.places, SEED))
        everything = np.arange(n, dtype=np.int32)
        buckets = bucketed(found, *banding)
        items, _ = nearest(sets, buckets, None, everything, k=n // 4, threshold=1e-9, most=n)
        rows = np.repeat(np.arange(n), np.count_nonzero(items >= 0, axis=1))
        keys = np.sort(rows * np.int64(n) + items[items >= 0])
        wanted = row * np.int64(n) + column
        met = keys[np.searchsorted(keys, wanted).clip(max=keys.size - 1)] == wanted
        place = np.digitize(similarity, edges) - 1
        counts = np.bincount(place, minlength=25)[:25]
        shares = np.bincount(place, met, minlength=25)[:25] / np.maximum(counts, 1)
        middle = np.bincount(place, similarity, minlength=25)[:25] / np.maximum(counts, 1)
        label = f"threshold {threshold}: {banding.bands} x {banding.rows}"
        axes.plot(line, banding.chance(line), color=colour, label=label)
        axes.plot(middle[counts >= 30], shares[counts >= 30], "o", color=colour, markersize=4)
        axes.plot([threshold], banding.chance([threshold]), "|", color=colour, markersize=16)
    axes.set(xlabel="Jaccard similarity of two tracks", ylabel="chance to be compared", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(title="lines: 1 - (1 - s^rows)^bands\ndots: measured", loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(image, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    named = os.environ.get("SEGUE_TEST_DATA")
    usual = Path(named) / "million-playlist" if named else None
    parser.add_argument("folder", type=Path, nargs="?", default=usual, help="by default, that of SEGUE_TEST_DATA")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--plot", type=Path, metavar="IMAGE", help="draw the S-curves")
    options = parser.parse_args()
    os.environ["RAYON_NUM_THREADS"] = str(options.threads)  # before `rensa` is loaded
    matrix = matrix_of(options.folder)
    columns = sp.csc_array(matrix)
    sets = Sets(columns.indptr.astype(np.int64), columns.indices.astype(np.int32), matrix.shape[0])
    tokens = [part.tolist() for part in np.split(sets.elements, sets.offsets[1:-1])]
    pairs = true_pairs(matrix)
    alike = pairs[2] >= THRESHOLD
    true = set(zip(pairs[0][alike].tolist(), pairs[1][alike].tolist(), strict=True))
    print(f"{len(tokens):,} tracks, {sets.elements.size:,} entries, {2 * len(true):,} ordered pairs of {THRESHOLD}\n")
    if options.plot:
        plot(sets, pairs, options.plot)
        return
    signatures(sets, tokens, pairs, options.threads, options.repeats)
    neighbours(matrix, tokens, true, options.threads, options.repeats)


if __name__ == "__main__":
    main()
