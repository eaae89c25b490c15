"""Reports of real runs: written by the command line, and looked at in a real browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import records
from commands import segue, workspace
from segue import reports
from segue.evaluation.predictions import Predictions


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that was evaluated."""
    folder = workspace(tmp_path_factory.mktemp("evaluated") / "music", trained=False)
    done = segue("-w", folder, "evaluate", "--threads", "1")
    assert done.code == 0, done.err
    assert re.search(r"^report: .*/reports/.*\.html$", done.err, re.MULTILINE), done.err
    return folder


def test_an_evaluation_leaves_a_report_named_as_its_run(evaluated: Path) -> None:
    (run,) = [path.parent.name for path in (evaluated / "runs").glob("*/metrics.json")]
    page = evaluated / "reports" / f"{run}.html"
    text = page.read_text(encoding="utf-8")
    assert "<h1>music</h1>" in text
    assert "Song " in text  # titles, not ids, in the sample lists
    assert "this test part was scored for the first time" in text
    assert (evaluated / "reports" / run / "intervals.svg").is_file()


def test_a_report_is_left_out_when_asked(evaluated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(evaluated, folder)
    shutil.rmtree(folder / "reports")
    done = segue("-w", folder, "evaluate", "--no-report", "--model", "popularity", "--threads", "1")
    assert done.code == 0, done.err
    assert "report:" not in done.err
    assert not (folder / "reports").exists()


@pytest.mark.parametrize("as_json", [False, True])
def test_a_report_that_cannot_be_written_costs_neither_table_nor_record(
    evaluated: Path, tmp_path: Path, as_json: bool
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(evaluated, folder)
    shutil.rmtree(folder / "reports")
    (folder / "reports").write_text("a file stands here")
    before = set((folder / "runs").iterdir())
    options = ["--json"] if as_json else []
    done = segue("-w", folder, "evaluate", "--model", "popularity", "--threads", "1", *options)
    assert done.code == 1
    (new,) = set((folder / "runs").iterdir()) - before
    assert json.loads((new / "metrics.json").read_text(encoding="utf-8"))["models"]
    errors = [line for line in done.err.splitlines() if line.startswith("segue:")]
    assert len(errors) == 1
    assert "the report could not be written" in errors[0]
    assert str(new / "metrics.json") in errors[0]
    assert "Traceback" not in done.err
    if as_json:
        assert "the report could not be written" in done.json["error"]
    else:
        assert "recall@3" in done.out


def test_a_program_is_told_where_the_report_lies(evaluated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(evaluated, folder)
    done = segue("-w", folder, "evaluate", "--json", "--model", "popularity", "--threads", "1")
    assert Path(done.json["report"]).is_file()


def test_a_search_of_the_same_data_is_shown_and_one_of_other_data_is_not(evaluated: Path, tmp_path: Path) -> None:
    from segue import bootstrap
    from segue.workspace import Workspace

    folder = tmp_path / "copy"
    shutil.copytree(evaluated, folder)
    run = next((folder / "runs").glob("*/metrics.json"))
    data = json.loads(run.read_text(encoding="utf-8"))["dataset"]["fingerprint"]
    (folder / "tuning").mkdir()
    for fingerprint, shown in ((data, True), ("other", False)):
        search = {**records.SEARCH, "dataset": fingerprint}
        (folder / "tuning" / "implicit-als.json").write_text(json.dumps(search), encoding="utf-8")
        page = bootstrap.write_report(Workspace.open(folder), run)
        assert ("Search for hyper-parameters" in page.read_text(encoding="utf-8")) == shown


# -- in a browser ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A report with everything that a report can have, and one whose every name means harm."""
    folder = tmp_path_factory.mktemp("pages")
    rng = np.random.default_rng(0)
    stars = np.round(1 + 4 * rng.random(600))
    everything = reports.write(
        records.record("popularity", "item-knn", "implicit-als", "graph-filter"),
        folder,
        "everything",
        samples=records.samples(),
        training=[records.CURVE],
        tuning=[records.SEARCH],
        predictions={"explicit": Predictions(stars, stars + rng.standard_normal(600), stars)},
    )
    harm = "</title><script>document.title='harmed'</script><img src=x onerror=\"document.title='harmed'\">"
    hostile = reports.write(records.record(harm), folder, "hostile", title=harm, samples=records.samples(harm))
    return {"everything": everything, "hostile": hostile}


@pytest.fixture
def look_at(chromium: Any, pages: dict[str, Path]) -> Iterator[Callable[..., Any]]:
    """Opens a report from its file. After the test: nothing was asked of the network, nothing complained."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def open_(name: str, width: int = 1280, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        address = pages[name].as_uri()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text))
        page.on("request", lambda asked: None if asked.url in (address, "data:,") else troubles.append(asked.url))
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_a_report_fits_its_window(look_at: Callable[..., Any], width: int) -> None:
    page = look_at("everything", width)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    narrow = page.evaluate("Math.min(...[...document.querySelectorAll('figure svg')].map(s => s.clientWidth))")
    assert narrow >= 0.7 * min(width, 390)  # letters in plots can still be read


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plots_can_be_read_on_light_and_on_dark_paper(look_at: Callable[..., Any], scheme: str) -> None:
    page = look_at("everything", color_scheme=scheme)
    found = page.evaluate(
        """[...document.querySelectorAll('figure')].map(figure => {
            const paper = getComputedStyle(figure).backgroundColor;
            const parts = [...figure.querySelectorAll('svg text')].map(text => getComputedStyle(text).fill);
            return [paper, ...parts];
        })"""
    )
    assert len(found) == 16
    for paper, *letters in found:
        assert letters
        for color in set(letters):
            least = 4.5 if _neutral(color) else 2.9  # a name in its line's colour stands beside the line
            assert _contrast(color, paper) >= least, (scheme, color, paper)


@pytest.mark.browser
def test_a_printed_report_is_dark_on_white_and_shows_what_is_folded(look_at: Callable[..., Any]) -> None:
    page = look_at("everything", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert _contrast(ink, "rgb(255, 255, 255)") > 10
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    folded = page.evaluate("document.querySelector('details:not([open]) td').checkVisibility()")
    assert folded
    assert page.pdf()[:4] == b"%PDF"


@pytest.mark.browser
def test_names_that_mean_harm_do_none(look_at: Callable[..., Any]) -> None:
    page = look_at("hostile")
    assert page.title().startswith("</title><script>")
    assert page.locator("script, img").count() == 0
    assert "document.title='harmed'" in page.locator("h1").inner_text()


@pytest.mark.browser
def test_a_report_can_be_walked_through_without_a_mouse(look_at: Callable[..., Any]) -> None:
    page = look_at("everything", 390)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.tagName + ':' + (document.activeElement.ariaLabel ?? '')"))
    assert {"A:", "SUMMARY:", "DIV:Table of results"} <= reached
    names = page.evaluate("[...document.querySelectorAll('figure svg')].map(each => each.getAttribute('aria-label'))")
    assert all(len(name) > 20 for name in names)


def _channels(color: str) -> list[int]:
    return [int(float(part)) for part in re.findall(r"[\d.]+", color)[:3]]


def _neutral(color: str) -> bool:
    channels = _channels(color)
    return max(channels) - min(channels) < 30


def _contrast(one: str, other: str) -> float:
    """The contrast of two colours, WCAG 2.2."""

    def luminance(color: str) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in _channels(color))
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
