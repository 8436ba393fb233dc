"""From what the user named to an administrator's account, and what is made with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from onezone_spec import Contract, Operation

from onezone_contracts.options import TOKENS, Options
from onezone_contracts.personas import ZONE, personas
from onezone_contracts.target import embedded
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.documented import core_target
from onezone_contracts.target.file import Credentials, SetupError, Target, admin_from_file, check_url, read_target_file
from onezone_contracts.target.states import States
from onezone_contracts.wanted import CannotSetUpError, Wanted, cannot_set_up


@contextmanager
def administered_by(wanted: Wanted, contract: Contract, options: Options) -> Iterator[Account]:
    """The account that the user named, by credentials, target file or provider states, or one of the embedded mock.

    Raises SetupError for bad usage, and CannotSetUpError where the account cannot be had or may not do enough.
    """
    with ExitStack() as stack:
        base_url, admin = _administrator(wanted, contract, options, stack)
        yield stack.enter_context(administered(contract, base_url, admin, options))


def _administrator(wanted: Wanted, contract: Contract, options: Options, stack: ExitStack) -> tuple[str, Credentials]:
    """Where the API is and who administers it; what has to be undone in the end goes on the stack."""
    if wanted.target_file:
        base_url, admin = admin_from_file(wanted.target_file, read_target_file(wanted.target_file), wanted.admin)
        return check_url(wanted.url) if wanted.url else base_url, admin
    if wanted.url and wanted.admin:
        return check_url(wanted.url), wanted.admin
    if wanted.url and not wanted.states_url:
        raise SetupError("nobody to judge as: give --admin USER:PASSWORD, --admin-token, --target or --states-url")
    if not wanted.url and (wanted.admin or wanted.states_url):
        raise SetupError("the base URL of the API is missing: ozkit verify URL --admin USER:PASSWORD")
    if wanted.url and wanted.states_url:
        base_url, states_url = wanted.url, wanted.states_url
    else:
        origin = stack.enter_context(embedded.mock(contract.edition))
        base_url, states_url = origin + contract.base_paths[0], f"{origin}/_mock/states"
    states = States(check_url(states_url, "--states-url"), options.timeout)
    try:
        admin = states.administrator(contract.privileges[ZONE])
    except SetupError as error:
        raise CannotSetUpError(str(error)) from None
    stack.callback(states.teardown)
    return check_url(base_url), admin


@contextmanager
def administered(contract: Contract, base_url: str, admin: Credentials, options: Options) -> Iterator[Account]:
    """The account, ready; in the end everything that it made is removed, whatever happens. Raises SetupError."""
    account = Account(
        contract, base_url, admin, timeout=options.timeout, settle=options.settle, tokens=options.personas == TOKENS
    )
    try:
        with cannot_set_up():
            account.open()
        yield account
    finally:
        account.remove()


@contextmanager
def core_administered(wanted: Wanted, contract: Contract, operation: Operation, options: Options) -> Iterator[Target]:
    """The target of the profile `core`, its personas made with an administrator's account, all removed in the end.

    Raises SetupError for bad usage, and CannotSetUpError where the personas cannot be made.
    """
    with administered_by(wanted, contract, options) as account:
        with cannot_set_up():
            target = core_target(account, personas(contract, operation))
        try:
            yield target
        finally:
            account.take(operation.effect.resource, target.created)
