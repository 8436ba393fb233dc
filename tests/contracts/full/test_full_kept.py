"""What a handle names stays: who is accused of deleting it was seen to, and of nothing that a limiter answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from front import Rewrite, front
from onezone_contracts.checks.keeping import kept
from onezone_contracts.options import Options
from onezone_contracts.requirement import Finding
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.fixtures import Stages

if TYPE_CHECKING:
    from running_mock import Running

SERVICE = "/handle_services/"
BAD_REQUEST = 400


@contextmanager
def account_at(mock: Running, instead: Rewrite) -> Iterator[Account]:
    """An administrator's account at the mock, behind what answers some requests itself."""
    with front(mock.origin, instead) as origin:
        account = Account(mock.contract, origin + mock.contract.base_paths[0], mock.admin)
        account.open()
        Stages(Options(), account=account)
        try:
            yield account
        finally:
            account.remove()


def found(account: Account) -> list[Finding]:
    trial: Any = SimpleNamespace(account=account, operation=account.contract.find("delete", "handle_service"))
    return list(kept("handle", BAD_REQUEST)(trial))


def test_a_server_without_the_read_is_not_accused(mocks: dict[str, Running]) -> None:
    """That a handle service cannot be read does not mean that it is gone."""

    def unread(method: str, path: str) -> int | None:
        return 404 if method == "GET" and SERVICE in path and path.count("/") == 5 else None

    with account_at(mocks["deployed"], unread) as account:
        assert found(account) == []
