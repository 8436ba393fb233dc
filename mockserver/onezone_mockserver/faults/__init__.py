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

    from onezone_spec import Contract

__all__ = ["Fault", "Hook", "UnknownFaultError", "catalogue", "chosen", "summary"]

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
    "forgery",
    "comparison",
    "revealing",
)
FULL_GROUPS = (
    "around_access",
    "around_state",
    "around_answers",
    "around_body",
    "around_lists",
    "around_sides",
    "around_history",
    "around_members",
    "around_memory",
    "around_tokens",
    "around_handles",
    "around_upstream",
)
GROUPS = (*CORE_GROUPS, *FULL_GROUPS)


def catalogue(contract: Contract | None = None, *, derived: bool = False) -> tuple[Fault, ...]:
    """Every fault that is written down, group by group; of a contract, those that suit it and a few derived ones.

    With `derived`, every one that can be derived from the contract.
    """
    from onezone_mockserver.faults import mutations

    core = (fault for group in CORE_GROUPS for fault in _faults(group))
    written = (*core, *(replace(fault, profile=FULL) for group in FULL_GROUPS for fault in _faults(group)))
    if contract is None:
        return written
    more = mutations.derived(contract).values() if derived else mutations.sample(contract)
    return (*(fault for fault in written if fault.suits(contract.extends)), *more)


def _faults(group: str) -> tuple[Fault, ...]:
    faults: tuple[Fault, ...] = import_module(f"onezone_mockserver.faults.{group}").FAULTS
    return faults


def summary(contract: Contract) -> str:
    """How many faults can be derived from a contract, and how they are named, in a line."""
    from onezone_mockserver.faults import mutations

    kinds = "|".join(mutations.kinds(contract))
    count = len(mutations.derived(contract))
    return f"{count} derived from the contract: derived-OPERATION-({kinds})-DETAIL; GET /_mock/faults?derived=true"


def chosen(ids: Iterable[str], contract: Contract) -> tuple[Fault, ...]:
    """The faults of these ids. Raises UnknownFaultError for one that there is not, or not in that edition."""
    from onezone_mockserver.faults import mutations

    by_id = {fault.id: fault for fault in catalogue()}
    faults = []
    for name in dict.fromkeys(ids):
        written = by_id.get(name)
        fault = written or mutations.derived(contract).get(name)
        if fault is None:
            raise UnknownFaultError(f"there is no fault {name!r}; `ozkit mock --list-faults` lists them")
        if written and not written.suits(contract.extends):
            raise UnknownFaultError(f"the fault {name!r} makes no difference in the edition {contract.edition}")
        faults.append(fault)
    return tuple(faults)
