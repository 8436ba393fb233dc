"""What was judged of each requirement, and what was found against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from onezone_spec import Contract, Level, Operation

from onezone_contracts.causes import signature
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.judge import FINDINGS, LOOKED_AT
from onezone_contracts.requirement import Finding, Outcome, Requirement, Result

CONSISTENT = "access.consistent"
"""The one requirement that only traffic is judged by."""


class RequirementSheet:
    """The requirements of an edition as traffic can judge them; each has the id that `ozkit verify` knows it by."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._judged: dict[str, int] = {}
        self._findings: dict[str, list[Finding]] = {}
        self._own: dict[str, Requirement] = {}

    @cached_property
    def derived(self) -> dict[str, Requirement]:
        """The requirements of `ozkit verify --profile full`, by id."""
        return {requirement.id: requirement for requirement in all_requirements(self.contract)}

    def find(self, operation: Operation, *topics: str) -> Requirement | None:
        """The requirement with the first of the topics that the operation has."""
        requirements = (self.derived.get(f"{operation.id}.{topic}") for topic in topics)
        return next((requirement for requirement in requirements if requirement), None)

    def of_error(self, operation: Operation, topic: str, status: int, text: str) -> Requirement:
        """A requirement of the answers of a documented status, also of one that `verify` does not provoke."""
        name = f"{topic}.{status}"
        return self.find(operation, name) or self._make(operation, name, f"The body of a {status} {text}.")

    def consistent(self, operation: Operation) -> Requirement:
        """That decisions on requests agree with the access rule, whatever callers hold."""
        text = "The decisions on callers agree with the access rule, whatever privileges they hold unseen."
        return self._make(operation, CONSISTENT, text)

    def _make(self, operation: Operation, topic: str, text: str) -> Requirement:
        name = f"{operation.id}.{topic}"
        if name not in self._own:
            source = operation.access.source if topic == CONSISTENT else operation.source
            level = self.contract.at_most(Level.MUST, source)
            self._own[name] = Requirement(topic, operation.id, level, text, str(source), lambda _: ())
        return self._own[name]

    def judged(self, requirement: Requirement | None, finding: Finding | None = None) -> None:
        """Note that an exchange was judged by a requirement, and what is wrong with it."""
        if requirement is None:
            return
        self._judged[requirement.id] = self._judged.get(requirement.id, 0) + 1
        if finding is not None:
            findings = self._findings.setdefault(requirement.id, [])
            if len(findings) < LOOKED_AT:
                findings.append(finding)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of what was judged."""
        return frozenset(self._judged)

    def every(self) -> tuple[Requirement, ...]:
        """All requirements, those that only traffic has too."""
        return (
            *self.derived.values(),
            *(requirement for requirement in self._own.values() if requirement.id not in self.derived),
        )

    def results(self, chosen: Iterable[Requirement]) -> Iterator[Result]:
        """The outcome of each that was judged."""
        for requirement in chosen:
            if requirement.id in self._judged:
                yield self._result(requirement)

    def _result(self, requirement: Requirement) -> Result:
        findings = self._findings.get(requirement.id, [])
        if requirement.level is Level.OBSERVE:
            return Result(requirement, Outcome.OBSERVED, _representative(findings))
        if not findings:
            return Result(requirement, Outcome.PASS)
        more = f"{len(findings)} findings, of which the reports show {FINDINGS}" if len(findings) > FINDINGS else None
        outcome = Outcome.FAIL if requirement.level is Level.MUST else Outcome.WARN
        return Result(requirement, outcome, _representative(findings), more)


def _representative(findings: list[Finding]) -> tuple[Finding, ...]:
    """One finding of each that differ, then the first of the others."""
    first = {signature(finding): finding for finding in reversed(findings)}
    others = [finding for finding in findings if finding not in first.values()]
    return (*reversed(first.values()), *others)[:FINDINGS]
