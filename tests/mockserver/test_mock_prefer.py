"""What a client asks for with `Prefer` (RFC 7240): an answer, a delay, and what cannot be kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from mock_client import HOME, SERVICE, Client
from onezone_mockserver.stages.prefer import ALWAYS, documented_errors, preferences

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 504])
def test_prefer_forces_an_error(each: Client, status: int) -> None:
    """At once, with an error for the status in the edition's shape, and confirmed; nothing else is done."""
    before = each.snapshot()
    reply = each.create(as_="adam", headers={"prefer": f"code={status}"})
    assert reply.status == status
    assert reply.error
    assert isinstance(reply.json["error"], str) == each.app.contract.error_is_string
    assert reply.headers["preference-applied"] == f"code={status}"
    assert ("www-authenticate" in reply.headers) == (status == 401 and each.app.contract.challenges)
    assert each.snapshot() == before


def test_an_error_that_no_document_has_is_named_by_its_status(client: Client) -> None:
    """429 comes from a limiter before the server."""
    reply = client.create(as_="adam", headers={"prefer": "code=429"})
    assert reply.json == {"error": {"id": "tooManyRequests", "description": "Too Many Requests."}}


@pytest.mark.slow
def test_every_error_that_an_edition_documents_can_be_forced(each: Client) -> None:
    """For any operation, also one that does not document it."""
    statuses = documented_errors(each.app.contract) | ALWAYS
    for operation in each.app.contract.operations.values():
        path = "/api/v3" + operation.path.replace("{id}", HOME).replace("{hsid}", SERVICE)
        for status in {*operation.responses} & statuses:
            assert each(operation.method, path, headers={"prefer": f"code={status}"}).status == status
    for status in statuses:
        assert each.create(as_="adam", headers={"prefer": f"code={status}"}).status == status


def test_a_success_cannot_be_forced_but_is_confirmed_where_earned(client: Client) -> None:
    """Its Location would name nothing."""
    earned = client.create(as_="adam", headers={"prefer": "code=204"})
    refused = client.create(as_="otto", headers={"prefer": "code=204"})
    assert (earned.status, earned.headers["preference-applied"]) == (204, "code=204")
    assert (refused.status, "preference-applied" in refused.headers) == (403, False)
    assert "Prefer" in refused.reason


@pytest.mark.parametrize(
    "preference",
    ["code=418", "code=abc", "code", "code=", 'code="4 3"', "code=40 3", "code=201", "code=99999999999999999999"],
)
def test_a_code_that_cannot_be_kept_is_refused(client: Client, preference: str) -> None:
    """With 400, which says what can be; nothing is done."""
    before = client.snapshot()
    reply = client.create(as_="adam", headers={"prefer": preference})
    assert (reply.status, "preference-applied" in reply.headers) == (400, False)
    assert "here it is one of 204, 400, 401, 403, 404, 429, 500, 502, 503, 504" in reply.reason
    assert client.snapshot() == before


@pytest.mark.parametrize("preference", ["wait=abc", "wait", "wait=-1", "wait=1e3", "wait=301", "wait=1, code=418"])
def test_a_wait_that_cannot_be_kept_is_refused(client: Client, preference: str) -> None:
    """With 400 and at once."""
    reply = client.create(as_="adam", headers={"prefer": preference})
    assert (reply.status, "preference-applied" in reply.headers) == (400, False)
    assert "cannot be kept" in reply.reason


@pytest.mark.parametrize("preference", ["respond-async", "return=minimal", "x; code=403", 'foo="a, code=403"', ""])
def test_other_preferences_are_ignored(client: Client, preference: str) -> None:
    """As RFC 7240, 2 asks."""
    reply = client.create(as_="adam", headers={"prefer": preference})
    assert (reply.status, "preference-applied" in reply.headers, reply.reason) == (204, False, "")


def test_prefer_delays_and_says_so(client: Client) -> None:
    """`wait` is in seconds, fractions too, and goes together with `code`."""
    started = time.perf_counter()
    reply = client.create(as_="adam", headers=[("prefer", "wait=0.1"), ("prefer", 'code="403"; x=y')])
    assert time.perf_counter() - started >= 0.1
    assert (reply.status, reply.headers["preference-applied"]) == (403, "wait=0.1, code=403")


def test_preferences_are_read_as_rfc_7240_says() -> None:
    """Names in any case, quoted values, parameters aside, the first of two equal ones."""
    parsed = preferences(b'Code="4\\04"; a=b, WAIT = 1, code=500, foo="a, b=c", bar, empty="" ; p, semi;q=1')
    assert parsed == {"code": "404", "wait": "1", "foo": "a, b=c", "bar": "", "empty": "", "semi": ""}


def test_the_edition_decides_what_is_documented(edition_client: Callable[[str], Client]) -> None:
    """405 is documented in `deployed` alone."""
    asked = {"prefer": "code=405"}
    assert edition_client("deployed").create(as_="adam", headers=asked).status == 405
    assert edition_client("current").create(as_="adam", headers=asked).status == 400
