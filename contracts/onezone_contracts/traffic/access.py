"""Whether what callers were allowed and refused agrees with the access rules, whatever they hold unseen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from onezone_spec import Contract, Level, Operation, Route

from onezone_contracts.derive import judged_operations
from onezone_contracts.requirement import Finding
from onezone_contracts.state.expected import GROUP, USER, Ref
from onezone_contracts.state.expected import ZONE as ZONE_SCOPE
from onezone_contracts.traffic.constraints import Atom, Atoms, Decision, contradiction
from onezone_contracts.traffic.facts import IN, LAG, MAY, THERE, ZONE, Facts
from onezone_contracts.traffic.recorded_call import RecordedCall
from onezone_contracts.traffic.sheet import RequirementSheet

GRANTING = frozenset({"attach", "detach", "grant", "revoke"})
MOST_ALIKE = 6
"""So many exchanges of a kind are kept of a caller and a request."""
RequestKey = tuple[str, tuple[tuple[str, Ref], ...], tuple[str, ...]]
"""What a request asks for: operation, entities by role, and the keys of its body that need more privileges."""


@dataclass(slots=True)
class _Decisions:
    """The decisions on one request of one caller, in their order."""

    decisions: list[tuple[RecordedCall, Decision]] = field(default_factory=list)

    def settled(self) -> Iterator[tuple[RecordedCall, Decision]]:
        """The decisions without refusals that privileges explain which were on their way: soon after, it succeeded."""
        first = min((sent.start for sent, decision in self.decisions if decision.allowed), default=None)
        for sent, decision in self.decisions:
            early = first is not None and not decision.allowed and 0 <= first - sent.end <= LAG
            if not early:
                yield sent, decision


class Access:
    """Collects decisions by caller for as long as nobody's grants change, and then looks for contradictions."""

    def __init__(self, sheet: RequirementSheet, facts: Facts, operations: Collection[str]) -> None:
        """`operations` are the ids of those whose decisions count."""
        self.sheet = sheet
        self.operations = operations
        self.contract: Contract = sheet.contract
        self._documented = {operation.id for operation in judged_operations(sheet.contract)}
        self.facts = facts
        self._decisions: dict[str, dict[RequestKey, _Decisions]] = {}

    def follow(self, sent: RecordedCall, rivals: Iterable[RecordedCall]) -> None:
        """Take in an exchange; what overlaps a change of grants says nothing."""
        if _changes_grants(self.contract, sent):
            self._settle()
        elif sent.caller.identified and not any(_changes_grants(self.contract, rival) for rival in rivals):
            self._note(sent)

    def finish(self) -> None:
        """Nothing more comes."""
        self._settle()

    def _note(self, sent: RecordedCall) -> None:
        allowed = sent.succeeded
        if sent.operation.id not in self.operations or sent.operation.access.public:
            return
        if not (allowed or sent.forbidden):
            return
        decision = self._decision(sent, allowed=allowed)
        if decision is None:
            return
        keys = {key for route in sent.operation.access.routes for key in route.given}
        asked = (sent.operation.id, tuple(sorted(sent.roles.items())), tuple(key for key in sent.keys if key in keys))
        decisions = self._decisions.setdefault(sent.caller.key, {}).setdefault(asked, _Decisions()).decisions
        if sum(earlier.allowed == allowed for _, earlier in decisions) < MOST_ALIKE:
            decisions.append((sent, decision))

    def _decision(self, sent: RecordedCall, *, allowed: bool) -> Decision | None:
        """What the rule asks for; None if every route hangs on what traffic does not show."""
        routes = []
        for route in sent.operation.access.with_body(sent.keys).routes:
            if not allowed and route.level is Level.OBSERVE:
                continue
            atoms = self._atoms(route, sent)
            if atoms is not None:
                routes.append(atoms)
        given, lacking = self._from_grants(sent)
        possible = tuple(route for route in routes if not route & lacking)
        return Decision(allowed, possible, given)

    def _atoms(self, route: Route, sent: RecordedCall) -> Atoms | None:
        """What a route asks for; None if it is not open to the caller."""
        atoms: set[Atom] = set()
        for scope, needed in route.needs.items():
            if scope == "caller":
                continue
            if scope == "self" and sent.user and USER in sent.roles:
                if sent.roles[USER] != sent.user:
                    return None
                continue
            if scope == ZONE_SCOPE:
                atoms |= {(ZONE_SCOPE, "", privilege) for privilege in needed}
            elif scope in sent.roles:
                kind, name = sent.roles[scope]
                atoms |= {(kind, name, privilege) for privilege in ("", *needed)}
            else:
                atoms.add((scope, repr(sorted(sent.roles.items())), ""))
        return frozenset(atoms)

    def _from_grants(self, sent: RecordedCall) -> tuple[Atoms, Atoms]:
        """The atoms that the caller is known to hold, and to lack, by what was granted and taken in the traffic."""
        holding: set[Atom] = set()
        lacking: set[Atom] = set()
        if sent.user is None:
            return frozenset(), frozenset()
        zone = self.facts.get((ZONE, (sent.user,), ""))
        holding |= {(ZONE_SCOPE, "", privilege) for privilege in zone.value} if zone else set()
        for ref in set(sent.roles.values()):
            fact = self.facts.get((MAY, (sent.user, ref), ""))
            here = {
                privilege for privilege in self.contract.privileges.get(ref[0], ()) if fact and privilege in fact.value
            }
            holding |= {(*ref, privilege) for privilege in (here | {""} if fact else ())}
            inside = self.facts.get((IN, (sent.user, ref), ""))
            if self._closed(ref) and inside and (fact or not inside.value):
                lacking |= {(*ref, privilege) for privilege in self.contract.privileges.get(ref[0], {}).keys() - here}
                lacking |= {(*ref, "")} if not inside.value else set()
        return frozenset(holding), frozenset(lacking)

    def _closed(self, ref: Ref) -> bool:
        """Whether all who belong to an entity are known: it was created in the traffic, and no group joined it."""
        there = self.facts.get((THERE, (ref,), ""))
        groups = (key for key, _ in self.facts.about(ref, IN) if key[1][1] == ref and key[1][0][0] == GROUP)
        return bool(there and there.value) and not any(groups) and ref[0] != GROUP

    def _settle(self) -> None:
        """Grants change: what was decided until now has to be consistent in itself."""
        for by_request in self._decisions.values():
            kept = [pair for decided in by_request.values() for pair in decided.settled()]
            kept.sort(key=lambda pair: pair[0].start)
            self._look(kept)
        self._decisions.clear()

    def _look(self, kept: list[tuple[RecordedCall, Decision]]) -> None:
        while kept:
            guilty = contradiction([decision for _, decision in kept])
            if not guilty:
                break
            culprit = self._culprit([kept[place] for place in guilty])
            kept = [pair for pair in kept if pair[0].operation is not culprit]
        for operation in {sent.operation.id: sent.operation for sent, _ in kept}.values():
            self.sheet.judged(self.sheet.consistent(operation))

    def _culprit(self, pairs: list[tuple[RecordedCall, Decision]]) -> Operation:
        """Accuse the last decision of some that contradict each other: one on an operation around, where there is."""
        around = [pair for pair in pairs if pair[0].operation.id not in self._documented]
        last, decision = (around or pairs)[-1]
        came = "allowed" if decision.allowed else "refused"
        others = "; ".join(
            f"{'allowed' if other.allowed else 'refused'}: {sent.operation.id}"
            for sent, other in pairs
            if sent is not last
        )
        why = f"no privileges that {last.caller.name} may hold explain it" + (f" beside {others}" if others else "")
        finding = Finding(
            f"{last.label}: {why}",
            "refused" if decision.allowed else "allowed",
            f"{came} ({last.status})",
            last.exchange,
            tuple(sent.exchange for sent, _ in pairs),
        )
        self.sheet.judged(self.sheet.consistent(last.operation), finding)
        return last.operation


def _changes_grants(contract: Contract, sent: RecordedCall) -> bool:
    """Whether somebody may hold more or less after it."""
    if not sent.may_have_written:
        return False
    effect = sent.operation.effect
    kinds = {contract.kind(effect.resource), contract.kind(effect.within or "")}
    if effect.verb in GRANTING:
        return True
    if effect.verb == "create":
        return kinds == {GROUP} and effect.within is not None
    people = contract.kind(effect.resource) in {USER, GROUP}
    return people and (effect.verb == "delete" or (effect.verb == "update" and contract.kind(effect.resource) == USER))
