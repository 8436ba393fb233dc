"""The state machine: Hypothesis draws an operation and a way to send it that the state allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from onezone_contracts.generate import machine
from onezone_contracts.state.expected import READING
from onezone_contracts.stateful.choices import DELETE, chosen, readings
from onezone_contracts.stateful.layout import nested
from onezone_contracts.stateful.play import Play
from onezone_contracts.stateful.predict import Expected
from onezone_contracts.stateful.setting import Setting, apart
from onezone_contracts.stateful.step import Step

LENGTHS = {"standard": (8, 12), "deep": (100, 50)}
"""How many sequences are drawn, and how many steps each has beside those it begins with."""
WATCHED = 2
"""How many ways to send each operation are watched."""
DECIDED = frozenset({Expected.ALLOWED, Expected.FORBIDDEN})
PICKS = st.integers(min_value=0, max_value=2**31)


def _operation(kind: str) -> Any:
    return st.runner().flatmap(lambda machine: st.sampled_from(machine.pools[kind]))


class Machine(machine.Machine):
    """Users, groups and services, and every operation on them that takes part."""

    setting: Setting
    pools: dict[str, list[str]]
    game = Play
    play: Play | None

    def __init__(self) -> None:
        super().__init__()
        self.over = False
        self.watched: dict[Step, Expected] = {}
        self._apart = apart(self.setting.account)
        self._apart.__enter__()

    @initialize(pick=PICKS)
    def begin(self, pick: int) -> None:
        """Make what every sequence begins with, and note what users may do then and what not."""
        play = self.play
        if not play:
            return
        for first in nested(self.setting.account.contract):
            self._take(replace(first, quiet=True))
        self._watch(play, pick)

    def _watch(self, play: Play, pick: int) -> None:
        for operation in self.setting.operations.values():
            for shift in range(WATCHED):
                step = chosen(
                    play,
                    operation,
                    pick + shift,
                    lambda candidate: candidate.actor > 0 and play.expected(candidate) in DECIDED,
                )
                if step:
                    self.watched[step] = play.expected(step)

    def _ask_what_changed(self, pick: int) -> None:
        """As a user, ask for what was allowed and is not any more, or the other way round."""
        play = self.play
        if not play:
            return
        now = {step: play.expected(step) for step in self.watched if play.fits(step)}
        changed = [step for step, expected in now.items() if self.watched[step] is not expected]
        changed = [step for step in changed if now[step] in DECIDED] or changed
        if changed:
            step = changed[pick % len(changed)]
            self.watched[step] = now[step]
            self._take(replace(step, gives=self.setting.number()) if step.gives else step)

    def _take(self, step: Step | None) -> None:
        if not self.play or not step or not self.play.fits(step):
            return
        try:
            self.play.perform(step)
        except BaseException:
            self.over = True
            raise

    def _draw(self, name: str, pick: int, *expected: Expected) -> None:
        if not self.play or name not in self.setting.operations:
            return
        play = self.play
        operation = self.setting.operations[name]
        self._take(chosen(play, operation, pick, lambda step: play.expected(step) in expected))

    @precondition(lambda self: self.pools["change"])
    @rule(name=_operation("change"), pick=PICKS)
    def change(self, name: str, pick: int) -> None:
        """Change something that the actor may change."""
        self._draw(name, pick, Expected.ALLOWED)

    @precondition(lambda self: self.pools["change"] and self.pools["read"])
    @rule(name=_operation("change"), pick=PICKS, look=_operation("read"), other=PICKS)
    def change_and_read(self, name: str, pick: int, look: str, other: int) -> None:
        """Change something, see who may do what now, and read something else."""
        self._draw(name, pick, Expected.ALLOWED)
        self._ask_what_changed(other)
        self._draw(look, other, Expected.ALLOWED, Expected.ABSENT)

    @precondition(lambda self: self.pools["delete"])
    @rule(name=_operation("delete"), pick=PICKS)
    def delete(self, name: str, pick: int) -> None:
        """Delete something, and see who may do what now."""
        self._draw(name, pick, Expected.ALLOWED)
        self._ask_what_changed(pick)

    @precondition(lambda self: self.pools["any"])
    @rule(name=_operation("any"), pick=PICKS)
    def be_refused(self, name: str, pick: int) -> None:
        """Ask for what is not allowed, or of what is gone."""
        self._draw(name, pick, Expected.FORBIDDEN, Expected.ABSENT, Expected.UNAUTHENTICATED)

    @precondition(lambda self: self.pools["any"])
    @rule(name=_operation("any"), pick=PICKS)
    def go_by_privileges(self, name: str, pick: int) -> None:
        """Ask as one of the users, whatever comes of it."""
        play = self.play
        if play and name in self.setting.operations:
            operation = self.setting.operations[name]
            self._take(chosen(play, operation, pick, lambda step: step.actor > 0))

    @precondition(lambda self: self.pools["change"])
    @rule(name=_operation("change"), pick=PICKS, other=PICKS)
    def change_and_ask(self, name: str, pick: int, other: int) -> None:
        """Change something, and see twice who may do what now."""
        self._draw(name, pick, Expected.ALLOWED)
        self._ask_what_changed(pick)
        self._ask_what_changed(other)

    @precondition(lambda self: self.pools["read"])
    @rule(name=_operation("read"), pick=PICKS)
    def read(self, name: str, pick: int) -> None:
        """Read something."""
        self._draw(name, pick, Expected.ALLOWED, Expected.ABSENT)

    def teardown(self) -> None:
        """Look at everything, then remove it."""
        try:
            for step in list(readings(self.play)) if self.play and not self.over else ():
                self._take(step)
        finally:
            if self.play:
                self.play.end()
            self._apart.__exit__(None, None, None)


def drawn(setting: Setting) -> None:
    """Take drawn sequences. Raises ViolationError for the first that shows something, StoppedError without time."""
    options = setting.options
    machine.drawn(Machine, LENGTHS[options.depth], options.seed, setting=setting, pools=_pools(setting))


def _pools(setting: Setting) -> dict[str, list[str]]:
    """The ids of the operations of each rule."""
    verbs = {name: operation.effect.verb for name, operation in setting.operations.items()}
    return {
        "read": [name for name, verb in verbs.items() if verb in READING],
        "delete": [name for name, verb in verbs.items() if verb == DELETE],
        "change": [name for name, verb in verbs.items() if verb not in {*READING, DELETE}],
        "any": list(verbs),
    }
