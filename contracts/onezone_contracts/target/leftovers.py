"""`ozkit target clean`: remove what earlier runs left behind, known by the mark in its name or by who created it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onezone_spec import load

from onezone_contracts.arguments import admin_of, network_of
from onezone_contracts.generate.values import is_ours
from onezone_contracts.options import Options
from onezone_contracts.reports.wording import line
from onezone_contracts.state.expected import USER, Ref, kinds, removal
from onezone_contracts.target import kept_users
from onezone_contracts.target.administrator import NOT_THERE, Account
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import SetupError, check_url, read_target_file
from onezone_contracts.target.states import States, check_states_url


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that a run left behind: the entity, its name ("" if unknown), and the answer to its removal."""

    ref: Ref
    name: str
    removed: str | None

    def __str__(self) -> str:
        name = f" ({self.name})" if self.name else ""
        what = f"{self.ref[0].replace('_', ' ')} {self.ref[1]}{name}"
        if self.removed is None:
            return f"would remove the {what}"
        return f"removed the {what}" if self.removed.startswith("2") else f"could not remove the {what}: {self.removed}"


def clean(account: Account, *, dry_run: bool = False) -> Iterator[Leftover]:
    """Find and remove leftovers, users last, since they are known as creators. Raises SetupError if nothing lists.

    Args:
        account: an administrator's.
        dry_run: whether to find only.
    """
    remaining = list(leftovers(account))
    for ref, name in sorted(remaining, key=lambda entry: removal(account.contract, entry[0][0])):
        exchange = None if dry_run else account.delete(ref)
        yield Leftover(ref, name, None if dry_run else exchange.answer() if exchange else "there is no such operation")


def leftovers(account: Account) -> Iterator[tuple[Ref, str]]:
    """What carries the mark of any run, or was created by a user who does."""
    users: list[str] = []
    contract = account.contract
    for kind in [name for name in kinds(contract) if name not in contract.owners]:
        ids = account.everything(kind)
        if ids is None and (kind in contract.references or contract.find("list", kind) is None):
            continue
        if ids is None:
            raise SetupError(f"the administrator's account cannot list entities of the kind {kind}")
        for identity in sorted(ids):
            details = account.details((kind, identity)) or {}
            if is_ours(details, users):
                users += [identity] if kind == USER else []
                yield (kind, identity), _name(details)


def _name(details: dict[str, Any]) -> str:
    return str(details.get("name") or details.get("username") or details.get("fullName") or "no name")


def kept_by_account(path: Path, data: Mapping[str, Any], account: Account, *, dry_run: bool) -> Iterator[Leftover]:
    """Remove what `--keep` kept and the file names, but for what is gone already."""
    for ref in kept_users.entities(path, data):
        exchange = None if dry_run else account.delete(ref)
        if exchange is not None and exchange.status in NOT_THERE:
            continue
        yield Leftover(ref, "", None if dry_run else exchange.answer() if exchange else "there is no such operation")


def kept_by_states(path: Path, data: Mapping[str, Any], options: Options, *, dry_run: bool) -> Iterator[str]:
    """Tear down the states that `--keep` kept and the file names, the last first."""
    url, listed = kept_users.states(path, data)
    if listed and not dry_run:
        states = States(check_states_url(url), options, str(data.get("base_url", "")))
        states.active_states += listed
        states.teardown()
    yield from (
        f"{'would tear' if dry_run else 'tore'} down the state: {_described(state)}" for state in reversed(listed)
    )


def _described(state: Any) -> str:
    return str(state.get("state", state)) if isinstance(state, dict) else str(state)


def main(arguments: argparse.Namespace) -> int:
    """Clean a target and say what came of it. Returns 0, 1 where something stays. Raises SetupError."""
    admin, options = admin_of(arguments), Options(timeout=arguments.timeout, network=network_of(arguments))
    if "://" in arguments.url:
        return _clean(arguments, admin, arguments.url, arguments.edition, options)
    path = Path(arguments.url)
    data = read_target_file(path)
    lines = list(kept_by_states(path, data, options, dry_run=arguments.dry_run))
    for text in lines:
        sys.stdout.write(line(text) + "\n")
    if kept_users.entities(path, data):
        edition = arguments.edition or data.get("edition")
        return _clean(arguments, admin, str(data.get("base_url", "")), edition, options, (path, data))
    if not lines:
        sys.stdout.write("nothing was left behind\n")
    return 0


def _clean(
    arguments: argparse.Namespace,
    admin: Credentials | None,
    url: str,
    edition: str | None,
    options: Options,
    source: tuple[Path, Mapping[str, Any]] | None = None,
) -> int:
    """Clean with an administrator's account: what a file names, or else all that carries the mark of a run."""
    if admin is None:
        raise SetupError("give the account to clean with: --admin USER:PASSWORD or --admin-token TOKEN")
    contract = load(edition, arguments.contract)
    account = Account(contract, check_url(url), admin, timeout=options.timeout, network=options.network)
    account.open()
    removal = (
        kept_by_account(*source, account, dry_run=arguments.dry_run)
        if source
        else clean(account, dry_run=arguments.dry_run)
    )
    left = []
    for leftover in removal:
        left.append(leftover)
        sys.stdout.write(line(account.redactor.text(str(leftover))) + "\n")
    if not left:
        sys.stdout.write("nothing was left behind\n")
    return int(any(leftover.removed is not None and not leftover.removed.startswith("2") for leftover in left))
