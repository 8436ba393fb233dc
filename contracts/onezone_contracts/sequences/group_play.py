"""Take the steps of one sequence, and compare what the target holds with the model after each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from operator import call

from onezone_contracts.cases import GROUP, Case, with_value
from onezone_contracts.exchange import Auth, Exchange
from onezone_contracts.patience import TOO_MANY
from onezone_contracts.sent import Created, Read, Sent
from onezone_contracts.sequences.group_setting import GroupSetting, absent
from onezone_contracts.sequences.play import Play
from onezone_contracts.sequences.predict import Expected
from onezone_contracts.sequences.step import (
    CREATE,
    CREATED,
    FRESH,
    LEAVE,
    LEAVING,
    LEFT,
    NAMESAKE,
    READ,
    REFUSE,
    REFUSED,
    TRESPASS,
    Step,
    StoppedError,
    ViolationError,
)
from onezone_contracts.state import compare
from onezone_contracts.state.probe import Difference
from onezone_contracts.state.readback import new_id

BUSY = frozenset({TOO_MANY, 503})
NO_NAMESAKES = frozenset({400, 409})
"""What a name may be answered that another service has: whether names repeat is judged by itself."""


@dataclass(slots=True)
class Service:
    """A service of this sequence, and which one it is."""

    creation: Sent
    id: str
    name: str
    removed: bool = False


class GroupPlay(Play):
    """One sequence, from the state that the group is in.

    Args:
        setting: what the target offers, with the model.
    """

    def __init__(self, setting: GroupSetting) -> None:
        super().__init__(setting)
        self.setting = setting
        self.services: dict[int, Service] = {}
        self.steps: list[Exchange] = []
        self._read_last: Exchange | None = None
        self._verbs: dict[str, Callable[[Step], None]] = {
            CREATE: self._create,
            NAMESAKE: self._create,
            REFUSE: self._refused,
            LEAVE: self._leave,
            TRESPASS: self._trespass,
            READ: self._read,
        }
        setting.settle()

    def fits(self, step: Step) -> bool:
        """Whether the step can be taken: the service that it is about is there, and leaving is offered."""
        if step.operation in LEAVING and self.setting.leaver is None:
            return False
        about = self.services.get(step.roles[0]) if step.roles else None
        if about and about.removed and about.id in self.setting.services:
            return False  # its id is another's now
        return not step.roles or about is not None

    def choose(self, name: str, pick: int, expected: tuple[Expected, ...]) -> Step | None:  # noqa: ARG002
        """A way to do what the name says: with any service, also one that left, and by anybody who does that."""
        creates = name in {CREATE, NAMESAKE}
        actors = len(self.setting.creators) if creates else len(self.setting.refusals) if name == REFUSE else 1
        left, actor = divmod(pick, actors)
        services = [()] if name in {CREATE, REFUSE} else [(number,) for number in self.services]
        gives = self.setting.number() if creates else 0
        return Step(name, actor, services[left % len(services)], gives=gives) if services else None

    def take(self, step: Step) -> None:
        """Take a step, and compare what the group holds with the model."""
        self._verbs[step.operation](step)

    def end(self) -> None:
        """Have removed what this sequence made."""
        for service in self.services.values():
            if not service.removed:
                self.setting.remove(service.creation, service.id)

    # --- steps --------------------------------------------------------------------------------------------

    def _step(self, exchange: Exchange) -> Exchange:
        self.steps.append(exchange)
        if exchange.status in BUSY:
            raise StoppedError
        return exchange

    def _violated(self, kind: str, message: str, expected: str, actual: str, about: str = "") -> ViolationError:
        return self._with_story(kind, Difference(message, expected, actual, None, frozenset({about})))

    def _with_story(self, kind: str, problem: Difference, *seen: Exchange) -> ViolationError:
        """The violation with all it takes: before the own steps those of earlier services that have a part in it.

        Where nothing leaves in this sequence, what left last before it may have: before anything did, all was well.
        """
        earlier = sorted(problem.about & self.setting.former.keys())
        if not earlier and not any(action.operation in LEAVING for action in self.actions):
            earlier = list(self.setting.former)[-1:]
        before = [line for service in earlier for line in self.setting.story(service)]
        return ViolationError(kind, problem, self.actions, [*before, *self.steps, *seen])

    def _create(self, action: Step) -> None:
        first = self.services.get(action.roles[0]) if action.roles else None
        name = first.creation.value["name"] if first else None
        own = f"service {len(self.services) + 1}"
        label = f"create {own}" + (f" with the name of {first.name}" if first else "")
        case = Case(
            "sequence.create",
            label,
            who=self.setting.creators[action.actor],
            roles={GROUP: self.setting.group},
            change=with_value("name", name) if first else None,
        )
        sent = self.setting.run.transmit(case)
        self._step(sent.exchange)
        if first and not first.removed and sent.exchange.status in NO_NAMESAKES:
            raise StoppedError
        service = new_id(sent.exchange) if sent.exchange.succeeded else ""
        expected = f"{self.setting.run.operation.success.status} with a Location"
        if not service:
            raise self._violated(CREATED, "a request that must be accepted was not", expected, sent.exchange.answer())
        if service in self.setting.services:
            message = "the new service has the id of one that is there"
            raise self._violated(CREATED, message, "an id of its own", f"the id of {self._name(service)}")
        before = self._name(service)
        self.services[action.gives] = Service(sent, service, own)
        self.setting.services.add(service)
        self._agree(CREATED, *self._ends())
        if service in self.setting.former and self.setting.fresh:
            message = "the new service has the id of one that left"
            about = "" if any(other.name == before for other in self.services.values()) else service
            raise self._violated(FRESH, message, "a new id", f"the id of {before}", about)

    def _name(self, service: str) -> str:
        own = next((other.name for other in self.services.values() if other.id == service), None)
        return own or (f"an earlier service ({service})" if service in self.setting.former else service)

    def _ends(self) -> Iterable[Service]:
        """The oldest and the newest service of the sequence that are there."""
        there = [service for service in self.services.values() if not service.removed]
        return {service.id: service for service in (*there[:1], *there[-1:])}.values()

    def _refused(self, action: Step) -> None:
        sent = self.setting.run.transmit(self.setting.refusals[action.actor])
        answer = self._step(sent.exchange).response
        if answer is None or not answer.refusal:
            if service := new_id(sent.exchange):
                self.setting.remove(sent, service)
            message = f"what is refused alone is not refused: {sent.case.label}"
            raise self._violated(REFUSED, message, "4xx", sent.exchange.answer())
        self._agree(REFUSED)

    def _leave(self, action: Step) -> None:
        leaver, service = self.setting.leaver, self.services[action.roles[0]]
        assert leaver is not None
        again = " once more" if service.removed else ""
        label = f"leave {service.name}{again}"
        exchange = self._step(self.setting.leave(service.id, leaver.auth, label))
        if not service.removed and not exchange.succeeded:
            raise self._violated(LEFT, "what can be left alone cannot be left here", "2xx", exchange.answer())
        self._note_removal(service)
        self._agree(LEFT, service)

    def _note_removal(self, service: Service) -> None:
        service.removed = True
        self.setting.note_removal(service.creation, service.id, self.steps[-1])

    def _trespass(self, action: Step) -> None:
        service = self.services[action.roles[0]]
        label = f"leave {service.name} without credentials"
        exchange = self._step(self.setting.leave(service.id, Auth(), label))
        if exchange.succeeded:  # no matter of this operation's
            self._note_removal(service)
        self._agree(LEFT)

    def _read(self, action: Step) -> None:
        service = self.services[action.roles[0]]
        self._wait(LEFT if service.removed else CREATED, lambda: self._unlike(service))
        self.steps += [self._read_last] if self._read_last else []

    # --- the model ----------------------------------------------------------------------------------------

    def _agree(self, kind: str, *services: Service) -> None:
        """Compare the list, and these services. Raises ViolationError where they stay different."""

        def different() -> Difference | None:
            looks: list[Callable[[], Difference | None]] = [
                self._list_differs,
                *(partial(self._unlike, service) for service in services),
            ]
            return next((difference for difference in self.setting.run.map(call, looks) if difference), None)

        self._wait(kind, different)

    def _wait(self, kind: str, different: Callable[[], Difference | None]) -> None:
        latest: list[Difference | None] = [None]

        def same() -> bool:
            latest[0] = different()
            return latest[0] is None

        if not self.setting.lag.until(same) and latest[0]:
            problem = latest[0]
            seen = [problem.exchange] if problem.exchange else []
            raise self._with_story(kind, problem, *seen)

    def _list_differs(self) -> Difference | None:
        now, ledger = self.setting.look(), self.setting.run.ledger
        if now is None or now == self.setting.services:
            return None
        missing, extra = self.setting.services - now, now - self.setting.services
        if not extra and ledger.cut(self.setting.group, now):
            return None
        expected = _count(self.setting.services) + self._listed("with", self._there())
        actual = _count(now) + self._listed("without", missing) + self._listed("but with", extra)
        message = "the group's services are not those that the steps leave"
        others = frozenset(extra - {service.id for service in self.services.values()})
        return Difference(message, expected, actual, ledger.readback.lists.get(self.setting.group), others)

    def _there(self) -> set[str]:
        return {service.id for service in self.services.values() if not service.removed}

    def _listed(self, word: str, services: set[str], most: int = 4) -> str:
        """The services in words: by the line that made them, else by their id."""
        words = sorted(self._name(service) for service in services)
        more = [f"{len(words) - most} more"] if len(words) > most else []
        return f", {word} {', '.join([*words[:most], *more])}" if words else ""

    def _unlike(self, service: Service) -> Difference | None:
        """How what is read of a service differs from what the model has of it."""
        if service.removed:
            given_again = service.id in self.setting.services
            return self._still_read(service) if self.setting.vanishing and not given_again else None
        if not self.setting.reading:
            return None
        reads, setting = self.setting.run.readback, self.setting
        read = reads.again(setting.group, service.id)
        if read.details is None and absent(read):
            read = reads.by_id(setting.group, service.id, service.creation.user)
        self._read_last = read.exchange
        if read.details is None:
            return self._unread(service, read) if absent(read) else None
        return self._altered(service, read) if setting.faithful else None

    def _unread(self, service: Service, read: Read) -> Difference:
        actual = read.exchange.answer() if read.exchange else "nothing"
        return Difference(f"{service.name} cannot be read", "200", actual, read.exchange)

    def _still_read(self, service: Service) -> Difference | None:
        read = self.setting.run.readback.again(self.setting.group, service.id)
        self._read_last = read.exchange
        if read.details is None:
            return None
        message = f"{service.name} left, and can still be read"
        return Difference(message, "404, as for others that left", "200", read.exchange)

    def _altered(self, service: Service, read: Read) -> Difference | None:
        created = Created(service.creation, service.id, read=read)
        for difference in compare.differences_of(self.setting.run.operation, created):
            where = difference.message.removeprefix(f"{service.creation.case.label}: ")
            return Difference(f"{service.name}: {where}", difference.expected, difference.actual, read.exchange)
        return None


def _count(services: set[str]) -> str:
    return f"{len(services)} service{'' if len(services) == 1 else 's'}"
