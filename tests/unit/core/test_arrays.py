"""How a value takes arrays in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.arrays import frozen
from segue.errors import DataError


def test_an_array_that_owns_its_memory_is_frozen_in_place() -> None:
    mine = np.arange(3, dtype=np.int32)
    taken = frozen(mine, np.int32)
    assert taken is mine
    with pytest.raises(ValueError, match="read-only"):
        mine[0] = 9


def test_a_view_of_writeable_memory_is_copied() -> None:
    memory = np.arange(6, dtype=np.int32)
    taken = frozen(memory[:3], np.int32)
    memory[0] = 9
    assert taken.tolist() == [0, 1, 2]
    memory[1] = 9  # what the view came from stays as writeable as it was


def test_a_view_of_frozen_memory_is_not_copied() -> None:
    memory = frozen(np.arange(6, dtype=np.int32), np.int32)
    assert np.shares_memory(frozen(memory[2:5], np.int32), memory)


def test_a_read_only_view_of_memory_that_someone_may_write_is_copied() -> None:
    memory = np.arange(6, dtype=np.int32)
    view = memory[:3]
    view.flags.writeable = False
    assert not np.shares_memory(frozen(view, np.int32), memory)


def test_read_only_bytes_are_not_copied() -> None:
    memory = np.frombuffer(b"\x01\x00\x00\x00\x02\x00\x00\x00", dtype=np.int32)
    assert np.shares_memory(frozen(memory, np.int32), memory)
    writeable = np.frombuffer(bytearray(8), dtype=np.int32)
    assert not np.shares_memory(frozen(writeable, np.int32), writeable)


def test_other_layouts_and_types_are_converted() -> None:
    taken = frozen(np.arange(6, dtype=np.int64).reshape(2, 3).T, np.int32)
    assert taken.dtype == np.int32
    assert taken.flags.c_contiguous
    assert taken.tolist() == [[0, 3], [1, 4], [2, 5]]
    assert frozen(np.float64(2.5), np.float32).shape == ()


@given(value=st.one_of(st.integers(-(2**62), 2**62), st.floats()))
def test_a_number_is_taken_whole_or_refused(value: float) -> None:
    fits = -(2**31) <= value < 2**31 and value == int(value)  # NaN does not
    if fits:
        assert frozen([value], np.int32)[0] == value
    else:
        with pytest.raises(DataError, match="whole numbers that fit into 32 bits"):
            frozen([value], np.int32)


@pytest.mark.parametrize("values", [["1"], [None], [2**70], np.array(["2020-01-01"], dtype="datetime64[s]"), [1j]])
def test_what_is_no_number_is_refused(values: object) -> None:
    with pytest.raises(DataError, match="numbers were expected"):
        frozen(values, np.int64)  # type: ignore[arg-type]


def test_nothing_at_all_has_every_type() -> None:
    assert frozen([], np.int32).dtype == np.int32


def test_a_number_too_large_for_a_small_float_becomes_infinite_without_a_warning() -> None:
    assert frozen([1e300], np.float32).tolist() == [np.inf]
