"""Rejecting rows of a frame for the first reason that holds, and keeping the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from segue.readers.report import EXAMPLES, Tally

LINE: Final = "line"
_WHY: Final = "why"


def sift(rows: pl.DataFrame, reasons: Sequence[tuple[str, pl.Expr]], tally: Tally) -> pl.DataFrame:
    """The rows for which no reason holds; the others are rejected on the tally with their lines (the column LINE).

    Each reason is a sentence and a boolean expression over the frame; the first that is true counts.
    """
    if not rows.select(pl.any_horizontal(wrong for _, wrong in reasons).any()).item():
        return rows
    first_reason = pl.coalesce([pl.when(wrong).then(pl.lit(code, pl.UInt8)) for code, (_, wrong) in enumerate(reasons)])
    why = rows.select(first_reason.alias(_WHY))[_WHY]
    rejected = rows.select(LINE).with_columns(why).filter(pl.col(_WHY).is_not_null())
    summary = rejected.group_by(_WHY).agg(pl.len(), pl.col(LINE).sort().head(EXAMPLES))
    tally.reject_lines([(reasons[code][0], count, lines) for code, count, lines in summary.iter_rows()])
    return rows.filter(why.is_null())
