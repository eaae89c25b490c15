"""Times as files write them, made seconds since 1970 UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

EARLIEST: Final = 0
LATEST: Final = 4_102_444_800  # the first second of 2100

_FORMS: Final = (  # a time without a zone is taken as UTC
    "%Y-%m-%d %H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%d %b %Y, %H:%M:%S",
    "%d %b %Y, %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M",
)
_DAYS: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d %b %Y")
_UNITS: Final = ((1e11, 1.0, "seconds"), (1e14, 1e3, "milliseconds"), (1e17, 1e6, "microseconds"))


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a column writes its times: numbers of this many to a second, or text in these forms. `name` is for people."""

    name: str
    per_second: float | None
    forms: tuple[str, ...] = ()

    def seconds(self, column: pl.Expr) -> pl.Expr:
        """Whole seconds since 1970 UTC of a text column, Int64; null where a value is not in this form."""
        if self.per_second is not None:
            return _whole(column.str.strip_chars().cast(pl.Float64, strict=False) / self.per_second)
        plain = _plain(column)
        return pl.coalesce([_parsed(plain, form) for form in self.forms])


def guess_form(values: pl.Series) -> TimeForm | None:
    """The form of a text column's first values; None where most of them are in no form that is known."""
    given = values.filter(values.str.strip_chars() != "")
    numbers = given.str.strip_chars().cast(pl.Float64, strict=False).drop_nulls()
    median = numbers.abs().median()
    if numbers.len() * 2 > given.len() and isinstance(median, float):
        as_day = given.str.contains(r"^(19|20)\d{6}$").all()
        if not as_day:
            per_second, name = next(
                ((per, name) for limit, per, name in _UNITS if median < limit), (1e9, "nanoseconds")
            )
            return TimeForm(f"{name} since 1970", per_second)
    frame = pl.DataFrame({"time": given})
    found = [
        (form, frame.select(_parsed(_plain(pl.col("time")), form).is_not_null().sum()).item())
        for form in (*_FORMS, *_DAYS)
    ]
    fitting = tuple(form for form, count in found if count)
    if not fitting:
        return None
    form = TimeForm("dates", None, fitting)
    fits = frame.select(form.seconds(pl.col("time")).is_not_null().sum()).item()
    return form if fits * 2 > given.len() else None


def _plain(column: pl.Expr) -> pl.Expr:
    return column.str.strip_chars().str.replace(r"^(\S+)T", "${1} ").str.replace(r"\s*(Z|UTC|GMT)$", "")


def _parsed(text: pl.Expr, form: str) -> pl.Expr:
    if form in _DAYS:
        return text.str.to_date(form, strict=False).cast(pl.Datetime("us")).dt.epoch("s")
    if form.endswith("z"):
        return text.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC").dt.epoch("s")
    return text.str.to_datetime(form, strict=False, time_unit="us").dt.epoch("s")


def _whole(seconds: pl.Expr) -> pl.Expr:
    return pl.when(seconds.is_finite()).then(seconds.floor()).cast(pl.Int64, strict=False)
