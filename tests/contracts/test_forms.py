"""The kit's own inventions take the form of what the target showed, and forms that no document describes are read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from onezone_contracts.cases import MISSING, Case
from onezone_contracts.checks.error import misshaped, promised, validator
from onezone_contracts.derive.access import _altered_token, _longer, _reordered
from onezone_contracts.exchange import Auth, Exchange, Request, Response
from onezone_contracts.reading import next_page
from onezone_contracts.sent import Prepared
from onezone_contracts.target.file import missing_id
from onezone_spec import load

IDS = {
    "4ebd9efd1e67f6c18695db1d762a914a": r"[0-9a-f]{32}",
    "4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2": r"[0-9a-f]{32}ch81a2",
    "6f1c2f0e-9d0b-4c53-8f43-2a7a6b0c9d11": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
    "42": r"1\d{9}",
    "1234567890123456789": r"1\d{18}",
    "ASASDLKALKSD": r"[A-Z]{12}",
    "home": r"[a-z]{12}",
    "grp_01hzx": r"([a-z]{3}_\d\d[a-z]{3}){2}",
    "": r"[0-9a-f]{32}",
}


@pytest.mark.parametrize("like", IDS)
def test_missing_id_has_the_form_of_others(like: str) -> None:
    """An id that no group has looks like those that groups have, and is another."""
    identity = missing_id(like)
    assert re.fullmatch(IDS[like], identity), identity
    assert identity != like
    assert identity != missing_id(like)


WHOLE: tuple[Any, ...] = (
    ["a", "b"],
    {"handle_services": ["a", "b"]},
    {"count": 2, "next": None, "previous": None, "results": ["a", "b"]},
    {"items": ["a", "b"], "total": 2, "page": 1, "size": 50},
    {"data": ["a", "b"], "hasMore": False, "links": {"self": "/x", "next": None}},
)
MORE: tuple[tuple[Any, str | bool], ...] = (
    ({"count": 9, "next": "http://host/list?page=2", "results": ["a", "b"]}, "http://host/list?page=2"),
    ({"items": ["a", "b"], "total": 9}, True),
    ({"data": ["a", "b"], "meta": {"next_cursor": "eyJ"}}, True),
    ({"data": ["a", "b"], "has_more": True}, True),
    ({"_embedded": {"s": ["a", "b"]}, "_links": {"next": {"href": "/list?page=2"}}}, "/list?page=2"),
    ({"value": ["a", "b"], "@odata.nextLink": "/list?$skip=2"}, "/list?$skip=2"),
)


@pytest.mark.parametrize("value", WHOLE)
def test_whole_list_has_no_next_page(value: Any) -> None:
    """What shows all is read as it stands."""
    assert next_page(Response(200, (), b""), value, 2) is False


@pytest.mark.parametrize(("value", "expected"), MORE)
def test_part_of_a_list_says_where_the_rest_is(value: Any, expected: object) -> None:
    """A page names the next one, or only that there is more."""
    assert next_page(Response(200, (), b""), value, 2) == expected


def test_headers_say_that_there_is_more() -> None:
    """Link (RFC 8288), Content-Range and X-Total-Count tell of further pages."""
    link = (("Link", '</x?page=1>; rel="prev", </x?page=3>; rel="next"'),)
    assert next_page(Response(200, link, b""), ["a"], 1) == "/x?page=3"
    assert next_page(Response(206, (("Content-Range", "items 0-0/7"),), b""), ["a"], 1) is True
    assert next_page(Response(200, (("X-Total-Count", "7"),), b""), ["a"], 1) is True
    assert next_page(Response(200, (("X-Total-Count", "1"),), b""), ["a"], 1) is False


def refused_case(case: Case, *headers: tuple[str, str]) -> Any:
    """A case that was answered with a 400."""
    request = Request("POST", "/x", Auth(headers))
    exchange = Exchange(request, "http://h", Response(400, (), b"<html>"))
    prepared = Prepared(
        case, roles={}, user=None, auth=request.auth, value=None, allowed=False, request=request, stage=None
    )
    return prepared.answered(exchange)


def test_shape_of_an_error_is_promised_for_the_documented_operation() -> None:
    """Not for other methods, for what HTTP forbids, for paths that are not routed, for what is left open."""
    own = (("Authorization", "Basic YTpi"),)
    assert promised(refused_case(Case("a", "a"), *own))
    assert promised(refused_case(Case("a", "a", roles={"group": MISSING}), *own))
    assert not promised(refused_case(Case("a", "a", method="PUT"), *own))
    assert not promised(refused_case(Case("a", "a", open=True), *own))
    assert not promised(refused_case(Case("a", "a", roles={"group": "a/b"}), *own))
    assert not promised(refused_case(Case("a", "a"), *own, *own))
    assert not promised(refused_case(Case("a", "a"), ("X-Auth-Token", "x" * 2000)))


def test_altered_tokens_differ_where_it_counts() -> None:
    """Not by the last character alone, and not behind the padding."""
    assert _altered_token("MDAxY2xvYw")[:-1] != "MDAxY2xvY"
    assert _altered_token("AAAA") != "AAAA"
    assert _longer("MDAx==").endswith("==")
    assert len(_longer("MDAx")) == 9


@pytest.mark.parametrize("right", ["ab", "secret", "aaaab", "baaaa", "pass-word:1", "abab"])
def test_what_is_reordered_has_the_same_characters(right: str) -> None:
    """In an order of its own."""
    assert _reordered(right) != right
    assert sorted(_reordered(right)) == sorted(right)


@pytest.mark.parametrize("right", ["", "a", "aaaa"])
def test_what_has_no_other_order_is_longer(right: str) -> None:
    """Else it would be the right one."""
    assert _reordered(right) == f"{right}X"


@pytest.mark.parametrize(
    "body", [rb'{"error":"\ud800"}', rb'{"\ud800":1}', rb'"\ud800"', rb'{"error":{"id":["\ud800"]}}']
)
def test_an_error_that_shows_a_lone_surrogate_is_judged(body: bytes) -> None:
    """As servers do that show what they were sent, in escapes: it is an Error or none, and no failure of the kit."""
    assert misshaped(validator(load("current")), Response(400, (), body)) is not None
    shown = rb'{"error":{"id":"malformedData","description":"not a name: \ud800"}}'
    assert misshaped(validator(load("current")), Response(400, (), shown)) is None
