"""The page about a dataset: what it says, and that data cannot get into its markup."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.description import Description
from segue.reports import write_description
from segue.simulation import simulate


def test_the_page_says_what_the_description_says(tmp_path: Path) -> None:
    about = Description.of(simulate(listeners=40, tracks=200, seed=1).dataset)
    page = write_description(about, tmp_path, title="my <b>music</b>")
    text = page.read_text(encoding="utf-8")
    assert page == tmp_path / "dataset.html"
    assert "my &lt;b&gt;music&lt;/b&gt;" in text
    for _, said in about.facts():
        assert said in text
    assert text.count("<svg role") == 3
    assert {file.name for file in (tmp_path / "dataset").iterdir()} == {
        f"{name}.{ending}" for name in ("activity", "popularity", "over-time") for ending in ("png", "svg")
    }


def test_equal_data_gives_equal_bytes(tmp_path: Path) -> None:
    about = Description.of(simulate(listeners=20, tracks=100, seed=1).dataset)
    first = write_description(about, tmp_path / "a", title="t").read_bytes()
    assert write_description(replace(about), tmp_path / "b", title="t").read_bytes() == first


def test_nothing_at_all_still_has_a_page(tmp_path: Path) -> None:
    items = Vocabulary()
    empty = Dataset(Vocabulary(), items, Histories.empty(), Catalogue(pl.DataFrame({"id": items.series})))
    text = write_description(Description.of(empty), tmp_path, title="empty").read_text(encoding="utf-8")
    assert "<svg" not in text
    assert "Known of the items" in text
