"""A real browser, and a service for it to look at."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

import stations
from segue.service.app import create_app
from segue.service.options import ServiceOptions
from segue.service.serving import listen

CHROMIUM = Path(os.environ.get("SEGUE_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")  # not longer: while Playwright runs, no other test may run an event loop
def chromium() -> Iterator[Any]:
    """A headless Chromium. Without one the tests skip, but fail where CI=true says that it must be there."""
    if not CHROMIUM.exists():
        message = f"no Chromium at {CHROMIUM}; install it, or name one by SEGUE_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The address of a service over the hand-made station, on a port of its own."""
    app = create_app(stations.station(), ServiceOptions(logs="none"))
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=15)


@pytest.fixture
def open_page(chromium: Any, service: str) -> Iterator[Callable[..., Any]]:
    """Opens a path in a browser of its own (nothing kept, nothing shared).

    After the test: no script failed, nothing was asked of another host, no dialog opened. `allowed` names texts of
    console errors that a test causes on purpose.
    """
    contexts: list[Any] = []
    troubles: list[str] = []
    excused: list[str] = []

    def open_(
        path: str = "/", *, width: int = 1280, height: int = 860, allowed: tuple[str, ...] = (), **options: Any
    ) -> Any:
        excused.extend(allowed)
        context = chromium.new_context(viewport={"width": width, "height": height}, base_url=service, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
        page.on("console", lambda line: troubles.append(line.text) if line.type in ("error", "warning") else None)
        page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda asked: troubles.append(asked.url) if not asked.url.startswith(service) else None)
        if path:
            page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [one for one in troubles if not any(text in one for text in excused)] == []
