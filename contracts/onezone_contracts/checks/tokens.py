"""What is said of a token's end, a name that another token has, and users whom no password lets in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from onezone_contracts.exchange import Auth, basic
from onezone_contracts.generate.values import secret
from onezone_contracts.reading import answer_of
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.state.compare import brief
from onezone_contracts.state.expected import CALLER, TOKEN, USER
from onezone_contracts.state.observe import differences
from onezone_contracts.state.probe import Probe
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import SetupError
from onezone_contracts.target.owned import own
from onezone_contracts.trial import Trial

T = TypeVar("T")
END = 32503680000
"""A time that is far away."""
UNAUTHORIZED = 401
REVOKED = "revoked"
READ = {"type": "api", "whitelist": ["ozw/get/*.*.*:*"]}


def until(trial: Trial) -> Iterator[Finding]:
    """The end of a token that has one is shown."""
    account = trial.seeing()
    caveats = [{"type": "time", "validUntil": END}]
    ref = _ready(lambda: own(account, account.person().ref, more={"caveats": caveats}))
    value = {"token": account.tokens.texts[ref]}
    exchange = account.api.send(trial.operation, {}, Auth(), value, label="ask about a token that has an end")
    answer = answer_of(exchange)
    came = answer.get("validUntil") if isinstance(answer, dict) else None
    if came != END:
        yield Finding("a token that has an end", str(END), brief(came) if answer else exchange.answer(), exchange)


def another_has(name: str, status: int) -> Check:
    """The check that a key cannot be changed to what another token of the same owner has there."""

    def check(trial: Trial) -> Iterator[Finding]:
        account = trial.seeing()
        owner = _ready(account.person)
        first, second = (_ready(lambda: own(account, owner.ref)) for _ in range(2))
        value = {name: account.mirror.details[first][name]}
        label = f"change {name} to that of another one"
        exchange = account.api.send(trial.operation, {TOKEN: second}, owner.auth, value, label=label)
        if exchange.status != status:
            yield Finding(f"{name} that another one has", str(status), exchange.answer(), exchange)

    return check


def restored(trial: Trial) -> Iterator[Finding]:
    """A token that is revoked no more lets its user in again."""
    account = trial.seeing()
    owner = _ready(account.person)
    ref = _ready(lambda: own(account, owner.ref, more={REVOKED: True}))
    label = "have a revoked token count again"
    exchange = account.api.send(trial.operation, {TOKEN: ref}, owner.auth, {REVOKED: False}, label=label)
    if not exchange.succeeded:
        yield Finding(label, "a success", exchange.answer(), exchange)
        return
    account.mirror.details[ref][REVOKED] = False
    for difference in differences(account, [Probe("details", ref), Probe("counts", ref)]):
        yield difference.finding(f"{label}: {difference.what}", exchange)


def read_only(trial: Trial) -> Iterator[Finding]:
    """A token that is for reading alone changes nothing."""
    account, update = trial.seeing(), trial.contract.find("update", CALLER)
    name = (
        next((prop.name for prop in update.body.properties if not prop.unique), None)
        if update and update.body
        else None
    )
    if update is None or name is None:
        raise NotJudged("the edition has nothing that a user could change")
    ref = _ready(lambda: own(account, account.person().ref, more={"caveats": [READ]}))
    auth = Credentials(token=account.tokens.texts[ref]).auth("a token for reading")
    value = account.samples.body(update, [name])
    exchange = account.api.send(update, {}, auth, value, label="change something with a token for reading")
    if exchange.status != UNAUTHORIZED:
        yield Finding("a token for reading alone", str(UNAUTHORIZED), exchange.answer(), exchange)


def no_password(trial: Trial) -> Iterator[Finding]:
    """Who was created without a password is let in by none."""
    account, body, get = trial.seeing(), trial.operation.body, trial.contract.find("get", CALLER)
    names = [prop.name for prop in body.properties if not secret(prop)] if body else []
    unique = next((prop.name for prop in body.properties if prop.unique), None) if body else None
    if get is None or unique is None:
        raise NotJudged("the edition has no users with names, or nothing that they could ask")
    value = account.samples.body(trial.operation, names)
    _ready(lambda: account.create(USER, value))
    for word in ("", "None", "null"):
        auth = Auth((("Authorization", basic(str(value[unique]), word)),), "a user without a password")
        exchange = account.api.send(get, {}, auth, label=f"log in with the password {word or 'of no characters'}")
        if exchange.status != UNAUTHORIZED:
            message = f"a user without a password: the password {word or 'of no characters'}"
            yield Finding(message, str(UNAUTHORIZED), exchange.answer(), exchange)


def _ready(make: Callable[[], T]) -> T:
    """What is made. Raises NotJudged where that fails."""
    try:
        return make()
    except SetupError as error:
        raise NotJudged(str(error), blocked=True) from None
