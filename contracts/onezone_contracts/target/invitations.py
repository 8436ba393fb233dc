"""Invitations to groups: tokens that are made by one operation and taken by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_contracts.state.expected import CALLER, CHILD, GROUP, Ref
from onezone_contracts.state.tokens import text_of
from onezone_contracts.target.file import SetupError

if TYPE_CHECKING:
    from onezone_contracts.exchange import Auth, Exchange
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


def accept_invitation(account: Account, role: str, text: str) -> tuple[Ref, Exchange] | None:
    """Who, newly made, took an invitation, and what was answered; None where none can. Raises SetupError."""
    resource, within = (PARENT, GROUP) if role == CHILD else (GROUP, CALLER)
    operation = account.contract.find("join", resource, within)
    if operation is None:
        return None
    person = None if role == CHILD else account.person()
    member, roles, auth = (person.ref, {}, person.auth) if person else _child(account)
    return member, account.api.send(operation, roles, auth, {"token": text}, label="take the invitation")


def _child(account: Account) -> tuple[Ref, dict[str, Ref], Auth]:
    child = account.create(GROUP)
    return child, {GROUP: child}, account.auth
