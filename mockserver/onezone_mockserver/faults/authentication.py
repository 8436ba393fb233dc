"""Faults of credentials."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.effects import method
from onezone_mockserver.faults.fault import DEPLOYED, Hook, Point, fault
from onezone_mockserver.faults.permissions import as_user_who_may
from onezone_mockserver.faults.requests import crash, refuse_early, rescue

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange, Refusal
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User, World

HALF, MALFORMED, PASSWORD, TOKEN = (
    f"authentication.{topic}" for topic in ("half-credentials", "malformed", "wrong-password", "wrong-token")
)

Login = Callable[["World", str, str], "User | None"]


def authorization(exchange: Exchange) -> bytes:
    """The value of Authorization."""
    return exchange.headers.get(b"authorization", b"-")


def decoded(exchange: Exchange) -> bytes | None:
    """What Basic credentials say, None if there are none that can be read."""
    scheme, _, rest = authorization(exchange).partition(b" ")
    try:
        return base64.b64decode(rest, validate=True) if scheme == b"Basic" else None
    except binascii.Error:
        return None


def passwords_compared(same: Callable[[str, str], bool]) -> Hook:
    """Compare passwords otherwise: the right one, then the one that was given."""

    def change(inner: Login) -> Login:
        def login(world: World, name: str, password: str) -> User | None:
            user = next((candidate for candidate in world.users.values() if candidate.name == name), None)
            signed_in = inner(world, name, password)
            return signed_in or (user if user and user.password and same(user.password, password) else None)

        return login

    return method("login", change)


def _of_others(_inner: Login) -> Login:
    def login(world: World, name: str, password: str) -> User | None:
        in_use = any(user.password == password for user in world.users.values())
        return next((user for user in world.users.values() if in_use and user.name == name), None)

    return login


def _first_token(world: World, _token: str) -> User | None:
    return next((user for user in world.users.values() if user.name and "persona" in user.name), None)


def _cached(inner: Login) -> Login:
    seen: dict[str, User] = {}

    def login(world: World, name: str, password: str) -> User | None:
        user = inner(world, name, password)
        if user:
            seen[name] = user
        return user or seen.get(name)

    return login


def _remembered_user() -> Hook:
    def around(inner: Any, _state: MockState) -> Any:
        last: list[User] = []

        def check(exchange: Exchange) -> None:
            inner(exchange)
            if exchange.user is None and last:
                exchange.user = last[0]
            elif exchange.user is not None:
                last[:] = [exchange.user]

        return check

    return Hook(Point.SECURITY, around)


def _ignored() -> Hook:
    """Wrong credentials are dropped; the group of the path then takes the request for a member's."""

    def act(_refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        exchange.user = _first_token(exchange.world, "")

    return rescue(Point.SECURITY, act)


def _colonless(exchange: Exchange) -> bool:
    pair = decoded(exchange)
    return pair is not None and b":" not in pair


FAULTS = (
    fault(
        "authentication-any",
        "Wrong credentials are not noticed.",
        _ignored(),
        "authentication.unknown-user",
        PASSWORD,
        TOKEN,
    ),
    fault(
        "authentication-unknown-user",
        "A user whom nobody knows may.",
        as_user_who_may(lambda e: (decoded(e) or b"").startswith(b"nobody")),
        "authentication.unknown-user",
    ),
    fault(
        "authentication-no-password",
        "Passwords are not compared.",
        passwords_compared(lambda _r, _g: True),
        PASSWORD,
        "authentication.password-of-another",
    ),
    fault(
        "authentication-prefix",
        "The beginning of a password is enough.",
        passwords_compared(lambda r, g: bool(g) and r.startswith(g)),
        PASSWORD,
    ),
    fault(
        "authentication-longer",
        "More may follow the password.",
        passwords_compared(lambda r, g: g.startswith(r)),
        PASSWORD,
    ),
    fault(
        "authentication-case",
        "Passwords are compared without regard to case.",
        passwords_compared(lambda r, g: r.lower() == g.lower()),
        PASSWORD,
    ),
    fault("authentication-empty", "An empty password is right.", passwords_compared(lambda _r, g: not g), PASSWORD),
    fault(
        "authentication-blank",
        "Blanks around a password do not count.",
        passwords_compared(lambda r, g: r == g.strip()),
        PASSWORD,
    ),
    fault(
        "authentication-length",
        "Only the length of a password counts.",
        passwords_compared(lambda r, g: len(r) == len(g)),
        "authentication.password-of-another",
    ),
    fault(
        "authentication-of-others",
        "Any user's password is right.",
        method("login", _of_others),
        "authentication.password-of-another",
    ),
    fault(
        "authentication-cached",
        "Whoever signed in once needs no right password again.",
        method("login", _cached),
        PASSWORD,
        "authentication.password-of-another",
    ),
    fault(
        "authentication-sticky",
        "Who sends no credentials is the last one who did.",
        _remembered_user(),
        "access.anonymous",
    ),
    fault(
        "authentication-any-token",
        "Any token is somebody's.",
        as_user_who_may(lambda e: b"x-auth-token" in e.headers),
        TOKEN,
    ),
    fault(
        "authentication-any-bearer",
        "Any bearer token is somebody's.",
        as_user_who_may(lambda e: authorization(e).startswith(b"Bearer")),
        TOKEN,
    ),
    fault(
        "authentication-empty-token",
        "An empty token is somebody's.",
        as_user_who_may(lambda e: e.headers.get(b"x-auth-token") == b""),
        HALF,
    ),
    fault(
        "authentication-empty-user",
        "An empty user name is somebody's.",
        as_user_who_may(lambda e: (decoded(e) or b"").startswith(b":")),
        HALF,
    ),
    fault(
        "authentication-any-scheme",
        "Schemes that nobody knows are trusted.",
        as_user_who_may(
            lambda e: e.headers.get(b"authorization", b"Basic").split(b" ")[0] not in {b"Basic", b"Bearer"}
        ),
        "authentication.unknown-scheme",
    ),
    fault(
        "authentication-malformed",
        "Basic credentials that are no base64 are trusted.",
        as_user_who_may(lambda e: authorization(e).startswith(b"Basic") and decoded(e) is None),
        MALFORMED,
    ),
    fault(
        "authentication-crash-colon",
        "Basic credentials without a colon crash the server.",
        crash(_colonless, Point.SECURITY),
        MALFORMED,
        "robust.no-5xx",
    ),
    fault(
        "authentication-crash-scheme",
        "A scheme that nobody knows crashes the server.",
        crash(lambda e: authorization(e).startswith((b"Digest", b"Onezone")), Point.SECURITY),
        "authentication.unknown-scheme",
    ),
    fault(
        "authentication-crash-token",
        "A token that nobody has crashes the server.",
        crash(lambda e: b"x-auth-token" in e.headers, Point.SECURITY),
        TOKEN,
        HALF,
    ),
    fault(
        "authentication-malformed-400",
        "Credentials without a colon are answered with 400.",
        refuse_early(_colonless, "malformedData", Point.SECURITY),
        "authentication.malformed-401",
        editions=DEPLOYED,
    ),
)
