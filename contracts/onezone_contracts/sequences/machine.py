"""The state machine: Hypothesis draws the next step from those that the state allows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, precondition, rule

from onezone_contracts.generate import machine
from onezone_contracts.sequences.action import CREATE, LEAVE, NAMESAKE, READ, REFUSED, TRESPASS, Action
from onezone_contracts.sequences.play import Play
from onezone_contracts.sequences.setting import Setting

LENGTHS = {"standard": (2, 6), "deep": (60, 30)}
"""How many sequences are drawn, and how many steps each has."""


def _mine(name: str) -> Any:
    """One of the things of that name that the setting has."""
    return st.runner().flatmap(lambda machine: st.sampled_from(list(getattr(machine.setting, name))))


class Machine(machine.Machine):
    """A group of a target, in which services are created, refused, read and left; the model is the setting's."""

    setting: Setting
    game = Play
    play: Play | None
    services = Bundle("services")

    def _take(self, verb: str, who: str = "", service: int = 0, gives: int = 0) -> int:
        action = Action(verb, who, service, gives)
        if self.play and self.play.fits(action):
            self.play.perform(action)
        return gives

    @rule(target=services, who=_mine("creators"))
    def create(self, who: str) -> int:
        """Create a service."""
        return self._take(CREATE, who, gives=self.setting.numbers.next())

    @rule(target=services, who=_mine("creators"), service=services)
    def create_a_namesake(self, who: str, service: int) -> int:
        """Create a service with the name of another, which may have left."""
        return self._take(NAMESAKE, who, service, self.setting.numbers.next())

    @precondition(lambda self: self.setting.refusals)
    @rule(who=_mine("refusals"))
    def be_refused(self, who: str) -> None:
        """Ask for what is refused alone."""
        self._take(REFUSED, who)

    @precondition(lambda self: self.setting.leaver)
    @rule(service=services)
    def leave(self, service: int) -> None:
        """Leave a service, also one that left."""
        self._take(LEAVE, service=service)

    @precondition(lambda self: self.setting.leaver)
    @rule(service=services)
    def trespass(self, service: int) -> None:
        """Ask to leave a service without credentials."""
        self._take(TRESPASS, service=service)

    @rule(service=services)
    def read(self, service: int) -> None:
        """Read a service, also one that left."""
        self._take(READ, service=service)

    def teardown(self) -> None:
        """Have removed what was made."""
        if self.play:
            self.play.end()


def drawn(setting: Setting) -> None:
    """Take drawn sequences. Raises ViolationError for the first that shows something, StoppedError without time."""
    options = setting.run.options
    machine.drawn(Machine, LENGTHS[options.depth], options.seed, setting=setting)
