"""The world of a live target as plain data, in the form of scenario files: read with an administrator's account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_contracts.reading import entry_id
from onezone_contracts.state.expected import USER, ZONE, Ref, kinds, role_of
from onezone_contracts.target.file import SetupError

if TYPE_CHECKING:
    from onezone_contracts.target.administrator import Account

GROUP = "group"
LISTS = {"users": USER, "children": GROUP, "groups": GROUP}


def census(account: Account) -> dict[str, Any]:
    """Users, groups and resources with their names, direct members, privileges and creators, as far as there are lists.

    Raises SetupError if the target keeps one from the administrator.
    """
    data: dict[str, Any] = {}
    contract = account.contract
    for kind in [name for name in kinds(contract) if name not in contract.owners and contract.find("list", name, None)]:
        ids = account.everything(kind)
        if ids is None:
            raise SetupError(f"the target does not list its {kind.replace('_', ' ')}s to the administrator")
        data[f"{kind}s"] = [_entry(account, (kind, identity)) for identity in sorted(ids)]
    return data


def _entry(account: Account, ref: Ref) -> dict[str, Any]:
    kind, identity = ref
    entry: dict[str, Any] = {"id": identity, "details": account.details(ref) or {}}
    if kind in {USER, GROUP}:
        entry["zone_privileges"] = _listed(account, "privileges", kind, ZONE, {kind: ref})
    if kind != USER:
        for plural in ("users", "children" if kind == GROUP else "groups"):
            if account.contract.find("list", role_of(LISTS[plural], kind), kind):
                entry[plural] = _members(account, ref, LISTS[plural])
    return entry


def _members(account: Account, place: Ref, member_kind: str) -> dict[str, list[str]]:
    role = role_of(member_kind, place[0])
    ids = [
        member_id
        for entry in _listed(account, "list", role, place[0], {place[0]: place})
        if (member_id := entry_id(entry))
    ]
    named = {identity: {role: (member_kind, identity), place[0]: place} for identity in ids}
    return {identity: _listed(account, "privileges", role, place[0], roles) for identity, roles in named.items()}


def _listed(account: Account, verb: str, resource: str, within: str, roles: dict[str, Ref]) -> list[Any]:
    entries = account.listed(account.read(verb, resource, within, roles))
    if entries is None:
        where = ", ".join(f"{role} {ref[1]}" for role, ref in roles.items())
        raise SetupError(f"the administrator could not read the {verb} of {where}: more zone privileges are needed")
    return entries
