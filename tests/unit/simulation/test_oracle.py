from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.protocols import Recommender
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, SettingsError
from segue.simulation import BestPossible, World


def test_the_oracle_is_a_recommender_that_answers_with_the_truth(world: World) -> None:
    oracle = world.oracle()
    assert isinstance(oracle, Recommender)
    rows = [5, 900, 44]
    histories = world.dataset.histories[rows]
    assert oracle.recommend(histories, 20) == world.truth.best(rows, 20, aim="plays", exclude=histories)
    assert oracle.recommend(histories, 20, exclude_seen=False) == world.truth.best(rows, 20, aim="plays")


def test_liking_and_time_are_the_configurations(world: World) -> None:
    histories = world.dataset.histories[:4]
    expected = world.truth.best(np.arange(4), 5, aim="liking", when=1.0, exclude=histories)
    assert world.oracle("liking", 1.0).recommend(histories, 5) == expected


def test_banned_seen_and_disallowed_tracks_stay_away(world: World) -> None:
    histories = world.dataset.histories[:30]
    allowed = np.arange(world.dataset.n_items) % 3 != 0
    oracle = world.oracle()
    first = oracle.recommend(histories, 10, allowed=allowed)
    banned = Histories.of(first.items.tolist())
    top = oracle.recommend(histories, 10, allowed=allowed, banned=banned)
    for row in range(30):
        items = set(top.items[row].tolist())
        assert not items & set(first.items[row].tolist())
        assert not items & set(histories[row].items.tolist())
        assert all(item % 3 for item in items)


def test_candidates_are_scored_as_in_the_whole(world: World) -> None:
    histories = world.dataset.histories[:2]
    oracle = world.oracle()
    whole = oracle.score(histories)
    part = oracle.score(histories, np.array([[4, 9], [7, -1]], np.int32))
    assert part.tolist() == [[whole[0, 4], whole[0, 9]], [whole[1, 7], -np.inf]]


def test_an_empty_history_gets_an_empty_list(world: World) -> None:
    history = Histories.of([[]], context=pl.DataFrame({"user": [world.dataset.users[3]]}))
    assert world.oracle().recommend(history, 5).lengths.tolist() == [0]


def test_a_dataset_of_some_of_the_tracks_in_another_order_is_answered_in_its_own_positions(world: World) -> None:
    chosen = np.array([40, 3, 99, 1200, 7])
    items = Vocabulary(world.dataset.items.series.gather(chosen))
    small = Dataset.from_frame(
        pl.DataFrame({"u": ["u000002"] * 5, "i": items.series}), user="u", item="i", feedback="presence"
    )
    oracle = BestPossible(world.truth, "liking").fit(small)
    history = Histories.of([[1]], context=pl.DataFrame({"user": ["u000002"]}))
    odds = world.truth.log_odds([2] * 5, chosen)
    expected = [place for place in np.argsort(-odds).tolist() if place != 1]
    assert oracle.recommend(history, 5).items.tolist() == [[*expected, -1]]


def test_the_oracle_must_know_who_asks(world: World) -> None:
    oracle = world.oracle()
    with pytest.raises(DataError, match="column 'user'"):
        oracle.recommend(Histories.of([[1]]))
    with pytest.raises(DataError, match="'nobody'"):
        oracle.recommend(Histories.of([[1]], context=pl.DataFrame({"user": ["nobody"]})))


def test_a_foreign_dataset_and_a_wrong_setting_are_refused(world: World) -> None:
    foreign = Dataset.from_frame(pl.DataFrame({"u": ["a"], "i": ["song"]}), user="u", item="i")
    with pytest.raises(DataError, match="'song'"):
        BestPossible(world.truth).fit(foreign)
    with pytest.raises(SettingsError, match="'fame'"):
        BestPossible(world.truth, "fame")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="2024"):
        BestPossible(world.truth, when=2024)
    with pytest.raises(ArtifactError, match="simulate its world again"):
        BestPossible(world.truth).restore(world.dataset.items, {})
    oracle = world.oracle()
    with pytest.raises(SettingsError, match="got 0"):
        oracle.recommend(world.dataset.histories[:1], 0)
    with pytest.raises(DataError, match="banned"):
        oracle.recommend(world.dataset.histories[:1], banned=Histories.empty(2))
