"""Sequences over all operations, with an administrator's account."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.options import Options
from onezone_contracts.requirement import NotJudged
from onezone_contracts.sequences.all_setting import AT_FIRST, AllSetting
from onezone_contracts.sequences.alone import try_alone
from onezone_contracts.sequences.choices import FreePlay
from onezone_contracts.sequences.search import Search
from onezone_contracts.sequences.step import KINDS, Step, ViolationError
from onezone_contracts.sequences.tours import tours
from onezone_contracts.target.administrator import Account

ROUNDS = 4
"""How often the search goes on, without the operation that showed something last."""


class AllSequences(Search):
    """The sequences of one run over all operations.

    Args:
        account: an administrator's, opened.
        options: how the run judges.
    """

    def __init__(self, account: Account, options: Options) -> None:
        super().__init__()
        self.account = account
        self.options = options
        self._setting: AllSetting | None = None
        self._rounds = 0

    def begin(self) -> AllSetting:
        """See which operations do what they should alone."""
        if self.account.shut:
            raise NotJudged(self.account.shut, blocked=True)
        self._setting = AllSetting(self.account, self.options)
        try_alone(self._setting)
        return self._setting

    def play(self) -> FreePlay:
        """A new sequence."""
        assert self._setting is not None
        return FreePlay(self._setting)

    def plans(self) -> Iterator[tuple[Step, ...]]:
        """What was given is taken away, removed, renamed, deleted, and looked at."""
        assert self._setting is not None
        self._setting.limit(AT_FIRST)
        yield from tours(self.account.contract)

    def set_aside(self, shown: ViolationError) -> None:
        """Go on without the operation that showed something, a few times."""
        assert self._setting is not None
        self._setting.operations.pop(shown.culprit.operation, None)
        self._rounds += 1
        if self._rounds == ROUNDS or len(self.findings) == len(KINDS):
            self.ended = min(self.findings)

    def take(self) -> None:
        """Take all sequences; where nothing could be taken, that is said."""
        super().take()
        if self._setting and not self._setting.step_count:
            self.reason = self.reason or NotJudged("the target offers no operations that work alone")
