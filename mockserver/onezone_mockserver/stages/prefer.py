"""The stage for the `Prefer` header (RFC 7240): `code=NNN` forces a documented answer, `wait=SECONDS` delays it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onezone_mockserver.cache import cached
from onezone_mockserver.delay import wait
from onezone_mockserver.errors import default_error
from onezone_mockserver.exchange import Exchange, Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from onezone_spec import Contract, Operation

    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

LONGEST_WAIT = 30.0
_ITEM = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PREFERENCE = re.compile(r'\s*([^\s=;,"]+)\s*(?:=\s*(?:"([^"]*)"|([^";\s]*)))?')
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def prefer(operation: Any, state: MockState) -> Check:
    """Apply the preferences that the mock knows, and confirm them with `Preference-Applied`; ignore every other one.

    An error is answered at once. A success code cannot be forced, since its Location would name nothing: it is
    confirmed where the request earns it, and `X-Mock-Reason` says so where not.
    """
    contract = state.contract
    documented = contract.operations[operation.operation_id]

    def check(exchange: Exchange) -> Awaitable[None] | None:
        header = exchange.headers.get(b"prefer")
        return None if header is None else _apply(exchange, contract, documented, preferences(header))

    return check


async def _apply(exchange: Exchange, contract: Contract, operation: Operation, wanted: dict[str, str]) -> None:
    given = wanted.get("wait", "")
    if _SECONDS.fullmatch(given):
        seconds = min(float(given), LONGEST_WAIT)
        exchange.applied += (f"wait={given if float(given) == seconds else int(seconds)}",)
        await wait(exchange, seconds)
    if "code" in wanted:
        _force(exchange, contract, operation, wanted["code"])


def _force(exchange: Exchange, contract: Contract, operation: Operation, code: str) -> None:
    status = int(code) if re.fullmatch(r"[1-5][0-9]{2}", code) else 0
    if status not in operation.responses:
        documented = ", ".join(map(str, sorted(operation.responses)))
        exchange.reasons.append(f"Prefer: code ignored: {operation.id} documents {documented}")
    elif operation.responses[status].success:
        exchange.hoped = status
    else:
        error = default_error(contract, status)
        if error is None:
            exchange.reasons.append(f"Prefer: code={status} ignored: the contract has no error id for it")
            return
        exchange.applied += (f"code={status}",)
        raise Refusal(error, f"Prefer: code={status} asked for this answer")


@cached
def preferences(header: bytes) -> dict[str, str]:
    """The preferences of a `Prefer` header by lower-case name; the first of two equal names counts (RFC 7240, 2)."""
    found: dict[str, str] = {}
    for item in _ITEM.findall(header.decode("latin-1")):
        match = _PREFERENCE.match(item)
        if match:
            found.setdefault(match[1].lower(), match[2] or match[3] or "")
    return found
