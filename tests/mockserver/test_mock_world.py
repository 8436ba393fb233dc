"""Effective privileges, users and groups: the world without HTTP."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onezone_mockserver.access import Guard
from onezone_mockserver.scenario.snapshot import WorldError, build, snapshot
from onezone_mockserver.world import User, World, new_id
from onezone_spec import load

ONE, TWO, THREE = frozenset({"one"}), frozenset({"two"}), frozenset({"three"})
NONE: frozenset[str] = frozenset()


def world(*groups: str, users: tuple[str, ...] = ("u",)) -> World:
    state = World()
    for name in users:
        state.add_user(User(name, name, "secret"))
    for name in groups:
        state.add_group(name, name, frozenset({f"zone-{name}"}))
    return state


def test_direct_privileges_are_held() -> None:
    """A direct member holds its own privileges, and nobody else holds any."""
    state = world("g", users=("u", "v"))
    state.relate("user", "u", "group", "g", ONE)
    assert state.effective_privileges("user", "u", "group", "g") == ONE
    assert state.effective_privileges("user", "v", "group", "g") is None


def test_a_member_without_privileges_is_a_member() -> None:
    """Membership and privileges are two things."""
    state = world("g")
    state.relate("user", "u", "group", "g", NONE)
    assert state.effective_privileges("user", "u", "group", "g") == NONE


def test_a_member_of_a_child_holds_the_childs_privileges_in_the_parent() -> None:
    """What the user may do inside the child does not matter, nor what the child's child holds in the child."""
    state = world("parent", "child", "grandchild")
    state.relate("group", "child", "group", "parent", TWO)
    state.relate("group", "grandchild", "group", "child", THREE)
    state.relate("user", "u", "group", "grandchild", ONE)
    assert state.effective_privileges("user", "u", "group", "child") == THREE
    assert state.effective_privileges("user", "u", "group", "parent") == TWO


def test_direct_and_inherited_privileges_add_up() -> None:
    """Privileges from several ways in are united."""
    state = world("parent", "child", "other")
    state.relate("group", "child", "group", "parent", TWO)
    state.relate("group", "other", "group", "parent", THREE)
    state.relate("user", "u", "group", "child", NONE)
    state.relate("user", "u", "group", "parent", ONE)
    assert state.effective_privileges("user", "u", "group", "parent") == ONE | TWO


def test_cycles_end() -> None:
    """Two groups may be members of each other."""
    state = world("a", "b")
    state.relate("group", "b", "group", "a", ONE)
    state.relate("group", "a", "group", "b", TWO)
    state.relate("user", "u", "group", "a", THREE)
    assert state.effective_privileges("user", "u", "group", "a") == ONE | THREE
    assert state.effective_privileges("user", "u", "group", "b") == TWO


def test_zone_privileges_come_down_from_every_group_above() -> None:
    """A user holds its own zone privileges and those of direct and distant groups."""
    state = world("parent", "child", "elsewhere")
    state.relate("group", "child", "group", "parent", NONE)
    state.relate("user", "u", "group", "child", NONE)
    assert state.zone_privileges("user", "u") == {"zone-parent", "zone-child"}


def test_privileges_in_a_service_come_through_its_groups() -> None:
    """The effective members of a service's group hold the group's privileges in it; users may hold their own."""
    state = world("parent", "child")
    state.relate("group", "child", "group", "parent", NONE)
    state.relate("user", "u", "group", "child", NONE)
    state.add("handle_service", "h", b"{}")
    assert state.effective_privileges("user", "u", "handle_service", "h") is None
    state.relate("group", "parent", "handle_service", "h", TWO)
    state.relate("user", "u", "handle_service", "h", ONE)
    assert state.effective_privileges("user", "u", "handle_service", "h") == ONE | TWO


def test_a_removed_user_is_gone_everywhere() -> None:
    """Name, tokens, memberships and relations go with the user."""
    state = world("g")
    state.relate("user", "u", "group", "g", ONE)
    state.add("handle_service", "h", b"{}")
    state.relate("user", "u", "handle_service", "h", ONE)
    state.remove_with_orphans("user", "u")
    assert state.login("u", "secret") is None
    assert state.members("user", "group", "g") == {}
    assert not state.exists("handle_service", "h")


def test_removing_a_group_keeps_what_others_hold() -> None:
    """A service of two groups stays when one of them goes."""
    state = world("g", "other")
    state.relate("group", "other", "group", "g", ONE)
    state.relate("group", "g", "group", "other", ONE)
    for group in ("g", "other"):
        state.add("handle_service", "h", b"{}")
        state.relate("group", group, "handle_service", "h", ONE)
    state.remove_with_orphans("group", "g")
    assert state.exists("handle_service", "h")
    assert state.members("group", "group", "other") == {}
    state.remove_with_orphans("group", "other")
    assert not state.exists("handle_service", "h")


def test_login_needs_name_and_password() -> None:
    """A wrong password, an unknown name, and a user without any password cannot log in."""
    state = world(users=("u",))
    state.add_user(User("tokens-only", tokens=("t",)))
    state.add_user(User("nameless", "nameless"))
    assert state.login("u", "secret") is state.users["u"]
    assert state.login("u", "Secret") is state.login("x", "secret") is state.login("nameless", "") is None
    assert state.holder_of("t") is state.users["tokens-only"]


def test_ids_look_like_those_of_released_servers() -> None:
    """32 hexadecimal digits, "ch" and 4 more; never the same twice."""
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(
        len(identity) == 38 and identity[32:34] == "ch" and int(identity[:32] + identity[34:], 16) >= 0
        for identity in ids
    )


GROUPS = ["a", "b", "c", "d"]
PRIVILEGES = ["p", "q", "r"]
grants = st.frozensets(st.sampled_from(PRIVILEGES))


@pytest.mark.slow
@given(
    st.dictionaries(st.sampled_from(GROUPS), grants),
    st.dictionaries(st.tuples(st.sampled_from(GROUPS), st.sampled_from(GROUPS)).filter(lambda e: e[0] != e[1]), grants),
)
@settings(max_examples=150, deadline=None)
def test_effective_privileges_are_those_of_the_definition(direct: dict, nested: dict) -> None:
    """Against the definition, evaluated naively: the least fixed point of membership, then one union."""
    state = world(*GROUPS)
    for group, privileges in direct.items():
        state.relate("user", "u", "group", group, privileges)
    for (parent, child), privileges in nested.items():
        state.relate("group", child, "group", parent, privileges)
    member = set(direct)
    for _ in GROUPS:
        member |= {parent for parent, child in nested if child in member}
    for group in GROUPS:
        expected = set(direct.get(group, ())).union(*(h for (p, c), h in nested.items() if p == group and c in member))
        assert state.effective_privileges("user", "u", "group", group) == (expected if group in member else None)


def test_a_decision_is_remembered_only_as_long_as_it_holds() -> None:
    """Joining a group, or another world in its place, is seen by the next request."""
    contract = load("current")
    state = world("g")
    guard = Guard(contract.operations["list_group_handle_services"])
    ask = lambda where: guard.decide(where, state.users["u"], {"id": "g"}).allowed  # noqa: E731
    assert not ask(state)
    state.relate("user", "u", "group", "g", frozenset({"group_view"}))
    assert ask(state)
    assert not ask(world("g"))


def test_the_closest_route_is_named_with_what_it_lacks() -> None:
    """A refusal says which documented way came closest and what was missing."""
    contract = load("current")
    state = world("g")
    state.relate("user", "u", "group", "g", frozenset({"group_create_handle_service"}))
    decision = Guard(contract.operations["create_group_handle_service"]).decide(state, state.users["u"], {"id": "g"})
    assert str(decision) == "route member: lacks zone oz_handle_services_create"


WRONG = [
    ([], ""),
    ({"people": []}, "people"),
    ({"users": {}}, "users"),
    ({"users": [{}]}, "users[0]"),
    ({"users": [{"username": 5}]}, "users[0].username"),
    ({"users": [{"username": "a:b"}]}, "users[0].username"),
    ({"users": [{"username": "a"}, {"id": "b", "username": "a"}]}, "users[1].username"),
    ({"users": [{"id": "a"}, {"id": "a"}]}, "users[1].id"),
    ({"users": [{"id": "a", "password": "x"}]}, "users[0].password"),
    ({"users": [{"id": "a", "tokens": ["t", "t"]}]}, "users[0].tokens"),
    ({"users": [{"id": "a", "tokens": ["t"]}, {"id": "b", "tokens": ["t"]}]}, "users[1].tokens"),
    ({"users": [{"id": "a", "zone_privileges": ["group_view"]}]}, "users[0].zone_privileges"),
    ({"users": [{"id": "a", "zone_privileges": "some"}]}, "users[0].zone_privileges"),
    ({"groups": [{"name": "x"}]}, "groups[0].id"),
    ({"groups": [{"id": "g", "users": {"x": []}}]}, "groups[0].users.x"),
    ({"groups": [{"id": "g", "children": {"g": []}}]}, "groups[0].children.g"),
    ({"groups": [{"id": "g", "color": 1}]}, "groups[0].color"),
    ({"groups": [{"id": "\ud800"}]}, ""),
    ({"handle_services": [{"id": "h", "serviceProperties": {1: 2}}]}, ""),
    ({"handle_services": [{"id": "h", "groups": {"g": "some"}}]}, "handle_services[0].groups.g"),
    (
        {"handle_services": [{"id": "h", "details": {"handleServiceId": "i"}}]},
        "handle_services[0].details.handleServiceId",
    ),
    ({"handle_services": [{"id": "h", "name": "a", "details": {"name": "b"}}]}, "handle_services[0].details.name"),
]


@pytest.mark.parametrize(("data", "where"), WRONG)
def test_data_that_is_no_world_is_refused_with_the_place(data: object, where: str) -> None:
    """The first mistake is named by its path."""
    with pytest.raises(WorldError) as caught:
        build(data, load("current"))
    assert caught.value.where == where


def test_a_snapshot_makes_the_same_world_again() -> None:
    """Snapshot, build, snapshot: nothing is lost."""
    import orjson

    contract = load("current")
    data = {
        "users": [{"username": "zażółć", "password": "pä:ss", "tokens": ["t"], "zone_privileges": "all"}, {"id": "x"}],
        "groups": [
            {"id": "a/b%?#ż", "users": {"zażółć": "all"}, "children": {"g": ["group_view"]}},
            {"id": "g", "name": "G", "zone_privileges": ["oz_users_list"], "children": {"a/b%?#ż": []}},
        ],
        "handle_services": [
            {
                "id": "h",
                "name": "H",
                "serviceProperties": {"n": 1.5, "b": 2**60},
                "groups": {"g": "all"},
                "users": {"x": []},
            }
        ],
    }
    once = orjson.dumps(snapshot(build(data, contract)))
    assert orjson.dumps(snapshot(build(orjson.loads(once), contract))) == once
