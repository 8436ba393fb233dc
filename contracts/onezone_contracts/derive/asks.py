"""The cases that are sent to any operation, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from onezone_spec import Operation

from onezone_contracts.cases import INDIRECT, ITSELF, LOCKABLE, MISSING, NOBODY, UNRELATED, Case
from onezone_contracts.exchange import Auth, basic
from onezone_contracts.generate.values import privileges_of
from onezone_contracts.target.file import TestUser

WRONG_WORD = "no-such-password-7d1"


def anonymous() -> Case:
    """A valid request without credentials."""
    return Case("none", "no credentials", who=NOBODY)


def wrong_password() -> Case:
    """A valid request of a known user with a wrong password."""
    return Case("wrong", "a wrong password", who=LOCKABLE, auth=_with_wrong_password)


def _with_wrong_password(user: TestUser, _: Mapping[str, TestUser]) -> Auth:
    name = user.credentials.username or ""
    pair = basic(name, WRONG_WORD)
    return Auth((("Authorization", pair),), "a user with a wrong password")


def unknown(role: str) -> Case:
    """A valid request of somebody who may, with an id that nothing has."""
    return Case(f"unknown.{role}", f"an unknown {role.replace('_', ' ')}", roles={role: MISSING})


def unrelated(role: str) -> Case:
    """A valid request of somebody who may, with something that is there and belongs elsewhere."""
    return Case("unrelated", f"a {role} that belongs elsewhere", roles={role: UNRELATED})


def indirect(role: str) -> Case:
    """A valid request of somebody who may, with something that belongs there through a group alone."""
    return Case("indirect", f"a {role.replace('_', ' ')} that belongs there through a group", roles={role: INDIRECT})


def itself(role: str) -> Case:
    """The container as its own member."""
    return Case("itself", "a member of itself", roles={role: ITSELF})


def valid(keys: tuple[str, ...] | None = None) -> Case:
    """A valid request of somebody who may, to a fixture of its own; `keys` are those of the body."""
    words = f" with {', '.join(keys)}" if keys else ""
    return Case(".".join(["valid", *(keys or ())]), f"a valid request{words}", keys=keys, apart=True)


def limited(name: str, caveat: Mapping[str, Any]) -> Case:
    """A valid request for a token with one caveat and no other key that could keep anybody out."""

    def change(body: Any) -> Any:
        return {**{key: value for key, value in body.items() if key == "name"}, "caveats": [caveat]}

    return Case(name, f"a token with the caveat {caveat['type']}", change=change, apart=True)


def identifying(kind: Mapping[str, Any]) -> Case:
    """A valid request for a token of a type that is not for access, with no key that could keep anybody out."""

    def change(body: Any) -> Any:
        kept = {key: value for key, value in body.items() if key != "revoked"}
        return {**kept, "type": dict(kind)}

    return Case("identity", "a token that says who its user is", change=change, apart=True)


def repeated(operation: Operation) -> Case:
    """The same relation a second time, with other privileges."""
    properties = operation.body.properties if operation.body else ()
    keys = tuple(prop.name for prop in properties if privileges_of(prop))
    return Case("again", "the same again", follows=valid(), keys=keys or None)


def broken(operation: Operation, name: str, change: Callable[[Any], Any], label: str) -> Case:
    """A request of somebody who may, its whole body changed: `change` gets a valid one and gives a value or bytes."""
    keys = tuple(prop.name for prop in operation.body.properties) if operation.body else ()
    return Case(f"broken.{name}", label, keys=keys, change=change)
