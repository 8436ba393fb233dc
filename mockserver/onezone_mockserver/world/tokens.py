"""Tokens as credentials: named ones, which are entities of their own, and temporary ones, which nothing shows again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

TOKEN = "token"  # noqa: S105  (the kind of entity)
ACCESS = "accessToken"


@dataclass(frozen=True, slots=True)
class Token:
    """A token by which its user authenticates.

    `type` is what it is for, `caveats` limit it, as in the API. A named one has an `id`; a temporary one counts in its
    `generation` only.
    """

    text: str
    user: str
    id: str | None = None
    type: str = ACCESS
    caveats: tuple[Any, ...] = ()
    revoked: bool = False
    generation: int = 0


class Tokens:
    """The tokens by their text, and each user's generation of temporary ones."""

    def __init__(self) -> None:
        self._by_text: dict[str, Token] = {}
        self._texts: dict[str, str] = {}
        self._generations: dict[str, int] = {}

    def token(self, text: str) -> Token | None:
        """The token of that text, revoked or not; None if there is none."""
        return self._by_text.get(text)

    def named_token(self, identity: str) -> Token:
        """The named token of that id. Raises KeyError."""
        return self._by_text[self._texts[identity]]

    def temporary_tokens(self, user: str) -> list[Token]:
        """The temporary tokens of a user that were not revoked, the oldest first."""
        now = self.generation(user)
        return [
            credential
            for credential in self._by_text.values()
            if credential.id is None and credential.user == user and credential.generation == now
        ]

    def keep_token(self, token: Token) -> None:
        """Have a token count from now on."""
        self._by_text[token.text] = token
        if token.id is not None:
            self._texts[token.id] = token.text

    def change_token(self, identity: str, *, revoked: bool) -> None:
        """Revoke a named token, or have it count again. Raises KeyError."""
        self.keep_token(replace(self.named_token(identity), revoked=revoked))

    def generation(self, user: str) -> int:
        """The generation of a user's temporary tokens that counts."""
        return self._generations.get(user, 1)

    def set_generation(self, user: str, generation: int) -> None:
        """Have the temporary tokens of that generation count, and no other."""
        self._generations[user] = generation

    def outdate_tokens(self, user: str) -> None:
        """No temporary token of the user counts any more."""
        for token in self.temporary_tokens(user):
            self._by_text[token.text] = replace(token, revoked=True)
        self.set_generation(user, self.generation(user) + 1)

    def _forget_token(self, identity: str) -> None:
        del self._by_text[self._texts.pop(identity)]

    def _forget_temporary(self, user: str) -> None:
        for text in [
            credential.text
            for credential in self._by_text.values()
            if credential.id is None and credential.user == user
        ]:
            del self._by_text[text]
        self._generations.pop(user, None)
