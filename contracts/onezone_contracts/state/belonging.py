"""Whether a member is shown what it belongs to, as its container shows it as a member."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.exchange import Exchange
from onezone_contracts.reading import ids_of
from onezone_contracts.state.expected import CALLER, GROUP, USER, Ref
from onezone_contracts.state.probe import Difference, Probe
from onezone_contracts.target.administrator import Account

PARENT = "parent"


def belonging(account: Account, probe: Probe) -> Iterator[Difference]:
    """Whether the list of what a member belongs to directly has the other one, if and only if it belongs there."""
    member, container = probe.ref, probe.other
    if container is None or member not in account.mirror.details:
        return
    exchange = _listing(account, member, container[0])
    entries = account.listed(exchange)
    if exchange is None or entries is None:
        return
    right = member in account.mirror.inside(container)
    if (container[1] in ids_of(entries)) is not right:
        kind = container[0].replace("_", " ")
        expected, came = ("in the list", "not there") if right else ("not there", "in the list")
        yield Difference(f"the {kind} {container[1]} among those of its {member[0]}", expected, came, exchange)


def _listing(account: Account, member: Ref, kind: str) -> Exchange | None:
    """What a member is a direct member of: a group's as the administrator sees it, a user's as it sees it itself."""
    if member[0] == GROUP:
        return account.read("list", PARENT if kind == GROUP else kind, GROUP, {GROUP: member})
    operation, logins = account.contract.find("list", kind, CALLER), account.users.get(member)
    if member[0] != USER or operation is None or not logins:
        return None
    return account.api.send(operation, {}, logins[-1].auth, label=f"look: {operation.summary}")
