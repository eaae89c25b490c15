"""No list of one artist only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segue.core.arrays import Int32Array
from segue.core.histories import Histories
from segue.errors import SettingsError
from segue.kernels.lists import over_limit
from segue.reranking.rule import Ruling, Traits


@dataclass(frozen=True)
class ArtistCap:
    """At most `limit` items of one artist; items whose artist is unknown are not counted.

    top: None: in the whole list; what is over the limit is removed. A number: in the first `top` places; what is over
         the limit there moves behind them, in its old order, and is let through after that. (With fewer candidates
         than `top` within the limit, those moved close up.)
    """

    name: ClassVar[str] = "artist-cap"
    needs: ClassVar[tuple[str, ...]] = ("artist",)

    limit: int = 2
    top: int | None = None

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise SettingsError(f"limit, the most items of one artist, must be at least 1, got {self.limit}")
        if self.top is not None and self.top < 1:
            raise SettingsError(f"top must be at least 1, or None for the whole list, got {self.top}")

    @property
    def why(self) -> str:
        """See `segue.reranking.rule.Rule`."""
        where = "" if self.top is None else f" in the first {self.top}"
        return f"more than {self.limit} by one artist{where}"

    def apply(self, items: Int32Array, histories: Histories, traits: Traits) -> Ruling:  # noqa: ARG002  # the protocol
        """See `segue.reranking.rule.Rule`."""
        there = items >= 0
        labels = np.where(there, traits.artists[np.maximum(items, 0)], np.int32(-1))
        over = over_limit(labels, self.limit, items.shape[1] if self.top is None else self.top, len(traits))
        if self.top is None:
            return Ruling(over)
        return Ruling(np.zeros(items.shape, np.bool_), moved=over, top=self.top)
