"""What a browser makes of the mock: pages of others get nowhere, and those with a name may send credentials."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING

import pytest
from mock_client import GOOD, HOME, basic, mock_process
from page import CHROMIUM, served_page

if TYPE_CHECKING:
    from pathlib import Path

    from socket_client import Address

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

HOSTILE = """<!doctype html><title>hostile</title><iframe name="away"></iframe>
<form method="post" target="away" enctype="text/plain" action="MOCK/_mock/reset"><input name="x" value="y"></form>
<script src="MOCK/_mock/world"></script>
<script>
const tries = {};
async function attempt(name, path, options) {
  try {
    const reply = await fetch("MOCK" + path, options);
    tries[name] = [reply.type, (await reply.text()).length];
  } catch (error) { tries[name] = ["blocked", 0]; }
}
(async () => {
  document.forms[0].submit();
  await attempt("read", "/_mock/world");
  await attempt("read with cookies", "/_mock/world", {credentials: "include"});
  await attempt("reset", "/_mock/reset", {method: "POST", body: "x"});
  await attempt("reset unseen", "/_mock/reset", {method: "POST", mode: "no-cors", body: "x"});
  await attempt("put", "/_mock/faults", {method: "PUT", body: "[]"});
  await attempt("contract", "/_mock/health");
  await fetch("/done", {method: "POST", body: JSON.stringify(tries)});
})();
</script>"""

NAMED = """<!doctype html><title>named</title><script>
(async () => {
  const create = (authorization, world) => fetch("MOCK/api/v3/groups/HOME/handle_services", {
    method: "POST", credentials: "include", body: BODY,
    headers: {Authorization: authorization, "Content-Type": "application/json", "X-Mock-World": world},
  });
  const shown = {};
  try {
    const made = await create("RIGHT", "page");
    shown.created = [made.status, made.headers.get("Location").startsWith("MOCK/")];
    const refused = await create("Basic d3Jvbmc6d3Jvbmc=", "page");
    shown.refused = [refused.status, (await refused.json()).error.id];
    shown.reset = (await fetch("MOCK/_mock/reset", {method: "POST", credentials: "include"})).status;
    shown.worlds = (await (await fetch("MOCK/_mock/worlds", {credentials: "include"})).json()).worlds.length;
  } catch (error) { shown.error = String(error); }
  await fetch("/done", {method: "POST", body: JSON.stringify(shown)});
})();
</script>"""


@pytest.mark.slow
def test_a_hostile_page_neither_reads_nor_resets(address: Address, tmp_path: Path) -> None:
    """Fetch, a form and a script of a page of another origin: blocked, and what was there is still there."""
    connection = http.client.HTTPConnection(*address)
    connection.request("POST", "/_mock/reset")
    connection.getresponse().read()
    connection.request("GET", "/api/v3/groups")
    connection.getresponse().read()
    with served_page() as page:
        page.text = HOSTILE.replace("MOCK", f"http://{address[0]}:{address[1]}")
        tries = page.show(tmp_path)
    assert tries.pop("contract")[1] > 0
    assert len(tries) == 5
    assert {tuple(outcome) for outcome in tries.values()} == {("blocked", 0)}
    connection.request("GET", "/_mock/journal")
    assert json.load(connection.getresponse())["total"] == 1
    connection.close()


@pytest.mark.slow
def test_a_page_of_a_named_origin_sends_credentials(tmp_path: Path) -> None:
    """It reads Location and refusals, names its world, and uses the control plane.

    With a challenge the browser would wait for its own login box, and fetch with it.
    """
    with served_page() as page, mock_process("--cors-origin", page.origin, "--no-challenge") as (_, origin):
        text = NAMED.replace("MOCK", origin).replace("HOME", HOME).replace("RIGHT", basic("adam", "adam-password"))
        page.text = text.replace("BODY", json.dumps(json.dumps(GOOD)))
        shown = page.show(tmp_path)
    assert shown == {"created": [204, True], "refused": [401, "unauthorized"], "reset": 204, "worlds": 1}
