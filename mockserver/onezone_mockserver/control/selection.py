"""Which rows of the journal are asked for: what `?status= method= operation= user= world= since= limit=` say."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from onezone_mockserver.control.errors import ControlError
from onezone_mockserver.worlds import COMMON, WorldNameError, checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.journal import Row
    from onezone_mockserver.state import MockState, WorldRun

NAMES = ("status", "method", "operation", "user", "world", "since", "limit", "number", "brief")
EVERY = "*"
PAGES = frozenset({b"/_mock", b"/_mock/"})
"""The page, which reads its query itself."""
OF_MANY_WORLDS = (b"/_mock/journal", b"/_mock/events")
"""What may be asked for of several worlds."""
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|[xX]{2})|pending")
_NUMBER = re.compile(r"[0-9]{1,15}")
_FLAGS = {"true": True, "false": False, "": True}


class Selection:
    """The filters of a request to the journal. A filter that is given several times takes any of its values.

    `brief` says that heads and bodies are not asked for. Raises ControlError for a filter that there is not.
    """

    def __init__(self, state: MockState, exchange: Exchange) -> None:
        self.state = state
        query = exchange.query
        for name in query:
            if name not in NAMES:
                raise ControlError(f"there is no filter {name}: there are {', '.join(NAMES)}")
        self.statuses = [_status(text) for value in query.get("status", ()) for text in value.split(",")]
        self.methods = {text.upper() for value in query.get("method", ()) for text in value.split(",")}
        self.operations = query.get("operation", [])
        self.users = {value or None for value in query.get("user", ())}
        self.number = _number(query, "number")
        self.since = _number(query, "since")
        self.limit = _number(query, "limit")
        flag = query.get("brief", ["false"])[-1]
        if flag not in _FLAGS:
            raise ControlError(f"brief is true or false, not {flag}")
        self.brief = _FLAGS[flag]
        self.worlds = self._worlds(query.get("world"), exchange)
        if self.worlds is None and self.since is not None:
            raise ControlError("since counts the rows of one world: name it, rather than every world")

    def _worlds(self, names: list[str] | None, exchange: Exchange) -> set[str] | None:
        """The names of the worlds; None for every world."""
        if names is None:
            return {exchange.run.name}
        if EVERY in names:
            return None
        return {_world(name) for name in names}

    def runs(self) -> list[WorldRun]:
        """The runs of the worlds that are asked for, the common one first."""
        if self.worlds is not None:
            return [self.state.run_of(name) for name in sorted(self.worlds)]
        return [self.state.run, *(run for _, run, _ in self.state.worlds.all())]

    def rows(self) -> list[tuple[Row, WorldRun]]:
        """The rows, the newest last, and the run that each belongs to."""
        rows = [(row, run) for run in self.runs() for row in run.journal.entries if self.takes(row)]
        if self.worlds is None or len(self.worlds) > 1:
            rows.sort(key=lambda pair: pair[0].time)
        return rows if self.limit is None else rows[len(rows) - min(self.limit, len(rows)) :]

    def takes(self, row: Row) -> bool:
        """Whether a row is asked for."""
        return all(self._tests(row))

    def _tests(self, row: Row) -> Iterator[bool]:
        yield self.worlds is None or row.world_name in self.worlds
        yield self.since is None or row.number > self.since
        yield self.number is None or row.number == self.number
        yield not self.methods or row.method in self.methods
        yield not self.users or (row.user.name if row.user else None) in self.users
        if self.statuses:
            status = "pending" if row.pending else str(row.status)
            yield any(fnmatchcase(status, pattern) for pattern in self.statuses)
        if self.operations:
            operation = row.operation.id if row.operation else ""
            yield any(fnmatchcase(operation, pattern) for pattern in self.operations)


def one_world(exchange: Exchange) -> str:
    """The name of the world that a control request is for: of its query, else as of any request. Raises ControlError.

    Of a journal several can be named: what is asked of it has a Selection.
    """
    names = exchange.query.get("world")
    if names is None or exchange.path in PAGES or exchange.path.startswith(OF_MANY_WORLDS):
        return exchange.run.name
    if len(names) > 1:
        raise ControlError("?world= names several worlds: this is done in one")
    return _world(names[0])


def _world(name: str) -> str:
    try:
        return checked(name, "?world=") if name else COMMON
    except WorldNameError as error:
        raise ControlError(str(error).removeprefix("world: ")) from None


def _status(text: str) -> str:
    if not _STATUS.fullmatch(text.strip()):
        raise ControlError(f"status is a number such as 403, a class such as 4xx, or pending, not {text}")
    return text.strip().lower().replace("x", "?")


def _number(query: dict[str, list[str]], name: str) -> int | None:
    values = query.get(name)
    if values is None:
        return None
    if not _NUMBER.fullmatch(values[-1]):
        raise ControlError(f"{name} is a whole number, not {values[-1]}")
    return int(values[-1])
