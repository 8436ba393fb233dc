"""URI references by RFC 3986 and RFC 9110: what a Location may be."""

from __future__ import annotations

import pytest
from onezone_contracts.checks.uri import problem

GOOD = [
    "https://onezone.example.org/api/v3/groups/a/handle_services/b",
    "http://127.0.0.1:8080/x",
    "http://[::1]:17000/x?y=z#w",
    "HTTP://example.org",
    "http://example.org:/x",
    "//example.org/x",
    "/api/v3/groups/a%20b/handle_services/c",
    "handle_services/b",
    "../b",
    "?x",
    "#x",
    "",
]
BAD = {
    "http://127.0.0.1:33927None/groups": "no host with a port",
    "http://127.0.0.1:99999/groups": "no port",
    "http://host:undefined/x": "no host with a port",
    "http:///x": "no host",
    "http://:80/x": "no host",
    "http:/x": "no host",
    "http:x": "no host",
    "ftp://host/x": "scheme",
    "http://alice:secret@host/x": "user information",
    "http://ho st/x": "no host with a port",
    "http://[::1/x": "no host with a port",
    "/a b": "characters",
    "/a%2": "characters",
    "/a%zz": "characters",
    "/ż": "characters",
    "</a>": "characters",
    "/a|b": "characters",
    "/a?b c": "characters",
    "/a#b#c": "characters",
}


@pytest.mark.parametrize("text", GOOD)
def test_what_the_rfcs_allow_has_no_problem(text: str) -> None:
    """Whole URIs and relative references."""
    assert problem(text) is None


@pytest.mark.parametrize(("text", "words"), BAD.items())
def test_each_part_is_looked_at(text: str, words: str) -> None:
    """Scheme, host, port, path, query and fragment."""
    assert words in (problem(text) or "")
