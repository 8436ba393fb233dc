"""The stage for the `Prefer` header (RFC 7240): `code=NNN` forces an answer, `wait=SECONDS` delays it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onezone_mockserver.cache import cached
from onezone_mockserver.delay import wait
from onezone_mockserver.exchange import Exchange, ForcedAnswer, Refusal
from onezone_mockserver.overrides import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from onezone_spec import Contract, Response

    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

ALWAYS = frozenset({429, 500, 502, 503, 504})
"""What any server may answer, or a limiter or a proxy before it, whether it is documented or not."""
_ITEM = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_NAME = re.compile(r"\s*([!#$%&'*+.^_`|~\w-]+)\s*", re.ASCII)
_VALUE = re.compile(r'=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))\s*(?:;.*)?', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_STATUS = re.compile(r"[0-9]{3}")


def prefer(operation: Any, state: MockState) -> Check:
    """Apply the preferences that the mock knows, and confirm them with `Preference-Applied`; ignore every other one.

    An error is answered at once, and a preference that cannot be kept is refused: malformedData. A success code cannot
    be forced, since its Location would name nothing: it is confirmed where the request earns it, and `X-Mock-Reason`
    says so where not.
    """
    responses = state.contract.operations[operation.operation_id].responses

    def check(exchange: Exchange) -> Awaitable[None] | None:
        header = exchange.headers.get(b"prefer")
        return None if header is None else _apply(exchange, preferences(header), state.contract, responses)

    return check


def documented_errors(contract: Contract) -> frozenset[int]:
    """The statuses of errors that the edition documents for any of its operations."""
    answers = (item for operation in contract.operations.values() for item in operation.responses.items())
    return frozenset(status for status, answer in answers if not answer.success)


async def _apply(
    exchange: Exchange, preferred: dict[str, str], contract: Contract, responses: Mapping[int, Response]
) -> None:
    successes = {status for status, answer in responses.items() if answer.success}
    errors = documented_errors(contract) | ALWAYS
    code, given = preferred.get("code"), preferred.get("wait")
    if code is not None and not (_STATUS.fullmatch(code) and int(code) in {*successes, *errors}):
        can = ", ".join(map(str, sorted({*successes, *errors})))
        raise Refusal("malformedData", f"Prefer: code={code or '(nothing)'} cannot be kept: here it is one of {can}")
    if given is not None and not (_SECONDS.fullmatch(given) and float(given) <= LONGEST_WAIT):
        message = f"Prefer: wait={given or '(nothing)'} cannot be kept: it is a number of seconds, 0 to {LONGEST_WAIT}"
        raise Refusal("malformedData", message)
    if given is not None:
        exchange.applied += (f"wait={given}",)
        await wait(exchange, float(given))
    if code is not None and int(code) in successes:
        exchange.hoped = int(code)
    elif code is not None:
        exchange.applied += (f"code={code}",)
        raise ForcedAnswer(int(code), f"Prefer: code={code} asked for this answer")


@cached
def preferences(header: bytes) -> dict[str, str]:
    """The preferences of a `Prefer` header by lower-case name; the first of two equal names counts (RFC 7240, 2).

    One without a value has an empty one. What follows the name of one that is not of the grammar is its value.
    """
    by_name: dict[str, str] = {}
    for item in _ITEM.findall(header.decode("latin-1")):
        name = _NAME.match(item)
        if name:
            by_name.setdefault(name[1].lower(), _value(item[name.end() :]))
    return by_name


def _value(rest: str) -> str:
    """The value in what follows a name: a word, a quoted string, or nothing."""
    if not rest or rest.startswith(";"):
        return ""
    match = _VALUE.fullmatch(rest)
    if match is None:
        return rest.strip().removeprefix("=")
    return match[2] if match[1] is None else _ESCAPE.sub(r"\1", match[1])
