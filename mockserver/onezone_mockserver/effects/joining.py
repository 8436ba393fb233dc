"""The verbs of invitations: invite, which makes a token, and join, which takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from onezone_mockserver.effects.places import Perform, empty_answer, place, refuse_member
from onezone_mockserver.exchange import Answer, Exchange, Refusal, json_answer
from onezone_mockserver.location import LocationMaker
from onezone_mockserver.world import Invitation

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

TOKEN_KEY = "token"  # noqa: S105  (the key of a body)


def invite(contract: Contract, operation: Operation) -> Perform:
    """Make a token with which somebody of a kind joins an entity."""
    invited, status = contract.kind(operation.effect.resource), operation.success.status
    whose = place(contract, operation, operation.effect.within or "")

    def perform(exchange: Exchange) -> Answer:
        text = exchange.world.fresh.token()
        exchange.world.invite(text, Invitation(invited, whose.kind, whose.find(exchange)))
        return json_answer(status, orjson.dumps({TOKEN_KEY: text}))

    return perform


def join(contract: Contract, operation: Operation) -> Perform:
    """Make who is invited a member, with the privileges of a plain one."""
    kind, success = contract.kind(operation.effect.resource), operation.success
    member = place(contract, operation, operation.effect.within or "")
    usual = frozenset(contract.privilege_sets[kind].get("member", ()))
    location = LocationMaker(contract, operation)

    def perform(exchange: Exchange) -> Answer:
        world, who = exchange.world, member.find(exchange)
        invitation = world.invitation(exchange.value[TOKEN_KEY])
        if invitation is None or (invitation.member_kind, invitation.kind) != (member.kind, kind):
            raise Refusal("badValueToken", f"effect: the token invites no {member.kind}", details={"key": TOKEN_KEY})
        refuse_member(world, member, who, kind, invitation.id)
        world.relate(member.kind, who, kind, invitation.id, usual)
        answer = empty_answer(success)
        answer.headers.append((b"location", location.make(exchange, exchange.params, invitation.id)))
        return answer

    return perform
