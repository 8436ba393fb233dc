"""The world: users, groups, resources, who belongs to what with which privileges. No HTTP in here.

`World` is the store (store.py). Beneath it stand `Accounts`, the users' credentials (accounts.py), `Tokens`
(tokens.py), and `Graph`, the memberships and what follows from them (graph.py). `Ids` gives new ids (ids.py).
"""

from __future__ import annotations

from onezone_mockserver.world.accounts import User
from onezone_mockserver.world.graph import GROUP, NOTHING, USER, Privileges, SelfRelationError
from onezone_mockserver.world.ids import Ids, new_id
from onezone_mockserver.world.invitations import Invitation
from onezone_mockserver.world.store import BEGINNING, NOBODY, UNNAMED, World, id_name, shown_kind
from onezone_mockserver.world.tokens import ACCESS, TOKEN, Token

__all__ = [
    "ACCESS",
    "BEGINNING",
    "GROUP",
    "NOBODY",
    "NOTHING",
    "TOKEN",
    "UNNAMED",
    "USER",
    "Ids",
    "Invitation",
    "Privileges",
    "SelfRelationError",
    "Token",
    "User",
    "World",
    "id_name",
    "new_id",
    "shown_kind",
]
