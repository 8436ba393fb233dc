"""Personas: those of the documented operation by hand, and for any rule enough of them to know it by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_tools import wanted_personas
from onezone_contracts.personas import OUTSIDER, Persona, derive
from onezone_spec import AccessRule, Route, Source, load

CREATE, RELATE, INSIDE = "oz_handle_services_create", "oz_groups_add_relationships", "group_create_handle_service"
ALL = None
"""In the table: every privilege of the scope."""
NOT_A_MEMBER = "not a member"
PrivilegeSet = frozenset[str] | None

# name: (in the home group with, but without; zone privileges, but without; expected), as INTERFACES.md prints it.
NEWER = {
    "member": ({INSIDE}, {CREATE}, "allowed"),
    "administrator": (NOT_A_MEMBER, {CREATE, RELATE}, "allowed"),
    f"without-{CREATE}": ((ALL, ()), (ALL, (CREATE,)), "forbidden"),
    f"without-{INSIDE}-{RELATE}": ((ALL, (INSIDE,)), (ALL, (RELATE,)), "forbidden"),
    OUTSIDER: (NOT_A_MEMBER, set(), "forbidden"),
}
TABLE = {
    "classic": {
        "administrator": (NOT_A_MEMBER, {CREATE}, "allowed"),
        f"without-{CREATE}": (NOT_A_MEMBER, (ALL, (CREATE,)), "forbidden"),
        OUTSIDER: (NOT_A_MEMBER, set(), "forbidden"),
    },
    "current": NEWER,
    "deployed": NEWER,
}


def privileges_of_entry(entry: object, everything: frozenset[str]) -> PrivilegeSet:
    """An entry of the table as a set of privileges."""
    if entry == NOT_A_MEMBER:
        return None
    if isinstance(entry, tuple):
        return everything - set(entry[1])
    assert isinstance(entry, set)
    return frozenset(entry)


@pytest.mark.parametrize("edition", TABLE)
def test_personas_of_the_create_operation(edition: str) -> None:
    """The derived personas are those of the table that users were promised."""
    privileges = load(edition).privileges
    group, zone = frozenset(privileges["group"]), frozenset(privileges["zone"])
    expected = {
        name: (
            {"group": privileges_of_entry(inside, group), "zone": privileges_of_entry(beside, zone)},
            word == "allowed",
        )
        for name, (inside, beside, word) in TABLE[edition].items()
    }
    assert {persona.name: (dict(persona.grants), persona.allowed) for persona in wanted_personas(edition)} == expected


@pytest.mark.parametrize("edition", TABLE)
def test_only_administrators_are_allowed_anywhere(edition: str) -> None:
    """A persona may act on groups that it does not belong to where its route asks nothing of the group."""
    assert [persona.name for persona in wanted_personas(edition) if persona.allowed_anywhere] == ["administrator"]


# --- any rule -------------------------------------------------------------------------------------------------

ZONE = ("z1", "z2", "z3")
GROUP = ("g1", "g2")
SOURCE = Source("none", "none", "none")
User = tuple[tuple[str, PrivilegeSet], ...]


def subsets(names: tuple[str, ...]) -> list[frozenset[str]]:
    return [
        frozenset(combination)
        for combination in chain.from_iterable(combinations(names, n) for n in range(len(names) + 1))
    ]


def rule_of(routes: list[dict[str, frozenset[str]]]) -> AccessRule:
    return AccessRule(tuple(Route(f"route{number}", needs) for number, needs in enumerate(routes)), SOURCE)


def routes(zone: tuple[str, ...], group: tuple[str, ...]) -> st.SearchStrategy[dict[str, frozenset[str]]]:
    """One route; one that asks for the group with no privilege asks for membership."""
    needs = st.builds(dict, zone=st.sampled_from(subsets(zone)))
    inside = st.builds(dict, zone=st.sampled_from(subsets(zone)), group=st.sampled_from(subsets(group)))
    return (needs | inside) if group else needs


def rules(zone: tuple[str, ...] = ZONE, group: tuple[str, ...] = GROUP) -> st.SearchStrategy[AccessRule]:
    return st.lists(routes(zone, group), min_size=1, max_size=4).map(rule_of)


def users(
    rule: AccessRule, zone: tuple[str, ...] = ZONE, group: tuple[str, ...] = GROUP
) -> Iterator[dict[str, PrivilegeSet]]:
    """Everybody that there can be; members of the group only where the rule speaks of the group."""
    inside: list[PrivilegeSet] = [None]
    if any("group" in route.needs for route in rule.routes):
        inside += subsets(group)
    for grants, other in product(inside, subsets(zone)):
        yield {"group": grants, "zone": other}


def plain(rule: AccessRule) -> bool:
    """Whether no route is there twice, and none asks for membership alone."""
    needs = [dict(route.needs) for route in rule.routes]
    return all(needs.count(need) == 1 and need.get("group", True) for need in needs)


def no_less(more: Mapping[str, PrivilegeSet], less: Mapping[str, PrivilegeSet]) -> bool:
    """Whether one user holds whatever the other one does."""
    return all(
        mine is None or ((theirs := more.get(scope)) is not None and mine <= theirs) for scope, mine in less.items()
    )


def undecided(personas: tuple[Persona, ...], everybody: list[dict[str, PrivilegeSet]]) -> list[dict[str, PrivilegeSet]]:
    """The users of whom the answers to the personas say nothing.

    A monotone rule that answers the personas alike allows whoever holds no less than an allowed one, and refuses
    whoever holds no more than a forbidden one. So there is another such rule exactly where anybody is left over.
    """
    allowed = [persona.grants for persona in personas if persona.allowed]
    refused = [persona.grants for persona in personas if not persona.allowed]
    return [
        user
        for user in everybody
        if not any(no_less(user, grants) for grants in allowed) and not any(no_less(each, user) for each in refused)
    ]


PRIVILEGES = {"zone": ZONE, "group": GROUP, "handle_service": ("h1",)}


@pytest.mark.slow
@given(rules())
@settings(max_examples=300, deadline=None)
def test_personas_single_out_any_rule(rule: AccessRule) -> None:
    """For any rule over five privileges in two scopes, every other rule answers at least one persona differently."""
    assert not undecided(derive(rule, PRIVILEGES, ("group",)), list(users(rule)))


@pytest.mark.slow
@given(rules())
@settings(max_examples=200, deadline=None)
def test_personas_are_expected_what_the_rule_says(rule: AccessRule) -> None:
    """Each persona is expected exactly what the rule answers it, and no two have one name."""
    personas = derive(rule, PRIVILEGES, ("group",))
    for persona in personas:
        assert (rule.allowed_by(persona.grants) is not None) is persona.allowed
        assert set(persona.grants) == {"group", "zone"}
    assert len({persona.name for persona in personas}) == len(personas)


@pytest.mark.slow
@given(rules().filter(plain))
@settings(max_examples=200, deadline=None)
def test_no_persona_can_be_spared(rule: AccessRule) -> None:
    """Without any one persona but the outsider, and who holds the same, some other rule would pass."""
    personas = derive(rule, PRIVILEGES, ("group",))
    everybody = list(users(rule))
    for spared in personas:
        if spared.name != OUTSIDER:
            assert undecided(tuple(persona for persona in personas if persona.grants != spared.grants), everybody)


def monotone(everybody: list[dict[str, PrivilegeSet]]) -> list[frozenset[int]]:
    """Every monotone rule over a handful of users, as the set of those that it allows."""
    above = [frozenset(m for m, more in enumerate(everybody) if no_less(more, user)) for user in everybody]
    rules = {frozenset[int]()}
    for closure in above:
        rules |= {rule | closure for rule in rules}
    return list(rules)


def many(names: tuple[str, ...], group: tuple[str, ...]) -> list[AccessRule]:
    """Every rule whose routes are drawn from all that there can be, one or two of them."""
    single = [{"zone": zone} for zone in subsets(names)]
    single += [{"zone": zone, "group": inside} for zone in subsets(names) for inside in subsets(group)] if group else []
    return [rule_of(list(chosen)) for number in (1, 2) for chosen in combinations(single, number)]


@pytest.mark.parametrize(("zone", "group"), [(("z1", "z2", "z3", "z4"), ()), (("z1", "z2"), ("g1",))])
def test_every_other_monotone_rule_is_told_apart(zone: tuple[str, ...], group: tuple[str, ...]) -> None:
    """Enumerated one by one, no other monotone rule over the same privileges answers all personas alike."""
    privileges = {"zone": zone, "group": group}
    for rule in many(zone, group):
        everybody = list(users(rule, zone, group))
        right = frozenset(n for n, user in enumerate(everybody) if rule.allowed_by(user))
        personas = derive(rule, privileges, ("group",) if group else ())
        asked = {
            n
            for persona in personas
            for n, user in enumerate(everybody)
            if dict(persona.grants).items() <= user.items()
        }
        alike = [other for other in monotone(everybody) if other & asked == right & asked]
        assert alike == [right]


def test_rule_without_any_route_forbids_everybody() -> None:
    """A rule that nobody satisfies has forbidden personas only, one of them with every privilege."""
    personas = derive(rule_of([]), PRIVILEGES, ("group",))
    assert [persona.allowed for persona in personas] == [False] * len(personas)
    assert any(persona.grants["zone"] == frozenset(ZONE) for persona in personas)


def test_scope_of_which_the_rule_says_nothing_is_left_out() -> None:
    """Where a rule asks nothing of the group, no persona is a member of it."""
    personas = derive(rule_of([{"zone": frozenset({"z1"})}]), PRIVILEGES, ("group",))
    assert {persona.grants["group"] for persona in personas} == {None}
