"""Who is let in although the traffic shut them out: by deleting, blocking or revoking, or with another password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from onezone_contracts.generate.values import secret
from onezone_contracts.requirement import Finding
from onezone_contracts.state.expected import TOKEN, USER, Ref
from onezone_contracts.state.tokens import BLOCKED, owner_of, text_of
from onezone_contracts.traffic.about import after, resource
from onezone_contracts.traffic.callers import AUTHORIZATION, masked, user_and_password
from onezone_contracts.traffic.facts import LAG, STALE, Facts, Key
from onezone_contracts.traffic.recorded_call import RecordedCall
from onezone_contracts.traffic.recording import header
from onezone_contracts.traffic.sheet import RequirementSheet
from onezone_contracts.traffic.signin import UNAUTHORIZED

ENTRY = "entry"
"""The kind of a fact: what decides whether credentials of a user, or a token, let anybody in."""
DELETED, REVOKED, BASIC, PASSWORD = "deleted", "revoked", "basicAuthEnabled", "password"
UNKNOWN: Any = object()
"""Stands for the value of a detail that was changed, nobody knows to what."""
MOST = 100_000
"""So many tokens are remembered, and so many callers who were shut out."""


@dataclass(slots=True)
class _Visits:
    """How often credentials were let in after the exchange that shut them out, by the facts of these keys."""

    keys: set[Key] = field(default_factory=set)
    soon: list[RecordedCall] = field(default_factory=list)
    late: RecordedCall | None = None
    kept_out: bool = False

    def add(self, sent: RecordedCall, *, soon: bool) -> None:
        """Take in one more. Whoever was turned away and is let in later may have been let in again, unseen."""
        if not sent.succeeded:
            self.kept_out = True
            self.soon.clear()
        elif not self.kept_out and soon:
            self.soon.append(sent)
            del self.soon[STALE:]
        elif not self.kept_out:
            self.late = self.late or sent

    @property
    def wrong(self) -> RecordedCall | None:
        """What was let in wrongly: later than a server is behind, or too often for that; None if nothing was."""
        return self.late or (self.soon[0] if len(self.soon) == STALE else None)


class Admission:
    """Judges who is let in.

    Deleted users and tokens, blocked users and revoked tokens are shut out, and so is a password that was changed.
    Only requests with one credential are judged: which one of several lets in, the server alone knows.
    """

    def __init__(self, sheet: RequirementSheet, facts: Facts) -> None:
        self.sheet = sheet
        self.facts = facts
        self._tokens: dict[str, tuple[Ref, ...]] = {}
        """By the text of a token: the token, by its id and by its text, and whose it is."""
        self._temporary: dict[str, Ref] = {}
        """By the text of a temporary token: whose it is."""
        self._visits: dict[tuple[RecordedCall, str], _Visits] = {}
        """By what shut somebody out, and the credentials."""

    def follow(self, sent: RecordedCall) -> None:
        """Judge an exchange by what came before it."""
        if sent.operation.access.public or not (sent.succeeded or sent.status == UNAUTHORIZED):
            return
        if not sent.caller.identified or len(sent.credentials) > 1:
            return
        if any(header(sent.recorded.request_headers, name) for name in ("cookie", "proxy-authorization")):
            return
        for by, keys in self._shut_out_by(sent).items():
            visits = self._visits.setdefault((by, sent.caller.key), _Visits())
            visits.keys |= keys
            visits.add(sent, soon=sent.start - by.end <= LAG)
        while len(self._visits) > MOST:
            self._forget_oldest()

    def finish(self) -> None:
        """Nothing more comes: judge who was let in."""
        for (by, _), visits in self._visits.items():
            self._conclude(by, visits)

    def _conclude(self, by: RecordedCall, visits: _Visits) -> None:
        requirement, sent = self.sheet.find(by.operation, "effect"), visits.wrong
        if sent:
            message = f"{sent.label}: lets in whom {by.label} shut out"
            steps = (by.exchange, sent.exchange)
            finding = Finding(message, str(UNAUTHORIZED), str(sent.status), sent.exchange, steps)
            self.sheet.judged(requirement, finding)
        elif visits.kept_out:
            self.sheet.judged(requirement)

    def _forget_oldest(self) -> None:
        """Judge it now; what shut these credentials out is forgotten, too: what came of them is known no longer."""
        by, credentials = next(iter(self._visits))
        visits = self._visits.pop((by, credentials))
        self._conclude(by, visits)
        for key in visits.keys:
            fact = self.facts.get(key)
            if fact and fact.by is by:
                self.facts.forget(key)

    def _shut_out_by(self, sent: RecordedCall) -> dict[RecordedCall, set[Key]]:
        """What shut out whoever sent a request, with the keys of the facts that say so."""
        name, value = sent.credentials[0] if sent.credentials else ("", "")
        pair = user_and_password(value) if name.lower() == AUTHORIZATION else None
        token = self._tokens.get(value.strip().rpartition(" ")[2], ())
        exchanges: dict[RecordedCall, set[Key]] = {}
        for ref in {*token, *([sent.user] if sent.user else [])}:
            for key, fact in self.facts.about(ref, ENTRY):
                if after(fact.by, sent) and _shuts_out(key[2], fact.value, pair[1] if pair else None):
                    exchanges.setdefault(fact.by, set()).add(key)
        return exchanges

    def learn(self, sent: RecordedCall, *, certain: bool) -> None:
        """Take in what a success did; it is not `certain` if others were under way that may have done the opposite."""
        ref, verb = resource(sent), sent.operation.effect.verb
        if not sent.succeeded or (sent.kind != TOKEN and (ref is None or ref[0] != USER)):
            return
        if sent.kind == TOKEN and verb in {"create", "issue"}:
            ref = self._learn_token(sent)
        entries = [(ref, detail, value) for detail, value in _entry(sent).items()] if ref else []
        if sent.kind == TOKEN and verb == "expire" and (owner := owner_of(sent.operation, sent.roles, sent.user)):
            texts = [text for text, user in self._temporary.items() if user == owner]
            entries += [((TOKEN, text), DELETED, True) for text in texts]
            for text in texts:
                del self._temporary[text]
        for entity, detail, value in entries:
            key = (ENTRY, (entity,), detail)
            if certain and value is not UNKNOWN:
                self.facts.put(key, value=value, by=sent)
            else:
                self.facts.forget(key)

    def _learn_token(self, sent: RecordedCall) -> Ref | None:
        """Take in a new token's text; gives the token. A text that two tokens have is none: a tool wrote it."""
        identity, text = text_of(sent.exchange)
        if text is None or masked(text):
            return None
        if text in self._tokens:
            self._tokens[text] = ()
            self._temporary.pop(text, None)
            return None
        refs = tuple((TOKEN, name) for name in dict.fromkeys((identity or sent.created_id, text)) if name)
        owner = owner_of(sent.operation, sent.roles, sent.user)
        self._tokens[text] = (*refs, owner) if owner else refs
        if owner and sent.operation.effect.verb == "issue":
            self._temporary[text] = owner
        for remembered in (self._tokens, self._temporary):
            if len(remembered) > MOST:
                del remembered[next(iter(remembered))]
        return refs[0]


def _entry(sent: RecordedCall) -> dict[str, Any]:
    """The details by which a success lets somebody in or shuts somebody out."""
    if sent.operation.effect.verb not in {"create", "update", "delete"}:
        return {}
    if sent.operation.effect.verb == "delete":
        return {DELETED: True}
    if not isinstance(sent.value, dict):
        return dict.fromkeys((BLOCKED, REVOKED, BASIC, PASSWORD), UNKNOWN)
    details = {detail: sent.value[detail] for detail in (BLOCKED, REVOKED, BASIC) if detail in sent.value}
    properties = sent.operation.body.properties if sent.operation.body else ()
    secrets = [prop.name for prop in properties if secret(prop)]
    if any(name in sent.value for name in secrets):
        password = sent.value[secrets[0]] if len(secrets) == 1 else UNKNOWN
        details[PASSWORD] = password if _comparable(password) else UNKNOWN
    return details


def _comparable(password: Any) -> bool:
    """Whether it is the same text wherever it is sent: not masked, and in ASCII, whose bytes all read alike."""
    return isinstance(password, str) and password.isascii() and not masked(password)


def _shuts_out(detail: str, value: Any, password: str | None) -> bool:
    """Whether a detail with this value shuts out whoever comes with a password, or with none."""
    if detail == PASSWORD:
        return _comparable(password) and password != value
    if detail == BASIC:
        return password is not None and value is False
    return value is True
