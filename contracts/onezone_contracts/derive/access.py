"""Who may: personas, credentials, and groups that do not exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from onezone_spec import Source

from onezone_contracts.cases import (
    GROUP,
    MISSING,
    NOBODY,
    OTHER,
    Case,
    Change,
    Credentialed,
    access_case,
    b64,
    constant,
    password_of_another,
    raw_authorization,
    unknown_user,
    wrong_password,
    wrong_token,
)
from onezone_contracts.checks.status import accepted, answered, answered_with, observed
from onezone_contracts.derive import ids
from onezone_contracts.derive.build import Builder
from onezone_contracts.exchange import Auth
from onezone_contracts.patience import TOO_MANY
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import Finding, Level, NotJudged, Requirement, Sending
from onezone_contracts.supplied_run import SuppliedRun
from onezone_contracts.target.file import NO_OTHER_GROUP, TestUser

MALFORMED_BASIC = {
    "no-base64": "Basic %%%",
    "no-colon": f"Basic {b64('alice')}",
    "nothing": "Basic",
    "blank": "Basic ",
    "no-utf-8": "Basic /zr/",
}
WORDS = {
    "unknown-user": "the credentials of a user who does not exist",
    "password-of-another": "the password of another user",
    "malformed.no-base64": "Basic credentials that are no base64",
    "malformed.no-colon": "Basic credentials without a colon",
    "malformed.nothing": "the word Basic and no credentials",
    "malformed.blank": "the word Basic, a blank and no credentials",
    "malformed.no-utf-8": "Basic credentials that are no UTF-8",
    "empty-user": "Basic credentials without a user name",
    "empty-pair": "Basic credentials without user name and password",
    "empty-token": "an empty X-Auth-Token",
    "empty-bearer": "an empty bearer token",
    "scheme.digest": "Digest credentials",
    "scheme.unknown": "credentials of an unknown scheme",
    "scheme.empty": "an empty Authorization",
}
"""What is wrong with credentials, for people."""
NOT_FOUND = 404
ENDING = 5
"""So many characters of a token are gone at its end: of base64, the last one alone may not count."""
OTHER_SCHEMES = {"digest": 'Digest username="alice"', "unknown": "Onezone alice", "empty": ""}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    yield from _personas(build)
    yield from _unknown_group(build)
    yield from _combined(build)
    yield _scheme_case(build)


# --- personas -------------------------------------------------------------------------------------------------


def _personas(build: Builder) -> Iterator[Requirement]:
    source = build.operation.access.source
    for persona in build.personas:
        case = access_case(persona.name)
        if persona.allowed:
            text = f"A user with {_holdings(persona)} may: a valid request is answered with success."
            yield build.requirement(case.name, Level.MUST, text, source, accepted(case))
        else:
            text = f"A user with {_holdings(persona, build)} may not: a valid request is answered with 403."
            yield build.requirement(case.name, Level.MUST, text, source, answered({403}, case))
    yield from _other_group(build, source)
    text = "A request without credentials is answered with 401."
    case = Case("access.anonymous", "a valid request without credentials", who=NOBODY)
    yield build.requirement(case.name, Level.MUST, text, build.answer_source(401), answered({401}, case))


def _other_group(build: Builder, source: Source) -> Iterator[Requirement]:
    for persona in build.personas:
        if not persona.allowed:
            continue
        case = Case(
            f"access.other-group.{persona.name}",
            f"a valid request of the persona {persona.name} for a group that it does not belong to",
            who=persona.name,
            roles={GROUP: OTHER},
        )
        if persona.allowed_anywhere:
            text = f"The persona {persona.name} may in any group: a valid request for a second one succeeds, too."
            check = _with_other_group(_if_there(case))
        else:
            text = f"What the persona {persona.name} holds in its own group gives it nothing in another: 403."
            check = _with_other_group(answered({403}, case))
        yield build.requirement(case.name, Level.MUST, text, source, check, needs="a second group")


def _if_there(case: Case) -> Sending:
    """As `accepted`, in a group that is there: the document lets an administrator into groups that they are not in."""

    def judged(run: SuppliedRun) -> Iterator[Finding]:
        sent = run.send(case, accept=True)
        if sent.exchange.status == NOT_FOUND and not _is_there(run, run.target.other or ""):
            raise NotJudged(
                f"{run.target.other} is answered 404: give groups.other, the id of a group that is there",
                wanting=True,
            )
        yield from accepted(case)(run)
        if sent.succeeded:
            yield from run.consequences(sent)

    return Sending(judged, (case,), accept=True)


def _is_there(run: SuppliedRun, group: str) -> bool:
    """Whether a group was set up for this run, or is listed; some targets list those that are not there as empty."""
    services = run.ledger.initial.get(group)
    return run.target.other_is_new or bool(services) or (services is not None and not _lists_nothing(run))


def _lists_nothing(run: SuppliedRun) -> bool:
    return run.readback.ids(run.target.missing) is not None


def _with_other_group(sending: Sending) -> Sending:
    def judged(run: SuppliedRun) -> Iterator[Finding]:
        if not run.target.other:
            raise NotJudged(NO_OTHER_GROUP, wanting=True)
        yield from sending(run)

    return replace(sending, check=judged)


def _holdings(persona: Persona, build: Builder | None = None) -> str:
    words = []
    for scope, granted in persona.grants.items():
        place = "in the zone" if scope == "zone" else f"in the {scope.replace('_', ' ')}"
        if granted is None:
            words.append(f"no membership of the {scope.replace('_', ' ')}")
        elif build and len(granted) > 3:  # noqa: PLR2004
            gone = ", ".join(sorted(set(build.contract.privileges[scope]) - granted))
            words.append(f"every privilege {place}" + (f" but {gone}" if gone else ""))
        else:
            words.append(f"{', '.join(sorted(granted)) or 'no privilege'} {place}")
    return " and ".join(words)


# --- credentials ----------------------------------------------------------------------------------------------


def credentials(build: Builder) -> Iterator[Requirement]:
    """Wrong credentials, of any operation that needs some."""
    source = build.answer_source(401)

    def make(topic: str, text: str, *cases: Case, needs: str | None = None) -> Requirement:
        check = answered_with(needs, {401, TOO_MANY}, *cases) if needs else answered({401}, *cases)
        return build.requirement(f"authentication.{topic}", Level.MUST, text, source, check, needs)

    lockable = build.lockable_name
    allowed = [persona.name for persona in build.personas if persona.allowed]
    yield make(
        "unknown-user", "A user that does not exist is answered with 401.", _case("unknown-user", unknown_user())
    )
    yield make(
        "wrong-password",
        "A known user with a password that is not theirs is answered with 401.",
        *_wrong_passwords(lockable, allowed),
        needs="password",
    )
    yield make(
        "password-of-another",
        "A known user with another user's password is answered with 401.",
        _case("password-of-another", password_of_another),
        needs="password",
    )
    yield make("wrong-token", "A token that was never given out is answered with 401.", *_wrong_tokens())
    if build.lockable_user is None:  # whom the kit makes has a password
        yield make(
            "altered-token",
            "A token that differs from a valid one is answered with 401.",
            *_altered_tokens((*allowed, lockable)),
            needs="token",
        )
    yield from _malformed(build, source)


def _case(name: str, auth: Credentialed, label: str | None = None, who: str = NOBODY) -> Case:
    return Case(f"authentication.{name}", label or f"a valid request with {WORDS[name]}", who=who, auth=auth)


def _wrong_passwords(lockable: str, allowed: list[str]) -> Iterator[Case]:
    """Several for a persona that no later case needs, since its account may be locked; one for each other."""
    makes = {
        "other": (lambda _: "no-such-password-7d1", "another password"),
        "longer": (lambda right: f"{right}x", "the password and one more character"),
        "shorter": (lambda right: right[:-1], "the password without its last character"),
        "swapped-case": (
            lambda right: right.swapcase() if right.swapcase() != right else f"{right}X",
            "the password in other case",
        ),
        "blank": (lambda right: f"{right} ", "the password and a blank"),
        "blank-before": (lambda right: f" {right}", "a blank and the password"),
        "percent-encoded": (
            lambda right: "".join(f"%{byte:02X}" for byte in right.encode()),
            "the password as it stands in a URL",
        ),
        "reordered": (_reordered, "the characters of the password in another order"),
        "empty": (lambda _: "", "an empty password"),
    }
    for name, (make, words) in makes.items():
        yield _case(f"wrong-password.{name}", wrong_password(make, words), f"a known user with {words}", lockable)
    for name in allowed:
        make, words = makes["other"]
        label = f"the persona {name} with {words}"
        yield _case(f"wrong-password.{name}", wrong_password(make, words), label, name)


def _wrong_tokens() -> Iterator[Case]:
    yield _case(
        "token.unknown",
        wrong_token(lambda _: "MDAxY2xvY2F0aW9uIG5vd2hlcmU", "an unknown token"),
        "an unknown X-Auth-Token",
    )
    yield _case(
        "bearer.unknown",
        wrong_token(lambda _: "MDAxY2xvY2F0aW9uIG5vd2hlcmU", "an unknown bearer token", bearer=True),
        "an unknown bearer token",
    )


def _altered_tokens(people: tuple[str, ...]) -> Iterator[Case]:
    makes = {
        "longer": _longer,
        "shorter": lambda right: right[:-ENDING],
        "cut-in-half": lambda right: right[: len(right) // 2],
        "other": _altered_token,
        "reordered": _reordered,
        "in-other-case": _in_other_case,
    }
    for who in people:
        for name, make in makes.items():
            label = f"a valid token of the persona {who}: {name.replace('-', ' ')}"
            yield _case(f"altered-token.{who}.{name}", wrong_token(make, f"a {name} token"), label, who)


def _longer(right: str) -> str:
    """A token with more at its end; before its padding, since some decoders read no further."""
    body = right.rstrip("=")
    return f"{body}xQ7dk{right[len(body) :]}"


def _altered_token(right: str) -> str:
    """A token with another character in its middle: in base64, the last one may not count (RFC 4648, 3.5)."""
    middle = len(right) // 2
    return f"{right[:middle]}{'B' if right[middle : middle + 1] == 'A' else 'A'}{right[middle + 1 :]}"


def _reordered(right: str) -> str:
    """The same characters in another order: two neighbours near the middle change places.

    Letters or digits do, in whatever case they differ: a UUID is the same wherever its hyphens stand. Where no such
    neighbours are it is longer instead.
    """
    middle = len(right) // 2
    places = sorted(range(len(right) - 1), key=lambda place: abs(place + 1 - middle))
    pairs = ((place, right[place : place + 2]) for place in places)
    place = next((place for place, pair in pairs if pair.isalnum() and pair[0].lower() != pair[1].lower()), None)
    if place is None:
        return f"{right}X"
    return f"{right[:place]}{right[place + 1]}{right[place]}{right[place + 2 :]}"


def _in_other_case(right: str) -> str:
    """Where all letters are in one case, as to the base 16 or 32, it may not count: then it is changed otherwise."""
    other = right.swapcase()
    caseless = right in {right.lower(), right.upper()} or set(right.lower()) <= set("0123456789abcdef-")
    return f"{right}X" if caseless else other


def _malformed(build: Builder, source: Source) -> Iterator[Requirement]:
    cases = [_case(f"malformed.{name}", raw_authorization(value)) for name, value in MALFORMED_BASIC.items()]
    text = "Credentials that cannot be understood are refused, as not authenticated or as an invalid request."
    name = "authentication.malformed"
    yield build.requirement(name, Level.MUST, text, source, answered({400, 401}, *cases))
    text = "Credentials that cannot be understood are answered with 401."
    yield build.judge(f"{name}-401", build.documented(), text, source, answered({401}, *cases))
    halves = (
        _case("empty-user", raw_authorization(f"Basic {b64(':secret')}")),
        _case("empty-pair", raw_authorization(f"Basic {b64(':')}")),
        _case("empty-token", wrong_token(lambda _: "", "an empty token")),
        _case("empty-bearer", raw_authorization("Bearer ")),
    )
    text = "Credentials without a user name, and an empty token, give no access: 401, or 400."
    name = "authentication.half-credentials"
    yield build.requirement(name, Level.MUST, text, source, answered({400, 401}, *halves))
    cases = [_case(f"scheme.{name}", raw_authorization(value)) for name, value in OTHER_SCHEMES.items()]
    text = "A way to authenticate that the contract does not know gives no access: 401, or 400."
    yield build.requirement("authentication.unknown-scheme", Level.MUST, text, source, answered({400, 401}, *cases))


# --- groups that do not exist ---------------------------------------------------------------------------------


def _unknown_group(build: Builder) -> Iterator[Requirement]:
    source = build.answer_source(404)
    for persona in build.personas:
        statuses = {404} if persona.allowed_anywhere else {403, 404}
        case = Case(
            f"unknown-group.{persona.name}",
            f"a valid request of the persona {persona.name} for a group that does not exist",
            who=persona.name,
            roles={GROUP: MISSING},
        )
        words = "404" if persona.allowed_anywhere else "403 or 404"
        text = f"For a group that does not exist, the persona {persona.name} is answered with {words}."
        yield build.requirement(case.name, Level.MUST, text, source, answered(statuses, case))
    administrator = next((persona.name for persona in build.personas if persona.allowed_anywhere), None)
    if administrator:
        label = f"the same request of the persona {administrator} again, for a group that does not exist"
        case = Case("unknown-group.again", label, who=administrator, roles={GROUP: MISSING})
        text = "A group that did not exist does not come to be by being asked for: the second time, too, it is 404."
        yield build.requirement(case.name, Level.MUST, text, source, answered({404}, case))
    label = "no credentials, for a group that does not exist"
    case = Case("unknown-group.anonymous", label, who=NOBODY, roles={GROUP: MISSING})
    text = "For a group that does not exist, a request without credentials is answered with 401 or 404."
    yield build.requirement(case.name, Level.MUST, text, source, answered({401, 404}, case))
    yield from ids.requirements(build)


# --- several things wrong at once -----------------------------------------------------------------------------


def _combined(build: Builder) -> Iterator[Requirement]:
    """Where two things are wrong, the documents do not say which is reported; either is right, and nothing else."""
    bad: Change = constant({})
    forbidden = [persona for persona in build.personas if not persona.allowed]
    anywhere = next((persona.name for persona in build.personas if persona.allowed_anywhere), None)
    rows: list[tuple[str, set[int], Case]] = [
        ("anonymous-bad-body", {400, 401}, Case("", "no credentials and a bad body", who=NOBODY, change=bad)),
        (
            "wrong-credentials-bad-body",
            {400, 401},
            Case("", "wrong credentials and a bad body", who=NOBODY, change=bad, auth=unknown_user()),
        ),
        (
            "anonymous-malformed",
            {400, 401},
            Case("", "no credentials and malformed JSON", who=NOBODY, raw=lambda _: b'{"name":'),
        ),
    ]
    if forbidden:
        case = Case("", "no privilege and a bad body", who=forbidden[-1].name, change=bad)
        rows.append(("forbidden-bad-body", {400, 403}, case))
    if anywhere:
        case = Case("", "an unknown group and a bad body", who=anywhere, roles={GROUP: MISSING}, change=bad)
        rows.append(("unknown-group-bad-body", {400, 404}, case))
    for topic, statuses, case in rows:
        named = replace(case, name=f"combined.{topic}")
        words = " or ".join(map(str, sorted(statuses)))
        text = f"{case.label[0].upper()}{case.label[1:]}: the answer names one of the two, {words}."
        yield build.requirement(named.name, Level.MUST, text, build.operation.source, answered(statuses, named))


def _scheme_case(build: Builder) -> Requirement:
    case = Case("authentication.scheme-case", "the scheme of the credentials in lower case", auth=_lowered)
    text = "What becomes of a scheme in lower case is left open."
    return build.requirement(case.name, Level.OBSERVE, text, build.answer_source(401), observed(case))


def _lowered(identity: TestUser, _: Mapping[str, TestUser]) -> Auth:
    auth = identity.auth
    name, value = auth.headers[0]
    scheme, _sep, rest = value.partition(" ")
    return replace(auth, headers=((name, f"{scheme.lower()} {rest}" if rest else value),))
