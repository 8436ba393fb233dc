"""The model of what a target should hold: memberships through groups, privileges, and what zones inherit."""

from __future__ import annotations

import pytest
from onezone_contracts.generate.values import MARK, Samples
from onezone_contracts.state.expected import Mirror, holds, member_and_container
from onezone_spec import load

SERVICE, PARENT, CHILD = ("handle_service", "h"), ("group", "p"), ("group", "c")
ANN, BOB = ("user", "ann"), ("user", "bob")


@pytest.fixture
def mirror() -> Mirror:
    """A service of a group, which has a child and Ann; Bob is in the child."""
    mirror = Mirror()
    for ref in (SERVICE, PARENT, CHILD, ANN, BOB):
        mirror.add(ref, {})
    mirror.join(PARENT, SERVICE, frozenset({"s"}))
    mirror.join(CHILD, PARENT, frozenset({"x"}))
    mirror.join(ANN, PARENT, frozenset({"y"}))
    mirror.join(BOB, CHILD, frozenset({"z"}))
    return mirror


def test_members_are_direct_or_reached_through_groups(mirror: Mirror) -> None:
    """Effective members are the members of members, too."""
    assert mirror.inside(PARENT) == {CHILD, ANN}
    assert mirror.inside(SERVICE, effective=True) == {PARENT, CHILD, ANN, BOB}
    assert mirror.containers(BOB, "group", effective=True) == {CHILD, PARENT}


def test_a_cycle_ends(mirror: Mirror) -> None:
    """Groups that belong to each other are members of themselves, and nothing more."""
    mirror.join(PARENT, CHILD, frozenset())
    assert mirror.inside(CHILD, effective=True) == {CHILD, PARENT, ANN, BOB}


def test_privileges_are_those_of_the_direct_members_in_between(mirror: Mirror) -> None:
    """In a container counts what the direct members may through whom one belongs, not what one may in them."""
    assert mirror.privileges(BOB, PARENT, effective=True) == {"x"}
    assert mirror.privileges(BOB, PARENT) is None
    mirror.join(BOB, PARENT, frozenset({"w"}))
    assert mirror.privileges(BOB, PARENT, effective=True) == {"w", "x"}
    assert mirror.through(BOB, PARENT) == {BOB, CHILD}


def test_zone_privileges_come_down_from_every_group_above(mirror: Mirror) -> None:
    """A member has the zone privileges of all groups that it belongs to."""
    mirror.zone[PARENT] = frozenset({"oz"})
    assert mirror.zone_privileges(BOB, effective=True) == {"oz"}
    assert mirror.zone_privileges(BOB) == frozenset()


def test_what_is_dropped_belongs_nowhere(mirror: Mirror) -> None:
    """A deleted entity leaves no membership."""
    mirror.drop(CHILD)
    assert mirror.inside(SERVICE, effective=True) == {PARENT, ANN}


def test_kinds_say_who_belongs_to_whom() -> None:
    """Whichever role an effect names first, groups belong to services and users to groups; among groups the child."""
    contract = load("current")
    assert member_and_container(contract, "handle_service", "group") == ("group", "handle_service")
    assert member_and_container(contract, "group", "caller") == ("caller", "group")
    assert holds(contract, "child", "group")
    assert not holds(contract, "group", "group")


def test_names_carry_the_mark_and_fit_every_edition() -> None:
    """Names say which run made them, and user names have at most 20 characters."""
    samples = Samples(load("classic"))
    for _ in range(2000):
        samples.mark()
    name = samples.mark(unique=True)
    assert MARK.fullmatch(name)
    assert len(name) <= 20
    assert samples.run_id in name
