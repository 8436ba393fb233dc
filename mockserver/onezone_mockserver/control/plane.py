"""The control plane's application: a table of paths and methods, and what each does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from onezone_spec import __version__, document_text

from onezone_mockserver.control.errors import ControlError
from onezone_mockserver.control.events import EventStream
from onezone_mockserver.control.gate import PUBLIC, Gate
from onezone_mockserver.control.journals import Journals
from onezone_mockserver.control.overrides import OverrideError, Overrides
from onezone_mockserver.control.pages import Pages, index_page
from onezone_mockserver.control.selection import one_world
from onezone_mockserver.control.states import States, StatesError
from onezone_mockserver.exchange import (
    KEY,
    Answer,
    ClientGoneError,
    Exchange,
    NotHttpError,
    Receive,
    Refusal,
    Scope,
    Send,
    json_answer,
)
from onezone_mockserver.faults import UnknownFaultError, catalogue, chosen
from onezone_mockserver.jsontext import loads
from onezone_mockserver.scenario.files import ScenarioError, yaml_to_json
from onezone_mockserver.scenario.jsonplaces import check_keys
from onezone_mockserver.scenario.mistakes import WorldError
from onezone_mockserver.scenario.snapshot import add_to_world, read_world, snapshot
from onezone_mockserver.stages.body import read_body

if TYPE_CHECKING:
    from onezone_mockserver.state import MockState

logger = logging.getLogger("onezone_mockserver")
PREFIX = b"/_mock"
DERIVED = b"/faults?derived=true"
WORLD_OF_NAME = b"/worlds/{name}"
MAX_BODY = 64 * 1024 * 1024
TOO_LARGE = "payloadTooLarge"

Handler = Callable[[Exchange], Answer | EventStream]
"""Answers a request, in the world that it names; its body is read. Raises ControlError."""


class Control:
    """Answers under `/_mock/`: health, provider states, reset, snapshots, journal, and the OpenAPI document."""

    def __init__(self, state: MockState, gate: Gate) -> None:
        self.state = state
        self.gate = gate
        self.states = States(state)
        self.started = time.monotonic()
        self.on_reload: Callable[[], list[str]] = list
        self.table: dict[bytes, dict[str, Handler]] = {
            b"": {"GET": self.index},
            b"/health": {"GET": self.health},
            b"/states": {"POST": self.provider_state},
            b"/reset": {"POST": self.reset},
            b"/worlds": {"GET": self.worlds},
            WORLD_OF_NAME: {"DELETE": self.remove_world},
            b"/clock": {"GET": self.clock, "PUT": self.set_clock, "DELETE": self.put_clock_back},
            b"/world": {"GET": self.world, "PUT": self.replace, "PATCH": self.add},
            b"/overrides": {name: _of_json(handler) for name, handler in Overrides(state).handlers.items()},
            b"/faults": {"GET": self.faults, "PUT": self.switch},
            DERIVED: {"GET": partial(self.faults, derived=True)},
            b"/reload": {"POST": self.reload},
            b"/openapi.yaml": {"GET": self.document},
            **Journals(state).table,
            **Pages(state).table,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the control plane; a fault of its own is a 500 with the reason."""
        answer = await self._answer(scope[KEY], receive)
        await answer.send(send)

    async def _answer(self, exchange: Exchange, receive: Receive) -> Answer | EventStream:
        refusal = exchange.wrong_head()
        if refusal is not None:
            return _refused(refusal)
        if (answer := self._at_the_gate(exchange)) is not None:
            return answer
        path, query = exchange.path.removeprefix(PREFIX).rstrip(b"/"), exchange.scope.get("query_string", b"")
        if path.startswith(b"/worlds/") and path.count(b"/") == WORLD_OF_NAME.count(b"/"):
            path = WORLD_OF_NAME
        handlers = self.table.get(b"%b?%b" % (path, query)) or self.table.get(path)
        method = "GET" if exchange.method == "HEAD" else exchange.method
        if handlers is None:
            return problem(404, "the control plane has no such path; GET /_mock/ lists them")
        if method not in handlers:
            return _other_method(exchange, handlers)
        return await self._handle(exchange, receive, handlers[method])

    def _at_the_gate(self, exchange: Exchange) -> Answer | None:
        """The answer to a preflight, and to whoever may not come in."""
        preflight = self.gate.cors.preflight(exchange) if exchange.method == "OPTIONS" else None
        if exchange.path.removeprefix(PREFIX).rstrip(b"/") in PUBLIC:
            return preflight
        exchange.common = self.gate.headers(exchange)
        return self.gate.refusal(exchange, preflight=preflight is not None) or preflight

    async def _handle(self, exchange: Exchange, receive: Receive, handler: Handler) -> Answer | EventStream:
        try:
            await read_body(exchange, receive, MAX_BODY)
            exchange.enter(self.state.run_of(one_world(exchange)))  # as it is when the body is there
            return handler(exchange)
        except (ControlError, OverrideError, ScenarioError, StatesError, WorldError, UnknownFaultError) as error:
            return problem(400, str(error))
        except Refusal as refusal:
            return _refused(refusal)
        except ClientGoneError:
            return Answer(400)
        except Exception:
            logger.exception("the control plane failed; please report this")
            return problem(500, "the control plane failed: see the mock's output")

    def index(self, exchange: Exchange) -> Answer:
        """The page for a browser; what there is under the control plane for everybody else."""
        if b"text/html" in exchange.headers.get(b"accept", b""):
            return index_page()
        paths = {f"/_mock{path.decode() or '/'}": sorted(handlers) for path, handlers in self.table.items()}
        contract = self.state.contract
        about = {"edition": contract.edition, "base_paths": contract.base_paths, "mistake": self.state.mistake}
        return _json({**about, "control": paths})

    def health(self, _exchange: Exchange) -> Answer:
        """That the mock is up, as what, and since when."""
        uptime = round(time.monotonic() - self.started, 3)
        return _json(
            {"status": "ok", "edition": self.state.contract.edition, "version": __version__, "uptime_s": uptime}
        )

    def provider_state(self, exchange: Exchange) -> Answer:
        """Set a provider state up, or tear it down."""
        return _json(self.states.change(_parse(exchange.body), exchange.run))

    def reset(self, exchange: Exchange) -> Answer:
        """Start anew: the scenario's world, no provider states, an empty journal."""
        self.state.reset(exchange.run.name)
        return Answer(204)

    def clock(self, exchange: Exchange) -> Answer:
        """What time it is, and whether the clock stands still."""
        clock = exchange.run.clock
        return _json({"now": clock.now(), "standing": clock.standing})

    def set_clock(self, exchange: Exchange) -> Answer:
        """Set the clock, which then stands still: `now` is a time, `forward` so many seconds later than now."""
        asked = _parse(exchange.body)
        how = set(asked) if isinstance(asked, dict) else set()
        if len(how) != 1 or not how <= {"now", "forward"} or type(next(iter(asked.values()))) is not int:
            raise ControlError('the clock is set by {"now": SECONDS} or {"forward": SECONDS}, whole numbers')
        clock = exchange.run.clock
        moment = asked["now"] if "now" in asked else clock.now() + asked["forward"]
        if not 0 <= moment < 2**53:
            raise ControlError("the clock shows seconds since 1970, from 0 to less than 2**53")
        clock.set(moment)
        return self.clock(exchange)

    def put_clock_back(self, exchange: Exchange) -> Answer:
        """Have the clock go on as at the start."""
        exchange.run.clock.put_back()
        return self.clock(exchange)

    def worlds(self, _exchange: Exchange) -> Answer:
        """The worlds that requests named, the least recently used first."""
        rows = [
            {"name": name, "unused_s": round(unused, 3), "requests": run.journal.total}
            for name, run, unused in self.state.worlds.all()
        ]
        return _json({"worlds": rows})

    def remove_world(self, exchange: Exchange) -> Answer:
        """Forget a world; the next request that names it begins a new one."""
        name = exchange.path.rpartition(b"/")[2].decode("latin-1")
        if not self.state.worlds.remove(name):
            return problem(404, "there is no such world; GET /_mock/worlds lists them")
        return Answer(204)

    def world(self, exchange: Exchange) -> Answer:
        """The whole world, credentials included."""
        return _json(snapshot(exchange.world))

    def replace(self, exchange: Exchange) -> Answer:
        """Put another world in the place of this one; a mistake in it changes nothing. Personas are of no account."""
        world = read_world(_scenario_text(exchange), self.state.contract, self.state.empty_world())
        self.state.become(world, exchange.run.name)
        return Answer(204)

    def add(self, exchange: Exchange) -> Answer:
        """Add entities to this world, in the words of a scenario; a mistake changes nothing."""
        text = _scenario_text(exchange)
        add_to_world(text, self.state.contract, exchange.world, self.state.empty_world())
        return Answer(204)

    def faults(self, _exchange: Exchange, *, derived: bool = False) -> Answer:
        """Every fault of the edition, and whether it is on; with `derived`, also all that the contract suggests."""
        on = {fault.id for fault in self.state.faults}
        rows = [
            {
                "id": fault.id,
                "text": fault.text,
                "noticed_by": fault.noticed_by,
                "profile": fault.profile,
                "on": fault.id in on,
            }
            for fault in catalogue(self.state.contract, derived=derived)
        ]
        return _json({"faults": rows})

    def switch(self, exchange: Exchange) -> Answer:
        """Start anew with these faults and no other; a list with an unknown one changes nothing."""
        ids = _parse(exchange.body)
        if not isinstance(ids, list) or not all(isinstance(fault_id, str) for fault_id in ids):
            raise ControlError("the faults that are to be on are given as a list of their ids")
        self.state.switch(chosen(ids, self.state.contract))
        return Answer(204)

    def reload(self, _exchange: Exchange) -> Answer:
        """Read contract and scenario anew; a mistake in them changes nothing. Answers what no longer fits."""
        from onezone_mockserver.source import MISTAKES

        try:
            return _json({"dropped": self.on_reload()})
        except MISTAKES as error:
            raise ControlError(str(error)) from None

    def document(self, _exchange: Exchange) -> Answer:
        """The edition's OpenAPI document, the very text that is checked in."""
        answer = json_answer(200, document_text(self.state.contract).encode())
        answer.headers[0] = (b"content-type", b"application/yaml")
        return answer


def problem(status: int, message: str) -> Answer:
    """The control plane's own error: `{"error": message}`."""
    return json_answer(status, orjson.dumps({"error": message}))


def _refused(refusal: Refusal) -> Answer:
    usual = 413 if refusal.error == TOO_LARGE else 400
    return problem(refusal.status if isinstance(refusal, NotHttpError) else usual, refusal.reason)


def _json(value: Any) -> Answer:
    return json_answer(200, orjson.dumps(value))


def _parse(body: bytes) -> Any:
    """The value of a JSON body: strictly, to a bounded depth, and no key twice. Raises ControlError and WorldError."""
    try:
        value = loads(body)
    except ValueError:
        raise ControlError("the body is not JSON") from None
    check_keys(body)
    return value


def _scenario_text(exchange: Exchange) -> bytes:
    """The body as the JSON text of a scenario: where its Content-Type says so, it is YAML, as scenario files are."""
    text = exchange.body
    if b"yaml" in exchange.headers.get(b"content-type", b"").lower():
        text = yaml_to_json(text)
    _parse(text)
    return text


def _of_json(handler: Handler) -> Handler:
    """The handler, of a body that is JSON where there is any."""

    def handle(exchange: Exchange) -> Answer | EventStream:
        if exchange.body or exchange.method in {"PUT", "POST"}:
            _parse(exchange.body)
        return handler(exchange)

    return handle


def _other_method(exchange: Exchange, handlers: dict[str, Handler]) -> Answer:
    allow = (b"allow", ", ".join(sorted({*handlers, "OPTIONS"} | ({"HEAD"} if "GET" in handlers else set()))).encode())
    if exchange.method == "OPTIONS":
        return Answer(204, [allow])
    answer = problem(405, f"this path answers {allow[1].decode()}")
    answer.headers.append(allow)
    return answer
