"""Personas for rules with roles of the path and conditions."""

from __future__ import annotations

import pytest
from onezone_contracts.personas import Persona, personas
from onezone_spec import Level, editions, load


def personas_of(edition: str, *effect: str, keys: tuple[str, ...] = (), **more: bool) -> dict[str, Persona]:
    contract = load(edition)
    operation = contract.find(*effect, **more)  # type: ignore[arg-type]
    assert operation
    return {persona.name: persona for persona in personas(contract, operation, keys)}


def test_a_condition_is_held_or_not() -> None:
    """Whoever is the user of the path may; everybody else needs the privilege."""
    names = personas_of("current", "get", "user")
    assert set(names) == {"oneself", "administrator", "without-self-oz_users_view", "outsider"}
    grants = names["oneself"].grants
    assert grants["self"] == frozenset()
    assert grants["zone"] == frozenset()


def test_a_membership_that_helps_is_lost_with_all_its_privileges() -> None:
    """The creator is seen by members alone: outsiders and members without the privilege are two personas."""
    names = personas_of("current", "get", "user", "group")
    assert {name for name in names if name.startswith("without")} == {
        "without-creator-group_view-self-oz_users_view",
        "without-group-self-oz_users_view",
    }


def test_keys_of_the_body_ask_for_more() -> None:
    """Whoever gives privileges must be able to set them."""
    plain = personas_of("current", "attach", "user", "group")
    more = personas_of("current", "attach", "user", "group", keys=("privileges",))
    assert "without-oz_groups_set_privileges-self" not in plain
    assert "oz_groups_set_privileges" in more["administrator"].met["zone"]


def test_open_routes_bind_nobody_and_forbid_nobody() -> None:
    """A route that is left open makes an observed persona, and no forbidden persona goes by it."""
    names = personas_of("current", "get", "handle_service")
    assert names["member"].level is Level.OBSERVE
    assert names["administrator"].level is Level.MUST
    forbidden = next(persona for name, persona in names.items() if name.startswith("without"))
    assert forbidden.grants["handle_service"] is None
    assert not {"oz_handle_services_list", "oz_handle_services_view"} & forbidden.met["zone"]


def test_what_everybody_may_has_no_personas() -> None:
    """A public operation forbids nobody; one for every user forbids nobody who calls."""
    assert personas_of("current", "catalogue", "zone") == {}
    assert set(personas_of("current", "get", "caller")) == {"user"}


@pytest.mark.parametrize("edition", editions())
def test_each_persona_is_what_it_says(edition: str) -> None:
    """In every operation the allowed personas satisfy a route and the forbidden ones none."""
    contract, seen = load(edition), set()
    for operation in contract.operations.values():
        for keys in ((), ("privileges",)):
            rule = operation.access.with_body(keys)
            for persona in personas(contract, operation, keys):
                assert (rule.allowed_by(persona.grants) is not None) is persona.allowed, (operation.id, persona.name)
                seen.add((operation.id, persona.allowed))
    assert len(seen) > len(contract.operations)
