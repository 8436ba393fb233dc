"""Faults of authentication."""

import base64
import unicodedata
from collections.abc import Callable
from typing import Any

from second_registry import App, Call, Refusal, Table, replace_stage
from second_rules import CREATE
from second_world import User

AUTH = Table()
add, refused = AUTH.add, AUTH.refused
OTHER = "oz_groups_add_relationships"


def status(new: int) -> Callable[[Call, Any], Any]:
    """Another status."""
    return lambda _call, response: setattr(response, "status", new)


# --- who is who
AUTH.topic = "authentication"
refused("auth-401-as-403", "Whoever is nobody is answered 403.", status(403), 401)
for code in (200, 204, 400, 404, 407, 500):
    refused(f"auth-401-as-{code}", f"Whoever is nobody is answered {code}.", status(code), 401)


def only(*, given: bool, code: int) -> Callable[[Call, Any], Any]:
    """Another status, where credentials were given, or where they were not."""

    def change(call: Call, response: Any) -> None:
        has = bool({"authorization", "x-auth-token"} & set(call.request.headers))
        if has == given:
            response.status = code

    return change


for code in (400, 403, 404, 500):
    refused(
        f"auth-none-{code}", f"A request without credentials is answered {code}.", only(given=False, code=code), 401
    )
    refused(f"auth-wrong-{code}", f"Wrong credentials are answered {code}.", only(given=True, code=code), 401)


def user_who_may(app: App) -> User:
    """A user who may do everything."""
    return User("root", "", "", frozenset({CREATE, OTHER, *app.edition.admin}))


def anonymous_as_user(when: Callable[[Call], bool]) -> Any:
    """Whoever cannot be identified, in these cases, may do everything."""

    def change(app: App) -> None:
        def identify(inner: Any, call: Call) -> None:
            try:
                inner(call)
            except Refusal:
                if not when(call):
                    raise
            if call.user is None and when(call):
                call.user = user_who_may(app)

        app.around("identify", identify)

    return change


def basic(call: Call) -> str:
    """The text in Basic credentials, as far as there is one."""
    return basic_text((call.request.header("authorization") or "").partition(" ")[2])


def basic_text(value: str) -> str:
    """The text in the value of Basic credentials."""
    try:
        return base64.b64decode(value + "===").decode("utf-8", "replace")
    except ValueError:
        return ""


def has(call: Call, *names: str) -> bool:
    """Whether a request has one of these headers."""
    return any(name in call.request.headers for name in names)


add(
    "auth-none-accepted",
    "No credentials are needed.",
    anonymous_as_user(lambda c: not has(c, "authorization", "x-auth-token")),
)
add(
    "auth-any-accepted",
    "Credentials are not looked at.",
    anonymous_as_user(lambda c: has(c, "authorization", "x-auth-token")),
)
add("auth-any-token", "Any X-Auth-Token is accepted.", anonymous_as_user(lambda c: has(c, "x-auth-token")))
add(
    "auth-any-bearer",
    "Any bearer token is accepted.",
    anonymous_as_user(lambda c: (c.request.header("authorization") or "").lower().startswith("bearer")),
)
add(
    "auth-empty-token",
    "An empty token is accepted.",
    anonymous_as_user(lambda c: c.request.header("x-auth-token") == ""),
)
add(
    "auth-any-scheme",
    "Any Authorization but Basic is accepted.",
    anonymous_as_user(
        lambda c: has(c, "authorization") and not (c.request.header("authorization") or "").lower().startswith("basic")
    ),
)
add(
    "auth-not-base64",
    "Credentials that are not base64 are accepted.",
    anonymous_as_user(lambda c: (c.request.header("authorization") or "").startswith("Basic") and ":" not in basic(c)),
)
add("auth-empty-user", "An empty user is accepted.", anonymous_as_user(lambda c: basic(c).startswith(":")))


def unknown_accepted(app: App) -> None:
    """Make who is unknown a guest who may do everything."""
    anonymous_as_user(lambda call: ":" in basic(call) and basic(call).partition(":")[0] not in app.world.users)(app)


add("auth-unknown-user", "A user whom nobody knows is accepted.", unknown_accepted)


def passwords_match(change: Callable[[str, str], bool]) -> Any:
    """Compare passwords otherwise; arguments: the right one, the given one."""
    return replace_stage("password_fits", lambda inner, user, given: inner(user, given) or change(user.password, given))


add("auth-wrong-password", "Passwords are not compared.", passwords_match(lambda _right, _given: True))
add(
    "auth-password-prefix",
    "The beginning of a password is enough.",
    passwords_match(lambda right, given: bool(given) and right.startswith(given)),
)
add(
    "auth-password-longer",
    "A password may have more at its end.",
    passwords_match(lambda right, given: given.startswith(right)),
)
add(
    "auth-password-case",
    "The case of passwords is not compared.",
    passwords_match(lambda right, given: right.lower() == given.lower()),
)
add("auth-password-empty", "An empty password is accepted.", passwords_match(lambda _right, given: not given))
add(
    "auth-password-8",
    "Only eight characters of passwords are compared.",
    passwords_match(lambda right, given: right[:8] == given[:8]),
)
add(
    "auth-password-blank",
    "Blanks around passwords are dropped.",
    passwords_match(lambda right, given: right == given.strip()),
)
add(
    "auth-password-length",
    "Only the length of passwords is compared.",
    passwords_match(lambda right, given: len(right) == len(given)),
)
add(
    "auth-password-last-colon",
    "Passwords with a colon are refused: credentials are split at the last one.",
    replace_stage("password_fits", lambda inner, user, given: ":" not in given and inner(user, given)),
)
add(
    "auth-password-of-others",
    "Anybody's password opens everything.",
    lambda app: app.around(
        "password_fits",
        lambda inner, user, given: (
            inner(user, given) or any(inner(each, given) for each in list(app.world.users.values()))
        ),
    ),
)


def token(change: Callable[[str, str], bool]) -> Any:
    """Compare tokens otherwise."""

    def around(app: App) -> None:
        def by_token(_inner: Any, given: str) -> User | None:
            return next((user for user in list(app.world.users.values()) if change(user.token, given)), None)

        app.around("by_token", by_token)

    return around


add(
    "auth-token-prefix",
    "The beginning of a token is enough.",
    token(lambda right, given: bool(given) and right.startswith(given)),
)
add("auth-token-longer", "A token may have more at its end.", token(lambda right, given: given.startswith(right)))
add("auth-token-wrong", "Any token is the first user's.", token(lambda _right, given: bool(given)))


def cached(app: App) -> None:
    """Remember who signed in once, and do not look at the password again."""
    names: set[str] = set()

    def password_fits(inner: Any, user: User, given: str) -> bool:
        if inner(user, given):
            names.add(user.name)
        return user.name in names

    app.around("password_fits", password_fits)


def sticky(app: App) -> None:
    """Take a request without credentials for the last user's."""
    last: list[User] = []

    def identify(inner: Any, call: Call) -> None:
        inner(call)
        if call.user:
            last[:] = [call.user]
        elif last:
            call.user = last[0]

    app.around("identify", identify)


def crash(when: Callable[[Call], bool]) -> Any:
    """Crash while identifying."""

    def identify(inner: Any, call: Call) -> None:
        if when(call):
            raise Refusal(500, "internalServerError", "An unexpected error occurred.")
        inner(call)

    return replace_stage("identify", identify)


def authorization(call: Call) -> str:
    """The Authorization header."""
    return call.request.header("authorization") or ""


add("auth-cached", "Whoever signed in once needs no right password again.", cached)
add("auth-sticky", "Whoever sends no credentials is the last one who did.", sticky)
add(
    "auth-crash-no-colon",
    "Basic credentials without a colon crash the server.",
    crash(lambda c: authorization(c).startswith("Basic") and ":" not in basic(c)),
)
add(
    "auth-crash-no-value",
    "Basic without a value crashes the server.",
    crash(lambda c: authorization(c).strip() == "Basic"),
)
add(
    "auth-crash-scheme",
    "An unknown scheme crashes the server.",
    crash(lambda c: bool(authorization(c)) and authorization(c).split()[0].lower() not in {"basic", "bearer"}),
)
add(
    "auth-crash-utf8",
    "Credentials in other than ASCII characters crash the server.",
    crash(lambda c: not basic(c).isascii()),
)
add(
    "auth-crash-token",
    "A token that nobody has crashes the server.",
    lambda app: crash(lambda c: has(c, "x-auth-token") and app.by_token(c.request.header("x-auth-token")) is None)(app),
)


def unknown_crash(app: App) -> None:
    """Crash for who is unknown."""
    crash(lambda call: ":" in basic(call) and basic(call).partition(":")[0] not in app.world.users)(app)


add("auth-crash-unknown", "A user whom nobody knows crashes the server.", unknown_crash)


# --- characters, carriers, and what was decided just before
def folded(text: str) -> str:
    """A text as a database collates it."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in plain if not unicodedata.combining(each))


def values(call: Call) -> list[str]:
    """Every Authorization header."""
    return call.request.headers.get("authorization", [])


colon_ends = passwords_match(lambda r, g: g.startswith(f"{r}:"))
add("auth-colon-ends", "What follows a colon is no part of the password.", colon_ends)
add(
    "auth-last-part",
    "The password is what follows the last colon.",
    passwords_match(lambda r, g: r == g.rpartition(":")[2]),
)
add(
    "auth-ascii-only",
    "Characters beyond ASCII are dropped.",
    passwords_match(lambda r, g: r == g.encode("ascii", "ignore").decode()),
)
add(
    "auth-folded",
    "Passwords are compared as a database collates.",
    passwords_match(lambda r, g: folded(r) == folded(g)),
)
add("auth-nul", "A NUL ends a password.", passwords_match(lambda r, g: r == g.partition("\0")[0]))
add(
    "auth-any-two",
    "Two credentials at once are trusted.",
    anonymous_as_user(lambda c: len(values(c)) + has(c, "x-auth-token") > 1),
)
add("auth-comma", "A list of credentials is trusted.", anonymous_as_user(lambda c: "," in authorization(c)))
add("auth-crash-two", "Two Authorization headers crash the server.", crash(lambda c: len(values(c)) > 1))
add("auth-capitals", "BASIC is trusted.", anonymous_as_user(lambda c: authorization(c).startswith("BASIC")))
add(
    "auth-crash-padding",
    "Missing padding crashes the server.",
    crash(lambda c: authorization(c).startswith("Basic ") and len(authorization(c)[6:].strip()) % 4 > 1),
)
add("auth-crash-long", "Credentials over a kilobyte crash the server.", crash(lambda c: len(authorization(c)) > 1024))


def second_time(app: App) -> None:
    """Take a wrong password for right when it comes again."""
    seen: set[tuple[str, str]] = set()

    def password_fits(inner: Any, user: User, given: str) -> bool:
        seen_before = (user.name, given) in seen
        seen.add((user.name, given))
        return seen_before or inner(user, given)

    app.around("password_fits", password_fits)


def just_now(app: App) -> None:
    """Look at no password of who signed in last."""
    last = [""]

    def password_fits(inner: Any, user: User, given: str) -> bool:
        fine = last[0] == user.name or inner(user, given)
        last[0] = user.name if fine and last[0] != user.name else ""
        return bool(fine)

    app.around("password_fits", password_fits)


def same_password(app: App) -> None:
    """Take whoever gives the password of the one before for them."""
    last: list[User] = []

    def by_basic(inner: Any, value: str) -> User | None:
        user: User | None = inner(value)
        given = basic_text(value).partition(":")[2]
        if user is None and last and last[0].password == given:
            return last[0]
        last[:] = [user] if user else []
        return user

    app.around("by_basic", by_basic)


add("auth-second-time", "A wrong password is right the second time.", second_time)
add("auth-just-now", "Whoever signed in last needs no password the next time.", just_now)
add("auth-same-password", "Whoever gives the password of the one before is taken for them.", same_password)
