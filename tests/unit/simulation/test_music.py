from __future__ import annotations

import polars as pl
import pytest

from segue.core.catalogue import AUDIO_FEATURES, COLUMNS
from segue.core.titles import fold
from segue.simulation import PARAMETERS, World
from segue.simulation.genres import GENRES, ROOTS
from segue.simulation.lexicon import LEXICONS
from segue.simulation.music import make_music


@pytest.fixture(scope="module")
def tracks(world: World) -> pl.DataFrame:
    return world.dataset.catalogue.frame


def test_every_column_is_known_but_those_that_only_a_library_of_files_has(world: World) -> None:
    missing = [name for name in COLUMNS if not world.dataset.catalogue.has(name)]
    assert missing == ["mbid", "location", "recording", "song"]
    nulls = {
        name: count for name, count in world.dataset.catalogue.frame.null_count().row(0, named=True).items() if count
    }
    assert set(nulls) == {"location", "text"}


def test_no_two_artists_share_a_name(world: World) -> None:
    music = make_music(20_000, 1, PARAMETERS)
    names = music.catalogue.frame["artist"].unique().to_list()
    assert len(names) == music.artists.max() + 1
    assert len({fold(name) for name in names}) == len(names)


def test_an_album_has_one_artist_and_one_date(tracks: pl.DataFrame, world: World) -> None:
    albums = tracks.group_by("artist", "album").agg(pl.col("released").n_unique())
    assert (albums["released"] <= 2).all()  # two, where an artist gave two albums one name
    assert albums["released"].mean() < 1.02  # type: ignore[operator]
    assert tracks["released"].dt.year().is_between(1960, 2023).all()


def test_audio_features_lie_in_their_ranges(tracks: pl.DataFrame) -> None:
    for name in AUDIO_FEATURES:
        low, high = {
            "loudness": (-60, 0),
            "tempo": (40, 250),
            "key": (0, 11),
            "mode": (0, 1),
            "time_signature": (3, 5),
        }.get(name, (0, 1))
        assert tracks[name].is_between(low, high).all(), name
    for name in ("key", "mode", "time_signature", "popularity"):
        assert (tracks[name] == tracks[name].round()).all()


def test_audio_features_follow_the_genre(world: World) -> None:
    frame = make_music(5000, 0, PARAMETERS).catalogue.frame.with_columns(root=pl.col("genres").list.last())
    mean = (
        frame.group_by("root")
        .agg(pl.col("energy", "acousticness", "speechiness").mean())
        .rows_by_key("root", named=True)
    )
    assert mean["metal"][0]["energy"] > mean["classical"][0]["energy"] + 0.4
    assert mean["classical"][0]["acousticness"] > mean["electronic"][0]["acousticness"] + 0.3
    assert mean["hip hop"][0]["speechiness"] == max(row[0]["speechiness"] for row in mean.values())


def test_genres_are_a_path_to_the_root(tracks: pl.DataFrame) -> None:
    paths = {(leaf.name, root.name) for root in ROOTS for leaf in root.leaves}
    assert {tuple(path) for path in tracks["genres"].to_list()} <= paths
    assert len({leaf.name for leaf in GENRES}) == len(GENRES)
    assert set(LEXICONS) == {root.name for root in ROOTS}


def test_songs_with_words_have_forty_to_ninety_of_them(tracks: pl.DataFrame) -> None:
    counts = tracks["text"].drop_nulls().str.split("\n").list.join(" ").str.split(" ").list.len()
    assert 30 <= counts.min() <= counts.max() <= 100  # type: ignore[operator]
    assert 40 < counts.mean() < 80  # type: ignore[operator]
    silent = tracks.filter(pl.col("text").is_null())
    assert silent["instrumentalness"].min() > 0.4  # type: ignore[operator]
    assert not silent["explicit"].any()


def _with_truth(world: World) -> pl.DataFrame:
    truth = world.identity.rename({"recording": "recording_true", "song": "song_true"})
    return world.dataset.catalogue.frame.join(truth, on="id", maintain_order="left")


def test_versions_of_a_song_are_recognizable_and_the_truth_about_them_is_kept(world: World) -> None:
    frame = _with_truth(world)
    originals = frame.select(pl.col("id").alias("song_true"), original="title", by="artist", code="isrc", words="text")
    versions = frame.filter(pl.col("song_true") != pl.col("id")).join(originals, on="song_true")
    assert versions.height > 50
    assert (versions["artist"] == versions["by"]).all()
    assert versions["text"].eq_missing(versions["words"]).all()
    assert all(title.startswith(original) for title, original in versions.select("title", "original").iter_rows())
    live = versions.filter(pl.col("title").str.ends_with("(Live)"))
    assert (live["recording_true"] == live["id"]).all()
    assert live["liveness"].mean() > 0.6  # type: ignore[operator]
    remastered = versions.filter(pl.col("title").str.contains(r" - Remastered \d{4}$"))
    assert (remastered["recording_true"] == remastered["song_true"]).all()
    reissued = versions.filter(pl.col("title") == pl.col("original"))
    assert (reissued["isrc"] == reissued["code"]).all()
    assert min(live.height, remastered.height, reissued.height) > 5


def test_only_a_reissue_shares_a_recording_code(world: World) -> None:
    frame = _with_truth(world)
    assert frame["isrc"].str.contains(r"^ZZ[A-Z0-9]{3}\d{7}$").all()
    assert frame.group_by("isrc").agg(pl.col("recording_true").n_unique())["recording_true"].max() == 1
    assert frame["isrc"].n_unique() < frame.height


def test_the_music_does_not_depend_on_its_listeners(world: World) -> None:
    music = make_music(2000, 3, PARAMETERS)
    assert music.catalogue == world.dataset.catalogue
    assert music.vectors.tobytes() == world.truth.item_factors.tobytes()
