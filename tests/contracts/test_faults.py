"""Faults of another implementation are noticed; the few that are not stand in a table, each with its reason.

The usual run judges a sample. `pytest -m exhaustive -n 2 tests/contracts/test_faults.py` judges all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import server
from judge_tools import CommandResult
from second_faults import DOUBTFUL, HARD, SLOW

Command = Callable[..., CommandResult]
EDITION = "current"

NEIGHBOUR = "the profile core judges the create operation; its neighbours are only read"
SHOULD = "the documents do not say so: a SHOULD, and a failure with --strict"
OPEN = "no sentence of the document says so: it is observed"
# What the judge does not see: fault -> why, and the exit code of the run. A row that is noticed fails.
UNSEEN: dict[str, tuple[str, int]] = {
    "drop-after-create": ("no persona that must be allowed is ever answered: no verdict, never green", 2),
    "auth-token-prefix": ("the provider states give passwords; noticed where they give tokens", 0),
    "auth-token-longer": ("the provider states give passwords; noticed where they give tokens", 0),
    "malformed-utf8": (OPEN, 0),
    "media-any": (OPEN, 0),
    "media-form": (OPEN, 0),
    "media-text": (OPEN, 0),
    "media-xml": (OPEN, 0),
    "refuse-pid": ("a server may know the printed form of serviceProperties alone", 0),
    "refuse-text-prefix": ("a server may know the printed form of serviceProperties alone", 0),
    "shape-empty-body": (SHOULD, 0),
    "sequence-id-again": (OPEN, 0),
    "properties-password-lost": ("a server may hide the password when it is read back", 0),
    "properties-defaults": ("a server may show more keys than were sent", 0),
    "numbers-53-bits": ("beyond 2^53 numbers are not the same everywhere (RFC 8259)", 0),
    "list-anybody": (NEIGHBOUR, 0),
    "list-objects": (NEIGHBOUR, 0),
    "list-key": (NEIGHBOUR, 0),
    "list-bare": (NEIGHBOUR, 0),
    "get-anybody": (NEIGHBOUR, 0),
    "leave-nothing": (NEIGHBOUR, 0),
    "leave-200": (NEIGHBOUR, 0),
    "leave-anybody": (NEIGHBOUR, 0),
    "service-anybody": (NEIGHBOUR, 0),
}
JUDGED = [
    entry.id for entry in server.FAULTS.values() if EDITION in entry.editions and entry.id not in DOUBTFUL | HARD | SLOW
]
NOTICED = [name for name in JUDGED if name not in UNSEEN]
# What generated requests or odd values alone show: the sample at the usual depth.
DELICATE = ("rare-emoji", "properties-shared", "zero-null")
SAMPLE = [name for name in NOTICED if "race" not in name][::18]


def judged(command: Command, fault: str, depth: str, *more: str, variants: tuple[str, ...] = ()) -> CommandResult:
    with server.start(EDITION, variants, [fault]) as handle:
        arguments = ("--states-url", handle.states_url, "--edition", EDITION, "--depth", depth)
        return command("verify", handle.base_url, *arguments, "--settle", "0.3", *more)


def noticed(result: CommandResult) -> None:
    """A violation, with what was expected, what came and how to see it again."""
    assert result.code == 1, result.all
    assert "nonconformant" in result.last
    assert " FAIL " in result.out
    assert "Traceback" not in result.all


@pytest.mark.slow
@pytest.mark.parametrize("fault", SAMPLE)
def test_sampled_fault_is_noticed(command: Command, fault: str) -> None:
    """A fault is a violation, at the latest at the usual depth."""
    result = judged(command, fault, "quick")
    noticed(result if result.code else judged(command, fault, "standard"))


@pytest.mark.slow
@pytest.mark.parametrize("fault", DELICATE)
def test_fault_of_odd_values_is_noticed(command: Command, fault: str) -> None:
    """A fault that shows with odd values only is a violation at the usual depth."""
    noticed(judged(command, fault, "standard"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", NOTICED)
def test_every_fault_is_noticed(command: Command, fault: str) -> None:
    """Each fault is a violation; what the quick requirements do not show, the usual depth does."""
    result = judged(command, fault, "quick")
    noticed(result if result.code == 1 else judged(command, fault, "standard"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", UNSEEN)
def test_unseen_fault_is_not_noticed(command: Command, fault: str) -> None:
    """What the table says is not seen is not seen; once it is, its row has to go."""
    reason, code = UNSEEN[fault]
    result = judged(command, fault, "standard")
    assert result.code == code, f"{fault} is noticed now, take it out of the table: {reason}\n{result.out}"


@pytest.mark.slow
@pytest.mark.parametrize("fault", [name for name, (reason, _) in UNSEEN.items() if reason == SHOULD])
def test_broken_advice_is_told(command: Command, fault: str) -> None:
    """A SHOULD that fails is shown as a warning, and is a violation with --strict."""
    result = judged(command, fault, "standard", "--strict")
    assert result.code == 1, result.all
    assert " WARN " in result.out


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["auth-token-prefix", "auth-token-longer"])
def test_fault_of_tokens_is_noticed_where_there_are_tokens(command: Command, fault: str) -> None:
    """What is wrong with tokens is noticed where the personas have tokens."""
    noticed(judged(command, fault, "quick", variants=("token-personas",)))


@pytest.mark.parametrize("fault", ["access-outsider-create", "access-other-group"])
def test_rule_of_another_group_is_noticed(command: Command, fault: str) -> None:
    """What no persona shows in its own group shows in another group, or in one that does not exist."""
    noticed(judged(command, fault, "quick"))


def test_table_of_unseen_faults_names_faults() -> None:
    """The table names faults that there are, and none that is set aside anyway."""
    assert set(UNSEEN) <= set(JUDGED)
    assert set(NOTICED) >= {*SAMPLE, *DELICATE}
