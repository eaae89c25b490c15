"""The three stages in a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.candidates import Recommendations
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.models.implicit_als import ImplicitALS
from segue.models.item_knn import ItemKNN
from segue.models.popularity import Popularity
from segue.pipeline import Pipeline
from segue.ranking.by_model import ModelRanker
from segue.reranking import ArtistCap, Disliked, ExplicitFilter, Seen
from segue.retrieval.sources import Source
from worlds import dataset_of, first_items, small_datasets, two_genres

WORLD = two_genres()
DATA = WORLD.dataset
KNN = ItemKNN(neighbours=10).fit(DATA)
CHARTS = Popularity().fit(DATA)
LOYAL = DATA.histories[: len(WORLD.withheld)]


def pipeline(*rules: Any, ranker: Any = None, counts: tuple[int, int] = (200, 200), fallback: bool = True) -> Pipeline:
    return Pipeline(
        [Source("neighbours", KNN, counts[0]), Source("charts", CHARTS, counts[1])],
        ranker,
        rules or (Disliked(),),
        CHARTS if fallback else None,
        catalogue=DATA.catalogue,
    )


def same(a: Recommendations, b: Recommendations) -> bool:
    return a.top == b.top and a.top.ignored == b.top.ignored


def test_the_withheld_track_comes_back_first() -> None:
    for ranker in (None, ModelRanker(KNN)):
        top = pipeline(ranker=ranker).recommend(LOYAL, 5).top
        assert top.items[:, 0].tolist() == WORLD.withheld.tolist()
        assert top.lengths.min() == 5


def test_reasons_say_which_models_came_to_know_an_item_after_training_and_how() -> None:
    before = first_items(DATA, 22)
    als = ImplicitALS(factors=6, iterations=4).fit(before).with_items(DATA)
    sources = [Source("factors", als), Source("charts", Popularity().fit(DATA))]
    built = Pipeline(sources, catalogue=DATA.catalogue)
    assert built.placed(22) == (("factors", "projected"),)
    assert built.placed(3) == ()
    answer = built.recommend(LOYAL[30:40], 12, explain=True)
    assert answer.reasons is not None
    reasons = [reason for row in answer.reasons for reason in row]
    assert any(reason.item >= 22 for reason in reasons)
    for reason in reasons:
        assert reason.placed == ((("factors", "projected"),) if reason.item >= 22 else ())
    ranked = Pipeline(sources[1:], ModelRanker(als), catalogue=DATA.catalogue)
    assert ranked.placed(22) == (("implicit-als", "projected"),)


def test_every_item_comes_with_its_reasons() -> None:
    answer = pipeline(ranker=ModelRanker(KNN)).recommend(LOYAL[:6], 5, explain=True)
    assert answer.reasons is not None
    for row, reasons in enumerate(answer.reasons):
        assert [(reason.item, reason.score) for reason in reasons] == answer.top.row(row)
        for reason in reasons:
            assert reason.nominated or reason.fallback
            assert reason.fallback is None
            nearest = KNN.recommend(LOYAL[row], 200).items[0].tolist()
            expected = nearest.index(reason.item) + 1 if reason.item in nearest else None
            assert dict(reason.nominated).get("neighbours") == expected
        first = reasons[0].explanation
        assert first is not None
        assert first.score == pytest.approx(reasons[0].score)
        assert first.contributions.sum() == pytest.approx(reasons[0].score, rel=1e-5)
        assert {item for item, _ in first.strongest(3)} <= set(LOYAL[row].items.tolist())


def test_under_fusion_a_source_explains_what_it_nominated() -> None:
    answer = pipeline().recommend(LOYAL[:3], 2, explain=True)
    assert answer.reasons is not None
    for row, reasons in enumerate(answer.reasons):
        explanation = reasons[0].explanation
        assert explanation is not None
        assert explanation.score == pytest.approx(KNN.score(LOYAL[row])[0, reasons[0].item])


def test_reasons_cost_nothing_unless_asked_for() -> None:
    answer = pipeline().recommend(LOYAL, 5)
    assert answer.reasons is None
    assert answer.removed is None
    assert same(answer, pipeline().recommend(LOYAL, 5, explain=True))


def test_empty_histories_and_strangers_get_the_charts_and_are_told_so() -> None:
    unknown = DATA.n_items
    answer = pipeline().recommend(Histories.of([{}, {unknown: 1.0}, {0: 1.0}]), 4, explain=True)
    assert answer.top.items[:2].tolist() == [CHARTS.ranking[:4].tolist()] * 2
    assert answer.top.scores[:2].tolist() == [CHARTS.counts[CHARTS.ranking[:4]].tolist()] * 2
    assert answer.trace.fallbacks == {"popularity": 2}
    assert answer.trace.ignored == answer.top.ignored == 1
    assert answer.reasons is not None
    assert [[reason.fallback for reason in reasons] for reasons in answer.reasons] == [["popularity"] * 4] * 2 + [
        [None] * 4
    ]
    assert [reason.nominated for reason in answer.reasons[0]] == [()] * 4


def test_without_a_fallback_a_list_stays_short() -> None:
    answer = pipeline(fallback=False).recommend(Histories.of([{}]), 4)
    assert answer.top.lengths.tolist() == [0]
    assert answer.trace.fallbacks == {}


def test_a_fallback_stands_behind_what_was_nominated() -> None:
    # Two items of one genre, heard together by one listener; the third is known from the charts only.
    data = dataset_of([{0: 1, 1: 1}, {2: 1}, {2: 1}], 3)
    knn, charts = ItemKNN().fit(data), Popularity().fit(data)
    answer = Pipeline([Source("neighbours", knn)], fallback=charts).recommend(Histories.of([{0: 1.0}]), 3, explain=True)
    assert answer.top.items.tolist() == [[1, 2, -1]]
    assert answer.reasons is not None
    assert [reason.fallback for reason in answer.reasons[0]] == [None, "popularity"]
    assert answer.top.scores[0, 1] < answer.top.scores[0, 0]  # though its count is larger than any fused rank


def test_the_disliked_stays_away_even_where_the_seen_may_come() -> None:
    history = Histories.of([{0: 1.0, 1: -1.0, 2: 1.0}])
    answer = pipeline().recommend(history, DATA.n_items, exclude_seen=False, explain=True)
    items = answer.top.items[0].tolist()
    assert 1 not in items
    assert {0, 2} < set(items)
    assert answer.removed is not None
    assert [(move.rule, move.item, move.after) for move in answer.removed[0]] == [("disliked", 1, None)]
    assert answer.trace.removed == {"disliked": 1}


def test_the_seen_rule_speaks_where_the_seen_may_come() -> None:
    answer = pipeline(Seen()).recommend(LOYAL[:1], 3, exclude_seen=False)
    assert answer.top.items[0, 0] == WORLD.withheld[0]
    assert answer.trace.removed["seen"] > 0


def test_what_a_rule_takes_is_made_up_for_by_asking_again() -> None:
    # Sources that bring 2 items each; the explicit filter takes items 0, 5, 10, 15, 20.
    history = Histories.of([{1: 1.0, 2: 1.0}])
    answer = pipeline(ExplicitFilter(), counts=(2, 2), fallback=False).recommend(history, 12)
    assert answer.top.lengths.tolist() == [12]
    assert not set(answer.top.items[0].tolist()) & {0, 5, 10, 15, 20}


def test_a_cap_holds_in_what_the_fallback_brings_too() -> None:
    answer = pipeline(ArtistCap(2)).recommend(Histories.of([{}, {0: 1.0}]), 8, explain=True)
    for row in range(2):
        artists = np.array(answer.top.items[row]) // 6  # two artists to a genre of twelve
        assert np.bincount(artists).max() == 2
    assert answer.top.lengths.tolist() == [8, 8]
    assert answer.removed is not None
    assert {move.rule for move in answer.removed[1]} == {"artist-cap"}


def test_a_moved_item_says_where_it_came_from_and_its_score_follows_its_place() -> None:
    answer = pipeline(ArtistCap(1, top=4), ranker=ModelRanker(KNN)).recommend(Histories.of([{0: 1.0}]), 8, explain=True)
    assert answer.reasons is not None
    moved = [(rank, reason) for rank, reason in enumerate(answer.reasons[0], start=1) if reason.moves]
    assert moved
    for rank, reason in moved:
        (move,) = reason.moves
        assert (move.rule, move.item, move.after) == ("artist-cap", reason.item, rank)
        assert move.before < rank
    assert (np.diff(answer.top.scores[0]) <= 0).all()


def test_only_what_is_allowed_and_not_banned_comes_back() -> None:
    allowed = np.arange(DATA.n_items) % 2 == 0
    banned = Histories.of([[0, 2], []])
    histories = Histories.of([{4: 1.0}, {}])
    answer = pipeline().recommend(histories, DATA.n_items, allowed=allowed, banned=banned)
    evens = set(range(0, DATA.n_items, 2))
    assert [{item for item, _ in answer.top.row(row)} for row in (0, 1)] == [evens - {0, 2, 4}, evens]


def test_a_batch_is_answered_as_each_alone_and_by_any_number_of_threads() -> None:
    histories = Histories.concatenate([LOYAL, Histories.of([{}, {0: 1.0, 13: -1.0}], order="none")])
    asked = pipeline(ArtistCap(2), Disliked(), counts=(3, 4))
    together = asked.recommend(histories, 6, explain=True, threads=1)
    assert same(together, asked.recommend(histories, 6, threads=2))
    assert together.reasons is not None
    for row in range(len(histories)):
        alone = asked.recommend(histories[row], 6, explain=True)
        assert alone.top.items[0].tolist() == together.top.items[row].tolist()
        assert alone.top.scores[0].tolist() == together.top.scores[row].tolist()
        assert alone.reasons is not None
        assert [r.nominated for r in alone.reasons[0]] == [r.nominated for r in together.reasons[row]]
        assert [r.moves for r in alone.reasons[0]] == [r.moves for r in together.reasons[row]]


def test_blocks_do_not_change_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pipeline(ArtistCap(2)).recommend(LOYAL, 6)
    monkeypatch.setattr("segue.pipeline._BLOCK_BYTES", 10_000)
    parts = pipeline(ArtistCap(2)).recommend(LOYAL, 6)
    assert same(whole, parts)
    assert whole.trace == parts.trace


def test_the_trace_counts_what_every_stage_did() -> None:
    trace = pipeline(counts=(3, 2)).recommend(LOYAL[:4], 3).trace
    assert trace.histories == 4
    # A loyal listener's neighbours know one track more; the charts bring as many as the list is long.
    assert trace.nominated == {"neighbours": 4, "charts": 12}
    assert trace.returned == 12
    assert 12 <= trace.pooled <= 24
    assert trace.removed == {"disliked": 0}
    assert trace.fallbacks == {"popularity": 0}


@given(
    dataset=small_datasets(),
    k=st.integers(1, 18),
    exclude_seen=st.booleans(),
    limit=st.none() | st.integers(1, 3),
    count=st.integers(1, 4),
    data=st.data(),
)
def test_a_list_is_as_long_as_the_rules_let_it_be(
    dataset: Dataset, k: int, exclude_seen: bool, limit: int | None, count: int, data: st.DataObject
) -> None:
    n, m = dataset.n_users, dataset.n_items
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=m, max_size=m)))
    banned = Histories.of(data.draw(st.lists(st.sets(st.integers(0, m + 2)).map(list), min_size=n, max_size=n)))
    knn, charts = ItemKNN(neighbours=3).fit(dataset), Popularity().fit(dataset)
    rules: list[Any] = [Disliked(), ExplicitFilter(), *([] if limit is None else [ArtistCap(limit)])]
    if not dataset.catalogue.frame["explicit"].any():
        rules = rules[:1]
    asked = Pipeline([Source("neighbours", knn, count)], rules=rules, fallback=charts, catalogue=dataset.catalogue)
    answer = asked.recommend(
        dataset.histories, k, exclude_seen=exclude_seen, allowed=allowed, banned=banned, explain=True
    )
    assert answer.reasons is not None
    artist = dataset.catalogue.column("artist").to_list()
    explicit = dataset.catalogue.column("explicit").to_list()
    for row in range(n):
        history = dataset.histories[row].merged()
        weights = dict(zip(history.items.tolist(), history.weights.tolist(), strict=True))
        scores = knn.score(history)[0]
        eligible = {
            item
            for item in range(m)
            if allowed[item]
            and item not in banned[row].items
            and not (exclude_seen and item in weights)
            and weights.get(item, 0.0) >= 0
            and not explicit[item]
            and (charts.counts[item] > 0 or scores[item] > -np.inf)
        }
        items = answer.top.items[row][answer.top.items[row] >= 0].tolist()
        assert set(items) <= eligible
        longest = len(eligible)
        if limit is not None:
            longest = sum(
                min(limit, sum(artist[i] == name for i in eligible)) for name in {artist[i] for i in eligible}
            )
        assert len(items) == min(k, longest)
        for reason in answer.reasons[row]:
            assert (reason.fallback == "popularity") == (not reason.nominated)


def test_models_of_different_datasets_do_not_meet() -> None:
    other = Popularity().fit(dataset_of([{0: 1.0}], 1)).items
    assert other.is_prefix_of(DATA.items)
    strangers = Dataset.from_csr(DATA.csr(), items=Vocabulary(f"other-{number}" for number in range(DATA.n_items)))
    with pytest.raises(DataError, match="different datasets"):
        Pipeline([Source("neighbours", KNN)], fallback=Popularity().fit(strangers))


def test_a_source_may_know_fewer_items_than_the_others() -> None:
    early = ItemKNN().fit(dataset_of([{0: 1.0, 1: 1.0}, {1: 1.0, 2: 1.0}], 3))
    asked = Pipeline([Source("early", early), Source("charts", CHARTS)], ModelRanker(early), fallback=CHARTS)
    answer = asked.recommend(Histories.of([{0: 1.0, 20: 1.0}]), 22)
    assert answer.top.items[0, 0] == 1
    assert answer.top.lengths.tolist() == [22]
    assert answer.trace.ignored == 0


def test_a_rule_that_the_catalogue_cannot_serve_is_refused_at_once() -> None:
    with pytest.raises(DataError, match="'artist-cap' needs the catalogue column 'artist'"):
        Pipeline([Source("charts", CHARTS)], rules=[ArtistCap()])


def test_wrong_requests_and_pipelines_are_refused() -> None:
    with pytest.raises(SettingsError, match="at least one source"):
        Pipeline([], fallback=CHARTS)
    with pytest.raises(SettingsError, match="distinct"):
        Pipeline([Source("a", KNN), Source("a", CHARTS)])
    with pytest.raises(SettingsError, match="at least 1"):
        pipeline().recommend(LOYAL, 0)
    with pytest.raises(DataError, match="mask"):
        pipeline().recommend(LOYAL, 3, allowed=np.ones(3, np.bool_))
    with pytest.raises(DataError, match="one row per history"):
        pipeline().recommend(LOYAL, 3, banned=Histories.empty(1))
    assert len(pipeline().recommend(Histories.empty(), 3).top) == 0
