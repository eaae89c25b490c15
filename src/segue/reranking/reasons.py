"""Why each item of one list stands there, and what became of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from segue.core.candidates import Move, Pool, Reason
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origin
from segue.core.protocols import Explains, Recommender, TakesItems
from segue.reranking.course import Course


def reasons(
    listed: Sequence[tuple[int, float]],
    history: Histories,
    pool: Pool,
    pool_row: int,
    course: Course,
    course_row: int,
    ranking_model: Recommender | None,
    sources: Mapping[str, Recommender],
    fallback: str | None,
) -> tuple[tuple[Reason, ...], tuple[Move, ...]]:
    """The reasons of the (item, score) pairs of one list, and what the rules took out of it.

    The list is the beginning of row `course_row` of `course`, whose columns beyond the pool's are of the fallback of
    this name; its candidates are row `pool_row` of `pool`. The ranking model explains, or else the nominating sources.
    """
    moves = course.moves(course_row)
    made = []
    for (item, score), column in zip(listed, course.columns[course_row].tolist(), strict=False):
        nominated = pool.nominations(pool_row, item)
        models = [ranking_model, *(sources[name] for name, _ in nominated)]
        made.append(
            Reason(
                item,
                score,
                nominated,
                _explanation(models, history, item),
                tuple(move for move in moves if move.item == item),
                fallback if column >= pool.items.shape[1] else None,
                placed(item, sources),
            )
        )
    return tuple(made), tuple(move for move in moves if move.after is None)


def placed(item: int, models: Mapping[str, Recommender]) -> tuple[tuple[str, Origin], ...]:
    """(model, origin) of each model that knows the item, but was not trained on it."""
    found = [
        (name, model.origins[item])
        for name, model in models.items()
        if isinstance(model, TakesItems) and item < len(model.items)
    ]
    return tuple((name, origin) for name, origin in found if origin not in ("trained", "none"))


def _explanation(models: Iterable[Recommender | None], history: Histories, item: int) -> Explanation | None:
    """That of the first model which has evidence and shares to show, or else of the first which has evidence.

    (In a score of plain popularity no history item has a share.)
    """
    without_shares = None
    for model in models:
        if isinstance(model, Explains) and item < len(model.items):
            explanation = model.explain(history, item)
            if explanation.score == -np.inf:
                continue
            if explanation.contributions.any():
                return explanation
            without_shares = without_shares or explanation
    return without_shares
