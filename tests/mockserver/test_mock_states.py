"""POST /_mock/states: what a state makes, in which edition there is one, and what its tear-down leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_client import Client

A_SHARE = {"state": "a share"}


def test_there_is_no_share_where_the_edition_has_none(edition_client: Callable[[str], Client]) -> None:
    """The states that there are, are told, and the world is as it was."""
    classic = edition_client("classic")
    before = classic.snapshot()
    reply = classic("POST", "/_mock/states", A_SHARE)
    assert reply.status == 400
    assert reply.json["error"] == "there is no such state; there are: a persona, a group"
    assert classic.snapshot() == before


def test_a_share_where_the_edition_has_some(edition_client: Callable[[str], Client]) -> None:
    """And the world can be added to afterwards."""
    deployed = edition_client("deployed")
    share: Any = deployed("POST", "/_mock/states", A_SHARE).json["share"]
    assert share in deployed("GET", "/_mock/world").body.decode()
    assert deployed("PATCH", "/_mock/world", {"users": [{"username": "yve"}]}).status == 204
