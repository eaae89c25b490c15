"""The height of memory while something runs."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from segue.evaluation import memory
from segue.evaluation.memory import peak_memory

MIB = 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="the system does not tell what memory is resident")
def test_what_was_held_and_freed_again_counts() -> None:
    with peak_memory() as peak:
        held = np.ones(8 * MIB)  # 64 MiB
        time.sleep(0.05)
        del held
        time.sleep(0.05)
    assert peak.bytes is not None
    assert 60 * MIB < peak.bytes < 200 * MIB


def test_a_system_that_does_not_tell_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_STATM", tmp_path / "none")
    with peak_memory() as peak:
        pass
    assert peak.bytes is None


def test_an_error_within_ends_the_watch() -> None:
    with pytest.raises(ValueError, match="within"), peak_memory():
        raise ValueError("within")
