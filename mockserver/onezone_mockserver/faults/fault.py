"""What a fault is: an id, one sentence, who should notice it, and a hook at a point of the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onezone_spec import Operation


Around = Callable[[Any, Any], Any]
"""Makes what stands at a point out of what stood there before, and the mock's state (MockState)."""

CLASSIC = ("classic",)
DEPLOYED = ("deployed",)
NEWER = ("current", "deployed")
OLDER = ("classic", "current")
ALL = ("classic", "current", "deployed")


class UnknownFaultError(ValueError):
    """There is no such fault; the message is one line."""


def documented(operation: Operation) -> bool:
    """Whether it is the operation that the two documents describe, known by what it does."""
    effect = operation.effect
    return (effect.verb, effect.resource, effect.within) == ("create", "handle_service", "group")


@dataclass(frozen=True, slots=True)
class Hook:
    """Puts something around what stands at a point of the pipeline, when the mock is assembled.

    The points are `application` (the whole pipeline as ASGI), `answer` (what a finished answer becomes), the name of
    a stage (its check), `effect` (its performer), and `world.METHOD`. `meant` says of which operations.
    """

    point: str
    around: Around
    meant: Callable[[Operation], bool] = documented


@dataclass(frozen=True, slots=True)
class Fault:
    """One deviation. `noticed_by` has the topics of the requirements that should notice it, as glob patterns.

    One of profile `full` is seen by judging every operation; then they are whole ids of requirements. `more` are hooks
    at other points, where one alone cannot do it: what is remembered at one comes out at another.
    """

    id: str
    text: str
    hook: Hook
    noticed_by: tuple[str, ...]
    editions: tuple[str, ...] = ALL
    profile: str = "core"
    more: tuple[Hook, ...] = ()

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """All that it puts around something."""
        return (self.hook, *self.more)


def fault(name: str, text: str, hook: Hook, *noticed_by: str, editions: tuple[str, ...] = ALL) -> Fault:
    """A fault, its requirements written behind its hook."""
    return Fault(name, text, hook, noticed_by, editions)
