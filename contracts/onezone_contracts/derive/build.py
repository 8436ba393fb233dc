"""What every topic needs to make requirements: the contract's facts and their sources."""

from __future__ import annotations

from dataclasses import dataclass

from onezone_spec import Body, Contract, Operation, Source

from onezone_contracts.cases import NOBODY
from onezone_contracts.checks.status import noted
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import Check, Level, Requirement, Sending

Row = tuple[str, Level, str, Source, Check]
"""Topic, level, text, source and check of a requirement."""
CONSUMING = frozenset({"attach", "detach", "delete", "revoke", "clear"})
"""Verbs after which the same request has nothing left to do."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes requirements of one operation."""

    contract: Contract
    operation: Operation
    personas: tuple[Persona, ...]
    lockable_user: str | None = None
    """A user for wrong passwords who is not one of the personas."""

    @property
    def lockable_name(self) -> str:
        """The user name for wrong passwords: that of a persona which no later case needs, since it may be locked."""
        return self.lockable_user or next(
            (persona.name for persona in reversed(self.personas) if not persona.allowed), NOBODY
        )

    @property
    def repeatable(self) -> bool:
        """Whether the same valid request can be sent again and again, and succeeds each time."""
        return self.operation.effect.verb not in CONSUMING

    @property
    def body(self) -> Body:
        """The operation's request body."""
        assert self.operation.body is not None
        return self.operation.body

    def requirement(
        self, topic: str, level: Level, text: str, source: Source | str, check: Check, needs: str | None = None
    ) -> Requirement:
        """A requirement of this operation, no more than advice where another edition's document alone says so."""
        level = self.contract.at_most(level, source)
        return Requirement(topic, self.operation.id, level, text, str(source), check, needs)

    def answer_source(self, status: int) -> Source:
        """Where a status is documented."""
        response = self.operation.responses.get(status)
        return (response.source if response else None) or self.operation.source

    def rfc(self, document: str, section: str) -> Source:
        """A section of an RFC that the contract names."""
        return self.contract.source({"document": document, "section": section})

    def documented(self, level: Level = Level.OBSERVE, promised: Level = Level.MUST) -> Level:
        """`promised` where what released servers answer is documented, else `level`: other documents are silent."""
        return promised if self.operation.as_released else level

    def judge(self, topic: str, level: Level, text: str, source: Source | str, check: Sending) -> Requirement:
        """A requirement of some cases: judged by the check; where the edition leaves it open, what comes is noted."""
        looked = noted(*check.cases) if level is Level.OBSERVE else check
        return self.requirement(topic, level, text, source, looked)
