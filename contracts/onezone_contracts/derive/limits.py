"""Who is not let in: by a token that its end, its caveats or its type keep out, and without a password."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from onezone_spec import Contract, Level, Operation

from onezone_contracts.cases import with_value
from onezone_contracts.checks.operation import own_effect
from onezone_contracts.checks.status import answered
from onezone_contracts.checks.tokens import REVOKED, no_password, read_only, restored, until
from onezone_contracts.derive import asks
from onezone_contracts.derive.build import Row
from onezone_contracts.generate.values import secret
from onezone_contracts.state.expected import CALLER

TYPE, CAVEATS = "type", "caveats"
ENDED = {"type": "time", "validUntil": 946684800}
CLOSED = {"type": "api", "whitelist": ["ozw/delete/*.*.*:*"]}
LATE = {"type": "time", "validUntil": 32503680000}
IDENTITY: dict[str, object] = {"identityToken": {}}
BAD = 400


def requirements(contract: Contract, operation: Operation, documented: Callable[[Level], Level]) -> Iterator[Row]:
    """The requirements of this topic; `documented` gives the level of what binds where it is documented."""
    body, verb, source = operation.body, operation.effect.verb, operation.source
    if verb == "update" and body and operation.effect.resource in contract.owners:
        text = "A token that is revoked no more lets its user in again."
        if any(prop.name == REVOKED for prop in body.properties):
            yield "effect.restored", Level.MUST, text, source, restored
    if _named_with_password(operation) and contract.find("get", CALLER):
        text = "Who is created without a password is let in by none."
        yield "effect.no-password", Level.MUST, text, source, no_password
    if verb == "infer":
        text = "Until when a token counts is shown as its caveat of time has it."
        yield "effect.limited", Level.MUST, text, source, until
    if body is None or verb not in {"create", "issue"} or operation.effect.resource not in contract.owners:
        return
    names = {prop.name for prop in body.properties}
    if TYPE in names:
        text = "A token that only says who its user is lets nobody in."
        yield "effect.identity", Level.MUST, text, source, own_effect(asks.identifying(IDENTITY))
    if CAVEATS not in names:
        return
    if verb == "issue":
        text = f"A temporary token that has no end is answered with {BAD}."
        case = asks.broken(operation, "caveats.endless.0", with_value(CAVEATS, []), "a temporary token that has no end")
        yield "body.caveats.endless", documented(Level.SHOULD), text, source, answered({BAD}, case)
        case = asks.broken(
            operation, "caveats.late.0", with_value(CAVEATS, [LATE]), "a temporary token with a late end"
        )
        text = f"A temporary token that ends after more than a week is answered with {BAD}."
        yield "body.caveats.late", documented(Level.SHOULD), text, source, answered({BAD}, case)
        return
    text = "A token whose time is over lets nobody in."
    yield "effect.ended", Level.MUST, text, source, own_effect(asks.limited("ended", ENDED))
    text = "A token whose caveat of the API leaves reading out lets nobody read."
    yield "effect.closed", documented(Level.SHOULD), text, source, own_effect(asks.limited("closed", CLOSED))
    text = "A token whose caveat of the API allows reading alone lets nobody change anything."
    yield "effect.read-only", documented(Level.SHOULD), text, source, read_only


def _named_with_password(operation: Operation) -> bool:
    """Whether the operation creates who logs in with a name of their own and a password."""
    properties = operation.body.properties if operation.body else ()
    return (
        operation.effect.verb == "create"
        and any(prop.unique for prop in properties)
        and any(secret(prop) for prop in properties)
    )
