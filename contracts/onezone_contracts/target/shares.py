"""Shares that no handle stands for: the API makes none, so they are set up as a state, or taken from what is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from onezone_contracts.api import answer_of
from onezone_contracts.state.expected import SHARE
from onezone_contracts.target.file import SetupError

if TYPE_CHECKING:
    from onezone_contracts.target.administrator import Account

NONE = (
    "every handle stands for a share, and no share is free: shares are made at a provider that supports a space; "
    "make some, or give --states-url with the state 'a share'"
)


class Shares:
    """Gives shares, each once: new ones where the account can have them set up."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._known: Iterator[str] | None = None

    def free(self) -> str:
        """The id of a share that no handle stands for. Raises SetupError where there is none."""
        made = self.account.make_share()
        if made is not None:
            return made
        if self._known is None:
            self._known = self._unregistered()
        found = next(self._known, None)
        if found is None:
            raise SetupError(NONE)
        return found

    def _unregistered(self) -> Iterator[str]:
        operation = self.account.contract.find("get", SHARE, part="public")
        for one in sorted(self.account.everything(SHARE) or ()) if operation else ():
            assert operation is not None
            exchange = self.account.api.send(
                operation, {SHARE: (SHARE, one)}, self.account.auth, label="look at a share"
            )
            shown = answer_of(exchange)
            if isinstance(shown, dict) and not shown.get("handleId"):
                yield one
