"""Short sequences that are always taken: what was given is taken away, removed, renamed, deleted, and looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from onezone_spec import Contract

from onezone_contracts.sequences.layout import (
    ALOOF,
    ANN,
    BEN,
    CAT,
    INNER,
    MIDDLE,
    OUTER,
    OWN,
    PRIVILEGES,
    SERVICE,
    SHARED,
    Layout,
    nested,
)
from onezone_contracts.sequences.step import NEW, NOBODY, Step
from onezone_contracts.state.expected import CALLER, GROUP, USER, ZONE

LATER = 31
"""The number of what a tour makes."""


def tours(contract: Contract) -> Iterator[tuple[Step, ...]]:
    """The steps of each tour, those that it begins with first."""
    for write in _TOURS:
        layout = Layout(contract)
        write(layout)
        yield (*(replace(step, quiet=True) for step in nested(contract)), *layout.steps)


def _grants(layout: Layout, member: int, more: tuple[str, ...], less: tuple[str, ...] = ()) -> None:
    layout.act("grant", USER, GROUP, OUTER, member, body=(("grant", more), ("revoke", less)))


def _removed(layout: Layout) -> None:
    """A member loses privileges, is removed, asks in vain, and is added again with fewer."""
    change = layout.needs("update", GROUP, None, GROUP)
    layout.join(CAT, OUTER, (*layout.inspect, *change))
    layout.act("update", GROUP, None, OUTER, by=CAT, body=(("name", NEW),))
    _grants(layout, CAT, (), change)
    layout.act("update", GROUP, None, OUTER, by=CAT, body=(("name", NEW),))
    _grants(layout, CAT, change)
    layout.act("update", GROUP, None, OUTER, by=CAT, body=(("name", NEW),))
    _grants(layout, CAT, layout.needs("delete", GROUP, None, GROUP))
    layout.act(PRIVILEGES, USER, GROUP, OUTER, ANN, by=CAT, effective=True)
    layout.part(CAT, OUTER)
    layout.act(PRIVILEGES, USER, GROUP, OUTER, ANN, by=CAT, effective=True)
    layout.act("update", GROUP, None, OUTER, by=CAT, body=(("name", NEW),))
    layout.join(CAT, OUTER, by=CAT)
    layout.join(CAT, OUTER, layout.view)
    layout.act("update", GROUP, None, OUTER, by=CAT, body=(("name", NEW),))
    layout.act("get", GROUP, CALLER, OUTER, by=CAT)


def _detached(layout: Layout) -> None:
    """A group in a group is removed: what its members had through it is gone, and comes back with it."""
    layout.act("list", USER, GROUP, OUTER, by=BEN)
    layout.act("get", SERVICE, None, SHARED, by=BEN)
    layout.act("list", SERVICE, by=BEN)
    layout.act("list", SERVICE, by=CAT)
    layout.part(CAT, MIDDLE)
    layout.act("list", SERVICE, by=CAT)
    layout.part(MIDDLE, OUTER)
    layout.act("list", USER, GROUP, OUTER, by=BEN)
    layout.act("list", USER, SERVICE, SHARED, by=BEN, effective=True)
    layout.join(ALOOF, OUTER, layout.inspect)
    layout.join(MIDDLE, OUTER, layout.view)
    layout.act("list", USER, GROUP, OUTER, by=BEN)
    layout.act(PRIVILEGES, USER, GROUP, OUTER, ANN, by=BEN)
    layout.part(INNER, MIDDLE)
    layout.act("list", SERVICE, None, by=BEN)
    layout.act("list", USER, GROUP, OUTER, by=BEN)
    layout.part(OUTER, SHARED)
    layout.act("list", USER, SERVICE, SHARED, by=ANN, effective=True)


def _group_deleted(layout: Layout) -> None:
    """A group is deleted: its services, its zone privileges and its members are nobody's through it."""
    layout.join(MIDDLE, OWN, layout.everything(SERVICE))
    layout.act("update", SERVICE, None, OWN, by=BEN, body=(("name", NEW),))
    layout.join(ALOOF, MIDDLE)
    layout.part(ALOOF, MIDDLE)
    layout.act("delete", GROUP, None, MIDDLE)
    layout.act("get", GROUP, None, MIDDLE)
    layout.act("update", SERVICE, None, OWN, by=BEN, body=(("name", NEW),))
    layout.act("list", SERVICE, CALLER, by=CAT, effective=True)
    layout.act("list", SERVICE, None, by=BEN)
    layout.join(BEN, MIDDLE)
    layout.act("create", GROUP, gives=LATER)
    layout.join(BEN, LATER, layout.inspect)
    layout.act("list", USER, GROUP, LATER, by=BEN)


def _zone(layout: Layout) -> None:
    """Zone privileges are given, given again, and taken away."""
    users, groups = layout.needs("list", USER, None, ZONE), layout.needs("list", GROUP, None, ZONE)
    layout.empower(BEN, users)
    layout.empower(BEN, groups)
    layout.act("list", USER, by=BEN)
    layout.empower(CAT, users)
    layout.act("revoke", USER, ZONE, BEN)
    layout.act("list", USER, by=BEN)
    layout.act("list", USER, by=CAT)
    layout.empower(BEN, users)
    layout.empower(BEN, layout.needs("list", SERVICE, None, ZONE))
    layout.act("list", USER, by=BEN)
    layout.act("revoke", USER, ZONE, BEN)
    layout.empower(MIDDLE, groups)
    layout.act("list", GROUP, by=BEN)
    layout.act("revoke", GROUP, ZONE, MIDDLE)
    layout.act("list", GROUP, by=BEN)
    layout.act("list", SERVICE, by=BEN)
    layout.act("grant", USER, ZONE, BEN, by=ANN, body=(("grant", users), ("revoke", ())))
    layout.part(CAT, MIDDLE)
    layout.act("list", GROUP, by=NOBODY)


def _user_deleted(layout: Layout) -> None:
    """A user changes its name, is locked out, let in, and deleted."""
    account = layout.contract.find("update", USER, part="basic_auth")
    names = tuple(prop.name for prop in account.body.properties) if account and account.body else ()
    word = tuple((name, NEW if name == names[-1] else True) for name in names)
    layout.act("update", CALLER, by=CAT, body=(("username", NEW),))
    layout.act("update", CALLER, by=CAT, body=(("username", NEW),))
    layout.act("list", GROUP, CALLER, by=CAT)
    layout.act("update", USER, None, CAT, part="access_block", body=(("blocked", True),))
    layout.act("list", GROUP, CALLER, by=CAT)
    layout.act("update", USER, None, CAT, part="basic_auth", body=word)
    layout.act("list", GROUP, CALLER, by=CAT)
    layout.act("update", USER, None, CAT, part="access_block", body=(("blocked", False),))
    layout.act("update", USER, None, CAT, part="basic_auth", body=word)
    layout.act("list", GROUP, CALLER, by=CAT)
    layout.act("delete", USER, None, CAT)
    layout.act("list", GROUP, CALLER, by=CAT)
    layout.act("list", USER, GROUP, MIDDLE, by=BEN, effective=True)
    layout.act("delete", CALLER, by=BEN)
    layout.act("list", GROUP, CALLER, by=BEN)


def _renamed(layout: Layout) -> None:
    """What is renamed has its new name wherever it is read, and members of services come and go."""
    layout.act("get", "child", GROUP, OUTER, INNER, effective=True)
    layout.act("update", GROUP, None, INNER, body=(("name", NEW),))
    layout.act("get", "child", GROUP, OUTER, INNER, effective=True)
    layout.act("get", GROUP, CALLER, INNER, by=BEN, effective=True)
    layout.act("update", SERVICE, None, SHARED, body=(("name", NEW),))
    layout.act("get", SERVICE, GROUP, OUTER, SHARED)
    layout.act("get", SERVICE, CALLER, SHARED, by=BEN, effective=True)
    layout.join(BEN, SHARED, layout.everything(SERVICE))
    layout.join(INNER, SHARED)
    layout.act("update", SERVICE, None, SHARED, by=BEN, body=(("name", NEW),))
    revoked = (("grant", ()), ("revoke", layout.needs("update", SERVICE, None, SERVICE)))
    layout.act("grant", USER, SERVICE, SHARED, BEN, body=revoked)
    layout.act("update", SERVICE, None, SHARED, by=BEN, body=(("name", NEW),))
    layout.part(BEN, SHARED)
    layout.act("update", SERVICE, None, SHARED, by=BEN, body=(("name", NEW),))
    layout.join(ALOOF, OWN)
    layout.part(ANN, OWN, by=ANN)
    layout.act("update", SERVICE, None, OWN, by=ANN, body=(("name", NEW),))
    layout.act("delete", SERVICE, None, OWN)
    layout.act("list", SERVICE, CALLER, by=CAT, effective=True)
    layout.act("create", "child", GROUP, ALOOF, by=CAT, gives=LATER)
    layout.act("list", "child", GROUP, ALOOF, by=CAT)


_TOURS: tuple[Callable[[Layout], None], ...] = (_removed, _detached, _group_deleted, _zone, _user_deleted, _renamed)
