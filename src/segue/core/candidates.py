"""What travels through the three stages: candidates, who nominated them, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from segue.core.arrays import Float32Array, Int32Array, frozen
from segue.core.explanation import Explanation
from segue.core.origins import Origin
from segue.core.topk import TopK
from segue.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The candidates of n histories, in no meaningful order until they are ranked.

    items:   int32, shape (n, m), distinct within a row, -1 pads the end.
    sources: names of the s sources that nominated.
    ranks:   int32, shape (n, m, s), the rank (from 1) at which a source nominated the item, 0 where it did not.
    scores:  float32, shape (n, m), the ranking score, or None before ranking.
    """

    items: Int32Array
    sources: tuple[str, ...]
    ranks: Int32Array
    scores: Float32Array | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "items", frozen(self.items, np.int32))
        put(self, "ranks", frozen(self.ranks, np.int32))
        if self.scores is not None:
            put(self, "scores", frozen(self.scores, np.float32))
        if self.items.ndim != 2 or self.ranks.shape != (*self.items.shape, len(self.sources)):
            raise DataError(
                f"a pool needs items (n, m) and ranks (n, m, {len(self.sources)}), got {self.items.shape} and "
                f"{self.ranks.shape}"
            )
        if self.scores is not None and self.scores.shape != self.items.shape:
            raise DataError(f"scores must have the shape of items {self.items.shape}, got {self.scores.shape}")

    def __len__(self) -> int:
        return int(self.items.shape[0])

    @property
    def sizes(self) -> Int32Array:
        """How many candidates each history has, int32, shape (n,)."""
        return np.asarray(np.count_nonzero(self.items >= 0, axis=1), dtype=np.int32)

    def scored(self, scores: Float32Array) -> Pool:
        """The same candidates with these ranking scores."""
        return replace(self, scores=scores)

    def nominations(self, row: int, item: int) -> tuple[tuple[str, int], ...]:
        """Who nominated this item for this history, and at which rank, best rank first."""
        places = np.flatnonzero(self.items[row] == item)
        if not places.size:
            return ()
        ranks = self.ranks[row, places[0]]
        named = [(name, int(rank)) for name, rank in zip(self.sources, ranks, strict=True) if rank > 0]
        return tuple(sorted(named, key=lambda pair: pair[1]))


@dataclass(frozen=True, slots=True)
class Move:
    """What one rule did to one item: `before` and `after` are ranks from 1; `after` is None where it was removed."""

    rule: str
    item: int
    before: int
    after: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one item stands where it stands in one list.

    nominated:   (source, rank), best rank first; empty where a fallback put it there.
    explanation: the share of each history item in the ranking model's score, where that model explains.
    moves:       what the rules did to it, in the order of the rules.
    fallback:    the label of the fallback that put it there, or None.
    placed:      (model, origin) of each model that got to know the item after it was trained: how it placed the item.
    """

    item: int
    score: float
    nominated: tuple[tuple[str, int], ...] = ()
    explanation: Explanation | None = None
    moves: tuple[Move, ...] = ()
    fallback: str | None = None
    placed: tuple[tuple[str, Origin], ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """What every stage did, summed over the histories of one call.

    nominated: how many candidates each source brought; pooled: how many distinct ones there were.
    removed:   how many entries each rule took out; returned: how many items came back.
    fallbacks: how many lists each fallback had to fill, by its label.
    ignored:   how many history entries named items that the models do not know.
    """

    histories: int
    nominated: dict[str, int] = field(default_factory=dict)
    pooled: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    returned: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Recommendations:
    """The pipeline's answer: the lists, what every stage did, and, where asked for, the reasons, list by list."""

    top: TopK
    trace: Trace
    reasons: tuple[tuple[Reason, ...], ...] | None = None
    removed: tuple[tuple[Move, ...], ...] | None = None
