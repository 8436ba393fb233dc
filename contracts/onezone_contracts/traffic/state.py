"""What follows from one exchange for another: what was written is read, what was refused is not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from onezone_contracts.generate.values import stored, usual
from onezone_contracts.reading import ids_of, list_keys, next_page, only_list
from onezone_contracts.requirement import Finding
from onezone_contracts.state.compare import brief, difference, value_at
from onezone_contracts.state.expected import CALLER, USER, Ref, holds, pair
from onezone_contracts.traffic.about import (
    after,
    between,
    list_of_privileges,
    nothing,
    removed,
    resource,
    strings,
    touched,
    words,
)
from onezone_contracts.traffic.facts import DATA, IN, MAY, THERE, Facts, Key
from onezone_contracts.traffic.facts import ZONE as ZONE_MAY
from onezone_contracts.traffic.recorded_call import RecordedCall
from onezone_contracts.traffic.sheet import RequirementSheet

NOT_THERE, OK = 404, 200
REMOVING = frozenset({"delete", "detach", "revoke"})
EFFECT, DATA_KEPT, CREATED_ONE, UNCHANGED = (
    ("effect", "state.data"),
    ("effect", "state.kept"),
    ("effect", "state.created-one"),
    ("unchanged", "state.unchanged"),
)
"""The topics that say what a write does; the documented operation has ids of its own for them."""
PAGES = frozenset({10, 20, 25, 30, 50, 100, 200, 250, 500, 1000})
"""A list of so many entries may be a page of a longer one, though it does not say so."""
REFUSALS = 200
"""So many refused writes are remembered: what one of them left would show soon."""


def _may_undo(other: RecordedCall, sent: RecordedCall) -> bool:
    """Whether a write that was under way may have changed what another one did: a creation does not know of it."""
    both = other.operation.effect.verb == sent.operation.effect.verb == "create"
    return other.may_have_written and not both and bool(touched(other) & touched(sent))


class State:
    """Follows what the traffic says of entities, in the order of time. Reads are judged by it."""

    def __init__(self, sheet: RequirementSheet) -> None:
        self.sheet = sheet
        self.contract = sheet.contract
        self.facts = Facts(sheet)
        self.refusals: deque[RecordedCall] = deque(maxlen=REFUSALS)
        self._lists: dict[tuple[str, Ref | None, str], tuple[RecordedCall, set[str]]] = {}
        self._last_shown: dict[tuple[str, Ref, str], tuple[RecordedCall, dict[str, Any]]] = {}
        self._unclear_at = float("-inf")
        self._reads = {"get": self._get, "list": self._list, "privileges": self._privileges}

    def follow(self, sent: RecordedCall, rivals: Iterable[RecordedCall]) -> None:
        """Judge an exchange by what came before, and take in what it did.

        `rivals` were under way at the same time: what they touch is not known while they are.
        """
        for other in rivals:
            if other.may_have_written and not after(other, sent):
                self._unclear_at = max(self._unclear_at, sent.end, other.end)
                self.facts.blur(touched(other), removed(other))
        if sent.may_have_written and _of_an_unknown_user(sent):
            self._unclear_at = max(self._unclear_at, sent.end)
            self.facts.blur_kind(USER)
        if sent.succeeded:
            self._after_deletion(sent)
            if not sent.writes:
                self._reads.get(sent.operation.effect.verb, nothing)(sent)
            elif any(_may_undo(other, sent) for other in rivals):
                self.facts.blur(touched(sent), removed(sent))
                self._created(sent)
            else:
                self._written(sent)
        elif sent.refused:
            self._missing(sent)
            if sent.writes:
                self.refusals.append(sent)
        elif sent.writes:
            self._unclear_at = max(self._unclear_at, sent.end)
            self.facts.blur(touched(sent), removed(sent))

    def finish(self) -> None:
        """Nothing more comes."""
        self.facts.finish()

    # --- writes ----------------------------------------------------------------------------------------------

    def _written(self, sent: RecordedCall) -> None:
        verb = sent.operation.effect.verb
        if verb == "create":
            self._created(sent)
        elif verb == "update" and (ref := resource(sent)) and isinstance(sent.value, dict):
            for key, value in stored(sent.operation.body, sent.value).items():
                self.facts.put((DATA, (ref,), key), value=value, by=sent)
        elif verb == "delete" and (ref := resource(sent)):
            self.facts.blur({ref}, ref)
            self.facts.put((THERE, (ref,), ""), value=False, by=sent)
        elif verb in {"attach", "detach"} and (ends := self._ends(sent)):
            self.facts.put((IN, ends, ""), value=verb == "attach", by=sent)
            self._attached(sent, ends)
        elif verb in {"grant", "revoke"}:
            self._granted(sent)
        elif verb not in {"update", "delete", "attach", "detach", "issue", "expire"}:  # temporary tokens show nowhere
            self._unclear_at = max(self._unclear_at, sent.end)
            self.facts.blur_kind(self.contract.kind(sent.operation.effect.resource))

    def _created(self, sent: RecordedCall) -> None:
        if (ref := self._new_ref(sent)) is None:
            self._unclear_at = max(self._unclear_at, sent.end)
            return
        self.facts.put((THERE, (ref,), ""), value=True, by=sent)
        if isinstance(sent.value, dict):
            for key, value in usual(sent.operation.body, sent.value).items():
                self.facts.put((DATA, (ref,), key), value=value, by=sent)
        within = sent.operation.effect.within or ""
        place = sent.user if within == CALLER else sent.roles.get(within)
        if place:
            resource = sent.operation.effect.resource
            inner = (ref, place) if holds(self.contract, resource, within) else (place, ref)
            self.facts.put((IN, inner, ""), value=True, by=sent)

    def _new_ref(self, sent: RecordedCall) -> Ref | None:
        """What was created; its id must be new, and the server's choice."""
        ref = sent.created_ref
        if ref is None:
            return None
        before = self.facts.get((THERE, (ref,), ""))
        fresh = self.sheet.find(sent.operation, "location.fresh", "success.location")
        if before is not None and (after(before.by, sent) or before.by.value != sent.value):
            message = f"{sent.label}: the id was given before"
            steps = (before.by.exchange, sent.exchange)
            self.sheet.judged(fresh, Finding(message, "a new id", ref[1], sent.exchange, steps))
        else:
            self.sheet.judged(fresh)
        if isinstance(sent.value, dict) and ref[1] in sent.value.values():
            ignored = sent.operation.body.ignored if sent.operation.body else {}
            topic = "own-id" if any(sent.value.get(key) == ref[1] for key in ignored) else "own-id-keys"
            taken = Finding(f"{sent.label}: the client's own id was taken", "another id", ref[1], sent.exchange)
            self.sheet.judged(self.sheet.find(sent.operation, f"location.{topic}"), taken)
        return ref

    def _attached(self, sent: RecordedCall, ends: tuple[Ref, Ref]) -> None:
        self.facts.forget((MAY, ends, ""))
        given = list_of_privileges(sent.operation, sent.value)
        if sent.operation.effect.verb == "attach" and given is not None:
            self.facts.put((MAY, ends, ""), value=given, by=sent)

    def _granted(self, sent: RecordedCall) -> None:
        ends, ref = self._ends(sent), resource(sent)
        key: Key | None = (MAY, ends, "") if ends else (ZONE_MAY, (ref,), "") if ref else None
        if key is None:
            return
        before = self.facts.get(key)
        if sent.operation.effect.verb == "revoke":
            self.facts.put(key, value=frozenset[str](), by=sent)
        elif before is None or not isinstance(sent.value, dict):
            self.facts.forget(key)
        else:
            taken, given = (strings(sent.value.get(word)) for word in ("revoke", "grant"))
            self.facts.put(key, value=(before.value - taken) | given, by=sent)

    def _ends(self, sent: RecordedCall) -> tuple[Ref, Ref] | None:
        return pair(self.contract, sent.operation, sent.roles, sent.user)

    # --- reads -----------------------------------------------------------------------------------------------

    def _after_deletion(self, sent: RecordedCall) -> None:
        """Nothing succeeds on what was deleted; to delete it once more is left open."""
        for ref in sent.roles.values():
            key: Key = (THERE, (ref,), "")
            fact = self.facts.get(key)
            if fact is None or fact.value or sent.operation.effect.verb in REMOVING or not after(fact.by, sent):
                continue
            what = f"{sent.label}: the {words(ref[0])} was deleted before"
            finding = Finding(what, str(NOT_THERE), str(sent.status), sent.exchange, (fact.by.exchange, sent.exchange))
            self.facts.doubt(key, sent, self.sheet.find(fact.by.operation, *EFFECT), finding)

    def _missing(self, sent: RecordedCall) -> None:
        """What was created is there for whoever created it; what was deleted is not."""
        if sent.status != NOT_THERE:
            return
        for ref in sent.roles.values():
            key: Key = (THERE, (ref,), "")
            if (fact := self.facts.get(key)) and not fact.value:
                self.facts.agree(key, self.sheet.find(fact.by.operation, *EFFECT))
        if sent.writes or len(sent.roles) != 1 or not sent.caller.identified:
            return
        ref = next(iter(sent.roles.values()))
        key = (THERE, (ref,), "")
        fact = self.facts.get(key)
        if fact and fact.value and fact.by.caller == sent.caller and after(fact.by, sent):
            what = f"{sent.label}: the {words(ref[0])} was created before"
            finding = Finding(what, str(OK), str(sent.status), sent.exchange, (fact.by.exchange, sent.exchange))
            self.facts.doubt(key, sent, self.sheet.find(fact.by.operation, *DATA_KEPT), finding)

    def _get(self, sent: RecordedCall) -> None:
        ref, answer = resource(sent), sent.answer
        if ref is None or not isinstance(answer, dict):
            return
        there = self.facts.get((THERE, (ref,), ""))
        if there and there.value:
            self.facts.agree((THERE, (ref,), ""), None)
        for key, stands in self.facts.about(ref, DATA):
            if key[2] in answer and after(stands.by, sent):
                self._compare(key, stands.value, answer[key[2]], sent)
        self._since_refused(sent, ref, answer)
        ends = self._ends(sent)
        if ends and not sent.operation.effect.effective and self.facts.get((IN, ends, "")):
            self._relation((IN, ends, ""), sent, inside=True)

    def _compare(self, key: Key, value: Any, came: Any, read: RecordedCall) -> None:
        fact = self.facts.get(key)
        assert fact is not None
        written = fact.by
        where = difference(value, came, key[2], loose=True)
        if where is None:
            self.facts.agree(key, self.sheet.find(written.operation, *EFFECT))
            return
        leak = self._refused_with(key[1][0], {key[2]: came}, written, read)
        by, topics = (leak, UNCHANGED) if leak else (written, EFFECT)
        what = f"{read.label}: {where} is not read back as it was " + ("before a refusal" if leak else "sent")
        steps = tuple(step.exchange for step in (written, leak, read) if step)
        finding = Finding(what, brief(value_at(value, where)), brief(value_at(came, where)), read.exchange, steps)
        self.facts.doubt(key, read, self.sheet.find(by.operation, *topics), finding)

    def _refused_with(
        self, ref: Ref, shown: Mapping[str, Any], since: RecordedCall, until: RecordedCall
    ) -> RecordedCall | None:
        """A refused write of what is shown now."""
        for refusal in reversed(self.refusals):
            if ref in refusal.roles.values() and after(since, refusal) and after(refusal, until):
                sent = refusal.value if isinstance(refusal.value, dict) else {}
                if any(key in sent and difference(sent[key], value, key) is None for key, value in shown.items()):
                    return refusal
        return None

    def _since_refused(self, sent: RecordedCall, ref: Ref, answer: dict[str, Any]) -> None:
        """Two equal reads with a refused write between them show the same."""
        place = (sent.operation.id, ref, sent.caller.key)
        before = self._last_shown.get(place)
        self._last_shown[place] = (sent, answer)
        if len(self._last_shown) > REFUSALS * 100:
            self._last_shown.pop(next(iter(self._last_shown)))
        if before is None or self._unclear_at >= before[0].start:
            return
        changed = {key: answer[key] for key in answer if key in before[1] and answer[key] != before[1][key]}
        keys = {key[2] for key, _ in self.facts.about(ref, DATA)}
        changed = {key: value for key, value in changed.items() if key not in keys}
        leak = self._refused_with(ref, changed, before[0], sent) if changed else None
        if leak:
            steps = (before[0].exchange, leak.exchange, sent.exchange)
            what = f"{leak.label}: what was refused is there"
            finding = Finding(what, "as before", ", ".join(changed), leak.exchange, steps)
            self.sheet.judged(self.sheet.find(leak.operation, *UNCHANGED), finding)

    def _list(self, sent: RecordedCall) -> None:
        effect = sent.operation.effect
        entries = only_list(sent.answer, list_keys(self.contract))
        response = sent.exchange.response
        if entries is None or response is None:
            return
        ids, kind = ids_of(entries), self.contract.kind(effect.resource)
        twice = len(ids) != len(entries)
        finding = Finding(f"{sent.label}: an id is listed twice", "each id once", "an id twice", sent.exchange)
        self.sheet.judged(self.sheet.find(sent.operation, "effect"), finding if twice else None)
        whole = next_page(response, sent.answer, len(entries)) is False and len(entries) not in PAGES
        for name in ids:
            self._listed_after_deletion((kind, name), sent)
        place = sent.user if effect.within == CALLER else sent.roles.get(effect.within or "")
        if place and whole:
            self._members(sent, place, kind, ids)
        if whole and not effect.effective and (place or not effect.within):
            self._grown(sent, place, kind, ids)

    def _listed_after_deletion(self, ref: Ref, sent: RecordedCall) -> None:
        key: Key = (THERE, (ref,), "")
        fact = self.facts.get(key)
        if fact and not fact.value and after(fact.by, sent):
            what = f"{sent.label}: a deleted {words(ref[0])} is listed"
            finding = Finding(what, "not in the list", ref[1], sent.exchange, (fact.by.exchange, sent.exchange))
            self.facts.doubt(key, sent, self.sheet.find(fact.by.operation, *EFFECT), finding)

    def _members(self, sent: RecordedCall, place: Ref, kind: str, ids: set[str]) -> None:
        """Who was joined is listed, who left is not; with a place's effective members only the former is known."""
        effect = sent.operation.effect
        inner = holds(self.contract, effect.resource, effect.within or "")
        for key, fact in self.facts.about(place, IN):
            member, container = key[1]
            other, here = (member, container) if inner else (container, member)
            if here == place and other[0] == kind and after(fact.by, sent):
                if effect.effective and not fact.value:
                    continue
                self._relation(key, sent, inside=other[1] in ids)

    def _relation(self, key: Key, sent: RecordedCall, *, inside: bool) -> None:
        fact = self.facts.get(key)
        if fact is None or not after(fact.by, sent):
            return
        topics = CREATED_ONE if fact.by.operation.effect.verb == "create" else EFFECT
        requirement = self.sheet.find(fact.by.operation, *topics)
        if inside is fact.value:
            self.facts.agree(key, requirement)
            return
        what, expected = ("does not show it", "there") if fact.value else ("still shows it", "not there")
        came = "there" if inside else "not there"
        steps = (fact.by.exchange, sent.exchange)
        self.facts.doubt(key, sent, requirement, Finding(f"{sent.label}: {what}", expected, came, sent.exchange, steps))

    def _grown(self, sent: RecordedCall, place: Ref | None, kind: str, ids: set[str]) -> None:
        """A list has what it had and what was made since; what is more came by a refused request, if there was one."""
        name = (sent.operation.id, place, sent.caller.key)
        before = self._lists.get(name)
        self._lists[name] = (sent, ids)
        if before is None or self._unclear_at >= before[0].start:
            return
        refused = [
            refusal
            for refusal in self.refusals
            if self._of_list(refusal, sent, place) and between(before[0], refusal, sent)
        ]
        if not refused:
            return
        adding = any(refusal.operation.effect.verb in {"create", "attach"} for refusal in refused)
        new = {entity for entity in ids - before[1] if adding and not self._explained((kind, entity), place)}
        gone = {entity for entity in before[1] - ids if self._removed_by_refusal((kind, entity), place, refused)}
        finding = None
        if new or gone:
            steps = (before[0].exchange, *(refusal.exchange for refusal in refused[:3]), sent.exchange)
            came = f"{len(new)} more, {len(gone)} gone"
            what = f"{refused[0].label}: the list changed, though it was refused"
            finding = Finding(what, "as before", came, refused[0].exchange, steps)
        self.sheet.judged(self.sheet.find(refused[0].operation, *UNCHANGED), finding)

    def _of_list(self, refusal: RecordedCall, sent: RecordedCall, place: Ref | None) -> bool:
        """Whether a refused write would have changed the list."""
        kind = self.contract.kind(sent.operation.effect.resource)
        about = self.contract.kind(refusal.operation.effect.resource) == kind
        here = place is None or place in refusal.roles.values()
        return here and about and refusal.operation.effect.verb in {"create", "attach", "delete", "detach"}

    def _explained(self, ref: Ref, place: Ref | None) -> bool:
        there = self.facts.get((THERE, (ref,), ""))
        ends = [(ref, place), (place, ref)] if place else []
        return bool(there and there.value) or any(
            (fact := self.facts.get((IN, end, ""))) is not None and fact.value for end in ends if place
        )

    def _removed_by_refusal(self, ref: Ref, place: Ref | None, refused: list[RecordedCall]) -> bool:
        """Whether somebody was refused to take it away, and nobody was allowed to."""
        ends = [(ref, place), (place, ref)] if place else []
        facts = [self.facts.get((THERE, (ref,), "")), *(self.facts.get((IN, end, "")) for end in ends if place)]
        named = any(ref in refusal.roles.values() and refusal.operation.effect.verb in REMOVING for refusal in refused)
        return named and all(fact is None or fact.value for fact in facts)

    def _privileges(self, sent: RecordedCall) -> None:
        entries = only_list(sent.answer, list_keys(self.contract))
        ends, ref = self._ends(sent), resource(sent)
        key: Key | None = (MAY, ends, "") if ends else (ZONE_MAY, (ref,), "") if ref else None
        if entries is None or key is None or sent.operation.effect.effective:
            return
        came = frozenset(map(str, entries))
        fact = self.facts.get(key)
        if fact is None or not after(fact.by, sent):
            if fact is None:
                self.facts.put(key, value=came, by=sent)
            return
        if came == fact.value:
            self.facts.agree(key, self.sheet.find(fact.by.operation, *EFFECT))
            return
        refused = [
            refusal for refusal in self.refusals if between(fact.by, refusal, sent) and self._ends(refusal) == ends
        ]
        leak = next((refusal for refusal in refused if refusal.operation.effect.verb in {"grant", "revoke"}), None)
        if leak is None and not fact.by.writes:
            self.facts.put(key, value=came, by=sent)  # it was read, and changed unseen
            return
        by, topics = (leak, UNCHANGED) if leak else (fact.by, EFFECT)
        missing, more = sorted(fact.value - came), sorted(came - fact.value)
        what = f"{sent.label}: other privileges are read than were left" + (" before a refusal" if leak else "")
        steps = tuple(step.exchange for step in (fact.by, leak, sent) if step)
        actual = f"without {', '.join(missing) or 'none'}; with {', '.join(more) or 'no other'}"
        finding = Finding(what, brief(sorted(fact.value)), actual, sent.exchange, steps)
        self.facts.doubt(key, sent, self.sheet.find(by.operation, *topics), finding)


def _of_an_unknown_user(sent: RecordedCall) -> bool:
    """Whether somebody changes what is their own, or leaves something, and it was not seen who that is."""
    effect = sent.operation.effect
    return sent.user is None and effect.verb != "create" and CALLER in {effect.resource, effect.within}
