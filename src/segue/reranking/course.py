"""Ranked lists on their way through the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue.core.arrays import BoolArray, Int32Array, Int64Array
from segue.core.candidates import Move
from segue.core.histories import Histories
from segue.reranking.rule import Rule, Ruling, Traits


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One rule's work on lists of shape (n, m): what stood in each place before and after, and what the rule did.

    before, after: int32 (n, m), columns of the lists that the course began with, -1 pads the end.
    removed, moved: bool (n, m), of the places before.
    """

    rule: Rule
    before: Int32Array
    after: Int32Array
    removed: BoolArray
    moved: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What the rules, one after the other, made of ranked lists.

    items:   int32 (n, m), the lists as they came.
    columns: int32 (n, m), the lists as they left: columns of `items`, -1 pads the end.
    """

    items: Int32Array
    columns: Int32Array
    steps: tuple[Step, ...]

    @property
    def sizes(self) -> Int64Array:
        """How many items each list still has, int64 (n,)."""
        return np.count_nonzero(self.columns >= 0, axis=1)

    @property
    def removed(self) -> Int64Array:
        """How many items each rule took out of each list, int64 (n, number of rules)."""
        counts = [np.count_nonzero(step.removed, axis=1) for step in self.steps]
        return np.stack(counts, axis=1) if counts else np.zeros((len(self.items), 0), np.int64)

    def moves(self, row: int) -> list[Move]:
        """What the rules took out of one list or moved in it, rule by rule, in the order in which the items stood."""
        made = []
        for step in self.steps:
            place_after = {int(column): place for place, column in enumerate(step.after[row]) if column >= 0}
            for place in np.flatnonzero(step.removed[row] | step.moved[row]):
                column = int(step.before[row, place])
                after = place_after.get(column)
                if after == place:  # told to move, with nothing there to move behind
                    continue
                item = int(self.items[row, column])
                made.append(
                    Move(step.rule.name, item, int(place) + 1, None if after is None else after + 1, step.rule.why)
                )
        return made


def rerank(items: Int32Array, histories: Histories, rules: Sequence[Rule], traits: Traits) -> Course:
    """Sends the lists `items` (int32 (n, m), best first, -1 anywhere is no item) through the rules, in their order."""
    columns = _closed(np.tile(np.arange(items.shape[1], dtype=np.int32), (len(items), 1)), items < 0)
    steps = []
    for rule in rules:
        listed = np.where(columns >= 0, np.take_along_axis(items, np.maximum(columns, 0), axis=1), np.int32(-1))
        ruling = rule.apply(listed, histories, traits)
        removed = ruling.removed & (columns >= 0)
        moved, places = _moved(ruling, columns >= 0, removed)
        after = np.take_along_axis(columns, places, axis=1)
        after = _closed(after, np.take_along_axis(removed, places, axis=1) | (after < 0))
        steps.append(Step(rule, columns, after, removed, moved))
        columns = after
    return Course(items, columns, tuple(steps))


def _moved(ruling: Ruling, there: BoolArray, removed: BoolArray) -> tuple[BoolArray, Int64Array]:
    """What moves, and the places in their new order: the first `top` that stay, what moves, the rest."""
    if ruling.moved is None:
        return np.zeros(there.shape, np.bool_), np.tile(np.arange(there.shape[1]), (len(there), 1))
    moved = ruling.moved & there & ~removed
    stays = there & ~moved & ~removed
    first = stays & (np.cumsum(stays, axis=1) <= ruling.top)
    return moved, np.argsort(np.where(first, 0, 1).astype(np.int8), axis=1, kind="stable")


def _closed(columns: Int32Array, gone: BoolArray) -> Int32Array:
    """The columns without those that are gone, closed up, -1 at the end."""
    order = np.argsort(gone, axis=1, kind="stable")
    return np.where(np.take_along_axis(gone, order, axis=1), np.int32(-1), np.take_along_axis(columns, order, axis=1))
