"""From recorded exchanges to a judgement."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from onezone_spec import Contract

from onezone_contracts.baseline import Baseline
from onezone_contracts.causes import causes
from onezone_contracts.derive import judged_operations
from onezone_contracts.exchange import Redactor
from onezone_contracts.expected_failures import ExpectedFailures
from onezone_contracts.judge import selected
from onezone_contracts.reading import entry_id
from onezone_contracts.requirement import Requirement, Result
from onezone_contracts.state.expected import CALLER, USER, Ref
from onezone_contracts.target.file import SetupError
from onezone_contracts.traffic.about import removed
from onezone_contracts.traffic.access import Access
from onezone_contracts.traffic.admission import Admission
from onezone_contracts.traffic.between import RefusalsBetween
from onezone_contracts.traffic.callers import Callers, Kind, basic_key, credential_headers, learn, mock_key
from onezone_contracts.traffic.coverage import Counting, Coverage
from onezone_contracts.traffic.order import with_rivals
from onezone_contracts.traffic.recorded_call import RecordedCall, recorded_call
from onezone_contracts.traffic.recording import Recorded, header
from onezone_contracts.traffic.routing import Routes, origin
from onezone_contracts.traffic.sheet import RequirementSheet
from onezone_contracts.traffic.signin import UNAUTHORIZED, SignIn
from onezone_contracts.traffic.single import Single
from onezone_contracts.traffic.state import State
from onezone_contracts.verdict import Judgement, Verdict, decide

NOT_JUDGED = frozenset({"HEAD", "OPTIONS"})
SUCCESSES = range(200, 300)
ANONYMOUS = 1000
"""So many requests without credentials wait until it is known whether the recording shows credentials at all."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How traffic is judged."""

    base_url: str | None = None
    profile: str = "full"
    patterns: tuple[str, ...] = ()
    min_coverage: float = 0.0
    strict: bool = False
    expected: ExpectedFailures | None = None
    baseline: Baseline | None = None


@dataclass(slots=True)
class Follower:
    """Follows exchanges in the order of time, and judges them. Safe to ask for a judgement once, at the end."""

    contract: Contract
    choice: Choice = field(default_factory=Choice)
    sheet: RequirementSheet = field(init=False)
    redactor: Redactor = field(default_factory=Redactor)
    requests: int = 0

    def __post_init__(self) -> None:
        self.sheet = RequirementSheet(self.contract)
        self._routes = Routes(self.contract, self.choice.base_url)
        self._origin = origin(self.choice.base_url) if self.choice.base_url else None
        self._callers = Callers(credential_headers(self.contract))
        self._counting = Counting(self.contract)
        self._single = Single(self.sheet)
        self._state = State(self.sheet)
        self._documented = frozenset(operation.id for operation in judged_operations(self.contract))
        every = frozenset(self.contract.operations)
        operations = self._documented if self.choice.profile == "core" else every
        self._access = Access(self.sheet, self._state.facts, operations)
        self._signin = SignIn(self.sheet)
        self._admission = Admission(self.sheet, self._state.facts)
        self._between = RefusalsBetween(self.sheet, self._state.facts)
        self._anonymous: list[RecordedCall] = []
        self._users: dict[str, Ref] = {}
        self._deleted: dict[str, float] = {}
        self._started = time.perf_counter()

    _routes: Routes = field(init=False, repr=False)
    _origin: str | None = field(init=False, repr=False)
    _callers: Callers = field(init=False, repr=False)
    _counting: Counting = field(init=False, repr=False)
    _single: Single = field(init=False, repr=False)
    _state: State = field(init=False, repr=False)
    _access: Access = field(init=False, repr=False)
    _documented: frozenset[str] = field(init=False, repr=False)
    _signin: SignIn = field(init=False, repr=False)
    _admission: Admission = field(init=False, repr=False)
    _between: RefusalsBetween = field(init=False, repr=False)
    _anonymous: list[RecordedCall] = field(init=False, repr=False)
    _users: dict[str, Ref] = field(init=False, repr=False)
    _deleted: dict[str, float] = field(init=False, repr=False)
    """When the user with these credentials was deleted; whoever comes with them later may be another one."""
    _started: float = field(init=False, repr=False)

    def follow(self, recorded: Iterable[Recorded]) -> None:
        """Judge exchanges, which come by their start."""
        for sent, rivals in with_rivals(self._calls(recorded)):
            self._judge(sent, rivals)

    def _calls(self, recorded: Iterable[Recorded]) -> Iterator[RecordedCall]:
        """The exchanges that call an operation of the target."""
        for exchange in recorded:
            sent = self._call(exchange)
            if sent is None:
                self._counting.ignored += 1
            else:
                yield sent

    def _call(self, recorded: Recorded) -> RecordedCall | None:
        here = origin(recorded.url)
        if recorded.method in NOT_JUDGED or (self._origin and here not in {"", self._origin}):
            return None
        path = recorded.url[len(here) :].partition("?")[0].partition("#")[0]
        call = self._routes.find(recorded.method, path)
        if call is None:
            self._other_method(recorded, path)
            return None
        if not (call.spelled or recorded.status in SUCCESSES):
            return None  # a server may know a path with a slash at its end, and need not
        if not self._origin:
            self._origin = here
        learn(self.redactor, recorded, self._callers.credentials)
        return recorded_call(recorded, call, self._callers, self.contract)

    def _other_method(self, recorded: Recorded, path: str) -> None:
        """Judge a call with a method that a path of the contract does not have."""
        for call in self._routes.beside(recorded.method, path) if self._origin else ():
            sent = recorded_call(recorded, call, self._callers, self.contract)
            learn(self.redactor, recorded, self._callers.credentials)
            self._single.other_method(sent)

    def _judge(self, sent: RecordedCall, rivals: list[RecordedCall]) -> None:
        self.requests += 1
        sent.user = self._whose(sent)
        self._learn_user(sent)
        self._counting.count(sent)
        if not _asks_for_pages(sent):
            self._single.judge(sent)
            self._signin.follow(sent)
            if self._callers.shows_credentials:
                self._between.follow(sent)
            self._access.follow(sent, rivals)
        self._state.follow(sent, rivals)
        self._admission.follow(sent)
        self._admission.learn(sent, certain=not any(rival.may_have_written for rival in rivals))
        if sent.caller.kind is Kind.NOBODY and not _asks_for_pages(sent) and len(self._anonymous) < ANONYMOUS:
            self._anonymous.append(sent)

    def _whose(self, sent: RecordedCall) -> Ref | None:
        """Whose credentials they are, None if that is not known: a deleted user is one only where turned away."""
        key = sent.caller.key
        if not sent.caller.identified or (key in self._deleted and sent.status != UNAUTHORIZED):
            return None
        return self._users.get(key)

    def _learn_user(self, sent: RecordedCall) -> None:
        """Whose credentials they are: users who read themselves, and those who are created with a password."""
        effect = sent.operation.effect
        if sent.may_have_written and (gone := removed(sent)):
            self._deleted |= {key: sent.end for key, user in self._users.items() if user == gone}
        if not sent.succeeded:
            return
        if (
            effect.verb == "get"
            and effect.resource == CALLER
            and sent.caller.identified
            and (name := entry_id(sent.answer))
        ):
            if self._deleted.get(sent.caller.key, sent.start) <= sent.start:
                self._know(sent.caller.key, name)
                sent.user = (USER, name)
        elif effect.verb == "create" and effect.resource == USER and sent.created_id and isinstance(sent.value, dict):
            username, password = sent.value.get("username"), sent.value.get("password")
            if isinstance(username, str) and sent.recorded.by_mock:
                self._know(mock_key(username), sent.created_id)
            elif isinstance(username, str) and isinstance(password, str):
                self._know(basic_key(username, password), sent.created_id)

    def _know(self, key: str, identity: str) -> None:
        self._users[key] = (USER, identity)
        self._deleted.pop(key, None)

    # --- the judgement ---------------------------------------------------------------------------------------

    def judgement(self, source: str) -> Judgement:
        """The judgement of all that was followed; `source` says in words what that was. Raises SetupError."""
        self._single.finish()
        self._state.finish()
        self._access.finish()
        self._signin.finish()
        self._admission.finish()
        if self._callers.shows_credentials:
            for sent in self._anonymous:
                self._single.anonymous(sent)
        choice, every = self.choice, self.sheet.every()
        if choice.profile == "core":
            every = tuple(requirement for requirement in every if requirement.operation in self._documented)
        if choice.baseline and choice.baseline.edition != self.contract.edition:
            raise SetupError(f"--baseline: {choice.baseline.place} is of edition {choice.baseline.edition}")
        chosen = selected(every, choice.patterns, choice.profile) if choice.patterns else every
        results = [self._with_expectation(result) for result in self.sheet.results(chosen)]
        unmatched = choice.expected.unmatched(every) if choice.expected else ()
        verdict, why = decide(results, (), strict=choice.strict, unmatched=unmatched)
        coverage = self._coverage(chosen)
        verdict, why = _covered(verdict, why, coverage, choice.min_coverage)
        return Judgement(
            target=self._origin or source,
            edition=self.contract.edition,
            profile=choice.profile,
            depth="standard",
            seed=0,
            verdict=verdict,
            reason=why,
            results=tuple(results),
            requests=self.requests,
            duration_s=time.perf_counter() - self._started,
            redactor=self.redactor,
            unmatched=unmatched,
            total=len(chosen),
            hints=tuple(self._hints()),
            causes=causes(results, (), self.contract, self.redactor),
            strict=choice.strict,
            change=choice.baseline.change(results) if choice.baseline else None,
            coverage=coverage,
        )

    def _with_expectation(self, result: Result) -> Result:
        for expectation in (self.choice.expected, self.choice.baseline):
            result = expectation.applied(result) if expectation else result
        return result

    def _coverage(self, chosen: Iterable[Requirement]) -> Coverage:
        ids = {requirement.id for requirement in chosen}
        names = {name.partition(".")[0] for name in ids}
        operations = [operation for operation in self.contract.operations.values() if operation.id in names]
        return self._counting.table(operations, self.sheet.ids & ids, ids)

    def _hints(self) -> Iterator[str]:
        if self._anonymous and not self._callers.shows_credentials:
            yield (
                "the traffic shows no Authorization at all, as recordings that browsers cleaned of it: "
                "what needs credentials was not judged by that"
            )
        if self._counting.ignored and not self.requests:
            yield "no exchange calls an operation below a base path of this edition: name it with --base-url"


def _asks_for_pages(sent: RecordedCall) -> bool:
    """Whether the client asks for HTML, as browsers do that open an address: what it then gets is left open."""
    return "text/html" in (header(sent.recorded.request_headers, "accept") or "").lower()


def _covered(verdict: Verdict, why: str | None, coverage: Coverage, least: float) -> tuple[Verdict, str | None]:
    """The verdict where traffic has to cover so much of the contract."""
    if verdict is Verdict.INCONCLUSIVE or coverage.percent >= least:
        return verdict, why
    few = f"the traffic covers {coverage.percent:.1f} % where {least:g} % are asked for"
    return Verdict.NONCONFORMANT, f"{why}; {few}" if why else few
