"""Users' credentials, apart from what the API shows of a user."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class User:
    """A user with its credentials. Without `name` or `password`, or with `basic_auth` off, no password lets it in."""

    id: str
    name: str | None = None
    password: str | None = None
    tokens: tuple[str, ...] = ()
    basic_auth: bool = True
    blocked: bool = False

    @property
    def as_json(self) -> bytes:
        """How the user shows as a creator."""
        return _creator_text(self.id)


@lru_cache(maxsize=1024)
def _creator_text(identity: str) -> bytes:
    return orjson.dumps({"type": "user", "id": identity})


class Accounts:
    """The users by id, name and token. Names and tokens must be unique: check before you add one."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self._names: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    def user_of_name(self, name: str) -> User | None:
        """The user of that name, blocked or not; None if it is nobody's."""
        identity = self._names.get(name)
        return None if identity is None else self.users[identity]

    def holder_of(self, token: str) -> User | None:
        """The user whose token it is, blocked or not; None if it is nobody's."""
        identity = self._tokens.get(token)
        return None if identity is None else self.users[identity]

    def login(self, name: str, password: str) -> User | None:
        """The user of that name and password, None if there is none; unknown names take as long as known ones.

        Neither a blocked user gets in, nor one whose password does not count (`basic_auth`).
        """
        identity = self._names.get(name)
        user = None if identity is None else self.users[identity]
        stored = user.password if user is not None else None
        same = hmac.compare_digest((stored or "").encode(), password.encode())
        welcome = user is not None and user.basic_auth and not user.blocked
        return user if same and stored is not None and welcome else None

    def change_user(self, identity: str, **changes: Any) -> User:
        """Change fields of a user: `name`, `password`, `tokens`, `basic_auth`, `blocked`. Raises KeyError."""
        changed = replace(self.users[identity], **changes)
        self._close(identity)
        self._open(changed)
        return changed

    def _open(self, user: User) -> None:
        self.users[user.id] = user
        if user.name is not None:
            self._names[user.name] = user.id
        for token in user.tokens:
            self._tokens[token] = user.id

    def _close(self, identity: str) -> None:
        user = self.users[identity]
        if user.name is not None:
            del self._names[user.name]
        for token in user.tokens:
            del self._tokens[token]
