"""Faults of credentials that take a careful look: characters, carriers, and what was decided just before."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from onezone_mockserver.faults.authentication import Login, authorization, decoded, passwords_compared
from onezone_mockserver.faults.effects import method
from onezone_mockserver.faults.fault import DEPLOYED, Point, fault
from onezone_mockserver.faults.permissions import as_user_who_may
from onezone_mockserver.faults.requests import before, crash

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User, World

AFTER, AGAIN, CHARACTER, COLON, LONG, SPELLING, TWO = (
    f"authentication.{topic}"
    for topic in ("after-success", "wrong-again", "character", "colon", "long", "wrong-spelling", "two-wrong")
)
LOW = 0xFF
LONGEST = 1500


# --- characters -----------------------------------------------------------------------------------------------


def _any_pair(inner: Login) -> Login:
    """The last two of the parts between colons are the user name and the password."""

    def login(world: World, name: str, password: str) -> User | None:
        *_, user, secret = f"{name}:{password}".split(":")
        return inner(world, user, secret)

    return login


def _ascii(text: str) -> str:
    return text.encode("ascii", "ignore").decode()


def _low_bytes(text: str) -> list[int]:
    return [ord(character) & LOW for character in text]


def _plain(text: str) -> str:
    return "".join(
        character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character)
    )


def _beyond_ascii(exchange: Exchange) -> bool:
    return not (decoded(exchange) or b"").isascii()


# --- carriers -------------------------------------------------------------------------------------------------


def _both(exchange: Exchange) -> bool:
    return b"x-auth-token" in exchange.headers and b"authorization" in exchange.headers


def _falls_through(exchange: Exchange, _state: MockState) -> None:
    """Where Authorization is there as well, the token is not looked at."""
    if _both(exchange):
        exchange.headers = {k: v for k, v in exchange.headers.items() if k != b"x-auth-token"}


def _unpadded(exchange: Exchange) -> bool:
    scheme, _, value = authorization(exchange).partition(b" ")
    return scheme == b"Basic" and value.isalnum() and len(value) % 4 > 1


# --- what was decided before ----------------------------------------------------------------------------------


def _second_time(inner: Login) -> Login:
    seen: set[tuple[str, str]] = set()

    def login(world: World, name: str, password: str) -> User | None:
        repeated = (name, password) in seen
        seen.add((name, password))
        user = next((candidate for candidate in world.users.values() if candidate.name == name), None)
        return inner(world, name, password) or (user if repeated else None)

    return login


def _remembered(key: Callable[[str, str], str]) -> Callable[[Login], Login]:
    """The last one who signed in is remembered by the name alone, or by the password alone."""

    def change(inner: Login) -> Login:
        last: dict[str, User] = {}

        def login(world: World, name: str, password: str) -> User | None:
            user = last.get(key(name, password)) or inner(world, name, password)
            last.clear()
            if user:
                last[key(name, password)] = user
            return user

        return login

    return change


def _wrong_then_right_refused(inner: Login) -> Login:
    """After a wrong password the next one is refused, too."""
    wrong: set[str] = set()

    def login(world: World, name: str, password: str) -> User | None:
        user = inner(world, name, password)
        if name in wrong:
            wrong.discard(name)
            return None
        if user is None:
            wrong.add(name)
        return user

    return login


FAULTS = (
    fault(
        "credentials-colon-ends",
        "A colon ends the password, too.",
        passwords_compared(lambda r, g: r == g.split(":")[0]),
        COLON,
    ),
    fault(
        "credentials-last-part",
        "The password is what follows the last colon.",
        passwords_compared(lambda r, g: r == g.rpartition(":")[2]),
        COLON,
    ),
    fault(
        "credentials-last-pair",
        "User name and password are the last two of the parts between colons.",
        method("login", _any_pair),
        COLON,
    ),
    fault(
        "credentials-colons-stripped",
        "Colons around a password do not count.",
        passwords_compared(lambda r, g: r == g.strip(":")),
        COLON,
    ),
    fault(
        "credentials-ascii",
        "Characters beyond ASCII are dropped from passwords.",
        passwords_compared(lambda r, g: r == _ascii(g)),
        CHARACTER,
    ),
    fault(
        "credentials-low-bytes",
        "Of each character of a password one byte is compared.",
        passwords_compared(lambda r, g: _low_bytes(r) == _low_bytes(g)),
        CHARACTER,
    ),
    fault(
        "credentials-accents",
        "Passwords are compared as a database collates: without accents.",
        passwords_compared(lambda r, g: r == _plain(g)),
        CHARACTER,
    ),
    fault(
        "credentials-sql",
        "A password is part of an SQL statement.",
        passwords_compared(lambda r, g: r == g or "' OR '1'='1" in g),
        CHARACTER,
    ),
    fault(
        "credentials-nul",
        "A NUL ends the password.",
        passwords_compared(lambda r, g: r == g.partition("\0")[0]),
        CHARACTER,
    ),
    fault(
        "credentials-crash-unicode",
        "Credentials with characters beyond ASCII crash the server.",
        crash(_beyond_ascii, Point.SECURITY),
        CHARACTER,
        "robust.no-5xx",
    ),
    fault("credentials-any-two", "A token and Authorization together are trusted.", as_user_who_may(_both), TWO),
    fault(
        "credentials-two-headers",
        "Two Authorization headers are trusted.",
        as_user_who_may(lambda e: b"authorization" in e.repeated),
        TWO,
    ),
    fault(
        "credentials-comma",
        "An Authorization with a comma in it is trusted.",
        as_user_who_may(lambda e: b"," in authorization(e)),
        TWO,
    ),
    fault(
        "credentials-falls-through",
        "Beside Authorization a token is not looked at.",
        before(Point.SECURITY, _falls_through),
        "authentication.token-first",
        editions=DEPLOYED,
    ),
    fault(
        "credentials-unpadded", "Basic credentials without padding are trusted.", as_user_who_may(_unpadded), SPELLING
    ),
    fault(
        "credentials-upper-case",
        "BASIC in capitals is trusted.",
        as_user_who_may(lambda e: authorization(e).startswith(b"BASIC ")),
        SPELLING,
    ),
    fault(
        "credentials-crash-long",
        "Long credentials crash the server.",
        crash(lambda e: len(authorization(e)) > LONGEST, Point.SECURITY),
        LONG,
        "robust.no-5xx",
    ),
    fault(
        "credentials-any-long-token",
        "A token too long to be looked up is trusted.",
        as_user_who_may(lambda e: len(e.headers.get(b"x-auth-token", b"")) > LONGEST),
        LONG,
    ),
    fault(
        "credentials-second-time", "A wrong password is right the second time.", method("login", _second_time), AGAIN
    ),
    fault(
        "credentials-just-now",
        "Whoever signed in last needs no right password the next time.",
        method("login", _remembered(lambda name, _: name)),
        AFTER,
    ),
    fault(
        "credentials-same-password",
        "Whoever gives the password of the one before is taken for them.",
        method("login", _remembered(lambda _, password: password)),
        AFTER,
    ),
    fault(
        "credentials-sulking",
        "After a wrong password the next one is refused, too.",
        method("login", _wrong_then_right_refused),
        "authentication.right-after-wrong",
    ),
)
