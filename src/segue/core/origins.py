"""Where the knowledge of each item comes from: from training, or from one of the ways to place an item afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, frozen
from segue.errors import ArtifactError, DataError

Origin: TypeAlias = Literal["none", "trained", "projected", "features", "artist", "album", "genre", "tag"]

#: Every origin; an origin is stored as its place here, so that new ones are added at the end.
ORIGINS: Final[tuple[Origin, ...]] = get_args(Origin)
#: How an item that came after training was placed, to be said after "placed".
IN_WORDS: Final[Mapping[Origin, str]] = MappingProxyType(
    {
        "projected": "by its listeners",
        "features": "by its features",
        "artist": "by the average of its artist",
        "album": "by the average of its album",
        "genre": "by the average of its genres",
        "tag": "by the average of its tags",
    }
)
_ARRAY: Final = "origins"


@dataclass(frozen=True, slots=True, eq=False)
class Origins:
    """One origin for each item that a model knows.

    "trained":   learned with the others when the model was fitted.
    "projected": placed later, by its listeners, the model held fixed.
    "features":  placed later, by what the item is (its sound, its words, its tags).
    "artist", "album", "genre", "tag": placed later, as the average of the trained items that share it.
    "none":      nothing is known of the item, and it is in no list.

    codes: uint8, shape (n_items,), places in ORIGINS. Raises DataError at birth where one is no such place.
    """

    codes: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", frozen(self.codes, np.uint8))
        if self.codes.ndim != 1 or (self.codes.size and self.codes.max() >= len(ORIGINS)):
            raise DataError(f"origins must be a vector of numbers below {len(ORIGINS)}, got shape {self.codes.shape}")

    @classmethod
    def of(cls, names: Sequence[Origin]) -> Origins:
        """Origins by name."""
        return cls(np.array([ORIGINS.index(name) for name in names], np.uint8))

    @classmethod
    def trained(cls, evidence: BoolArray) -> Origins:
        """Those of a model that was just fitted, by a mask of the items of which it learned anything."""
        return cls(np.where(evidence, np.uint8(ORIGINS.index("trained")), np.uint8(ORIGINS.index("none"))))

    @classmethod
    def restored(cls, arrays: Mapping[str, npt.NDArray[Any]], n_items: int) -> Origins | None:
        """Those that `arrays` stored, None where nothing was placed; ArtifactError where they fit no n_items items."""
        codes = arrays.get(_ARRAY)
        if codes is None:
            return None
        if codes.shape != (n_items,) or codes.dtype != np.uint8 or (codes.size and codes.max() >= len(ORIGINS)):
            raise ArtifactError(
                f"the saved origins are {codes.dtype} of shape {codes.shape} for {n_items} items; train the model again"
            )
        return cls(codes)

    def __len__(self) -> int:
        return int(self.codes.size)

    def __getitem__(self, item: int) -> Origin:
        return ORIGINS[self.codes[item]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Origins):
            return NotImplemented
        return np.array_equal(self.codes, other.codes)

    __hash__ = None  # type: ignore[assignment]

    @property
    def known(self) -> BoolArray:
        """Which items were trained, bool, shape (n_items,)."""
        return np.asarray(self.codes == ORIGINS.index("trained"))

    def counts(self) -> dict[Origin, int]:
        """How many items have each origin that occurs, in the order of ORIGINS."""
        found = np.bincount(self.codes, minlength=len(ORIGINS)).tolist()
        return {name: count for name, count in zip(ORIGINS, found, strict=True) if count}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What a fitted model stores of them: nothing, where nothing was placed since it was fitted."""
        placed = self.codes > ORIGINS.index("trained")
        return {_ARRAY: self.codes} if placed.any() else {}
