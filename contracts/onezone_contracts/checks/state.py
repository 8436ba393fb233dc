"""What the target holds afterwards: exactly what was accepted, and nothing of what was refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from onezone_contracts.cases import HOME
from onezone_contracts.checks.success import beyond_the_list
from onezone_contracts.ledger import Created
from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.run import Run

_MASKED = re.compile(r"[^\w]*|\W*(?:redacted|hidden|masked|filtered|secret)\W*|.?[*\u2022]{3,}.?", re.IGNORECASE)
OURS = "kit"
"""What the kit's own keys begin with: a server may drop a key that no document knows, but not bend its value."""
EXACT = 2**53
"""Numbers beyond it are not the same everywhere (RFC 8259, 6)."""
KEPT = 5
"""How many of the services created first, and how many of the others, are read again at the end."""


def created_one(run: Run) -> Iterator[Finding]:
    """An accepted creation adds exactly one service to its group, and takes none away."""
    run.ledger.flush()
    seen = [one for one in run.creations() if one.listed is not None]
    if not seen:
        raise NotJudged("the target does not offer to list the services of a group")
    for one in seen:
        if (one.listed and not one.extra and not one.gone) or beyond_the_list(run, one):
            continue
        new = len(one.extra) + bool(one.listed)
        came = f"{new} new" + (f", {len(one.gone)} gone" if one.gone else "")
        if new != 1 or one.gone:
            yield Finding(f"{one.sent.case.label}: not exactly one service more", "1 new", came, one.sent.exchange)


def unchanged(run: Run) -> Iterator[Finding]:
    """A refused request leaves the group's services as they were."""
    run.ledger.flush()
    if not run.ledger.known:
        raise NotJudged("the target does not offer to list the services of a group")
    for leak in run.ledger.leaks:
        came = f"{len(leak.appeared)} new, {len(leak.gone)} gone"
        message = (
            f"{leak.sent.case.label}: refused with {leak.sent.exchange.answer()}, yet the group's services changed"
        )
        yield Finding(message, "nothing changed", came, leak.sent.exchange)


def other_group(run: Run) -> Iterator[Finding]:
    """Nothing that was created in one group appears in another."""
    other = run.target.other
    if not other or other not in run.ledger.initial:
        raise NotJudged("no second group is known whose services can be listed")
    now: set[str] = run.readback.ids(other) or set()
    asked = {one.id for one in run.creations() if one.sent.group == other}
    for one in run.creations():
        if one.id in now and one.id not in asked and one.id not in run.ledger.initial[other]:
            message = f"{one.sent.case.label}: the service is listed by another group, too"
            yield Finding(message, "listed by its own group only", f"{one.id} in group {other}", one.sent.exchange)


def data_kept(run: Run) -> Iterator[Finding]:
    """What is read back is what was sent."""
    read = [one for one in run.creations() if one.read.details is not None]
    if not read:
        raise NotJudged("the target does not offer to read a service")
    for one in read:
        yield from differences_of(run, one)


def differences_of(run: Run, one: Created) -> Iterator[Finding]:
    """How what is read back of a creation differs from what was sent."""
    assert run.operation.body is not None
    details = one.read.details
    if details is None or not isinstance(one.sent.value, dict):
        return
    for prop in run.operation.body.properties:
        if prop.name not in one.sent.value:
            continue
        sent, came = one.sent.value[prop.name], details.get(prop.name, _ABSENT)
        loose = one.sent.case.loose and "string" in prop.types
        where = difference(sent, came, prop.name, loose=loose) or _foreign(sent, came, prop.name)
        if where:
            message = f"{one.sent.case.label}: {where} is not read back as it was sent"
            yield Finding(message, _brief(_at(sent, where)), _brief(_at(came, where)), one.read.exchange)


def _foreign(sent: Any, came: Any, where: str) -> str | None:
    """A key of the kit's own that is read back although it was not sent: it is another service's."""
    if not isinstance(sent, dict) or not isinstance(came, dict):
        return None
    return next((f"{where}.{key}" for key in came if key.startswith(OURS) and key not in sent), None)


def _ours(key: str) -> bool:
    """Whether a key is one that no document knows, so that a server may drop it."""
    return key.startswith(OURS) or not key.isalnum() or key == "constructor"


def _at(value: Any, where: str) -> Any:
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

    Keys that were not sent may be there; a password may be masked; `loose` text may be trimmed and normalised.
    """
    if isinstance(sent, dict):
        if not isinstance(came, dict):
            return where
        inner = (
            difference(value, came.get(key, _ABSENT), f"{where}.{key}", loose=loose)
            for key, value in sent.items()
            if key in came or not _ours(key)
        )
        return next((place for place in inner if place), None)
    if isinstance(sent, list):
        if not isinstance(came, list) or len(came) != len(sent):
            return where
        pairs = zip(sent, came, strict=True)
        return next(
            (p for n, (a, b) in enumerate(pairs) if (p := difference(a, b, f"{where}[{n}]", loose=loose))), None
        )
    if where.endswith(".password") and _masked(came):
        return None
    return None if _same(sent, came, loose=loose) else where


def _masked(came: Any) -> bool:
    return came is None or came is _ABSENT or (isinstance(came, str) and bool(_MASKED.fullmatch(came)))


def _same(sent: Any, came: Any, *, loose: bool) -> bool:
    if isinstance(sent, str) and isinstance(came, str):
        return sent == came or (loose and _plain(sent) == _plain(came))
    if isinstance(sent, bool) or isinstance(came, bool):
        return sent is came
    if isinstance(sent, int | float) and isinstance(came, int | float) and abs(sent) > EXACT:
        return True
    return bool(sent == came)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _brief(value: Any) -> str:
    text = str(value) if isinstance(value, dict | list) else repr(value)
    return text if len(text) < 300 else text[:300] + "…"  # noqa: PLR2004


def kept(run: Run) -> Iterator[Finding]:
    """Services created early are there at the end of the run, with their data."""
    run.ledger.flush()
    home = [one for one in run.creations() if one.id and one.sent.case.group == HOME]
    if not run.readback.offered or not home:
        raise NotJudged("the target offers neither to list nor to read services")
    now = {group: run.readback.ids(group) for group in {one.sent.group for one in home}}
    for one in home:
        ids = now[one.sent.group]
        if one.listed and ids is not None and one.id not in ids:
            yield Finding(
                f"{one.sent.case.label}: it is gone by the end", f"{one.id} in the list", "gone", one.sent.exchange
            )
    readable = [one for one in home if one.read.details is not None]
    for one in [*readable[:KEPT], *readable[KEPT :: max(1, len(readable) // KEPT)]]:
        again = run.readback.read(
            one.sent.location or "", one.sent.exchange.request.path, one.sent.group, one.sent.identity
        )
        if again.details is None:
            message = f"{one.sent.case.label}: it cannot be read any more by the end"
            yield Finding(
                message, "the service", again.exchange.answer() if again.exchange else "nothing", again.exchange
            )
        elif not list(differences_of(run, one)):
            yield from differences_of(run, replace(one, read=again))
