"""User names, schemes and tokens that are only near to right ones. Judged late: a server may lock an account."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping

from onezone_contracts.cases import NOBODY, Case, Credentialed
from onezone_contracts.checks.status import answered_with, observed_with
from onezone_contracts.derive.build import Builder
from onezone_contracts.derive.credentials import UNREAD, Pair, authorization, pair_of
from onezone_contracts.exchange import Auth
from onezone_contracts.requirement import Level, Requirement
from onezone_contracts.target.file import TestUser

OTHER_USERS: dict[str, Pair] = {
    "longer": lambda name, right: f"{name}x:{right}",
    "shorter": lambda name, right: f"{name[:-1]}:{right}",
    "cut-in-half": lambda name, right: f"{name[: len(name) // 2]}:{right}",
    "percent-of-sql": lambda name, right: f"{name[:-1]}%:{right}",
    "only-percent": lambda _, right: f"%:{right}",
    "underscore-of-sql": lambda name, right: f"{'_' * len(name)}:{right}",
    "star": lambda name, right: f"{name[:-1]}*:{right}",
    "only-star": lambda _, right: f"*:{right}",
    "pattern": lambda _, right: f".*:{right}",
    "sql": lambda name, right: f"{name}' OR '1'='1:{right}",
    "sql-comment": lambda name, right: f"{name}'--:{right}",
    "nul": lambda name, right: f"{name}\0x:{right}",
    "directory": lambda name, right: f"*)(uid={name}:{right}",
    "encoded": lambda name, right: f"{''.join(f'%{byte:02X}' for byte in name.encode())}:{right}",
    "nobody": lambda _, right: f":{right}",
    "its-end-in-the-password": lambda name, right: f"{name[:-1]}:{name[-1:]}{right}",
}
"""Names of nobody, with the right password of somebody whose name they are near to."""
SPELT: dict[str, Pair] = {
    "other-case": lambda name, right: f"{name.swapcase() if name.swapcase() != name else name + 'X'}:{right}",
    "blank-before": lambda name, right: f" {name}:{right}",
    "blank-after": lambda name, right: f"{name} :{right}",
    "tab-after": lambda name, right: f"{name}\t:{right}",
    "line-break-after": lambda name, right: f"{name}\n:{right}",
}
SCHEMES = ("Digest", "Onezone", "Negotiate", "Bearer", "Token", "ApiKey")


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    source, lockable = build.answer_source(401), build.lockable_name
    # somebody who may: a name that is let pass is seen as such, whatever comes of it
    likely = next((persona.name for persona in build.personas if persona.allowed), lockable)
    label = "the right password of somebody with another name: {}"
    cases = [
        _case(f"wrong-user.{name}", label.format(name.replace("-", " ")), _unknown_name(make), likely)
        for name, make in OTHER_USERS.items()
    ]
    text = "A name that is only near to a user's is nobody's, also with the right password: 401, or 400."
    check = answered_with("password", UNREAD, *cases)
    yield build.requirement("authentication.wrong-user", Level.MUST, text, source, check, "password")
    label = "the right password of somebody whose name is spelt otherwise: {}"
    cases = [
        _case(f"user-spelling.{name}", label.format(name.replace("-", " ")), pair_of(make), likely)
        for name, make in SPELT.items()
    ]
    text = "Whether a user name in other case, or with blanks around it, is another is left open: directories say no."
    check = observed_with("password", *cases)
    yield build.requirement("authentication.user-spelling", Level.OBSERVE, text, source, check, "password")
    cases = [
        _case(
            f"other-scheme.{scheme.lower()}",
            f"right Basic credentials with the scheme {scheme}",
            _other_scheme(scheme),
            likely,
        )
        for scheme in SCHEMES
    ]
    text = "Right credentials behind the word for another scheme give no access: 401, or 400."
    check = answered_with("password", UNREAD, *cases)
    yield build.requirement("authentication.other-scheme", Level.MUST, text, source, check, "password")
    tokens: dict[str, Callable[[str, str], str]] = {
        "user-name": lambda name, _: name,
        "password": lambda _, right: right,
        "pair": lambda name, right: f"{name}:{right}",
        "encoded-pair": lambda name, right: base64.b64encode(f"{name}:{right}".encode()).decode(),
    }
    cases = [
        _case(f"no-token.{name}.{carrier}", f"as a token: {name.replace('-', ' ')}", _token(make, carrier), likely)
        for name, make in tokens.items()
        for carrier in ("token", "bearer")
    ]
    text = "A user name or a password is no token: 401, or 400."
    check = answered_with("password", UNREAD, *cases)
    yield build.requirement("authentication.no-token", Level.MUST, text, source, check, "password")


def _case(name: str, label: str, auth: Credentialed, who: str = NOBODY) -> Case:
    return Case(f"authentication.{name}", label, who=who, auth=auth)


def _unknown_name(make: Pair) -> Credentialed:
    """Credentials with a similar name that no persona has."""

    def auth(identity: TestUser, people: Mapping[str, TestUser]) -> Auth:
        names = {user.credentials.username.casefold() for user in people.values() if user.credentials.username}

        def other(name: str, right: str) -> str:
            near = make(name, right)
            return f"{name}-nobody-9f2c1d:{right}" if near.partition(":")[0].casefold() in names else near

        return pair_of(other)(identity, people)

    return auth


def _other_scheme(scheme: str) -> Credentialed:
    """The persona's own Basic credentials with another scheme's name before them."""
    right = pair_of(lambda name, password: f"{name}:{password}")

    def auth(identity: TestUser, people: Mapping[str, TestUser]) -> Auth:
        value = right(identity, people).headers[0][1]
        return authorization(f"{scheme} {value.partition(' ')[2]}")

    return auth


def _token(make: Callable[[str, str], str], carrier: str) -> Credentialed:
    """What somebody signs in with, as a token; where an access token serves as the password, with more at its end."""

    def auth(identity: TestUser, _: Mapping[str, TestUser]) -> Auth:
        own = identity.credentials
        value = make(own.username or "", own.password or "")
        value += "x" if value == own.token else ""
        return authorization(token=value) if carrier == "token" else authorization(f"Bearer {value}")

    return auth
