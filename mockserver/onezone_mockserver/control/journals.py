"""The control plane's paths about what was asked: the journal, a count, an archive, and the stream of events."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.control.errors import ControlError
from onezone_mockserver.control.events import EventStream
from onezone_mockserver.control.har import archive
from onezone_mockserver.control.selection import Selection
from onezone_mockserver.exchange import Answer, json_answer

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState

Handlers = dict[bytes, dict[str, Callable[["Exchange"], "Answer | EventStream"]]]


class Journals:
    """Answers what there is to know of the exchanges. `instance` is another one after each start of the mock."""

    def __init__(self, state: MockState) -> None:
        self.state = state
        self.instance = secrets.token_hex(8)
        self.table: Handlers = {
            b"/journal": {"GET": self.journal, "DELETE": self.forget},
            b"/journal/count": {"GET": self.count},
            b"/journal.har": {"GET": self.har},
            b"/events": {"GET": self.events},
        }

    def journal(self, exchange: Exchange) -> Answer:
        """The rows that are asked for, the newest last; `total` counts all that ever were."""
        selection = Selection(self.state, exchange)
        contract = self.state.contract
        rows = [row.brief() if selection.brief else row.whole(contract, run.world) for row, run in selection.rows()]
        return _json({"total": self._total(selection), "exchanges": rows})

    def count(self, exchange: Exchange) -> Answer:
        """How many rows are asked for."""
        selection = Selection(self.state, exchange)
        return _json({"total": self._total(selection), "count": len(selection.rows())})

    def har(self, exchange: Exchange) -> Answer:
        """The rows that are asked for, as an HTTP Archive."""
        answer = _json(archive(Selection(self.state, exchange).rows()))
        answer.headers.append((b"content-disposition", b'attachment; filename="onezone-mock.har"'))
        return answer

    def events(self, exchange: Exchange) -> Answer | EventStream:
        """The rows as they come; limit and since are of no account."""
        selection = Selection(self.state, exchange)
        selection.since = selection.limit = None
        if exchange.method == "HEAD":
            return Answer(200, [(b"content-type", b"text/event-stream; charset=utf-8")])
        return EventStream(self.state.feed, selection, exchange.read_on, {"instance": self.instance})

    def forget(self, exchange: Exchange) -> Answer:
        """Empty the journal of the world, or those of several."""
        if set(exchange.query) - {"world"}:
            raise ControlError("DELETE empties whole journals: its only filter is world")
        for run in Selection(self.state, exchange).runs():
            run.journal.clear()
            self.state.feed.reset(run.name)
        return Answer(204)

    @staticmethod
    def _total(selection: Selection) -> int:
        return sum(run.journal.total for run in selection.runs())


def _json(value: Any) -> Answer:
    return json_answer(200, orjson.dumps(value))
