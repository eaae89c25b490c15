"""Where the knowledge of each item comes from."""

from __future__ import annotations

import numpy as np
import pytest

from segue.core.origins import IN_WORDS, ORIGINS, Origins
from segue.errors import ArtifactError, DataError


def test_an_origin_is_read_by_item() -> None:
    origins = Origins.of(["trained", "artist", "none", "projected"])
    assert [origins[item] for item in range(len(origins))] == ["trained", "artist", "none", "projected"]
    assert origins.known.tolist() == [True, False, False, False]
    assert origins == Origins.of(["trained", "artist", "none", "projected"])
    assert origins != Origins.of(["trained", "artist", "none", "genre"])


def test_a_fresh_model_was_trained_on_what_it_has_evidence_for() -> None:
    origins = Origins.trained(np.array([True, False, True]))
    assert origins == Origins.of(["trained", "none", "trained"])
    assert origins.counts() == {"none": 1, "trained": 2}


def test_origins_are_stored_only_where_something_was_placed() -> None:
    assert Origins.of(["trained", "none"]).arrays() == {}
    placed = Origins.of(["trained", "tag"])
    assert Origins.restored(placed.arrays(), 2) == placed
    assert Origins.restored({}, 2) is None


def test_places_in_the_list_of_origins_are_a_format_and_never_change() -> None:
    assert ORIGINS[:8] == ("none", "trained", "projected", "features", "artist", "album", "genre", "tag")


def test_every_way_to_be_placed_can_be_said() -> None:
    assert set(IN_WORDS) == set(ORIGINS) - {"none", "trained"}


@pytest.mark.parametrize(
    "codes", [np.zeros(3, np.uint8), np.full(2, 99, np.uint8), np.zeros(2, np.int64)], ids=["long", "unknown", "wide"]
)
def test_damaged_origins_are_refused(codes: np.ndarray) -> None:
    with pytest.raises(ArtifactError, match="train the model again"):
        Origins.restored({"origins": codes}, 2)


def test_an_origin_that_is_none_is_refused() -> None:
    with pytest.raises(DataError, match="origins"):
        Origins(np.array([len(ORIGINS)], np.uint8))
    with pytest.raises(DataError, match="origins"):
        Origins(np.zeros((2, 2), np.uint8))
