"""Credentials that are wrong in ways that only a careful server sees. Judged late: a server may lock an account."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping

from onezone_spec import Source

from onezone_contracts.cases import NOBODY, WRITER, Case, Credentialed, password_of_another, wrong_password
from onezone_contracts.checks.signin import after_success, right_after_wrong, twice
from onezone_contracts.checks.status import answered, answered_with, observed
from onezone_contracts.derive.build import Builder
from onezone_contracts.exchange import Auth, basic
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import Level, Requirement
from onezone_contracts.target.file import TestUser

DENIED = frozenset({401, 429})
"""Not authenticated; or too many attempts (RFC 6585), which a server that was asked so often may say."""
UNREAD = DENIED | {400}
"""The same, where the credentials may also be called malformed."""
TOO_LONG = UNREAD | {413, 431}
WRONG = "no-such-password-7d1"
UNKNOWN = "MDAxY2xvY2F0aW9uIG5vd2hlcmU"
ANOTHER_PAGE = 0x100
Pair = Callable[[str, str], str]
"""From a right user name and password to the text of wrong Basic credentials."""

COLONS: dict[str, Pair] = {
    "after": lambda name, right: f"{name}:{right}:x",
    "before": lambda name, right: f"{name}:x:{right}",
    "trailing": lambda name, right: f"{name}:{right}:",
    "doubled": lambda name, right: f"{name}::{right}",
    "another-user": lambda name, right: f"no-such-user-3f1:{name}:{right}",
}
CHARACTERS: dict[str, Pair] = {
    "letter": lambda name, right: f"{name}:{right}\N{LATIN SMALL LETTER L WITH STROKE}",
    "emoji": lambda name, right: f"{name}:{right}\N{GRINNING FACE}",
    "accent": lambda name, right: f"{name}:{right}\N{COMBINING ACUTE ACCENT}",
    "low-byte": lambda name, right: f"{name}:{right[:-1]}{chr(ord(right[-1:] or 'x') + ANOTHER_PAGE)}",
    "nul": lambda name, right: f"{name}:{right}\0x",
    "sql": lambda name, _: f"{name}:' OR '1'='1",
    "user": lambda name, right: f"{name}\N{LATIN SMALL LETTER L WITH STROKE}:{right}",
}
SPELLINGS: dict[str, Callable[[str], str]] = {
    "unpadded": lambda value: value.rstrip("="),
    "two-blanks": lambda value: value.replace(" ", "  ", 1),
    "upper-case": lambda value: value.replace("Basic", "BASIC", 1),
    "lower-case": lambda value: value.replace("Basic", "basic", 1),
}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    yield from wrong_credentials(build)
    yield from _partly_right(build, build.answer_source(401))
    yield from in_turn(build)


def wrong_credentials(build: Builder) -> Iterator[Requirement]:
    """Credentials that are wrong alone, of any operation that needs some."""
    source = build.answer_source(401)
    lockable = build.lockable_name
    forbidden = [persona.name for persona in build.personas if not persona.allowed]
    yield from _passwords(build, source, lockable, forbidden)
    yield from _carriers(build, source, lockable)


def _case(name: str, label: str, auth: Credentialed | None, who: str) -> Case:
    return Case(f"authentication.{name}", label, who=who, auth=auth)


# --- passwords ------------------------------------------------------------------------------------------------


def _passwords(build: Builder, source: Source, lockable: str, forbidden: list[str]) -> Iterator[Requirement]:
    label = "a known user's right password with a colon too many: {}"
    cases = [
        _case(f"colon.{name}", label.format(name.replace("-", " ")), pair_of(make), lockable)
        for name, make in COLONS.items()
    ]
    cases += [  # that user's own password may have a colon, and then shows less
        _case(f"colon.before.{who}", label.format("before"), pair_of(COLONS["before"]), who)
        for who in forbidden
        if who != lockable
    ]
    text = "A colon ends the user name once, and all that follows is the password: one with more in it is another."
    check = answered_with("password", DENIED, *cases)
    yield build.requirement("authentication.colon", Level.MUST, text, source, check, "password")
    cases = [
        _case(
            f"character.{name}",
            f"a known user with an odd character: {name.replace('-', ' ')}",
            pair_of(make),
            lockable,
        )
        for name, make in CHARACTERS.items()
    ]
    text = "A password with characters beyond ASCII, a NUL or SQL in it is another: 401, or 400."
    check = answered_with("password", UNREAD, *cases)
    yield build.requirement("authentication.character", Level.MUST, text, source, check, "password")


def pair_of(make: Pair) -> Credentialed:
    """Basic credentials made out of the persona's own."""

    def auth(identity: TestUser, _: Mapping[str, TestUser]) -> Auth:
        own = identity.credentials
        text = make(own.username or "", own.password or "")
        return authorization("Basic " + base64.b64encode(text.encode()).decode())

    return auth


def authorization(*values: str, token: str | None = None) -> Auth:
    """Credentials in several headers at once."""
    headers = [*([] if token is None else [("X-Auth-Token", token)]), *(("Authorization", value) for value in values)]
    return Auth(tuple(headers), "wrong credentials")


# --- carriers -------------------------------------------------------------------------------------------------


def _carriers(build: Builder, source: Source, lockable: str) -> Iterator[Requirement]:
    cases = [
        _case(
            f"wrong-spelling.{name}",
            f"a wrong password in Basic credentials: {name.replace('-', ' ')}",
            _misspelt(spell),
            lockable,
        )
        for name, spell in SPELLINGS.items()
    ]
    text = "Wrong credentials are not taken for right ones, however they are spelled: 401, or 400."
    topic = "authentication.wrong-spelling"
    yield build.requirement(topic, Level.MUST, text, source, answered(UNREAD, *cases))
    unknown, other = basic("nobody-9f2c1d", WRONG), f"Bearer {UNKNOWN}"
    twos: dict[str, Credentialed] = {
        "token-and-basic": lambda user, _: authorization(_altered_password(user), token=UNKNOWN),
        "token-and-bearer": lambda *_: authorization(other, token=UNKNOWN),
        "basic-and-basic": lambda user, _: authorization(_altered_password(user), unknown),
        "basic-and-bearer": lambda user, _: authorization(_altered_password(user), other),
        "in-one-header": lambda user, _: authorization(f"{_altered_password(user)}, {unknown}"),
    }
    cases = [
        _case(f"two-wrong.{name}", f"two wrong credentials: {name.replace('-', ' ')}", auth, lockable)
        for name, auth in twos.items()
    ]
    text = "Two wrong credentials in one request are no better than one: 401, or 400."
    yield build.requirement("authentication.two-wrong", Level.MUST, text, source, answered(UNREAD, *cases))
    longs: dict[str, Credentialed] = {
        "password": lambda user, _: authorization(basic(_name(user), "x" * 2000)),
        "user": lambda *_: authorization(basic("x" * 2000, WRONG)),
        "token": lambda *_: authorization(token="x" * 2000),
    }
    cases = [_case(f"long.{name}", f"2000 characters as {name}", auth, lockable) for name, auth in longs.items()]
    text = "Credentials of 2000 characters that nobody has are refused like any other: 401, 400, 413 or 431."
    yield build.requirement("authentication.long", Level.MUST, text, source, answered(TOO_LONG, *cases))


def _name(identity: TestUser) -> str:
    return identity.credentials.username or "nobody-9f2c1d"


def _altered_password(identity: TestUser, more: str = "") -> str:
    return basic(_name(identity), WRONG + more)


def _misspelt(spell: Callable[[str], str]) -> Credentialed:
    def auth(identity: TestUser, _: Mapping[str, TestUser]) -> Auth:
        values = (_altered_password(identity, more) for more in ("", "x"))
        return authorization(spell(next(value for value in values if value.endswith("="))))

    return auth


# --- one of two is right --------------------------------------------------------------------------------------


def _partly_right(build: Builder, source: Source) -> Iterator[Requirement]:
    """What nobody documented: a right credential beside a wrong one, or spelled otherwise."""
    unknown = basic("nobody-9f2c1d", WRONG)
    case = _case("token-first", "a wrong token beside a right Authorization", _among_headers(token=UNKNOWN), WRITER)
    text = "Where a token and Authorization are both there, the token decides: a wrong one is never accepted."
    level, check = (
        (Level.MUST, answered(UNREAD, case)) if build.operation.as_released else (Level.OBSERVE, observed(case))
    )
    yield build.requirement("authentication.token-first", level, text, source, check)
    cases = [
        _case("one-right.first", "a right Authorization, then a wrong one", _among_headers(after=(unknown,)), WRITER),
        _case("one-right.second", "a wrong Authorization, then a right one", _among_headers(before=(unknown,)), WRITER),
    ]
    text = "What becomes of two Authorization headers of which one is right is left open."
    yield build.requirement("authentication.one-right", Level.OBSERVE, text, source, observed(*cases))
    cases = [
        _case(f"spelling.{name}", f"right credentials: {name.replace('-', ' ')}", _respelt(spell), WRITER)
        for name, spell in SPELLINGS.items()
        if name != "lower-case"
    ]
    text = "What becomes of right credentials without padding, with blanks or in upper case is left open."
    yield build.requirement("authentication.spelling", Level.OBSERVE, text, source, observed(*cases))


def _among_headers(
    *, before: tuple[str, ...] = (), after: tuple[str, ...] = (), token: str | None = None
) -> Credentialed:
    return lambda identity, _: authorization(*before, _right(identity), *after, token=token)


def _respelt(spell: Callable[[str], str]) -> Credentialed:
    return lambda identity, _: authorization(spell(_right(identity)))


def _right(identity: TestUser) -> str:
    """The persona's own credentials as a value of Authorization."""
    own = identity.credentials
    return f"Bearer {own.token}" if own.token else basic(own.username or "", own.password or "")


# --- one after the other --------------------------------------------------------------------------------------


def in_turn(build: Builder) -> Iterator[Requirement]:
    """Credentials one directly after another, of any operation whose valid request can be repeated."""
    source, lockable = build.answer_source(401), build.lockable_name
    again = _case("wrong-again", "the same wrong password for the second time", wrong_password(_changed, "x"), lockable)
    text = "A wrong password is as wrong the second time: 401."
    check = twice(again, DENIED)
    yield build.requirement("authentication.wrong-again", Level.MUST, text, source, check, "password")
    text = "Who has just signed in vouches for nobody else: not for another password, another user, or nobody."
    check = after_success(*_followers(build.personas, lockable))
    yield build.requirement("authentication.after-success", Level.MUST, text, source, check)
    wrong = _case("right-after-wrong", "a wrong password", wrong_password(_changed, "another password"), WRITER)
    text = "A right password is right, also directly after a wrong one."
    source = build.operation.access.source
    check = right_after_wrong(wrong)
    yield build.requirement("authentication.right-after-wrong", Level.SHOULD, text, source, check, "password")


def _changed(right: str) -> str:
    return f"{right[:-1]}{'y' if right.endswith('x') else 'x'}"


def _followers(people: tuple[Persona, ...], lockable: str) -> Iterator[tuple[Case, frozenset[int]]]:
    """Who comes directly after a success, and how they may be answered."""
    words = "directly after a success"
    name = "after-success"
    changed = wrong_password(_changed, "another password")
    yield _case(f"{name}.wrong-password", f"the same user with a wrong password, {words}", changed, WRITER), DENIED
    label = f"the same user with another's password, {words}"
    yield _case(f"{name}.password-of-another", label, password_of_another, WRITER), DENIED
    label = f"another user with the same password, {words}"
    yield _case(f"{name}.user-of-another", label, password_of_another, lockable), DENIED
    yield _case(f"{name}.nobody", f"no credentials, {words}", None, NOBODY), frozenset({401})
    forbidden = next((persona.name for persona in people if not persona.allowed), None)
    if forbidden:
        yield _case(f"{name}.{forbidden}", f"the persona {forbidden}, {words}", None, forbidden), DENIED | {403}
