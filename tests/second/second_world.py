"""What the second implementation remembers: users, groups, privileges, handle services; and provider states."""

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

HOME = "4ebd9efd1e67f6c18695db1d762a914a"


def new_id() -> str:
    """An id in the style of Onezone's."""
    return f"{secrets.token_hex(16)}ch{secrets.token_hex(2)}"


@dataclass
class User:
    """Somebody with a password and a token, and the zone privileges of their own."""

    name: str
    password: str
    token: str
    zone: frozenset[str] = frozenset()
    since: float = 0.0  # when what was granted shows


@dataclass
class Service:
    """A handle service: what the client sent, as JSON values, and where it is registered."""

    id: str
    data: dict[str, Any]
    creator: str
    groups: set[str] = field(default_factory=set)
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    created: float = field(default_factory=time.time)


@dataclass
class World:
    """Everything in memory, behind one lock where it changes."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, dict[str, frozenset[str]]] = field(default_factory=lambda: {HOME: {}})
    services: dict[str, Service] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)

    def member(self, user: User, group: str) -> bool:
        """Whether the user belongs to the group, as far as that shows already."""
        return user.name in self.groups.get(group, {}) and time.time() >= user.since

    def in_group(self, user: User, group: str, privilege: str) -> bool:
        """Whether the user holds a privilege in the group."""
        return self.member(user, group) and privilege in self.groups[group][user.name]

    def in_zone(self, user: User, privilege: str) -> bool:
        """Whether the user holds a zone privilege."""
        return privilege in user.zone and time.time() >= user.since

    def of_group(self, group: str) -> list[Service]:
        """The services registered for a group, oldest first."""
        return [service for service in list(self.services.values()) if group in service.groups]


@dataclass
class StateOptions:
    """How provider states are answered: each persona's group, credentials and the delay of what is granted."""

    own_groups: bool = False
    tokens: Any = False  # whether tokens are given, or a function of the user's number that says so
    delay: float = 0.0
    ending: str = "x"  # of each password
    group_id: Any = new_id
    user: Any = None  # makes a user's name, password and token of their number


def set_up(world: World, options: StateOptions, state: str, params: dict[str, Any]) -> dict[str, Any]:
    """Make what a provider state names, and say how to reach it."""
    if state == "a group":
        group = options.group_id()
        world.groups[group] = {}
        return {"group": group}
    group = HOME
    if options.own_groups:
        group = options.group_id()
        world.groups[group] = {}
    name = f"user{secrets.token_hex(4)}"
    mark = ":-"[len(world.users) % 2]  # a password may have a colon
    user = User(name, f"Secret{mark}{secrets.token_hex(6)}{options.ending}", secrets.token_urlsafe(24))
    if options.user:
        user = User(*options.user(len(world.users)))
    user.zone = frozenset(params.get("zone_privileges") or ())
    user.since = time.time() + options.delay
    name = user.name
    world.users[name] = user
    if params.get("group_privileges") is not None:
        world.groups[group][name] = frozenset(params["group_privileges"])
    answer: dict[str, Any] = {"group": group}
    tokens = options.tokens(len(world.users)) if callable(options.tokens) else options.tokens
    answer |= {"token": user.token} if tokens else {"username": name, "password": user.password}
    if "handle_service_privileges" in params:
        service = Service(new_id(), sample(), name, {group})
        if params["handle_service_privileges"] is not None:
            service.members[name] = frozenset(params["handle_service_privileges"])
        world.services[service.id] = service
        answer["handle_service"] = service.id
    return answer


def sample() -> dict[str, Any]:
    """What a service that a provider state asks for contains."""
    properties = {"type": "DOI", "host": "https://mds.test.datacite.org", "prefix": "10.5072"}
    return {
        "name": "A service",
        "proxyEndpoint": "https://localhost:17000/handle_proxy",
        "serviceProperties": properties,
    }
