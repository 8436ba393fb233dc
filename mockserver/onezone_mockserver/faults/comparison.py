"""Faults of what is compared: ids, user names, passwords and tokens that are only near to right ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from onezone_mockserver.faults.authentication import Login, authorization, passwords_compared
from onezone_mockserver.faults.effects import GROUP, method, unknown_group
from onezone_mockserver.faults.fault import Fault, Hook, Point, fault
from onezone_mockserver.faults.permissions import as_user_who_may
from onezone_mockserver.faults.requests import before, crash

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User, World

IDS, USER, PASSWORD = "unknown-group.odd-ids", "authentication.wrong-user", "authentication.wrong-password"
SCHEME, NO_TOKEN = "authentication.other-scheme", "authentication.no-token"
Same = Callable[[str, str], bool]
"""Whether what is there and what was given are taken for the same."""


def _sql_like(there: str, given: str) -> bool:
    """LIKE of SQL, for a pattern that says anything."""
    pattern = re.escape(given).replace("%", ".*").replace("_", ".")
    return any(c in given for c in "%_") and re.fullmatch(pattern, there, re.DOTALL) is not None


def _matches(there: str, given: str) -> bool:
    try:
        return any(c in given for c in ".*^|?") and re.match(given, there) is not None
    except re.error:
        return False


def _before(mark: str) -> Same:
    return lambda there, given: mark in given and there == given.partition(mark)[0]


def _folded(there: str, given: str) -> bool:
    return there == unicodedata.normalize("NFKC", given)


def _ids(name: str, text: str, same: Same) -> Fault:
    def act(exchange: Exchange, _state: MockState) -> None:
        given = exchange.params.get("id", "")
        if unknown_group(exchange):
            near = next((group for group in exchange.world.ids(GROUP) if same(group, given)), given)
            exchange.params = {**exchange.params, "id": near}

    return fault(f"comparison-id-{name}", text, before(Point.EXISTENCE, act), IDS)


def _users(same: Same) -> Hook:
    """Find a user by a name that is only near."""

    def change(inner: Login) -> Login:
        def login(world: World, name: str, password: str) -> User | None:
            near = (user.name for user in list(world.users.values()) if user.name and same(user.name, name))
            tried = (inner(world, spelling, password) for spelling in (name, *near))
            return next((user for user in tried if user is not None), None)

        return login

    return method("login", change)


def _joined(inner: Login) -> Login:
    """Find a user by the name and the password as one text."""

    def login(world: World, name: str, password: str) -> User | None:
        users = (user for user in list(world.users.values()) if user.name and user.password)
        joined = (user for user in users if f"{user.name}{user.password}" == name + password)
        return inner(world, name, password) or next(joined, None)

    return login


def _user(name: str, text: str, same: Same) -> Fault:
    return fault(f"comparison-user-{name}", text, _users(same), USER)


def _any_scheme(exchange: Exchange, _state: MockState) -> None:
    """Whatever the scheme, the rest is read as Basic credentials."""
    scheme, _, rest = authorization(exchange).partition(b" ")
    if rest and scheme.lower() not in {b"basic", b"bearer"}:
        exchange.headers = {**exchange.headers, b"authorization": b"Basic " + rest}


def _words(exchange: Exchange) -> set[str]:
    """What the request gives as a token."""
    scheme, _, rest = authorization(exchange).partition(b" ")
    bearer = [rest] if scheme == b"Bearer" else []
    return {word.decode("latin-1") for word in (exchange.headers.get(b"x-auth-token", b""), *bearer) if word}


def _internal(exchange: Exchange) -> bool:
    return exchange.params.get("id") in {"constructor", "__proto__", "toString", "hasOwnProperty"}


FAULTS = (
    _ids("case", "Ids of groups are compared without regard to case.", lambda a, b: a.lower() == b.lower()),
    _ids("blank-before", "Blanks before an id do not count.", lambda a, b: a == b.lstrip()),
    _ids("like", "Groups are looked up with LIKE.", _sql_like),
    _ids("pattern", "Groups are looked up with a pattern.", _matches),
    _ids("nul", "A NUL ends an id.", _before("\0")),
    _ids("semicolon", "A semicolon ends an id.", _before(";")),
    _ids("comma", "A comma ends an id.", _before(",")),
    _ids("suffix", "A dot ends an id.", _before(".")),
    _ids("query", "A question mark ends an id, also an encoded one.", _before("?")),
    _ids("decoded-twice", "Ids are decoded twice.", lambda a, b: a == unquote(b)),
    _ids("folded", "Ids are normalised.", _folded),
    _ids("marks", "Marks in an id do not count.", lambda a, b: a == re.sub(r"\W", "", b)),
    _ids("half", "Half of an id is enough.", lambda a, b: len(b) > 8 and a.startswith(b)),  # noqa: PLR2004
    fault(
        "comparison-id-internal", "Ids that objects have by themselves crash.", crash(_internal, Point.EXISTENCE), IDS
    ),
    _user("like", "Users are looked up with LIKE.", _sql_like),
    _user("prefix", "The beginning of a user name is enough.", lambda a, b: bool(b) and a.startswith(b)),
    _user("longer", "More may follow a user name.", lambda a, b: b.startswith(a)),
    _user("star", "A star stands for any user name.", lambda a, b: "*" in b and a.startswith(b.partition("*")[0])),
    _user("nul", "A NUL ends a user name.", _before("\0")),
    fault("comparison-joined", "User names and passwords are compared as one text.", method("login", _joined), USER),
    fault(
        "comparison-password-before",
        "Blanks before a password do not count.",
        passwords_compared(lambda r, g: r == g.lstrip()),
        PASSWORD,
    ),
    fault(
        "comparison-password-anagram",
        "The characters of a password count, and not their order.",
        passwords_compared(lambda r, g: sorted(r) == sorted(g)),
        PASSWORD,
    ),
    fault(
        "comparison-any-scheme",
        "Basic credentials are read whatever the scheme.",
        before(Point.SECURITY, _any_scheme),
        SCHEME,
    ),
    fault(
        "comparison-name-as-token",
        "A user name is taken for a token.",
        as_user_who_may(lambda e: bool(_words(e) & {user.name for user in e.world.users.values() if user.name})),
        NO_TOKEN,
    ),
    fault(
        "comparison-password-as-token",
        "A password is taken for a token.",
        as_user_who_may(
            lambda e: bool(_words(e) & {user.password for user in e.world.users.values() if user.password})
        ),
        NO_TOKEN,
    ),
)
