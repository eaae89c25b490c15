"""Times as files write them."""

from __future__ import annotations

import polars as pl
import pytest

from segue.readers.times import guess_form

MOMENT = 1241478537  # 2009-05-04 23:08:57 UTC


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1241478537", MOMENT),
        ("1241478537.9", MOMENT),
        ("1241478537123", MOMENT),
        ("1241478537123456", MOMENT),
        ("1241478537123456789", MOMENT),
        ("2009-05-04T23:08:57Z", MOMENT),
        ("2009-05-04T23:08:57.123Z", MOMENT),
        ("2009-05-04 23:08:57", MOMENT),
        ("2009-05-04 23:08:57 UTC", MOMENT),
        ("2009-05-05T01:08:57+02:00", MOMENT),
        ("2009-05-05T01:08:57+0200", MOMENT),
        ("2009-05-04 23:08", MOMENT - 57),
        ("04 May 2009, 23:08", MOMENT - 57),
        ("04 May 2009 23:08", MOMENT - 57),
        ("2009-05-04", 1241395200),
        ("20090504", 1241395200),
        ("2009/05/04", 1241395200),
    ],
)
def test_a_moment_is_the_same_however_it_is_written(written: str, seconds: int) -> None:
    values = pl.Series("time", [written, written, ""])
    form = guess_form(values)
    assert form is not None
    assert pl.DataFrame(values).select(form.seconds(pl.col("time")))["time"].to_list() == [seconds, seconds, None]


def test_forms_may_be_mixed() -> None:
    values = pl.Series("time", ["2009-05-04T23:08:57Z", "2009-05-05 01:08:57+02:00", "2009-05-04", "never"])
    form = guess_form(values)
    assert form is not None
    seconds = pl.DataFrame(values).select(form.seconds(pl.col("time")))["time"].to_list()
    assert seconds == [MOMENT, MOMENT, 1241395200, None]


@pytest.mark.parametrize("values", [["soon", "later"], [], ["", " "]])
def test_words_are_no_times(values: list[str]) -> None:
    assert guess_form(pl.Series("time", values, dtype=pl.String)) is None
