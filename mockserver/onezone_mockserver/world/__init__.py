"""The world: users, groups, resources, who belongs to what with which privileges. No HTTP in here.

`World` is the store (store.py). Beneath it stand `Accounts`, the users' credentials (accounts.py), and `Graph`, the
memberships and what follows from them (graph.py).
"""

from __future__ import annotations

from onezone_mockserver.world.accounts import User
from onezone_mockserver.world.graph import GROUP, NOTHING, USER, Privileges, SelfRelationError
from onezone_mockserver.world.store import BEGINNING, NOBODY, UNNAMED, World, id_name, new_id, shown_kind

__all__ = [
    "BEGINNING",
    "GROUP",
    "NOBODY",
    "NOTHING",
    "UNNAMED",
    "USER",
    "Privileges",
    "SelfRelationError",
    "User",
    "World",
    "id_name",
    "new_id",
    "shown_kind",
]
