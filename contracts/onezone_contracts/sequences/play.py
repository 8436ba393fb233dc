"""One sequence as it is taken, and what all sequences of a run are taken in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from onezone_contracts.options import Options
from onezone_contracts.patience import Lag
from onezone_contracts.requirement import NotJudged
from onezone_contracts.sequences.predict import Expected
from onezone_contracts.sequences.step import Step, StoppedError, ViolationError


class Setting(ABC):
    """Who sends and what is sent, and the time for it.

    `operations` are what steps are drawn of, by name. Where it is `careful`, steps look before they change anything,
    too, so that nobody is blamed for what was wrong before.

    Args:
        options: how the run judges.
        lag: what waits for a target that shows things late.
        seconds: how long steps may take from now on.
        lengths: by depth how many sequences are drawn, and of how many steps each.
    """

    operations: Mapping[str, object]

    def __init__(self, options: Options, lag: Lag, seconds: float, lengths: Mapping[str, tuple[int, int]]) -> None:
        self.options = options
        self.lag = lag
        self.lengths = lengths
        self.step_count = 0
        self.careful = False
        self.last = 1000
        self._limited = True
        self.limit(seconds)

    @property
    def clock(self) -> Callable[[], float]:
        """What tells how much time sequences took."""
        return self.options.clock

    @property
    def over(self) -> bool:
        """Whether the time for sequences is used up."""
        return self._limited and self.clock() > self._end

    def limit(self, seconds: float) -> None:
        """Allow so much time from now on."""
        self._end = self.clock() + seconds

    @contextmanager
    def unlimited(self) -> Iterator[None]:
        """Go on without regard to the time that is left; whoever does so has a limit of its own."""
        self._limited = False
        try:
            yield
        finally:
            self._limited = True

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """While steps are drawn."""
        yield

    def number(self) -> int:
        """A number for an entity that no step has."""
        self.last += 1
        return self.last

    @property
    @abstractmethod
    def pools(self) -> Mapping[str, list[str]]:
        """What can be drawn to `change`, `delete` or `read` something, to `refuse`, and as `any` user."""


class Play(ABC):
    """One sequence, as it is taken."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.actions: list[Step] = []

    def perform(self, step: Step) -> None:
        """Take a step. Raises ViolationError where something is then not as it should be, StoppedError out of time."""
        if self._setting.over:
            raise StoppedError
        self.actions.append(step)
        try:
            self.take(step)
        except NotJudged as reason:
            raise StoppedError(reason.reason) from None
        self._setting.step_count += 1

    @abstractmethod
    def fits(self, step: Step) -> bool:
        """Whether a step can be taken now."""

    @abstractmethod
    def take(self, step: Step) -> None:
        """Take a step that fits, and compare. Raises ViolationError, StoppedError and NotJudged."""

    @abstractmethod
    def choose(self, name: str, pick: int, expected: tuple[Expected, ...]) -> Step | None:
        """A step of that name, one of which that is to be expected; None where none is seen. `pick` chooses."""

    def opening(self, pick: int) -> Iterable[Step]:  # noqa: ARG002
        """What a drawn sequence begins with; then it is noted what is to be expected of some steps."""
        return ()

    def changed(self, pick: int) -> Step | None:  # noqa: ARG002
        """A step that was noted, of which something else is to be expected now."""
        return None

    def readings(self) -> Iterable[Step]:
        """Everything that can be read in the end."""
        return ()

    @abstractmethod
    def end(self) -> None:
        """Remove what the steps made."""


def attempt(play: Play, steps: Iterable[Step], *, whole: bool = False) -> ViolationError | None:
    """Take those steps that fit; what they show, or what is read of the `whole` afterwards. Raises StoppedError."""
    try:
        for part in (steps, play.readings()) if whole else (steps,):
            for step in part:
                if play.fits(step):
                    play.perform(step)
    except ViolationError as violation:
        return violation
    finally:
        play.end()
    return None
