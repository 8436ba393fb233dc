"""Groups that contain each other: whoever belongs to one of them belongs to both."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.exchange import Exchange
from onezone_contracts.reading import ids_of
from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.state.expected import GROUP, USER, Ref, member_and_container
from onezone_contracts.state.observe import in_words
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.file import SetupError
from onezone_contracts.trial import Trial


def each_other(trial: Trial) -> Iterator[Finding]:
    """A group takes in the one that it is in, and both have all users then, with what they may through either."""
    account, effect = trial.seeing(), trial.operation.effect
    member, container = member_and_container(trial.contract, effect.resource, effect.within or "")
    try:
        outer, inner = account.create(GROUP), account.create(GROUP)
        account.attach(inner, outer)
        people = [account.person().ref for _ in range(2)]
        for person, place in zip(people, (outer, inner), strict=True):
            account.attach(person, place)
    except SetupError as error:
        raise NotJudged(str(error), blocked=True) from None
    roles = {member: outer, container: inner}
    exchange = account.api.send(trial.operation, roles, account.auth, label="let a group into one that is in it")
    if not exchange.succeeded:
        yield Finding("a group in one that is in it", "a success", exchange.answer(), exchange)
        return
    account.mirror.join(outer, inner, account.default(GROUP))
    for place in (outer, inner):
        yield from _users(account, place)
        for person in people:
            yield from _privileges(account, person, place)


def _users(account: Account, place: Ref) -> Iterator[Finding]:
    expected = {ref[1] for ref in account.mirror.inside(place, effective=True) if ref[0] == USER}
    last: list[Exchange | None] = []

    def there() -> bool:
        last.append(account.read("list", USER, GROUP, {GROUP: place}, effective=True))
        entries = account.listed(last[-1])
        return entries is None or ids_of(entries) == expected

    if not account.lag.until(there):
        came = in_words(account.listed(last[-1]) or ())
        yield Finding("the users of groups that contain each other", in_words(expected), came, last[-1])


def _privileges(account: Account, person: Ref, place: Ref) -> Iterator[Finding]:
    expected = account.mirror.privileges(person, place, effective=True)
    last: list[frozenset[str] | None] = []

    def there() -> bool:
        last.append(account.effective_privileges(person, place))
        return expected is None or last[-1] in {None, expected}

    if not account.lag.until(there):
        yield Finding("what a user may in groups that contain each other", in_words(expected), in_words(last[-1] or ()))
