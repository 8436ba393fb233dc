"""Faults that reveal secrets or internals in answers, and faults with large bodies and bounds."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.faults.answers import answers, located, write
from onezone_mockserver.faults.authentication import decoded
from onezone_mockserver.faults.fault import DEPLOYED, Fault, fault
from onezone_mockserver.faults.requests import crash, mended, refuse

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, Exchange

SECRETS, INTERNALS, SIZE = "robust.no-secrets", "robust.no-internals", "size.bodies"
Says = Callable[["Exchange"], str]


def _says(name: str, text: str, says: Says, topic: str, *statuses: int) -> Fault:
    """An error whose sentence says more than it should."""

    def act(exchange: Exchange, answer: Answer) -> None:
        if answer.body:
            value = orjson.loads(answer.body)
            said = says(exchange)
            if isinstance(value.get("error"), dict):
                value["error"]["description"] = said
            else:
                value["error"] = said
            write(answer, orjson.dumps(value))

    return fault(f"revealing-{name}", text, answers(act, *statuses), topic)


def _pair(exchange: Exchange) -> str:
    return (decoded(exchange) or b"").decode("utf-8", "replace")


def _large(limit: int) -> Callable[[Exchange], bool]:
    return lambda exchange: len(exchange.body) > limit


def _name(test: Callable[[str], bool]) -> Callable[[Exchange], bool]:
    def where(exchange: Exchange) -> bool:
        name = exchange.value.get("name") if isinstance(exchange.value, dict) else None
        return isinstance(name, str) and test(name)

    return where


def _endpoint(test: Callable[[str], bool]) -> Callable[[Exchange], bool]:
    def where(exchange: Exchange) -> bool:
        value = exchange.value.get("proxyEndpoint") if isinstance(exchange.value, dict) else None
        return isinstance(value, str) and test(value)

    return where


def _any_name(value: dict[str, Any]) -> None:
    if isinstance(value.get("name"), str) and value["name"]:
        value["name"] = "any name"


def _port(port: bytes) -> Callable[[bytes], bytes]:
    """More behind the host of a Location, and what port it has."""

    def change(old: bytes) -> bytes:
        scheme, _, rest = old.partition(b"://")
        host, slash, path = rest.partition(b"/")
        return scheme + b"://" + host + port + slash + path

    return change


def _host(host: bytes) -> Callable[[bytes], bytes]:
    """Something else before the path of a Location."""
    return lambda old: host + b"/" + old.partition(b"://")[2].partition(b"/")[2]


PYTHON = 'Traceback (most recent call last):\n  File "/srv/onezone/views.py", line 12, in create\nKeyError: 1'
JAVA = "java.lang.NullPointerException\n\tat org.onezone.Groups.find(Groups.java:33)"
NODE = "TypeError: x is undefined\n    at create (/srv/app/src/groups.js:10:7)"

FAULTS = (
    _says("body", "A 400 repeats the body.", lambda e: e.body.decode("utf-8", "replace"), SECRETS, 400),
    _says("credentials", "A 401 repeats the credentials.", _pair, SECRETS, 401),
    _says("password", "A 403 names the caller's password.", lambda e: f"not for {_pair(e)}", SECRETS, 403),
    _says(
        "encoded", "A 404 repeats Authorization.", lambda e: base64.b64encode(_pair(e).encode()).decode(), SECRETS, 404
    ),
    _says("python", "A 400 has a stack trace.", lambda _: PYTHON, INTERNALS, 400),
    _says("java", "A 404 has a stack trace.", lambda _: JAVA, INTERNALS, 404),
    _says("node", "A 403 has a stack trace.", lambda _: NODE, INTERNALS, 403),
    _says("sql", "A 404 has SQL.", lambda _: "SELECT * FROM groups WHERE id = $1: no rows", INTERNALS, 404),
    _says("path", "A 403 has a file's path.", lambda _: "denied by /opt/onezone/src/rules.py:88", INTERNALS, 403),
    fault("revealing-100-kB", "More than 100 kB crash the server.", crash(_large(100_000)), SIZE, "robust.no-5xx"),
    fault("revealing-250-kB", "More than 250 kB crash the server.", crash(_large(250_000)), SIZE, "robust.no-5xx"),
    fault(
        "revealing-userinfo",
        "The Location has a password in it.",
        located(lambda old: old.replace(b"://", b"://alice:secret@")),
        "location.uri",
    ),
    fault("revealing-port", "The Location's port is none.", located(_port(b"99999")), "location.uri"),
    fault("revealing-no-port", "The Location's port is None.", located(_port(b"None")), "location.uri"),
    fault("revealing-no-host", "The Location's host is unknown.", located(_host(b"http://undefined")), "location.form"),
    fault("revealing-two-slashes", "The Location begins with two slashes.", located(_host(b"/")), "location.form"),
    fault(
        "revealing-relative",
        "The Location is relative to the base path.",
        located(lambda old: b"groups/" + old.partition(b"/groups/")[2]),
        "location.form",
    ),
    fault(
        "bounds-any-name",
        "A name is good whatever its length and characters.",
        mended(_any_name),
        "bounds.no-name",
        editions=DEPLOYED,
    ),
    fault(
        "bounds-short-names",
        "Names of more than 50 characters are refused.",
        refuse(_name(lambda name: len(name) > 50), "badValueName"),  # noqa: PLR2004
        "bounds.name",
        editions=DEPLOYED,
    ),
    fault(
        "bounds-utf-16",
        "A letter beyond U+FFFF counts twice in the length of a name.",
        refuse(_name(lambda name: len(name.encode("utf-16-le", "surrogatepass")) > 256), "badValueName"),  # noqa: PLR2004
        "bounds.name",
        editions=DEPLOYED,
    ),
    fault(
        "bounds-scheme",
        "A proxyEndpoint needs a scheme.",
        refuse(_endpoint(lambda endpoint: "://" not in endpoint), "badValueString"),
        "bounds.endpoint",
        editions=DEPLOYED,
    ),
)
