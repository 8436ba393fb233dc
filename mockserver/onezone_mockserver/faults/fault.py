"""What a fault is: an id, one sentence, who should notice it, and hooks at points of the mock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from onezone_spec import Effect, Operation

from onezone_mockserver.world import World

Around = Callable[[Any, Any], Any]
"""Makes what stands at a point out of what stood there before, and the mock's state (MockState)."""
Selector = Callable[[Operation], bool]

CLASSIC = ("classic",)
DEPLOYED = ("deployed",)
NEWER = ("current", "deployed")
OLDER = ("classic", "current")
ALL: tuple[str, ...] = ()
"""Every edition, also one that is new."""
CORE, FULL = "core", "full"


class Point(StrEnum):
    """Where a hook can stand: at a stage of the pipeline, by its name, or elsewhere in the mock."""

    PREFER = "prefer"
    SECURITY = "security"
    ACCEPT = "accept"
    MEDIA_TYPE = "media_type"
    PARAMETERS = "parameters"
    READING = "reading"
    BODY = "body"
    EXISTENCE = "existence"
    REFERENCES = "references"
    AUTHORIZATION = "authorization"
    VALIDATION = "validation"
    LOOKUP = "lookup"
    EFFECT = "effect"
    """What performs the operation."""
    ANSWER = "answer"
    """What a finished answer becomes."""
    APPLICATION = "application"
    """The whole pipeline as ASGI."""
    WORLD = "world"
    """A method of the world, which the hook names."""


class UnknownFaultError(ValueError):
    """There is no such fault; the message is one line."""


def documented(operation: Operation) -> bool:
    """Whether it is the operation that the two documents describe, known by what it does."""
    effect = operation.effect
    return (effect.verb, effect.resource, effect.within) == ("create", "handle_service", "group")


def on(verb: str, resource: str, within: str | None = None, *, effective: bool = False, part: str = "") -> Selector:
    """The operation with that effect."""
    effect = Effect(verb, resource, within, effective, part)
    return lambda operation: operation.effect == effect


@dataclass(frozen=True, slots=True)
class Hook:
    """Puts something around what stands at a point when the mock is assembled; `selector` says of which operations.

    At Point.WORLD, `method` is the name of the method of World. Raises ValueError if World has no such method.
    """

    point: Point
    around: Around
    selector: Selector = documented
    method: str = ""

    def __post_init__(self) -> None:
        """A method stands at Point.WORLD and nowhere else, and is one that World has."""
        if (self.point is Point.WORLD) != bool(self.method):
            raise ValueError(f"a hook at {self.point!r} cannot name the method {self.method!r}")
        if self.method and not callable(getattr(World, self.method, None)):
            raise ValueError(f"World has no method {self.method!r}")

    def of(self, selector: Selector) -> Hook:
        """The same hook for other operations."""
        return replace(self, selector=selector)


@dataclass(frozen=True, slots=True)
class Fault:
    """One deviation. `noticed_by` has the topics of the requirements that should notice it, as glob patterns.

    One of profile `full` is seen by judging every operation; then they are whole ids of requirements. It has several
    hooks where one alone cannot do it: what is remembered at one comes out at another.
    """

    id: str
    text: str
    hooks: tuple[Hook, ...]
    noticed_by: tuple[str, ...]
    editions: tuple[str, ...] = ALL
    profile: str = CORE

    def suits(self, edition: str | None) -> bool:
        """Whether it makes a difference in that edition of the kit's, or one that rests on it; None is no such one."""
        return edition is not None and (not self.editions or edition in self.editions)


def fault(
    name: str, text: str, hooks: Hook | tuple[Hook, ...], *noticed_by: str, editions: tuple[str, ...] = ALL
) -> Fault:
    """A fault, its requirements written behind its hooks."""
    return Fault(name, text, (hooks,) if isinstance(hooks, Hook) else hooks, noticed_by, editions)
