"""What a target offers to sequences, found out before the first one: a step that fails alone is no part of any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from onezone_contracts.cases import GROUP, HOME, MISSING, NOBODY, WRITER, Case, access_case, constant
from onezone_contracts.exchange import Auth, Exchange, Request
from onezone_contracts.patience import Lag
from onezone_contracts.requirement import NotJudged
from onezone_contracts.sent import Created, Read, Sent
from onezone_contracts.sequences.play import Setting
from onezone_contracts.sequences.step import CREATE, LEAVE, NAMESAKE, READ, REFUSE, TRESPASS
from onezone_contracts.state import compare
from onezone_contracts.state.readback import new_id
from onezone_contracts.supplied_run import SuppliedRun
from onezone_contracts.target.file import TestUser

SECONDS = {"standard": 7.0, "deep": 90.0}
"""How long the sequences of a run may take; a target whose reads lag sees fewer of them."""
LENGTHS = {"standard": (2, 8), "deep": (60, 30)}
ABSENT = frozenset({403, 404, 410})
FORBIDDEN = 2
"""How many forbidden personas take part."""


class GroupSetting(Setting):
    """The group, who creates there, what is refused there, who may leave, and what can be looked at.

    `former` has the services that left: how each was made, and how it left. `faithful` says whether a service that was
    created alone is read back as it was sent, `vanishing` whether one that left cannot be read any more; `sample` is
    the one that was created alone, with its id.
    """

    def __init__(self, run: SuppliedRun, group: str) -> None:
        lag = Lag(run.readback.lag.seconds, persistent=True, check_time=run.readback.lag.check_time)
        super().__init__(run.options, lag, SECONDS.get(run.options.depth, 0.0), LENGTHS)
        self.operations = dict.fromkeys((CREATE, NAMESAKE, LEAVE, READ, REFUSE, TRESPASS))
        self.run = run
        self.group = group
        self._unlisted: set[str] = set()
        self.creators: list[str] = []
        self.refusals: list[Case] = []
        self.leaver: TestUser | None = None
        self.listing = self.reading = self.faithful = self.vanishing = False
        self.fresh = True
        self.former: dict[str, tuple[Exchange, Exchange]] = {}
        self.sample: tuple[Sent, str] | None = None

    @property
    def services(self) -> set[str]:
        """The model: the ids that the group should have. It is the account that the whole run keeps of the group."""
        return self.run.ledger.services.get(self.group, self._unlisted)

    @services.setter
    def services(self, ids: set[str]) -> None:
        self.run.ledger.services[self.group] = set(ids)

    @property
    def pools(self) -> dict[str, list[str]]:
        """What can be done in the group: leaving where somebody may, refusals where there are some."""
        leaving, refusals = bool(self.leaver), bool(self.refusals)
        return {
            "change": [CREATE, NAMESAKE],
            "delete": [LEAVE] * leaving,
            "read": [READ],
            "refuse": [REFUSE] * refusals + [TRESPASS] * leaving,
            "any": [],
        }

    def look(self) -> set[str] | None:
        """The ids that the group lists, None where it does not say."""
        return self.run.readback.ids(self.group) if self.listing else None

    def settle(self) -> None:
        """Wait until the group lists what it should; where it never does, take what it lists for given."""
        latest: list[set[str] | None] = [None]

        def same() -> bool:
            latest[0] = self.look()
            return latest[0] is None or latest[0] == self.services

        if not self.lag.until(same) and latest[0] is not None:
            self.services = latest[0]

    def leave(self, service: str, auth: Auth, label: str) -> Exchange:
        """Ask to take the group off a service that the kit made."""
        run = self.run
        operation = run.contract.find("detach", run.operation.effect.resource, run.operation.effect.within)
        assert operation is not None
        path = run.target.path(operation.path, id=self.group, hsid=service)
        return run.wire.send(Request("DELETE", path, auth, label=label))

    def remove(self, sent: Sent, service: str) -> None:
        """Have a service of the kit's removed: now where that works, else when the run ends."""
        gone = self.leave(service, self.leaver.auth, "leave the earlier service") if self.leaver else None
        if gone and gone.succeeded:
            self.note_removal(sent, service, gone)
        else:
            remember(self.run, sent, service)

    def note_removal(self, sent: Sent, service: str, exchange: Exchange) -> None:
        """Take note that a service left."""
        self.services.discard(service)
        self.former[service] = (sent.exchange, exchange)

    def story(self, service: str) -> tuple[Exchange, ...]:
        """How an earlier service was made and left, told as such; of nothing that did not leave."""
        words = ("create an earlier service", "leave the earlier service")
        pairs = zip(self.former.get(service, ()), words, strict=False)
        return tuple(replace(exchange, request=replace(exchange.request, label=label)) for exchange, label in pairs)

    def find_leaver(self) -> None:
        """Find who may take the group off a service: the service that was created alone is gone then."""
        sample, self.sample = self.sample, None
        if sample and not _try_to_leave(self, *sample):
            remember(self.run, *sample)


def remember(run: SuppliedRun, sent: Sent, service: str) -> None:
    """Leave a service to the end of the run, which removes it; nothing else is judged by it."""
    sent = replace(sent, case=replace(sent.case, roles={GROUP: HOME}))
    run.ledger.created.append(Created(sent, service))


def explore(run: SuppliedRun) -> GroupSetting:
    """What the target offers. Raises NotJudged where that is too little."""
    writer = run.identity(WRITER)
    run.ledger.flush()
    setting = GroupSetting(run, writer.group)
    setting.listing = run.ledger.listed(writer.group, lambda _: True) is not None
    refusals = list(_refusals(setting))
    run.ahead(refusals)
    setting.refusals = [case for case in refusals if _refused(run, case)]
    run.ledger.flush()
    setting.creators = [user.name for user in run.target.personas.values() if _may_create(setting, user)]
    _alone(setting, run.transmit(Case("sequence.alone", "create a service")))
    return setting


def creation(setting: GroupSetting, name: str) -> Case:
    """A valid request of a persona for the group of the setting, which need not be its own."""
    own = setting.run.identity(name).group == setting.group
    if own:
        return access_case(name)
    return Case(f"sequence.{name}", f"a valid request of the persona {name}", who=name, roles={GROUP: setting.group})


def _may_create(setting: GroupSetting, identity: TestUser) -> bool:
    """Whether a persona that must be allowed was, or is, alone."""
    if not identity.persona.allowed:
        return False
    case = creation(setting, identity.name)
    if identity.group == setting.group:
        return setting.run.send(case).exchange.succeeded
    sent = setting.run.transmit(case)
    service = new_id(sent.exchange) if sent.exchange.succeeded else ""
    if service:
        setting.services.add(service)
        remember(setting.run, sent, service)
    return bool(service)


def _refusals(setting: GroupSetting) -> Iterator[Case]:
    yield Case("sequence.body", "ask with an array as the body", change=constant([]))
    forbidden = [user.name for user in setting.run.target.personas.values() if not user.persona.allowed]
    yield from (creation(setting, name) for name in forbidden[:FORBIDDEN])
    yield Case("sequence.nobody", "ask without credentials", who=NOBODY)
    yield Case("sequence.missing", "ask for a group that does not exist", roles={GROUP: MISSING})


def _refused(run: SuppliedRun, case: Case) -> bool:
    response = run.send(case).exchange.response
    return response is not None and response.refusal


def _alone(setting: GroupSetting, sent: Sent) -> None:
    """See what one service, created and left alone, can show. Raises NotJudged where it shows nothing."""
    run = setting.run
    service = new_id(sent.exchange) if sent.exchange.succeeded else ""
    if not service or service in setting.services:
        raise NotJudged("a service that was created alone has no id of its own", blocked=True)
    expected = {*setting.services, service}
    setting.listing = setting.listing and setting.lag.until(lambda: setting.look() == expected)
    if setting.listing:
        setting.services = expected
    _read_alone(setting, sent, service)
    if not setting.listing and not setting.reading:
        remember(run, sent, service)
        raise NotJudged("the target offers neither to list nor to read a service that was created alone")
    setting.sample = (sent, service)


def _read_alone(setting: GroupSetting, sent: Sent, service: str) -> None:
    reads = setting.run.readback
    latest = [Read(None, None)]

    def there() -> bool:
        latest[0] = reads.by_id(setting.group, service, sent.user)
        return latest[0].details is not None

    setting.reading = setting.lag.until(there) if "get" in reads.offered else there()
    created = Created(sent, service, read=latest[0])
    setting.faithful = setting.reading and not list(compare.differences_of(setting.run.operation, created))


def _try_to_leave(setting: GroupSetting, sent: Sent, service: str) -> bool:
    run = setting.run
    if run.contract.find("detach", run.operation.effect.resource, run.operation.effect.within) is None:
        return False
    for identity in run.target.personas.values():
        exchange = setting.leave(service, identity.auth, "leave the service")
        if exchange.succeeded:
            if _is_gone(setting, service):
                setting.leaver = identity
                setting.note_removal(sent, service, exchange)
            return setting.leaver is not None
    return False


def _is_gone(setting: GroupSetting, service: str) -> bool:
    def unread() -> bool:
        return absent(setting.run.readback.again(setting.group, service))

    if setting.listing:
        gone = setting.lag.until(lambda: service not in (setting.look() or {service}))
        setting.vanishing = gone and setting.reading and setting.lag.until(unread)
        return gone
    setting.vanishing = setting.lag.until(unread)
    return setting.vanishing


def absent(read: Read) -> bool:
    """Whether an answer says that there is no such service, or none that may be read."""
    return read.details is None and read.exchange is not None and read.exchange.status in ABSENT
