"""Faults of groups that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_mockserver.faults.answers import answered, answers, status
from onezone_mockserver.faults.effects import unknown_group
from onezone_mockserver.faults.fault import NEWER, Point, fault
from onezone_mockserver.faults.requests import before, crash, refuse_early

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, Exchange
    from onezone_mockserver.state import MockState

PERSONAS = "unknown-group.administrator", "unknown-group.without-*", "unknown-group.outsider"


def _group_created(exchange: Exchange, _state: MockState) -> None:
    group = exchange.params["id"]
    if unknown_group(exchange) and group.isalnum():
        exchange.world.add_group(group, "made")


def _group_created_after(exchange: Exchange, _answer: Answer, state: MockState) -> None:
    if exchange.operation and exchange.user is not None:
        _group_created(exchange, state)


def _routed(exchange: Exchange) -> bool:
    return exchange.operation is not None and unknown_group(exchange)


def _of_member(exchange: Exchange) -> bool:
    user = exchange.user
    return _routed(exchange) and user is not None and bool(exchange.world.memberships("user", user.id, "group"))


def _first(exchange: Exchange, _state: MockState) -> None:
    if unknown_group(exchange):
        exchange.params = {**exchange.params, "id": next(iter(exchange.world.ids("group")))}


def _prefix(exchange: Exchange, _state: MockState) -> None:
    given = exchange.params["id"]
    near = [group for group in exchange.world.ids("group") if group.startswith(given)]
    if unknown_group(exchange) and len(given) > 8 and near:  # noqa: PLR2004
        exchange.params = {**exchange.params, "id": near[0]}


def _odd_id(exchange: Exchange) -> bool:
    return unknown_group(exchange) and not exchange.params["id"].isalnum()


FAULTS = (
    fault(
        "unknown-group-accepted",
        "An unknown group is not noticed.",
        answers(status(204), where=_routed),
        *PERSONAS,
        "unknown-group.anonymous",
        "unknown-group.odd-ids",
    ),
    fault(
        "unknown-group-invalid",
        "An unknown group makes a request a bad one.",
        answers(status(400), where=_routed),
        *PERSONAS,
        "unknown-group.anonymous",
    ),
    fault(
        "unknown-group-conflict",
        "An unknown group is a conflict.",
        answers(status(409), where=_routed),
        *PERSONAS,
        "combined.unknown-group-bad-body",
    ),
    fault(
        "unknown-group-forbidden",
        "An unknown group is forbidden.",
        refuse_early(unknown_group, "forbidden", Point.SECURITY),
        "unknown-group.administrator",
        "unknown-group.again",
    ),
    fault(
        "unknown-group-of-members",
        "An unknown group is not noticed for who belongs to another one.",
        answers(status(204), where=_of_member),
        "unknown-group.member",
        editions=NEWER,
    ),
    fault(
        "unknown-group-unauthorized",
        "An unknown group asks for credentials.",
        refuse_early(unknown_group, "unauthorized", Point.SECURITY),
        *PERSONAS,
    ),
    fault(
        "unknown-group-crash",
        "An unknown group crashes the server.",
        refuse_early(unknown_group, "internalServerError", Point.SECURITY),
        *PERSONAS,
        "robust.no-5xx",
    ),
    fault(
        "unknown-group-made",
        "An unknown group is made.",
        before(Point.SECURITY, _group_created),
        "unknown-group.administrator",
    ),
    fault(
        "unknown-group-made-later",
        "An unknown group is there the second time.",
        answered(_group_created_after),
        "unknown-group.again",
    ),
    fault(
        "unknown-group-first",
        "An unknown group is taken for another.",
        before(Point.SECURITY, _first),
        "unknown-group.administrator",
        "unknown-group.odd-ids",
    ),
    fault(
        "unknown-group-prefix",
        "The beginning of a group's id is enough.",
        before(Point.SECURITY, _prefix),
        "unknown-group.odd-ids",
    ),
    fault(
        "unknown-group-odd",
        "A group's id with odd characters crashes the server.",
        crash(_odd_id, Point.SECURITY),
        "unknown-group.odd-ids",
    ),
)
