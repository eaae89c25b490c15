"""A few lists that a person can judge: what some users heard and are offered, and what is called similar to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from segue.core.arrays import Int64Array
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.protocols import FindsSimilar
from segue.core.topk import TopK
from segue.evaluation.asking import Answers
from segue.splits import Part

USERS: Final = 5
LIST_LENGTH: Final = 10
_HEAD: Final = 8  # entries of a history that are shown
_KINDS: Final = (("popular", 3), ("in the middle", 3), ("rare", 2))


@dataclass(frozen=True, slots=True)
class SampledItem:
    """An item as people know it. `hit`: it was hidden from the model, and is what the user went on to."""

    title: str
    artist: str = ""
    hit: bool = False


@dataclass(frozen=True, slots=True)
class SampledUser:
    """A user: the head of the history the models were given, how much is in it, what was hidden, every model's list."""

    name: str
    history: tuple[SampledItem, ...]
    given: int
    hidden: int
    lists: Mapping[str, tuple[SampledItem, ...]]


@dataclass(frozen=True, slots=True)
class SampledNeighbours:
    """An item ("popular", "in the middle", "rare"), how many training users have it, and each model's similar items."""

    item: SampledItem
    kind: str
    listeners: int
    lists: Mapping[str, tuple[SampledItem, ...]]


@dataclass(frozen=True, slots=True)
class Samples:
    """Sample lists of all models."""

    users: tuple[SampledUser, ...] = ()
    neighbours: tuple[SampledNeighbours, ...] = ()


@dataclass(slots=True)
class Sampler:
    """Chooses users and items, asks models about them, and keeps nothing but the lists.

    dataset: what was split: whose users and items have names here; train: what the models learned from; part: who is
    asked.

    Users are of all degrees of activity; items are popular, in the middle and rare, by the number of training users who
    have them. The seed breaks ties among them. Call it with each fitted model, then take `samples()`.
    """

    dataset: Dataset
    train: Dataset
    part: Part
    seed: int = 0
    _users: Int64Array = field(init=False)
    _items: list[tuple[int, str]] = field(init=False)
    _listeners: Int64Array = field(init=False)
    _tops: dict[str, TopK] = field(init=False, default_factory=dict)
    _near: dict[str, TopK] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self._users = _spread_users(self.part.given, rng)
        merged = self.train.histories.merged()
        self._listeners = np.bincount(merged.items, minlength=self.train.n_items).astype(np.int64)
        self._items = _spread_items(self._listeners, rng)

    def __call__(self, name: str, model: Answers) -> None:
        """Asks a model about the users, and about the items where it knows which are alike."""
        self._tops[name] = model.recommend(self.part.given[self._users], LIST_LENGTH, exclude_seen=True, threads=1)
        known = [item for item, _ in self._items if item < len(model.items)]
        if isinstance(model, FindsSimilar) and len(known) == len(self._items):
            self._near[name] = model.similar_items(known, LIST_LENGTH)

    def samples(self) -> Samples:
        """The lists of all models that were asked."""
        label = _Labels(self.dataset.catalogue)
        users = []
        for row, user in enumerate(self._users.tolist()):
            given, relevant = self.part.given[user], set(self.part.relevant[user].items.tolist())
            heard = given.merged().items.size
            lists = {
                name: tuple(label(item, hit=item in relevant) for item, _ in top.row(row))
                for name, top in self._tops.items()
            }
            head = tuple(label(item) for item in _head(given))
            name = self.dataset.users[int(self.part.users[user])]
            users.append(SampledUser(name, head, heard, len(relevant), MappingProxyType(lists)))
        neighbours = [
            SampledNeighbours(
                label(item),
                kind,
                int(self._listeners[item]),
                MappingProxyType(
                    {name: tuple(label(other) for other, _ in near.row(row)) for name, near in self._near.items()}
                ),
            )
            for row, (item, kind) in enumerate(self._items)
            if self._near
        ]
        return Samples(tuple(users), tuple(neighbours))


class _Labels:
    def __init__(self, catalogue: Catalogue) -> None:
        self._ids = catalogue.column("id")
        self._titles = catalogue.column("title")
        self._artists = catalogue.column("artist")

    def __call__(self, item: int, *, hit: bool = False) -> SampledItem:
        title, artist = self._titles[item], self._artists[item]
        return SampledItem(title or artist or self._ids[item], artist if title and artist else "", hit)


def _head(history: Histories) -> list[int]:
    """What stands for a history: its latest items where it has an order, else those with the largest weights."""
    if history.order == "none":
        merged = history.merged()
        order = np.argsort(-merged.weights, kind="stable")
        return merged.items[order][:_HEAD].tolist()
    return list(dict.fromkeys(history.items[::-1].tolist()))[:_HEAD]


def _spread_users(given: Histories, rng: np.random.Generator) -> Int64Array:
    """Rows from the least to the most active: the middle of each fifth, of those who have a history at all."""
    rows = np.flatnonzero(given.lengths > 0)
    if not rows.size:
        rows = np.arange(len(given))
    shuffled = rng.permutation(rows)
    order = shuffled[np.argsort(given.lengths[shuffled], kind="stable")]
    count = min(USERS, order.size)
    return order[((np.arange(count) + 0.5) * order.size / count).astype(np.int64)].astype(np.int64)


def _spread_items(listeners: Int64Array, rng: np.random.Generator) -> list[tuple[int, str]]:
    """Items of three kinds: the most popular, from the middle of those with 5 listeners or more, from the rarest."""
    shuffled = rng.permutation(np.flatnonzero(listeners > 0))
    order = shuffled[np.argsort(-listeners[shuffled], kind="stable")]
    solid = int(np.count_nonzero(listeners[order] >= 5))
    starts: tuple[Any, ...] = (0, max(3, solid // 2 - 1), max(6, order.size - 2 - (order.size - solid) // 2))
    chosen: dict[int, str] = {}
    for (kind, count), start in zip(_KINDS, starts, strict=True):
        for item in order[start : start + count].tolist():
            chosen.setdefault(item, kind)
    return list(chosen.items())
