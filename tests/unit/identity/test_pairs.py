"""The labelled list of names: one recording, one song, or neither. All artists and titles are invented."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from segue.core.catalogue import Catalogue
from segue.identity import grouped

PAIRS = pl.read_csv(Path(__file__).with_name("pairs.tsv"), separator="\t", quote_char=None)


def _judged(pair: dict[str, str], *, near: bool = True) -> str:
    frame = {
        "id": ["a", "b"],
        "artist": [pair["artist_a"], pair["artist_b"]],
        "title": [pair["title_a"], pair["title_b"]],
    }
    catalogue = Catalogue(pl.DataFrame(frame))
    if len(grouped(catalogue, "recording", near=near)) == 1:
        return "recording"
    return "song" if len(grouped(catalogue, "song", near=near)) == 1 else "neither"


@pytest.fixture(scope="module")
def judged() -> pl.DataFrame:
    return PAIRS.with_columns(judged=pl.Series([_judged(pair) for pair in PAIRS.iter_rows(named=True)]))


def test_the_list_is_long_and_covers_every_verdict() -> None:
    assert PAIRS.height >= 300
    assert set(PAIRS["same"]) == {"recording", "song", "neither"}
    assert PAIRS.select("artist_a", "title_a", "artist_b", "title_b").is_duplicated().sum() == 0


def test_no_two_recordings_are_ever_taken_for_one(judged: pl.DataFrame) -> None:
    wrong = judged.filter((pl.col("judged") == "recording") & (pl.col("same") != "recording"))
    assert wrong.is_empty(), wrong.to_dicts()


def test_no_two_songs_are_ever_taken_for_one(judged: pl.DataFrame) -> None:
    wrong = judged.filter((pl.col("judged") != "neither") & (pl.col("same") == "neither"))
    assert wrong.is_empty(), wrong.to_dicts()


def test_nearly_all_of_one_recording_are_found(judged: pl.DataFrame) -> None:
    recordings = judged.filter(pl.col("same") == "recording")
    assert (recordings["judged"] == "recording").mean() >= 0.98


def test_nearly_all_of_one_song_are_found(judged: pl.DataFrame) -> None:
    songs = judged.filter(pl.col("same") != "neither")
    assert (songs["judged"] != "neither").mean() >= 0.98


def test_what_is_said_to_be_hard_is_all_that_is_missed(judged: pl.DataFrame) -> None:
    missed = judged.filter(pl.col("judged") != pl.col("same"))
    assert missed["why"].str.starts_with("hard").all(), missed.to_dicts()


def test_the_verdict_does_not_depend_on_which_name_comes_first() -> None:
    for pair in PAIRS.sample(60, seed=1).iter_rows(named=True):
        turned = {
            "artist_a": pair["artist_b"],
            "title_a": pair["title_b"],
            "artist_b": pair["artist_a"],
            "title_b": pair["title_a"],
        }
        assert _judged(turned) == _judged(pair)
