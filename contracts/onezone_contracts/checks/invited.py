"""What comes of invitations that are for somebody else, for the group that invites, or for a group that is gone."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.cases import with_value
from onezone_contracts.checks.status import answered
from onezone_contracts.derive import asks
from onezone_contracts.exchange import Exchange
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.state.expected import CHILD, GROUP, USER
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.file import SetupError
from onezone_contracts.target.invitations import accept_invitation, invitation
from onezone_contracts.trial import Trial

BAD = 400


def of_another_kind(key: str, role: str) -> Check:
    """The check that a token which invites somebody in that role is refused to everybody else."""

    def check(trial: Trial) -> Iterator[Finding]:
        text = _invitation(trial.seeing(), role)
        case = asks.broken(trial.operation, f"{key}.other.0", with_value(key, text), f"an invitation of a {role}")
        yield from answered({BAD}, case)(trial)

    return check


def to_itself(key: str) -> Check:
    """The check that a group which takes its own invitation is refused."""

    def check(trial: Trial) -> Iterator[Finding]:
        account = trial.seeing()
        text = _invitation(account, CHILD)
        roles = {GROUP: account.invited[text]}
        exchange = account.api.send(trial.operation, roles, account.auth, {key: text}, label="join itself")
        if exchange.status != BAD:
            yield Finding("a group that joins itself", str(BAD), exchange.answer(), exchange)

    return check


def withdrawn(trial: Trial) -> Iterator[Finding]:
    """An invitation to what is deleted is refused, and one to something else still serves."""
    account = trial.seeing()
    text, other = _invitation(account, USER), _invitation(account, USER)
    gone = account.invited[text]
    exchange = account.delete(gone)
    if exchange is None or not exchange.succeeded:
        raise NotJudged("nothing could be deleted", blocked=True)
    account.mirror.drop(gone)
    account.removed.add(gone)
    came = _accept(account, text)
    if came.status != BAD:
        yield Finding("an invitation to what is gone", str(BAD), came.answer(), came)
    came = _accept(account, other)
    if not came.succeeded:
        yield Finding("an invitation to something else", "a success", came.answer(), came)


def _accept(account: Account, text: str) -> Exchange:
    """What somebody new is answered who takes an invitation."""
    try:
        accepted = accept_invitation(account, USER, text)
    except SetupError as error:
        raise NotJudged(str(error), blocked=True) from None
    if accepted is None:
        raise NotJudged("the edition has no operation that takes an invitation", blocked=True)
    return accepted[1]


def _invitation(account: Account, role: str) -> str:
    try:
        return invitation(account, role)
    except SetupError as error:
        raise NotJudged(str(error), blocked=True) from None
