"""Where nobody knows what should be there: nothing is looked at."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.requirement import Finding
from onezone_contracts.sent import Prepared, Sent

UNSEEN = "what is there is not known: give an administrator's account, with --admin or as `admin` in the target file"


class Unseen:
    """Keeps no account of what requests that change nothing did."""

    separable = True

    def before(self, one: Prepared) -> None:
        """Nothing is left behind."""

    def accepted(self, sent: Sent) -> None:
        """Nothing is known of what it should answer."""

    def refused(self, sent: Sent) -> None:
        """Nothing is left behind."""

    def together(self, accepted: list[Sent]) -> None:
        """Nothing is left behind."""

    def at_once(self, sent: list[Sent], *, answered: bool) -> bool:  # noqa: ARG002
        """All of it is plain, as long as it was answered."""
        return answered

    def consequences(self, sent: Sent) -> Iterator[Finding]:  # noqa: ARG002
        """None are seen."""
        return iter(())

    def kept(self, sent: Sent) -> Iterator[Finding]:  # noqa: ARG002
        """Nothing is kept."""
        return iter(())
