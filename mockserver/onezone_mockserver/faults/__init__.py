"""Deliberate deviations of the mock, each one that a real team could ship, for whoever wants to see a judge notice.

The catalogue is loaded only when it is asked for: a mock without faults is assembled without any of this.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from onezone_mockserver.faults.fault import FULL, Fault, Hook, UnknownFaultError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Fault", "Hook", "UnknownFaultError", "catalogue", "chosen"]

CORE_GROUPS = (
    "status",
    "location",
    "access",
    "authentication",
    "credentials",
    "unknown_group",
    "validation",
    "acceptance",
    "error_shape",
    "state",
    "sequence",
    "concurrency",
    "protocol",
    "robustness",
    "rare",
)
FULL_GROUPS = (
    "around_access",
    "around_state",
    "around_answers",
    "around_body",
    "around_lists",
    "around_sides",
    "around_history",
    "around_memory",
)
GROUPS = (*CORE_GROUPS, *FULL_GROUPS)


def catalogue() -> tuple[Fault, ...]:
    """Every fault, group by group."""
    core = (one for group in CORE_GROUPS for one in _faults(group))
    return (*core, *(replace(one, profile=FULL) for group in FULL_GROUPS for one in _faults(group)))


def _faults(group: str) -> tuple[Fault, ...]:
    found: tuple[Fault, ...] = import_module(f"onezone_mockserver.faults.{group}").FAULTS
    return found


def chosen(ids: Iterable[str], edition: str) -> tuple[Fault, ...]:
    """The faults of these ids. Raises UnknownFaultError for one that there is not, or not in that edition."""
    known = {one.id: one for one in catalogue()}
    found = []
    for name in dict.fromkeys(ids):
        if name not in known:
            raise UnknownFaultError(f"there is no fault {name!r}; `ozkit mock --list-faults` lists them")
        if edition not in known[name].editions:
            raise UnknownFaultError(f"the fault {name!r} makes no difference in the edition {edition}")
        found.append(known[name])
    return tuple(found)
