"""What one can look at to see whether the target holds what it should."""

from __future__ import annotations

from dataclasses import dataclass

from onezone_contracts.state.expected import Ref


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to look at.

    `what` is `details`, the `members` of a kind, `privileges` in a container or in the `zone`, or a
    user's `login`.
    """

    what: str
    ref: Ref
    other: Ref | None = None
    kind: str = ""
