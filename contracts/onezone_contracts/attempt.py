"""A case that was sent to one operation, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onezone_contracts.cases import Case
from onezone_contracts.exchange import Auth, Exchange
from onezone_contracts.state.expected import Ref
from onezone_contracts.state.observe import Difference
from onezone_contracts.target.file import TestUser


@dataclass(slots=True)
class Attempt:
    """A case as it was sent, and what came of it.

    `person` is the kit's own user who asked, None for nobody and for the administrator; `allowed` says that the
    contract promises a success. `differences` tell how the state afterwards, or the answer of a reading operation, is
    not what it should be.
    """

    case: Case
    roles: Mapping[str, Ref]
    auth: Auth
    person: TestUser | None
    value: Any
    allowed: bool
    exchange: Exchange
    differences: list[Difference] = field(default_factory=list)

    @property
    def caller(self) -> Ref | None:
        """The kit's own user who asked."""
        return self.person.ref if self.person else None
