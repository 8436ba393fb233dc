"""Shares without a handle. The API cannot create shares, so a provider state does, or existing ones are used."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from onezone_contracts.reading import answer_of
from onezone_contracts.state.expected import SHARE
from onezone_contracts.target.file import SetupError

if TYPE_CHECKING:
    from onezone_contracts.target.administrator import Account

NONE = (
    "every handle stands for a share, and no share is free: shares are made at a provider that supports a space; "
    "make some, or give --states-url with the state 'a share'"
)


class Shares:
    """Gives shares to name: new ones where the account can have them set up, else those that nothing names.

    Where all are given, those come again that came back, and those of the operations before: what the kit made to name
    them is removed. What was given while shares are `reserved` does not come again.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        contract = account.contract
        self._look = contract.find("get", SHARE, part="public")
        keys = ((kind, contract.reference(kind, SHARE)) for kind in contract.references)
        self._naming = next((kind for kind, key in keys if key), None)
        bodies = (operation.body for operation in contract.operations.values() if operation.body)
        named = (prop.refers for body in bodies for prop in body.properties if prop.refers)
        self._naming_key = next((reference.key for reference in named if reference.kind == SHARE and reference.key), "")
        self._fresh: Iterator[str] | None = None
        self._current: dict[str, None] = {}
        self._drawn: list[str] = []
        self._back: dict[str, None] = {}
        self._used: deque[str] = deque()

    def free(self) -> str:
        """The id of a share that nothing names. Raises SetupError if there is none."""
        new_share = self.account.make_share()
        if new_share is not None:
            return new_share
        if self._fresh is None:
            self._fresh = self._unnamed()
        share = next(self._fresh, None) or self._reused()
        if share is None:
            raise SetupError(NONE)
        self._current[share] = None
        self._drawn.append(share)
        return share

    def back(self, value: Any) -> None:
        """What a refused body named may still be free."""
        if isinstance(value, dict):
            self._back |= dict.fromkeys(share for share in self._current if share in value.values())

    @property
    def count(self) -> int:
        """How often one was given to this operation."""
        return len(self._drawn)

    def unsent(self, before: int, value: Any) -> None:
        """What was given after the first `before` and is not in the body that is sent may still be free."""
        named = list(value.values()) if isinstance(value, dict) else []
        self._back |= dict.fromkeys(share for share in self._drawn[before:] if share not in named)

    def next_operation(self) -> None:
        """What was given until now is needed no more, but for what is kept."""
        self._back.clear()
        self._drawn.clear()
        self._used.extend(self._current)
        self._current.clear()

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """What is given meanwhile is needed by later operations, too."""
        before, count = self._current, self.count
        self._current = {}
        try:
            yield
        finally:
            self._current = before
            del self._drawn[count:]

    def _unnamed(self) -> Iterator[str]:
        """The shares that were there before, and that nothing names."""
        for share in sorted(self.account.everything(SHARE) or ()):
            if self._named_by(share) is None:
                yield share

    def _reused(self) -> str | None:
        """A share that was given before; what names it goes, if the kit made that."""
        while self._back:
            share = next(iter(self._back))
            del self._back[share]
            if self._named_by(share) is None:
                return share
        while self._used:
            share = self._used.popleft()
            name = self._named_by(share)
            if name is None or self._removed(name):
                return share
        return None

    def _named_by(self, share: str) -> str | None:
        """The id of what names a share; empty where that cannot be seen."""
        if self._look is None:
            return ""
        exchange = self.account.api.send(
            self._look, {SHARE: (SHARE, share)}, self.account.auth, label="look at a share"
        )
        shown = answer_of(exchange)
        return (shown.get(self._naming_key) or None) if isinstance(shown, dict) else ""

    def _removed(self, name: str) -> bool:
        ref = (self._naming or "", name)
        if ref not in self.account.created:
            return False
        exchange = self.account.delete(ref)
        if exchange is None or not exchange.succeeded:
            return False
        self.account.created.pop(ref)
        self.account.mirror.drop(ref)
        self.account.removed.add(ref)
        return True
