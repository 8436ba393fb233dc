"""Provider states (Pact's convention): the judge asks for a user with exactly these grants, and gets one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from onezone_spec import editions, load

from onezone_mockserver.scenario.shares import HANDLE, SHARE, SPACE, handle_details, share_details, space_details
from onezone_mockserver.scenario.types import resource_kinds
from onezone_mockserver.world import GROUP, NOBODY, USER, User, id_name

if TYPE_CHECKING:
    from onezone_spec import Contract

    from onezone_mockserver.state import MockState, WorldRun
    from onezone_mockserver.world import World

Granted = frozenset[str] | None
PERSONA, A_GROUP, A_SHARE = "a persona", "a group", "a share"
ZONE = "zone"
NAME = "Provider state"
SERVICE = "handle_service"
DETAILS: dict[str, Any] = {
    "name": NAME,
    "proxyEndpoint": "https://proxy.example.org",
    "serviceProperties": {"type": "DOI"},
    "creator": NOBODY,
    "creationTime": 0,
}


class StatesError(ValueError):
    """A request for a state that cannot be understood; the message says what is wrong."""


@dataclass(slots=True)
class SetUp:
    """What a set-up made, to be removed by the tear-down."""

    answer: dict[str, str]
    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)


class States:
    """Sets states up and tears them down. Each persona gets a group of its own, so none disturbs another."""

    def __init__(self, state: MockState) -> None:
        self.state = state

    def change(self, request: Any, run: WorldRun) -> dict[str, str]:
        """Do what the request asks in the world of a run; the answer has the user's credentials and the ids it needs.

        A tear-down names the state and parameters of its set-up; one that was never set up is no error.
        Raises StatesError.
        """
        if not isinstance(request, dict):
            raise StatesError("a provider state is asked for by a JSON object")
        action, state = request.get("action", "setup"), request.get("state")
        if action not in ("setup", "teardown"):  # a tuple: what was sent may be unhashable
            raise StatesError("action must be setup or teardown")
        names = self._names()
        if state not in names:
            raise StatesError(f"there is no such state; there are: {', '.join(names)}")
        params = self._params({} if request.get("params") is None else request["params"])
        key = orjson.dumps(
            [state, {name: None if privileges is None else sorted(privileges) for name, privileges in params.items()}]
        )
        set_up = run.provider_states
        if action == "teardown":
            _remove(run.world, set_up[key].pop() if set_up[key] else SetUp({}))
            return {}
        prepared = (
            self._persona(run.world, params)
            if state == PERSONA
            else _share(run.world)
            if state == A_SHARE
            else _group(run.world)
        )
        set_up[key].append(prepared)
        return prepared.answer

    def _names(self) -> tuple[str, ...]:
        """The states that there are: a share only where the contract knows shares."""
        shares = SHARE in resource_kinds(self.state.contract)
        return (PERSONA, A_GROUP, A_SHARE) if shares else (PERSONA, A_GROUP)

    def _params(self, params: Any) -> dict[str, Granted]:
        if not isinstance(params, dict):
            raise StatesError("params must be an object")
        scopes = {f"{scope}_privileges": scope for scope in self.state.contract.privileges}
        for name in params:
            if name not in scopes:
                raise StatesError(f"there is no parameter {name}; there are: {', '.join(scopes)}")
        return {name: self._granted(name, scope, params[name]) for name, scope in scopes.items() if name in params}

    def _granted(self, name: str, scope: str, value: Any) -> Granted:
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(privilege, str) for privilege in value):
            raise StatesError(f"{name} must be a list of privileges or null")
        for privilege in value:
            if privilege not in known_privileges(scope, self.state.contract):
                raise StatesError(f"{name}: there is no {scope} privilege {privilege!r} in any edition")
        return frozenset(value)

    def _persona(self, world: World, params: dict[str, Granted]) -> SetUp:
        prepared = _group(world)
        group, user = prepared.groups[0], world.fresh.new()
        name, password = f"persona-{world.fresh.new()[:16]}", world.fresh.token()[-22:]
        world.add_user(User(user, name, password), zone=params.get("zone_privileges") or frozenset())
        membership = params.get("group_privileges")
        if membership is not None:
            world.relate(USER, user, GROUP, group, membership)
        prepared.users.append(user)
        prepared.answer = {"username": name, "password": password, "group": group}
        for name, privileges in params.items():
            kind = name.removesuffix("_privileges")
            if kind not in {GROUP, ZONE}:
                prepared.answer[kind] = self._resource(world, prepared, kind, membership, privileges)
        return prepared

    def _resource(self, world: World, prepared: SetUp, kind: str, membership: Granted, privileges: Granted) -> str:
        """A resource of that kind, such as a service, in which the user has exactly these privileges.

        The group holds it wherever that leaves the user with just those: what a group holds, its members hold.
        """
        identity = world.fresh.new()
        world.add(kind, identity, orjson.dumps(self._details(world, prepared, kind, identity)))
        if privileges is not None:
            world.relate(USER, prepared.users[0], kind, identity, privileges)
        if membership is None or privileges is not None:
            everything = frozenset(self.state.contract.privileges[kind])
            granted = everything if membership is None else privileges or frozenset()
            world.relate(GROUP, prepared.groups[0], kind, identity, granted)
        return identity

    def _details(self, world: World, prepared: SetUp, kind: str, identity: str) -> dict[str, Any]:
        """What a new resource shows. A handle names a service and a share that are made for it."""
        contract = self.state.contract
        if kind == SPACE:
            return space_details(identity, NAME)
        if kind != HANDLE or not contract.reference(HANDLE, SHARE):
            return {id_name(kind): identity, **DETAILS}
        service, of_share = world.fresh.new(), _share(world)
        share = of_share.answer[SHARE]
        world.add(SERVICE, service, orjson.dumps({id_name(SERVICE): service, **DETAILS}))
        world.set_key(SHARE, share, id_name(HANDLE), identity)
        prepared.others += [*of_share.others, (SERVICE, service)]
        return handle_details(contract, identity, {id_name(SERVICE): service, "resourceId": share})


def _group(world: World) -> SetUp:
    group = world.fresh.new()
    world.add_group(group, NAME)
    return SetUp({"group": group}, groups=[group])


def _share(world: World) -> SetUp:
    """A share without a handle, in a space without members."""
    space, share = world.fresh.new(), world.fresh.new()
    world.add(SPACE, space, orjson.dumps(space_details(space, NAME)))
    world.add(SHARE, share, orjson.dumps(share_details(share, space, NAME)))
    return SetUp({"share": share, "space": space}, others=[(SHARE, share), (SPACE, space)])


def _remove(world: World, prepared: SetUp) -> None:
    for kind, identity in prepared.others:
        if world.exists(kind, identity):
            world.remove_with_namers(kind, identity)
    for kind, ids in ((USER, prepared.users), (GROUP, prepared.groups)):
        for identity in ids:
            if world.exists(kind, identity):
                world.remove_with_orphans(kind, identity)


@cache
def known_privileges(scope: str, contract: Contract) -> frozenset[str]:
    """The privileges of a scope in any edition: whoever judges by another edition is to be refused by the judgement."""
    every = (contract, *map(load, editions()))
    return frozenset(name for edition in every for name in edition.privileges.get(scope, ()))
