"""Runs of a state machine that Hypothesis draws; what they show is shrunk elsewhere."""

from __future__ import annotations

import warnings

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test


def take(machine: type[RuleBasedStateMachine], count: int, steps: int, number: int) -> None:
    """Take so many sequences of so many steps, the same ones for the same seed `number`. Raises what a step raises."""
    test = get_state_machine_test(
        machine,
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            print_blob=False,
        ),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seed(number)(test)()
