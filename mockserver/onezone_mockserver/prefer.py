"""The stage for the `Prefer` header (RFC 7240): `code=NNN` forces a documented answer, `wait=SECONDS` delays it."""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import App, Exchange, Refusal
from onezone_mockserver.stage import Stage, Step

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from onezone_spec import Operation

    from onezone_mockserver.errors import Renderer

LONGEST_WAIT = 30.0
_ITEM = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PREFERENCE = re.compile(r'\s*([^\s=;,"]+)\s*(?:=\s*(?:"([^"]*)"|([^";\s]*)))?')


class Prefer(Stage):
    """Applies the preferences that it knows and confirms them with `Preference-Applied`; it ignores every other one.

    An error code is answered at once. A success code cannot be forced, since its Location would name nothing: it is
    confirmed where the request earns it, and `X-Mock-Reason` says so where not.
    """

    name = "prefer"

    def __init__(self, app: App, *, renderer: Renderer) -> None:
        super().__init__(app)
        self.renderer = renderer

    def prepare(self, operation_id: str) -> None:  # noqa: ARG002
        """Nothing depends on the operation alone."""
        return

    def steps(self, operation_id: str) -> list[Step]:  # noqa: ARG002
        """The same for every operation."""
        return [self.prefer]

    def prefer(self, exchange: Exchange) -> Awaitable[None] | None:
        """Apply what the client prefers, if it prefers anything. Raises Refusal for a forced error."""
        header = exchange.headers.get(b"prefer")
        return None if header is None else self._apply(exchange, preferences(header))

    async def _apply(self, exchange: Exchange, wanted: dict[str, str]) -> None:
        await self._wait(exchange, wanted.get("wait"))
        if exchange.operation is not None:
            self._force(exchange, exchange.operation, wanted.get("code"))

    async def _wait(self, exchange: Exchange, wait: str | None) -> None:
        if wait is None or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", wait):
            return
        seconds = min(float(wait), LONGEST_WAIT)
        await asyncio.sleep(seconds)
        exchange.applied += (f"wait={wait if float(wait) == seconds else int(seconds)}",)

    def _force(self, exchange: Exchange, operation: Operation, code: str | None) -> None:
        if code is None:
            return
        status = int(code) if re.fullmatch(r"[1-5][0-9]{2}", code) else 0
        if status not in operation.responses:
            documented = ", ".join(map(str, sorted(operation.responses)))
            exchange.reasons.append(f"Prefer: code ignored: {operation.id} documents {documented}")
        elif operation.responses[status].success:
            exchange.hoped = status
        else:
            self._refuse(exchange, status)

    def _refuse(self, exchange: Exchange, status: int) -> None:
        error = self.renderer.default(status)
        if error is None:
            exchange.reasons.append(f"Prefer: code={status} ignored: the contract has no error id for it")
            return
        exchange.applied += (f"code={status}",)
        raise Refusal(error, f"Prefer: code={status} asked for this answer")


@lru_cache(maxsize=256)
def preferences(header: bytes) -> dict[str, str]:
    """The preferences of a `Prefer` header by lower-case name; the first of two equal names counts (RFC 7240, 2)."""
    found: dict[str, str] = {}
    for item in _ITEM.findall(header.decode("latin-1")):
        match = _PREFERENCE.match(item)
        if match:
            found.setdefault(match[1].lower(), match[2] or match[3] or "")
    return found
