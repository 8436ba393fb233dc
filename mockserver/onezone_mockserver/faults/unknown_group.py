"""Faults of groups that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.fault import Hook, fault
from onezone_mockserver.faults.tools import Change, before, refused, status, unknown_group

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, Exchange
    from onezone_mockserver.state import MockState

PERSONAS = "unknown-group.administrator", "unknown-group.without-*", "unknown-group.outsider"


def _answered(change: Change) -> Hook:
    def around(inner: Any, _state: MockState) -> Any:
        def changed(exchange: Exchange, answer: Answer) -> Answer:
            answer = inner(exchange, answer)
            if exchange.operation and unknown_group(exchange):
                change(exchange, answer)
            return answer

        return changed

    return Hook("answer", around)


def _refused(error: str) -> Hook:
    def act(exchange: Exchange, _state: MockState) -> None:
        if unknown_group(exchange):
            raise refused(error)

    return before("security", act)


def _made(exchange: Exchange, _state: MockState) -> None:
    group = exchange.params["id"]
    if unknown_group(exchange) and group.isalnum():
        exchange.world.add_group(group, "made")


def _made_after() -> Hook:
    def around(inner: Any, state: MockState) -> Any:
        def changed(exchange: Exchange, answer: Answer) -> Answer:
            answer = inner(exchange, answer)
            if exchange.operation and exchange.user is not None:
                _made(exchange, state)
            return answer

        return changed

    return Hook("answer", around)


def _first(exchange: Exchange, _state: MockState) -> None:
    if unknown_group(exchange):
        exchange.params = {**exchange.params, "id": next(iter(exchange.world.ids("group")))}


def _prefix(exchange: Exchange, _state: MockState) -> None:
    given = exchange.params["id"]
    near = [one for one in exchange.world.ids("group") if one.startswith(given)]
    if unknown_group(exchange) and len(given) > 8 and near:  # noqa: PLR2004
        exchange.params = {**exchange.params, "id": near[0]}


def _odd(exchange: Exchange, _state: MockState) -> None:
    if unknown_group(exchange) and not exchange.params["id"].isalnum():
        raise refused("internalServerError")


FAULTS = (
    fault(
        "unknown-group-accepted",
        "An unknown group is not noticed.",
        _answered(status(204)),
        *PERSONAS,
        "unknown-group.anonymous",
        "unknown-group.odd-ids",
    ),
    fault(
        "unknown-group-invalid",
        "An unknown group makes a request a bad one.",
        _answered(status(400)),
        *PERSONAS,
        "unknown-group.anonymous",
    ),
    fault(
        "unknown-group-conflict",
        "An unknown group is a conflict.",
        _answered(status(409)),
        *PERSONAS,
        "combined.unknown-group-bad-body",
    ),
    fault(
        "unknown-group-forbidden",
        "An unknown group is forbidden.",
        _refused("forbidden"),
        "unknown-group.administrator",
        "unknown-group.again",
    ),
    fault("unknown-group-unauthorized", "An unknown group asks for credentials.", _refused("unauthorized"), *PERSONAS),
    fault(
        "unknown-group-crash",
        "An unknown group crashes the server.",
        _refused("internalServerError"),
        *PERSONAS,
        "robust.no-5xx",
    ),
    fault("unknown-group-made", "An unknown group is made.", before("security", _made), "unknown-group.administrator"),
    fault(
        "unknown-group-made-later", "An unknown group is there the second time.", _made_after(), "unknown-group.again"
    ),
    fault(
        "unknown-group-first",
        "An unknown group is taken for another.",
        before("security", _first),
        "unknown-group.administrator",
        "unknown-group.odd-ids",
    ),
    fault(
        "unknown-group-prefix",
        "The beginning of a group's id is enough.",
        before("security", _prefix),
        "unknown-group.odd-ids",
    ),
    fault(
        "unknown-group-odd",
        "A group's id with odd characters crashes the server.",
        before("security", _odd),
        "unknown-group.odd-ids",
    ),
)
