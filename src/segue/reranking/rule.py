"""What a rule is, and what it sees of the items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np

from segue.core.arrays import BoolArray, Int32Array
from segue.core.catalogue import Catalogue
from segue.core.histories import Histories


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """What one rule says about lists of shape (n, m); it says nothing about pads.

    removed: bool (n, m), what must go.
    moved:   bool (n, m), or None: what must go behind the first `top` entries that stay where they are.
    top:     see `moved`.
    """

    removed: BoolArray
    moved: BoolArray | None = None
    top: int = 0


class Traits:
    """What rules ask of a catalogue, as arrays over item positions, each made when it is first asked for."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def __len__(self) -> int:
        return len(self._catalogue)

    def has(self, column: str) -> bool:
        """True where something is known in this column."""
        return self._catalogue.has(column)

    @cached_property
    def artists(self) -> Int32Array:
        """A number for each artist name, int32 (n_items,); -1 where the artist is unknown."""
        return self._catalogue.codes("artist")

    @cached_property
    def explicit(self) -> BoolArray:
        """True for items that are marked explicit, bool (n_items,)."""
        return np.asarray(self._catalogue.column("explicit").fill_null(False).to_numpy(), dtype=np.bool_)


class Rule(Protocol):
    """A small frozen class: hyper-parameters, and what it makes of ranked lists."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]  # columns of the catalogue

    @property
    def why(self) -> str:
        """What a person reads beside an item that the rule took out or moved."""
        ...

    def apply(self, items: Int32Array, histories: Histories, traits: Traits) -> Ruling:
        """Judges the lists `items` (int32, (n, m), best first, -1 pads the end) of these histories."""
        ...
