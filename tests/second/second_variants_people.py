"""Honest servers: who people are, how they sign in, and what ids look like."""

import base64
import hashlib
import hmac
import itertools
import json
import re
import secrets
import unicodedata
import uuid
from typing import Any

from second_registry import App, Call, Refusal, Request, Response, Table, replace_stage
from second_variants_credentials import too_many
from second_variants_honest import edge
from second_world import User

PEOPLE = Table()
add = PEOPLE.add
CURRENT, NEWER = ("current",), ("current", "deployed")

# --- names and passwords
PEOPLE.topic = "sign-in"


def other_users(make: Any, *more: Any) -> Any:
    """Other users: `make(number)` gives a name, a password and a token; and further changes."""

    def change(app: App) -> None:
        app.states.user = make
        for change in more:
            change(app)

    return change


def numbered(number: int) -> tuple[str, str, str]:
    """Users of which one's name may be the beginning of another's; all have the same password."""
    return "tester" + "1" * (number + 1), "kit-password-1", secrets.token_hex(16)


add("users-numbered", "Test users have numbers, and all the same password.", other_users(numbered))


def foreign(number: int) -> tuple[str, str, str]:
    """Users with blanks, letters beyond ASCII and quotation marks in their names."""
    return f"Łukasz 'Łoś' Żółw {number}", f"pass-{secrets.token_hex(8)}", secrets.token_hex(16)


add("users-foreign", "User names have blanks, quotation marks and letters beyond ASCII.", other_users(foreign))


def mail(number: int) -> tuple[str, str, str]:
    """Users with mail addresses."""
    return f"Test.User{number}@Example.org", f"pass-{secrets.token_hex(8)}", secrets.token_hex(16)


def any_case(app: App) -> None:
    """Know users in any case, as directories do."""

    def by_basic(inner: Any, value: str) -> User | None:
        try:
            name, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return None
        name = next((user for user in list(app.world.users) if user.casefold() == name.casefold()), name)
        user: User | None = inner(base64.b64encode(f"{name}{colon}{password}".encode()).decode())
        return user

    app.around("by_basic", by_basic)


add("users-by-mail", "Users are mail addresses, in any case.", other_users(mail, any_case))


def opaque(inner: Any, user: User, given: str) -> bool:
    """Prepare passwords as RFC 8265 has it: blanks are blanks, and NFC."""
    plain = "".join(" " if unicodedata.category(character) == "Zs" else character for character in given)
    return bool(inner(user, unicodedata.normalize("NFC", plain)))


add("passwords-opaque", "Passwords are prepared as RFC 8265 has it.", replace_stage("password_fits", opaque))
add("locks-after-3", "After three wrong passwords in a row, an account is locked.", too_many(3, lock=True))


def asks_to_wait(app: App) -> None:
    """After ten wrong passwords of a user, let them wait for five minutes, also with the right one."""
    wrong: dict[str, int] = {}

    def fits(inner: Any, user: User, given: str) -> bool:
        if wrong.get(user.name, 0) >= 10:
            refusal = Refusal(429, "tooManyRequests", "There were too many attempts.")
            refusal.headers.append(("Retry-After", "300"))
            raise refusal
        right = bool(inner(user, given))
        wrong[user.name] = 0 if right else wrong.get(user.name, 0) + 1
        return right

    app.around("password_fits", fits)


add("waits-after-10", "After ten wrong passwords in a row, a user has to wait for five minutes.", asks_to_wait)


def names_account(app: App) -> None:
    """Say who was not let in, and who may not."""
    app.around("error", lambda inner, call, refusal: _naming(inner(call, refusal), call))


def _naming(value: Any, call: Call) -> Any:
    scheme, _, given = (call.request.header("authorization") or "").partition(" ")
    try:
        name = base64.b64decode(given, validate=True).decode().partition(":")[0] if scheme == "Basic" else ""
    except ValueError:
        name = ""
    who = call.user.name if call.user else name
    if who and isinstance(value["error"], dict):
        value["error"]["description"] += f" (user {who!r})"
    elif who:
        value["error"] += f" (user {who!r})"
    return value


add("errors-name-users", "Errors name the user who asked.", names_account)

# --- tokens
PEOPLE.topic = "tokens"
KEY = secrets.token_bytes(16)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jwt(number: int) -> tuple[str, str, str]:
    """A user with a signed token."""
    name = f"user{number}-{secrets.token_hex(3)}"
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": name, "exp": 2**31})
    body = ".".join(_b64(json.dumps(part).encode()) for part in parts)
    return name, secrets.token_hex(9), f"{body}.{_b64(hmac.digest(KEY, body.encode(), hashlib.sha256))}"


def signed(app: App) -> None:
    """Read signed tokens as libraries do: the last character of the signature may not count."""

    def by_token(_inner: Any, token: str) -> User | None:
        try:
            body, _, signature = token.rpartition(".")
            right = hmac.compare_digest(hmac.digest(KEY, body.encode(), hashlib.sha256), _unb64(signature))
            return app.world.users.get(json.loads(_unb64(body.split(".")[1]))["sub"]) if right else None
        except (ValueError, LookupError, TypeError):
            return None

    app.states.tokens = True
    app.around("by_token", by_token)


def compared(make: Any, same: Any) -> Any:
    """Tokens of another form, compared otherwise."""

    def change(app: App) -> None:
        app.states.tokens = True
        app.states.user = lambda number: (f"user{number}-{secrets.token_hex(3)}", secrets.token_hex(9), make())

        def by_token(_inner: Any, token: str) -> User | None:
            return next((user for user in list(app.world.users.values()) if same(user.token, token)), None)

        app.around("by_token", by_token)

    return change


def same_uuid(right: str, given: str) -> bool:
    """Whether two texts are the same UUID."""
    try:
        return uuid.UUID(right) == uuid.UUID(given)
    except ValueError:
        return False


def same_base32(right: str, given: str) -> bool:
    """Whether two texts are the same in base32, in which case does not count."""
    return given.isascii() and right == given.upper()


def same_base64(right: str, given: str) -> bool:
    """Whether two texts are the same bytes in base64, padded or not."""
    try:
        return _unb64(right.rstrip("=")) == _unb64(given.rstrip("="))
    except ValueError:
        return False


add("tokens-jwt", "Tokens are signed (JWT).", other_users(jwt, signed))
add("tokens-uuid", "Tokens are UUIDs, however spelled.", compared(lambda: str(uuid.uuid4()), same_uuid))
add(
    "tokens-base32",
    "Tokens are in base32, in any case.",
    compared(lambda: base64.b32encode(secrets.token_bytes(20)).decode(), same_base32),
)
add(
    "tokens-padded",
    "Tokens are in base64 with padding, which may be left out.",
    compared(lambda: base64.urlsafe_b64encode(secrets.token_bytes(19)).decode(), same_base64),
)


def mixed(app: App) -> None:
    """Give a token to every second user."""
    app.states.tokens = lambda number: bool(number % 2)


add("tokens-and-passwords", "Every second persona has a token, and the others passwords.", mixed)

# --- ids
PEOPLE.topic = "ids"
COUNT = itertools.count(7_000)


def ids(make: Any, read: Any = None) -> Any:
    """Other ids; `read(text)` gives the id that a text in the path stands for, or raises ValueError."""

    def change(app: App) -> None:
        app.states.own_groups = True
        app.options.service_id = app.states.group_id = make
        if read:
            app.around(
                "match", lambda inner, call, parts: inner(call, [_read(read, parts, n) for n in range(len(parts))])
            )

    return change


def _read(read: Any, parts: list[str], number: int) -> str:
    if not number or parts[number - 1] not in {"groups", "handle_services"}:
        return parts[number]
    try:
        return str(read(parts[number]))
    except (ValueError, OverflowError):
        return parts[number] + "?"


def integer(text: str) -> int:
    """Read an integer as Python does."""
    return int(text)


def digits(text: str) -> int:
    """Read an integer as Werkzeug does."""
    if not re.fullmatch(r"\d+", text):
        raise ValueError
    return int(text)


ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(text: str) -> str:
    """Read a ULID, whose case does not count."""
    if not re.fullmatch(f"[{ULID}]{{26}}", text.upper()) or not text.isascii():
        raise ValueError
    return text.upper()


add(
    "ids-uuid-any-form",
    "Ids are UUIDs, in any case, with braces or without hyphens.",
    ids(lambda: str(uuid.uuid4()), uuid.UUID),
)
add(
    "ids-ulid",
    "Ids are ULIDs, in any case.",
    ids(lambda: "01" + "".join(secrets.choice(ULID) for _ in range(24)), ulid),
)
add("ids-integers-read", "Ids are integers, read as Python reads them.", ids(lambda: str(next(COUNT)), integer))
add("ids-integers-routed", "Ids are digits, of any script, read as a number.", ids(lambda: str(next(COUNT)), digits))
COUNTED = itertools.count(118)


def numbered_ids(app: App) -> None:
    """Give ids with a number at their end; the groups with smaller numbers are there, too."""
    app.world.groups.update({f"research-group-{number}": {} for number in range(118)})
    app.states.own_groups = True
    app.states.group_id = lambda: f"research-group-{next(COUNTED)}"


add("ids-counted", "Ids are words with a number, and those with smaller numbers are there, too.", numbered_ids)
add("ids-slugs", "Ids are words with hyphens.", ids(lambda: f"data-service-{next(COUNT)}"))


def in_range(request: Request) -> Response | None:
    """Refuse what is not a number of 32 bits."""
    parts = request.path.split("?")[0].split("/")
    names = [after for before, after in itertools.pairwise(parts) if before == "groups"]
    if all(name.isascii() and name.isdecimal() and int(name) < 2**31 for name in names):
        return None
    error = {"id": "badId", "description": "An id is a positive number of 32 bits."}
    return Response(400).set_json({"error": error})


add(
    "ids-32-bits",
    "Ids are numbers of 32 bits; others are an invalid request.",
    lambda app: [ids(lambda: str(next(COUNT)))(app), edge(in_range)(app)],
    CURRENT,
)


def unknown_path(_inner: Any, _call: Call) -> None:
    """Refuse a path that is none of the application's, whoever asks."""
    raise Refusal(404, "notFound", "The resource could not be found.")


add(
    "other-methods-404",
    "A path and a method together are a resource.",
    replace_stage("wrong_method", unknown_path),
    CURRENT,
)
