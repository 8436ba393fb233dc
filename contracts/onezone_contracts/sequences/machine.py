"""The state machine: Hypothesis draws what to do, and the sequence a way to do it that its state allows.

What there is to draw is the setting's: in one group, without an administrator, it is fewer things than with one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test, initialize, precondition, rule

from onezone_contracts.sequences.play import Play, Setting
from onezone_contracts.sequences.predict import Expected
from onezone_contracts.sequences.step import Step

PICKS = st.integers(min_value=0, max_value=2**31)
REFUSED = (Expected.FORBIDDEN, Expected.ABSENT, Expected.UNAUTHENTICATED)


def _operation(pool: str) -> Any:
    return st.runner().flatmap(lambda machine: st.sampled_from(machine.setting.pools[pool]))


class Machine(RuleBasedStateMachine):
    """Takes sequences of steps in a setting, one after the other; `play` is the one that is taken."""

    setting: Setting
    new: Callable[[], Play]
    idle = True

    def __init__(self) -> None:
        super().__init__()
        self.play: Play | None = None if self.idle else self.new()
        self.over = False
        type(self).idle = False  # Hypothesis begins with the plainest steps of all: no request is spent on those

    def _take(self, step: Step | None) -> None:
        if not self.play or not step or not self.play.fits(step):
            return
        try:
            self.play.perform(step)
        except BaseException:
            self.over = True
            raise

    def _draw(self, name: str, pick: int, *expected: Expected) -> None:
        if self.play and name in self.setting.operations:
            self._take(self.play.choose(name, pick, expected))

    def _ask_what_changed(self, pick: int) -> None:
        """Ask for what was allowed and is not any more, or the other way round."""
        self._take(self.play.changed(pick) if self.play else None)

    @initialize(pick=PICKS)
    def begin(self, pick: int) -> None:
        """Make what every sequence begins with, and note what may be done then and what not."""
        if self.play:
            for step in self.play.opening(pick):
                self._take(step)

    @precondition(lambda machine: machine.setting.pools["change"])
    @rule(name=_operation("change"), pick=PICKS)
    def change(self, name: str, pick: int) -> None:
        """Change something that the actor may change."""
        self._draw(name, pick, Expected.ALLOWED)

    @precondition(lambda machine: machine.setting.pools["change"] and machine.setting.pools["read"])
    @rule(name=_operation("change"), pick=PICKS, look=_operation("read"), other=PICKS)
    def change_and_read(self, name: str, pick: int, look: str, other: int) -> None:
        """Change something, see who may do what now, and read something else."""
        self._draw(name, pick, Expected.ALLOWED)
        self._ask_what_changed(other)
        self._draw(look, other, Expected.ALLOWED, Expected.ABSENT)

    @precondition(lambda machine: machine.setting.pools["delete"])
    @rule(name=_operation("delete"), pick=PICKS)
    def delete(self, name: str, pick: int) -> None:
        """Delete something, and see who may do what now."""
        self._draw(name, pick, Expected.ALLOWED)
        self._ask_what_changed(pick)

    @precondition(lambda machine: machine.setting.pools["refuse"])
    @rule(name=_operation("refuse"), pick=PICKS)
    def be_refused(self, name: str, pick: int) -> None:
        """Ask for what is not allowed, or of what is gone."""
        self._draw(name, pick, *REFUSED)

    @precondition(lambda machine: machine.setting.pools["any"])
    @rule(name=_operation("any"), pick=PICKS)
    def go_by_privileges(self, name: str, pick: int) -> None:
        """Ask as one of the users, whatever comes of it."""
        self._draw(name, pick)

    @precondition(lambda machine: machine.setting.pools["change"])
    @rule(name=_operation("change"), pick=PICKS, other=PICKS)
    def change_and_ask(self, name: str, pick: int, other: int) -> None:
        """Change something, and see twice who may do what now."""
        self._draw(name, pick, Expected.ALLOWED)
        self._ask_what_changed(pick)
        self._ask_what_changed(other)

    @precondition(lambda machine: machine.setting.pools["read"])
    @rule(name=_operation("read"), pick=PICKS)
    def read(self, name: str, pick: int) -> None:
        """Read something."""
        self._draw(name, pick, Expected.ALLOWED, Expected.ABSENT)

    def teardown(self) -> None:
        """Look at everything, then remove it."""
        if not self.play:
            return
        try:
            for step in () if self.over else list(self.play.readings()):
                self._take(step)
        finally:
            self.play.end()


def drawn(setting: Setting, new: Callable[[], Play]) -> None:
    """Take drawn sequences, each a `new` one; they are the same for the same seed.

    Raises ViolationError for the first that shows something, StoppedError without time.
    """
    count, steps = setting.lengths[setting.options.depth]

    class Drawn(Machine):
        idle = True

    Drawn.setting, Drawn.new = setting, staticmethod(new)
    test = get_state_machine_test(
        Drawn,
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
        try:
            seed(setting.options.seed)(test)()
        finally:  # Hypothesis keeps every class of machines, which is not to keep all that was sent
            del Drawn.setting, Drawn.new
