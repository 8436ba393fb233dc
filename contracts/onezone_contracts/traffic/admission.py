"""Who is let in although the traffic shut them out: by deleting, blocking or revoking, or with another password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onezone_contracts.generate.values import secret
from onezone_contracts.requirement import Finding
from onezone_contracts.state.expected import TOKEN, USER, Ref
from onezone_contracts.state.tokens import BLOCKED, owner_of, text_of
from onezone_contracts.traffic.about import after, resource
from onezone_contracts.traffic.callers import AUTHORIZATION
from onezone_contracts.traffic.facts import LAG, Fact, Facts
from onezone_contracts.traffic.recorded_call import RecordedCall
from onezone_contracts.traffic.recording import header
from onezone_contracts.traffic.sheet import RequirementSheet
from onezone_contracts.traffic.signin import UNAUTHORIZED, user_and_password

ENTRY = "entry"
"""The kind of a fact: what decides whether credentials of a user, or a token, let anybody in."""
DELETED, REVOKED, BASIC, PASSWORD = "deleted", "revoked", "basicAuthEnabled", "password"
MOST = 100_000
"""So many tokens are remembered."""


class Admission:
    """Judges who is let in.

    Deleted users and tokens, blocked users and revoked tokens are shut out, and so is a password that was changed.
    """

    def __init__(self, sheet: RequirementSheet, facts: Facts) -> None:
        self.sheet = sheet
        self.facts = facts
        self._tokens: dict[str, tuple[Ref, ...]] = {}
        """By the text of a token: the token, by its id and by its text, and whose it is."""
        self._temporary: dict[Ref, list[str]] = {}
        """The texts of the temporary tokens of a user."""
        self._kept_out: set[tuple[RecordedCall, str]] = set()
        """What shut somebody out, and the credentials that it was seen to keep out."""
        self._let_in: dict[tuple[RecordedCall, str, bool], RecordedCall] = {}
        """The same of those that it was not: their first success, and their first one soon after it."""

    def follow(self, sent: RecordedCall) -> None:
        """Judge an exchange by what came before it."""
        if sent.operation.access.public or not (sent.succeeded or sent.status == UNAUTHORIZED):
            return
        for fact in self._shut_out_by(sent):
            by, credentials, soon = fact.by, sent.caller.key, sent.start - fact.by.end <= LAG
            if not sent.succeeded:
                self._kept_out.add((by, credentials))
                self._let_in.pop((by, credentials, True), None)
            elif not (soon and (by, credentials) in self._kept_out):
                self._let_in.setdefault((by, credentials, soon), sent)

    def finish(self) -> None:
        """Nothing more comes: who was let in and not turned away soon after was let in wrongly."""
        for by, _ in self._kept_out:
            self.sheet.judged(self.sheet.find(by.operation, "effect"))
        for (by, _, _), sent in self._let_in.items():
            message = f"{sent.label}: lets in whom {by.label} shut out"
            steps = (by.exchange, sent.exchange)
            finding = Finding(message, str(UNAUTHORIZED), str(sent.status), sent.exchange, steps)
            self.sheet.judged(self.sheet.find(by.operation, "effect"), finding)

    def _shut_out_by(self, sent: RecordedCall) -> Iterator[Fact]:
        """What shut out whoever sent a request."""
        pair = user_and_password(header(sent.recorded.request_headers, AUTHORIZATION) or "")
        for ref in {*self._token(sent), *([sent.user] if sent.user else [])}:
            for key, fact in self.facts.about(ref, ENTRY):
                if after(fact.by, sent) and _shuts_out(key[2], fact.value, pair[1] if pair else None):
                    yield fact

    def _token(self, sent: RecordedCall) -> tuple[Ref, ...]:
        """The token that a request comes with, and its owner, where the traffic shows how it was made."""
        texts = (value.strip().rpartition(" ")[2] for _, value in sent.credentials)
        return next((self._tokens[text] for text in texts if text in self._tokens), ())

    def learn(self, sent: RecordedCall, *, certain: bool) -> None:
        """Take in what a success did; it is not `certain` if others were under way that may have done the opposite."""
        ref, verb = resource(sent), sent.operation.effect.verb
        if not sent.succeeded or (sent.kind != TOKEN and (ref is None or ref[0] != USER)):
            return
        if sent.kind == TOKEN and verb in {"create", "issue"}:
            ref = self._learn_token(sent)
        entries = [(ref, detail, value) for detail, value in _entry(sent).items()] if ref else []
        if sent.kind == TOKEN and verb == "expire" and (owner := owner_of(sent.operation, sent.roles, sent.user)):
            entries += [((TOKEN, text), DELETED, True) for text in self._temporary.pop(owner, ())]
        for entity, detail, value in entries:
            key = (ENTRY, (entity,), detail)
            if certain:
                self.facts.put(key, value=value, by=sent)
            else:
                self.facts.forget(key)

    def _learn_token(self, sent: RecordedCall) -> Ref | None:
        """Take in a new token's text; gives the token."""
        identity, text = text_of(sent.exchange)
        if text is None:
            return None
        refs = tuple((TOKEN, name) for name in dict.fromkeys((identity or sent.created_id, text)) if name)
        owner = owner_of(sent.operation, sent.roles, sent.user)
        self._tokens[text] = (*refs, owner) if owner else refs
        if owner and sent.operation.effect.verb == "issue":
            self._temporary.setdefault(owner, []).append(text)
        if len(self._tokens) > MOST:
            self._tokens.pop(next(iter(self._tokens)))
        return refs[0]


def _entry(sent: RecordedCall) -> dict[str, Any]:
    """The details by which a success lets somebody in or shuts somebody out."""
    if sent.operation.effect.verb not in {"create", "update", "delete"}:
        return {}
    if sent.operation.effect.verb == "delete":
        return {DELETED: True}
    value = sent.value if isinstance(sent.value, dict) else {}
    properties = sent.operation.body.properties if sent.operation.body else ()
    secrets = [value[prop.name] for prop in properties if secret(prop) and prop.name in value]
    details = {detail: value[detail] for detail in (BLOCKED, REVOKED, BASIC) if detail in value}
    return details | {PASSWORD: secrets[0]} if secrets else details


def _shuts_out(detail: str, value: Any, password: str | None) -> bool:
    """Whether a detail with this value shuts out whoever comes with a password, or with none."""
    if detail == PASSWORD:
        return password is not None and password != value
    if detail == BASIC:
        return password is not None and value is False
    return value is True
