"""What was disliked does not come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from segue.core.arrays import Int32Array
from segue.core.histories import Histories
from segue.kernels.lists import contained
from segue.reranking.rule import Ruling, Traits


@dataclass(frozen=True)
class Disliked:
    """Removes items that the history holds with a negative weight (repeats merged), also where seen ones may return."""

    name: ClassVar[str] = "disliked"
    needs: ClassVar[tuple[str, ...]] = ()

    @property
    def why(self) -> str:
        """See `segue.reranking.rule.Rule`."""
        return "disliked"

    def apply(self, items: Int32Array, histories: Histories, traits: Traits) -> Ruling:
        """See `segue.reranking.rule.Rule`."""
        merged = histories.merged()
        disliked = merged.where(merged.weights < 0)
        return Ruling(contained(items, disliked.offsets, disliked.items, len(traits)))
