"""The kit's own mock as a process, with its demo world."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from onezone_contracts.target.credentials import Credentials
from onezone_spec import Contract

ADMIN = "adam:adam-password"


@dataclass(frozen=True)
class Running:
    """A mock that runs: its contract and where it is."""

    contract: Contract
    origin: str

    @property
    def base_url(self) -> str:
        return self.origin + self.contract.base_paths[0]

    @property
    def admin(self) -> Credentials:
        return Credentials(*ADMIN.split(":"))

    def world(self) -> Any:
        """Everything that the mock holds; of a kind that nothing is left of, no list."""
        with urllib.request.urlopen(f"{self.origin}/_mock/world", timeout=60) as answer:
            return {name: entries for name, entries in json.load(answer).items() if entries}
