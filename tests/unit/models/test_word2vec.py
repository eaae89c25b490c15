"""Word2vec: histories as sentences, items as texts, and titles that get lists."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import polars as pl
import pytest

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.protocols import AnswersTitles
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, MissingExtraError, SettingsError
from segue.models.item_words import keys_of
from segue.models.listening_sentences import listening
from segue.models.named_words import Words, naming
from segue.models.word2vec import FittedWord2Vec, Word2Vec
from segue.models.word_vectors import Sentences, SkipGram

pytest.importorskip("gensim", reason="needs the extra text")

SMALL: dict[str, Any] = {"dimensions": 16, "epochs": 8, "learning_rate": 0.2, "negatives": 10, "subsampling": 0.0}
TRACKS = 10  # of the sea (0..9), and of the woods (10..19)


def playlists(n: int = 80) -> Dataset:
    """Playlists of the sea or of the woods, named after them; titles share words within a side."""
    rng = np.random.default_rng(0)
    rows, names = [], []
    for number in range(n):
        side = number % 2
        rows.append((rng.permutation(TRACKS)[:6] + side * TRACKS).tolist())
        names.append(("Salt & waves" if side == 0 else "deep woods") + f" {number}")
    items = Vocabulary(f"t{number}" for number in range(2 * TRACKS))
    words = (["wave", "salt", "sail"], ["leaf", "moss", "fern"])
    titles = [" ".join(rng.permutation(words[number // TRACKS])[:2]) for number in range(2 * TRACKS)]
    catalogue = Catalogue(
        pl.DataFrame({"id": items.series, "title": titles, "artist": [f"A{number // 5}" for number in range(20)]})
    )
    histories = Histories.of(rows, context=pl.DataFrame({"name": names}))
    return Dataset(Vocabulary(f"p{row}" for row in range(n)), items, histories, catalogue, feedback="presence")


def fitted(**settings: Any) -> FittedWord2Vec:
    return Word2Vec(**SMALL, **settings).fit(playlists(), seed=1)


@pytest.mark.parametrize("source", ["sessions", "text"])
def test_a_title_alone_gets_what_lies_under_such_names(source: str) -> None:
    model = fitted(source=source)
    assert isinstance(model, AnswersTitles)
    top = model.recommend_titles(["Salt", "WOODS for me", "zzz", ""], 8)
    assert top.lengths.tolist() == [8, 8, 0, 0]
    if source == "sessions":
        assert (top.items[0] < TRACKS).all()
        assert (top.items[1] >= TRACKS).all()
    assert (model.recommend_titles(["salt"], 5, allowed=np.arange(20) >= TRACKS).items >= TRACKS).all()


def test_items_heard_together_are_alike() -> None:
    near = fitted().similar_items(np.arange(20), 5).items
    assert (near // TRACKS == np.arange(20)[:, None] // TRACKS).all()


def test_what_occurs_often_comes_first_the_more_so_the_more_popularity_counts() -> None:
    flat, popular = fitted(popularity=0.0), fitted(popularity=2.0)
    np.testing.assert_allclose(np.linalg.norm(flat.item_vectors, axis=1), 1, rtol=1e-5)
    counts = np.bincount(playlists().histories.items, minlength=20)
    np.testing.assert_allclose(np.linalg.norm(popular.item_vectors, axis=1), np.log2(2 + counts) ** 2, rtol=1e-5)
    np.testing.assert_allclose(
        popular.item_vectors / np.linalg.norm(popular.item_vectors, axis=1, keepdims=True), flat.item_vectors, atol=1e-5
    )


def test_a_history_is_the_weighted_mean_of_its_directions_and_dislikes_subtract() -> None:
    model = fitted(weighting="linear")
    unit = model.item_vectors / np.linalg.norm(model.item_vectors, axis=1, keepdims=True)
    query = model.query_vectors(Histories.of([{0: 3.0, 12: -1.0}, {12: -1.0}]))
    np.testing.assert_allclose(query[0], (3 * unit[0] - unit[12]) / 4, atol=1e-6)
    assert not query[1].any()


def test_a_song_that_nobody_heard_is_placed_by_its_words() -> None:
    whole = playlists()
    grown = Dataset(
        whole.users,
        Vocabulary([*whole.items.series, "new", "unknown"]),
        whole.histories,
        Catalogue(
            pl.concat(
                [
                    whole.catalogue.frame,
                    pl.DataFrame({"id": ["new", "unknown"], "title": ["Moss, moss", "zzz"], "artist": ["New", None]}),
                ]
            )
        ),
        feedback="presence",
    )
    model = fitted(source="text").with_items(grown)
    assert model.origins[20] == "features"
    assert model.origins[21] == "none"
    near = model.similar_items([20], 4).items[0]
    assert (near >= TRACKS).all()
    scores = model.score(Histories.of([{12: 1.0, 15: 1.0}]))[0]
    assert scores[20] > scores[:TRACKS].mean()
    before = fitted(source="text")
    assert model.item_vectors[:20].tobytes() == before.item_vectors.tobytes()


def test_new_items_of_sessions_are_averages_of_their_artist() -> None:
    whole = playlists()
    frame = pl.concat([whole.catalogue.frame, pl.DataFrame({"id": ["new"], "title": ["?"], "artist": ["A0"]})])
    grown = Dataset(whole.users, Vocabulary(frame["id"]), whole.histories, Catalogue(frame), feedback="presence")
    model = fitted().with_items(grown)
    assert model.origins[20] == "artist"
    assert (model.similar_items([20], 5).items < TRACKS).all()


def test_rare_items_have_no_vector_of_their_own() -> None:
    model = fitted(min_count=24)
    counts = np.bincount(playlists().histories.items, minlength=20)
    np.testing.assert_array_equal(model.item_vectors.any(axis=1), counts >= 24)
    with pytest.raises(DataError, match="min_count"):
        fitted(min_count=1000)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    whole = playlists()
    first, again, other = (Word2Vec(**SMALL).fit(whole, seed=seed, threads=2) for seed in (1, 1, 2))
    for name, array in first.arrays().items():
        assert array.tobytes() == again.arrays()[name].tobytes()
    assert first.item_vectors.tobytes() != other.item_vectors.tobytes()


# -- sentences --------------------------------------------------------------------------------------------------------


def test_sentences_hold_what_is_liked_and_not_rare() -> None:
    rows = Histories(
        np.array([0, 3, 5, 6, 7]),
        np.array([0, 1, 0, 1, 2, 2, 3]),
        np.array([1, 1, 1, 1, -1, 1, 1], np.float32),
        order="position",
    )
    said = listening(rows, 4, least=2, pause=60.0)
    assert said.offsets.tolist() == [0, 3, 4, 4, 4]
    assert said.tokens.tolist() == [0, 1, 0, 1]
    assert not said.unsorted


def test_histories_without_order_are_merged_and_drawn_anew_in_each_pass() -> None:
    rows = Histories(np.array([0, 4]), np.array([0, 1, 0, 2]), np.ones(4, np.float32))
    said = listening(rows, 3, least=1, pause=60.0)
    assert said.unsorted
    assert said.tokens.tolist() == [0, 1, 2]


def test_a_pause_ends_a_sentence() -> None:
    rows = Histories(
        np.array([0, 4, 6]),
        np.array([0, 1, 2, 3, 0, 1]),
        np.ones(6, np.float32),
        np.array([0, 60, 5000, 5060, 0, 10]),
        order="time",
    )
    assert listening(rows, 4, least=1, pause=1800.0).offsets.tolist() == [0, 2, 4, 6]


def test_a_word_says_how_what_it_names_differs_from_all() -> None:
    tastes = np.array([[1, 0], [0, 1], [1, 0], [0, 0]], np.float32)
    words = naming(["Sad songs", "sad", "other", "sad"], tastes)
    assert words.keys.tolist() == keys_of(["sad"])[0]
    mean = np.array([2, 1]) / 3  # of the three that are not zero; "sad" names (1, 0) and (0, 1)
    np.testing.assert_allclose(words.vectors, [([1, 1] - 2 * mean) / (2 + 3) + mean / 10], rtol=1e-5)
    np.testing.assert_allclose(words.weights, [np.log(1 + 3 / 2)], rtol=1e-6)
    assert words.means(["very SAD", "other", ""]).tolist() == [words.vectors[0].tolist(), [0, 0], [0, 0]]


def test_rare_words_of_a_title_count_more() -> None:
    words = Words(
        np.sort(np.array(keys_of(["sad"])[0] + keys_of(["songs"])[0], np.uint64)),
        np.eye(2, dtype=np.float32),
        np.array([1, 3], np.float32),
    )
    np.testing.assert_allclose(words.means(["sad songs sad"]), [[0.25, 0.75]])


def test_long_sentences_lose_nothing() -> None:
    tokens = np.tile(np.arange(3, dtype=np.int32), 5000)
    tokens[-1] = 3  # stands behind the ten thousand tokens that gensim reads of one sentence
    skip_gram = SkipGram(
        dimensions=4, window=2, negatives=2, exponent=0.75, subsampling=0, learning_rate=0.05, epochs=1
    )
    corpus = Sentences(np.array([0, tokens.size]), tokens, 5)
    first, _ = skip_gram.learn(corpus, 0)
    start, _ = SkipGram(
        dimensions=4, window=2, negatives=2, exponent=0.75, subsampling=0, learning_rate=1e-9, epochs=1
    ).learn(corpus, 0)
    assert np.abs(first[3] - start[3]).max() > 1e-4
    assert not first[4].any()


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"source": "dreams"}, "source"),
        ({"dimensions": 0}, "dimensions"),
        ({"window": 1.5}, "window"),
        ({"exponent": 3.0}, "exponent"),
        ({"subsampling": -0.1}, "subsampling"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"popularity": -1.0}, "popularity"),
        ({"pause": 0.0}, "pause"),
        ({"weighting": "cubic"}, "weighting"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Word2Vec(**settings)


def test_texts_that_share_no_word_are_refused() -> None:
    whole = playlists()
    catalogue = Catalogue(pl.DataFrame({"id": whole.items.series, "title": [f"x{n}" for n in range(20)]}))
    bare = Dataset(whole.users, whole.items, whole.histories.with_context(None), catalogue, feedback="presence")
    with pytest.raises(DataError, match="share words"):
        Word2Vec(source="text", **SMALL).fit(bare)


def test_a_damaged_model_is_refused() -> None:
    model = fitted()
    for missing in ("item_vectors", "word_vectors", "words"):
        arrays = {name: array for name, array in model.arrays().items() if name != missing}
        with pytest.raises(ArtifactError, match="train"):
            model.configuration.restore(model.items, arrays)


def test_without_gensim_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("gensim"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"segue\[text\]"):
        fitted()
