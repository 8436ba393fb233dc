"""A run of the profile `full`: what the requirements of all operations share."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Self

from onezone_spec import Operation

from onezone_contracts.exchange import Exchange
from onezone_contracts.hangs import Hangs
from onezone_contracts.options import Options
from onezone_contracts.requirement import NotJudged, OutOfTimeError, Requirement, Sending, tolerated
from onezone_contracts.state.expected import CALLER, TOKEN, USER, ZONE, Ref
from onezone_contracts.stateful.search import Sequences
from onezone_contracts.target.administrator import Account, Person
from onezone_contracts.target.file import SetupError, missing_id
from onezone_contracts.target.fixture import Stage
from onezone_contracts.target.owned import own
from onezone_contracts.trial import Trial

UNAUTHORIZED = 401


@dataclass(slots=True)
class Bench:
    """Everything that a run has set up and sent, for all operations.

    Args:
        account: the administrator's, opened.
        options: how the run judges.
    """

    account: Account
    options: Options
    missing: str = field(default_factory=missing_id)
    pool: Executor | None = None
    hangs: Hangs = field(default_factory=Hangs)
    started: float = field(init=False)
    sequences: Sequences = field(init=False)
    _trials: dict[str, Trial] = field(default_factory=dict)
    _stages: dict[object, Stage] = field(default_factory=dict)
    _strangers: dict[str, Ref] = field(default_factory=dict)
    _foreseen: set[str] = field(default_factory=set)
    _victim: Person | None = None

    def __post_init__(self) -> None:
        self.started = self.options.clock()
        self.account.check_time = self.check_time
        self.account.api.wire.patience.check_time = self.check_time
        self.account.samples.access_token = lambda: self.account.tokens.texts[self.stranger(TOKEN)]
        self.sequences = Sequences(self.account, self.options)

    def preflight(self, needed: frozenset[str]) -> None:
        """See whether the account may do what a run needs, and whether users can log in. Raises SetupError.

        Args:
            needed: the zone privileges that the account must hold.
        """
        contract = self.account.contract
        exchange = self.account.read("privileges", CALLER, ZONE, {}, effective=True)
        held = self.account.listed(exchange)
        lacking = sorted(needed - set(map(str, held or ())))
        if held is not None and lacking:
            raise SetupError(f"the administrator's account lacks zone privileges: {', '.join(lacking)}")
        operation = contract.find("get", CALLER)
        try:
            victim = self.victim()
        except SetupError as error:
            self.account.shut = str(error)
            return
        if operation and self.account.api.send(operation, {}, victim.auth, label="log in").status == UNAUTHORIZED:
            self.account.shut = "the target answers 401 to the users that the kit makes"

    def trial(self, operation: Operation) -> Trial:
        """The operation's trial."""
        if operation.id not in self._trials:
            self._trials[operation.id] = Trial(self, operation)
        return self._trials[operation.id]

    def exchanges(self) -> Iterator[Exchange]:
        """Every judged exchange."""
        return (one.exchange for trial in self._trials.values() for one in trial.log)

    def offers(self, operation: Operation) -> bool:
        """Whether an operation was seen to be offered."""
        return self.trial(operation).known_offered

    def offered(self) -> bool:
        """Whether any operation was seen to be offered."""
        return any(trial.known_offered for trial in self._trials.values())

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""
        limit = self.options.max_time
        if limit is not None and self.options.clock() - self.started > limit:
            raise OutOfTimeError

    @contextmanager
    def working(self) -> Iterator[None]:
        """With as many workers as were asked for."""
        if self.options.workers < 2:  # noqa: PLR2004
            yield
            return
        with ThreadPoolExecutor(self.options.workers, "worker") as pool:
            self.pool = pool
            yield
        self.pool = None

    def foresee(self, requirements: Sequence[Requirement]) -> None:
        """With several workers, send at the same time what the operation that comes next is to refuse."""
        operation = requirements[0].operation
        if self.pool is None or operation in self._foreseen:
            return
        trial = self._trials.get(operation)
        if trial is None or not trial.known_offered:
            return
        self._foreseen.add(operation)
        own = takewhile(lambda one: one.operation == operation, requirements)
        refused = (one.check for one in own if isinstance(one.check, Sending))
        cases = {case.name: case for check in refused if trial.reading or not check.accept for case in check.cases}
        trial.ahead(list(cases.values()))

    def of(self, requirement: Requirement) -> Self:
        """This run, after what the requirement lives off was sent. Raises OutOfTimeError."""
        if requirement.evidence:
            with tolerated():
                trial = self.trial(self.account.contract.operations[requirement.operation])
                for one in requirement.evidence if trial.offered() else ():
                    with tolerated():
                        deque(trial.each(one.cases, accept=one.accept), 0)
        return self

    def shared(self, operation: Operation) -> Stage:
        """The stage of all reading operations with the same roles and relations. Raises NotJudged."""
        effect = operation.effect
        scopes = {scope for route in operation.access.routes for scope in route.needs}
        roles = tuple(sorted(one.entity or one.name for one in operation.parameters))
        listed = effect.verb in {"list", "get"} and effect.verb, effect.by
        key = (roles, effect.resource, effect.within, effect.effective, listed, "creator" in scopes)
        if key not in self._stages:
            try:
                self._stages[key] = Stage(self.account, operation).build()
            except SetupError as error:
                raise NotJudged(str(error), blocked=True) from None
        return self._stages[key]

    def stranger(self, kind: str) -> Ref:
        """Something of a kind that is related to nothing. Raises SetupError."""
        if kind not in self._strangers:
            owned = kind in self.account.contract.owners
            person = self.account.person().ref if owned or kind == USER else None
            self._strangers[kind] = (
                own(self.account, person) if owned and person else person or self.account.create(kind)
            )
        return self._strangers[kind]

    def victim(self) -> Person:
        """A user with whose name wrong passwords are sent, and who does nothing else. Raises SetupError."""
        self._victim = self._victim or self.account.person()
        return self._victim
