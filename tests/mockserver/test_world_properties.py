"""The rules of memberships and privileges, against a slow and obvious model, after every change of a random world."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from onezone_mockserver.world import User, World, inside

USERS = ["u", "v"]
GROUPS = ["a", "b", "c", "d"]
SERVICES = ["h", "i"]
ENTITIES = [*(("group", group) for group in GROUPS), *(("handle_service", service) for service in SERVICES)]
MEMBERS = [*(("user", user) for user in USERS), *(("group", group) for group in GROUPS)]
members, entities = st.sampled_from(MEMBERS), st.sampled_from(ENTITIES)
privilege_sets = st.frozensets(st.sampled_from(["p", "q", "r"]))


class Model:
    """Who belongs to what, as a list of edges; every question is answered by looking at all of them."""

    def __init__(self) -> None:
        self.there: set[tuple[str, str]] = set()
        self.edges: dict[tuple[Any, Any], frozenset[str]] = {}
        self.zone: dict[Any, frozenset[str]] = {}

    def remove(self, entity: tuple[str, str]) -> None:
        self.there.discard(entity)
        self.zone.pop(entity, None)
        self.edges = {ends: privileges for ends, privileges in self.edges.items() if entity not in ends}

    def belongs(self, member: Any, entity: Any) -> bool:
        """Whether there is a path of at least one edge, found by going on until nothing new is found."""
        reached: set[Any] = set()
        while True:
            new = {above for below, above in self.edges if below == member or below in reached} - reached
            if not new:
                return entity in reached
            reached |= new

    def privileges(self, member: Any, entity: Any) -> frozenset[str] | None:
        """Direct ones, and those of every direct group of the entity in which the member is an effective member."""
        if not self.belongs(member, entity):
            return None
        direct = self.edges.get((member, entity), frozenset())
        groups = [group for group in self.there if group[0] == "group" and (group, entity) in self.edges]
        return direct.union(*(self.edges[group, entity] for group in groups if self.belongs(member, group)))

    def zone_privileges(self, member: Any) -> frozenset[str]:
        """Its own, and those of every group that it belongs to."""
        above = [entity for entity in self.there if self.belongs(member, entity)]
        return self.zone.get(member, frozenset()).union(*(self.zone.get(entity, frozenset()) for entity in above))


class AnyWorld(RuleBasedStateMachine):
    """Changes of all kinds; after each of them, every question has the model's answer."""

    few = 128

    @initialize()
    def begin(self) -> None:
        inside.FEW = self.few
        self.world, self.model = World(), Model()
        for kind, identity in MEMBERS + [entity for entity in ENTITIES if entity[0] != "group"]:
            self.make(kind, identity)

    def make(self, kind: str, identity: str) -> None:
        if kind == "user":
            self.world.add_user(User(identity, identity, "secret", (f"token-{identity}",)))
        elif kind == "group":
            self.world.add_group(identity, identity)
        else:
            self.world.add(kind, identity, b"{}")
        self.model.there.add((kind, identity))

    @rule(member=members, entity=entities, privileges=privilege_sets)
    def relate(self, member: Any, entity: Any, privileges: frozenset[str]) -> None:
        if member != entity and {member, entity} <= self.model.there:
            self.world.relate(*member, *entity, privileges)
            self.model.edges[member, entity] = privileges

    @precondition(lambda self: self.model.edges)
    @rule(data=st.data())
    def unrelate(self, data: st.DataObject) -> None:
        member, entity = data.draw(st.sampled_from(sorted(self.model.edges)))
        self.world.unrelate(*member, *entity)
        del self.model.edges[member, entity]

    @rule(member=members, privileges=privilege_sets)
    def zone(self, member: Any, privileges: frozenset[str]) -> None:
        if member in self.model.there:
            self.world.set_zone(*member, privileges)
            self.model.zone[member] = privileges

    @rule(entity=members | entities)
    def remove_or_make(self, entity: Any) -> None:
        if entity in self.model.there:
            self.world.remove(*entity)
            self.model.remove(entity)
        else:
            self.make(*entity)

    @rule()
    def settle(self) -> None:
        self.world.settle()

    @invariant()
    def every_answer_is_the_models(self) -> None:
        for member in MEMBERS:
            assert self.world.zone_privileges(*member) == self.model.zone_privileges(member)
            for entity in ENTITIES:
                assert self.world.effective_privileges(*member, *entity) == self.model.privileges(member, entity)
                assert self.world.related(*member, *entity) == self.model.edges.get((member, entity))

    @invariant()
    def every_list_is_the_models(self) -> None:
        for kind in ("user", "group"):
            ours = [member for member in MEMBERS if member[0] == kind]
            for entity in ENTITIES:
                by_member = {member[1]: self.model.privileges(member, entity) for member in ours}
                effective = {member: privileges for member, privileges in by_member.items() if privileges is not None}
                assert self.world.effective_members(kind, *entity) == effective
                direct = {a[1]: p for (a, e), p in self.model.edges.items() if e == entity and a[0] == kind}
                assert self.world.members(kind, *entity) == direct

    @invariant()
    def every_list_of_memberships_is_the_models(self) -> None:
        for member in MEMBERS:
            for kind in ("group", "handle_service"):
                by_entity = {
                    entity[1]: self.model.privileges(member, entity) for entity in ENTITIES if entity[0] == kind
                }
                effective = {entity: privileges for entity, privileges in by_entity.items() if privileges is not None}
                assert self.world.effective_memberships(*member, kind) == effective
                direct = {e[1]: p for (m, e), p in self.model.edges.items() if m == member and e[0] == kind}
                assert self.world.memberships(*member, kind) == direct

    @invariant()
    def intermediaries_are_the_direct_ways_in(self) -> None:
        for user in USERS:
            for group in GROUPS:
                ways = [("user", user)] if (("user", user), ("group", group)) in self.model.edges else []
                ways += [
                    entity
                    for entity in self.model.there
                    if entity[0] == "group"
                    and (entity, ("group", group)) in self.model.edges
                    and self.model.belongs(("user", user), entity)
                ]
                assert sorted(self.world.intermediaries(user, group)) == sorted(ways)


class AnyWorldOfBits(AnyWorld):
    """The same where more than one group is many."""

    few = 1


TestAnyWorld = pytest.mark.slow(AnyWorld.TestCase)
TestAnyWorldOfBits = pytest.mark.slow(AnyWorldOfBits.TestCase)
TestAnyWorld.settings = TestAnyWorldOfBits.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
