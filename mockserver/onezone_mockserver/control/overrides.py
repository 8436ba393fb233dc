"""`/_mock/overrides`: reads overrides, says what is wrong with one, and shows them."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from msgspec import UNSET, ValidationError

from onezone_mockserver.errors import EMPTY
from onezone_mockserver.exchange import Answer, Exchange, json_answer
from onezone_mockserver.faults import UnknownFaultError, chosen
from onezone_mockserver.faults.fault import Point
from onezone_mockserver.overrides import Override, Rule
from onezone_mockserver.worlds import WorldNameError, checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.faults.fault import Fault
    from onezone_mockserver.overrides import Then, When
    from onezone_mockserver.state import MockState

KINDS = ("status", "drop", "cut", "fault")
OWN = frozenset({"content-length", "transfer-encoding", "connection", "date"})
"""Headers that the server itself sends."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_DECODER = msgspec.json.Decoder(Rule | list[Rule])


class OverrideError(ValueError):
    """A list of overrides that cannot be kept; the message names the mistake."""


class Overrides:
    """What the control plane does for overrides. They are those of the world that the request names."""

    def __init__(self, state: MockState) -> None:
        self.state = state

    @property
    def handlers(self) -> dict[str, Callable[[Exchange], Answer]]:
        """What answers each method."""
        return {"GET": self.show, "PUT": self.replace, "POST": self.append, "DELETE": self.remove}

    def show(self, exchange: Exchange) -> Answer:
        """Every override, in order, and how often each was used."""
        rows = [{**_plain(override.rule), "used": override.used} for override in exchange.run.overrides]
        return json_answer(200, orjson.dumps({"overrides": rows}))

    def replace(self, exchange: Exchange) -> Answer:
        """Have these overrides and no others; a mistake changes nothing. Raises OverrideError."""
        return self._take(exchange, keep=False)

    def append(self, exchange: Exchange) -> Answer:
        """Have these overrides after those that there are; a mistake changes nothing. Raises OverrideError."""
        return self._take(exchange, keep=True)

    def remove(self, exchange: Exchange) -> Answer:
        """Remove every override."""
        exchange.run.overrides = []
        return Answer(204)

    def _take(self, exchange: Exchange, *, keep: bool) -> Answer:
        """Put each override into its world: the one that it names, or the one that the request names."""
        by_world: dict[str, list[Override]] = {exchange.run.name: []}
        for override in self.read(exchange.body):
            by_world.setdefault(override.rule.when.world or exchange.run.name, []).append(override)
        for name, overrides in by_world.items():
            run = self.state.run_of(name)
            run.overrides = [*(run.overrides if keep else ()), *overrides]
        return Answer(204)

    def read(self, text: bytes) -> list[Override]:
        """The overrides in a JSON text that is known to be one. Raises OverrideError for the first mistake."""
        try:
            given = _DECODER.decode(text)
        except ValidationError as error:
            raise OverrideError(_in_our_words(str(error))) from None
        if isinstance(given, Rule):
            return [self._override(given, "")]
        return [self._override(rule, f"[{at}].") for at, rule in enumerate(given)]

    def _override(self, rule: Rule, place: str) -> Override:
        self._check_when(rule.when, f"{place}when.")
        return Override(rule, self._check_then(rule.then, f"{place}then"))

    def _check_when(self, when: When, place: str) -> None:
        operations = self.state.contract.operations
        if when.operation is not None and when.operation not in operations:
            close = get_close_matches(when.operation, operations, 1)
            hint = f": did you mean {close[0]}?" if close else "; `ozkit spec coverage` lists them"
            raise OverrideError(f"{place}operation: there is no operation {when.operation}{hint}")
        if when.method is not None and when.method != when.method.upper():
            raise OverrideError(f"{place}method: methods are written in capitals: {when.method.upper()}")
        for name in when.header:
            if not _TOKEN.fullmatch(name):
                raise OverrideError(f"{place}header: {name!r} is not a valid header name")
        try:
            checked(when.world or "x", f"{place}world")
        except WorldNameError as error:
            raise OverrideError(str(error)) from None

    def _check_then(self, then: Then, place: str) -> tuple[Fault, ...] | None:
        """Check what is to be done; gives the faults for it, None if it needs none."""
        given = [kind for kind in KINDS if getattr(then, kind) is not None and getattr(then, kind) is not False]
        if len(given) > 1:
            raise OverrideError(f"{place}: {' and '.join(given)} do not go together")
        if not given and then.wait is None:
            raise OverrideError(f"{place}: say what to do: one of {', '.join(KINDS)}, or wait")
        if then.status is None and (then.headers or then.body is not UNSET):
            raise OverrideError(f"{place}: headers and body belong to a status")
        if then.body is not UNSET and then.status in EMPTY:
            raise OverrideError(f"{place}.body: an answer {then.status} has none")
        for name, value in then.headers.items():
            if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
                raise OverrideError(f"{place}.headers: {name!r} cannot be sent as a header")
            if name.lower() in OWN:
                raise OverrideError(f"{place}.headers: {name} is the server's to send: leave it out")
        return None if then.fault is None else self._faults(then.fault, place)

    def _faults(self, name: str, place: str) -> tuple[Fault, ...]:
        try:
            own = chosen([name], self.state.contract)
        except UnknownFaultError as error:
            raise OverrideError(f"{place}.fault: {error}") from None
        if any(hook.point is Point.WORLD for fault in own for hook in fault.hooks):
            message = f"{name} is in how the world keeps things, for every request: switch it on by PUT /_mock/faults"
            raise OverrideError(f"{place}.fault: {message}")
        return (*self.state.faults, *own)


def _plain(rule: Rule) -> Any:
    return orjson.loads(msgspec.json.encode(rule))


def _in_our_words(message: str) -> str:
    """What msgspec says, with the place before it."""
    problem, _, where = message.partition(" - at `$")
    place = where.rstrip("`").removeprefix(".")
    if place.endswith("[...]"):  # a value under a name of the user's own: of a header, which is text
        place, problem = place.removesuffix("[...]"), f"{problem}: put it in quotes"
    return f"{place}: {problem}" if place else problem
