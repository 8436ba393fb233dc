"""Whether a token lets its user in by the header in which it comes."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.exchange import Auth
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.target.file import SetupError
from onezone_contracts.target.owned import own
from onezone_contracts.trial import Trial


def lets_in(header: str, form: str) -> Check:
    """The check that a new token lets its user in; `form` makes the header's value of it."""

    def check(trial: Trial) -> Iterator[Finding]:
        account = trial.seeing()
        try:
            owner = account.person().ref
            token = account.tokens.texts[own(account, owner)]
        except SetupError as error:
            raise NotJudged(str(error), blocked=True) from None
        auth = Auth(((header, form.format(token)),), "a token")
        exchange = trial.ask({}, auth, f"a token in the header {header}")
        if exchange.status != trial.operation.success.status:
            what = f"a token in the header {header} does not let its user in"
            yield Finding(what, str(trial.operation.success.status), exchange.answer(), exchange)

    return check
