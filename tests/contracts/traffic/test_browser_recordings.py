"""Recordings of browsers: one that Chromium makes of the mock's page here, and the shapes that other tools write."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from pathlib import Path

import pytest
from onezone_contracts.commands.cli import main
from onezone_contracts.exchange import basic
from onezone_contracts.target.embedded import mock
from onezone_spec import editions, load
from traffic_tools import BODY, failing, judged

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
HOME = "4ebd9efd1e67f6c18695db1d762a914a"
SECRET = "alice-password"
STORY = """
async ([base, group, authorization, body]) => {
  const services = `${base}/groups/${group}/handle_services`;
  const send = async (url, method, value, headers) => {
    await new Promise((go) => setTimeout(go, 20));  // a HAR has milliseconds: closer requests may have come at once
    return fetch(url, {method, body: value, headers: {Authorization: authorization, ...headers}, credentials: "omit"});
  };
  const json = {"Content-Type": "application/json"};
  const made = await send(services, "POST", JSON.stringify(body), json);
  await send(new URL(made.headers.get("Location")).pathname, "GET");
  const listed = await (await send(services, "GET")).json();
  await send(services, "POST", "{", json);
  await send(services, "POST", JSON.stringify({...body, name: 7}), json);
  await send(`${base}/groups/${"f".repeat(32)}/handle_services`, "POST", JSON.stringify(body), json);
  await fetch(services, {method: "POST", body: JSON.stringify(body), headers: json, credentials: "omit"});
  return listed.handle_services.length;
}
"""
"""What a page may do with the API: six calls with credentials and one without."""


def browsed(edition: str, har: Path, *faults: str) -> Path:
    """The recording of a headless Chromium that shows the mock's page, whose script calls the API."""
    from playwright.sync_api import sync_playwright

    with mock(edition) as origin, sync_playwright() as play:
        switch = urllib.request.Request(f"{origin}/_mock/faults", json.dumps(faults).encode(), method="PUT")
        urllib.request.urlopen(switch).close()
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(record_har_path=har, record_har_content="embed")
        page = context.new_page()
        page.goto(f"{origin}/_mock/")
        asked = [load(edition).base_paths[0], HOME, basic("alice", SECRET), BODY]
        assert page.evaluate(STORY, asked) >= 1
        context.close()
        browser.close()
    return har


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize("edition", editions())
def test_what_chromium_recorded_of_the_mocks_page_is_conformant(
    edition: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each call is judged, also the body, the Location and the credentials; no report shows a password."""
    har = browsed(edition, tmp_path / "page.har")
    judgement = judged(har, edition=edition)
    assert (judgement.requests, judgement.verdict) == (7, "conformant")
    assert not failing(judgement)
    passed = {result.requirement.id for result in judgement.results if result.outcome.value == "pass"}
    topics = {"location.form", "state.data", "state.created-one", "body.malformed", "access.anonymous"}
    assert {f"create_group_handle_service.{topic}" for topic in topics} <= passed
    assert main("traffic", [str(har), "--edition", edition, "--report", "json=-"]) == 0
    assert SECRET not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize("fault", ["status-200", "state-not-listed", "location-ftp"])
def test_what_chromium_recorded_shows_a_fault(fault: str, tmp_path: Path) -> None:
    """Where the page's requests show it."""
    assert failing(judged(browsed("current", tmp_path / "page.har", fault)))
