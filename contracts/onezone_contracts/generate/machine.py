"""State machines that Hypothesis draws the steps of; what they show is shrunk elsewhere."""

from __future__ import annotations

import warnings
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test


class Machine(RuleBasedStateMachine):
    """Takes sequences of steps in a setting; `play` is the one that is taken, of the class `game`."""

    setting: Any
    game: Any
    idle = True

    def __init__(self) -> None:
        super().__init__()
        self.play = None if self.idle else self.game(self.setting)
        type(self).idle = False  # Hypothesis begins with the plainest steps of all: no request is spent on those


def drawn(machine: type[Machine], lengths: tuple[int, int], number: int, **more: Any) -> None:
    """Take so many sequences of so many steps, the same ones for the same seed. Raises what a step raises.

    Args:
        machine: draws the steps.
        lengths: how many sequences, and how many steps each.
        number: the seed.
        more: the setting, and what else the machine has.
    """
    count, steps = lengths
    test = get_state_machine_test(
        type("Drawn", (machine,), {"idle": True, **more}),
        settings=settings(
            max_examples=count + 1,
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
