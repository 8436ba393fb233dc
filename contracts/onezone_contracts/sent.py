"""A case as it was sent, its answer, and what reads showed of what it created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from onezone_contracts.cases import Case
from onezone_contracts.exchange import Auth, Exchange, Request
from onezone_contracts.requirement import Finding
from onezone_contracts.state.expected import GROUP, Ref
from onezone_contracts.state.probe import Difference
from onezone_contracts.target.file import TestUser
from onezone_contracts.target.fixture import Stage

PAGE = 10
"""So many services at least fit on a list that is cut."""


@dataclass(slots=True, eq=False)
class Prepared:
    """A case with all that it takes to send it.

    `user` is the kit's own user who asks, or in whose stead nobody does; None for the administrator. `allowed` says
    that the contract promises a success.
    """

    case: Case
    roles: Mapping[str, Ref]
    user: TestUser | None
    auth: Auth
    value: Any
    allowed: bool
    request: Request
    stage: Stage | None

    @property
    def caller(self) -> Ref | None:
        """The kit's own user who asked."""
        return self.user.ref if self.user else None

    @property
    def group(self) -> str:
        """The id of the group in the path."""
        return self.roles[GROUP][1] if GROUP in self.roles else ""

    @property
    def groups(self) -> set[str]:
        """The groups that it may touch: that of the path, and the user's own."""
        return {self.group, self.user.group if self.user else self.group}

    def answered(self, exchange: Exchange) -> Sent:
        """The same, once an answer came, or none."""
        return Sent(
            self.case, self.roles, self.user, self.auth, self.value, self.allowed, self.request, self.stage, exchange
        )


@dataclass(slots=True, eq=False)
class Sent(Prepared):
    """A case as it was sent, and what came of it.

    `differences` tell how the state afterwards, or the answer of a reading operation, is not what it should be.
    """

    exchange: Exchange
    differences: list[Difference] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether the operation itself, by no other method, was answered with a 2xx."""
        return self.exchange.succeeded and not self.case.method

    @property
    def location(self) -> str | None:
        """The Location of the answer."""
        return self.exchange.response.header("Location") if self.exchange.response else None

    def finding(self, what: str, expected: str, actual: str) -> Finding:
        """What is wrong with its answer."""
        return Finding(f"{self.case.label}: {what}", expected, actual, self.exchange)


@dataclass(frozen=True, slots=True)
class Read:
    """What a read gave: the details, and the exchange that shows them (or shows why there are none)."""

    exchange: Exchange | None
    details: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Created:
    """An accepted creation as it was seen afterwards.

    `listed` says whether the group lists the new id (None: the target does not say), `extra` holds ids that
    appeared beside it, `vanished` ids that vanished, `read` what its Location leads to.
    """

    sent: Sent
    id: str | None
    listed: bool | None = None
    extra: frozenset[str] = frozenset()
    vanished: frozenset[str] = frozenset()
    read: Read = Read(None, None)
    listing: Exchange | None = None
    """What the group listed afterwards."""
    list_size: int = 0
    """How many services the group listed then."""

    def finding(self, what: str, expected: str, actual: str, look: Exchange | None = None) -> Finding:
        """What is wrong with it: it takes the request, and a look at what came of it, where that shows it."""
        return replace(self.sent.finding(what, expected, actual), steps=(self.sent.exchange, look) if look else ())

    def misread(self, what: str, expected: str, actual: str, look: Exchange | None) -> Finding:
        """What is wrong with what is read of it, which the look shows."""
        return replace(self.finding(what, expected, actual, look), exchange=look)
