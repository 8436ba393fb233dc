"""What a check asks of the run of one operation, whichever it is and whoever sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from onezone_spec import Contract, Operation

from onezone_contracts.cases import Case
from onezone_contracts.exchange import Exchange
from onezone_contracts.options import Options
from onezone_contracts.requirement import Finding
from onezone_contracts.target.file import Identity


class Evidence(Protocol):
    """A case that was sent, and what was answered."""

    @property
    def case(self) -> Case: ...  # noqa: D102

    @property
    def exchange(self) -> Exchange: ...  # noqa: D102


class Sender(Protocol):
    """What a check asks of the run of one operation: to send cases, and what was sent before."""

    @property
    def contract(self) -> Contract: ...  # noqa: D102

    @property
    def operation(self) -> Operation: ...  # noqa: D102

    @property
    def options(self) -> Options: ...  # noqa: D102

    @property
    def evidence(self) -> list[Evidence]:
        """Everything that was sent so far."""

    def send(self, case: Case, *, accept: bool = False) -> Evidence:
        """The case's exchange, sent now if it was not before. Raises NotJudged."""

    def each(self, cases: Iterable[Case], *, accept: bool = False) -> Iterator[Evidence]:
        """The exchanges of the cases in their order."""

    def in_turn(self, *cases: Case) -> list[Evidence]:
        """The cases one directly after another, whether they were sent before or not, with nothing read in between."""

    def fresh(self, case: Case, *, accept: bool = False) -> Evidence:
        """The case's exchange, sent now, whether it was sent before or not. Raises NotJudged."""

    def ahead(self, cases: list[Case], *, accept: bool = False) -> None:
        """Send cases at the same time, where there are several workers; what cannot be is left for later.

        `accept`: the contract promises a success.
        """

    @property
    def several(self) -> bool:
        """Whether there are several workers."""

    def sent_before(self, case: Case) -> bool:
        """Whether the case was sent."""

    def consequences(self, sent: Evidence) -> Iterator[Finding]:
        """What is wrong with what came of a case: what was accepted is there as sent, what was refused left nothing."""

    def kept(self, sent: Evidence) -> Iterator[Finding]:
        """How what is read back of an accepted case differs from what was sent."""

    def identity(self, who: str) -> Identity:
        """Who sends a case. Raises NotJudged."""

    def having(self, kind: str, who: str) -> str | None:
        """Who stands in for somebody where that kind of credentials is needed, themselves first; None where nobody."""
