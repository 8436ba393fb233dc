"""Invitations to groups: tokens that are made by one operation and taken by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_contracts.state.expected import CALLER, CHILD, GROUP, USER, Ref
from onezone_contracts.state.tokens import text_of
from onezone_contracts.target.file import SetupError

if TYPE_CHECKING:
    from onezone_contracts.target.administrator import Account

PARENT = "parent"


def invitation(account: Account, role: str) -> str:
    """A token that invites a user or a child to a new group. Raises SetupError."""
    operation = account.contract.find("invite", role, GROUP)
    if operation is None:
        raise SetupError(f"edition {account.contract.edition} has no operation that invites a {role}")
    group = account.create(GROUP)
    exchange = account.do(operation, {GROUP: group}, None)
    _, text = text_of(exchange)
    if text is None:
        raise SetupError(f"{operation.method} {operation.path} showed no token")
    account.redactor.learn(text)
    account.invited[text] = group
    return text


def accept_invitation(account: Account, role: str, text: str) -> Ref | None:
    """Have somebody new take an invitation, whatever comes of it; None if none can. Raises SetupError."""
    resource, within = (PARENT, GROUP) if role == CHILD else (GROUP, CALLER)
    operation = account.contract.find("join", resource, within)
    if operation is None:
        return None
    if role == CHILD:
        child = account.create(GROUP)
        account.api.send(operation, {GROUP: child}, account.auth, {"token": text}, label="take the invitation")
        return child
    person = account.person()
    account.api.send(operation, {}, person.auth, {"token": text}, label="take the invitation")
    return (USER, person.ref[1])
