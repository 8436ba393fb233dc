"""What a mock is made of: a contract and a scenario, and the files that they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onezone_spec import Contract, ContractError, UnresolvedReferenceError, load, load_again

from onezone_mockserver.faults.fault import UnknownFaultError
from onezone_mockserver.forwarding import ForwardError
from onezone_mockserver.scenario import Scenario, ScenarioError, default_scenario, read_scenario
from onezone_mockserver.support import UnsupportedContractError, check_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

MISTAKES = (
    ContractError,
    ForwardError,
    ScenarioError,
    UnknownFaultError,
    UnresolvedReferenceError,
    UnsupportedContractError,
)
"""What a mock cannot be made of raises one of these; the message says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """A contract, or the name or the file of its edition, and a scenario, or its file; None is the demo.

    `contracts` are folders that add to the contract.
    """

    edition: str | Path | Contract | None = None
    scenario: Scenario | Path | str | None = None
    contracts: Sequence[str] = ()

    def read(self) -> tuple[Contract, Scenario]:
        """Both as their files are now. Raises what MISTAKES has."""
        if isinstance(self.edition, Contract):
            contract = self.edition
        else:
            contract = (load_again if self.is_own else load)(self.edition, self.contracts)
        check_supported(contract)
        if isinstance(self.scenario, Scenario):
            return contract, self.scenario
        return contract, read_scenario(Path(self.scenario), contract) if self.scenario else default_scenario(contract)

    @property
    def is_own(self) -> bool:
        """Whether the contract stands in files of the user's."""
        return bool(self.contracts) or (isinstance(self.edition, str | Path) and Path(self.edition).is_file())

    @property
    def files(self) -> list[Path]:
        """The files and folders of the user's that they stand in."""
        edition = [Path(self.edition)] if isinstance(self.edition, str | Path) and Path(self.edition).is_file() else []
        scenario = [Path(self.scenario)] if isinstance(self.scenario, str | Path) else []
        return [*scenario, *edition, *map(Path, self.contracts)]
