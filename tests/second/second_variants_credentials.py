"""Legitimate differences in how credentials are read: where the documents are silent, each of these is honest."""

import base64
import binascii
import unicodedata
from typing import Any

from second_registry import OLDER, App, Call, Refusal, Table, replace_stage
from second_world import User

CREDENTIALS = Table()
CREDENTIALS.topic = "credentials"
add = CREDENTIALS.add


def values(call: Call, name: str = "authorization") -> list[str]:
    """Every value of a header."""
    return call.request.headers.get(name, [])


def refuse_two(inner: Any, call: Call) -> None:
    """Refuse several credentials in one request."""
    if len(values(call)) + len(values(call, "x-auth-token")) > 1:
        raise Refusal(400, "malformedData", "Credentials may be given once.")
    inner(call)


def joined(inner: Any, call: Call) -> None:
    """Read repeated headers as one, as RFC 9110 lets a recipient do."""
    if len(values(call)) > 1:
        call.request.headers["authorization"] = [", ".join(values(call))]
    inner(call)


def last(inner: Any, call: Call) -> None:
    """Read the last of repeated headers."""
    call.request.headers["authorization"] = values(call)[-1:]
    if not values(call):
        del call.request.headers["authorization"]
    inner(call)


def password_first(inner: Any, call: Call) -> None:
    """Look at Authorization first, and at the token only where there is none."""
    if values(call):
        call.request.headers.pop("x-auth-token", None)
    inner(call)


def case_counts(inner: Any, call: Call) -> None:
    """Take schemes in other case for none."""
    if values(call) and values(call)[0].partition(" ")[0] not in {"Basic", "Bearer"}:
        del call.request.headers["authorization"]
    inner(call)


def unpadded(inner: Any, value: str) -> User | None:
    """Do without padding."""
    user: User | None = inner(value + "=" * (-len(value) % 4))
    return user


def latin(inner: Any, value: str) -> User | None:
    """Read what is no UTF-8 as Latin-1."""
    try:
        raw = base64.b64decode(value, validate=True)
        raw.decode("utf-8")
    except UnicodeDecodeError:
        value = base64.b64encode(raw.decode("latin-1").encode()).decode()
    except binascii.Error:
        return None
    user: User | None = inner(value)
    return user


def ascii_only(inner: Any, value: str) -> User | None:
    """Call other characters than those of ASCII malformed."""
    try:
        if not base64.b64decode(value, validate=True).isascii():
            raise Refusal(400, "malformedData", "Credentials are in ASCII.")
    except binascii.Error:
        return None
    user: User | None = inner(value)
    return user


def prepared(inner: Any, user: User, given: str) -> bool:
    """Prepare passwords before they are compared (RFC 4013)."""
    return bool(inner(user, unicodedata.normalize("NFKC", given.replace("\u00ad", ""))))


def too_many(limit: int, *, lock: bool) -> Any:
    """After so many wrong passwords in a row, answer 429 to more of them, or lock the account."""

    def change(app: App) -> None:
        wrong: dict[str, int] = {}

        def fits(inner: Any, user: User, given: str) -> bool:
            right = bool(inner(user, given))
            tries = wrong.get(user.name, 0)
            if tries >= limit and lock:
                return False
            wrong[user.name] = 0 if right else tries + 1
            if not right and tries >= limit:
                raise Refusal(429, "tooManyRequests", "There were too many attempts.")
            return right

        app.around("password_fits", fits)

    return change


def no_long_headers(inner: Any, call: Call) -> None:
    """Refuse headers of more than a kilobyte."""
    if any(len(value) > 1024 for values in call.request.headers.values() for value in values):
        raise Refusal(431, "headersTooLarge", "A header is too long.")
    inner(call)


IDENTIFY = {
    "auth-two-400": ("Several credentials in one request are malformed.", refuse_two),
    "auth-joined": ("Repeated Authorization headers are read as one list.", joined),
    "auth-last": ("Of repeated Authorization headers the last one counts.", last),
    "auth-case-counts": ("Schemes in other case are none.", case_counts),
    "auth-no-long-headers": ("Headers over a kilobyte are refused with 431.", no_long_headers),
}
for name, (sentence, stage) in IDENTIFY.items():
    add(name, sentence, replace_stage("identify", stage))
add(
    "auth-password-first",
    "Authorization counts, and the token only without it.",
    replace_stage("identify", password_first),
    OLDER,
)
add("auth-unpadded", "Basic credentials may lack their padding.", replace_stage("by_basic", unpadded))
add("auth-latin-1", "Basic credentials that are no UTF-8 are read as Latin-1.", replace_stage("by_basic", latin))
add(
    "auth-ascii",
    "Other characters in credentials than ASCII are malformed.",
    replace_stage("by_basic", ascii_only),
    OLDER,
)
add("auth-prepared", "Passwords are prepared before they are compared.", replace_stage("password_fits", prepared))
add("auth-429", "After five wrong passwords in a row, more of them are answered 429.", too_many(5, lock=False))
add("auth-locks", "After five wrong passwords in a row, an account is locked.", too_many(5, lock=True))
add(
    "auth-hard-passwords",
    "Passwords have colons, quotes, blanks and characters of many alphabets.",
    lambda app: setattr(app.states, "ending", ":: \"ż'ółw\\😀%41\u0301:"),
)
