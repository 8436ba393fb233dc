"""The account of what requests did to the target: what refused ones left behind, and which of them did it.

There is one way to wait, to look and to name a culprit. What the target is compared with is another matter: a `Ledger`
goes by what was last read of groups in which others may work, `Effects` by what must be of what the kit made alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.sent import Prepared, Sent
from onezone_contracts.state.leak import Alone, Leak, seen_alone
from onezone_contracts.state.probe import Difference

UNSEEN = "what is there is not known: give an administrator's account, with --admin or as `admin` in the target file"
SUSPECTS = 60
"""So many refused requests, at most, are sent again to see which of them did it."""
Place = Hashable
"""Where requests may leave something behind: a group, or the stage of an operation."""


class Tracker:
    """Keeps account of what the requests of one operation did to the target; by itself it knows nothing of that.

    `pending` are refused requests by the place where their traces are still to be looked for, `leaks` what was seen of
    such traces so far.

    Args:
        separable: whether it can be told which of several accepted requests at the same time did what.
        private: whether nobody else works in these places: then a single suspect did it.
        each: does what `map` does, at the same time where there are workers.
    """

    def __init__(
        self, *, separable: bool = True, private: bool = False, each: Callable[..., Iterator[Any]] = map
    ) -> None:
        self.separable = separable
        self.private = private
        self.each = each
        self.leaks: list[Leak] = []
        self.pending: dict[Place, list[Sent]] = {}

    # --- what is sent -------------------------------------------------------------------------------------

    def before(self, prepared: Prepared) -> None:
        """Look at what earlier requests left behind, as long as it can be told from what this one does."""

    def accepted(self, sent: Sent) -> None:
        """See what an accepted request did."""

    def refused(self, sent: Sent) -> None:
        """A request that was not accepted; the look at its traces may wait for others."""
        for place in self.places(sent):
            self.pending.setdefault(place, []).append(sent)

    def together(self, accepted: list[Sent]) -> object:
        """Requests that were accepted at the same time, or with nothing read in between."""

    def at_once(self, sent: list[Sent], *, answered: bool) -> bool:  # noqa: ARG002
        """Account for requests at the same time; whether all of it is plain. What is not, is sent again alone."""
        return answered

    # --- what the target is compared with -------------------------------------------------------------------

    def places(self, sent: Sent) -> Iterable[Place]:  # noqa: ARG002
        """Where a refused request may have left something that can be seen."""
        return ()

    def changed(self, place: Any, suspects: Sequence[Sent]) -> list[Difference]:  # noqa: ARG002
        """What is not there as it was, or as it must be, after these requests; it is told once."""
        return []

    def alone(self, place: Any, suspect: Sent, *, left: Sequence[Difference]) -> tuple[Sent, list[Difference]]:
        """Send a suspect of what was `left` behind again, by itself: that, and what it leaves behind."""
        raise NotImplementedError

    # --- who did it ---------------------------------------------------------------------------------------

    def flush(self, *places: Place) -> None:
        """See that the refused requests changed nothing, in these places or all, and name those that did."""
        waiting = {place: self.pending.pop(place) for place in places or tuple(self.pending) if place in self.pending}
        looks = list(self.each(lambda entry: self.changed(*entry), list(waiting.items())))
        replayed = False
        for (place, suspects), first in zip(waiting.items(), looks, strict=True):
            left = [*first, *(self.changed(place, suspects) if replayed and not self.private else ())]
            if left:
                self.blame(suspects, left, partial(self.alone, place, left=left))
                replayed = True

    def blame(
        self, suspects: Sequence[Sent], left: Sequence[Difference], alone: Alone, *, otherwise: bool = True
    ) -> bool:
        """Note who left something behind, and say whether somebody was seen to.

        Args:
            suspects: the refused requests before it was seen.
            left: what was.
            alone: sends one of them again, and looks.
            otherwise: whether it is told where none is seen to have done it; then nobody is accused.
        """
        single = self.private and len(suspects) == 1
        seen = [] if single else seen_alone(suspects[:SUSPECTS], alone)
        more = [Leak(tuple(suspects), difference, confirmed=single) for difference in left] if otherwise else []
        self.leaks += seen or more
        return bool(seen)

    # --- what is found ------------------------------------------------------------------------------------

    def look(self, sent: Sent) -> None:
        """Look at what a refused request, and those that wait with it, left behind."""

    def see(self, sent: Sent) -> None:  # noqa: ARG002
        """See that one refused request changed nothing of what it named. Raises NotJudged where that cannot be seen."""
        raise NotJudged(UNSEEN, blocked=True)

    def all(self, log: Sequence[Sent]) -> list[Leak]:  # noqa: ARG002
        """Everything that refused requests left behind. Raises NotJudged where that cannot be seen."""
        raise NotJudged(UNSEEN, blocked=True)

    def deviations(self, sent: Sent) -> Iterator[Finding]:  # noqa: ARG002
        """How what is read back of an accepted case, or the answer of a reading one, is not what it should be."""
        return iter(())

    def consequences(self, sent: Sent) -> Iterator[Finding]:
        """What is wrong with what came of a case: what was accepted is there as sent, what was refused left nothing."""
        if sent.succeeded:
            yield from self.deviations(sent)
            return
        before = len(self.leaks)
        self.look(sent)
        for leak in self.leaks[before : before + 1]:
            yield leak.finding()
