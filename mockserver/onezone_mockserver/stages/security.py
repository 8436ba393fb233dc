"""The security stage: who the caller is. Which credentials count is read from the document.

An operation's `security`, else the document's, names `securitySchemes`: HTTP's Basic and Bearer, OAuth 2.0 and OpenID
Connect, which come to a Bearer token, and API keys. A scheme that it does not name is no credential, and an operation
with an empty list asks for nothing. Source of the order and of the errors: Onezone 21.02 as deployed, Authentication.
Tokens come before passwords, each in the document's order. The first credential that is present decides: a wrong one
stops the request, and those after a right one are not looked at. Names of schemes count in just that case.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from onezone_mockserver.cache import cached
from onezone_mockserver.caveats import unmet
from onezone_mockserver.exchange import Exchange, Header, Refusal
from onezone_mockserver.world import ACCESS

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import Token, User, World

Reader = Callable[[Exchange], "User | None"]
"""Gives the user of one kind of credential, None where the request has none of it. Raises Refusal for a wrong one."""
Credential = TypeVar("Credential")

B64TOKEN = re.compile(rb"[A-Za-z0-9\-._~+/]+=*")
"""What a bearer token may consist of (RFC 6750, 2.1)."""
CHALLENGES: dict[str, Header] = {
    "basic": (b"www-authenticate", b'Basic realm="onezone", charset="UTF-8"'),
    "bearer": (b"www-authenticate", b'Bearer realm="onezone"'),
}
"""What a 401 says of a way to authenticate (RFC 9110, 11.6.1; RFC 7617, 2.1)."""


def security(operation: Any, _state: MockState) -> Check | None:
    """Name the user of the exchange. Refuses with 401 and the error that says what is wrong with a credential."""
    schemes = used_schemes(operation.security, operation.security_schemes)
    readers = [(name, _reader(scheme)) for name, scheme in schemes.items()]
    if not readers:
        return None
    together = [set(names) for names in operation.security if len(names) > 1]
    scheme_names = " nor ".join(
        dict.fromkeys(filter(None, (_http(scheme).capitalize() for scheme in schemes.values())))
    )

    def check(exchange: Exchange) -> None:
        if together:
            exchange.user = _by_all(exchange, readers, operation.security)
            return
        for _, read in readers:
            user = read(exchange)
            if user is not None:
                exchange.user = user
                return
        if scheme_names and b"authorization" in exchange.headers:
            exchange.reasons += (f"Authorization is ignored: it starts neither with {scheme_names}",)

    return check


def used_schemes(requirements: Any, schemes: Any) -> dict[str, Any]:
    """The security schemes that a list of requirements names, in the order in which their credentials count."""
    names = {name for requirement in requirements or () for name in requirement}
    used = [name for name in schemes if name in names]
    return {name: schemes[name] for name in sorted(used, key=lambda name: _is_password(schemes[name]))}


def challenges(requirements: Any, schemes: Any) -> list[Header]:
    """What a 401 says of the ways to authenticate."""
    used = used_schemes(requirements, schemes)
    ways = dict.fromkeys(_http(scheme) for name, scheme in schemes.items() if name in used)
    return [CHALLENGES[way] for way in ways if way in CHALLENGES]


def _http(scheme: Any) -> str:
    """The name of the scheme in HTTP's `Authorization`, "" for an API key."""
    if scheme["type"] in {"oauth2", "openIdConnect"}:
        return "bearer"
    return scheme["scheme"].lower() if scheme["type"] == "http" else ""


def _is_password(scheme: Any) -> bool:
    return _http(scheme) == "basic"


def _by_all(exchange: Exchange, readers: list[tuple[str, Reader]], requirements: Any) -> User | None:
    """The user where some requirements ask for several credentials at once: all of one requirement, of one user."""
    users = {name: read(exchange) for name, read in readers}
    for names in requirements:
        given = {users.get(name) for name in names}
        if len(given) == 1 and None not in given:
            return given.pop()
    return None


def _reader(scheme: Any) -> Reader:
    if scheme["type"] == "apiKey":
        return _key_reader(scheme["in"], scheme["name"])
    if _is_password(scheme):
        return _authorization_reader(b"Basic", _basic, _by_password)
    if _http(scheme) == "bearer":
        return _authorization_reader(b"Bearer", _bearer, _by_token)
    return lambda _exchange: None  # nobody has credentials of another scheme


def _key_reader(where: str, name: str) -> Reader:
    """The reader of an API key. A header's value stands in the exchange, others are taken out of the request."""
    header = name.lower().encode()

    def read(exchange: Exchange) -> User | None:
        if where == "header":
            token = exchange.headers.get(header)
        else:
            token = _in_query(exchange, name) if where == "query" else _in_cookie(exchange, name)
        return None if token is None else _by_token(exchange, token)

    return read


def _in_query(exchange: Exchange, name: str) -> bytes | None:
    values = exchange.query.get(name)
    return values[0].encode("utf-8", "surrogateescape") if values else None


def _in_cookie(exchange: Exchange, name: str) -> bytes | None:
    value = exchange.cookies.get(name)
    return None if value is None else value.encode("latin-1")


def _authorization_reader(
    scheme: bytes, credential_in: Callable[[bytes], Credential | None], by: Callable[[Exchange, Credential], User]
) -> Reader:
    """The reader of the credential in `Authorization`, if it is of that scheme, which `credential_in` takes apart."""

    def read(exchange: Exchange) -> User | None:
        value = exchange.headers.get(b"authorization")
        if value is None:
            return None
        if exchange.repeated and b"authorization" in exchange.repeated:
            raise Refusal("badBasicCredentials", "security: more than one Authorization header")
        credential = credential_in(value) if value.startswith(scheme) else None
        return None if credential is None else by(exchange, credential)

    return read


def _after(scheme: bytes, value: bytes) -> bytes | None:
    """The credential in the value of `Authorization`; None where it is of another scheme."""
    if value.startswith(scheme + b" "):
        return value[len(scheme) :].strip(b" ")
    return b"" if value == scheme else None


def _bearer(value: bytes) -> bytes | None:
    """The token in the value of `Authorization`; None where it is of another scheme."""
    return _after(b"Bearer", value)


@cached
def _basic(value: bytes) -> tuple[str, str, str] | None:
    """Name, colon and password in the value of `Authorization`; None where it is of another scheme.

    Raises Refusal (badBasicCredentials) for what is not base64 of UTF-8.
    """
    credential = _after(b"Basic", value)
    try:
        return None if credential is None else _base64(credential).decode("utf-8").partition(":")
    except ValueError:
        raise Refusal("badBasicCredentials", "security: the Basic credential is not base64 of UTF-8") from None


def _by_token(exchange: Exchange, sent: bytes) -> User:
    text = sent.decode("utf-8", "surrogateescape")
    user = exchange.world.holder_of(text)
    if user is not None:
        return _unblocked(user)
    token = exchange.world.token(text)
    if token is not None:
        exchange.caveats = token.caveats
        return user_of(exchange, token, token.caveats)
    if not B64TOKEN.fullmatch(sent):
        raise Refusal("badToken", "security: the token is not one at all")
    raise Refusal("tokenInvalid", "security: nobody has this token")


def user_of(exchange: Exchange, token: Token, caveats: tuple[Any, ...]) -> User:
    """Whom a token lets in, as far as these caveats go. Raises Refusal where it counts no more, or not here."""
    if token.type != ACCESS:
        raise Refusal("notAnAccessToken", "security: it is a token of another type", details={"received": token.type})
    user = _unblocked(exchange.world.users[token.user])
    if token.revoked:
        raise Refusal("tokenRevoked", "security: the token is revoked")
    caveat = unmet(caveats, exchange.run.clock.now())
    if caveat is not None:
        what = f"security: the token's caveat of {caveat['type']} is not met"
        raise Refusal("tokenCaveatUnverified", what, details={"caveat": caveat})
    return user


def _unblocked(user: User) -> User:
    if user.blocked:
        raise Refusal("userBlocked", "security: the user is blocked")
    return user


def _by_password(exchange: Exchange, credential: tuple[str, str, str]) -> User:
    name, colon, password = credential
    user = exchange.world.login(name, password)
    if user is None or not colon:
        raise _refused(exchange.world, name)
    return user


def _refused(world: World, name: str) -> Refusal:
    """Why a password is refused: who is blocked, or may not use one, is told so before it is looked at."""
    user = world.user_of_name(name)
    if user is not None and user.blocked:
        return Refusal("userBlocked", "security: the user is blocked")
    if user is not None and not (user.basic_auth and user.password):
        return Refusal("basicAuthDisabled", "security: the user may not log in with a password")
    return Refusal("badBasicCredentials", "security: the user name or the password is wrong")


def _base64(text: bytes) -> bytes:
    """The bytes of a base64 text (RFC 4648, 4). Raises ValueError for anything but the one proper spelling."""
    decoded = binascii.a2b_base64(text, strict_mode=True)
    if binascii.b2a_base64(decoded, newline=False) != text:
        raise ValueError
    return decoded
