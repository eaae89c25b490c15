"""Asking one model about every user of a part, block by block, while gauges look on.

What is measured is the business of gauges (`segue.evaluation.gauges`): each sees every block of lists once, whole, so
that one round of asking serves all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np

from segue.core.arrays import BoolArray, Int32Array
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.protocols import Recommender
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, ModelError
from segue.metrics import Judged, judge
from segue.splits import Part

TIES: Final = "score descending, item position ascending"
"""How lists are ordered, as records state it."""

_BLOCK_BYTES: Final = 64 * 2**20  # of lists held at once: an item, a score and a mark per entry
_PROBE_BYTES: Final = 16 * 2**20  # of scores looked through for NaN
_DIVERGED: Final = "its fit has diverged: lower its learning rate, raise its regularization, or look for odd weights"


@runtime_checkable
class Answers(Protocol):
    """What can be asked: every fitted model, and a pipeline in its wrapping."""

    @property
    def items(self) -> Vocabulary:
        """The items that can come back."""
        ...

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
        """See `segue.core.protocols.Recommender.recommend`."""
        ...


class Gauge(Protocol):
    """Something that measures lists."""

    def depth(self, relevant: Histories) -> int:
        """How long the lists must be for users with these relevant items."""
        ...

    def see(self, rows: slice, top: TopK, given: Histories, relevant: Histories, judged: Judged) -> None:
        """The lists of the users `rows` of the part, what they were given, what they should find, and the hits.

        Lists may be longer than `depth` asks for. Blocks come in order of rows.
        """
        ...


def ask(
    name: str,
    model: Answers,
    part: Part,
    gauges: Sequence[Gauge],
    *,
    progress: Progress = SILENT,
    threads: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Int32Array, float]:
    """Asks about all users; returns the lengths of their lists, int32 (n,), and the seconds that the lists took.

    Full ranking: lists are made of all items but those given (and of `part.allowed` only, where that is set).
    Raises ModelError where the model answers out of shape, with NaN, or with an item twice.
    """
    lengths = np.empty(len(part), dtype=np.int32)
    seconds = 0.0
    allowed = None if part.allowed is None else part.allowed[: len(model.items)]
    with progress.task(f"evaluating {name}", total=len(part), unit="users") as task:
        for rows, k in _blocks(part, gauges):
            given, relevant = part.given[rows], part.relevant[rows]
            start = clock()
            try:
                top = model.recommend(given, k, exclude_seen=True, allowed=allowed, threads=threads)
            except DataError as error:
                raise ModelError(f"{name} cannot be evaluated: {error}{_advice(error)}") from error
            seconds += clock() - start
            _check_answer(name, model, top, len(given), k)
            if rows.start == 0:
                _check_scores(name, model, given, top)
            try:
                judged = judge(top, relevant, threads=threads)
            except ModelError as error:
                raise ModelError(f"{name}: {error}") from error
            for gauge in gauges:
                gauge.see(rows, top, given, relevant, judged)
            lengths[rows] = top.lengths
            task.advance(len(given))
    return lengths, seconds


def _blocks(part: Part, gauges: Sequence[Gauge]) -> Iterator[tuple[slice, int]]:
    """Rows that are asked at once, and how long their lists must be."""
    longest = max(gauge.depth(part.relevant) for gauge in gauges)
    size = max(1, _BLOCK_BYTES // (9 * longest))
    for start in range(0, len(part), size):
        rows = slice(start, min(len(part), start + size))
        relevant = part.relevant[rows]
        yield rows, max(gauge.depth(relevant) for gauge in gauges)


def _check_answer(name: str, model: Answers, top: TopK, n: int, k: int) -> None:
    if top.items.shape != (n, k):
        raise ModelError(f"{name} answered {n} histories with lists of shape {top.items.shape}; {(n, k)} was expected")
    if top.items.size and top.items.max() >= len(model.items):
        raise ModelError(f"{name} recommends item {top.items.max()}, but knows only {len(model.items)} items")


def _check_scores(name: str, model: Answers, given: Histories, top: TopK) -> None:
    """Looks for NaN among the scores of the first users, and of the first whose lists came out short.

    A NaN never comes back in a list, so that a model which diverged would show as one that has little to say.
    """
    if not isinstance(model, Recommender):
        return
    few = max(1, min(8, _PROBE_BYTES // (8 * max(1, len(model.items)))))
    short = np.flatnonzero(top.lengths < top.k)[:few]
    rows = np.union1d(np.arange(min(few, len(given))), short)
    scores = model.score(given[rows])
    bad = int(np.count_nonzero(np.isnan(scores)))
    if bad:
        raise ModelError(f"{name} gives NaN for {bad} of {scores.size} scores looked at; {_DIVERGED}")


def _advice(error: DataError) -> str:
    return f"; {_DIVERGED}" if "NaN" in str(error) else ""
