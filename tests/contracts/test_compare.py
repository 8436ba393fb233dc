"""What is read back of a service: the same, in another spelling that means the same, or something else."""

from __future__ import annotations

import pytest
from onezone_contracts.state.compare import difference, is_moment

SAME = {
    "path": ("https://localhost:17000", "https://localhost:17000/"),
    "case": ("HTTPS://Proxy.Example.org/A", "https://proxy.example.org/A"),
    "port": ("https://proxy.example.org:443/a?b#c", "https://proxy.example.org/a?b#c"),
    "idna": ("https://żółw.example.org/łąka", "https://xn--w-uga1v8h.example.org/%C5%82%C4%85ka"),
}
OTHERS = {
    "slash": ("https://localhost/a", "https://localhost/a/"),
    "path-case": ("https://localhost/A", "https://localhost/a"),
    "port": ("https://localhost:17000/a", "https://localhost/a"),
    "scheme": ("https://localhost/a", "http://localhost/a"),
    "query": ("https://localhost/a?b", "https://localhost/a"),
    "no-url": ("Localhost", "localhost"),
    "port-of-none": ("https://localhost:x/", "https://localhost/"),
}


@pytest.mark.parametrize(("sent", "came"), SAME.values(), ids=SAME)
def test_an_endpoint_may_be_read_back_as_libraries_write_it(sent: str, came: str) -> None:
    """It is the same URL by RFC 3986, 6.2; elsewhere a text is a text."""
    assert difference(sent, came, "proxyEndpoint") is None
    assert difference(sent, came, "serviceProperties.host") is not None


@pytest.mark.parametrize(("sent", "came"), OTHERS.values(), ids=OTHERS)
def test_another_endpoint_is_another(sent: str, came: str) -> None:
    """What a server might do elsewhere, it did not keep."""
    assert difference(sent, came, "proxyEndpoint") == "proxyEndpoint"


def test_a_user_name_is_withheld_with_its_password_only() -> None:
    """An account may be left out as a whole."""
    sent = {"username": "alice", "password": "secret", "type": "DOI"}
    assert difference(sent, {"type": "DOI"}, "serviceProperties") is None
    assert difference(sent, {"type": "DOI", "password": "secret"}, "serviceProperties") == "serviceProperties.username"
    assert difference(sent, {"type": "DOI", "username": "bob"}, "serviceProperties") == "serviceProperties.username"


@pytest.mark.parametrize(
    ("value", "right"), [(1577836800, True), (0, False), (-1, False), (1577836800000, False), (None, True), ("x", True)]
)
def test_a_time_is_in_seconds_since_1970(value: object, right: bool) -> None:  # noqa: FBT001  (a parameter)
    """By any clock, also one that stands still; what is no number is judged by the schema."""
    assert is_moment(value) is right
