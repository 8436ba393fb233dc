"""Search for a sequence of steps that shows something: once for all requirements of a run that sequences judge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Generic

from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.shrinking import Setting, Step, StoppedError, ViolationError


class Play(ABC, Generic[Step]):
    """One sequence, as it is taken."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.actions: list[Step] = []

    def perform(self, step: Step) -> None:
        """Take a step. Raises ViolationError where something is then not as it should be, StoppedError out of time."""
        if self._setting.over:
            raise StoppedError
        self.actions.append(step)
        try:
            self.take(step)
        except NotJudged as reason:
            raise StoppedError(reason.reason) from None
        self._setting.taken += 1

    @abstractmethod
    def fits(self, step: Step) -> bool:
        """Whether a step can be taken now."""

    @abstractmethod
    def take(self, step: Step) -> None:
        """Take a step that fits, and compare. Raises ViolationError, StoppedError and NotJudged."""

    @abstractmethod
    def end(self) -> None:
        """Remove what the steps made."""


def attempt(play: Play[Step], steps: Iterable[Step]) -> ViolationError[Step] | None:
    """Take those of the steps that fit; what they show, if anything. Raises StoppedError."""
    try:
        for step in steps:
            if play.fits(step):
                play.perform(step)
    except ViolationError as violation:
        return violation
    finally:
        play.end()
    return None


class Search(ABC):
    """What sequences showed, by kind; `reason` says why no more was seen, `ended` which kind ended them."""

    def __init__(self) -> None:
        self.findings: dict[str, Finding] = {}
        self.reason: NotJudged | None = None
        self.ended: str | None = None
        self._taken = False

    def shows(self, kind: str) -> Iterator[Finding]:
        """The finding of a kind, if there is one. Raises NotJudged where nothing could be seen of it."""
        if not self._taken:
            self._taken = True
            self.take()
        if kind in self.findings:
            yield self.findings[kind]
        elif reason := self.reason or self.lack(kind):
            raise reason
        elif self.ended:
            raise NotJudged(f"the sequences ended with sequence.{self.ended}", blocked=True)

    @abstractmethod
    def take(self) -> None:
        """Take all sequences, and note what they show."""

    def lack(self, kind: str) -> NotJudged | None:  # noqa: ARG002
        """Why nothing can be seen of a kind, whatever steps are taken."""
        return None
