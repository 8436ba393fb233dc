"""The authentication stage: credentials that are supplied must be right; none supplied goes on as anonymous.

Source: Onezone 21.02 as deployed, Authentication. The token in `X-Auth-Token` comes first, then `Authorization`; a
credential that is present and wrong stops the request, whatever else it carries. Names of schemes count in just
that case; another scheme is no credential.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import App, Exchange, Refusal
from onezone_mockserver.stage import Check, Stage

if TYPE_CHECKING:
    from onezone_mockserver.world import User, World

LONG_CREDENTIAL = 200
"""Credentials longer than this are not remembered."""
B64TOKEN = re.compile(rb"[A-Za-z0-9\-._~+/]+=*")
"""What a bearer token may consist of (RFC 6750, 2.1)."""


class Authenticate(Stage):
    """Names the user of the exchange. Refuses with 401 and the error that says what is wrong with the credential."""

    name = "authenticate"

    def __init__(self, app: App, *, world: World) -> None:
        super().__init__(app)
        self.world = world

    def prepare(self, operation_id: str) -> Check:  # noqa: ARG002
        """The same check for every operation."""
        return self.check

    def check(self, exchange: Exchange) -> None:
        """Set `exchange.user`. Raises Refusal with the error that says why."""
        headers = exchange.headers
        token = headers.get(b"x-auth-token")
        if token is not None:
            exchange.user = self._by_token(token)
            return
        value = headers.get(b"authorization")
        if value is None:
            return
        if b"authorization" in exchange.repeated:
            raise Refusal("badBasicCredentials", "authenticate: more than one Authorization header")
        scheme, _, credential = value.partition(b" ")
        if scheme == b"Basic":
            exchange.user = self._by_password(credential.strip(b" "))
        elif scheme == b"Bearer":
            exchange.user = self._by_token(credential.strip(b" "))
        else:
            exchange.reasons.append("Authorization is ignored: it starts neither with Basic nor with Bearer")

    def _by_token(self, token: bytes) -> User:
        user = self.world.holder_of(token.decode("utf-8", "surrogateescape"))
        if user is not None and user.blocked:
            raise Refusal("userBlocked", "authenticate: the user is blocked")
        if user is not None:
            return user
        if not B64TOKEN.fullmatch(token):
            raise Refusal("badToken", "authenticate: the token is not one at all")
        raise Refusal("tokenInvalid", "authenticate: nobody has this token")

    def _by_password(self, credential: bytes) -> User:
        pair = _pair(credential) if len(credential) < LONG_CREDENTIAL else _pair.__wrapped__(credential)
        if pair is None:
            raise Refusal("badBasicCredentials", "authenticate: the Basic credential is not base64 of UTF-8")
        name, colon, password = pair
        user = self.world.login(name, password)
        if user is None or not colon:
            raise self._refused(name)
        return user

    def _refused(self, name: str) -> Refusal:
        """Why a password is refused: who is blocked, or may not use one, is told so before it is looked at."""
        user = self.world.named(name)
        if user is not None and user.blocked:
            return Refusal("userBlocked", "authenticate: the user is blocked")
        if user is not None and not (user.basic_auth and user.password):
            return Refusal("basicAuthDisabled", "authenticate: the user may not log in with a password")
        return Refusal("badBasicCredentials", "authenticate: the user name or the password is wrong")


@lru_cache(maxsize=1024)
def _pair(credential: bytes) -> tuple[str, str, str] | None:
    """Name, colon and password of a Basic credential; None where it is not base64 of UTF-8."""
    try:
        return _base64(credential).decode("utf-8").partition(":")
    except ValueError:
        return None


def _base64(text: bytes) -> bytes:
    """The bytes of a base64 text (RFC 4648, 4). Raises ValueError for anything but the one proper spelling."""
    found = binascii.a2b_base64(text, strict_mode=True)
    if binascii.b2a_base64(found, newline=False) != text:
        raise ValueError
    return found
