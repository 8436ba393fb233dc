"""What errors give away."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest
from onezone_contracts.cases import Case
from onezone_contracts.checks import revealed
from onezone_contracts.exchange import Auth, Exchange, Request, Response
from onezone_contracts.sent import Prepared

PASSWORD = "pa$$word-1"
BODY = {"name": "x", "serviceProperties": {"type": "DOI", "password": "hidden-2"}}
REQUEST = Request(
    "POST",
    "/groups/a/handle_services",
    Auth((("Authorization", "Basic " + base64.b64encode(f"alice:{PASSWORD}".encode()).decode()),)),
    body=json.dumps(BODY).encode(),
)


def run(status: int, text: str, *headers: tuple[str, str], request: Request = REQUEST) -> Any:
    """A run in which this was answered."""
    response = Response(status, headers, text.encode())
    prepared = Prepared(
        Case("x", "a case"), {}, user=None, auth=request.auth, value=None, allowed=False, request=request, stage=None
    )
    return SimpleNamespace(log=[prepared.answered(Exchange(request, "http://h", response))])


INTERNALS = {
    "python": 'Traceback (most recent call last):\n  File "/srv/app.py", line 3',
    "java": "java.lang.IllegalStateException: x\n\tat org.x.Y.z(Y.java:12)",
    "node": "TypeError: x\n    at Object.create (/srv/app/index.js:10:3)",
    "net": "   at App.Groups.Create(Body b) in C:\\src\\Groups.cs:line 12",
    "go": "goroutine 12 [running]:",
    "php": "Fatal error in /var/www/app.php on line 12",
    "erlang": "{badmatch,undefined}",
    "path": "denied by /opt/onezone/src/rules.py",
    "sql": "SELECT id FROM groups WHERE id = $1",
    "sqlstate": "SQLSTATE[23000]",
}


@pytest.mark.parametrize("text", INTERNALS.values(), ids=INTERNALS)
def test_internals_are_seen(text: str) -> None:
    """In a page as well as inside JSON."""
    for shown in (text, json.dumps({"error": {"id": "x", "description": text}})):
        assert len(list(revealed.internals(run(500, shown)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Bad value: provided “name” must be a string.",
        "You must authenticate yourself to perform this operation.",
        "Select a group and try again; update the set of privileges.",
        "There is no /api/v3/groups/a.json",
        "The value at serviceProperties.type is missing",
    ],
)
def test_ordinary_sentences_are_none(text: str) -> None:
    """What an error has to say may be said."""
    assert not list(revealed.internals(run(400, text)))
    assert not list(revealed.secrets(run(400, text)))


def test_what_the_request_said_may_be_repeated() -> None:
    """A name that looks like SQL is the client's own."""
    request = Request("POST", "/x", body=json.dumps({"name": "SELECT a FROM b"}).encode())
    assert not list(revealed.internals(run(400, "bad name SELECT a FROM b", request=request)))


@pytest.mark.parametrize("secret", [PASSWORD, "hidden-2", base64.b64encode(f"alice:{PASSWORD}".encode()).decode()])
def test_a_secret_in_an_error_is_seen(secret: str) -> None:
    """The caller's password, in the clear or encoded, and the password of the body."""
    assert len(list(revealed.secrets(run(400, json.dumps({"error": f"got {secret}"}))))) == 1
    assert not list(revealed.secrets(run(200, json.dumps({"password": secret}))))


def test_a_secret_in_a_location_is_seen() -> None:
    """Also where all went well."""
    assert len(list(revealed.secrets(run(204, "", ("Location", f"http://alice:{PASSWORD}@h/x"))))) == 1


def test_a_word_of_any_sentence_is_no_secret() -> None:
    """A password that is an ordinary word may stand in a sentence by chance."""
    request = Request("POST", "/x", Auth((("X-Auth-Token", "password"),)))
    assert not list(revealed.secrets(run(401, "no such password", request=request)))


HARMLESS = {
    "link": '{"error": {"id": "x", "help": "/docs/errors/bad_request.php"}}',
    "script": '<html><head><script src="/static/js/app.js"></script><link href="/home/css/a.ts"></head></html>',
    "class": '{"error": {"id": "org.onedata.onezone.BadValueError"}}',
    "position": '{"error": {"description": "Bad value at /serviceProperties/prefix:3:14"}}',
    "words": '{"error": {"description": "Select a name from the list, then update it."}}',
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_there_for_everybody_is_no_internal(text: str) -> None:
    """Links and scripts of pages, names of kinds, and positions in the request's own body."""
    assert not list(revealed.internals(run(400, text)))


def test_a_path_of_the_request_may_be_quoted() -> None:
    """Also between quotation marks."""
    asked = Request("POST", "/x", Auth(()), body=b'{"name": "x", "proxyEndpoint": "/opt/proxy/main.py"}')
    assert not list(revealed.internals(run(400, 'bad endpoint "/opt/proxy/main.py"', request=asked)))


def test_a_password_that_is_also_the_name_may_be_quoted_as_the_name() -> None:
    """What stands elsewhere in the body may be repeated from there."""
    body = {"name": "hidden-2 service", "serviceProperties": {"password": "hidden-2"}}
    asked = Request("POST", "/x", Auth(()), body=json.dumps(body).encode())
    assert not list(revealed.secrets(run(400, "bad name: hidden-2 service", request=asked)))
