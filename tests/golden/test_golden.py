"""What an older segue saved, this one still reads, and answers the same.

`format-N/` was written once by the segue that introduced format version N: a small dataset, one model of each kind, and
the lists that they gave. A new format version gets a folder of its own; an old folder is never written again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import segue
from segue.artifacts import FORMAT

HERE = Path(__file__).parent
FORMATS = sorted(HERE.glob("format-*"))
HISTORIES = ({0: 2.0, 3: 1.0}, {8: 1.0, 1: -1.0}, {})


@pytest.mark.parametrize("folder", FORMATS, ids=lambda folder: folder.name)
def test_an_old_dataset_is_read_as_it_was_written(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    dataset = segue.read_dataset(folder / "dataset")
    assert dataset.fingerprint() == expected["fingerprint"]
    assert dataset.items[8] == "Größe/日本"
    assert dataset.catalogue.column("genres").to_list()[:2] == [["rock", "indie rock"], ["folk"]]


@pytest.mark.parametrize("folder", FORMATS, ids=lambda folder: folder.name)
def test_an_old_model_answers_as_it_did(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["lists"]
    for name, answer in expected.items():
        top = segue.load(folder / name).recommend(segue.Histories.of(HISTORIES), k=4)
        assert top.items.tolist() == answer["items"], name
        for scores, wanted in zip(top.scores, answer["scores"], strict=True):
            np.testing.assert_allclose(scores[np.isfinite(scores)], wanted, rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_present_format_has_its_golden_artifacts() -> None:
    assert (HERE / f"format-{FORMAT}").is_dir()
