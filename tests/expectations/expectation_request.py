"""Turns the request of a pair into what is sent: path, headers and bytes."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectation_server import MISSING_GROUP, Persona, Server, encode64

if TYPE_CHECKING:
    from expectation_pairs import Pair

GOOD_BODY = {
    "name": "Handle service",
    "proxyEndpoint": "https://proxy.example/handle_proxy",
    "serviceProperties": {"type": "DOI", "prefix": "10.5072", "password": "pa$$word"},
}
RAW = {"raw", "raw_base64", "raw_parts"}


@dataclass(frozen=True)
class Sent:
    """A request as it goes out, with the words that stood for ids and credentials."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    value: Any
    chunked: bool
    group: str
    words: dict[str, str]


def build(pair: Pair, server: Server, service: str) -> Sent:
    """Build the request that a pair describes for this server."""
    request = pair.request
    method = request.get("method", "POST")
    words = placeholders(pair, server) | {"service": service}
    path = request.get("path", "/groups/{home}/handle_services")
    value, body = content(request, words, default=method == "POST")
    return Sent(
        method=method,
        path=fill(request.get("base", server.facts["base"]) + path, words),
        headers=headers(pair, server, words, typed=body is not None),
        body=body,
        value=value,
        chunked=request.get("chunked", False),
        group=words["other" if "{other}" in path.split("?")[0] else "home"],
        words=words,
    )


def placeholders(pair: Pair, server: Server) -> dict[str, str]:
    """Name the ids and credentials that a pair may speak of."""
    user = server.persona("administrator" if pair.persona == "nobody" else pair.persona)
    home = user.group
    return credentials_words(user) | {
        "home": home,
        "home_upper": home.upper() if home != home.upper() else home.swapcase(),
        "home_short": home[:-1],
        "home_encoded": f"%{ord(home[0]):02X}{home[1:]}",
        "other": server.other_group,
        "missing": MISSING_GROUP,
        "password_of_outsider": server.persona("outsider").password,
        "long": "x" * 8000,
    }


def credentials_words(user: Persona) -> dict[str, str]:
    """Name a user's credentials and what nearly is one of them."""
    return {
        "user": user.username,
        "user_upper": user.username.upper(),
        "password": user.password,
        "password_short": user.password[:-1],
        "password_swapped": user.password.swapcase(),
        "token": user.token,
        "token_short": user.token[:-1],
    }


def headers(pair: Pair, server: Server, words: dict[str, str], *, typed: bool) -> dict[str, str]:
    """Put together media type, credentials and the headers that the pair names; null takes one away."""
    merged: dict[str, Any] = {"Content-Type": "application/json"} if typed else {}
    if pair.credentials is not None:
        merged |= pair.credentials
    elif pair.persona != "nobody":
        merged |= server.persona(pair.persona).headers
    merged |= pair.request.get("headers", {})
    return {name: encoded(fill(value, words)) for name, value in merged.items() if value is not None}


def encoded(value: str) -> str:
    """Encode what stands in ``b64(...)``."""
    return re.sub(r"b64\((.*)\)", lambda match: encode64(match[1]), value, flags=re.DOTALL)


def content(request: dict[str, Any], words: dict[str, str], *, default: bool) -> tuple[Any, bytes | None]:
    """Return the body as a JSON value, where it was given as one, and as bytes."""
    if "raw_base64" in request:
        return None, base64.b64decode(request["raw_base64"])
    if "raw_parts" in request:
        return None, "".join(text * times for text, times in request["raw_parts"]).encode()
    if "raw" in request:
        return None, request["raw"].encode()
    if request.get("no_body") or not (default or "body" in request):
        return None, None
    value = fill(json_value(request), words)
    if "padded_to" in request:
        value = padded(value, request["padded_to"])
    return value, json.dumps(value, ensure_ascii=False).encode()


def json_value(request: dict[str, Any]) -> Any:
    """Start from the body given, or a good one, then set and drop keys."""
    value = request.get("body", GOOD_BODY)
    if not isinstance(value, dict):
        return value
    kept = {key: part for key, part in value.items() if key not in request.get("drop", ())}
    return kept | request.get("set", {})


def padded(value: dict[str, Any], size: int) -> dict[str, Any]:
    """Lengthen a body to exactly that many bytes."""
    start = {**value, "serviceProperties": {"padding": ""}}
    missing = size - len(json.dumps(start))
    return {**start, "serviceProperties": {"padding": "x" * missing}}


def fill(value: Any, words: dict[str, str]) -> Any:
    """Replace the placeholders in every string, and spell out repetitions."""
    if isinstance(value, dict):
        if value.keys() == {"repeat", "times"}:
            return value["repeat"] * value["times"]
        return {key: fill(part, words) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, words) for part in value]
    if isinstance(value, str) and "{" in value:
        return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), value)
    return value
