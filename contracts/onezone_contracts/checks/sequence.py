"""Sequences of requests: each step leaves the group as the steps before and itself say."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.requirement import Check, Finding
from onezone_contracts.sequences.group_search import GroupSequences
from onezone_contracts.supplied_run import SuppliedRun


def shows(kind: str) -> Check:
    """The check of one kind of finding; all look at the same sequences of a run."""

    def check(run: SuppliedRun) -> Iterator[Finding]:
        taken: GroupSequences = run.common.setdefault(GroupSequences, GroupSequences(run))
        yield from taken.shows(kind)

    return check
