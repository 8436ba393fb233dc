"""Exchanges as they stand in a recording: HAR 1.2 or the mock's journal, read as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import ijson

from onezone_contracts.target.file import SetupError
from onezone_contracts.traffic import bodies

Headers = tuple[tuple[str, str], ...]
HAR, JOURNAL = "log", "exchanges"
_ENTRIES = {HAR: "log.entries.item", JOURNAL: "exchanges.item"}
COARSE = 0.002
"""What the order of two times is not known by, in seconds, where a recording has them in milliseconds."""
CACHE = "_fromCache"
MASK = "***"
"""What the mock writes in the place of a secret."""
_HIDDEN = json.dumps(MASK).encode()
FORCED = frozenset({"prefer", "override"})
"""Stages of the mock at which a test has it answer as it wants: that is no answer of the API."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange. A body of None was not recorded; a status of None says that no answer came.

    `start` and `end` are seconds since the epoch. `user` is whom the mock took the caller for, `world` in which of its
    worlds it answered, where the mock wrote the recording.
    """

    place: str
    start: float
    end: float
    method: str
    url: str
    status: int | None
    request_headers: Headers = field(default=(), repr=False)
    request_body: bytes | None = field(default=None, repr=False)
    response_headers: Headers = field(default=(), repr=False)
    response_body: bytes | None = field(default=None, repr=False)
    heads: bool = True
    """Whether headers were recorded."""
    user: str | None = None
    by_mock: bool = False
    """Whether it stands in the mock's journal, which knows the caller and masks secrets."""
    world: str = ""


def read(path: Path) -> Iterator[Recorded]:
    """The exchanges of a file, in its order. Raises SetupError if it is no recording, or has rows of several worlds."""
    world: str | None = None
    for exchange in _read(path):
        if exchange.by_mock and world not in {None, exchange.world}:
            names = " and ".join(repr(name) if name else "the common one" for name in sorted({world, exchange.world}))
            raise SetupError(
                f"{path} has rows of several worlds, {names}: record one at a time, GET /_mock/journal?world=NAME"
            )
        world = exchange.world if exchange.by_mock else world
        yield exchange


def _read(path: Path) -> Iterator[Recorded]:
    try:
        with path.open("rb") as file:
            kind = _kind(file)
            if kind is None:
                raise SetupError(f"{path} is neither a HAR nor the mock's journal: it has no `log` and no `exchanges`")
            file.seek(0)
            entry = _of_har if kind == HAR else _Journal().entry
            for number, node in enumerate(ijson.items(file, _ENTRIES[kind], use_float=True), 1):
                if isinstance(node, dict) and (exchange := _safely(entry, node, f"{path.name}, entry {number}")):
                    yield exchange
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ijson.JSONError, UnicodeDecodeError) as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode("utf-8", "backslashreplace") if isinstance(reason, bytes) else str(error)
        why = " ".join(text.partition("(right here)")[0].split())[:120]
        raise SetupError(
            f"{path} is not complete JSON ({why}): record it again, or end the recording in order"
        ) from None


def _kind(file: IO[bytes]) -> str | None:
    """Which of the keys that tell a recording comes first at the top of the file."""
    for prefix, event, value in ijson.parse(file):
        if not prefix and event == "map_key" and value in _ENTRIES:
            return str(value)
    return None


def _safely(entry: Any, node: Mapping[str, Any], place: str) -> Recorded | None:
    """An entry as an exchange; None if it is not one, such as a request that the browser answered itself."""
    try:
        exchange: Recorded | None = entry(node, place)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SetupError(f"{place}: this is not a HAR 1.2 exchange ({type(error).__name__}: {error})") from None
    return exchange


def _of_har(node: Mapping[str, Any], place: str) -> Recorded | None:
    if node.get(CACHE) or node.get("_stage") in FORCED:
        return None
    request, response = node["request"], node["response"]
    start = _seconds(node["startedDateTime"])
    took = max(0.0, float(node.get("time") or 0.0)) / 1000
    sent, came = _headers(request), _headers(response)
    status = int(response.get("status") or 0)
    return Recorded(
        place,
        start,
        start + took + (0.0 if _fine(node) else COARSE),
        str(request["method"]).upper(),
        str(request["url"]),
        status if status > 0 else None,
        sent,
        _sent_body(request, sent),
        came,
        _unmasked(_response_body(response, came)) if "_world" in node else _response_body(response, came),
        user=node.get("_user"),
        by_mock="_world" in node,
        world=str(node.get("_world", "")),
    )


class _Journal:
    """The rows of a journal. All are of one server, which the first Host names."""

    def __init__(self) -> None:
        self._origin = ""

    def entry(self, node: Mapping[str, Any], place: str) -> Recorded | None:
        """A row as an exchange; None for one that is not answered yet, or was answered as a test wanted."""
        if node.get("pending") or node.get("stage") in FORCED:
            return None
        request, response = node.get("request") or {}, node.get("response") or {}
        heads = bool(request.get("headers")) and not node.get("forgotten")
        sent, came = _rows(request), _rows(response)
        if not self._origin and (host := header(sent, "host")):
            self._origin = f"{node.get('scheme', 'http')}://{host}"
        query = f"?{node['query']}" if node.get("query") else ""
        start = float(node["time"])
        return Recorded(
            place,
            start,
            start + float(node.get("duration_ms") or 0.0) / 1000,
            str(node["method"]).upper(),
            f"{self._origin}{node['path']}{query}",
            node.get("status"),
            sent,
            _text(request) if heads else None,
            came,
            _unmasked(_text(response)) if heads else None,
            heads,
            node.get("user"),
            by_mock=True,
            world=str(node.get("world", "")),
        )


def _rows(message: Mapping[str, Any]) -> Headers:
    return tuple((str(name), str(value)) for name, value in message.get("headers") or ())


def _text(message: Mapping[str, Any]) -> bytes | None:
    """The body of a message in a journal, None where it was cut."""
    return None if message.get("truncated") else str(message.get("body") or "").encode("utf-8", "surrogatepass")


def _unmasked(body: bytes | None) -> bytes | None:
    """A body of an answer, None where the mock hides what it is about: its own values, or a list of them."""
    if body is None or _HIDDEN not in body:
        return body
    try:
        value = json.loads(body)
    except ValueError:
        return body
    values = value.values() if isinstance(value, dict) else ()
    hidden = any(part == MASK or (isinstance(part, list) and MASK in part) for part in values)
    return None if hidden else body


def _seconds(text: str) -> float:
    """ISO 8601 as seconds since the epoch."""
    moment = datetime.fromisoformat(text)
    return moment.timestamp()


def _fine(node: Mapping[str, Any]) -> bool:
    """Whether times are finer than milliseconds."""
    fraction = str(node["startedDateTime"]).partition(".")[2]
    digits = len(fraction) - len(fraction.lstrip("0123456789"))
    return digits > 3 and float(node.get("time") or 0.0) % 1 != 0  # noqa: PLR2004


def _headers(message: Mapping[str, Any]) -> Headers:
    """The headers of a message without the pseudo-headers of HTTP/2, which begin with a colon."""
    pairs = ((str(node["name"]), str(node["value"])) for node in message.get("headers") or ())
    return tuple((name, value) for name, value in pairs if not name.startswith(":"))


def header(headers: Headers, name: str) -> str | None:
    """The value of the first header of that name, in any case."""
    return next((value for key, value in headers if key.lower() == name), None)


def _sent_body(request: Mapping[str, Any], headers: Headers) -> bytes | None:
    node = request.get("postData")
    if isinstance(node, dict):
        body = bodies.recorded(node, header(headers, "content-encoding"))
        if body:
            return body
        return b"" if body is not None and not _announced(request, headers) else None
    return None if _announced(request, headers) else b""


def _response_body(response: Mapping[str, Any], headers: Headers) -> bytes | None:
    node = response.get("content")
    node = node if isinstance(node, dict) else {}
    body = bodies.recorded(node, header(headers, "content-encoding"))
    if body:
        return body
    if body is not None and node.get("size") == 0 and _length(headers) in {None, 0}:
        return b""  # Firefox counts the head as the body's size
    there = float(node.get("size") or 0) > 0 or _announced(response, headers)
    return None if there else b""


def _announced(message: Mapping[str, Any], headers: Headers) -> bool:
    """Whether the message has a body, by its size or its headers."""
    if (length := _length(headers)) is not None:
        return length > 0
    size = message.get("bodySize")
    return (isinstance(size, int | float) and size > 0) or header(headers, "transfer-encoding") is not None


def _length(headers: Headers) -> int | None:
    """The Content-Length, None if there is none that is a number."""
    length = (header(headers, "content-length") or "").strip()
    return int(length) if length.isdecimal() else None
