"""Whether what something names stays: it is not deleted as long as that is there."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.target.administrator import NOT_THERE
from onezone_contracts.target.file import SetupError
from onezone_contracts.trial import Trial


def refused_while_referenced(kind: str, status: int) -> Check:
    """The check that a deletion is refused with that status while something of a kind names what would be deleted."""

    def check(trial: Trial) -> Iterator[Finding]:
        account, role = trial.seeing(), trial.operation.effect.resource
        try:
            ref = account.create(account.contract.kind(role))
            account.look(ref)
            account.create(kind, names={ref[0]: ref[1]})
        except SetupError as error:
            raise NotJudged(str(error), blocked=True) from None
        exchange = trial.ask({role: ref}, account.auth, f"delete what a {kind} names")
        what = f"the deletion of a {role.replace('_', ' ')} that a {kind} names"
        if exchange.status != status:
            came = "was not refused" if exchange.succeeded else f"was not answered with {status}"
            yield Finding(f"{what} {came}", str(status), exchange.answer(), exchange)
        look = account.read("get", ref[0], None, {ref[0]: ref})
        if account.offers("get", ref[0]) and look is not None and look.status in NOT_THERE:
            account.mirror.drop(ref)
            account.removed.add(ref)
            yield Finding(f"it is gone although a {kind} names it", "200", look.answer(), look)

    return check
