"""Pages of other origins: who may read the answers, and who may send credentials."""

from __future__ import annotations

import pytest
from mock_client import Client
from onezone_mockserver import create_app

NAMED = "http://app.test:3000"
PREFLIGHT = {"access-control-request-method": "POST"}


@pytest.fixture(scope="module")
def named_origins() -> Client:
    return Client(create_app(cors_origins=[NAMED]))


@pytest.fixture(scope="module")
def both() -> Client:
    return Client(create_app(cors_origins=["*", NAMED]))


@pytest.mark.slow
def test_a_named_origin_may_send_credentials(named_origins: Client) -> None:
    """Answers and preflights say so, and that they depend on Origin (the Fetch standard, CORS protocol)."""
    for reply in (
        named_origins.create(as_="adam", headers={"origin": NAMED}),
        named_origins.create(headers={"origin": NAMED}),
        named_origins("OPTIONS", "/api/v3/groups", headers={"origin": NAMED, **PREFLIGHT}),
    ):
        assert reply.headers["access-control-allow-origin"] == NAMED
        assert reply.headers["access-control-allow-credentials"] == "true"
        assert reply.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [{}, {"origin": "http://evil.test"}, {"origin": "*"}])
def test_others_get_nothing_where_origins_are_named(named_origins: Client, origin: dict[str, str]) -> None:
    """But that answers depend on Origin: a cache must not give one to the wrong page."""
    reply = named_origins.create(as_="adam", headers=origin)
    assert not [name for name in reply.headers if name.startswith("access-control-")]
    assert reply.headers["vary"] == "Origin"


@pytest.mark.slow
def test_every_origin_is_without_credentials(client: Client, both: Client) -> None:
    """`*` and credentials never go together; beside a name, answers depend on Origin."""
    for asked, vary in ((client, None), (both, "Origin")):
        for headers in ({"origin": "http://evil.test"}, {}):
            reply = asked.create(as_="adam", headers=headers)
            assert reply.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in reply.headers
            assert reply.headers.get("vary") == vary
    assert both.create(as_="adam", headers={"origin": NAMED}).headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize("asked", [None, "content-type", "x-mock-world,x-own", "no names/"])
def test_preflights_allow_what_clients_of_the_mock_send(client: Client, asked: str | None) -> None:
    """The names that are asked for, and the usual ones: never `*`, which leaves Authorization out."""
    headers = {"origin": NAMED, **PREFLIGHT, **({"access-control-request-headers": asked} if asked else {})}
    reply = client("OPTIONS", "/api/v3/groups", headers=headers)
    allowed = reply.headers["access-control-allow-headers"].lower().split(", ")
    assert {"x-mock-world", "prefer", "authorization", "x-auth-token", "content-type"} <= set(allowed)
    assert ("x-own" in allowed) == (asked == "x-mock-world,x-own")
    assert len(allowed) == len(set(allowed))
