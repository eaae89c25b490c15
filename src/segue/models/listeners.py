"""The training matrix as part of a model: who has what, read both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from segue.core.arrays import frozen
from segue.errors import ArtifactError
from segue.kernels.sparse_dense import Rows


@dataclass(frozen=True, slots=True)
class Listeners:
    """A users x items matrix of float32 values by row, and its transpose by row: offsets, positions, values.

    Both are kept, so that a process which maps them from disk copies nothing. Users are rows without names.
    """

    by_user: Rows
    by_item: Rows

    @classmethod
    def of(cls, matrix: sp.csr_array[Any]) -> Listeners:
        """The matrix and its transpose."""
        return cls(_rows(matrix), _rows(sp.csr_array(matrix.T)))

    @classmethod
    def restored(cls, arrays: Mapping[str, npt.NDArray[Any]], n_items: int) -> Listeners:
        """Of arrays that `stored` gave; ArtifactError where one is missing or misshapen."""
        try:
            by_user, by_item = (
                (
                    frozen(arrays[f"{name}_offsets"], np.int64),
                    frozen(arrays[f"{name}_positions"], np.int32),
                    frozen(arrays[f"{name}_values"], np.float32),
                )
                for name in ("users", "items")
            )
        except KeyError as error:
            raise ArtifactError(f"the saved model lacks the array {error}; train it again") from None
        _check(by_user, n_items)
        _check(by_item, by_user[0].size - 1)
        if by_item[0].size - 1 != n_items or by_item[1].size != by_user[1].size:
            raise ArtifactError(f"the saved matrix does not fit {n_items} items; train the model again")
        return cls(by_user, by_item)

    @property
    def n_users(self) -> int:
        """How many users the matrix has."""
        return int(self.by_user[0].size - 1)

    def stored(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, (offsets, positions, values) in (("users", self.by_user), ("items", self.by_item)):
            arrays |= {f"{name}_offsets": offsets, f"{name}_positions": positions, f"{name}_values": values}
        return arrays


def _rows(matrix: sp.csr_array[Any]) -> Rows:
    return (
        frozen(matrix.indptr.astype(np.int64), np.int64),
        frozen(matrix.indices.astype(np.int32), np.int32),
        frozen(matrix.data.astype(np.float32), np.float32),
    )


def _check(rows: Rows, columns: int) -> None:
    offsets, positions, values = rows
    if offsets.size == 0 or offsets[-1] != positions.size or positions.shape != values.shape:
        raise ArtifactError("the saved matrix has offsets and entries that do not match; train the model again")
    if positions.size and not (positions.min() >= 0 and positions.max() < columns):
        raise ArtifactError(f"the saved matrix names positions outside 0..{columns - 1}; train the model again")
