"""What the cases of a run are sent with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from onezone_contracts.cases import Case
from onezone_contracts.exchange import Auth, Exchange
from onezone_contracts.personas import Persona
from onezone_contracts.sent import Sent
from onezone_contracts.state.expected import Ref
from onezone_contracts.target.file import TestUser
from onezone_contracts.target.fixture import Stage

Assignment = tuple[Stage | None, Auth, TestUser | None, dict[str, Ref]]
"""Where a case is sent, with which credentials, by whom, and who plays the roles."""


class Fixtures(Protocol):
    """What the cases of an operation are sent with: entities that play the roles of its path, users, and bodies."""

    def assign(self, case: Case) -> Assignment:
        """Where a case is sent, by whom, and who plays the roles. Raises NotJudged and SetupError."""

    def assign_follower(self, sent: Sent) -> Assignment:
        """The same for a case that follows another."""

    def entity(self, role: str, word: str, roles: Mapping[str, Ref], stage: Stage | None, caller: Ref | None) -> Ref:
        """What a word of a case stands for. Raises SetupError."""

    def credentials(self, case: Case) -> Auth:
        """The credentials that a case makes of somebody's own. Raises NotJudged."""

    def credential_holder(self, kind: str, who: str) -> str | None:
        """Whoever has that kind of credentials: themselves first, for the writer somebody who may. None: nobody has."""

    def identity(self, who: str) -> TestUser:
        """Who sends a case, with their credentials. Raises NotJudged."""

    def body(self, roles: Mapping[str, Ref], user: TestUser | None, keys: tuple[str, ...] | None = None) -> Any:
        """A valid body, None where none is needed."""

    def personas(self, keys: Iterable[str] = ()) -> Mapping[str, Persona]:
        """The personas for a body with these keys, by name."""

    def wait_until_allowed(self, send: Callable[[], Exchange]) -> Exchange:
        """What is answered to who must be allowed, once privileges had the time that they may take."""
