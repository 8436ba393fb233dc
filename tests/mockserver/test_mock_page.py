"""The page at /_mock/ and the contract to read: as documents, and in a headless Chromium where there is one."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mock_client import GOOD, HOME, Client, mock_process
from mock_page import LONG, PATH, ask
from onezone_mockserver.journal import LIMIT
from onezone_mockserver.page import page as whole_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

INSIDE = """row => {
  const box = row.parentElement.parentElement.getBoundingClientRect(), place = row.getBoundingClientRect();
  return place.top >= box.top && place.bottom <= box.bottom + 1;
}"""
"""Whether a row is in sight, in the list that it stands in."""


# --- as documents ------------------------------------------------------------------------------------------------


def test_a_browser_gets_the_page_and_a_program_the_index(client: Client) -> None:
    """By what each accepts. The page runs nothing but its own script and asks nobody else."""
    reply = client("GET", "/_mock/", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'; script-src 'sha256-" in reply.headers["content-security-policy"]
    assert "/_mock/journal" in client("GET", "/_mock/").json["control"]


def test_the_page_is_one_file() -> None:
    """It loads nothing from anywhere."""
    text = whole_page().html.decode()
    assert "/*script*/" not in text
    assert "src=" not in text.replace("img-src=", "")
    assert "@import" not in text
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text


def test_the_contract_can_be_read_without_any_script(each: Client) -> None:
    """Every operation, with who may call it, its answers and their examples."""
    reply = each("GET", "/_mock/docs")
    text = reply.body.decode()
    assert "script-src 'none'" in reply.headers["content-security-policy"]
    for operation in each.app.contract.operations.values():
        assert f'<section id="{operation.id}">' in text
    assert "oz_handle_services_create" in text
    assert "<script" not in text
    assert each("GET", "/_mock/openapi.json").json == json.loads(json.dumps(each.app.contract.document, default=dict))


def test_the_personas_come_with_their_requests(client: Client) -> None:
    """As the start shows them."""
    personas = client("GET", "/_mock/personas").json["personas"]
    assert (personas[0]["name"], personas[0]["credentials"]) == ("member", "alice:alice-password")
    assert personas[0]["path"].endswith(f"/groups/{HOME}/handle_services")


def test_a_scenario_is_loaded_as_it_is_written(client: Client) -> None:
    """A world can be put as YAML, too; a mistake in it is told with its line."""
    yaml = b"users:\n  - {username: eve, password: p}\n"
    headers = {"content-type": "application/yaml"}
    assert client("PUT", "/_mock/world", yaml, headers=headers).status == 204
    assert set(client.app.world.ids("user")) == {"eve"}
    reply = client("PUT", "/_mock/world", b"users: [\n", headers=headers)
    assert (reply.status, reply.json["error"][:17]) == (400, "the body:1: not Y")


# --- in a browser ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_request_shows_as_it_comes_and_says_why_it_was_refused(page: Page, origin: str) -> None:
    """Chosen by the keyboard: the route, the grant that would be needed, and the body with its secrets masked."""
    properties = {**GOOD["serviceProperties"], "password": "s3cret"}  # type: ignore[dict-item]
    ask(origin, PATH, "vera", {**GOOD, "serviceProperties": properties})
    page.get_by_role("option", name="vera").wait_for()
    page.get_by_role("listbox").focus()
    page.keyboard.press("ArrowUp")
    detail = page.get_by_role("region", name="The chosen request")
    detail.get_by_text("Why it was refused").wait_for()
    assert "needs group_create_handle_service in the group Community for vera" in detail.inner_text()
    assert "s3cret" not in page.content()
    cut = "element => element.scrollWidth > element.clientWidth"
    assert not page.locator("[aria-selected=true] .reason").evaluate(cut), "the reason is not cut beside the detail"
    page.keyboard.press("Escape")
    detail.wait_for(state="detached")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["Escape", "Close"])
def test_the_keyboard_is_back_in_the_list_when_a_request_is_closed(page: Page, origin: str, way: str) -> None:
    """From wherever in the details it was; a long path leaves the button where it is seen first."""
    ask(origin, PATH, "vera", GOOD)
    page.get_by_role("option", name="vera").click()
    detail = page.get_by_role("region", name="The chosen request")
    detail.get_by_role("link", name="create_group_handle_service").focus()
    close, heading = detail.get_by_role("button", name="Close"), detail.get_by_role("heading", level=2)
    assert close.bounding_box()["y"] <= heading.bounding_box()["y"] + 4  # type: ignore[index]
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        close.press("Enter")
    detail.wait_for(state="detached")
    assert page.get_by_role("listbox").evaluate("element => element === document.activeElement")


@pytest.mark.slow
def test_the_end_of_a_path_is_seen_on_a_telephone(page: Page, origin: str) -> None:
    """It is what tells the requests apart."""
    page.set_viewport_size({"width": 390, "height": 844})
    ask(origin, PATH, "vera", GOOD)
    end = page.get_by_role("option", name="vera").get_by_text("/handle_services", exact=True)
    assert end.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert page.get_by_role("option", name="vera").evaluate("row => row.scrollWidth <= row.clientWidth")


@pytest.mark.slow
def test_overrides_are_taken_from_an_example_and_counted(page: Page, origin: str) -> None:
    """As requests use them; a mistake is told beside the button."""
    page.get_by_role("link", name="Change").click()
    page.get_by_label("Begin with").select_option(label="The connection ends without an answer, once")
    assert json.loads(page.get_by_label("An override").input_value())["then"] == {"drop": True}
    page.get_by_label("Begin with").select_option(label="Twice 503 with Retry-After, then as usual")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("used 0 of 2").wait_for()
    assert ask(origin, PATH, "adam", GOOD) == 503
    page.get_by_text("used 1 of 2").wait_for()
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("option", name="503").click()
    page.get_by_role("region", name="The chosen request").get_by_text("503 to whoever sent it").wait_for()
    assert "nobody" not in page.get_by_role("option", name="503").inner_text(), "nobody asked who it was"
    page.get_by_role("link", name="Change").click()
    page.get_by_label("An override").fill('{"then": {"status": 999}}')
    page.set_viewport_size({"width": 390, "height": 500})
    page.get_by_role("button", name="Add", exact=True).click()
    alert = page.get_by_role("alert").get_by_text("then.status")
    alert.wait_for()
    place, button = alert.bounding_box(), page.get_by_role("button", name="Add", exact=True).bounding_box()
    assert place is not None
    assert button is not None
    assert 0 <= place["y"] < 500
    assert 0 <= button["y"] < 500


@pytest.mark.slow
def test_the_chosen_request_stays_in_sight(page: Page, origin: str) -> None:
    """A list that stands at its end follows what comes, but not past the request that is looked at."""
    for name in ("vera", *["adam"] * 25):
        ask(origin, PATH, name, GOOD)
    page.get_by_text("26 requests").wait_for()
    page.get_by_role("option", name="adam").nth(12).click()
    page.get_by_role("region", name="The chosen request").get_by_role("table").first.wait_for()
    ask(origin, PATH, "vera", GOOD)
    page.get_by_text("27 requests").wait_for()
    # the list would scroll after it is painted
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.locator("[aria-selected=true]").evaluate(INSIDE)


@pytest.mark.slow
def test_the_chosen_request_stays_in_sight_when_others_are_filtered(page: Page, origin: str) -> None:
    """When all are shown again, it stands further down in the list."""
    for name in (*["adam"] * 40, *["vera"] * 30):
        ask(origin, PATH, name, GOOD)
    page.get_by_text("70 requests").wait_for()
    page.get_by_label("Status").select_option("4")
    page.get_by_text("30 of 70 requests").wait_for()
    page.get_by_role("option", name="vera").nth(2).click()
    page.get_by_role("region", name="The chosen request").get_by_role("table").first.wait_for()
    page.get_by_label("Status").select_option("")
    page.get_by_text("70 requests", exact=True).wait_for()
    page.locator("[aria-selected=true]").wait_for()
    assert page.locator("[aria-selected=true]").evaluate(INSIDE)
    page.get_by_label("Search").fill("no such words")
    page.get_by_role("listbox").get_by_text("None of the 70 requests is like that").wait_for()


@pytest.mark.slow
def test_a_persona_is_sent_and_its_lines_are_copied(page: Page) -> None:
    """The button's answer is that of the mock; what is copied works in a shell."""
    page.get_by_role("link", name="Personas", exact=True).click()
    page.get_by_role("button", name="Send as no zone privilege").click()
    card = page.get_by_role("region", name="no zone privilege")
    card.get_by_role("status").wait_for()
    assert "403 route member: lacks zone oz_handle_services_create" in card.get_by_role("status").inner_text()
    card.get_by_role("button", name="Copy curl").click()
    card.get_by_text("Copied").wait_for()
    line = page.evaluate("navigator.clipboard.readText()")
    assert line.startswith("curl -i -X POST -u 'zoe:zoe-password'")
    if shutil.which("curl"):
        done = subprocess.run(["bash", "-c", f"{line} -s"], capture_output=True, text=True, check=True)
        assert done.stdout.split()[1] == "403"


@pytest.mark.slow
def test_who_may_is_told_of_everybody(page: Page) -> None:
    """With the groups through which a privilege comes."""
    page.get_by_role("link", name="Who may do what").click()
    page.get_by_text("route member, through Community editors").wait_for()
    page.get_by_text("needs the zone privilege oz_handle_services_create for zoe", exact=True).first.wait_for()


@pytest.mark.slow
def test_groups_are_drawn_and_can_be_chosen_by_the_keyboard(page: Page) -> None:
    """A table says the same to those who do not see the drawing."""
    page.get_by_role("link", name="People and groups").click()
    node = page.get_by_role("button", name="group Community editors")
    node.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="group Community editors").wait_for()
    assert page.locator("path.edge.chosen").count() == 2
    assert page.get_by_role("cell", name="nora").count() == 1


@pytest.mark.slow
def test_faults_are_switched_and_worlds_made(page: Page, origin: str) -> None:
    """And what is done shows in the mock."""
    page.get_by_role("link", name="Change").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Switch: 1 on").click()
    page.get_by_text("On now: status-200").wait_for()
    assert ask(origin, PATH, "adam", GOOD) == 200
    page.get_by_role("button", name="All off").click()
    page.get_by_text("On now: none").wait_for()
    page.get_by_role("textbox", name="Name").fill("mine")
    page.get_by_role("button", name="Create a world").click()
    page.get_by_role("heading", name="This world: mine").wait_for()
    assert "world=mine" in page.url
    page.get_by_role("button", name="Remove mine").click()
    page.get_by_role("heading", name="This world: the common world").wait_for()


@pytest.mark.slow
def test_a_snapshot_is_loaded(page: Page, origin: str, tmp_path: Path) -> None:
    """A scenario file, as it is written."""
    path = tmp_path / "mine.yaml"
    path.write_text("users: [{username: eve, password: p}]\n", encoding="utf-8")
    page.get_by_role("link", name="Change").click()
    page.get_by_label("Load a snapshot").set_input_files(path)
    page.get_by_role("link", name="People and groups").click()
    page.get_by_text("1 user, 0 groups").wait_for()
    ask(origin, "/_mock/reset", method="POST")
    page.get_by_text("6 users, 3 groups").wait_for()


@pytest.mark.slow
def test_ten_thousand_rows_are_a_short_document(page: Page, origin: str) -> None:
    """Only what is seen is in it; the end is reached by a key, and the newest row stays in sight."""
    ask(origin, "/_mock/reset", method="POST")
    row = dict.fromkeys(("user", "route", "operation"))
    row |= {"world": "", "time": 0, "method": "GET", "query": "", "status": 404, "reason": "", "duration_ms": 1.0}
    rows = [{**row, "number": number, "path": f"/{number}", "pending": False} for number in range(1, LIMIT + 1)]
    answer = json.dumps({"total": LIMIT, "exchanges": rows})
    page.route("**/_mock/journal?brief*", lambda route: route.fulfill(body=answer, content_type="application/json"))
    page.reload()
    page.get_by_text(f"{LIMIT} requests").wait_for()
    assert page.get_by_role("option").count() < 60
    page.get_by_role("option", name=f"/{LIMIT}").wait_for()
    page.get_by_role("listbox").focus()
    page.keyboard.press("Home")
    page.locator("[role=option][aria-posinset='1'][aria-selected=true]").wait_for()
    assert page.get_by_role("option").count() < 60


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", ["requests", "people", "access", "personas", "shaping"])
def test_it_fits_a_telephone(browser: Browser, origin: str, part: str, scheme: Any) -> None:
    """At 390 px nothing is wider than the page, by day and by night."""
    ask(origin, PATH, "vera", GOOD)
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{origin}/_mock/#{part}")
    page.locator(".state.good").wait_for()
    page.locator("main > *").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("header").bounding_box()["height"] < 95, "more than two lines"  # type: ignore[index]
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    assert dark == (scheme == "dark")
    context.close()


@pytest.mark.slow
def test_a_mistake_in_a_file_is_shown_until_it_is_mended(browser: Browser, tmp_path: Path) -> None:
    """Of `--reload`, as it happens; what was there before goes on."""
    file = tmp_path / "world.json"
    file.write_text('{"users": [{"username": "ann"}]}')
    with mock_process("--scenario", str(file)) as (_, origin):
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(LONG)
        page.goto(f"{origin}/_mock/")
        page.locator(".state.good").wait_for()
        file.write_text('{"users": [{"usernam": "ann"}]}')
        assert ask(origin, "/_mock/reload", method="POST") == 400
        alert = page.get_by_role("alert")
        alert.get_by_text("unknown key").wait_for()
        assert "the mock goes on with what it had" in alert.inner_text()
        file.write_text('{"users": [{"username": "ann"}]}')
        assert ask(origin, "/_mock/reload", method="POST") == 200
        alert.wait_for(state="detached")
        context.close()


@pytest.mark.slow
def test_it_survives_a_restart_of_the_mock(browser: Browser) -> None:
    """It says that it is not connected, tries again, and shows what the new mock has."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    origin = f"http://127.0.0.1:{port}"
    first = _start(port)
    context = browser.new_context()
    try:
        page = context.new_page()
        page.set_default_timeout(LONG)
        page.goto(f"{origin}/_mock/")
        page.wait_for_selector("text=connected")
        ask(origin, "/before")
        page.get_by_role("option", name="/before").wait_for()
        first.terminate()
        first.wait(60)
        page.wait_for_selector("text=not connected, trying again")
        second = _start(port)
        try:
            page.locator(".state.good").wait_for()
            ask(origin, "/after")
            page.get_by_role("option", name="/after").wait_for()
            page.get_by_role("option", name="/before").wait_for(state="detached")
        finally:
            second.kill()
            second.communicate()
    finally:
        first.kill()
        first.communicate()
        context.close()


def _start(port: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ozkit", "mock", "--quiet", "--port", port]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    return process
