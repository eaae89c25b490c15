"""An embedding model asked on a graphics processor: all products there, the best of them back."""

from __future__ import annotations

from typing import Final

import numpy as np

from segue.core.arrays import BoolArray
from segue.core.asking import allowed_mask, blocked_items, check_k
from segue.core.histories import Histories
from segue.core.protocols import HasVectors, Recommender
from segue.core.topk import TopK
from segue.errors import SettingsError
from segue.models.fitted import gather_rows

_BLOCK_ROWS: Final = 65_536  # histories that have their vectors at once


class DeviceSearch:
    """The lists of an embedding model, of all products, computed by PyTorch on `device`: "cuda", "cuda:1", or "cpu".

    The lists are the model's own, to single precision: near ties may change places. Raises SettingsError for a model
    without vectors or a device that is not there, MissingExtraError without PyTorch.
    """

    def __init__(self, model: Recommender, device: str) -> None:
        from segue.cuda.device import found  # deferred: most machines have no use for it

        if not isinstance(model, HasVectors):
            raise SettingsError(f"a {type(model).__name__} has no vectors that a device could multiply")
        found(device)
        self._model = model
        self._device = device
        self._n_items = len(model.items)
        self._evidence: BoolArray = np.asarray(model.item_vectors.any(axis=1))

    def recommend(
        self,
        histories: Histories,
        k: int = 10,
        *,
        exclude_seen: bool = True,
        allowed: BoolArray | None = None,
        banned: Histories | None = None,
        threads: int | None = None,
    ) -> TopK:
        """See `segue.core.protocols.Recommender.recommend`; `threads` are those that make the histories' vectors."""
        from segue.cuda.topk import product_topk  # deferred, as above

        check_k(k)
        known, ignored = histories.known(self._n_items)
        mask = allowed_mask(allowed, self._n_items)
        mask = self._evidence if mask.size == 0 else mask & self._evidence
        blocked = blocked_items(known, exclude_seen, banned, self._n_items)
        items = np.full((len(known), k), -1, np.int32)
        scores = np.full((len(known), k), -np.inf, np.float32)
        for start in range(0, len(known), _BLOCK_ROWS):
            queries = self._model.query_vectors(known[start : start + _BLOCK_ROWS], threads=threads)
            there = queries.any(axis=1)
            rows = start + np.flatnonzero(there)
            items[rows], scores[rows] = product_topk(
                queries[there],
                self._model.item_vectors,
                self._model.item_bias,
                k,
                *gather_rows(*blocked, rows),
                mask,
                device=self._device,
            )
        return TopK(items, scores, ignored)
