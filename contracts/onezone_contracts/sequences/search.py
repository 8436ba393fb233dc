"""Search for sequences that show something, make them short, and see that they show it again: once for a whole run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from onezone_contracts.requirement import OUT_OF_TIME, Finding, NotJudged
from onezone_contracts.sequences import shrinking
from onezone_contracts.sequences.play import Play, Setting, attempt
from onezone_contracts.sequences.step import Step, StoppedError, ViolationError


class Search(ABC):
    """What sequences showed, by kind; `reason` says why no more was seen, `ended` which kind ended them."""

    attempts = 150
    """How often steps are left out."""

    def __init__(self) -> None:
        self.findings: dict[str, Finding] = {}
        self.reason: NotJudged | None = None
        self.ended: str | None = None
        self.whole = 0
        self._searched = False

    def shows(self, kind: str) -> Iterator[Finding]:
        """The finding of a kind, if there is one. Raises NotJudged where nothing could be seen of it."""
        if not self._searched:
            self._searched = True
            self.take()
        if kind in self.findings:
            yield self.findings[kind]
        elif reason := self.reason or self.lack(kind):
            raise reason
        elif self.ended:
            raise NotJudged(f"the sequences ended with sequence.{self.ended}", blocked=True)

    def take(self) -> None:
        """Take all sequences, and note what they show."""
        try:
            setting = self.begin()
            while not self.ended and self._shows_more(setting):
                pass
        except NotJudged as reason:
            self.reason = reason
        except StoppedError as stop:
            self.reason = self.stopped(stop.reason)

    def _shows_more(self, setting: Setting) -> bool:
        """Whether sequences show something (more). Raises StoppedError without time."""
        from onezone_contracts.sequences import machine

        try:
            for steps in self.plans():
                shown = attempt(self.play(), steps, whole=True)
                if shown:
                    raise shown
                self.whole += 1
            with setting.drawing():
                machine.drawn(setting, self.play)
        except ViolationError as first:
            if first.kind not in self.findings:
                self.findings[first.kind] = self._shortest(setting, first)
            self.set_aside(first)
            return True
        return False

    def _shortest(self, setting: Setting, first: ViolationError) -> Finding:
        """The finding of the shortest sequence that showed the same, or of the first where that cannot be repeated."""

        def tried(steps: Sequence[Step]) -> ViolationError | None:
            last = replace(steps[-1], quiet=False)
            shown = attempt(self.play(), [*(replace(step, quiet=True) for step in steps[:-1]), last])
            return shown if shown and shown.culprit.operation == first.culprit.operation else None

        def again(steps: Sequence[Step]) -> ViolationError | None:
            return attempt(self.play(), steps)

        setting.careful = True
        with setting.unlimited():
            finding = shrinking.shortest(
                setting, first, tried, again, seconds=setting.options.shrinking, attempts=self.attempts
            )
        setting.careful = False
        return finding

    @abstractmethod
    def begin(self) -> Setting:
        """See what the target offers. Raises NotJudged where that is too little, and StoppedError without time."""

    @abstractmethod
    def play(self) -> Play:
        """A new sequence."""

    @abstractmethod
    def plans(self) -> Iterator[Iterable[Step]]:
        """The sequences that are always taken, before any is drawn."""

    @abstractmethod
    def set_aside(self, shown: ViolationError) -> None:
        """Go on without what was shown, or end."""

    def stopped(self, reason: str | None) -> NotJudged | None:
        """Why nothing more is said where steps came to an end early, if that matters."""
        if reason:
            return NotJudged(reason, blocked=reason != OUT_OF_TIME)
        return None if self.whole else NotJudged("there was no time for a whole sequence")

    def lack(self, kind: str) -> NotJudged | None:  # noqa: ARG002
        """Why nothing can be seen of a kind, whatever steps are taken."""
        return None
