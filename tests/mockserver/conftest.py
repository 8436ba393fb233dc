"""Fixtures: applications of the mock in process, one an edition, and one as a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from mock_client import EDITIONS, Client, mock_process
from mock_page import CHROMIUM, LONG, ask
from onezone_mockserver import Mock, create_app

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page
    from socket_client import Address


@pytest.fixture(scope="session")
def apps() -> dict[str, Mock]:
    """One application an edition, for tests that reset it."""
    return {edition: create_app(edition) for edition in EDITIONS}


@pytest.fixture
def client(apps: dict[str, Mock]) -> Client:
    """The edition `current` in the demo world."""
    apps["current"].reset()
    return Client(apps["current"])


@pytest.fixture(params=EDITIONS)
def each(request: pytest.FixtureRequest, apps: dict[str, Mock]) -> Client:
    """Every edition in the demo world."""
    apps[request.param].reset()
    return Client(apps[request.param])


@pytest.fixture
def edition_client(apps: dict[str, Mock]) -> Callable[[str], Client]:
    def make(edition: str) -> Client:
        apps[edition].reset()
        return Client(apps[edition])

    return make


@pytest.fixture(scope="session")
def address() -> Iterator[tuple[str, int]]:
    """Host and port of a running mock of the edition `current`."""
    with mock_process() as (_, origin):
        parts = urlsplit(origin)
        yield parts.hostname or "", parts.port or 0


@pytest.fixture
def own() -> Iterator[tuple[subprocess.Popen[str], Address]]:
    """A mock for one test, which may reset or end it."""
    with mock_process() as (process, origin):
        yield process, (urlsplit(origin).hostname or "", urlsplit(origin).port or 0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, Debian's or another: CHROMIUM names it."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium, or name one in CHROMIUM")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with mock_process() as (_, origin):
        yield origin


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    """The page of a mock that was reset. It must not complain."""
    ask(origin, "/_mock/reset", method="POST")
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=origin)
    page = context.new_page()
    page.set_default_timeout(LONG)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    page.goto(f"{origin}/_mock/")
    page.wait_for_selector("text=connected")
    yield page
    context.close()
    assert errors == []
