"""What every account of an operation's requests has in common; by itself it knows nothing of what is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.sent import Prepared, Sent
from onezone_contracts.state.leak import Leak

UNSEEN = "what is there is not known: give an administrator's account, with --admin or as `admin` in the target file"


class Tracker:
    """Keeps account of what the requests of one operation did to the target.

    `separable` says whether it can be told which of several accepted requests at the same time did what; `leaks` are
    told so far.
    """

    def __init__(self, *, separable: bool = True) -> None:
        self.separable = separable
        self.leaks: list[Leak] = []

    def before(self, prepared: Prepared) -> None:
        """Look at what earlier requests left behind, as long as it can be told from what this one does."""

    def accepted(self, sent: Sent) -> None:
        """See what an accepted request did."""

    def refused(self, sent: Sent) -> None:
        """A request that was not accepted; the look at its traces may wait for others."""

    def together(self, accepted: list[Sent]) -> object:
        """Requests that were accepted at the same time, or with nothing read in between."""

    def at_once(self, sent: list[Sent], *, answered: bool) -> bool:  # noqa: ARG002
        """Account for requests at the same time; whether all of it is plain. What is not, is sent again alone."""
        return answered

    def look(self, sent: Sent) -> None:
        """Look at what a refused request, and those that wait with it, left behind."""

    def see(self, sent: Sent) -> None:  # noqa: ARG002
        """See that one refused request changed nothing of what it named. Raises NotJudged where that cannot be seen."""
        raise NotJudged(UNSEEN, blocked=True)

    def all(self, log: Sequence[Sent]) -> list[Leak]:  # noqa: ARG002
        """Everything that refused requests left behind. Raises NotJudged where that cannot be seen."""
        raise NotJudged(UNSEEN, blocked=True)

    def kept(self, sent: Sent) -> Iterator[Finding]:  # noqa: ARG002
        """How what is read back of an accepted case, or the answer of a reading one, is not what it should be."""
        return iter(())

    def consequences(self, sent: Sent) -> Iterator[Finding]:
        """What is wrong with what came of a case: what was accepted is there as sent, what was refused left nothing."""
        if sent.succeeded:
            yield from self.kept(sent)
            return
        before = len(self.leaks)
        self.look(sent)
        for leak in self.leaks[before : before + 1]:
            yield leak.finding()
