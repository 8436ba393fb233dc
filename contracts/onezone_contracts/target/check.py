"""`ozkit target check FILE…`: what is wrong with target files, before anybody judges by them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onezone_spec import Contract, ContractError

from onezone_contracts.personas import personas
from onezone_contracts.subject import Subject, contract_of
from onezone_contracts.target.file import VARIABLE, SetupError, admin_from_file, target_from_file

MISTAKEN = 2


def main(arguments: argparse.Namespace) -> int:
    """Write a line for each file with a mistake; returns 2 where there is one, else 0."""
    code = 0
    for path in arguments.files:
        try:
            check(path)
        except (SetupError, ContractError) as error:
            sys.stderr.write("".join(f"ozkit target: {line}\n" for line in str(error).splitlines()))
            code = MISTAKEN
    return code


def check(path: Path) -> None:
    """Raises SetupError for the first mistake of a target file. Variables need not be set: secrets are elsewhere."""
    subject = Subject(target_file=path)
    with _filled(path):
        data = dict(subject.data)
    if "admin" in data:
        admin_from_file(path, data)
    if "personas" in data or "admin" not in data:
        _check_personas(path, data, contract_of(subject))


def _check_personas(path: Path, data: dict[str, Any], contract: Contract) -> None:
    entries = data.get("personas")
    if not isinstance(entries, dict) or not entries:
        raise SetupError(f"{path}: personas is missing: `ozkit target init` prints which there are")
    for name in entries:
        operation = contract.operations.get(name)
        if operation is None:
            raise SetupError(f"{path}: personas.{name}: the edition {contract.edition} has no such operation")
        target_from_file(path, data, operation, personas(contract, operation))


@contextmanager
def _filled(path: Path) -> Iterator[None]:
    """Give variables that are not set a value each, which would do as a URL, too."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        text = ""  # whoever reads the file says what is wrong with it
    names = {match[1] for match in VARIABLE.finditer(text)} - set(os.environ)
    os.environ.update({name: f"http://{name.lower().replace('_', '-').strip('-')}.example" for name in names})
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]
