"""Who sends, and to what: from a target file, provider states, or an administrator's account, by one protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from onezone_spec import Contract, Operation

from onezone_contracts.derive import judged_operations
from onezone_contracts.options import TOKENS, Options
from onezone_contracts.personas import personas
from onezone_contracts.state.expected import CALLER, GROUP, READING, ZONE, kinds
from onezone_contracts.subject import Subject, cannot_set_up
from onezone_contracts.target import embedded, kept_users
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.documented import core_target
from onezone_contracts.target.file import (
    SetupError,
    Target,
    admin_from_file,
    check_url,
    target_from_file,
)
from onezone_contracts.target.states import States, check_states_url

GIVE = "give an administrator's account, with --admin or as `admin` in the target file"


class Provisioner(Protocol):
    """Supplies operations with users, and with what these act on."""

    contract: Contract
    base_url: str
    account: Account | None
    """An administrator's account, where there is one: it makes fixtures for every operation."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of which each persona can have an entity of its own to act on."""

    def target(self, operation: Operation) -> Target:
        """The personas of an operation, each with its group. Raises SetupError, which says what to give."""


class FromAccount:
    """Everything is made with an administrator's account.

    Args:
        account: the account, opened.
    """

    def __init__(self, account: Account) -> None:
        self.account: Account | None = account
        self.contract = account.contract
        self.kinds = frozenset(kinds(account.contract))
        self.base_url = account.api.base_url
        self._account = account

    def target(self, operation: Operation) -> Target:
        """The personas of an operation, made now. Raises SetupError."""
        with cannot_set_up():
            return core_target(self._account, personas(self.contract, operation))


class FromFile:
    """The personas of a target file, for those operations that it has personas for.

    Args:
        contract: the edition.
        path: the file, for messages.
        data: what it says.
        url: where the API is, if not where the file says.
    """

    account: Account | None = None
    kinds = frozenset({GROUP})

    def __init__(self, contract: Contract, path: Path, data: dict[str, Any], url: str | None = None) -> None:
        self.contract = contract
        self.base_url = check_url(url) if url else str(data.get("base_url", ""))
        self._path = path
        self._data = data
        self._url = url

    def target(self, operation: Operation) -> Target:
        """The personas that the file has for an operation. Raises SetupError naming the key to change."""
        target = target_from_file(self._path, self._data, operation, personas(self.contract, operation))
        if self._url:
            target.base_url = self.base_url
        return target


class FromStates:
    """Personas that the implementation makes itself, asked by provider states.

    Args:
        contract: the edition.
        states: asks for them.
        base_url: where the API is.
        keep: where the credentials of personas go that stay.
    """

    account: Account | None = None

    def __init__(self, contract: Contract, states: States, base_url: str, keep: Path | None = None) -> None:
        self.contract = contract
        self.kinds = frozenset(contract.privileges) - {ZONE}
        self._keep = keep
        self.base_url = base_url
        self._states = states

    def target(self, operation: Operation) -> Target:
        """The personas of an operation, made now. Raises SetupError if a state is refused."""
        with cannot_set_up():
            target = self._states.target(self.base_url, personas(self.contract, operation), self.contract.privileges)
        if self._keep:
            kept_users.from_states(self._keep, target, self.contract.edition, operation, self._states)
        return target


def supplied(provisioner: Provisioner, operation: Operation) -> Target:
    """The personas of an operation around the documented one that only looks, at a single thing of theirs at most.

    How several things are related is not known, nor what the caller belongs to. Raises SetupError, which says what to
    give.
    """
    roles, effect = {parameter.entity or parameter.name for parameter in operation.parameters}, operation.effect
    alone = len(roles) == 1 and CALLER not in {effect.resource, effect.within}
    theirs = provisioner.kinds if alone else frozenset({GROUP})
    lacking = roles - theirs if personas(provisioner.contract, operation) else roles
    if lacking or effect.verb not in READING or operation.body:
        what = f"a {min(lacking).replace('_', ' ')}" if lacking else "something"
        raise SetupError(f"{operation.id} needs {what} of its own to act on: {GIVE}")
    return provisioner.target(operation)


@contextmanager
def provisioned(subject: Subject, contract: Contract, options: Options) -> Iterator[Provisioner]:
    """What the user named, or the embedded mock; in the end everything that it made is removed, whatever happens.

    Raises SetupError for bad usage, and CannotSetUpError where an account cannot be had or may not do enough.
    """
    with ExitStack() as stack:
        yield _provisioner(subject, contract, options, stack)


def _provisioner(subject: Subject, contract: Contract, options: Options, stack: ExitStack) -> Provisioner:
    full = subject.profile == "full"
    data = subject.data
    if subject.target_file and (subject.admin or (full and ("admin" in data or "personas" not in data))):
        base_url, admin = admin_from_file(subject.target_file, data, subject.admin)
        base_url = check_url(subject.url) if subject.url else base_url
        return FromAccount(stack.enter_context(administered(contract, base_url, admin, options)))
    if subject.target_file:
        return FromFile(contract, subject.target_file, data, subject.url)
    if subject.admin and subject.url:
        return _from_admin(subject.url, subject.admin, subject.states_url, contract, options, stack)
    if subject.url and subject.states_url:
        base_url, states_url = check_url(subject.url), check_states_url(subject.states_url)
    elif subject.url:
        raise SetupError(
            "no users to judge with: give --target FILE (`ozkit target init` prints a skeleton), --states-url URL, "
            "or --admin USER:PASSWORD"
        )
    elif subject.admin:
        raise SetupError("the base URL of the API is missing: ozkit verify URL --admin USER:PASSWORD")
    elif subject.states_url:
        raise SetupError("--states-url needs the base URL of the API too: ozkit verify URL --states-url URL")
    else:
        origin = stack.enter_context(embedded.mock(contract.origin))
        base_url, states_url = origin + contract.base_paths[0], f"{origin}/_mock/states"
    return _from_states(States(states_url, options, base_url), contract, base_url, options, stack, full=full)


def _from_admin(
    url: str, admin: Credentials, states_url: str | None, contract: Contract, options: Options, stack: ExitStack
) -> Provisioner:
    """An administrator's account makes everything but shares, which a state may set up."""
    base_url = check_url(url)
    states = States(check_states_url(states_url), options, base_url) if states_url else None
    if states:
        stack.callback(states.teardown)
    account = stack.enter_context(administered(contract, base_url, admin, options))
    if states:
        account.make_share = states.share
    return FromAccount(account)


def _from_states(
    states: States, contract: Contract, base_url: str, options: Options, stack: ExitStack, *, full: bool
) -> Provisioner:
    if options.keep and not full:
        stack.callback(states.close)
        return FromStates(contract, states, base_url, options.keep)
    stack.callback(states.teardown)
    if not full:
        return FromStates(contract, states, base_url)
    try:
        admin = states.administrator(contract.privileges)
    except SetupError:
        return FromStates(contract, states, base_url)
    account = stack.enter_context(administered(contract, base_url, admin, options))
    account.make_share = states.share
    return FromAccount(account)


@contextmanager
def administered(contract: Contract, base_url: str, admin: Credentials, options: Options) -> Iterator[Account]:
    """The account, ready; in the end everything that it made is removed, whatever happens. Raises SetupError."""
    account = Account(
        contract,
        base_url,
        admin,
        timeout=options.timeout,
        settle=options.settle,
        network=options.network,
    )
    account.with_tokens = options.personas == TOKENS
    try:
        with cannot_set_up():
            account.open()
        yield account
    finally:
        if options.keep and account.created:
            operation = next(iter((*judged_operations(contract), *contract.operations.values())))
            kept_users.from_account(options.keep, account, account.core, operation)
        else:
            account.remove()
