"""Clean lists for those who ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segue.core.arrays import Int32Array
from segue.core.histories import Histories
from segue.reranking.rule import Ruling, Traits


@dataclass(frozen=True)
class ExplicitFilter:
    """Removes items that the catalogue marks as explicit; what it does not mark stays."""

    name: ClassVar[str] = "explicit-filter"
    needs: ClassVar[tuple[str, ...]] = ("explicit",)

    @property
    def why(self) -> str:
        """See `segue.reranking.rule.Rule`."""
        return "explicit"

    def apply(self, items: Int32Array, histories: Histories, traits: Traits) -> Ruling:  # noqa: ARG002  # the protocol
        """See `segue.reranking.rule.Rule`."""
        return Ruling(traits.explicit[np.maximum(items, 0)] & (items >= 0))
