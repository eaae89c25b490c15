from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from segue.core.arrays import Int32Array
from segue.dataset_files import read_dataset, scan_interactions
from segue.errors import SettingsError
from segue.simulation import PARAMETERS, Parameters, World, simulate, simulate_to, true_taste
from segue.simulation.listening import DAYS, START

YEAR = DAYS * 86400


def same(a: World, b: World) -> bool:
    truths = ("user_factors", "drifts", "item_factors", "bias", "log_exposure")
    return (
        a.dataset == b.dataset
        and a.playlists == b.playlists
        and a.ratings == b.ratings
        and a.identity.equals(b.identity)
        and all(getattr(a.truth, name).tobytes() == getattr(b.truth, name).tobytes() for name in truths)
    )


def test_the_same_seed_gives_the_same_world_whatever_the_number_of_threads() -> None:
    a = simulate(1200, 150, seed=5, threads=1)
    assert same(a, simulate(1200, 150, seed=5, threads=2))
    assert not same(a, simulate(1200, 150, seed=6))


def test_the_first_listeners_of_a_cell_do_not_depend_on_those_after_it() -> None:
    few, many = true_taste(1000, 150), true_taste(2500, 150)
    assert few.item_factors.tobytes() == many.item_factors.tobytes()
    assert few.users.is_prefix_of(many.users)


def test_the_default_world_has_the_size_that_it_promises() -> None:
    world = simulate()
    assert (world.dataset.n_users, world.dataset.n_items) == (2000, 5000)
    assert world.dataset.histories.n_entries == pytest.approx(300_000, rel=0.05)
    assert len(world.playlists.histories) == 2000
    assert world.ratings.histories.n_entries > 30_000


@pytest.mark.parametrize(("listeners", "tracks"), [(1, 20), (3, 20), (40, 25), (1001, 60)])
def test_the_smallest_worlds_are_whole(listeners: int, tracks: int) -> None:
    world = simulate(listeners, tracks, seed=1)
    assert (world.dataset.n_users, world.dataset.n_items) == (listeners, tracks)
    assert world.dataset.histories.lengths.min() >= 5
    assert world.truth.best([0], 3).lengths.tolist() == [3]


def test_plays_lie_within_the_year_and_never_overlap(world: World) -> None:
    histories = world.dataset.histories
    assert histories.order == "time"
    assert histories.times is not None
    assert histories.times.min() >= START
    assert histories.times.max() < START + YEAR + 7 * 86400  # a last session may run over
    within = np.diff(histories.times)[np.diff(histories.row_of_entry) == 0]
    assert within.min() >= 5


def test_the_context_says_whose_history_it_is(world: World) -> None:
    context = world.dataset.histories.context
    assert context is not None
    assert context["user"].equals(world.dataset.users.series, check_names=False)
    assert world.dataset.user_table is not None
    assert world.dataset.user_table["name"].n_unique() > 1000


def test_popularity_follows_a_power_law(world: World) -> None:
    counts = np.sort(np.bincount(world.dataset.histories.items, minlength=world.dataset.n_items))[::-1]
    ranks = np.arange(10, 500)
    slope = np.polyfit(np.log(ranks), np.log(counts[ranks]), 1)[0]
    assert -1.4 < slope < -0.6


def test_a_track_is_skipped_the_more_the_less_it_is_liked(world: World) -> None:
    histories = world.dataset.histories
    liking = world.truth.probability_of(histories.row_of_entry, histories.items)
    skipped = world.skipped
    assert 0.15 < skipped.mean() < 0.4
    edges = np.quantile(liking, [0, 0.25, 0.5, 0.75, 1])
    rates = [skipped[(liking >= low) & (liking <= high)].mean() for low, high in pairwise(edges)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 2 * rates[-1]


def test_listeners_play_what_they_like(world: World) -> None:
    histories = world.dataset.histories
    played = world.truth.probability_of(histories.row_of_entry, histories.items).mean()
    anything = np.mean([block.mean() for _, block in world.truth.blocks()])
    assert played > 3 * anything


def test_tastes_drift_so_that_late_plays_fit_the_late_taste(world: World) -> None:
    histories = world.dataset.histories
    assert histories.times is not None
    rows, items = histories.row_of_entry, histories.items
    late_fit = world.truth.log_odds(rows, items, when=1.0) - world.truth.log_odds(rows, items, when=0.0)
    late = histories.times > START + 0.75 * YEAR
    early = histories.times < START + 0.25 * YEAR
    assert late_fit[late].mean() > late_fit[early].mean() + 0.8


def test_the_next_track_of_a_session_is_nearer_than_a_shuffled_one(world: World) -> None:
    histories = world.dataset.histories
    assert histories.times is not None
    vectors = world.truth.item_factors[:, : world.parameters.styles]
    artists = world.dataset.catalogue.codes("artist")
    same_session = (np.diff(histories.times) < 1800) & (np.diff(histories.row_of_entry) == 0)
    starts = np.flatnonzero(same_session)
    following = histories.items[starts + 1]
    session = np.concatenate([[0], np.cumsum(~same_session)])
    by_chance = np.random.default_rng(0).permutation(histories.items.size)
    within = by_chance[np.argsort(session[by_chance], kind="stable")]  # shuffled, each session for itself
    shuffled = histories.items[within[starts + 1]]

    def nearness(others: Int32Array) -> float:
        return float(np.einsum("jd,jd->j", vectors[histories.items[starts]], vectors[others]).mean())

    assert nearness(following) > nearness(shuffled) + 0.05
    assert np.mean(artists[histories.items[starts]] == artists[following]) > 0.15


def test_friends_share_taste_and_friendship_is_mutual(world: World) -> None:
    friends = world.dataset.friends
    assert friends is not None
    assert abs(friends - friends.T).sum() == 0
    assert friends.diagonal().sum() == 0
    assert 4 < friends.nnz / world.dataset.n_users < 12
    tastes = world.truth.user_factors / np.linalg.norm(world.truth.user_factors, axis=1, keepdims=True)
    here, there = friends.nonzero()
    random = np.random.default_rng(0).integers(0, world.dataset.n_users, here.size)
    among_friends = np.einsum("jd,jd->j", tastes[here], tastes[there]).mean()
    among_strangers = np.einsum("jd,jd->j", tastes[here], tastes[random]).mean()
    assert among_friends > among_strangers + 0.1
    assert world.dataset.user_table is not None
    countries = world.dataset.user_table["country"].to_numpy()
    assert np.mean(countries[here] == countries[there]) > 2 * np.mean(countries[here] == countries[random])


def test_ratings_agree_with_the_truth(world: World) -> None:
    ratings = world.ratings.histories
    assert world.ratings.scale == (0.5, 5.0)
    assert set(np.unique(ratings.weights * 2).tolist()) <= set(range(1, 11))
    assert ratings.merged().n_entries == ratings.n_entries
    liking = world.truth.probability_of(ratings.row_of_entry, ratings.items)
    assert spearmanr(ratings.weights, liking).statistic > 0.6


def test_some_ratings_are_of_tracks_that_were_never_played(world: World) -> None:
    rated = world.ratings.csr()
    rated.data[:] = 1
    played = world.dataset.csr()
    played.data[:] = 1
    share = 1 - rated.multiply(played).sum() / rated.sum()
    assert 0.05 < share < 0.25


def test_playlists_hold_distinct_tracks_that_fit_the_name(world: World) -> None:
    playlists = world.playlists.histories
    assert playlists.order == "position"
    assert playlists.merged().n_entries == playlists.n_entries
    context = playlists.context
    assert context is not None
    genres = world.dataset.catalogue.frame["genres"].to_list()
    named = context["name"].to_list()
    shares = []
    for genre in {name for track in genres for name in track}:
        for row in (i for i, name in enumerate(named) if name == f"{genre} essentials"):
            items = playlists[row].items.tolist()
            shares.append(np.mean([genre in genres[item] for item in items]))
    assert len(shares) > 10
    assert np.mean(shares) > 0.6
    owners = world.truth.users.positions(context["owner"])
    liking = world.truth.probability_of(np.repeat(owners, playlists.lengths), playlists.items)
    assert liking.mean() > 0.4


@pytest.mark.parametrize(("listeners", "tracks"), [(1700, 120), (60, 90)])
def test_what_is_streamed_equals_what_is_made_in_memory(tmp_path: Path, listeners: int, tracks: int) -> None:
    version = simulate_to(tmp_path / "dataset", listeners, tracks, seed=8)
    world = simulate(listeners, tracks, seed=8)
    assert read_dataset(tmp_path / "dataset") == world.dataset
    assert scan_interactions(version).collect().height == world.dataset.histories.n_entries
    truth = true_taste(listeners, tracks, seed=8)
    assert truth.user_factors.tobytes() == world.truth.user_factors.tobytes()
    assert truth.users == world.dataset.users


def test_progress_counts_every_listener() -> None:
    class Counting:
        def __init__(self) -> None:
            self.totals: dict[str, float] = {}
            self.done: dict[str, float] = {}
            self.current = ""

        def task(self, description: str, total: float | None = None, unit: str = "") -> Counting:
            assert description
            self.current = unit
            self.totals[unit] = total or 0
            self.done.setdefault(unit, 0)
            return self

        def __enter__(self) -> Counting:
            return self

        def __exit__(self, *error: object) -> None:
            return None

        def advance(self, amount: float = 1.0, note: str = "") -> None:
            self.done[self.current] += amount
            assert not note

    counting = Counting()
    simulate(1300, 60, progress=counting)
    assert counting.done == counting.totals == {"tracks": 60, "listeners": 1300, "playlists": 1300}


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"listeners": 0}, "listeners, got 0"),
        ({"listeners": -3}, "listeners, got -3"),
        ({"tracks": 19}, "tracks, got 19"),
        ({"tracks": 10**9}, "tracks, got 1000000000"),
        ({"seed": -1}, "seed must be 0 or more, got -1"),
    ],
)
def test_an_impossible_size_is_refused(tmp_path: Path, sizes: dict[str, int], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        simulate(**sizes)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=message):
        true_taste(**sizes)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=message):
        simulate_to(tmp_path / "dataset", **sizes)  # type: ignore[arg-type]
    assert not (tmp_path / "dataset").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"skip_ceiling": 1.5},
        {"sharpness": -1.0},
        {"drift": float("nan")},
        {"plays_per_listener": 0.0},
        {"like_at_neutral": float("inf")},
        {"styles": 1},
    ],
)
def test_an_impossible_parameter_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Parameters(**wrong)  # type: ignore[arg-type]


def test_the_default_parameters_are_frozen() -> None:
    with pytest.raises(AttributeError):
        PARAMETERS.sharpness = 1.0  # type: ignore[misc]
