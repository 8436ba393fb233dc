"""Look at what the target holds: which services a group has, and what a Location leads to.

The two documents do not describe these operations. Where a target does not offer one, None is returned and nothing
is held against it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from onezone_spec import Contract

from onezone_contracts.exchange import Exchange, Redactor, Request
from onezone_contracts.options import PATIENCE
from onezone_contracts.patience import Lag
from onezone_contracts.reading import entry_id, list_keys, listing, resolved
from onezone_contracts.sent import Read, Sent
from onezone_contracts.target.file import Target, TestUser
from onezone_contracts.wire import Wire

SERVER_ERROR = 500
"""What says more than that somebody else may not read, or finds nothing."""
SHOWN_KEYS = ("handleServiceId", "name", "proxyEndpoint", "serviceProperties")
"""What a read shows some of; an answer with none of them is of a form that is not ours to judge."""


@dataclass(slots=True)
class Readback:
    """Reads through the contract's neighbours of one operation, as whichever persona may.

    `offered` says which reads the target was seen to answer. `lag` waits for what they show late.
    """

    contract: Contract
    target: Target
    wire: Wire
    resource: str
    within: str
    offered: set[str] = field(default_factory=set)
    lag: Lag = field(default_factory=lambda: Lag(PATIENCE))
    redactor: Redactor = field(default_factory=Redactor)
    misread: dict[str, Exchange] = field(default_factory=dict)
    """By verb, what a read was answered that was not understood: nothing can be said of the state then."""
    cut: bool = False
    """Whether the list was seen to have more pages than are followed."""
    reader: TestUser | None = None
    lists: dict[str, Exchange] = field(default_factory=dict)
    """By group, the last answer that listed its services."""
    _observers: dict[str, TestUser | None] = field(default_factory=dict)

    def _template(self, verb: str) -> str | None:
        operation = self.contract.find(verb, self.resource, self.within)
        return operation.path if operation else None

    def _get(self, identity: TestUser, path: str, label: str) -> Exchange:
        return self.wire.send(Request("GET", path, identity.auth, label=label))

    def ids(self, group: str) -> set[str] | None:
        """The ids of the group's services, None where the target does not say."""
        template = self._template("list")
        if template is None or (group in self._observers and self._observers[group] is None) or self._hangs("list"):
            return None
        path = self.target.path(template, id=group)
        observer = self._observers.get(group)
        for identity in [observer] if observer else self._candidates():
            ids, exchange = self._pages(identity, path)
            self._note("list", exchange, understood=ids is not None)
            if ids is not None:
                self._observers[group] = None if self.cut else identity
                self.lists[group] = exchange
                return None if self.cut else ids
            if exchange.timed_out:
                break
        if observer is None:
            self._observers[group] = None
        elif exchange.response is None or not exchange.not_offered:
            self.misread.setdefault("list", exchange)
        return None

    def _pages(self, identity: TestUser, path: str) -> tuple[set[str] | None, Exchange]:
        """The ids of a list with its next pages, None where it is none; and the exchange that ended it."""
        first = self._get(identity, path, f"list the services of the {self.within}")
        pages = listing(first, self.wire.send, list_keys(self.contract))
        self.cut = self.cut or pages.cut
        ids = [entry_id(entry) for entry in pages.entries or ()]
        understood = pages.entries is not None and None not in ids
        return {identity for identity in ids if identity is not None} if understood else None, pages.exchange

    def trial(self, group: str) -> Request:
        """A request that changes nothing, of somebody who may send it if anybody may: whatever is answered, it is."""
        template, identity = self._template("list"), self._observers.get(group) or self._candidates()[0]
        path = self.target.path(template, id=group) if template else self.target.path("/")
        return Request("GET", path, identity.auth, label="see how many requests at once the target bears")

    def again(self, group: str, service: str) -> Read:
        """One look at a service of the group, by whoever could read before."""
        path = next(self._own_paths(group, service), None)
        if path is None or self.reader is None:
            return Read(None, None)
        exchange = self._get(self.reader, path, f"read the {self.resource.replace('_', ' ')}")
        return Read(exchange, _details(exchange))

    def forget(self) -> None:
        """Forget who may list what: privileges may have taken effect since."""
        self._observers.clear()

    def _candidates(self) -> list[TestUser]:
        """The personas, those who hold most first."""
        return sorted(
            self.target.personas.values(),
            key=lambda identity: -sum(len(s or ()) for s in identity.persona.grants.values()),
        )

    def read(self, sent: Sent) -> Read:
        """The service that a Location names: by its path as it stands, else by its id at the contract's own path."""
        return self._first(self._paths(sent, sent.location), sent.user) if sent.location else Read(None, None)

    def by_id(self, group: str, service: str, creator: TestUser | None) -> Read:
        """The service of that id, read at the contract's own path."""
        return self._first(self._own_paths(group, service), creator)

    def _first(self, paths: Iterable[str], creator: TestUser | None) -> Read:
        last = self.misread["get"] if self._hangs("get") else None
        crash: Exchange | None = None
        for path in () if last else paths:
            for identity in self._readers(creator):
                last = self._get(identity, path, f"read the {self.resource.replace('_', ' ')}")
                details = _details(last)
                if details is not None:
                    self.reader = identity
                    self._note("get", last, understood=True)
                    return Read(last, details)
                if last.status == SERVER_ERROR:
                    crash = last
                if last.timed_out:
                    break
            if last and last.timed_out:
                break
        if last is not None:
            self._note("get", last, understood=False)
        return Read(crash or last, None)

    def _hangs(self, verb: str) -> bool:
        """Whether a read was not answered in time: it is not waited for again."""
        return verb in self.misread and self.misread[verb].timed_out

    def _note(self, verb: str, exchange: Exchange, *, understood: bool) -> None:
        """Remember that a read is offered, or that its answer was not understood."""
        if exchange.succeeded and understood:
            self.offered.add(verb)
            self.misread.pop(verb, None)
        elif exchange.succeeded and verb == "get" and _is_object(exchange):
            return  # an object of another form: it is none of ours to judge
        elif not exchange.not_offered and verb not in self.offered:
            self.misread.setdefault(verb, exchange)

    def lack(self, verb: str) -> str:
        """Why nothing can be said of what one looks at with that verb."""
        what = f"list the services of a {self.within}" if verb == "list" else "read a service"
        if verb == "list" and self.cut:
            return f"the list comes in pages: it does not show all services of the {self.within}"
        if verb in self.misread:
            came = self.misread[verb].summary(self.redactor)
            return f"what the target answers when asked to {what} was not understood: {came}"
        return f"the target does not offer to {what}"

    def _readers(self, creator: TestUser | None) -> Iterator[TestUser]:
        first = [self.reader] if self.reader else []
        yield from {
            identity.name: identity for identity in [*first, *self._candidates()[:2], creator] if identity
        }.values()

    def _paths(self, sent: Sent, location: str) -> Iterator[str]:
        path = resolved(location, sent.exchange)
        if path is None:
            return
        if path.startswith("/") and path.isascii() and path.isprintable() and " " not in path:
            yield path
        yield from (own_path for own_path in self._own_paths(sent.group, new_id(sent.exchange)) if own_path != path)

    def _own_paths(self, group: str, service: str) -> Iterator[str]:
        template = self._template("get")
        if template and service:
            yield self.target.path(template, id=group, hsid=service)


def new_id(exchange: Exchange) -> str:
    """The id of what was created: the last path segment of the Location, decoded.

    "" without a Location, for one that is no URI, and for one that leads to what the request named already.
    """
    location = exchange.response.header("Location") if exchange.response else None
    try:
        path = urlsplit(location or "").path
    except ValueError:
        return ""
    parent, identity = ["", "", *map(unquote, path.rstrip("/").split("/"))][-2:]
    named = map(unquote, exchange.request.path.split("/"))
    return "" if (parent, identity) in itertools.pairwise(named) else identity


def _is_object(exchange: Exchange) -> bool:
    """Whether an answer has some JSON object: of whatever form it is, it was understood."""
    try:
        return exchange.response is not None and isinstance(exchange.response.json_of_any_kind(), dict)
    except (ValueError, RecursionError):
        return False


def _details(exchange: Exchange) -> dict[str, Any] | None:
    if exchange.response is None or exchange.response.status != 200:  # noqa: PLR2004
        return None
    try:
        data = exchange.response.json_of_any_kind()
    except ValueError:
        return None
    except RecursionError:
        return {}  # it can be read, only not by this parser
    inner = [value for value in data.values() if isinstance(value, dict)] if isinstance(data, dict) else []
    shown = (value for value in (data, *inner) if isinstance(value, dict) and any(key in value for key in SHOWN_KEYS))
    return next(shown, None)  # as it is, or in an envelope
