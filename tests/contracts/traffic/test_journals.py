"""The mock's journal is a recording: of heads and bodies too, of one world, and of what the mock itself answered."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from onezone_contracts.target.embedded import mock
from onezone_contracts.target.file import SetupError
from traffic_tools import BODY, failing, judged

HOME = "4ebd9efd1e67f6c18695db1d762a914a"
SERVICES = f"/api/v3/groups/{HOME}/handle_services"
HIDDEN = {**BODY, "serviceProperties": {"type": "PID", "password": "pa$$word"}}
FORMS = ("journal", "journal.har")


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with mock("current") as origin:
        yield origin


def send(origin: str, method: str, path: str, body: Any = None, *, who: str = "alice", **headers: str) -> bytes:
    """What the mock answers, whatever it is."""
    pair = base64.b64encode(f"{who}:{who}-password".encode()).decode()
    data = None if body is None else json.dumps(body).encode()
    common = {"Content-Type": "application/json", **({"Authorization": f"Basic {pair}"} if who else {})}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        request = urllib.request.Request(origin + path, data, {**common, **names}, method=method)
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error.read()


def journal_file(origin: str, form: str, folder: Path, query: str = "") -> Path:
    """The journal of the mock as a file."""
    path = folder / form
    path.write_bytes(send(origin, "GET", f"/_mock/{form}{query}"))
    return path


def story(origin: str, **headers: str) -> None:
    """A member creates and looks, somebody may not, and nobody asks."""
    send(origin, "POST", SERVICES, HIDDEN, **headers)
    send(origin, "GET", SERVICES, **headers)
    send(origin, "POST", SERVICES, HIDDEN, who="otto", **headers)
    send(origin, "POST", SERVICES, HIDDEN, who="", **headers)
    send(origin, "POST", SERVICES, {}, **headers)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_heads_and_bodies_are_judged(origin: str, tmp_path: Path, form: str) -> None:
    """As in any other recording: the Location and the error's form, and who called."""
    send(origin, "PUT", "/_mock/faults", [])
    story(origin)
    judgement = judged(journal_file(origin, form, tmp_path), edition="current")
    assert (judgement.requests, judgement.verdict, failing(judgement)) == (5, "conformant", set())
    topics = {result.requirement.topic for result in judgement.results}
    assert {"location.form", "error.shape.403", "access.anonymous", "access.consistent", "state.created-one"} <= topics


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", ["location-missing", "location-other-group"])
def test_a_fault_of_the_head_is_seen(origin: str, tmp_path: Path, form: str, fault: str) -> None:
    """No status shows it."""
    send(origin, "PUT", "/_mock/faults", [fault])
    story(origin)
    assert failing(judged(journal_file(origin, form, tmp_path), edition="current"))


@pytest.mark.parametrize("form", [*FORMS, "journal?brief=true"])
def test_what_a_test_had_the_mock_answer_is_no_answer_of_the_api(origin: str, tmp_path: Path, form: str) -> None:
    """`Prefer` and overrides make refusals that nobody's privileges explain, and failures."""
    send(origin, "PUT", "/_mock/faults", [])
    send(origin, "POST", SERVICES, BODY)
    send(origin, "POST", SERVICES, BODY, prefer="code=403")
    send(origin, "POST", SERVICES, BODY, prefer="code=500")
    send(origin, "PUT", "/_mock/overrides", {"times": 1, "then": {"status": 418}})
    send(origin, "POST", SERVICES, BODY)
    name, _, query = form.partition("?")
    judgement = judged(journal_file(origin, name, tmp_path, f"?{query}"), edition="current")
    assert (judgement.requests, failing(judgement)) == (1, set())


@pytest.mark.parametrize("form", FORMS)
def test_several_worlds_are_not_judged_as_one(origin: str, tmp_path: Path, form: str) -> None:
    """What one of them holds is not missing in another: the line says how to get one."""
    send(origin, "PUT", "/_mock/faults", [])
    story(origin, X_Mock_World="a")
    story(origin, X_Mock_World="b")
    with pytest.raises(SetupError, match=r"'a' and 'b': record one at a time, GET /_mock/journal\?world=NAME"):
        judged(journal_file(origin, form, tmp_path, "?world=*"), edition="current")
    assert judged(journal_file(origin, form, tmp_path, "?world=a"), edition="current").verdict == "conformant"


def row(**change: Any) -> dict[str, Any]:
    """A brief row."""
    return {"time": 1.0, "method": "POST", "path": SERVICES, "status": 403, "user": None, "stage": "body", **change}


@pytest.mark.slow
def test_a_brief_row_without_a_user_says_nothing_of_who_called(tmp_path: Path) -> None:
    """Where the mock refused before it looked; what it allowed, and its 401, are of nobody."""
    path = tmp_path / "journal.json"
    path.write_text(json.dumps({"exchanges": [row(), row(time=2.0, status=404)]}))
    assert not failing(judged(path, edition="current"))
    path.write_text(json.dumps({"exchanges": [row(status=204)]}))
    assert failing(judged(path, edition="current"))
