"""The steps that every sequence begins with: users with zone privileges, groups in groups, services."""

from __future__ import annotations

from onezone_spec import Contract, Level

from onezone_contracts.sequences.step import ADMIN, NEW, Body, Step
from onezone_contracts.state.expected import CALLER, GROUP, USER, ZONE

ANN, BEN, CAT = 1, 2, 3
OUTER, MIDDLE, INNER, ALOOF = 11, 12, 13, 14
SHARED, OWN = 21, 22
SERVICE = "handle_service"
PRIVILEGES = "privileges"


class Layout:
    """Writes steps by what they do.

    Args:
        contract: the edition.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.steps: list[Step] = []

    def needs(self, verb: str, resource: str, within: str | None, scope: str) -> tuple[str, ...]:
        """The privileges of one scope that are enough for an operation; none where there is no such way."""
        operation = self.contract.find(verb, resource, within)
        routes = operation.access.routes if operation else ()
        fitting = [route for route in routes if route.level is Level.MUST and set(route.needs) == {scope}]
        return tuple(sorted(fitting[0].needs[scope])) if fitting else ()

    def act(  # noqa: PLR0913  (what a step consists of)
        self,
        verb: str,
        resource: str,
        within: str | None = None,
        *roles: int,
        by: int = ADMIN,
        body: Body = None,
        gives: int = 0,
        effective: bool = False,
        part: str = "",
    ) -> None:
        """Write a step of the operation with that effect, where the contract has one."""
        operation = self.contract.find(verb, resource, within, effective=effective, part=part)
        if operation is None:
            return
        if verb == "create" and body is None and operation.body:
            body = tuple((prop.name, NEW) for prop in operation.body.properties)
        self.steps.append(Step(operation.id, by, roles, body, gives))

    def join(self, member: int, container: int, privileges: tuple[str, ...] | None = None, by: int = ADMIN) -> None:
        """Write a membership; its operation is named by the kinds of the two."""
        kind = _kind(container)
        body = None if privileges is None else ((PRIVILEGES, privileges),)
        self.act("attach", _role(member, container), kind, container, member, by=by, body=body)

    def part(self, member: int, container: int, by: int = ADMIN) -> None:
        """Write the end of a membership."""
        self.act("detach", _role(member, container), _kind(container), container, member, by=by)

    def empower(self, ref: int, privileges: tuple[str, ...]) -> None:
        """Write zone privileges."""
        if privileges:
            self.act("grant", _kind(ref), ZONE, ref, body=(("grant", privileges), ("revoke", ())))

    def everything(self, kind: str) -> tuple[str, ...]:
        """Every privilege of a scope."""
        return tuple(sorted(self.contract.privileges[kind]))

    def populate(self) -> None:
        """Write the users and groups without any membership, and a service that one of the users makes."""
        for user in (ANN, BEN, CAT):
            self.act("create", USER, gives=user)
        for group in (OUTER, MIDDLE, INNER, ALOOF):
            self.act("create", GROUP, gives=group)
        self.empower(ANN, (*self.needs("list", USER, None, ZONE), *self.needs("create", SERVICE, CALLER, ZONE)))
        self.empower(CAT, (*self.needs("list", GROUP, None, ZONE), *self.needs("grant", CALLER, ZONE, ZONE)))
        self.empower(MIDDLE, self.needs("list", SERVICE, None, ZONE))
        self.act("create", SERVICE, gives=SHARED)
        self.act("create", SERVICE, CALLER, by=ANN, gives=OWN)
        self.join(ANN, OUTER, self.everything(GROUP))
        self.join(CAT, ALOOF, self.everything(GROUP))

    @property
    def view(self) -> tuple[str, ...]:
        """What it takes to see the members of a group."""
        return self.needs("list", USER, GROUP, GROUP)

    @property
    def inspect(self) -> tuple[str, ...]:
        """What it takes to see members and their privileges."""
        return (*self.view, *self.needs(PRIVILEGES, USER, GROUP, GROUP))


def _kind(number: int) -> str:
    """The kind of an entity of the layout."""
    return USER if number <= CAT else GROUP if number <= ALOOF else SERVICE


def _role(member: int, container: int) -> str:
    return "child" if _kind(member) == _kind(container) else _kind(member)


def plain(contract: Contract) -> tuple[Step, ...]:
    """One group in another, and that in a service: what operations are tried in alone."""
    layout = Layout(contract)
    layout.populate()
    layout.join(MIDDLE, OUTER, layout.inspect)
    layout.join(BEN, MIDDLE, layout.view)
    layout.join(MIDDLE, SHARED, layout.needs("list", USER, SERVICE, SERVICE))
    return tuple(layout.steps)


def nested(contract: Contract) -> tuple[Step, ...]:
    """A group in a group in a group, the outermost in a service: what sequences begin with."""
    layout = Layout(contract)
    layout.populate()
    layout.join(MIDDLE, OUTER, layout.inspect)
    layout.join(INNER, MIDDLE, layout.view)
    layout.join(BEN, INNER, layout.view)
    layout.join(CAT, MIDDLE, (*layout.view, *layout.needs("grant", USER, GROUP, GROUP)))
    layout.join(OUTER, SHARED, layout.needs("list", USER, SERVICE, SERVICE))
    return tuple(layout.steps)
