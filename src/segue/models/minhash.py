"""Items that share enough of their listeners, found without comparing all pairs: MinHash and banded hashing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from segue.core.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, frozen
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Choice, Float, Int, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, SettingsError
from segue.kernels.minhash import EMPTY, hashed, multipliers
from segue.kernels.minhash_neighbours import Buckets, Sets, bucketed, nearest, signed
from segue.models.item_weights import Operator, restored
from segue.models.neighbour_lists import NeighbourModel

Verify: TypeAlias = Literal["exact", "estimate"]
Signatures: TypeAlias = npt.NDArray[np.uint32]


class Banding(NamedTuple):
    """Signatures cut into `bands` of `rows` places each; two sets that agree in a whole band are compared."""

    bands: int
    rows: int

    @classmethod
    def reaching(cls, threshold: float, sensitivity: float, permutations: int) -> Banding:
        """The banding that compares sets of similarity `threshold` with a probability of `sensitivity` or more.

        Of those with at most `permutations` places, the one with most rows to a band: it compares fewest sets that are
        less alike. Raises SettingsError where there is none.
        """
        for rows in range(permutations, 0, -1):
            missed = 1 - threshold**rows  # by one band
            bands = 1 if missed == 0 else math.ceil(math.log(1 - sensitivity) / math.log(missed)) if missed < 1 else 0
            if 0 < bands * rows <= permutations:
                return cls(bands, rows)
        needed = math.ceil(math.log(1 - sensitivity) / math.log1p(-threshold))
        raise SettingsError(
            f"a threshold of {threshold} at a sensitivity of {sensitivity} needs at least {needed} permutations, got "
            f"{permutations}; raise permutations or threshold, or lower sensitivity"
        )

    @property
    def places(self) -> int:
        """How long the signatures are."""
        return self.bands * self.rows

    def chance(self, similarity: npt.ArrayLike) -> Float64Array:
        """The probability that two sets of this Jaccard similarity s are compared, 1 - (1 - s^rows)^bands."""
        s = np.asarray(similarity, np.float64)
        return np.asarray(1 - (1 - s**self.rows) ** self.bands)


@dataclass(frozen=True)
class MinHash:
    """Items of overlapping audiences, by MinHash signatures and banded locality-sensitive hashing.

    With U_i the users who like i (a positive weight; dislikes and stored zeros are left out), two items are neighbours
    where they fall into a common bucket and their Jaccard similarity s_ij = |U_i & U_j| / |U_i | U_j| is at least the
    threshold; each item keeps the nearest, and

        score(i) = sum of s_ij over the liked items j of the history that are among the neighbours of i.

    Broder, "On the resemblance and containment of documents" (1997), for signatures; Leskovec, Rajaraman and Ullman,
    Mining of Massive Datasets, chapter 3, for bands: of b bands of r places, two sets of similarity s share a bucket
    with probability 1 - (1 - s^r)^b. Bands and rows follow from the first three settings, see `Banding.reaching`.

    threshold:     the least similarity of neighbours, above 0 and at most 1.
    sensitivity:   the share of the pairs just at the threshold that is to be found, above 0 and below 1; of pairs more
                   alike, more is.
    permutations:  the most hash functions, at least 1: more of them mean fewer comparisons in vain, and more memory.
    neighbours:    how many items each item keeps, at least 1.
    verify:        "exact": similarities are those of the sets. "estimate": the share of the places in which two
                   signatures of `permutations` places agree, whose standard error is sqrt(s (1 - s) / permutations).
    bucket_cap:    how many items before it and after it in a bucket an item is compared with, at least 1: what bounds
                   the time where very many items have the same few listeners.
    min_listeners: items that fewer like have no neighbours. Two items that one listener alone likes are as alike as can
                   be, which says little; from 2 on they are left out.

    This serves near duplicates and strong likeness in catalogues too large for `ItemKNN`, whose time grows with the
    square of how much users listen to, while this grows with the number of entries: the higher the threshold, the more
    it saves. The default is low, as recommending asks: a sum of many weak likenesses says more than a few strong ones.
    """

    name: ClassVar[str] = "minhash"
    space: ClassVar[Space] = {
        "threshold": Float(0.025, 0.25, log=True),
        "neighbours": Int(20, 500, log=True),
        "min_listeners": Choice((1, 2, 3, 5)),
    }

    threshold: float = 0.05
    sensitivity: float = 0.95
    permutations: int = 128
    neighbours: int = 200
    verify: Verify = "exact"
    bucket_cap: int = 64
    min_listeners: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise SettingsError(f"threshold must be above 0 and at most 1, got {self.threshold!r}")
        if not 0 < self.sensitivity < 1:
            raise SettingsError(f"sensitivity must lie between 0 and 1, got {self.sensitivity!r}")
        for name in ("permutations", "neighbours", "bucket_cap", "min_listeners"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)!r}")
        if self.verify not in get_args(Verify):
            raise SettingsError(f"verify must be 'exact' or 'estimate', got {self.verify!r}")
        Banding.reaching(self.threshold, self.sensitivity, self.permutations)

    @property
    def banding(self) -> Banding:
        """The bands and rows that the threshold, the sensitivity and the permutations lead to."""
        return Banding.reaching(self.threshold, self.sensitivity, self.permutations)

    @property
    def places(self) -> int:
        """How long the signatures are: estimates use all permutations, buckets only those of the bands."""
        return self.permutations if self.verify == "estimate" else self.banding.places

    def fit(
        self, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT, threads: int | None = None
    ) -> MinHashModel:
        """The neighbours of all items; `seed` draws the hash functions.

        Time: entries times places for the signatures, items times bands for the buckets, and the comparisons. Memory:
        4 bytes per item and place, 20 per item and band, 16 per neighbour, and three copies of the interactions. How
        many pairs the cap on buckets left out is told as a note, and is the model's `left_out`. Raises DataError where
        no entry has a positive weight.
        """
        if not (dataset.histories.merged().weights > 0).any():
            raise DataError("minhash needs at least one entry with a positive weight, and there is none")
        sets, keys = _listeners(dataset, self.min_listeners)
        functions = multipliers(self.places, seed)
        signatures = signed(sets.offsets, keys[sets.elements], functions, threads=threads)
        buckets = bucketed(signatures, *self.banding, threads=threads)
        left_out = buckets.left_out(self.bucket_cap)
        everything = np.arange(dataset.n_items, dtype=np.int32)
        with progress.task("Finding neighbours", total=dataset.n_items, unit="items") as task:
            near, similarities = self._nearest(sets, buckets, signatures, everything, None, threads, task.advance)
            if left_out:
                task.advance(0, f"large buckets: {left_out:,} pairs left out")
        lists = Operator.of_lists(near, similarities)
        return MinHashModel(self, dataset.items, lists.transposed, lists, signatures, functions, left_out)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> MinHashModel:
        """See `segue.core.protocols.Configuration.restore`."""
        lists = restored(items, arrays, "operator"), restored(items, arrays, "neighbours")
        wanted = {"signatures": (len(items), self.places), "functions": (self.places, 2), "left_out": (1,)}
        for name, shape in wanted.items():
            if name not in arrays or arrays[name].shape != shape:
                found = f"has shape {arrays[name].shape}" if name in arrays else "is missing"
                raise ArtifactError(f"the saved array {name!r} {found}; {shape} was expected: train the model again")
        origins = Origins.restored(arrays, len(items))
        signatures, functions = arrays["signatures"], arrays["functions"]
        return MinHashModel(self, items, *lists, signatures, functions, int(arrays["left_out"][0]), origins)

    def _nearest(
        self,
        sets: Sets,
        buckets: Buckets,
        signatures: Signatures,
        rows: Int32Array,
        wanted: BoolArray | None,
        threads: int | None,
        done: Any = None,
    ) -> tuple[Int32Array, Float32Array]:
        return nearest(
            sets,
            buckets,
            signatures if self.verify == "estimate" else None,
            rows,
            k=min(self.neighbours, len(sets.offsets) - 1),
            threshold=float(self.threshold),
            most=self.bucket_cap,
            wanted=wanted,
            threads=threads,
            done=done,
        )


class MinHashModel(NeighbourModel):
    """Fitted MinHash neighbours; it keeps the signatures, so that items can be added later.

    left_out: how many pairs in large buckets were not compared, counted in each bucket that a pair shares: the most
              that the cap can have cost.
    """

    def __init__(
        self,
        configuration: MinHash,
        items: Vocabulary,
        operator: Operator,
        neighbours: Operator,
        signatures: Signatures,
        functions: npt.NDArray[np.uint64],
        left_out: int,
        origins: Origins | None = None,
    ) -> None:
        if origins is None:
            origins = Origins.trained(signatures.min(axis=1, initial=EMPTY) != EMPTY)
        super().__init__(configuration, items, operator, neighbours, "binary", origins=origins)
        self._signatures = frozen(signatures, np.uint32)
        self._functions = frozen(functions, np.uint64)
        self._left_out = left_out

    @property
    def left_out(self) -> int:
        """How many pairs in large buckets were not compared."""
        return self._left_out

    def with_items(self, dataset: Dataset, *, threads: int | None = None) -> MinHashModel:
        """See `segue.core.protocols.TakesItems.with_items`; the lists are those that fitting anew would give.

        (Up to two things: a trained item keeps the signature that it had when it was trained, and the likeness to those
        that it was then compared with; and of a full list, what an item placed before had pushed out stays out.) Users
        are known again by their ids. Time: as for fitting, of the items placed and of those that share a bucket with
        one. Raises DataError unless `dataset.items` begins with the model's own.
        """
        if not self._items.is_prefix_of(dataset.items):
            raise DataError(
                f"the dataset's items must begin with the {self._n_items} that the model knows, in the same order; "
                "append the new ones to the data that the model was trained on"
            )
        sets, keys = _listeners(dataset, self._configuration.min_listeners)
        trained = np.zeros(dataset.n_items, np.bool_)
        trained[: self._n_items] = self._origins.known
        placed = np.flatnonzero(~trained).astype(np.int32)
        signatures = np.empty((dataset.n_items, len(self._functions)), np.uint32)
        signatures[: self._n_items] = self._signatures
        signatures[placed] = _signatures_of(placed, sets, keys, self._functions, threads)
        buckets = bucketed(signatures, *self._configuration.banding, threads=threads)
        met = np.flatnonzero(trained & _sharing(buckets, ~trained)).astype(np.int32)
        find = self._configuration._nearest
        of_placed = _entries(placed, *find(sets, buckets, signatures, placed, None, threads))
        of_met = _entries(met, *find(sets, buckets, signatures, met, ~trained, threads))
        lists = self._lists_with(of_placed, of_met, trained)
        known = np.zeros(dataset.n_items, np.bool_)
        known[placed] = np.diff(sets.offsets)[placed] > 0
        origins = Origins.of(
            [
                "trained" if was else "projected" if now else "none"
                for was, now in zip(trained.tolist(), known.tolist(), strict=True)
            ]
        )
        left_out = buckets.left_out(self._configuration.bucket_cap)
        return MinHashModel(
            self._configuration,
            dataset.items,
            lists.transposed,
            lists,
            signatures,
            self._functions,
            left_out,
            origins,
        )

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        own = {
            "signatures": self._signatures,
            "functions": self._functions,
            "left_out": np.array([self._left_out], np.int64),
        }
        return {**super().arrays(), **own, **self._origins.arrays()}

    def _query(self, histories: Histories) -> Histories:
        merged = histories.merged()  # a dislike says nothing here, and weighs nothing
        return replace(merged, weights=(merged.weights > 0).astype(np.float32))

    def _lists_with(self, of_placed: _Entries, of_met: _Entries, trained: BoolArray) -> Operator:
        """The lists of all items: of the placed ones as given, of the trained ones their own with what they met."""
        own = _Entries(
            np.repeat(np.arange(self._n_items), np.diff(self._neighbours.offsets)),
            self._neighbours.items,
            self._neighbours.weights,
        )
        own = own.where(trained[own.rows] & trained[own.items])
        longer = np.zeros(trained.size, np.bool_)
        longer[of_met.rows] = True
        both = _Entries.concatenate([own.where(longer[own.rows]), of_met])
        every = _Entries.concatenate(
            [own.where(~longer[own.rows]), both.best(self._configuration.neighbours), of_placed]
        ).by_row()
        offsets = np.concatenate([[0], np.cumsum(np.bincount(every.rows, minlength=trained.size))])
        return Operator(offsets.astype(np.int64), every.items, every.weights)


class _Entries(NamedTuple):
    """Neighbours, one by one: `items` is a neighbour of `rows`, with a weight."""

    rows: Int64Array
    items: Int32Array
    weights: Float32Array

    @classmethod
    def concatenate(cls, parts: list[_Entries]) -> _Entries:
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def where(self, chosen: npt.NDArray[Any]) -> _Entries:
        return _Entries(self.rows[chosen], self.items[chosen], self.weights[chosen])

    def by_row(self) -> _Entries:
        return self.where(np.argsort(self.rows, kind="stable"))

    def best(self, k: int) -> _Entries:
        """Each row's k largest, largest first, ties by position."""
        ordered = self.where(np.lexsort((self.items, -self.weights, self.rows)))
        starts = np.searchsorted(ordered.rows, ordered.rows)
        return ordered.where(np.arange(starts.size) - starts < k)


def _entries(rows: Int32Array, items: Int32Array, weights: Float32Array) -> _Entries:
    there = items >= 0
    return _Entries(np.repeat(rows.astype(np.int64), np.count_nonzero(there, axis=1)), items[there], weights[there])


def _listeners(dataset: Dataset, at_least: int) -> tuple[Sets, npt.NDArray[np.uint64]]:
    """Who likes each item that so many like, and a number for each user that depends on the id alone."""
    merged = dataset.histories.merged()
    liked = merged.where(merged.weights > 0)
    enough = np.bincount(liked.items, minlength=dataset.n_items) >= at_least
    liked = liked.where(enough[liked.items])
    items = sp.csc_array(liked.csr(dataset.n_items))
    sets = Sets(items.indptr.astype(np.int64), items.indices.astype(np.int32), dataset.n_users)
    ids = dataset.users.series
    offsets = np.concatenate([[0], np.cumsum(ids.str.len_bytes().to_numpy())]).astype(np.int64)
    keys = np.empty(dataset.n_users, np.uint64)
    hashed(offsets, np.frombuffer("".join(ids.to_list()).encode(), np.uint8), keys)
    return sets, keys


def _signatures_of(
    items: Int32Array,
    sets: Sets,
    keys: npt.NDArray[np.uint64],
    functions: npt.NDArray[np.uint64],
    threads: int | None,
) -> Signatures:
    lengths = np.diff(sets.offsets)[items]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.arange(offsets[-1]) + np.repeat(sets.offsets[items] - offsets[:-1], lengths)
    return signed(offsets, keys[sets.elements[places]], functions, threads=threads)


def _sharing(buckets: Buckets, chosen: BoolArray) -> BoolArray:
    """Which sets share a bucket with a chosen one, bool (n,)."""
    shared = np.zeros(chosen.size, np.bool_)
    for of in buckets.of:
        hit = np.zeros(chosen.size + 1, np.bool_)  # the last place is that of sets without a bucket, -1
        hit[of[chosen]] = True
        hit[-1] = False
        shared |= hit[of]
    return shared
