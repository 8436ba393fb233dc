"""A short sequence that goes everywhere: each persona, each refusal, before and after something left."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.sequences.action import CREATE, LEAVE, NAMESAKE, READ, REFUSED, TRESPASS, Action
from onezone_contracts.sequences.setting import Setting

OVERTURE = ((CREATE, 1), (CREATE, 2), (REFUSED, 0), (NAMESAKE, 1, 3), (READ, 1), (REFUSED, 0), (CREATE, 4))
"""Before anything left: verb and service; for a namesake that of the older one and its own."""
TOUR = (
    (CREATE, 1),
    (CREATE, 2),
    (LEAVE, 1),
    (REFUSED, 0),
    (CREATE, 3),
    (READ, 1),
    (NAMESAKE, 1, 4),
    (LEAVE, 1),
    (CREATE, 5),
    (TRESPASS, 2),
    (LEAVE, 2),
    (REFUSED, 0),
    (NAMESAKE, 5, 6),
    (READ, 2),
    (LEAVE, 6),
    (REFUSED, 0),
    (LEAVE, 4),
    (REFUSED, 0),
    (CREATE, 7),
    (READ, 3),
)
"""With some that leave; where nobody may, those steps are left out."""


def tour(setting: Setting, plan: tuple[tuple[str, int] | tuple[str, int, int], ...]) -> Iterator[Action]:
    """The steps, with the personas in turn."""
    numbers = {key: setting.numbers.next() for key in range(1, 8)}
    refusals, turn = list(setting.refusals), 0
    for verb, service, *own in plan:
        who, gives = "", 0
        if verb in {CREATE, NAMESAKE}:
            who, gives = setting.creators[turn % len(setting.creators)], numbers[own[0] if own else service]
            turn += 1
        elif verb == REFUSED and refusals:
            who = refusals[0]
            refusals = [*refusals[1:], who]
        about = 0 if verb in {CREATE, REFUSED} else numbers[service]
        if verb != REFUSED or who:
            yield Action(verb, who, about, gives)
