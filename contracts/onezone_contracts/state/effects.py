"""What a success does to the mirror, by the verb of its effect. Source: Onezone 21.02 as deployed, Operation table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from onezone_spec import Operation

from onezone_contracts.exchange import Exchange
from onezone_contracts.generate.values import privileges_of, stored, usual
from onezone_contracts.state.expected import CALLER, GROUP, TOKEN, USER, Ref, holds, pair, rank
from onezone_contracts.state.probe import Probe
from onezone_contracts.state.tokens import BLOCKED, is_for_access, owner_of, text_of
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.invitations import accept_invitation


@dataclass(frozen=True, slots=True)
class Success:
    """A request that succeeded: its operation, roles, caller and body, the id of what was made, and the exchange."""

    account: Account
    operation: Operation
    roles: Mapping[str, Ref]
    caller: Ref | None
    value: Any
    created_id: str | None
    exchange: Exchange

    @property
    def owner(self) -> Ref | None:
        """Whose tokens the effect is about."""
        return owner_of(self.operation, self.roles, self.caller)

    @property
    def resource(self) -> Ref | None:
        """What the effect is about."""
        return self.roles.get(self.operation.effect.resource) or self.caller

    @property
    def membership(self) -> tuple[Ref, Ref] | None:
        """The membership that the effect is about."""
        return pair(self.account.contract, self.operation, self.roles, self.caller)


def apply(  # noqa: PLR0913, PLR0917  (what was done, by whom, and what came)
    account: Account,
    operation: Operation,
    roles: Mapping[str, Ref],
    caller: Ref | None,
    value: Any,
    identity: str | None,
    exchange: Exchange,
) -> list[Probe]:
    """Do to the mirror what the operation did to the target; gives what else there is to look at."""
    return _VERBS[operation.effect.verb](Success(account, operation, roles, caller, value, identity, exchange))


def _create(done: Success) -> list[Probe]:
    contract, effect, mirror = done.account.contract, done.operation.effect, done.account.mirror
    kind = contract.kind(effect.resource)
    if kind in contract.owners:
        return _create_owned(done)
    if done.created_id is None:
        return []
    ref = (kind, done.created_id)
    done.account.adopt(ref, usual(done.operation.body, done.value or {}))
    if done.caller:
        mirror.details[ref]["creator"] = {"type": "user", "id": done.caller[1]}
    place = {**done.roles, **({CALLER: done.caller} if done.caller else {})}.get(effect.within or "")
    probes = [Probe("details", ref)]
    if not effect.within and rank(kind) > 0:
        probes += [Probe("members", ref, kind=each) for each in (USER, GROUP)]
    if kind == USER:
        done.account.logs_in(ref, done.value or {}, done.operation)
        probes.append(Probe("login", ref))
    if effect.within and place:
        if holds(contract, effect.resource, effect.within):
            mirror.join(ref, place, None)
        else:
            mirror.join(place, ref, None if kind == place[0] else frozenset(contract.privileges[kind]))
            probes += [Probe("members", ref, kind=place[0]), Probe("privileges", place, ref)]
    return probes


def _create_owned(done: Success) -> list[Probe]:
    identity, text = text_of(done.exchange)
    if text is None or done.owner is None:
        return []
    details = {"revoked": False, **usual(done.operation.body, done.value or {})}
    ref = done.account.keep_token(done.operation, done.owner, text, identity or done.created_id, details)
    return [Probe("details", ref), Probe("counts", ref), Probe("owned", done.owner)]


def _issue(done: Success) -> list[Probe]:
    _, text = text_of(done.exchange)
    if text is None or done.owner is None:
        return []
    done.account.redactor.learn(text)
    done.account.tokens.issued(done.owner, text, lets_in=is_for_access(done.value or {}))
    return [Probe("temporary", done.owner), Probe("owned", done.owner)]


def _expire(done: Success) -> list[Probe]:
    if done.owner is None:
        return []
    done.account.tokens.outdated(done.owner)
    return [Probe("temporary", done.owner), Probe("generation", done.owner), Probe("owned", done.owner)]


def _clear(done: Success) -> list[Probe]:
    return [*_end(done, done.owner), Probe("owned", done.owner)] if done.owner else []


def _end(done: Success, owner: Ref) -> list[Probe]:
    """Everything that somebody owns is gone."""
    account = done.account
    owned = [ref for ref in account.mirror.inside(owner) if account.tokens.owners.get(ref) == owner]
    for ref in owned:
        account.mirror.drop(ref)
        account.removed.add(ref)
    return [Probe("counts", ref) for ref in owned]


def _invite(done: Success) -> list[Probe]:
    """Somebody takes the invitation, and must be a member then."""
    account, effect = done.account, done.operation.effect
    _, text = text_of(done.exchange)
    place = done.roles.get(effect.within or "")
    if text is None or place is None:
        return []
    account.redactor.learn(text)
    accepted = accept_invitation(account, effect.resource, text)
    if accepted is None:
        return []
    member, _ = accepted
    return _joined(account, member, place)


def _joined(account: Account, member: Ref, place: Ref) -> list[Probe]:
    account.mirror.join(member, place, account.default(place[0]))
    looks = [Probe(what, member, place) for what in ("privileges", "belonging")]
    return [Probe("members", place, kind=member[0]), *looks]


def _join(done: Success) -> list[Probe]:
    account, value = done.account, done.value or {}
    member = {**done.roles, CALLER: done.caller}.get(done.operation.effect.within or "")
    place = next((account.invited[text] for text in value.values() if text in account.invited), None)
    if member is None or place is None:
        return []
    return _joined(account, member, place)


def _update(done: Success) -> list[Probe]:
    account, value = done.account, done.value or {}
    if done.resource is None:
        return []
    account.mirror.details[done.resource].update(stored(done.operation.body, value))
    account.renamed(done.resource, value, done.operation)
    if BLOCKED not in value:
        return []
    owned = [ref for ref, owner in account.tokens.owners.items() if owner == done.resource]
    return [*(Probe("counts", ref) for ref in owned), Probe("temporary", done.resource)]


def _delete(done: Success) -> list[Probe]:
    if done.resource is None:
        return []
    ended = [*_end(done, done.resource), *([Probe("counts", done.resource)] if done.resource[0] == TOKEN else ())]
    done.account.mirror.drop(done.resource)
    done.account.removed.add(done.resource)
    return [*ended, Probe("temporary", done.resource)]


def _attach(done: Success) -> list[Probe]:
    assert done.membership is not None
    member, container = done.membership
    body = done.operation.body
    key = next((prop.name for prop in body.properties if privileges_of(prop)), "") if body else ""
    given = (done.value or {}).get(key)
    done.account.mirror.join(
        member, container, done.account.default(container[0]) if given is None else frozenset(given)
    )
    return []


def _detach(done: Success) -> list[Probe]:
    assert done.membership is not None
    done.account.mirror.leave(*done.membership)
    return []


def _grant(done: Success) -> list[Probe]:
    value = done.value or {}
    _change(done, lambda old: (old - frozenset(value.get("revoke", ()))) | frozenset(value.get("grant", ())))
    return []


def _revoke(done: Success) -> list[Probe]:
    _change(done, lambda _: frozenset())
    return []


def _change(done: Success, change: Callable[[frozenset[str]], frozenset[str]]) -> None:
    mirror = done.account.mirror
    if done.membership:
        member, container = done.membership
        mirror.join(member, container, change(mirror.privileges(member, container) or frozenset()))
    elif done.resource:
        mirror.zone[done.resource] = change(mirror.zone_privileges(done.resource))


_VERBS: dict[str, Callable[[Success], list[Probe]]] = {
    "create": _create,
    "update": _update,
    "delete": _delete,
    "attach": _attach,
    "detach": _detach,
    "grant": _grant,
    "revoke": _revoke,
    "issue": _issue,
    "expire": _expire,
    "clear": _clear,
    "invite": _invite,
    "join": _join,
}
