"""The page at /_mock/ and the worlds that it shows, in a headless Chromium: what it shows is of the chosen one."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from mock_client import GOOD, mock_process
from mock_page import LONG, PATH, ask

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SMALL = {"users": [{"username": "eve", "password": "p"}], "groups": [{"id": "g9", "name": "Ninth"}]}
"""A world of one user and one group."""
pytestmark = pytest.mark.slow


def detail(page: Page) -> None:
    """Choose the row of vera's request."""
    page.get_by_role("option", name="vera").click()
    page.get_by_role("region", name="The chosen request").get_by_text("Why it was refused").wait_for()


def test_the_chosen_request_closes_with_its_world(page: Page, origin: str) -> None:
    """It belongs to no other; among the requests of every world it stays."""
    ask(origin, PATH, "vera", GOOD)
    ask(origin, "/_mock/reset?world=other", method="POST")
    detail(page)
    region, world = page.get_by_role("region", name="The chosen request"), page.get_by_label("World")
    world.select_option("*")
    page.locator("[aria-selected=true]").wait_for()
    assert region.count() == 1
    world.focus()
    world.select_option("other")
    page.get_by_text("No requests yet").wait_for()
    assert region.count() == 0
    world.select_option("")
    page.get_by_role("option", name="vera").wait_for()
    assert region.count() == 0


def test_a_request_of_another_mock_is_not_taken_for_the_chosen_one(browser: Browser) -> None:
    """Rows are counted anew when the mock starts again; here the answers of the second are put in its place."""
    with mock_process() as (_, first), mock_process() as (_, second):
        for origin in (first, second):
            ask(origin, PATH, "vera" if origin == first else "adam", GOOD)
        page = browser.new_page()
        page.set_default_timeout(LONG)
        page.goto(f"{first}/_mock/")
        detail(page)
        page.route(
            "**/_mock/journal?*",
            lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace(first, second))),
        )
        ask(first, "/_mock/reset", method="POST")
        region = page.get_by_role("region", name="The chosen request")
        region.get_by_text("The mock has forgotten this request").wait_for()
        page.close()


@pytest.mark.parametrize("way", ["prefix", "cookie"])
def test_the_chosen_world_is_shown_however_the_page_is_opened(page: Page, origin: str, way: str) -> None:
    """Neither the address nor the browser's cookie has another one shown, or reset."""
    ask(origin, "/_mock/world?world=small", method="PUT", body=SMALL)
    page.goto("about:blank")
    if way == "cookie":
        page.context.add_cookies([{"name": "mock_world", "value": "small", "url": origin}])
        page.goto(f"{origin}/_mock/#people")
    else:
        page.goto(f"{origin}/_world/small/_mock/#people")
        page.get_by_text("1 user, 1 group").wait_for()
        page.get_by_label("World").select_option("")
    page.get_by_text("6 users, 3 groups").wait_for()
    page.goto(page.url.replace("#people", "#shaping"))
    page.get_by_role("button", name="Reset to the scenario").click()
    page.get_by_role("status").get_by_text("The common world was reset").wait_for()
    page.get_by_label("World").select_option("small")
    page.get_by_role("link", name="People and groups").click()
    page.get_by_text("1 user, 1 group").wait_for()


def test_a_name_that_is_none_is_told(page: Page, origin: str) -> None:
    """In the address; the common world is shown instead."""
    page.goto(f"{origin}/_mock/?world=a%20b")
    page.get_by_role("alert").get_by_text("a b names no world").wait_for()
    page.locator(".state.good").wait_for()
    page.get_by_label("World").select_option("*")
    page.get_by_role("alert").wait_for(state="detached")


def test_who_may_is_asked_of_entities_of_the_chosen_world(page: Page, origin: str) -> None:
    """One that was chosen in another world and is not in this one is not asked about."""
    ask(origin, "/_mock/world?world=small", method="PUT", body=SMALL)
    page.get_by_role("link", name="Who may do what").click()
    page.get_by_label("id (group)").select_option(label="Community editors")
    page.get_by_label("World").focus()
    page.get_by_label("World").select_option("small")
    page.get_by_text("needs membership of the group Ninth for eve").first.wait_for()


def test_the_links_lead_somewhere_without_the_last_slash(page: Page, origin: str) -> None:
    """Of the page's address."""
    page.goto(f"{origin}/_mock")
    page.get_by_role("link", name="The contract").click()
    page.get_by_role("heading", name="POST /groups/{id}/handle_services", exact=True).wait_for()


def test_a_request_is_copied_as_a_line_for_its_world(page: Page, origin: str) -> None:
    """Which is complete but for the password, that curl asks for."""
    ask(origin, "/_mock/reset?world=other", method="POST")
    ask(origin, f"/_world/other{PATH}?a=it's", "vera", {**GOOD, "name": "it's @home"})
    page.get_by_label("World").focus()
    page.get_by_label("World").select_option("other")
    detail(page)
    region = page.get_by_role("region", name="The chosen request")
    region.get_by_role("button", name="Copy curl").click()
    region.get_by_text("Copied").wait_for()
    line = page.evaluate("navigator.clipboard.readText()")
    assert line.startswith("curl -i -X POST -u 'vera' -H 'content-type: application/json' --data-raw '{")
    assert f"'{origin}/_world/other{PATH}?a=" in line
    if shutil.which("curl"):
        line = line.replace("-u 'vera'", "-u vera:vera-password")
        done = subprocess.run(["bash", "-c", f"{line} -s"], capture_output=True, text=True, check=True)
        assert done.stdout.split()[1] == "403"
        page.get_by_text("2 requests").wait_for()
