"""Groups of items that are one recording or one song, over a whole catalogue.

Two items are one recording where their names share the recording key, or where they share an ISRC or an MBID. They are
one song where they are one recording, or where their names share the song key. Whatever joins two items joins all that
each of them is joined to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from segue.core.arrays import Int32Array, Int64Array, frozen
from segue.core.catalogue import Catalogue
from segue.errors import SettingsError
from segue.identity.evidence import By, Evidence
from segue.identity.near import near_pairs

_COLUMNS: Final[tuple[By, ...]] = ("recording", "song")


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Which items are one.

    codes:   int32, shape (n_items,), the group of each item, numbered by first appearance.
    keys:    the key of each group: that of its first item, or "id | ..." where its name gives none.
    by_name, by_spelling, by_isrc, by_mbid: items that each kind of evidence joins to an earlier one, taken by itself.
    unnamed: items whose name says too little for a key (no title, no artist, "Intro" without an album).
    apart:   items of keys that were split, because films or durations contradict each other.
    isrc_conflicts: groups whose items have more than one ISRC; they stay together.
    """

    codes: Int32Array
    keys: pl.Series
    by_name: int
    by_spelling: int
    by_isrc: int
    by_mbid: int
    unnamed: int
    apart: int
    isrc_conflicts: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", frozen(self.codes, np.int32))

    def __len__(self) -> int:
        return self.keys.len()

    @property
    def sizes(self) -> Int64Array:
        """The number of items of each group, int64, shape (n_groups,)."""
        return np.bincount(self.codes, minlength=len(self)).astype(np.int64)


def grouped(catalogue: Catalogue, by: By = "recording", *, near: bool = True) -> Grouping:
    """The items of a catalogue in groups of one recording or of one song.

    `near` joins keys that are one but for their spelling too (`segue.identity.near`), those that a rule confirms.
    A function of the catalogue alone, the same for any order of the items but for the numbering. Raises SettingsError
    for another `by`.
    """
    if by not in ("recording", "song"):
        raise SettingsError(f"items can be one by 'recording' or by 'song', not by {by!r}")
    return _grouped(catalogue, Evidence(catalogue), by, near=near)


def _grouped(catalogue: Catalogue, evidence: Evidence, by: By, *, near: bool) -> Grouping:
    names, apart = evidence.keys(by)
    recordings = names if by == "recording" else evidence.keys("recording")[0]
    spelled = np.arange(len(catalogue), dtype=np.int64)
    if near:
        confirmed = near_pairs(evidence, by).drop_nulls("rule")
        spelled[confirmed["second"].to_numpy()] = confirmed["first"].to_numpy()
    joined = {
        "name": _to_first(names),
        "recording": _to_first(recordings),
        "spelling": spelled,
        "isrc": _to_first(evidence.isrc),
        "mbid": _to_first(evidence.mbid),
    }
    codes = _numbered(_components(list(joined.values()), len(catalogue)))
    first = np.unique(codes, return_index=True)[1]
    keys = pl.select(pl.coalesce(names, pl.lit("id | ") + catalogue.frame["id"]).alias(by)).to_series().gather(first)
    own = np.arange(len(catalogue))
    count = {kind: int(np.count_nonzero(to != own)) for kind, to in joined.items()}
    several = pl.DataFrame({"group": codes, "isrc": evidence.isrc}).drop_nulls().unique().group_by("group").len()
    return Grouping(
        codes,
        keys,
        by_name=count["name"],
        by_spelling=count["spelling"],
        by_isrc=count["isrc"],
        by_mbid=count["mbid"],
        unnamed=names.null_count(),
        apart=int(np.count_nonzero(apart)),
        isrc_conflicts=several.filter(pl.col("len") > 1).height,
    )


def keyed(catalogue: Catalogue, *, near: bool = True) -> Catalogue:
    """The same catalogue with its columns "recording" and "song": items with equal keys are one recording or song."""
    evidence = Evidence(catalogue)
    columns = []
    for by in _COLUMNS:
        groups = _grouped(catalogue, evidence, by, near=near)
        columns.append(groups.keys.gather(groups.codes).alias(by))
    return Catalogue(catalogue.frame.with_columns(columns))


def _to_first(keys: pl.Series) -> Int64Array:
    """For each item the first one with its key; itself where it has none."""
    table = keys.alias("key").to_frame().with_row_index("item")
    first = pl.when(pl.col("key").is_null()).then("item").otherwise(pl.col("item").min().over("key"))
    return table.select(first.cast(pl.Int64)).to_series().to_numpy()


def _components(edges: list[Int64Array], n: int) -> Int32Array:
    if n == 0:
        return np.zeros(0, np.int32)
    starts = np.tile(np.arange(n, dtype=np.int64), len(edges))
    ends = np.concatenate(edges)
    graph = sp.coo_array((np.ones(starts.size, np.int8), (starts, ends)), shape=(n, n)).tocsr()
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)


def _numbered(labels: Int32Array) -> Int32Array:
    """The same groups, numbered by first appearance."""
    _, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int32)
    rank[np.argsort(first)] = np.arange(first.size, dtype=np.int32)
    return rank[codes]
