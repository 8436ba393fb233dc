"""A short sequence that goes everywhere: each persona, each refusal, before and after something left."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from onezone_contracts.sequences.group_setting import GroupSetting
from onezone_contracts.sequences.step import CREATE, LEAVE, NAMESAKE, READ, REFUSE, TRESPASS, Step

OVERTURE = ((CREATE, 1), (CREATE, 2), (REFUSE, 0), (NAMESAKE, 1, 3), (READ, 1), (REFUSE, 0), (CREATE, 4))
"""Before anything left: verb and service; for a namesake that of the older one and its own."""
TOUR = (
    (CREATE, 1),
    (CREATE, 2),
    (LEAVE, 1),
    (REFUSE, 0),
    (CREATE, 3),
    (READ, 1),
    (NAMESAKE, 1, 4),
    (LEAVE, 1),
    (CREATE, 5),
    (TRESPASS, 2),
    (LEAVE, 2),
    (REFUSE, 0),
    (NAMESAKE, 5, 6),
    (READ, 2),
    (LEAVE, 6),
    (REFUSE, 0),
    (LEAVE, 4),
    (REFUSE, 0),
    (CREATE, 7),
    (READ, 3),
)
"""With some that leave; where nobody may, those steps are left out."""


def tour(setting: GroupSetting, plan: tuple[tuple[str, int] | tuple[str, int, int], ...]) -> Iterator[Step]:
    """The steps, with the personas and the refusals in turn."""
    numbers = {key: setting.number() for key in range(1, 8)}
    turns = {CREATE: count(), REFUSE: count()}
    for verb, service, *own in plan:
        about = (numbers[service],) if verb not in {CREATE, REFUSE} else ()
        if verb in {CREATE, NAMESAKE}:
            actor = next(turns[CREATE]) % len(setting.creators)
            yield Step(verb, actor, about, gives=numbers[own[0] if own else service])
        elif verb != REFUSE:
            yield Step(verb, roles=about)
        elif setting.refusals:
            yield Step(verb, next(turns[REFUSE]) % len(setting.refusals))
