"""From any operation of the contract to its requirements, by its data alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from onezone_spec import Contract, Operation, Property, Source

from onezone_contracts.cases import LOCKABLE, Case, Change, access_case, constant, with_value, without
from onezone_contracts.checks import error, state
from onezone_contracts.checks import operation as checks
from onezone_contracts.checks.status import accepted, answered, observed
from onezone_contracts.derive import (
    access,
    answers,
    asks,
    carriers,
    credentials,
    generated,
    invited,
    judged_operations,
    limits,
    naming,
    nesting,
    odd,
    protocol,
    reading,
)
from onezone_contracts.derive import requirements as deep
from onezone_contracts.derive.build import Builder
from onezone_contracts.derive.sequences import over_all
from onezone_contracts.derive.words import EFFECTS, holdings
from onezone_contracts.generate.values import DEFAULT, opaque, privileges_of, secret, wrong_values
from onezone_contracts.personas import Persona, personas
from onezone_contracts.requirement import (
    Check,
    Finding,
    Level,
    Requirement,
    at_refusals,
    at_successes,
    with_evidence,
)
from onezone_contracts.state.expected import CALLER, READING, UNRELATED, ZONE
from onezone_contracts.trial import Trial

NEEDS = "the operation"
"""What a target may lack without fault."""
MALFORMED = (b"{", b'{"name":', b"name=text", b'{"a" 1}')
NO_OBJECTS = (["text"], "text", 17)
NOT_THERE = 404
BAD = 400


def operations(contract: Contract) -> tuple[Operation, ...]:
    """The operations that are judged here: all but those of the profile `core`."""
    deep = {operation.id for operation in judged_operations(contract)}
    return tuple(operation for operation in contract.operations.values() if operation.id not in deep)


def requirements(contract: Contract, operation: Operation, depth: str = "quick") -> tuple[Requirement, ...]:
    """The requirements of an operation, in the order in which they are judged."""
    return with_evidence(
        {requirement.id: requirement for requirement in OperationRequirements(contract, operation).all(depth)}.values()
    )


@cache
def all_requirements(contract: Contract, depth: str = "standard") -> tuple[Requirement, ...]:
    """Every requirement of the profile `full`: those of `core`, of every other operation, and of sequences over all."""
    first = [
        requirement for operation in judged_operations(contract) for requirement in deep(contract, operation, depth)
    ]
    each = [
        requirement for operation in operations(contract) for requirement in requirements(contract, operation, depth)
    ]
    return (*first, *each, *(over_all(contract) if depth != "quick" else ()))


class OperationRequirements:
    """Writes the requirements of one operation."""

    def __init__(self, contract: Contract, operation: Operation) -> None:
        self.contract = contract
        self.operation = operation

    def all(self, depth: str) -> Iterator[Requirement]:
        """Every requirement."""
        yield self._require("offered", Level.MUST, "The operation is offered.", self.operation.source, lambda _: ())
        yield from self._access()
        yield from self._authentication()
        yield from self._unknown()
        yield from self._effects()
        for topical in (limits, invited, nesting, reading, naming, carriers):
            for row in topical.requirements(self.contract, self.operation, self._documented):
                yield self._require(*row)
        if self.operation.body:
            yield from self._bodies()
        if depth != "quick":
            yield from self._offered_only(self._exact_answers())
        yield from self._successes()
        yield from self._errors()
        if depth != "quick":
            yield from self._offered_only(self._answers())

    def _offered_only(self, derived: Iterable[Requirement]) -> Iterator[Requirement]:
        return (replace(requirement, needs=NEEDS) for requirement in derived)

    def _exact_answers(self) -> Iterator[Requirement]:
        """What is sent to any operation from `standard` on: the topics of the documented one, where they apply."""
        build, operation = self._builder(), self.operation
        if self._first_of_its_path():
            yield from protocol.methods(build)
        if operation.body:
            yield from protocol.media_types(build)
            yield from generated.invalid_bodies(build)
            yield from odd.requirements(build)
        if operation.body and build.repeatable:
            yield from protocol.served(build)
            if not any(prop.unique or secret(prop) or opaque(prop) for prop in operation.body.properties):
                yield from generated.valid(build)
        if not operation.access.public:
            yield from access.credentials(build)
            yield from credentials.wrong_credentials(build)
        if build.repeatable and not operation.access.public:
            yield from credentials.in_turn(build)
        if operation.effect.verb in READING:
            yield from generated.at_once(build)

    def _answers(self) -> Iterator[Requirement]:
        """What holds of every answer."""
        build = self._builder()
        responses = ((code, self.operation.responses.get(code)) for code in sorted(self._provoked()))
        shown = [code for code, answer in responses if answer and answer.schema]
        yield from answers.errors(build, shown)
        yield from answers.ids(build, shown)
        yield from answers.robust(build)

    def _builder(self) -> Builder:
        binding = (persona for persona in personas(self.contract, self.operation) if persona.level is Level.MUST)
        return Builder(self.contract, self.operation, tuple(binding), LOCKABLE)

    def _first_of_its_path(self) -> bool:
        """Whether it is the first operation of its path: other methods are judged once for each path."""
        operations = self.contract.operations.values()
        return next(operation for operation in operations if operation.path == self.operation.path) is self.operation

    def _require(self, topic: str, level: Level, text: str, source: Source, check: Check) -> Requirement:
        level = self.contract.at_most(level, source)
        return Requirement(topic, self.operation.id, level, text, str(source), check, NEEDS)

    def _documented(self, level: Level) -> Level:
        return Level.MUST if self.operation.as_released else level

    def _source(self, status: int) -> Source:
        response = self.operation.responses.get(status)
        return (response.source if response else None) or self.operation.source

    def _status(self, status: int, level: Level = Level.MUST) -> Level:
        """The level of an answer: what the edition does not document is left open."""
        return level if status in self.operation.responses else Level.OBSERVE

    # --- who may ------------------------------------------------------------------------------------------

    def _access(self) -> Iterator[Requirement]:
        keys = tuple(sorted({key for route in self.operation.access.routes for key in route.given}))
        for asked in ((), keys) if keys else ((),):
            for persona in personas(self.contract, self.operation, asked):
                prefix = f"access.with-{'-'.join(asked)}" if asked else "access"
                case = access_case(persona.name, asked)
                judge = accepted(case) if persona.allowed else answered({403}, case)
                if persona.level is Level.OBSERVE:
                    judge = observed(case)
                text = self._user_words(persona, asked)
                yield self._require(
                    f"{prefix}.{persona.name}", persona.level, text, self.operation.access.source, judge
                )

    def _user_words(self, persona: Persona, keys: tuple[str, ...]) -> str:
        request = f"a valid request with {', '.join(keys)}" if keys else "a valid request"
        expected = "is answered with success" if persona.allowed else "is answered with 403"
        spoken = {scope for route in self.operation.access.with_body(keys).routes for scope in route.needs}
        silent = frozenset(
            scope for scope, granted in persona.grants.items() if granted is None and scope not in spoken
        )
        return f"The persona {persona.name} ({holdings(self.contract, persona, silent)}): {request} {expected}."

    def _authentication(self) -> Iterator[Requirement]:
        source = self._source(401)
        if self.operation.access.public:
            text = "Needs no credentials: a request without any is answered with success."
            yield self._require("authentication.none", Level.MUST, text, source, accepted(asks.anonymous()))
            text = "A known user with a wrong password: what the answer is."
            yield self._require("authentication.wrong", Level.OBSERVE, text, source, observed(asks.wrong_password()))
            return
        text = "A request without credentials is answered with 401."
        yield self._require("authentication.none", Level.MUST, text, source, answered({401}, asks.anonymous()))
        text = "A known user with a password that is not theirs is answered with 401."
        yield self._require("authentication.wrong", Level.MUST, text, source, answered({401}, asks.wrong_password()))

    # --- what is not there, or not related ------------------------------------------------------------------

    def _unknown(self) -> Iterator[Requirement]:
        effect = self.operation.effect
        for parameter in self.operation.parameters:
            role = parameter.entity or parameter.name
            attached = effect.verb == "attach" and role == effect.resource
            statuses = (
                (BAD,) if attached and self.operation.as_released else (BAD, NOT_THERE) if attached else (NOT_THERE,)
            )
            words = " or ".join(map(str, statuses))
            text = f"For a {role.replace('_', ' ')} that does not exist, the answer is {words}."
            level = self._status(statuses[-1]) if parameter.level is Level.MUST else parameter.level
            judge = self._judge(level, asks.unknown(role), *statuses)
            yield self._require(f"unknown.{role}", level, text, self._source(statuses[-1]), judge)
        if effect.resource == CALLER and effect.verb == "get" and self.contract.unknown_path_allows:
            text = "A POST to a path that no operation has is answered with 405."
            yield self._require("unknown.path", Level.SHOULD, text, self._source(405), checks.unknown_path)
        roles = {parameter.entity for parameter in self.operation.parameters}
        if (
            effect.within not in {None, ZONE, effect.resource}
            and effect.resource in roles
            and effect.verb not in UNRELATED
        ):
            text = (
                f"For a {effect.resource.replace('_', ' ')} that exists and does not belong there, the answer is 404."
            )
            level = self._status(NOT_THERE)
            judge = self._judge(level, asks.unrelated(effect.resource), NOT_THERE)
            yield self._require("relation", level, text, self._source(404), judge)

    def _judge(self, level: Level, case: Case, *statuses: int) -> Check:
        """The case is answered with one of the statuses; where that is left open, what comes is noted."""
        return observed(case) if level is Level.OBSERVE else answered(statuses, case)

    # --- what it does ---------------------------------------------------------------------------------------

    def _effects(self) -> Iterator[Requirement]:
        operation, source = self.operation, self.operation.source
        verb = operation.effect.verb
        level = Level.SHOULD if verb == "catalogue" else Level.MUST
        valid = () if verb in READING else (asks.valid(),)
        yield self._require("effect", level, EFFECTS[verb], source, checks.effect(*valid))
        if verb == "attach":
            yield from self._attached(source)
        properties = operation.body.properties if operation.body else ()
        if verb == "create" and any(DEFAULT in prop.schema for prop in properties):
            text = "What the body leaves out has its usual value."
            required = tuple(prop.name for prop in properties if DEFAULT not in prop.schema)
            judge = checks.own_effect(asks.valid(required))
            yield self._require("effect.defaults", self._documented(Level.SHOULD), text, source, judge)
        if verb == "update" and operation.body and len(operation.body.properties) > 1:
            for prop in operation.body.properties:
                text = f"A change of {prop.name} alone changes that and nothing else."
                yield self._require(
                    f"effect.only-{prop.name}", Level.MUST, text, source, checks.own_effect(asks.valid((prop.name,)))
                )

    def _attached(self, source: Source) -> Iterator[Requirement]:
        body = self.operation.body
        key = next((prop.name for prop in body.properties if privileges_of(prop)), None) if body else None
        if key:
            text = "The new member has exactly the privileges that were given."
            yield self._require("effect.given", Level.MUST, text, source, checks.own_effect(asks.valid((key,))))
        level = self._status(409)
        text = "The same relation a second time is answered with 409."
        again = asks.repeated(self.operation)
        yield self._require("conflict", level, text, self._source(409), checks.repeated_relation(level, again))
        if level is not Level.OBSERVE and not self.contract.error_is_string:
            text = "The error of a second time names who belongs to what."
            level = self._documented(Level.SHOULD)
            yield self._require("conflict.details", level, text, self._source(409), checks.conflict_details(again))

    # --- bodies -----------------------------------------------------------------------------------------------

    def _bodies(self) -> Iterator[Requirement]:
        body = self.operation.body
        assert body is not None
        source = self._source(BAD)
        yield self._body("malformed", Level.MUST, "A body that is no JSON", source, *map(constant, MALFORMED))
        wrong = "A body that is JSON and no object"
        yield self._body("non-object", Level.SHOULD, wrong, source, *map(constant, NO_OBJECTS))
        if body.none_known:
            wrong = "A body without any key that the operation knows"
            nothing = (constant({}), constant({"ozkit": 1}))
            yield self._body("none-known", body.required_level, wrong, source, *nothing)
        for prop in body.properties:
            yield from self._property(prop, source)

    def _property(self, prop: Property, source: Source) -> Iterator[Requirement]:
        body, name = self.operation.body, prop.name
        assert body is not None
        for rule, level, values in wrong_values(prop):
            wrong = f"{name} that breaks the rule “{rule}”"
            changes = [with_value(name, value) for value in values]
            yield self._body(f"{name}.{rule}", level, wrong, prop.source or source, *changes)
        if prop.required:
            wrong = f"A body without {name}"
            yield self._body(f"{name}.missing", body.required_level, wrong, prop.source or source, without(name))
        if name in body.needs:
            wrong = f"A body with {name} and without {', '.join(body.needs[name])}"
            changes = [without(key) for key in body.needs[name]]
            yield self._body(f"{name}.needs", self._documented(Level.SHOULD), wrong, prop.source or source, *changes)
        if prop.unique_of_owner and self.operation.effect.verb == "create":
            kind = self.contract.errors[prop.unique_of_owner]
            text = f"{name} that another one of the same owner has is answered with {kind.status}."
            judge = naming.name_taken(name, kind.status)
            yield self._require(
                f"body.{name}.taken", self._documented(Level.SHOULD), text, prop.source or source, judge
            )
        if prop.unique:
            text = f"{name} that another one has is answered with {self.contract.errors[prop.unique].status}."
            judge = self._shared_value(name, self.contract.errors[prop.unique].status)
            yield self._require(
                f"body.{name}.taken", self._documented(Level.SHOULD), text, prop.source or source, judge
            )

    def _body(self, topic: str, level: Level, wrong: str, source: Source, *changes: Change) -> Requirement:
        """That each of the changed bodies is refused; `wrong` says what is wrong with them."""
        label = f"{wrong[0].lower()}{wrong[1:]}"
        cases = [
            asks.broken(self.operation, f"{topic}.{number}", change, label) for number, change in enumerate(changes)
        ]
        judge = observed(*cases) if level is Level.OBSERVE else answered({BAD}, *cases)
        return self._require(f"body.{topic}", level, f"{wrong} is answered with {BAD}.", source, judge)

    def _shared_value(self, name: str, status: int) -> Check:
        """A body with the value of another entity at a key that nobody shares."""

        def check(trial: Trial) -> Iterator[Finding]:
            change = with_value(name, trial.identity(LOCKABLE).credentials.username)
            case = asks.broken(self.operation, f"{name}.taken", change, f"{name} that another one has")
            yield from answered({status}, case)(trial)

        return check

    # --- what holds of every answer -----------------------------------------------------------------------------

    def _successes(self) -> Iterator[Requirement]:
        answer = self.operation.success
        source = answer.source or self.operation.source
        text = f"A success is {answer.status}."
        yield self._require("success.status", Level.MUST, text, source, at_successes(checks.status))
        text = "A success has the documented body." if answer.schema else "A success has no body."
        yield self._require("success.body", Level.MUST, text, source, at_successes(checks.body))
        if answer.location:
            text = "A success carries one Location, which names the new thing."
            check = at_successes(checks.location)
            yield self._require("success.location", Level.MUST, text, answer.location_source or source, check)
        if answer.labelled:
            text = f"A success names the media type {answer.labelled}, though it has no body."
            yield self._require("success.labelled", Level.SHOULD, text, source, at_successes(checks.labelled))
        if self.operation.effect.verb == "privileges":
            level = self._documented(Level.SHOULD)
            yield self._require(
                "success.sorted", level, "A list of privileges is sorted.", source, at_successes(checks.in_order)
            )

    def _errors(self) -> Iterator[Requirement]:
        if self.operation.effect.verb not in READING:
            text = "A refused request changes nothing."
            yield self._require("unchanged", Level.MUST, text, self.operation.source, at_refusals(state.unchanged))
        for code, answer in sorted(self.operation.responses.items()):
            if answer.schema and code in self._provoked():
                text = f"The body of a {code} is the documented Error."
                yield self._require(f"error.shape.{code}", Level.MUST, text, self._source(code), error.shape(code))

    def _provoked(self) -> set[int]:
        """The errors that the requirements of this operation bring about."""
        operation = self.operation
        statuses = set() if operation.access.public else {401}
        statuses |= {BAD} if operation.body else set()
        statuses |= {NOT_THERE} if any(parameter.level is Level.MUST for parameter in operation.parameters) else set()
        statuses |= {409} if operation.effect.verb == "attach" else set()
        forbidden = any(not persona.allowed for persona in personas(self.contract, operation))
        return statuses | ({403} if forbidden else set())
