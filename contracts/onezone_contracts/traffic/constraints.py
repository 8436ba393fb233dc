"""Whether decisions on one caller can be explained by any privileges: a small constraint check.

What a caller may is a set of atoms, each true or not: a privilege, a membership, being somebody. A caller who was
allowed holds every atom of at least one route; a caller who was refused lacks at least one of every route.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Atom = tuple[str, str, str]
"""A kind, an id, and a privilege of that entity; "" for the membership."""
Atoms = frozenset[Atom]
STEPS = 5000
"""So many choices are tried; what takes more counts as explained."""
LONGEST = 150
"""So many decisions are looked at at once."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision with what each route asks for, where `assumed` atoms are known to be held."""

    allowed: bool
    routes: tuple[Atoms, ...]
    assumed: Atoms = frozenset()


def contradiction(decisions: Sequence[Decision]) -> list[int]:
    """The places of a smallest set of decisions that nothing explains; empty where something explains all of them."""
    concerned = _concerned(decisions)
    if not concerned or explained([decisions[place] for place in concerned]):
        return []
    left = list(concerned)
    for place in concerned:
        fewer = [other for other in left if other != place]
        if fewer and not explained([decisions[other] for other in fewer]):
            left = fewer
    return left


def _concerned(decisions: Sequence[Decision]) -> list[int]:
    """The decisions that can be part of a contradiction: refusals, and successes by what refusals are about only."""
    refused = [decision for decision in decisions if not decision.allowed]
    about = frozenset(atom for decision in refused for route in decision.routes for atom in route)
    numbers = [
        number
        for number, decision in enumerate(decisions)
        if not decision.allowed or all(r & about for r in decision.routes)
    ]
    return numbers[:LONGEST] if refused or any(not decision.routes for decision in decisions) else []


def explained(decisions: Sequence[Decision]) -> bool:
    """Whether some set of atoms explains every decision; what takes too long to find out counts as explained."""
    lacking = [route for decision in decisions if not decision.allowed for route in decision.routes]
    given = frozenset(atom for decision in decisions for atom in decision.assumed)
    if any(route <= given for route in lacking):
        return False
    choices = sorted((decision.routes for decision in decisions if decision.allowed), key=len)
    steps = STEPS

    def satisfied(number: int, atoms: Atoms) -> bool:
        nonlocal steps
        if number == len(choices):
            return True
        for route in choices[number]:
            steps -= 1
            if steps < 0:
                return True
            more = atoms | route
            if not any(denied <= more for denied in lacking) and satisfied(number + 1, more):
                return True
        return False

    return satisfied(0, given)
