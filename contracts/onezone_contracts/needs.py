"""What a run needs of others: what its cases are sent with, and who keeps account of what they did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from onezone_contracts.cases import Case
from onezone_contracts.exchange import Auth, Exchange
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import Finding
from onezone_contracts.sent import Prepared, Sent
from onezone_contracts.state.expected import Ref
from onezone_contracts.target.file import TestUser
from onezone_contracts.target.fixture import Stage

Cast = tuple[Stage | None, Auth, TestUser | None, dict[str, Ref]]
"""Where a case is sent, with which credentials, by whom, and who plays the roles."""


class Fixtures(Protocol):
    """What the cases of an operation are sent with: entities that play the roles of its path, users, and bodies."""

    def cast(self, case: Case) -> Cast:
        """Where a case is sent, by whom, and who plays the roles. Raises NotJudged and SetupError."""

    def like(self, sent: Sent) -> Cast:
        """The same for a case that follows another."""

    def played(self, role: str, word: str, roles: Mapping[str, Ref], stage: Stage | None, caller: Ref | None) -> Ref:
        """What a word of a case stands for. Raises SetupError."""

    def credentials(self, case: Case) -> Auth:
        """The credentials that a case makes of somebody's own. Raises NotJudged."""

    def having(self, kind: str, who: str) -> str | None:
        """Whoever has that kind of credentials: themselves first, for the writer somebody who may. None: nobody has."""

    def identity(self, who: str) -> TestUser:
        """Who sends a case, with their credentials. Raises NotJudged."""

    def body(self, roles: Mapping[str, Ref], user: TestUser | None, keys: tuple[str, ...] | None = None) -> Any:
        """A valid body, None where none is needed."""

    def personas(self, keys: Iterable[str] = ()) -> Mapping[str, Persona]:
        """The personas for a body with these keys, by name."""

    def insist(self, send: Callable[[], Exchange]) -> Exchange:
        """What is answered to who must be allowed, once privileges had the time that they may take."""


class Tracker(Protocol):
    """Keeps account of what the requests of one operation did to the target."""

    @property
    def separable(self) -> bool:
        """Whether it can be told which of several accepted requests at the same time did what."""

    def before(self, one: Prepared) -> None:
        """Look at what earlier requests left behind, as long as it can be told from what this one does."""

    def accepted(self, sent: Sent) -> None:
        """See what an accepted request did."""

    def refused(self, sent: Sent) -> None:
        """A request that was not accepted; the look at its traces may wait for others."""

    def together(self, accepted: list[Sent]) -> object:
        """Requests that were accepted at the same time, or with nothing read in between."""

    def at_once(self, sent: list[Sent], *, answered: bool) -> bool:
        """Account for requests at the same time; whether all of it is plain. What is not, is sent again alone."""

    def consequences(self, sent: Sent) -> Iterator[Finding]:
        """What is wrong with what came of a case: what was accepted is there as sent, what was refused left nothing."""

    def kept(self, sent: Sent) -> Iterator[Finding]:
        """How what is read back of an accepted case, or the answer of a reading one, is not what it should be."""
