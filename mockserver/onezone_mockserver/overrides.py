"""Overrides: what the mock is to do with some requests, other than usual, and how often.

The types are those of `/_mock/overrides`; `Override` counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

if TYPE_CHECKING:
    from onezone_mockserver.faults.fault import Fault

Text = Annotated[str, Meta(min_length=1)]
LONGEST_WAIT = 300
"""Seconds."""


class When(Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """The requests that are meant: all that is given must match.

    In `path` and in values of `header`, `*` stands for any text. `user` is a name or an id, `path` the whole path
    without the query, or what follows the base path.
    """

    operation: Text | None = None
    user: Text | None = None
    method: Text | None = None
    path: Text | None = None
    header: dict[Text, str] = {}
    world: Text | None = None


class Then(Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """What to do, after `wait` seconds: answer, drop the connection, cut the body short, or act with a fault."""

    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    headers: dict[Text, str] = {}
    body: Raw | UnsetType = UNSET
    drop: bool = False
    cut: Annotated[int, Meta(ge=0)] | None = None
    wait: Annotated[float, Meta(ge=0, le=LONGEST_WAIT)] | None = None
    fault: Text | None = None


class Rule(Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """One override as it is written: always, where it has no `times`."""

    then: Then
    when: When = When()
    times: Annotated[int, Meta(ge=1)] | None = None


class Override:
    """An override in use. `faults` are the faults of the server and its own, None if it has none of its own."""

    def __init__(self, rule: Rule, faults: tuple[Fault, ...] | None = None) -> None:
        self.rule = rule
        self.faults = faults
        self.used = 0

    @property
    def is_over(self) -> bool:
        """Whether it was used as often as it may be."""
        return self.rule.times is not None and self.used >= self.rule.times

    @property
    def words(self) -> str:
        """What it does, for people, and for which time."""
        then = self.rule.then
        what = [f"status {then.status}"] if then.status else []
        what += ["the connection is dropped"] if then.drop else []
        what += [f"cut after {then.cut} bytes"] if then.cut is not None else []
        what += [f"the fault {then.fault}"] if then.fault else []
        what += [f"waited {then.wait:g} s"] if then.wait is not None else []
        often = f" ({self.used} of {self.rule.times})" if self.rule.times else ""
        return f"override: {', '.join(what)}{often}"
