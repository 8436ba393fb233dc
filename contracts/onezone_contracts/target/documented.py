"""The personas of the profile `core`, made with an administrator's account."""

from __future__ import annotations

from collections.abc import Iterable

from onezone_contracts.personas import ZONE, Persona
from onezone_contracts.state.expected import Ref
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.file import SetupError, Target, TestUser, missing_id, supplied_user


def core_target(account: Account, personas: Iterable[Persona]) -> Target:
    """A target with a persona each, in one group. Raises SetupError if one cannot be made.

    Args:
        account: the administrator's, opened.
        personas: the personas of the judged operation.
    """
    home, other = account.create("group"), account.create("group")
    people = [(persona, _make(account, persona, home)) for persona in personas]
    for persona, person in people:
        containers = [ref for scope, ref in _places(home).items() if scope in persona.met]
        if not account.settled(person.ref, containers):
            waited = f"{account.lag.seconds:g} s (--settle)"
            raise SetupError(f"the privileges of the persona {persona.name} did not apply within {waited}")
    users = {persona.name: supplied_user(persona, person.credentials, home[1]) for persona, person in people}
    account.core = Target(account.api.base_url, users, missing_id(home[1]), other[1], other_is_new=True)
    return account.core


def _places(home: Ref) -> dict[str, Ref]:
    return {"group": home}


def _make(account: Account, persona: Persona, home: Ref) -> TestUser:
    person = account.person(persona.grants.get(ZONE) or ())
    for scope, ref in _places(home).items():
        privileges = persona.grants.get(scope)
        if privileges is not None:
            account.attach(person.ref, ref, privileges)
    return person
