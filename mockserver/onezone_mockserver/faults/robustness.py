"""Faults of a server that does not hold."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from onezone_mockserver.faults.answers import answers, status
from onezone_mockserver.faults.fault import Hook, Point, fault, on
from onezone_mockserver.faults.requests import crash

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, App, Exchange, Message, Receive, Scope, Send
    from onezone_mockserver.state import MockState

BYTES, HOSTILE = "edges.bytes", "generated.hostile"
FOUR_BYTES = re.compile(rb"[\xf0-\xf4]")
LONG = 30.0


def _instead(statuses: set[int], act: Callable[[Send, Message], object]) -> Hook:
    """Do something else than to send an answer of these statuses."""

    def around(inner: App, _state: MockState) -> App:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            post = scope["method"] == "POST"

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start" and post and message["status"] in statuses:
                    await act(send, message)  # type: ignore[misc]
                await send(message)

            await inner(scope, receive, sending)

        return app

    return Hook(Point.APPLICATION, around)


async def _hang(_send: Send, _message: Message) -> None:
    await asyncio.sleep(LONG)


async def _cut(send: Send, message: Message) -> None:
    """Promise more than there is, and close the connection."""
    message["headers"] = [(b"content-length", b"900")]
    await send(message)
    raise ConnectionAbortedError


def _unreadable(exchange: Exchange, answer: Answer) -> None:
    """What is stored has a character beyond the first plane, which the server cannot write."""
    if FOUR_BYTES.search(answer.body):
        status(500)(exchange, answer)


def _left_over() -> Hook:
    """After a refusal the connection is out of step: the next request on it is not understood."""

    def around(inner: App, _state: MockState) -> App:
        spoiled: set[object] = set()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            client = scope.get("client")

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start" and message["status"] in {401, 403}:
                    spoiled.add(client)
                await send(message)

            if client not in spoiled:
                await inner(scope, receive, sending)
                return
            spoiled.discard(client)
            while (await receive()).get("more_body"):
                pass
            await send({"type": "http.response.start", "status": 400, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"Bad Request"})

        return app

    return Hook(Point.APPLICATION, around)


def _deep(levels: int) -> Hook:
    return crash(lambda e: e.body.count(b"[") + e.body.count(b'{"') > levels)


FAULTS = (
    fault(
        "robustness-cut-404", "The answer to an unknown group ends too soon.", _instead({404}, _cut), "robust.answers"
    ),
    fault("robustness-cut-403", "A refusal ends too soon.", _instead({403}, _cut), "access.outsider", "robust.answers"),
    fault(
        "robustness-hang-415",
        "A wrong media type is never answered.",
        _instead({415}, _hang),
        "robust.answers",
    ),
    fault(
        "robustness-unreadable",
        "A character beyond the first plane is stored, and crashes the server when it is read.",
        answers(_unreadable, 200).of(on("get", "handle_service", "group")),
        "edges.text",
    ),
    fault(
        "robustness-left-over",
        "After a refusal the next request on the connection is not understood.",
        _left_over(),
        "authentication.wrong-password",
    ),
    fault("robustness-deep", "Deep nesting crashes the server.", _deep(100), BYTES),
    fault("robustness-very-deep", "Very deep nesting crashes the server.", _deep(5000), BYTES),
    fault(
        "robustness-bom",
        "A byte order mark crashes the server.",
        crash(lambda e: e.body.startswith(b"\xef\xbb\xbf")),
        BYTES,
    ),
    fault(
        "robustness-utf-16",
        "UTF-16 crashes the server.",
        crash(lambda e: e.body.startswith((b"\xff\xfe", b"\xfe\xff"))),
        BYTES,
    ),
    fault(
        "robustness-no-utf-8", "Bytes that are no UTF-8 crash the server.", crash(lambda e: b"\xff" in e.body), BYTES
    ),
    fault(
        "robustness-surrogate",
        "Half a surrogate pair crashes the server.",
        crash(lambda e: b"\\ud8" in e.body.lower() and b"\\ude" not in e.body.lower()),
        BYTES,
    ),
    fault(
        "robustness-surrogate-name",
        "Half a surrogate pair in the name crashes the server.",
        crash(lambda e: bool(re.search(rb'"name": ?"[^"]*\\ud8', e.body.lower()))),
        BYTES,
    ),
    fault(
        "robustness-surrogate-key",
        "Half a surrogate pair in a key crashes the server.",
        crash(lambda e: bool(re.search(rb'\\ud8[^"]*":', e.body.lower()))),
        BYTES,
    ),
    fault(
        "robustness-surrogate-endpoint",
        "Half a surrogate pair in the endpoint crashes the server.",
        crash(lambda e: bool(re.search(rb'"proxyendpoint": ?"[^"]*\\udc', e.body.lower()))),
        BYTES,
    ),
    fault(
        "robustness-nul",
        "An escaped NUL crashes the server.",
        crash(lambda e: b"\\u0000" in e.body),
        BYTES,
        "edges.text",
    ),
    fault(
        "robustness-long-number",
        "A number of 400 digits crashes the server.",
        crash(lambda e: bool(re.search(rb"\d{400}", e.body))),
        BYTES,
    ),
    fault(
        "robustness-exponent",
        "A large exponent crashes the server.",
        crash(lambda e: bool(re.search(rb"\d[eE][+-]?\d{3}", e.body))),
        BYTES,
    ),
    fault("robustness-large", "A body over 64 KiB crashes the server.", crash(lambda e: len(e.body) > 65536), BYTES),  # noqa: PLR2004
    fault(
        "robustness-keys",
        "A body of more than 200 keys crashes the server.",
        crash(lambda e: e.body.count(b'":') > 200),  # noqa: PLR2004
        BYTES,
    ),
    fault(
        "robustness-binary",
        "Bytes below the blank crash the server.",
        crash(lambda e: bool(re.search(rb"[\x01-\x08\x0e-\x1f]", e.body))),
        BYTES,
        HOSTILE,
    ),
    fault(
        "robustness-half",
        "JSON that ends too soon crashes the server.",
        crash(lambda e: e.body.startswith(b"{") and not e.body.endswith(b"}")),
        "body.malformed",
        HOSTILE,
    ),
    fault(
        "robustness-backslash",
        "A body of backslashes crashes the server.",
        crash(lambda e: b"\\\\\\\\" in e.body),
        "edges.text",
    ),
)
