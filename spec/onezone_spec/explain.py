"""Who may call an operation, and why: an access rule applied to a world as plain data, with the ways that lead there.

Nothing in here knows of HTTP, of the mock or of the judge. Users and groups are members of groups and of resources;
what a direct group of an entity may there, everybody inside the group may, and zone privileges come down from every
group above. Source: Onezone 21.02 as deployed, Effective privileges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onezone_spec.model import CONDITIONS, Contract, ContractError, Operation, Route

USER, GROUP, ZONE = "user", "group", "zone"
Ref = tuple[str, str]
"""Kind and id."""
_NAMES = ("username", "fullName", "name")
_NOBODY: Mapping[Ref, frozenset[str]] = {}


class QuestionError(ContractError):
    """What was asked about is not there; the message is one line that says what is."""


@dataclass(slots=True)
class Setting:
    """A world: what there is and how it is called, direct members with their privileges, zone privileges, creators."""

    names: dict[Ref, list[str]] = field(default_factory=dict)
    members: dict[Ref, dict[Ref, frozenset[str]]] = field(default_factory=dict)
    zone: dict[Ref, frozenset[str]] = field(default_factory=dict)
    creators: dict[Ref, str] = field(default_factory=dict)
    references: dict[Ref, dict[str, str]] = field(default_factory=dict)
    """The ids that an entity names, by key."""

    def called(self, ref: Ref) -> str:
        """What people call it."""
        return next(iter(self.names.get(ref, ())), ref[1])

    def find(self, kind: str, text: str) -> Ref:
        """The entity of that id, or else of that name. Raises QuestionError."""
        if (kind, text) in self.names:
            return kind, text
        matches = [ref for ref, names in self.names.items() if ref[0] == kind and text in names]
        words = kind.replace("_", " ")
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise QuestionError(f"{len(matches)} {words}s are called {text!r}: name one by its id")
        choices = sorted(self.called(ref) for ref in self.names if ref[0] == kind)
        shown = ", ".join(choices[:5]) + (f" and {len(choices) - 5} more" if len(choices) > 5 else "")  # noqa: PLR2004
        raise QuestionError(f"there is no {words} {text!r}; there are: {shown or 'none'}")

    def chains(self, member: Ref) -> dict[Ref, tuple[Ref, ...]]:
        """Each group that somebody belongs to, directly or not, with the shortest chain of groups that leads there."""
        chains: dict[Ref, tuple[Ref, ...]] = {}
        todo: list[tuple[Ref, tuple[Ref, ...]]] = [(member, ())]
        for ref, chain in todo:
            for group, inside in self.members.items():
                if group[0] == GROUP and ref in inside and group not in chains:
                    chains[group] = (*chain, group)
                    todo.append((group, chains[group]))
        return chains


def read_setting(data: Mapping[str, Any], contract: Contract) -> Setting:
    """The world of a scenario file or of a snapshot of the mock. Raises QuestionError if the file is neither."""
    if not isinstance(data, Mapping) or not any(isinstance(entries, list) for entries in data.values()):
        raise QuestionError("this is no world: a scenario has lists of users and groups")
    setting = Setting()
    for plural, entries in data.items():
        kind = plural.removesuffix("s")
        if plural == "personas" or not isinstance(entries, list):
            continue
        for entry in entries:
            if not isinstance(entry, Mapping) or not (entry.get("id") or entry.get("username")):
                raise QuestionError(f"{plural}: each entry is a mapping with an id")
            _add(setting, kind, entry, contract)
    return setting


def _add(setting: Setting, kind: str, entry: Mapping[str, Any], contract: Contract) -> None:
    ref = (kind, str(entry.get("id") or entry.get("username")))
    shown = {**(entry.get("details") or {}), **entry}
    setting.names[ref] = [str(shown[key]) for key in _NAMES if shown.get(key)]
    setting.zone[ref] = _privileges(entry.get("zone_privileges", ()), ZONE, contract)
    creator = shown.get("creator")
    if isinstance(creator, Mapping) and creator.get("type") == USER:
        setting.creators[ref] = str(creator["id"])
    setting.references[ref] = {key: str(shown[key]) for key in contract.references.get(kind, ()) if shown.get(key)}
    members = setting.members.setdefault(ref, {})
    for key, member_kind in (("users", USER), ("groups", GROUP), ("children", GROUP)):
        for member, privileges in (entry.get(key) or {}).items():
            members[member_kind, str(member)] = _privileges(privileges, kind, contract)


def _privileges(names: Any, scope: str, contract: Contract) -> frozenset[str]:
    return frozenset(contract.privileges.get(scope, ()) if names == "all" else names)


# --- answers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """How a privilege, or a membership, comes to a user: through which groups, and where it is held."""

    through: tuple[str, ...]
    where: str

    def __str__(self) -> str:
        return f"through {' in '.join(self.through)}" if self.through else "directly"


@dataclass(frozen=True, slots=True)
class Need:
    """What a route asks for: a privilege in a scope ("" for membership), and the ways in which it is there."""

    scope: str
    privilege: str
    where: str
    ways: tuple[Way, ...]
    met: bool

    def __str__(self) -> str:
        if self.scope in CONDITIONS:
            return _CONDITIONS[self.scope]
        what = self.privilege or "membership"
        return f"{what} in the zone" if self.scope == ZONE else f"{what} in the {_words(self.scope)} {self.where}"


_CONDITIONS = {
    "caller": "to be any user with credentials",
    "self": "to be the user whom the path names",
    "creator": "that the user whom the path names created it",
    "belongs": "membership of the group in what the body names",
}


def _words(scope: str) -> str:
    return scope.replace("_", " ")


@dataclass(frozen=True, slots=True)
class RouteAnswer:
    """A route, and how a user stands to it."""

    name: str
    level: str
    needs: tuple[Need, ...]

    @property
    def open(self) -> bool:
        """Whether the user may by it."""
        return all(need.met for need in self.needs)

    @property
    def lacks(self) -> tuple[Need, ...]:
        """What is missing."""
        return tuple(need for need in self.needs if not need.met)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a user may, by which route, and how it stands with each."""

    user: str
    routes: tuple[RouteAnswer, ...]

    @property
    def route(self) -> RouteAnswer | None:
        """The first route that is open."""
        return next((route for route in self.routes if route.open), None)

    @property
    def smallest(self) -> tuple[RouteAnswer, ...]:
        """The routes whose missing grants would be enough, and none of which contains another's; the smallest first."""
        if self.route:
            return ()
        closed = [route for route in self.routes if not any(need.scope in CONDITIONS for need in route.lacks)]
        sets = {route.name: {(need.scope, need.privilege) for need in route.lacks} for route in closed}
        least = [route for route in closed if not any(sets[other] < sets[route.name] for other in sets)]
        return tuple(sorted(least, key=lambda route: len(route.lacks)))


@dataclass(frozen=True, slots=True)
class Question:
    """An operation, on what, and with which keys in the body."""

    contract: Contract
    operation: Operation
    setting: Setting
    entities: Mapping[str, Ref]
    keys: tuple[str, ...] = ()

    def answer(self, user: Ref) -> Answer:
        """How a user stands to the operation."""
        chains = self.setting.chains(user)
        rule = self.operation.access.with_body(self.keys)
        routes = (
            RouteAnswer(route.name, str(route.level), tuple(self._needs(route, user, chains))) for route in rule.routes
        )
        return Answer(self.setting.called(user), tuple(routes))

    def everybody(self) -> list[Answer]:
        """How each user of the world stands to it, by name."""
        users = [ref for ref in self.setting.names if ref[0] == USER]
        return [self.answer(user) for user in sorted(users, key=self.setting.called)]

    def _needs(self, route: Route, user: Ref, chains: Mapping[Ref, tuple[Ref, ...]]) -> Iterator[Need]:
        for scope, names in route.needs.items():
            if scope in CONDITIONS:
                yield Need(scope, "", "", (), self._condition(scope, user))
                continue
            where = "the zone" if scope == ZONE else self._called(scope)
            for name in sorted(names) or ([] if scope == ZONE else [""]):
                ways = tuple(dict.fromkeys(self._ways(scope, name, user, chains)))
                yield Need(scope, name, where, ways, bool(ways))

    def _ways(self, scope: str, name: str, user: Ref, chains: Mapping[Ref, tuple[Ref, ...]]) -> Iterator[Way]:
        setting = self.setting
        place = self.entities.get(scope)
        holders = setting.zone if scope == ZONE else setting.members.get(place, _NOBODY) if place else _NOBODY
        for holder in (user, *chains):
            if holder in holders and (not name or name in holders[holder]):
                chain = chains[holder] if holder != user else ()
                yield Way(tuple(map(setting.called, chain)), scope)

    def _condition(self, scope: str, user: Ref) -> bool:
        if scope == "caller":
            return True
        named = self.entities.get(USER)
        if scope == "self":
            return named == user
        first = next(iter(self.entities.values()))
        if scope == "belongs":
            return self._belongs(first)
        return named is not None and self.setting.creators.get(first) == named[1]

    def _belongs(self, member: Ref) -> bool:
        """Whether what the path names is in what the body names first, directly or through its groups."""
        place = next(map(self.entities.get, _named_by_the_body(self.operation)), None)
        inside = self.setting.members.get(place, _NOBODY) if place else _NOBODY
        return any(ref in inside for ref in (member, *self.setting.chains(member)))

    def _called(self, scope: str) -> str:
        return self.setting.called(self.entities[scope]) if scope in self.entities else "that nothing names"


def question(
    contract: Contract, operation: str, setting: Setting, named: Mapping[str, str], keys: Iterable[str] = ()
) -> Question:
    """The question about an operation on what is named by id or name, role by role. Raises QuestionError."""
    if operation not in contract.operations:
        near = [name for name in contract.operations if operation in name][:5]
        hint = f": do you mean {', '.join(near)}?" if near else ": `ozkit spec` prints them all"
        raise QuestionError(f"there is no operation {operation!r} in the edition {contract.edition}{hint}")
    asked = contract.operations[operation]
    roles = [parameter.entity for parameter in asked.parameters if parameter.entity]
    scopes = {scope for route in asked.access.routes for scope in route.needs}
    more = _named_by_the_body(asked)
    roles += [kind for kind in more if scopes & {kind, *contract.references.get(kind, {}).values()}]
    for role in named:
        if role not in {*roles, *more}:
            raise QuestionError(f"{operation} names no {_words(role)}; it names: {', '.join(roles) or 'nothing'}")
    for role in roles:
        if role not in named:
            raise QuestionError(f"{operation} is about a {_words(role)}: say which one: --on {role}=ID")
    entities = {role: setting.find(contract.kind(role), named[role]) for role in roles}
    for ref in list(entities.values()):
        for key, kind in contract.references.get(ref[0], {}).items():
            if kind in scopes and key in setting.references[ref]:
                entities.setdefault(kind, setting.find(kind, setting.references[ref][key]))
    return Question(contract, asked, setting, entities, tuple(keys))


def _named_by_the_body(operation: Operation) -> list[str]:
    """The kinds of the entities that the keys of a request's body name."""
    return [prop.refers.kind for prop in operation.body.properties if prop.refers] if operation.body else []
