"""What the user asked to be judged, and by which contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onezone_spec import Contract, ContractError, load

from onezone_contracts.requirement import OutOfTimeError
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import SetupError, read_target_file


@dataclass(frozen=True, slots=True)
class Subject:
    """What the user asked to be judged. Without URL and target file it is the embedded mock."""

    url: str | None = None
    target_file: Path | None = None
    states_url: str | None = None
    edition: str | None = None
    admin: Credentials | None = None
    profile: str = "core"
    contracts: tuple[str, ...] = ()
    _read: list[dict[str, Any]] = field(default_factory=list, repr=False, compare=False)

    @property
    def data(self) -> dict[str, Any]:
        """The target file's data, read once; empty where there is none. Raises SetupError."""
        if self.target_file and not self._read:
            self._read.append(read_target_file(self.target_file))
        return self._read[0] if self._read else {}


def contract_of(subject: Subject) -> Contract:
    """The contract of the edition that the command line names, else the target file, else the default one.

    Raises SetupError for a target file that cannot be read, ContractError for an edition that cannot be loaded.
    """
    in_file = None if subject.edition else subject.data.get("edition")
    try:
        return load(subject.edition or (str(in_file) if in_file else None), subject.contracts)
    except ContractError as error:
        if in_file is None:
            raise
        raise SetupError(f"{subject.target_file}: edition: {error}") from None


class CannotSetUpError(SetupError):
    """The personas could not be set up: no fault of the command line."""


@contextmanager
def cannot_set_up() -> Iterator[None]:
    """What fails in here is no fault of the command line: it becomes a CannotSetUpError, as does time that is over."""
    try:
        yield
    except SetupError as error:
        raise CannotSetUpError(str(error)) from None
    except OutOfTimeError as late:
        raise CannotSetUpError(late.reason) from None
