"""Refusals between two successes of the same request: what they say is then known to be wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from onezone_contracts.requirement import Finding, Level
from onezone_contracts.state.expected import Ref
from onezone_contracts.traffic.accepted import broken_rules
from onezone_contracts.traffic.callers import Kind
from onezone_contracts.traffic.facts import LAG, THERE, Facts
from onezone_contracts.traffic.recorded_call import NO_JSON, RecordedCall
from onezone_contracts.traffic.sheet import RequirementSheet

BAD, UNAUTHORIZED, NOT_THERE, GONE, NOT_MODIFIED = 400, 401, 404, 410, 304
NOT_BAD = frozenset({401, 403, NOT_THERE, 409, GONE, 422})
"""What a body that breaks a rule is not answered with, where nothing else is wrong."""
NOT_NOBODY = frozenset({NOT_THERE, 409, GONE, 422})
REPEATABLE = frozenset({"get", "list", "privileges", "create", "update", "grant"})
"""Verbs of requests that succeed again and again."""
ENDING = frozenset({"delete", "detach", "attach"})
"""Verbs after which the same request may be answered otherwise."""
WAITING = 50
REMEMBERED = 20_000
Place = tuple[str, tuple[tuple[str, Ref], ...]]
"""An operation and the entities that it is called for."""


@dataclass(slots=True)
class _Place:
    """Who succeeded there last, and the refusals since."""

    served: dict[str, RecordedCall] = field(default_factory=dict)
    refusals: list[RecordedCall] = field(default_factory=list)


class RefusalsBetween:
    """Judges a refusal once a success before and after it shows that all was there."""

    def __init__(self, sheet: RequirementSheet, facts: Facts) -> None:
        self.sheet = sheet
        self.facts = facts
        self._places: dict[Place, _Place] = {}

    def follow(self, sent: RecordedCall) -> None:
        """Take in an exchange."""
        verb = sent.operation.effect.verb
        if verb in ENDING and sent.may_have_written:
            self._forget(set(sent.roles.values()), whole=verb == "delete")
        if verb not in REPEATABLE or sent.operation.access.public:
            return
        name: Place = (sent.operation.id, tuple(sorted(sent.roles.items())))
        if sent.succeeded:
            self._served(self._places.setdefault(name, _Place()), sent)
            while len(self._places) > REMEMBERED:
                self._places.pop(next(iter(self._places)))
        elif (place := self._places.get(name)) and len(place.refusals) < WAITING and self._refused(sent):
            place.refusals.append(sent)

    def _refused(self, sent: RecordedCall) -> bool:
        response = sent.exchange.response
        return sent.refused or (response is not None and response.redirect and sent.status != NOT_MODIFIED)

    def _forget(self, refs: set[Ref], *, whole: bool) -> None:
        """Forget what may be answered otherwise now: where one of the entities is named (`whole`), or all of them."""
        for name in list(self._places):
            named = {ref for _, ref in name[1]}
            if named & refs if whole else refs <= named:
                del self._places[name]

    def _served(self, place: _Place, sent: RecordedCall) -> None:
        left = []
        for refusal in place.refusals:
            before = min(place.served.values(), key=lambda served: served.end)
            own = place.served.get(refusal.caller.key)
            if not (before.end <= refusal.start and refusal.end <= sent.start):
                continue
            if own is not None and own.end <= refusal.start and sent.caller != refusal.caller:
                left.append(refusal)  # its own sender may still succeed
                continue
            self._judge(refusal, own or before, sent)
        place.refusals = left
        place.served[sent.caller.key] = sent

    def _judge(self, refusal: RecordedCall, before: RecordedCall, after: RecordedCall) -> None:
        broken = [
            self.sheet.find(refusal.operation, *topics) for topics, _ in broken_rules(self.sheet.contract, refusal)
        ]
        binding = next((requirement for requirement in broken if requirement and requirement.level is Level.MUST), None)
        redirected = not refusal.refused
        if broken:
            if binding and refusal.caller == after.caller and (refusal.status in NOT_BAD or redirected):
                self._accuse(refusal, before, after, (binding.topic, BAD))
        elif refusal.operation.body and (refusal.value is NO_JSON or not isinstance(refusal.value, dict)):
            return
        elif refusal.caller.kind is Kind.NOBODY:
            if refusal.status in NOT_NOBODY or redirected:
                topic = "access.anonymous" if self.sheet.find(refusal.operation, "access.anonymous") else None
                self._accuse(refusal, before, after, (topic or "authentication.none", UNAUTHORIZED))
        elif refusal.caller.identified and refusal.status in {NOT_THERE, GONE} and not self._new(refusal):
            self._accuse(refusal, before, after, None)

    def _new(self, refusal: RecordedCall) -> bool:
        """Whether something that a request names was created just before: a replica may be behind."""
        facts = (self.facts.get((THERE, (ref,), "")) for ref in refusal.roles.values())
        return any(refusal.start - fact.by.end <= LAG for fact in facts if fact and fact.value)

    def _accuse(
        self, refusal: RecordedCall, before: RecordedCall, after: RecordedCall, broken: tuple[str, int] | None
    ) -> None:
        topic, expected = broken or ("", 0)
        requirement = self.sheet.find(refusal.operation, topic) if topic else self.sheet.consistent(refusal.operation)
        words = str(expected) if expected else "a success, or 403"
        what = f"{refusal.label}: expected {words}, got {refusal.status}; before and after all is there"
        steps = (before.exchange, refusal.exchange, after.exchange)
        self.sheet.judged(requirement, Finding(what, words, str(refusal.status), refusal.exchange, steps))
