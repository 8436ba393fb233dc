"""`ozkit target clean`: remove what earlier runs left behind, known by the mark in its name or by who created it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from onezone_spec import load

from onezone_contracts.arguments import admin_of
from onezone_contracts.generate.values import is_ours
from onezone_contracts.reports.shown import line
from onezone_contracts.state.expected import RANKS, USER, Ref
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.file import SetupError, check_url


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that a run made and did not remove: the entity, its name, and how the target answered its removal."""

    ref: Ref
    name: str
    removed: str | None

    def __str__(self) -> str:
        what = f"{self.ref[0].replace('_', ' ')} {self.ref[1]} ({self.name})"
        if self.removed is None:
            return f"would remove the {what}"
        return f"removed the {what}" if self.removed.startswith("2") else f"could not remove the {what}: {self.removed}"


def clean(account: Account, *, dry_run: bool = False) -> Iterator[Leftover]:
    """Find and remove leftovers, users last, since they are known as creators. Raises SetupError where nothing lists.

    Args:
        account: an administrator's.
        dry_run: whether to find only.
    """
    found = list(leftovers(account))
    for ref, name in sorted(found, key=lambda one: -RANKS[one[0][0]]):
        exchange = None if dry_run else account.delete(ref)
        yield Leftover(ref, name, None if dry_run else exchange.answer() if exchange else "there is no such operation")


def leftovers(account: Account) -> Iterator[tuple[Ref, str]]:
    """What carries the mark of any run, or was created by a user who does."""
    users: list[str] = []
    for kind in sorted((one for one in RANKS if one not in account.contract.owners), key=lambda one: RANKS[one]):
        ids = account.everything(kind)
        if ids is None:
            raise SetupError(f"the administrator's account cannot list what there is of the kind {kind}")
        for one in sorted(ids):
            details = account.details((kind, one)) or {}
            if is_ours(details, users):
                users += [one] if kind == USER else []
                yield (kind, one), _name(details)


def _name(details: dict[str, Any]) -> str:
    return str(details.get("name") or details.get("username") or details.get("fullName") or "no name")


def main(arguments: argparse.Namespace) -> int:
    """Clean a target and say what came of it. Returns 0, 1 where something stays. Raises SetupError."""
    admin = admin_of(arguments)
    if admin is None:
        raise SetupError("give the account to clean with: --admin USER:PASSWORD or --admin-token TOKEN")
    account = Account(load(arguments.edition), check_url(arguments.url), admin, timeout=arguments.timeout)
    account.open()
    found = []
    for one in clean(account, dry_run=arguments.dry_run):
        found.append(one)
        sys.stdout.write(line(account.redactor.text(str(one))) + "\n")
    if not found:
        sys.stdout.write("nothing was left behind\n")
    return int(any(one.removed is not None and not one.removed.startswith("2") for one in found))
