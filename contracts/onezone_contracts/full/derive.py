"""From any operation of the contract to its requirements, by its data alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from onezone_spec import Contract, Operation, Property, Source

from onezone_contracts.derive import judged_operations
from onezone_contracts.derive import requirements as deep
from onezone_contracts.full import checks
from onezone_contracts.full.attempt import Attempt
from onezone_contracts.full.checks import Judged
from onezone_contracts.full.mirror import CALLER, ZONE
from onezone_contracts.full.people import people
from onezone_contracts.full.samples import DEFAULT, privileges_of, wrong_values
from onezone_contracts.full.stage import READING, UNRELATED
from onezone_contracts.full.trial import Trial
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import Check, Finding, Level, NotJudged, Requirement
from onezone_contracts.stateful.derive import requirements as sequences

NEEDS = "the operation"
"""What a target may lack without fault."""
MALFORMED = (b"{", b'{"name":', b"name=text", b'{"a": 1,}')
NO_OBJECTS = (["text"], "text", 17)
NOT_THERE = 404
METHOD_NOT_ALLOWED = 405
"""Documented where the edition is the deployed behaviour itself."""
BAD = 400


def operations(contract: Contract) -> tuple[Operation, ...]:
    """The operations that are judged here: all but those that have a suite of their own."""
    deep = {one.id for one in judged_operations(contract)}
    return tuple(one for one in contract.operations.values() if one.id not in deep)


def requirements(contract: Contract, operation: Operation) -> tuple[Requirement, ...]:
    """The requirements of an operation, in the order in which they are judged."""
    return tuple(Sheet(contract, operation).all())


@cache
def all_requirements(contract: Contract, depth: str = "standard") -> tuple[Requirement, ...]:
    """Every requirement of the profile `full`: those of `core`, of every other operation, and of sequences over all."""
    first = [one for operation in judged_operations(contract) for one in deep(contract, operation, depth)]
    each = [one for operation in operations(contract) for one in requirements(contract, operation)]
    return (*first, *each, *(sequences(contract) if depth != "quick" else ()))


class Sheet:
    """Writes the requirements of one operation."""

    def __init__(self, contract: Contract, operation: Operation) -> None:
        self.contract = contract
        self.operation = operation
        self.deployed = METHOD_NOT_ALLOWED in operation.responses

    def all(self) -> Iterator[Requirement]:
        """Every requirement."""
        yield self._one("offered", Level.MUST, "The operation is offered.", self.operation.source, lambda _: ())
        yield from self._access()
        yield from self._authentication()
        yield from self._unknown()
        yield from self._effects()
        if self.operation.body:
            yield from self._bodies()
        yield from self._successes()
        yield from self._errors()

    def _one(self, topic: str, level: Level, text: str, source: Source, check: Judged) -> Requirement:
        return Requirement(topic, self.operation.id, level, text, str(source), self._judged(check), NEEDS)

    def _judged(self, check: Judged) -> Check:
        def judged(bench: Any) -> Iterator[Finding]:
            trial: Trial = bench.trial(self.operation)
            if not trial.offered():
                raise NotJudged("not offered")
            yield from check(trial)

        return judged

    def _documented(self, level: Level) -> Level:
        return Level.MUST if self.deployed else level

    def _source(self, status: int) -> Source:
        found = self.operation.responses.get(status)
        return (found.source if found else None) or self.operation.source

    def _status(self, status: int, level: Level = Level.MUST) -> Level:
        """The level of an answer: what the edition does not document is left open."""
        return level if status in self.operation.responses else Level.OBSERVE

    # --- who may ------------------------------------------------------------------------------------------

    def _access(self) -> Iterator[Requirement]:
        keys = tuple(sorted({key for route in self.operation.access.routes for key in route.given}))
        for asked in ((), keys) if keys else ((),):
            for persona, level in people(self.contract, self.operation, asked):
                prefix = f"access.with-{'-'.join(asked)}" if asked else "access"
                make = _access(persona.name, asked)
                judge = checks.accepted(make) if persona.allowed else checks.answered(make, 403)
                if level is Level.OBSERVE:
                    judge = checks.observed(make)
                text = self._who(persona, asked)
                yield self._one(f"{prefix}.{persona.name}", level, text, self.operation.access.source, judge)

    def _who(self, persona: Persona, keys: tuple[str, ...]) -> str:
        request = f"a valid request with {', '.join(keys)}" if keys else "a valid request"
        expected = "is answered with success" if persona.allowed else "is answered with 403"
        return f"The persona {persona.name} ({holdings(self.contract, persona)}): {request} {expected}."

    def _authentication(self) -> Iterator[Requirement]:
        source = self._source(401)
        if self.operation.access.public:
            text = "Needs no credentials: a request without any is answered with success."
            yield self._one("authentication.none", Level.MUST, text, source, checks.accepted(Trial.anonymous))
            text = "A known user with a wrong password: what the answer is."
            yield self._one("authentication.wrong", Level.OBSERVE, text, source, checks.observed(Trial.wrong))
            return
        text = "A request without credentials is answered with 401."
        yield self._one("authentication.none", Level.MUST, text, source, checks.answered(Trial.anonymous, 401))
        text = "A known user with a password that is not theirs is answered with 401."
        yield self._one("authentication.wrong", Level.MUST, text, source, checks.answered(Trial.wrong, 401))

    # --- what is not there, or not related ------------------------------------------------------------------

    def _unknown(self) -> Iterator[Requirement]:
        effect = self.operation.effect
        for one in self.operation.parameters:
            role = one.entity or one.name
            attached = effect.verb == "attach" and role == effect.resource
            statuses = (BAD,) if attached and self.deployed else (BAD, NOT_THERE) if attached else (NOT_THERE,)
            words = " or ".join(map(str, statuses))
            text = f"For a {role.replace('_', ' ')} that does not exist, the answer is {words}."
            level = self._status(statuses[-1])
            judge = checks.answered(_unknown(role), *statuses)
            yield self._one(
                f"unknown.{role}", level, text, self._source(statuses[-1]), self._open(level, judge, _unknown(role))
            )
        roles = {one.entity for one in self.operation.parameters}
        if (
            effect.within not in {None, ZONE, effect.resource}
            and effect.resource in roles
            and effect.verb not in UNRELATED
        ):
            text = (
                f"For a {effect.resource.replace('_', ' ')} that exists and does not belong there, the answer is 404."
            )
            level = self._status(NOT_THERE)
            judge = checks.answered(Trial.unrelated, NOT_THERE)
            yield self._one("relation", level, text, self._source(404), self._open(level, judge, Trial.unrelated))

    def _open(self, level: Level, judge: Judged, make: Callable[[Trial], Attempt]) -> Judged:
        return checks.observed(make) if level is Level.OBSERVE else judge

    # --- what it does ---------------------------------------------------------------------------------------

    def _effects(self) -> Iterator[Requirement]:
        operation, source = self.operation, self.operation.source
        verb = operation.effect.verb
        level = Level.SHOULD if verb == "catalogue" else Level.MUST
        valid = () if verb in READING else (Trial.valid,)
        yield self._one("effect", level, _EFFECTS[verb], source, checks.effect(*valid))
        if verb == "attach":
            yield from self._attached(source)
        known = operation.body.properties if operation.body else ()
        if verb == "create" and any(DEFAULT in one.schema for one in known):
            text = "What the body leaves out has its usual value."
            required = tuple(one.name for one in known if DEFAULT not in one.schema)
            judge = checks.own_effect(_valid(required))
            yield self._one("effect.defaults", self._documented(Level.SHOULD), text, source, judge)
        if verb == "update" and operation.body and len(operation.body.properties) > 1:
            for one in operation.body.properties:
                text = f"A change of {one.name} alone changes that and nothing else."
                yield self._one(
                    f"effect.only-{_slug(one.name)}", Level.MUST, text, source, checks.own_effect(_valid((one.name,)))
                )

    def _attached(self, source: Source) -> Iterator[Requirement]:
        body, effect = self.operation.body, self.operation.effect
        key = next((one.name for one in body.properties if privileges_of(one)), None) if body else None
        if key:
            text = "The new member has exactly the privileges that were given."
            yield self._one("effect.given", Level.MUST, text, source, checks.own_effect(_valid((key,))))
        level = self._status(409)
        text = "The same relation a second time is answered with 409."
        yield self._one("conflict", level, text, self._source(409), checks.conflict(level))
        if self.contract.kind(effect.resource) == self.contract.kind(effect.within or ""):
            text = "Nothing becomes a member of itself: 400."
            level = self._documented(Level.SHOULD)
            yield self._one("itself", level, text, self._source(BAD), checks.answered(Trial.itself, BAD))

    # --- bodies -----------------------------------------------------------------------------------------------

    def _bodies(self) -> Iterator[Requirement]:
        body = self.operation.body
        assert body is not None
        source = self._source(BAD)
        yield self._body(
            "malformed", Level.MUST, "A body that is no JSON is answered with 400.", source, *map(_constant, MALFORMED)
        )
        text = "A body that is JSON and no object is answered with 400."
        yield self._body("non-object", Level.SHOULD, text, source, *map(_constant, NO_OBJECTS))
        if body.none_known:
            text = "A body without any key that the operation knows is answered with 400."
            nothing = (_constant({}), _constant({"ozkit": 1}))
            yield self._body("none-known", body.required_level, text, source, *nothing)
        for prop in body.properties:
            yield from self._property(prop, source)

    def _property(self, prop: Property, source: Source) -> Iterator[Requirement]:
        body, name = self.operation.body, prop.name
        assert body is not None
        for rule, level, values in wrong_values(prop):
            text = f"{name} that breaks the rule “{rule}” is answered with 400."
            changes = [_with(name, one) for one in values]
            yield self._body(f"{name}.{rule}", level, text, prop.source or source, *changes)
        if prop.required:
            text = f"A body without {name} is answered with 400."
            yield self._body(f"{name}.missing", body.required_level, text, prop.source or source, _without(name))
        if name in body.needs:
            text = f"A body with {name} and without {', '.join(body.needs[name])} is answered with 400."
            changes = [_without(one) for one in body.needs[name]]
            yield self._body(f"{name}.needs", self._documented(Level.SHOULD), text, prop.source or source, *changes)
        if prop.unique:
            text = f"{name} that another one has is answered with {self.contract.errors[prop.unique].status}."
            judge = checks.answered(_taken(name), self.contract.errors[prop.unique].status)
            yield self._one(f"body.{name}.taken", self._documented(Level.SHOULD), text, prop.source or source, judge)

    def _body(self, topic: str, level: Level, text: str, source: Source, *changes: Callable[[Any], Any]) -> Requirement:
        makes = [_broken((topic, number), change, topic) for number, change in enumerate(changes)]

        def check(trial: Trial) -> Iterator[Finding]:
            for make in makes:
                judge = checks.observed(make) if level is Level.OBSERVE else checks.answered(make, BAD)
                yield from judge(trial)

        return self._one(f"body.{topic}", level, text, source, check)

    # --- what holds of every answer -----------------------------------------------------------------------------

    def _successes(self) -> Iterator[Requirement]:
        answer = self.operation.success
        source = answer.source or self.operation.source
        text = f"A success is {answer.status}."
        yield self._one("success.status", Level.MUST, text, source, checks.status)
        text = "A success has the documented body." if answer.schema else "A success has no body."
        yield self._one("success.body", Level.MUST, text, source, checks.body)
        if answer.location:
            text = "A success carries one Location, which names the new thing."
            yield self._one("success.location", Level.MUST, text, answer.location_source or source, checks.location)
        if self.operation.effect.verb == "privileges":
            level = self._documented(Level.SHOULD)
            yield self._one("success.sorted", level, "A list of privileges is sorted.", source, checks.in_order)

    def _errors(self) -> Iterator[Requirement]:
        if self.operation.effect.verb not in READING:
            text = "A refused request changes nothing."
            yield self._one("unchanged", Level.MUST, text, self.operation.source, checks.unchanged)
        for code, answer in sorted(self.operation.responses.items()):
            if answer.schema and code in self._provoked():
                text = f"The body of a {code} is the documented Error."
                yield self._one(f"error.shape.{code}", Level.MUST, text, self._source(code), checks.shape(code))

    def _provoked(self) -> set[int]:
        """The errors that the requirements of this operation bring about."""
        operation = self.operation
        found = set() if operation.access.public else {401}
        found |= {BAD} if operation.body else set()
        found |= {NOT_THERE} if operation.parameters else set()
        found |= {409} if operation.effect.verb == "attach" else set()
        forbidden = any(not persona.allowed for persona, _ in people(self.contract, operation))
        return found | ({403} if forbidden else set())


_EFFECTS = {
    "create": "What is created is there, with the data that was sent, and belongs to nobody but who is documented.",
    "list": "The list has exactly what belongs there.",
    "get": "The answer has the stored data of what the path names.",
    "update": "What is sent is changed, and nothing else.",
    "delete": "What is deleted is gone.",
    "attach": "The new member is a member, with the privileges of a plain member where none were given.",
    "detach": "What is removed is no member any more, and is still there.",
    "privileges": "The answer has exactly the privileges that are held.",
    "grant": "Afterwards exactly the privileges are held that were and were not taken away, and those that were added.",
    "revoke": "Afterwards no privilege is held.",
    "catalogue": "The answer has the sets of privileges that are known.",
    "intermediaries": "The answer names exactly the direct members through which the user belongs.",
}


def _slug(name: str) -> str:
    return name


def _access(name: str, keys: tuple[str, ...]) -> Callable[[Trial], Attempt]:
    return lambda trial: trial.access(name, keys)


def _unknown(role: str) -> Callable[[Trial], Attempt]:
    return lambda trial: trial.unknown(role)


def _valid(keys: tuple[str, ...]) -> Callable[[Trial], Attempt]:
    return lambda trial: trial.valid(keys)


def _broken(key: object, change: Callable[[Any], Any], label: str) -> Callable[[Trial], Attempt]:
    return lambda trial: trial.broken(key, change, f"body: {label}")


def _taken(name: str) -> Callable[[Trial], Attempt]:
    """A body with the value of another entity at a key that nobody shares."""

    def make(trial: Trial) -> Attempt:
        taken = trial.bench.victim().username
        return trial.broken((name, "taken"), _with(name, taken), f"{name} that another one has")

    return make


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _with(key: str, value: Any) -> Callable[[Any], Any]:
    return lambda body: {**body, key: value}


def _without(key: str) -> Callable[[Any], Any]:
    return lambda body: {name: value for name, value in body.items() if name != key}


def holdings(contract: Contract, persona: Persona) -> str:
    """What a persona holds, in words."""
    words = []
    for scope, held in persona.grants.items():
        if scope == CALLER:
            continue
        place = "in the zone" if scope == ZONE else f"in the {scope.replace('_', ' ')}"
        everything = frozenset(contract.privileges.get(contract.kind(scope), ()))
        if held is None:
            words.append(f"not {scope}" if not everything else f"no member of the {scope.replace('_', ' ')}")
        elif not everything:
            words.append(scope)
        elif len(held) > len(everything) / 2:
            gone = ", ".join(sorted(everything - held))
            words.append(f"every privilege {place}" + (f" but {gone}" if gone else ""))
        else:
            words.append(f"{', '.join(sorted(held)) or 'no privilege'} {place}")
    return "; ".join(words)
