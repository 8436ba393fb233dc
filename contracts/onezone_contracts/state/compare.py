"""Compare what is read back with what was sent, and what a group lists with what was created in it."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from onezone_spec import Operation

from onezone_contracts.generate.values import MARK
from onezone_contracts.requirement import Finding
from onezone_contracts.sent import PAGE, Created
from onezone_contracts.state.readback import SERVER_ERROR

_MASKED = re.compile(r"[^\w]*|\W*(?:redacted|hidden|masked|filtered|secret)\W*|.?[*\u2022]{3,}.?", re.IGNORECASE)
OURS = "kit"
"""What the kit's own keys begin with: a server may drop a key that no document knows, but not bend its value."""
ENDPOINT = "proxyEndpoint"
"""The key whose value may be read back as another spelling of the same URL."""
PORTS = {"http": 80, "https": 443}
ESCAPED = "/%:@!$&'()*+,;=~-._?"
EARLY, LATE = 10**8, 10**11
EXACT = 2**53
"""Numbers beyond it are not the same everywhere (RFC 8259, 6)."""


def located(created: Iterable[Created], creation: Created) -> Iterator[Finding]:
    """What is wrong with where an accepted creation is: it has an id, its group lists it, and nothing else changed."""
    if not creation.id:
        yield creation.finding("no Location with an id", "a Location", str(creation.sent.location))
    elif creation.listed is False and not beyond_the_list(created, creation):
        in_list = f"{creation.id} in the list"
        yield creation.finding("the group does not list it", in_list, "not there", creation.listing)
    if creation.extra or creation.vanished:
        came = f"{len(creation.extra)} others new, {len(creation.vanished)} gone"
        yield creation.finding("not exactly one service more", "1 new", came, creation.listing)


def beyond_the_list(created: Iterable[Created], creation: Created) -> bool:
    """Whether the list merely ends before this service.

    Earlier ones are on it, this one can be read, and the list was never seen to be longer.
    """
    created = list(created)
    earlier = itertools.takewhile(lambda other: other is not creation, created)
    return (
        creation.read.details is not None
        and not creation.extra
        and sum(bool(other.listed) for other in earlier) >= PAGE
        and all(other.list_size <= creation.list_size for other in created if other.sent.group == creation.sent.group)
    )


def crashed(creation: Created) -> Iterator[Finding]:
    """That reading what was accepted is answered with 500.

    Rare bytes prove nothing: parsers take surrogates, huge numbers and deep lists that writers refuse (RFC 8259, 9).
    """
    look, case = creation.read.exchange, creation.sent.case
    rare = case.loose and case.raw is not None
    if creation.read.details is None and look and look.status == SERVER_ERROR and not rare:
        what = f"it is accepted, and reading it fails with {look.answer()}"
        yield creation.misread(what, "the service, or a refusal", look.answer(), look)


def differences_of(operation: Operation, creation: Created) -> Iterator[Finding]:
    """How what is read back of a creation differs from what was sent."""
    assert operation.body is not None
    details = creation.read.details
    if details is None or not isinstance(creation.sent.value, dict):
        return
    for prop in operation.body.properties:
        if prop.name not in creation.sent.value:
            continue
        sent, came = creation.sent.value[prop.name], details.get(prop.name, _ABSENT)
        loose = creation.sent.case.loose and "string" in prop.types
        where = difference(sent, came, prop.name, loose=loose) or _foreign(sent, came, prop.name)
        if where:
            what, look = f"{where} is not read back as it was sent", creation.read.exchange
            yield creation.misread(what, brief(value_at(sent, where)), brief(value_at(came, where)), look)


def _foreign(sent: Any, came: Any, where: str) -> str | None:
    """A key of the kit's own that is read back although it was not sent: it is another service's."""
    if not isinstance(sent, dict) or not isinstance(came, dict):
        return None
    return next((f"{where}.{key}" for key in came if key.startswith(OURS) and key not in sent), None)


def _ours(key: str) -> bool:
    """Whether a key is one that no document knows, so that a server may drop it."""
    return key.startswith(OURS) or not key.isalnum() or key == "constructor"


def _withheld(key: str, sent: dict[str, Any], came: dict[str, Any]) -> bool:
    """Whether a user name is not shown since its password is not."""
    return key == "username" and "password" in sent and "password" not in came


def value_at(value: Any, where: str) -> Any:
    """The value at a dotted place below a top-level key, or the nearest that there is."""
    for key in where.split(".")[1:]:
        if not isinstance(value, dict) or key not in value:
            break
        value = value[key]
    return value


class _Absent:
    """Stands for a key that is not there."""

    def __repr__(self) -> str:
        return "nothing"


_ABSENT = _Absent()


def difference(sent: Any, came: Any, where: str, *, loose: bool = False) -> str | None:
    """The first place where `came` is not what was sent, None where there is none.

    Keys that were not sent may be there; a password may be masked, and its user name left out with it; `loose` text
    may be trimmed and normalised.
    """
    if where.endswith(".password") and _masked(came):
        return None
    if isinstance(sent, dict):
        if not isinstance(came, dict):
            return where
        inner = (
            difference(value, came.get(key, _ABSENT), f"{where}.{key}", loose=loose)
            for key, value in sent.items()
            if key in came or not (_ours(key) or _withheld(key, sent, came))
        )
        return next((place for place in inner if place), None)
    if isinstance(sent, list):
        if not isinstance(came, list) or len(came) != len(sent):
            return where
        pairs = zip(sent, came, strict=True)
        return next(
            (p for n, (a, b) in enumerate(pairs) if (p := difference(a, b, f"{where}[{n}]", loose=loose))), None
        )
    if where == ENDPOINT and _same_url(sent, came):
        return None
    if where.endswith(".prefix") and isinstance(came, str) and came == str(sent):
        return None  # documents print it as a number and describe it as a string
    return None if _same(sent, came, loose=loose) else where


def more(stored: Any, came: Any, where: str) -> str | None:
    """The first key that is there although nothing stored it, None where there is none."""
    if not isinstance(stored, dict) or not isinstance(came, dict):
        return None
    extra = next((f"{where}.{key}" for key in came if key not in stored), None)
    inner = (more(stored[key], came[key], f"{where}.{key}") for key in stored if key in came)
    return extra or next((place for place in inner if place), None)


def _masked(came: Any) -> bool:
    return came is None or came is _ABSENT or (isinstance(came, str) and bool(_MASKED.fullmatch(came)))


def _same(sent: Any, came: Any, *, loose: bool) -> bool:
    if isinstance(sent, str) and isinstance(came, str):
        return sent == came or (loose and _plain(sent) == _plain(came)) or _within(sent, came)
    if isinstance(sent, bool) or isinstance(came, bool):
        return sent is came
    if isinstance(sent, int | float) and isinstance(came, int | float) and abs(sent) > EXACT:
        return True
    return bool(sent == came)


def _within(sent: str, came: str) -> bool:
    """Whether a document that was sent is still there in another one: whoever publishes it may add to it."""
    mark = MARK.search(sent) if sent.startswith("<") else None
    return mark is not None and came.startswith("<") and mark.group() in came


def _same_url(sent: Any, came: Any) -> bool:
    """Whether both are the same URL, as libraries normalise it (RFC 3986, 6.2.2 and 6.2.3; RFC 5891)."""
    return isinstance(sent, str) and isinstance(came, str) and (url := _url(sent)) is not None and url == _url(came)


def _url(text: str) -> tuple[object, ...] | None:
    """The parts of a web URL in their usual spelling, None where it is none."""
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna"), parts.port
    except ValueError:  # of a port, or a host that has no name
        return None
    if parts.scheme not in PORTS or not host:
        return None
    rest = (quote(part, safe=ESCAPED) for part in (parts.path or "/", parts.query, parts.fragment))
    return parts.scheme, parts.username, parts.password, host, port or PORTS[parts.scheme], *rest


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def is_moment(value: Any) -> bool:
    """Whether a value may be a time of this age in seconds, by whatever clock: neither 0 nor in milliseconds."""
    return not isinstance(value, int) or EARLY <= value < LATE


def brief(value: Any) -> str:
    """A value in words, cut where it is long."""
    text = str(value) if isinstance(value, dict | list) else repr(value)
    return text if len(text) < 300 else text[:300] + "…"  # noqa: PLR2004
