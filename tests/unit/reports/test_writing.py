"""Reports as files: whole or not at all, the same bytes for the same input, whatever the record lacks."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import records
from segue import reports
from segue.errors import DataError, SettingsError, StorageError
from segue.evaluation.predictions import Predictions

MODELS = ("popularity", "item-knn")
VOID = {"meta", "link", "br", "img"}


class Page(HTMLParser):
    """What a page holds: its elements in order, its text, and whether every element is closed where it must be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " "
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def whole(folder: Path, run: str = "run") -> Path:
    return reports.write(
        records.record(*MODELS),
        folder,
        run,
        title="My music",
        samples=records.samples(),
        training=[records.CURVE],
        tuning=[records.SEARCH],
        predictions={"explicit": Predictions(np.arange(4.0), np.arange(4.0) + 0.1)},
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def page(written: Path) -> Page:
    return Page(written.read_text(encoding="utf-8"))


def test_every_plot_lies_beside_the_page_as_picture_and_drawing(written: Path) -> None:
    files = {path.name for path in (written.parent / "run").iterdir()}
    names = {Path(name).stem for name in files}
    assert files == {f"{name}{ending}" for name in names for ending in (".png", ".svg")}
    assert names == {
        "intervals",
        "accuracy-coverage",
        "accuracy-novelty",
        "accuracy-time",
        "accuracy-fit",
        "by-users-fine",
        "by-items-fine",
        "by-length-recall",
        "training-popularity-loss",
        "tuning-implicit-als-trials",
        "tuning-implicit-als-importance",
        "ratings-explicit-prediction",
        "ratings-explicit-errors",
        "ratings-explicit-quantiles",
        "ratings-explicit-residuals",
    }
    assert [path for path in written.parent.iterdir() if path.name.endswith(".part")] == []


def test_a_page_needs_nothing_beside_it(page: Page, written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    assert not page.all("script")
    assert not page.all("img")
    for _, attributes in page.elements:
        for key in ("src", "href", "xlink:href", "data"):
            value = attributes.get(key)
            assert value is None or value.startswith("#") or value == "data:,", value
    assert "@import" not in text
    assert re.findall(r"url\((?!#)", text) == []
    assert "default-src 'none'" in text


def test_every_figure_says_what_there_is_to_see(page: Page) -> None:
    drawings = page.all("svg")
    assert len(drawings) == len(page.all("figure")) == 15
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in drawings)


def test_every_head_of_a_table_says_what_it_heads(page: Page) -> None:
    heads = page.all("th")
    assert heads
    assert all(attributes.get("scope") in ("col", "row", "rowgroup") for attributes in heads)


def test_no_identifier_occurs_twice(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.all("a"):
        assert (attributes["href"] or "").removeprefix("#") in ids


def test_the_head_tells_what_was_measured_and_how_often(page: Page) -> None:
    for said in (
        "400 users, 1,200 items, 34,567 entries (plays), from 2024-01-01 to 2024-12-31",
        "time-cut (test 0.1, relevant above 0), seed 7",
        "Gini index of 0.61 in training and 0.72 in what is asked (0.74 in a fair sample)",
        "30,000 entries of 390 users over 1,100 items",
        "40 users of the test part, 2 of them without any history; 5 more had nothing hidden to find",
        "2025-02-03 04:05:06 UTC; this test part has been scored 3 times",
        "score descending, item position ascending",
        "95% bootstrap intervals from 2,000 resamples of users",
        "seed 7, 2 threads",
        "segue 0.1.0, numpy 2.0.0",
        "the test part leaks the future",
    ):
        assert said in page.words, said


def test_the_table_holds_means_intervals_ties_and_who_got_nothing(page: Page) -> None:
    assert "recall@20 0.1000 0.0900 to 0.1100 0.1200 * (best, or not told apart from it) 0.1080 to 0.1320" in page.words
    assert "clicks (less is better) 4.500" in page.words
    assert "beyond accuracy coverage@20 0.2000 0.3000" in page.words
    assert "gini@20 – –" in page.words
    assert "users who got nothing 3 (7.5%) 0" in page.words
    assert "popularity − item-knn −0.0200 −0.0300 to +0.0100 0.200 not told apart" in page.words


def test_searches_and_samples_are_told(page: Page) -> None:
    assert "Best for implicit-als: ndcg@20 0.3000 with factors 64, alpha 0.25." in page.words
    assert "factors lies on the high edge of its space" in page.words
    assert "Song user 12 given, 3 hidden" in page.words
    assert "Song found ✓ (found) · Song artist" in page.words
    assert "an empty list" in page.words
    assert "Song missed rare, 1 user" in page.words
    assert "half_life none deep yes" in page.words


def test_the_same_record_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    again = whole(tmp_path)
    assert again.read_bytes() == written.read_bytes()
    for path in (written.parent / "run").iterdir():
        assert (tmp_path / "run" / path.name).read_bytes() == path.read_bytes(), path.name


def test_text_from_data_cannot_become_markup(tmp_path: Path) -> None:
    hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>' {{ 7*7 }} \x00\u202e"
    record = records.record(hostile, "other")
    record["warnings"] = [hostile]
    record["ties"] = record["part"] = hostile
    record["versions"] = {hostile: hostile}
    record["split"] |= {"split": hostile, "settings": {hostile: hostile}}
    record["bins"]["users"]["fine"][0]["label"] = hostile
    record["metrics"] = [hostile, "recall@20"]
    record["models"][hostile]["configuration"] = {hostile: hostile}
    for model in record["models"].values():
        model["metrics"][hostile] = records.metric(0.2)
        model["curves"][hostile] = [0.1, 0.2, 0.3]
    search = {**records.SEARCH, "model": hostile, "metric": hostile, "importance": {hostile: 0.5, "b": 0.5}}
    search["best"] = {"value": 0.1, "values": {hostile: hostile}}
    search["edges"] = [{"parameter": hostile, "side": hostile}]
    curve = records.TrainingCurve(hostile, hostile, (1.0, 2.0))
    file = reports.write(
        record, tmp_path, "run", title=hostile, samples=records.samples(hostile), training=[curve], tuning=[search]
    )
    text = file.read_text(encoding="utf-8")
    page = Page(text)
    assert not page.all("script")
    assert not page.all("img")
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
    assert "49" not in re.findall(r"\{\{ 7\*7 \}\}|\b49\b", text)
    assert "\x00" not in text
    assert "\u202e" not in text
    for drawing in (tmp_path / "run").glob("*.svg"):
        assert "<script" not in drawing.read_text(encoding="utf-8")


PARTS = sorted(set(records.record("a", "b")) - {"models", "format", "version", "versions", "seed", "threads"})


@pytest.mark.parametrize("missing", PARTS)
def test_a_record_that_lacks_a_part_is_reported_without_it(missing: str, tmp_path: Path) -> None:
    record = records.record("a", "b")
    del record[missing]
    for model in record["models"].values():  # less to draw, which takes its time
        del model["curves"], model["beyond"], model["fit_seconds"], model["recommend_seconds"]
    assert Page(reports.write(record, tmp_path, "run").read_text(encoding="utf-8")).words


def test_a_model_without_numbers_is_a_column_of_dashes(tmp_path: Path) -> None:
    record = {"models": {"a": {}}, "metrics": ["recall@20"]}
    words = Page(reports.write(record, tmp_path, "run").read_text(encoding="utf-8")).words
    assert "recall@20 –" in words
    assert "Every plot" not in words


def test_one_model_and_one_user_are_enough(tmp_path: Path) -> None:
    record = records.record("only")
    record["users"] = 1
    page = Page(reports.write(record, tmp_path, "run").read_text(encoding="utf-8"))
    assert "1 user of the test part" in page.words
    assert "What accuracy costs" not in page.words


def test_models_called_alike_keep_plots_of_their_own(tmp_path: Path) -> None:
    curves = [records.TrainingCurve(name, "loss", (2.0, 1.0)) for name in ("a b", "a-b", "A B")]
    reports.write(records.record("a"), tmp_path, "run", training=curves)
    assert len(list((tmp_path / "run").glob("training-a-b-loss*.svg"))) == 3


def test_numbers_that_are_none_are_dashes_not_trouble(tmp_path: Path) -> None:
    record = records.record("a", "b")
    record["models"]["a"]["metrics"]["recall@20"] |= {"mean": None, "interval": [None, None]}
    record["models"]["a"]["bins"]["items"]["fine"][0] = {"recall@20": float("nan")}
    record["models"]["a"]["curves"]["recall"] = [None, None, None]
    record["models"]["b"]["curves"]["recall"][0] = None
    record["models"]["b"] |= {"fit_seconds": None, "recommend_seconds": float("inf")}
    assert "recall@20 – 0.1200" in Page(reports.write(record, tmp_path, "run").read_text(encoding="utf-8")).words


def test_a_report_replaces_the_one_before(tmp_path: Path) -> None:
    reports.write(records.record(*MODELS), tmp_path, "run", training=[records.CURVE])
    (tmp_path / "run" / "stray.png").write_bytes(b"")
    reports.write(records.record("popularity"), tmp_path, "run")
    assert not (tmp_path / "run" / "stray.png").exists()
    assert not (tmp_path / "run" / "training-popularity-loss.svg").exists()


@pytest.mark.parametrize("record", [{}, {"models": {}}, {"models": []}, None, [], {"models": {"a": {}}, "version": 2}])
def test_what_is_no_record_is_refused(record: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        reports.write(record, tmp_path, "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("run", ["", "../out", "a/b", ".hidden", "a b", "x" * 101])
def test_a_run_is_called_what_a_file_can_be_called(run: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        reports.write({"models": {"a": {}}}, tmp_path, run)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    place = tmp_path / "reports"
    place.write_text("a file stands here")
    with pytest.raises(StorageError, match="reports"):
        reports.write({"models": {"a": {}}}, place, "run")
    assert place.read_text() == "a file stands here"


def test_the_record_is_not_changed(tmp_path: Path) -> None:
    record = records.record("a")
    before = copy.deepcopy(record)
    reports.write(record, tmp_path, "run")
    assert record == before
