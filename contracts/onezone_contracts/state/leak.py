"""What refused requests left behind, and which of them did it: who is named was seen to do it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from onezone_contracts.requirement import Finding
from onezone_contracts.sent import Sent
from onezone_contracts.state.probe import Difference

Alone = Callable[[Sent], tuple[Sent, list[Difference]]]
"""Sends a request again when nothing else was sent; gives that, and what is not as before then."""


@dataclass(frozen=True, slots=True)
class Leak:
    """What was not as before after refused requests; `confirmed`: a single one was seen to do it."""

    sent: tuple[Sent, ...]
    difference: Difference
    confirmed: bool = False

    def finding(self) -> Finding:
        """What was left behind, by the one that was seen to do it; else by all that were sent, and none is accused."""
        seen, last, steps = self.difference, self.sent[-1], tuple(request.exchange for request in self.sent)
        if self.confirmed:
            words = f"{last.case.label}: refused with {last.exchange.answer()}, yet this changed: {seen.what}"
            steps = tuple(filter(None, (last.exchange, seen.exchange)))
        else:
            several = "request" if len(steps) == 1 else "requests"
            after = f"after {len(steps)} refused {several} this changed: {seen.what}"
            words = f"{after}; none that was sent again did it alone"
        return replace(seen.finding(words), exchange=last.exchange, steps=steps)


def seen_alone(suspects: Iterable[Sent], alone: Alone) -> list[Leak]:
    """What each suspect leaves behind by itself; one that is accepted then is not to blame."""
    tried = map(alone, suspects)
    return [
        Leak((again,), difference, confirmed=True)
        for again, left in tried
        if not again.succeeded
        for difference in left
    ]
