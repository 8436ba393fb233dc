"""Personas that are kept after a run (`--keep`): a target file with what it takes to remove them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from onezone_spec import Operation

from onezone_contracts.state.expected import Ref, rank, removal
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import SetupError, Target
from onezone_contracts.target.states import States

OWNER_ONLY = 0o600


def check(path: Path, *, creates: bool) -> None:
    """Raises SetupError if nothing can be kept, or not in that file."""
    if not creates:
        raise SetupError("--keep is for users that the kit creates: give URL with --admin or --states-url")
    if path.is_dir():
        raise SetupError(f"--keep {path}: this is a folder: name a file in it")
    if path.exists() and path.stat().st_size:
        command = f"ozkit target clean {shlex.quote(str(path))}"
        raise SetupError(f"--keep {path}: the file exists already; `{command}` removes what it names")
    _write(path, "")


def from_states(path: Path, target: Target, edition: str, operation: Operation, states: States) -> None:
    """Write down what provider states made; it stays."""
    target.cleanup = states.close
    _save(
        path, _described(target, edition, operation), {"states_url": states.url, "states": list(states.active_states)}
    )


def from_account(path: Path, account: Account, target: Target | None, operation: Operation) -> None:
    """Write down what an administrator's account made; it stays."""
    if target is None:
        target = Target(account.api.base_url, {}, "")
    entities = [list(ref) for ref in sorted(account.created, key=lambda ref: removal(account.contract, ref[0]))]
    _save(path, _described(target, account.contract.edition, operation), {"entities": entities})


def entities(path: Path, data: Mapping[str, Any]) -> list[Ref]:
    """What an administrator's account is to remove of what was kept, in that order. Raises SetupError."""
    listed = _record(path, data).get("entities", [])
    if not isinstance(listed, list) or not all(_is_ref(entry) for entry in listed):
        raise SetupError(f"{path}: kept.entities is not a list of pairs of kind and id")
    return sorted(((kind, name) for kind, name in listed), key=lambda ref: -rank(ref[0]))


def states(path: Path, data: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """The states URL, and the states to tear down there; none where an account made the personas. Raises SetupError."""
    record = _record(path, data)
    url, listed = record.get("states_url", ""), record.get("states", [])
    if not isinstance(url, str) or not isinstance(listed, list):
        raise SetupError(f"{path}: kept.states_url is not a URL, or kept.states not a list")
    return url, listed


def _record(path: Path, data: Mapping[str, Any]) -> Mapping[str, Any]:
    record = data.get("kept")
    if not isinstance(record, dict):
        raise SetupError(f"{path}: this file names nothing to remove: `ozkit verify --keep FILE` writes such a file")
    return record


def _is_ref(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str) and isinstance(entry[1], str)  # noqa: PLR2004


def _described(target: Target, edition: str, operation: Operation) -> dict[str, Any]:
    """The target in the form of a target file."""
    people = target.personas.values()
    home = next((person.group for person in people), None)
    groups = {"home": home, "other": target.other}
    entries = {
        person.persona.name: {
            **_credentials(person.credentials),
            **({} if person.group == home else {"group": person.group}),
        }
        for person in people
    }
    return {
        "base_url": target.base_url,
        "edition": edition,
        "groups": {name: group for name, group in groups.items() if group is not None},
        "personas": {operation.id: entries},
    }


def _credentials(credentials: Credentials) -> dict[str, str]:
    pairs = {"username": credentials.username, "password": credentials.password, "token": credentials.token}
    return {name: value for name, value in pairs.items() if value is not None}


def _save(path: Path, described: Mapping[str, Any], removal: Mapping[str, Iterable[Any]]) -> None:
    text = yaml.safe_dump({**described, "kept": dict(removal)}, sort_keys=False, allow_unicode=True)
    command = f"ozkit target clean {shlex.quote(str(path))}{'' if 'states' in removal else ' --admin USER:PASSWORD'}"
    _write(path, f"# Made by `ozkit verify --keep`; `{command}` removes what it names.\n{text}")


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner can read. Raises SetupError."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w", encoding="utf-8") as file:  # noqa: PTH123  (Path.open takes no descriptor)
            path.chmod(OWNER_ONLY)
            file.write(text)
    except OSError as error:
        raise SetupError(f"--keep {path}: cannot be written: {error.strerror}") from None
