"""The pages in a real browser: as one types, by keyboard alone, on a phone, in the dark, when things fail, and without
a script."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Opens = Callable[..., Any]

FINDER = "[data-finder] input[type=search]"
OPTIONS = "[role=option]"
LIST = "[data-part=list] .row"
RATED = ".rated-row"
FAILED = ("net::ERR_FAILED", "503")


def expect(condition: Callable[[], Any], what: str, seconds: float = 5.0) -> None:
    """Waits for something that has no element of its own to wait for."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def add(page: Any, text: str) -> None:
    """Types, takes the first suggestion, and waits for it in the list of rated items."""
    before = page.locator(RATED).count()
    page.locator(FINDER).fill(text)
    page.wait_for_selector(OPTIONS)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(lambda: page.locator(RATED).count() == before + 1, f"{text} among the rated")


def hold(page: Any, pattern: str) -> list[Any]:
    """Holds back what matches; the list fills with the requests, to be continued or aborted when the test wants."""
    held: list[Any] = []
    page.route(pattern, lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks the handler
    return held


def titles(page: Any, rows: str = LIST) -> list[str]:
    found: list[str] = page.locator(f"{rows} .title").all_inner_texts()
    return found


def kept(page: Any) -> list[list[Any]]:
    ratings: list[list[Any]] = page.evaluate("JSON.parse(localStorage.getItem('segue.ratings') ?? '[]')")
    return ratings


# -- searching ---------------------------------------------------------------------------------------------------------


def test_suggestions_come_while_typing_and_the_keyboard_takes_one(open_page: Opens) -> None:
    page = open_page("/")
    field = page.locator(FINDER)
    assert field.get_attribute("role") == "combobox"
    assert field.get_attribute("aria-expanded") == "false"
    field.press_sequentially("glas")
    page.wait_for_selector(OPTIONS)
    assert field.get_attribute("aria-expanded") == "true"
    assert page.locator(OPTIONS).all_inner_texts() == ["Glass\nSlow Harbour", "Glass\nRagtag Saints"]
    assert field.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.locator(OPTIONS).nth(1)
    assert second.get_attribute("aria-selected") == "true"
    assert field.get_attribute("aria-activedescendant") == second.get_attribute("id")
    page.keyboard.press("Enter")
    page.wait_for_url("**/item?id=p4")
    assert page.locator("h1").inner_text() == "Glass"


def test_arrows_go_round_through_the_field_itself_and_escape_closes(open_page: Opens) -> None:
    page = open_page("/")
    field = page.locator(FINDER)
    field.fill("glass")
    page.wait_for_selector(OPTIONS)
    chosen = []
    for _ in range(4):
        page.keyboard.press("ArrowDown")
        chosen.append(page.locator(f"{OPTIONS}[aria-selected=true]").count())
    assert chosen == [1, 1, 0, 1]
    page.keyboard.press("ArrowUp")
    assert page.locator(f"{OPTIONS}[aria-selected=true]").count() == 0
    page.keyboard.press("Escape")
    assert page.locator("[role=listbox]").is_hidden()
    assert field.get_attribute("aria-expanded") == "false"
    assert field.input_value() == "glass"


def test_enter_without_a_choice_leads_to_the_results(open_page: Opens) -> None:
    page = open_page("/")
    page.locator(FINDER).fill("harbour")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=harbour")
    assert "Harbour Lights" in titles(page, ".row")


def test_a_suggestion_is_taken_by_mouse_or_finger(open_page: Opens) -> None:
    page = open_page("/", width=390, height=844, has_touch=True)
    page.locator(FINDER).fill("tidewater")
    page.locator(OPTIONS).first.tap()
    page.wait_for_url("**/item?id=a0")


def test_leaving_the_field_closes_the_suggestions(open_page: Opens) -> None:
    page = open_page("/")
    page.locator(FINDER).fill("glass")
    page.wait_for_selector(OPTIONS)
    page.locator("h1").click()
    assert page.locator("[role=listbox]").is_hidden()


def test_nothing_found_is_said(open_page: Opens) -> None:
    page = open_page("/")
    page.locator(FINDER).fill("zzzzqq")
    page.wait_for_selector(".message")
    assert page.locator(".message").inner_text() == "Nothing for “zzzzqq”."
    assert page.locator("[data-finder-status]").inner_text() == "Nothing for “zzzzqq”."


def test_a_slow_search_says_that_it_searches_and_a_failing_one_that_it_fails(open_page: Opens) -> None:
    page = open_page("/", allowed=FAILED)
    held = hold(page, "**/api/v1/search*")
    page.locator(FINDER).fill("glass")
    page.locator(".message", has_text="Searching…").wait_for()
    held.pop().abort()
    page.get_by_text("The search does not answer.").first.wait_for()
    page.unroute("**/api/v1/search*")
    page.locator(FINDER).fill("glass ")
    page.wait_for_selector(OPTIONS)


def test_a_late_answer_never_replaces_a_newer_one(open_page: Opens) -> None:
    page = open_page("/")
    held = hold(page, "**/api/v1/search?q=g&*")
    with page.expect_request("**/api/v1/search?q=g&*"):
        page.locator(FINDER).fill("g")
    page.locator(FINDER).fill("alarm")
    page.wait_for_selector(OPTIONS)
    held.pop().continue_()
    page.wait_for_timeout(300)
    assert page.locator(OPTIONS).all_inner_texts() == ["Alarm!\nThe Broken Elevators"]


def test_a_title_that_is_a_script_stays_a_title(open_page: Opens) -> None:
    page = open_page("/")
    page.locator(FINDER).fill("script")
    page.wait_for_selector(OPTIONS)
    assert "<script>alert('x')</script>" in page.locator(OPTIONS).first.inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/item?id=*")
    assert page.locator("h1").inner_text() == "<script>alert('x')</script>"
    page.goto("/taste")
    add(page, "script")
    assert page.locator(RATED).inner_text().startswith("<script>alert('x')</script>")


# -- an item -----------------------------------------------------------------------------------------------------------


def test_an_item_shows_bars_of_similarity_and_leads_on(open_page: Opens) -> None:
    page = open_page("/item?id=a0")
    rows = page.locator(".row")
    assert rows.count() == 20
    widths = [
        float(w) for w in page.locator(".meter .fill").evaluate_all("all => all.map(e => e.getAttribute('width'))")
    ]
    assert widths == sorted(widths, reverse=True)
    assert 0 < widths[0] <= 100
    assert page.locator(".meter").first.get_attribute("aria-label").startswith("similarity 0.")
    first = titles(page, ".row")[0]
    rows.first.locator(".title").click()
    expect(lambda: page.locator("h1").inner_text() == first, "the page of the first row")


def test_an_item_is_rated_on_its_page_and_kept(open_page: Opens) -> None:
    page = open_page("/item?id=a0")
    page.locator("[data-rating]").focus()
    page.keyboard.press("End")
    assert page.locator("output.word").inner_text() == "Love"
    assert page.locator("[data-rating]").get_attribute("aria-valuetext") == "Love"
    page.get_by_role("button", name="Add to your taste").click()
    assert page.locator("[data-rate-status]").inner_text() == "Added to your taste."
    assert page.locator("[data-taste-count]").inner_text() == "1"
    assert kept(page) == [["a0", 1]]
    page.keyboard.press("Tab")
    page.locator("[data-rating]").fill("0.2")
    assert kept(page) == [["a0", 0.2]]
    page.reload()
    assert page.locator("output.word").inner_text() == "Not for me"
    page.get_by_role("button", name="See your list").click()
    page.wait_for_url("**/taste")
    page.wait_for_selector(LIST)
    assert titles(page, RATED) == ["Tidewater"]


# -- taste -------------------------------------------------------------------------------------------------------------


def test_rating_a_few_tracks_gives_a_list_at_once_with_reasons(open_page: Opens) -> None:
    page = open_page("/taste")
    assert page.get_by_text("Your list appears here with the first rating.").is_visible()
    add(page, "tidewater")
    page.wait_for_selector(LIST)
    assert page.locator(LIST).count() == 20
    assert "Tidewater" not in titles(page)
    reason = page.locator(f"{LIST} .why").first.inner_text()
    assert re.match(r"because you rated Slow Harbour - Tidewater highly: \+0\.\d\d; nominated by ", reason)
    add(page, "midnight ledger")
    assert titles(page, RATED) == ["Midnight Ledger", "Tidewater"]
    assert page.locator("[data-taste-count]").inner_text() == "2"


def test_moving_a_slider_changes_the_list_without_leaving_the_slider(open_page: Opens) -> None:
    page = open_page("/taste")
    add(page, "tidewater")
    add(page, "midnight ledger")
    page.wait_for_selector(LIST)
    before = titles(page)
    slider = page.locator(f"{RATED} [data-rating]").first
    slider.focus()
    page.keyboard.press("Home")
    assert page.locator(f"{RATED} output").first.inner_text() == "Dislike"
    expect(lambda: titles(page) != before, "another list")
    assert page.evaluate("document.activeElement.matches('[data-rating]')")
    assert kept(page)[0] == ["j4", 0]
    assert "Your list now has 20 entries." in page.locator("[data-taste-status]").inner_text()


def test_ratings_stay_after_a_reload_and_go_when_removed(open_page: Opens) -> None:
    page = open_page("/taste")
    for text in ("tidewater", "alarm", "midnight ledger"):
        add(page, text)
    page.reload()
    page.wait_for_selector(LIST)
    expect(lambda: titles(page, RATED) == ["Midnight Ledger", "Alarm!", "Tidewater"], "all three rows")
    page.get_by_role("button", name="Remove The Broken Elevators - Alarm!").click()
    expect(lambda: titles(page, RATED) == ["Midnight Ledger", "Tidewater"], "two rows")
    expect(lambda: page.evaluate("document.activeElement.dataset.drop") == "a0", "the focus on the next row")
    page.get_by_role("link", name="Remove all").click()
    page.get_by_text("Your list appears here with the first rating.").wait_for()
    assert kept(page) == []
    assert page.locator("[data-taste-count]").is_hidden()


def test_a_link_with_ratings_joins_those_kept_here(open_page: Opens) -> None:
    page = open_page("/taste")
    add(page, "tidewater")
    page.goto("/taste?item=p0&rating=0.9")
    expect(lambda: len(kept(page)) == 2, "both ratings")
    assert kept(page) == [["p0", 0.9], ["a0", 0.8]]
    expect(lambda: page.url.endswith("/taste"), "the bare address")
    expect(lambda: len(titles(page, RATED)) == 2, "both rows")


def test_artist_and_song_can_be_typed_apart(open_page: Opens) -> None:
    page = open_page("/taste")
    page.get_by_text("Type artist and song").click()
    page.get_by_label("Artist").fill("Ragtag Saints")
    page.get_by_label("Song").fill("Glass")
    page.keyboard.press("Enter")
    page.wait_for_selector(RATED)
    assert page.locator(RATED).get_attribute("data-id") == "p4"


def test_an_ambiguous_song_is_asked_about_and_the_answer_added(open_page: Opens) -> None:
    page = open_page("/taste")
    page.locator(FINDER).fill("glass")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice .choices")
    assert "fits several" in page.locator(".notice").inner_text()
    expect(lambda: page.evaluate("document.activeElement.dataset.add") is not None, "the focus on the first choice")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(RATED)
    assert page.locator(RATED).count() == 1


def test_a_starter_is_added_by_one_press(open_page: Opens) -> None:
    page = open_page("/taste")
    page.locator(".chip").first.click()
    page.wait_for_selector(LIST)
    assert page.locator(RATED).count() == 1


def test_a_list_that_fails_says_so_and_comes_when_asked_again(open_page: Opens) -> None:
    page = open_page("/taste", allowed=FAILED)
    add(page, "tidewater")
    page.route("**/taste/parts", lambda route: route.fulfill(status=503, body="no"))
    page.locator(f"{RATED} [data-rating]").fill("1")
    page.wait_for_selector("[role=alert]")
    assert "Your ratings are safe in this browser." in page.locator("[role=alert]").inner_text()
    assert kept(page) == [["a0", 1]]
    page.unroute("**/taste/parts")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(LIST)


def test_a_slow_list_shows_where_it_will_be_and_nothing_jumps(open_page: Opens) -> None:
    page = open_page("/taste")
    for text in ("tidewater", "alarm"):
        add(page, text)
    page.add_init_script(
        "window.shift = 0;"
        "new PerformanceObserver(list => list.getEntries().forEach(e => { window.shift += e.value; }))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    held = hold(page, "**/taste/parts")
    page.goto("/taste")
    page.wait_for_selector(".skeleton")
    page.wait_for_timeout(400)
    assert page.get_by_text("Nothing rated yet").count() == 0
    held.pop().continue_()
    page.wait_for_selector(f"{LIST}:not(.skeleton *)")
    assert page.locator(".skeleton").count() == 0
    assert page.evaluate("window.shift") < 0.05


def test_where_the_browser_keeps_nothing_the_page_still_works(open_page: Opens) -> None:
    page = open_page("")
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('no', 'QuotaExceededError'); };")
    page.goto("/taste")
    add(page, "tidewater")
    add(page, "alarm")
    page.wait_for_selector(LIST)
    assert titles(page, RATED) == ["Alarm!", "Tidewater"]


@pytest.mark.parametrize("rubbish", ["{", "7", '[["a0"]]', '[["a0", 9]]', "[[1, 1]]", '{"a0": 1}', "null"])
def test_rubbish_in_the_browser_s_memory_is_passed_over(open_page: Opens, rubbish: str) -> None:
    page = open_page("")
    page.add_init_script(f"localStorage.setItem('segue.ratings', {rubbish!r});")
    page.goto("/taste")
    page.get_by_text("Your list appears here").wait_for()


# -- without a script --------------------------------------------------------------------------------------------------


def test_everything_works_without_a_script(open_page: Opens) -> None:
    page = open_page("/", java_script_enabled=False)
    page.locator(FINDER).fill("tidewater")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Tidewater", exact=True).click()
    assert page.locator(".row").count() == 20
    page.get_by_role("button", name="Add to your taste").click()
    assert page.locator(LIST).count() == 20
    page.locator(FINDER).fill("glass")
    page.get_by_role("button", name="Add", exact=True).first.click()
    page.get_by_role("button", name="Ragtag Saints - Glass").click()
    assert titles(page, RATED) == ["Glass", "Tidewater"]
    before = titles(page)
    page.locator(f"{RATED} [data-rating]").first.fill("0")
    page.get_by_role("button", name="Update the list").click()
    assert titles(page) != before
    assert page.locator(f"{RATED} output").first.inner_text() == "Dislike"
    page.get_by_role("button", name="Remove Slow Harbour - Tidewater").click()
    assert titles(page, RATED) == ["Glass"]


# -- every page, every size, light and dark ----------------------------------------------------------------------------

PATHS = [
    "/",
    "/search?q=harbour",
    "/search?q=zzzz",
    "/item?id=a0",
    "/taste",
    "/taste?item=a0&rating=1&q=glass",
    "/docs",
    "/nothing",
]

# WCAG 2.2, 1.4.3: text against the nearest opaque background behind it, 4.5 to 1, or 3 to 1 where it is large.
POOR_CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest("svg, script, template")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(behind(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${walker.currentNode.textContent.trim()}`);
  }
  return poor;
}"""

NAMELESS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), summary")]
  .filter((e) => e.checkVisibility())
  .filter((e) => !(e.ariaLabel || e.innerText?.trim() || e.labels?.length))
  .map((e) => e.outerHTML.slice(0, 120))"""

SMALL = """() => [...document.querySelectorAll("button, input:not([type=hidden]), nav[aria-label=Main] a")]
  .filter((e) => e.checkVisibility())
  .filter((e) => e.getBoundingClientRect().height < 24)
  .map((e) => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_is_readable_and_has_named_controls(open_page: Opens, width: int, scheme: str) -> None:
    page = open_page("", width=width, color_scheme=scheme, allowed=("404",))
    for path in PATHS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than {width}"
        assert page.evaluate(POOR_CONTRAST) == [], path
        assert page.evaluate(NAMELESS) == [], path
        assert page.evaluate(SMALL) == [], path
        assert page.locator("h1").count() == 1
        repeated = page.evaluate(
            "(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
            "return ids.filter((id, i) => ids.indexOf(id) !== i); })()"
        )
        assert repeated == [], path
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(14, 20, 19)" if scheme == "dark" else "rgb(245, 247, 245)"
    )


def test_the_keyboard_reaches_everything_and_shows_where_it_is(open_page: Opens) -> None:
    page = open_page("/item?id=a0")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "search"
    seen = set()
    for _ in range(12):
        seen.add(page.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
        visible = page.evaluate(
            """() => { const e = document.activeElement;
              const outline = (s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
              return outline(getComputedStyle(e)) || outline(getComputedStyle(e.parentElement))
                || e.type === "range"; }"""
        )
        assert visible, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        page.keyboard.press("Tab")
    assert len(seen) == 12


def test_whoever_wants_no_motion_gets_none(open_page: Opens) -> None:
    page = open_page("/", reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.card .cover')).transitionDuration") in (
        "0s",
        "0s, 0s",
    )


def test_a_page_loads_little(open_page: Opens) -> None:
    page = open_page("/taste")
    page.wait_for_load_state("networkidle")
    size = page.evaluate("performance.getEntriesByType('resource').reduce((sum, e) => sum + e.encodedBodySize, 0)")
    assert 0 < size < 60_000
